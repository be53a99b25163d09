"""Writes the audit record of an operation beside the records of calls (R8)."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from foundation.audit.record import OPERATION_EVENT_TYPE, VERSION
from operations.failure import OperationError
from operations.place import Place


def audit_record(place: Place, *, operation: str, subject: str, reason: str, parameter: str) -> dict[str, Any]:
    """The record, with the fields of a call's record; what an operation does not have is null.

    Args:
        place: where it is done, and by whom.
        operation: `block` or `unblock`.
        subject: `<tenant>` or `<tenant>/<agent>`.
        reason: why, in the operator's words.
        parameter: the parameter that it writes or deletes.
    """
    number = str(uuid.uuid4())
    return {
        "version": VERSION,
        "event_type": OPERATION_EVENT_TYPE,
        "phase": "operation",
        "timestamp": now(),
        "request_id": number,
        "correlation_id": number,
        "environment": place.environment,
        "outcome": "allowed",
        "reason": reason,
        "client_context": {
            "agent_id": subject if "/" in subject else None,
            "tenant_id": subject.partition("/")[0],
            "organization_id": None,
            "client_id": None,
            "user_id": place.caller,
            "client_ip": None,
            "on_behalf_of": None,
        },
        "mcp_context": {
            "server_name": None,
            "method": f"operations/{operation}",
            "resource_accessed": parameter,
            "data_classification": None,
            "arguments": None,
        },
        "security_context": {
            "token_issued_at": None,
            "token_expires_at": None,
            "scopes": [],
            "permissions_validated": True,
        },
        "response_context": None,
    }


def write_record(place: Place, record: dict[str, Any]) -> None:
    """Write a record to the environment's audit log group, and wait until it is kept.

    Raises:
        OperationError: it is not known to be kept.
    """
    name = f"{place.path}/audit/log-group"
    stream = f"operations/{record['request_id']}"
    event = {"timestamp": time.time_ns() // 1_000_000, "message": json.dumps(record, separators=(",", ":"))}
    try:
        group = place.ssm.get_parameter(Name=name)["Parameter"]["Value"]
        place.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        answer = place.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])  # type: ignore[list-item]
    except place.ssm.exceptions.ParameterNotFound:
        raise OperationError(f"there is no audit store here, whose log group the parameter {name} names") from None
    except (BotoCoreError, ClientError) as error:
        raise OperationError(f"the audit record could not be written ({error})") from None
    if answer.get("rejectedLogEventsInfo"):
        raise OperationError(f"CloudWatch Logs did not keep the audit record in {group}")


def now() -> str:
    """The present moment, UTC, RFC 3339 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
