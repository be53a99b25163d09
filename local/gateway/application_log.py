"""The gateway's vended APPLICATION_LOGS: what AgentCore writes of every request, refused ones included.

Two records a request, when it begins and when it has ended; one for a request that is refused before its body was
read. The record's shape and the wording of the two are documented, bodies are written as Java writes its maps; how
AgentCore words a refusal is not published. Bodies hold arguments and answers in full, as on AWS. The token is in none
of them, since headers are not logged.
Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-gateway-metrics.html ("Provided log
data").
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from local.gateway.log_delivery import LogDelivery, LogEvent
from local.gateway.request_log import Entry

_LONGEST_BODY = 10_000
"""Characters of a body that a record holds; CloudWatch Logs cuts an event at 1 MB."""


class Body:
    """The first bytes of a response."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._whole = True

    def add(self, more: bytes) -> None:
        """Take over what there is room for."""
        room = 4 * _LONGEST_BODY - len(self._bytes)
        self._bytes += more[: max(room, 0)]
        self._whole = self._whole and len(more) <= room

    def json(self) -> Any:
        """Return the body's JSON, or its text when it is cut or no JSON; None when it is empty."""
        text = self._bytes.decode("utf-8", "replace")
        try:
            return json.loads(text) if self._whole and text else text or None
        except (ValueError, RecursionError):
            return text


class ApplicationLog:
    """The application log of one gateway; `log_group` is where it is delivered, None while nothing delivers it."""

    def __init__(self, *, gateway_arn: str, delivery: LogDelivery, clock: Callable[[], float] = time.time) -> None:
        self.log_group: str | None = None
        self.gateway_arn = gateway_arn
        self._account = gateway_arn.split(":")[4] if gateway_arn.count(":") > 4 else ""
        self._delivery = delivery
        self._clock = clock

    def record(self, entry: Entry, body: Body) -> None:
        """Note a request that has ended; the records are written later, off the request's way."""
        if self.log_group is None:
            return
        ended = self._clock()
        self._delivery.put(self.log_group, LogEvent(at=ended, render=lambda: self._records(entry, body, ended)))

    def _records(self, entry: Entry, body: Body, ended: float) -> list[tuple[float, str]]:
        """The records of a request, each with its time in seconds of the epoch."""
        if entry.message is None:
            refusal = entry.refusal or "The request was not read"
            return [self._record(entry, ended, {"isError": True, "log": refusal})]
        message_id = _message_id(entry.message)
        answer = body.json()
        failed = (entry.status or 500) >= 400 or (isinstance(answer, dict) and "error" in answer)
        how = "Failed to process request" if failed else "Successfully processed request"
        ended_with = {"isError": failed, "log": f"{how} with requestId: {message_id}", "id": message_id}
        if answer is not None:
            ended_with["responseBody"] = _written(answer)
        begun_with = {
            "isError": False,
            "log": f"Started processing request with requestId: {message_id}",
            "requestBody": _written(entry.message),
            "id": message_id,
        }
        return [self._record(entry, entry.started_at, begun_with), self._record(entry, ended, ended_with)]

    def _record(self, entry: Entry, at: float, body: dict[str, Any]) -> tuple[float, str]:
        trace = entry.request_id.replace("-", "")
        record = {
            "resource_arn": self.gateway_arn,
            "event_timestamp": int(at * 1000),
            "body": body,
            "account_id": self._account,
            "request_id": entry.request_id,
            "trace_id": trace,
            "span_id": trace[:16],
        }
        return at, json.dumps(record)


def java_text(value: Any) -> str:
    """Return JSON as Java writes maps, lists and scalars: `{id=1, params={name=x}}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={java_text(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(java_text(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)


def _message_id(message: Any) -> str:
    found = message.get("id") if isinstance(message, dict) else None
    return str(found)[:_LONGEST_BODY] if isinstance(found, str | int) else "null"


def _written(body: Any) -> str:
    """A body as a record holds it."""
    try:
        text = java_text(body)
    except RecursionError:
        return "…"
    return text if len(text) <= _LONGEST_BODY else f"{text[:_LONGEST_BODY]}…"
