"""What is known of a request, and one JSON line of it on stderr, without token, arguments and answer."""

from __future__ import annotations

import json
import logging
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.types import Scope

_SCOPE_KEY = "foundation.request"
_requests = logging.getLogger("local.gateway.requests")


_LOGGED = ("gateway", "request_id", "method", "tool", "client_id", "status", "tool_error", "reason", "ms")
_LONGEST = 256
"""Longest name in the log; no deployed tool has a longer one (AgentCore quotas)."""


@dataclass
class Entry:
    """What the log says of a request; the parts of the gateway fill it in as the request passes them.

    Not on stderr, but for the gateway's application log: `started_at` in seconds of the epoch, `message` as the caller
    sent it, None while it has not been read, and `refusal`, the sentence for a caller whose message is not read.
    `response_headers` are those that a target sends to the client.
    """

    gateway: str
    request_id: str
    method: str | None = None
    tool: str | None = None
    client_id: str | None = None
    status: int | None = None
    tool_error: bool | None = None
    reason: str | None = None
    ms: float = 0.0
    started_at: float = 0.0
    message: Any = None
    refusal: str | None = None
    response_headers: dict[str, str] = field(default_factory=dict)

    def note(self, *, method: str | None, tool: str | None) -> None:
        """Note the method of a message and the tool that it calls."""
        self.method = method[:_LONGEST] if method is not None else None
        self.tool = tool[:_LONGEST] if tool is not None else None


def begin(scope: Scope, gateway: str) -> Entry:
    """Attach a new entry to a request's ASGI scope and return it."""
    entry = Entry(gateway=gateway, request_id=str(uuid.uuid4()), ms=time.perf_counter(), started_at=time.time())
    scope[_SCOPE_KEY] = entry
    return entry


def entry_of(scope: Scope) -> Entry:
    """Return the entry of a request; raises KeyError when `begin` was not called for it."""
    entry: Entry = scope[_SCOPE_KEY]
    return entry


def finish(entry: Entry) -> None:
    """Write the entry with the time since `begin` in milliseconds."""
    entry.ms = round((time.perf_counter() - entry.ms) * 1000, 1)
    line = {name: value for name in _LOGGED if (value := getattr(entry, name)) is not None}
    _requests.info("request", extra={"entry": line})


class JsonLines(logging.Formatter):
    """Formats every record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        line |= getattr(record, "entry", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure_logging() -> None:
    """Send the gateway's log to stderr; libraries speak up from WARNING on.

    The MCP client does not: it logs what a target says, and what happened to a call is a sentence of the gateway's.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("local.gateway").setLevel(logging.INFO)
    logging.getLogger("mcp.client").setLevel(logging.CRITICAL)
