"""The audit record: who called what, how it ended; one line of JSON per phase of a call (requirement R8).

The shape is that of the architecture's §5.4 with `version`, `phase`, `outcome` and `reason`
(docs/reference/audit.md has the fields). What is unknown is null. No record holds a token, the value of an
argument, or anything of an answer but its size.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from governance import aws, patience, trouble
from governance.caller import Caller
from governance.catalogue import Catalogue
from governance.events import Ids
from governance.message import Message
from governance.refusals import RefusedError

Phase = Literal["request", "response"]
Outcome = Literal["allowed", "denied", "failed", "refused"]

OTHER = "(other)"
"""Stands for arguments whose names could be anything, and counts them."""

_ARGUMENT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST_ARGUMENTS = 32
_MOST_SCOPES, _LONGEST_SCOPE = 50, 256


@dataclass(frozen=True)
class Response:
    """How an answer looked: HTTP status, bytes, milliseconds since the call began, how many rows it lists."""

    status: int | None = None
    size: int | None = None
    milliseconds: int | None = None
    records: int | None = None


@dataclass(frozen=True)
class Call:
    """What is known of a call; it grows while the call is judged.

    Attributes:
        ids: Its ids.
        client_ip: The caller's address.
        on_behalf_of: Whom the caller says it calls for.
        caller: Who calls, once the token proved it.
        message: What is asked, once it was read.
    """

    ids: Ids
    client_ip: str | None = None
    on_behalf_of: str | None = None
    caller: Caller | None = None
    message: Message | None = None


class AuditTrail:
    """Makes records.

    Args:
        version: Version of the record's fields.
        environment: The environment.
        catalogue: What tools are classified as.
    """

    def __init__(self, *, version: str, environment: str, catalogue: Catalogue) -> None:
        self._version = version
        self._environment = environment
        self._catalogue = catalogue

    def record(
        self, call: Call, *, phase: Phase, outcome: Outcome, reason: str = "", response: Response | None = None
    ) -> str:
        """The record of a call, a line of JSON.

        Args:
            call: The call.
            phase: Before or after the target.
            outcome: How it ended, as far as this phase knows.
            reason: Why it was not allowed.
            response: How the answer looked, when there is one.
        """
        record = {
            "timestamp": _iso(time.time()),
            "event_type": "mcp_request",
            "version": self._version,
            "phase": phase,
            "outcome": outcome,
            "reason": reason,
            "correlation_id": call.ids.correlation_id,
            "request_id": call.ids.request_id,
            "environment": self._environment,
            "client_context": _client(call),
            "mcp_context": self._mcp(call.message),
            "security_context": _security(call.caller),
            "response_context": response
            and {
                "status_code": response.status,
                "response_size_bytes": response.size,
                "processing_time_ms": response.milliseconds,
                "records_returned": response.records,
            },
        }
        return json.dumps(record, separators=(",", ":"))

    def _mcp(self, message: Message | None) -> dict[str, Any]:
        tool = message.tool if message else None
        return {
            "server_name": message.target if message else None,
            "method": message.method if message else None,
            "resource_accessed": tool,
            "data_classification": self._catalogue.classification(tool) if tool else None,
            "arguments": self._arguments(message) if message and tool else None,
        }

    def _arguments(self, message: Message) -> dict[str, int | None]:
        """Sizes by name; names that the tool's author did not choose could themselves be what nobody may read."""
        sensitive = self._catalogue.sensitive(message.tool)
        sizes: dict[str, int | None] = {}
        others = 0
        for name, value in message.arguments.items():
            if len(sizes) >= _MOST_ARGUMENTS or not _ARGUMENT.fullmatch(name):
                others += 1
            else:
                sizes[name] = None if name in sensitive else len(json.dumps(value))
        return {**sizes, OTHER: others} if others else sizes


def _client(call: Call) -> dict[str, Any]:
    caller = call.caller
    names = ("agent_id", "tenant_id", "organization_id", "client_id", "user_id")
    known = {name: getattr(caller, name, None) for name in names}
    return {**known, "client_ip": call.client_ip, "on_behalf_of": call.on_behalf_of}


def _security(caller: Caller | None) -> dict[str, Any]:
    return {
        "token_issued_at": _iso(caller.issued_at) if caller and caller.issued_at is not None else None,
        "token_expires_at": _iso(caller.expires_at) if caller else None,
        "scopes": [scope[:_LONGEST_SCOPE] for scope in caller.scopes[:_MOST_SCOPES]] if caller else [],
        "permissions_validated": caller is not None,
    }


def _iso(seconds: float) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):  # a token may say any number
        return None


Write = Callable[[str], None]


def printed(line: str) -> None:
    """Write a record to the function's log group, which is the audit log group, as one event: in one piece."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Acknowledged:
    """Writes a record to the audit log group, and waits until CloudWatch Logs has it.

    Args:
        log_group: The group's name.
        stream: Name of the stream of this execution environment.
    """

    def __init__(self, log_group: str, stream: str) -> None:
        self._group, self._stream = log_group, stream
        self._made = False

    def __call__(self, line: str) -> None:
        """Write a record.

        Raises:
            RefusedError: It is not known to be kept.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see the package docstring

        try:
            answer = patience.within(lambda: self._put(line))
        except (BotoCoreError, ClientError, TimeoutError) as error:
            trouble.warn("a record cannot be written", error)
            raise RefusedError("audit_unavailable") from None
        if answer.get("rejectedLogEventsInfo"):
            raise RefusedError("audit_unavailable")

    def _put(self, line: str) -> Any:
        client = aws.logs()
        if not self._made:
            with suppress(client.exceptions.ResourceAlreadyExistsException):
                client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
            self._made = True
        return client.put_log_events(
            logGroupName=self._group,
            logStreamName=self._stream,
            logEvents=[{"timestamp": time.time_ns() // 1_000_000, "message": line}],
        )
