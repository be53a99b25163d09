"""A record is checked field by field: what is missing, unknown, null or of another type is told with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from foundation.audit.record import EVENT_TYPE, VERSION, problems
from governance.audit import AuditTrail, Call, Response
from governance.caller import Caller
from governance.catalogue import Catalogue
from governance.events import Ids
from governance.message import Message
from tests.unit.audit_records import Record, record


def test_a_request_may_have_no_answer_yet_and_hide_the_size_of_an_argument() -> None:
    assert problems(record() | {"response_context": None}) == []
    assert problems(record(mcp_context={"arguments": {"secret": None}})) == []


@pytest.mark.parametrize("phase", ["request", "response"])
def test_a_complete_record_has_no_problems(phase: str) -> None:
    assert problems(record(phase)) == []


def without(name: str) -> Record:
    made = record()
    del made[name]
    return made


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (without("reason"), "reason is missing; an unknown value is null"),
        (record() | {"level": "INFO"}, "level is no field of the audit record"),
        (record(client_context={"token": "x"}), "client_context.token is no field of the audit record"),
        (record(request_id=None), "request_id is null, a value is needed in every record"),
        (record(phase="middle"), "phase is 'middle', one of request, response, operation is needed"),
        (record(outcome="fine"), "outcome is 'fine', one of allowed, denied, failed, refused is needed"),
        (record(response_context={"status_code": "200"}), "response_context.status_code is '200', bigint is needed"),
        (record(response_context={"status_code": True}), "response_context.status_code is True, bigint is needed"),
        (record(mcp_context={"arguments": {"name": "value"}}), "mcp_context.arguments is {'name': 'value'}, map<"),
        (record() | {"security_context": None}, "security_context is None, an object is needed"),
        (record(timestamp="25.11.2026"), "timestamp is '25.11.2026', a time like 2026-11-25T13:45:00.123Z is needed"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(given: dict[str, Any], problem: str) -> None:
    [found] = problems(given)
    assert found.startswith(problem)


LONGEST = 32 * 1024
"""CloudWatch Logs splits a line of a function somewhere above 256 KB, which would break its JSON: a record stays far
below that, whatever a caller sends."""
TOOL = "aws-operations-v1___get_time"
IDS = Ids("request-1", "correlation-1")
TRAIL = AuditTrail(
    version=VERSION,
    environment="dev",
    catalogue=Catalogue({TOOL: {"classification": "internal", "sensitive": ["secret"]}}, {}),
)
CALLER = Caller(
    tenant_id="acme-corp",
    organization_id="org-finance-division",
    client_id="client-1",
    user_id=None,
    agent_id="acme-corp/finance-agent",
    agent_type="financial-assistant",
    agent_version="1.0",
    groups=("finance-analysts",),
    permissions=("aws-operations-v1/*",),
    environment="dev",
    scopes=("aws-operations/read",),
    issued_at=1_764_000_000,
    expires_at=1_764_003_600,
)


@pytest.mark.parametrize(
    "line",
    [
        TRAIL.record(
            Call(ids=Ids("request-1", "correlation-1")), phase="request", outcome="refused", reason="no_token"
        ),
        TRAIL.record(
            Call(
                ids=IDS,
                client_ip="192.0.2.1",
                caller=CALLER,
                message=Message(
                    body={},
                    method="tools/call",
                    id=1,
                    params={
                        "name": TOOL,
                        "arguments": {"secret": "x", "timezone": "UTC", **{str(n): n for n in range(99)}},
                    },
                ),
            ),
            phase="response",
            outcome="allowed",
            response=Response(status=200, size=2048, milliseconds=150, records=25),
        ),
    ],
    ids=["nobody", "agent"],
)
def test_what_the_interceptors_write_is_a_record(line: str) -> None:
    written = json.loads(line)
    assert problems(written) == []
    assert written["event_type"] == EVENT_TYPE
    assert "\n" not in line
    assert len(line) < LONGEST
