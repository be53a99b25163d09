"""Each tenant gets the records about it, once; a tenant without log group, or a failing one, keeps none from others."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from audit_router import handler as module
from audit_router.records import BadEventError, LogEvent
from audit_router.router import MOST_BYTES, MOST_EVENTS, Router, batches
from tests.unit.governance_support import metrics_of

PREFIX = "/foundation/dev/tenants"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """CloudWatch Logs with the log groups of two tenants."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("FOUNDATION_ENVIRONMENT", "dev")
    monkeypatch.setenv("FOUNDATION_TENANT_LOGS", PREFIX)
    with mock_aws():
        client = boto3.client("logs", "us-east-1")
        for tenant in ("acme-corp", "globex"):
            client.create_log_group(logGroupName=f"{PREFIX}/{tenant}")
        forget = module._router.cache_clear
        forget()
        yield client
    forget()


def record(tenant: Any, number: int = 1, **members: Any) -> str:
    return json.dumps(
        {"event_type": "mcp_request", "request_id": str(number), "client_context": {"tenant_id": tenant}, **members}
    )


def event(*messages: str, kind: str = "DATA_MESSAGE", age_ms: int = 10_000) -> dict[str, Any]:
    now = int(time.time() * 1000) - age_ms
    found = [{"id": str(n), "timestamp": now + n, "message": text} for n, text in enumerate(messages)]
    data = {"messageType": kind, "owner": "123456789012", "logGroup": "g", "logStream": "s", "logEvents": found}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}}


def written(client: Any, tenant: str) -> list[str]:
    found = client.filter_log_events(logGroupName=f"{PREFIX}/{tenant}")["events"]
    return [one["message"] for one in found]


def test_each_tenant_gets_the_records_about_it(logs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    mine, other = record("acme-corp"), record("globex")
    module.handler(event(mine, other, mine), None)
    assert (written(logs, "acme-corp"), written(logs, "globex")) == ([mine, mine], [other])
    assert metrics_of(capsys.readouterr().out) == {
        "Routed": 3, "Unroutable": 0, "MissingTenantLogGroup": 0, "Rejected": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("info", "rejected"),
    [
        ({"tooOldLogEventEndIndex": 2}, 2),
        ({"expiredLogEventEndIndex": 1}, 1),
        ({"tooNewLogEventStartIndex": 1}, 2),
        ({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}, 2),
        ({}, 0),
    ],
)
def test_records_that_are_too_old_or_new_are_counted(logs: Any, info: dict[str, int], rejected: int) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html."""
    client: Any = SimpleNamespace(
        exceptions=logs.exceptions, put_log_events=lambda **_: {"rejectedLogEventsInfo": info} if info else {}
    )
    routed = Router(client, PREFIX, "stream").route(LogEvent(str(n), n, record("globex")) for n in range(3))
    assert (routed.written, routed.rejected) == (3 - rejected, rejected)


@pytest.mark.parametrize(
    "message",
    [
        record(None), record("Acme"), record("../globex"), record("acme/corp"), record("a" * 33), record(["acme-corp"]),
        record("acme-corp", event_type="other"), "START RequestId: 1", "[]", "null", '{"event_type":"mcp_request"}',
        record("acme-corp", client_context="acme-corp"),
    ],
)  # fmt: skip
def test_what_is_no_record_of_a_tenant_goes_nowhere(
    logs: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module.handler(event(message), None)
    assert written(logs, "acme-corp") == []
    assert metrics_of(capsys.readouterr().out)["Unroutable"] == 1


def test_a_tenant_without_log_group_is_counted(logs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    module.handler(event(record("initech"), record("globex")), None)
    assert len(written(logs, "globex")) == 1
    assert metrics_of(capsys.readouterr().out)["MissingTenantLogGroup"] == 1


def test_a_control_message_is_none(logs: Any) -> None:
    module.handler(event(record("globex"), kind="CONTROL_MESSAGE"), None)
    assert written(logs, "globex") == []


@pytest.mark.parametrize("given", [{}, None, {"awslogs": {"data": "x"}}, {"awslogs": {"data": "aGVsbG8="}}, []])
def test_an_event_of_another_shape_is_refused(logs: Any, given: Any) -> None:
    with pytest.raises(BadEventError):
        module.handler(given, None)


class Throttled:
    """CloudWatch Logs that does not take one tenant's records for a while."""

    def __init__(self, client: Any, group: str) -> None:
        self.client, self.group, self.down = client, group, True
        self.exceptions = client.exceptions

    def put_log_events(self, **named: Any) -> Any:
        if self.down and named["logGroupName"] == self.group:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "PutLogEvents")
        return self.client.put_log_events(**named)

    def create_log_stream(self, **named: Any) -> Any:
        return self.client.create_log_stream(**named)


def test_a_failure_is_tried_again_without_writing_the_rest_twice(logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    throttled: Any = Throttled(logs, f"{PREFIX}/acme-corp")
    router = Router(throttled, PREFIX, "stream")
    monkeypatch.setattr(module, "_router", lambda: router)
    delivered = event(record("acme-corp"), record("globex"))
    with pytest.raises(module.NotRoutedError, match="1 records were not written"):
        module.handler(delivered, None)
    throttled.down = False
    module.handler(delivered, None)
    assert (len(written(logs, "acme-corp")), len(written(logs, "globex"))) == (1, 1)


def test_batches_are_what_one_call_takes_in_order_of_time() -> None:
    large = "x" * 300_000
    found = list(batches(LogEvent(str(n), 100 - n, large) for n in range(8)))
    assert [len(batch) for batch in found] == [3, 3, 2]
    assert [one.timestamp for batch in found for one in batch] == list(range(93, 101))
    assert all(sum(len(one.message) + 26 for one in batch) <= MOST_BYTES for batch in found)
    assert [len(batch) for batch in batches(LogEvent(str(n), n, "x") for n in range(MOST_EVENTS + 1))] == [
        MOST_EVENTS,
        1,
    ]
