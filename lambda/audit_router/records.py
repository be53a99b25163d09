"""Which records of a subscription's event go to which tenant."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.directory import is_slug

EVENT_TYPE = "mcp_request"
DATA = "DATA_MESSAGE"
_LARGEST_EVENT = 64 * 1024 * 1024
"""Unpacked; CloudWatch Logs sends up to 6 MB, compressed."""


class BadEventError(Exception):
    """An event is none of a subscription; the message says what is wrong with it."""


@dataclass(frozen=True)
class LogEvent:
    """One event of a log.

    Attributes:
        id: CloudWatch Logs' id of it, the same when it is delivered again.
        timestamp: Milliseconds since 1970.
        message: The record as it was written.
    """

    id: str
    timestamp: int
    message: str


def log_events(event: Any) -> Iterator[LogEvent]:
    """The log events of a subscription's event.

    Args:
        event: `{"awslogs": {"data": …}}`, gzip in base64:
            https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample

    Raises:
        BadEventError: It is none.
    """
    try:
        unpacked = zlib.decompressobj(wbits=31).decompress(
            base64.b64decode(event["awslogs"]["data"], validate=True), _LARGEST_EVENT
        )
        data = json.loads(unpacked)
        if data["messageType"] != DATA:  # CONTROL_MESSAGE: a test of whether the function can be reached
            return
        found = [LogEvent(str(one["id"]), int(one["timestamp"]), one["message"]) for one in data["logEvents"]]
    except (KeyError, TypeError, ValueError, zlib.error):
        raise BadEventError("the event is none of a CloudWatch Logs subscription") from None
    yield from found


def tenant_of(message: str) -> str | None:
    """The tenant that a record is about; None when it is no record, or of a call whose tenant nobody proved."""
    try:
        record = json.loads(message)
    except ValueError:
        return None
    client = record.get("client_context") if isinstance(record, Mapping) else None
    if not isinstance(client, Mapping) or record.get("event_type") != EVENT_TYPE:
        return None
    tenant = client.get("tenant_id")
    return tenant if is_slug(tenant) else None
