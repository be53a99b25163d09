"""One JSON line a request on stderr. It never holds a token, an argument or an answer."""

from __future__ import annotations

import json
import logging
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.types import Scope

_SCOPE_KEY = "foundation.request"
_requests = logging.getLogger("local.gateway.requests")


@dataclass
class Entry:
    """What the log says of a request; the parts of the gateway fill it in as the request passes them.

    `response_headers` are those that a target sends to the client. They travel with the entry and are not logged.
    """

    gateway: str
    method: str | None = None
    tool: str | None = None
    client_id: str | None = None
    status: int | None = None
    tool_error: bool | None = None
    reason: str | None = None
    ms: float = 0.0
    response_headers: dict[str, str] = field(default_factory=dict)


def begin(scope: Scope, gateway: str) -> Entry:
    """Attach a new entry to a request's ASGI scope and return it."""
    entry = Entry(gateway=gateway, ms=time.perf_counter())
    scope[_SCOPE_KEY] = entry
    return entry


def entry_of(scope: Scope) -> Entry:
    """Return the entry of a request; raises KeyError when `begin` was not called for it."""
    entry: Entry = scope[_SCOPE_KEY]
    return entry


def finish(entry: Entry) -> None:
    """Write the entry with the time since `begin` in milliseconds."""
    entry.ms = round((time.perf_counter() - entry.ms) * 1000, 1)
    line = {name: value for name, value in asdict(entry).items() if value is not None and name != "response_headers"}
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
