"""The gateway's application logs: a record of every request, refused ones too, where the deployed delivery says."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

import boto3
import httpx2
import pytest
from botocore.stub import Stubber

from local.gateway import log_delivery
from local.gateway.application_log import ApplicationLog, Body, java_text
from local.gateway.log_delivery import LogDelivery, LogEvent, application_log_groups
from local.gateway.request_log import Entry
from tests.unit.local_gateway_support import FakeLogs, Running, bearer, gateway_record, running_gateway, token
from tests.unit.test_local_gateway_interceptors import BOTH, CALL, JSON, Seen

GROUP = "/aws/vendedlogs/bedrock-agentcore/gateway/foundation-dev"
ARN = gateway_record(port=1).arn


async def _delivering(gateway: Running) -> None:
    """Have the gateway's logs delivered to the group, as a deployed delivery does."""
    gateway.aws.fake_logs.deliveries = {ARN: GROUP, "arn:another": "/aws/vendedlogs/another"}
    gateway.supervisor._log_groups_read = float("-inf")
    await gateway.supervisor.refresh()


async def _records(gateway: Running) -> list[dict[str, Any]]:
    await gateway.supervisor._delivery.flush()
    return gateway.aws.fake_logs.records(GROUP)


async def test_a_request_leaves_the_two_records_that_agentcore_documents() -> None:
    async with running_gateway() as gateway:
        await _delivering(gateway)
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.post(gateway.url, json=CALL, headers=JSON | bearer())
        begun, ended = await _records(gateway)
        assert begun.pop("event_timestamp") <= ended.pop("event_timestamp")
        request_id = answer.headers["x-amzn-requestid"]
        common = {
            "resource_arn": ARN,
            "account_id": "123456789012",
            "request_id": request_id,
            "trace_id": uuid.UUID(request_id).hex,
            "span_id": uuid.UUID(request_id).hex[:16],
        }
        assert begun == common | {
            "body": {
                "isError": False,
                "log": "Started processing request with requestId: 7",
                "requestBody": "{jsonrpc=2.0, id=7, method=tools/call, params={name=aws-operations-v1___hello_world, "
                "arguments={name=x}}}",
                "id": "7",
            }
        }
        body = ended.pop("body")
        assert ended == common
        assert body.pop("responseBody").startswith("{jsonrpc=2.0, id=7, result={")
        assert body == {"isError": False, "log": "Successfully processed request with requestId: 7", "id": "7"}


@pytest.mark.parametrize(
    ("headers", "content", "status", "log"),
    [
        ({}, b"{}", 401, "Missing Bearer token"),
        ({"authorization": "Bearer not.a.token"}, b"{}", 401, "Invalid Bearer token"),
        ({"authorization": f"Bearer {token(client_id='other')}"}, b"{}", 403, "Insufficient scope"),
        (bearer(), b"{", 400, "Parse error - Invalid JSON format"),
        (bearer() | {"mcp-protocol-version": "1999-01-01"}, b"{}", 400, "protocol version 1999-01-01 is not supported"),
    ],
)
async def test_a_request_that_is_refused_unread_leaves_one_record_without_bodies(
    headers: dict[str, str], content: bytes, status: int, log: str
) -> None:
    async with running_gateway(**BOTH) as gateway:
        Seen(gateway)
        await _delivering(gateway)
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.post(gateway.url, content=content, headers=JSON | headers)
        assert answer.status_code == status
        (record,) = await _records(gateway)
        assert record["body"] == {"isError": True, "log": log}
        assert record["request_id"] == answer.headers["x-amzn-requestid"]


async def test_a_failed_request_says_so() -> None:
    async with running_gateway(**BOTH) as gateway:
        seen = Seen(gateway)
        seen.ask = lambda _event: ValueError("broken")
        await _delivering(gateway)
        async with httpx2.AsyncClient(trust_env=False) as http:
            assert (await http.post(gateway.url, json=CALL, headers=JSON | bearer())).status_code == 500
        _, ended = await _records(gateway)
        assert ended["body"]["isError"] is True
        assert ended["body"]["log"] == "Failed to process request with requestId: 7"


async def test_no_record_holds_a_token() -> None:
    async with running_gateway(**BOTH) as gateway:
        Seen(gateway)
        await _delivering(gateway)
        secret = token()
        refused = token(client_id="other")
        async with httpx2.AsyncClient(trust_env=False) as http:
            for given in (secret, refused):
                await http.post(gateway.url, json=CALL, headers=JSON | {"authorization": f"Bearer {given}"})
        text = json.dumps(await _records(gateway))
        assert text.count("request_id") == 3
        assert secret.split(".")[1] not in text
        assert refused.split(".")[1] not in text


async def test_without_a_delivery_nothing_is_kept() -> None:
    async with running_gateway() as gateway:
        async with httpx2.AsyncClient(trust_env=False) as http:
            await http.post(gateway.url, json=CALL, headers=JSON | bearer())
        await gateway.supervisor._delivery.flush()
        assert gateway.aws.fake_logs.events == {}
        assert not gateway.supervisor._delivery._waiting


def _event(text: str, at: float = 0.0) -> LogEvent:
    return LogEvent(at=at, render=lambda: [(at, text)])


async def test_what_logs_does_not_take_waits_and_keeps_its_order(caplog: pytest.LogCaptureFixture) -> None:
    logs = FakeLogs()
    delivery = LogDelivery(lambda: logs)  # type: ignore[arg-type, return-value]
    logs.down = True
    for number in range(3):
        delivery.put(GROUP, _event(f'"{number}"', at=number))
        await delivery.flush()
    assert caplog.text.count("cannot be written") == 1
    logs.down = False
    delivery.put("/another", _event('"other"'))
    await delivery.flush()
    assert logs.records(GROUP) == ["0", "1", "2"]
    assert logs.records("/another") == ["other"]


async def test_the_queue_is_bounded_and_a_loss_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log_delivery, "MOST_WAITING", 10)
    logs = FakeLogs()
    delivery = LogDelivery(lambda: logs)  # type: ignore[arg-type, return-value]
    for number in range(25):
        delivery.put(GROUP, _event(f'"{number}"', at=number))
    await delivery.flush()
    assert logs.records(GROUP) == [str(number) for number in range(15, 25)]
    assert "15 records of the application logs are lost" in caplog.text


async def test_batches_stay_within_what_logs_takes() -> None:
    logs, sizes = FakeLogs(), []
    put = logs.put_log_events

    def counted(**request: Any) -> None:
        sizes.append(sum(len(event["message"].encode()) + 26 for event in request["logEvents"]))
        put(**request)

    logs.put_log_events = counted  # type: ignore[method-assign]
    delivery = LogDelivery(lambda: logs)  # type: ignore[arg-type, return-value]
    for number in range(40):
        delivery.put(GROUP, _event(json.dumps("ü" * 50_000), at=number))
    await delivery.flush()
    assert len(logs.records(GROUP)) == 40
    assert len(sizes) > 1
    assert max(sizes) < 1_048_576


async def test_a_record_that_cannot_be_written_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> list[tuple[float, str]]:
        raise RecursionError

    logs = FakeLogs()
    delivery = LogDelivery(lambda: logs)  # type: ignore[arg-type, return-value]
    delivery.put(GROUP, LogEvent(at=0, render=broken))
    await delivery.flush()
    delivery.put(GROUP, _event('"next"'))
    await delivery.flush()
    assert logs.records(GROUP) == ["next"]
    assert "1 records of the application logs are lost" in caplog.text


def test_bodies_are_cut() -> None:
    logs = FakeLogs()
    delivery = LogDelivery(lambda: logs)  # type: ignore[arg-type, return-value]
    log = ApplicationLog(gateway_arn=ARN, delivery=delivery, clock=lambda: 2.0)
    log.log_group = GROUP
    body = Body()
    for _ in range(100):
        body.add(b'{"long":"' + b"x" * 100_000)
    log.record(Entry(gateway="g", request_id="r-1", status=200, message={"id": 1, "arguments": "y" * 1_000_000}), body)
    ((_, event),) = delivery._waiting
    assert sum(len(text) for _, text in event.render()) < 25_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2.5, None, True], "b": {"c": "d"}}, "{a=[1, 2.5, null, true], b={c=d}}"),
        ([], "[]"),
        ("text", "text"),
        (None, "null"),
    ],
)
def test_bodies_are_written_as_java_writes_maps(value: Any, text: str) -> None:
    assert java_text(value) == text


async def test_deliveries_that_cannot_be_read_change_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="local.gateway")
    async with running_gateway() as gateway:
        await _delivering(gateway)

        def refuse(operation: str) -> Any:
            raise boto3.client("logs", region_name="us-east-1").exceptions.ClientError(
                {"Error": {"Code": "ServiceUnavailableException", "Message": "no"}}, operation
            )

        monkeypatch.setattr(gateway.aws.fake_logs, "get_paginator", refuse)
        gateway.supervisor._log_groups_read = float("-inf")
        await gateway.supervisor.refresh()
        (listener,) = gateway.supervisor._listeners.values()
        assert listener.log.log_group == GROUP
        assert "the deployed log deliveries cannot be read" in caplog.text


def test_the_log_group_is_the_one_that_the_deployed_delivery_names() -> None:
    client = boto3.client("logs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/gw:*"
    sources = [
        {"name": "logs", "logType": "APPLICATION_LOGS", "resourceArns": [ARN]},
        {"name": "traces", "logType": "TRACES", "resourceArns": [ARN]},
        {"name": "undelivered", "logType": "APPLICATION_LOGS", "resourceArns": ["arn:other"]},
    ]
    destinations: list[dict[str, Any]] = [
        {
            "arn": "arn:destination:logs",
            "deliveryDestinationType": "CWL",
            "deliveryDestinationConfiguration": {"destinationResourceArn": group},
        },
        {"arn": "arn:destination:xray", "deliveryDestinationType": "XRAY"},
    ]
    deliveries = [
        {"deliverySourceName": "logs", "deliveryDestinationArn": "arn:destination:logs"},
        {"deliverySourceName": "traces", "deliveryDestinationArn": "arn:destination:xray"},
    ]
    with Stubber(client) as stub:
        stub.add_response("describe_delivery_sources", {"deliverySources": sources})
        stub.add_response("describe_delivery_destinations", {"deliveryDestinations": destinations})
        stub.add_response("describe_deliveries", {"deliveries": deliveries})
        assert application_log_groups(client) == {ARN: "/aws/vendedlogs/gw"}
