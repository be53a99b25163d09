"""The deployed audit stack of dev: a logged record becomes a row, reaches its tenant, and a saved question finds it."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foundation.audit.record import problems
from tests.assemblies import assembly
from tests.local.audit_store import calls
from tests.local.conftest import Emulator
from tests.local.emulator_stacks import Stack, stack
from tests.unit.audit_records import record

ASSETS = "cdk-hnb659fds-assets-123456789012-us-east-1"
LOG_GROUP = "/foundation/dev/audit"
TENANT_LOG_GROUP = "/foundation/dev/tenants/acme-corp"


def upload_assets(emulator: Emulator, folder: Path, stack_name: str) -> None:
    """Put what the stack's template refers to where `cdk deploy` puts it."""
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=ASSETS)
    files = json.loads((folder / f"{stack_name}.assets.json").read_text())["files"].values()
    for file in files:
        source = folder / file["source"]["path"]
        [destination] = file["destinations"].values()
        s3.upload_file(str(source), ASSETS, destination["objectKey"])
    emulator.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")


@pytest.fixture(scope="module")
def audit(emulator: Emulator) -> Iterator[Stack]:
    name = "foundation-dev-audit"
    folder = assembly("dev")
    upload_assets(emulator, folder, name)
    body = json.loads((folder / f"{name}.template.json").read_text())
    emulator.client("logs").create_log_group(logGroupName=TENANT_LOG_GROUP)
    with stack(emulator, name) as made:
        made.create(body.pop("Resources"), **body)
        yield made


def log(emulator: Emulator, *messages: str) -> None:
    api, place = emulator.client("logs"), {"logGroupName": LOG_GROUP, "logStreamName": str(time.monotonic_ns())}
    api.create_log_stream(**place)
    now = int(time.time() * 1000)
    api.put_log_events(**place, logEvents=[{"timestamp": now, "message": message} for message in messages])


def eventually(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while not (found := ask()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def bucket_of(emulator: Emulator, audit: Stack) -> str:
    found = emulator.client("cloudformation").describe_stack_resources(StackName=audit.name)["StackResources"]
    wanted = "AuditBucketsRecords"
    [bucket] = [
        one for one in found if one["ResourceType"] == "AWS::S3::Bucket" and one["LogicalResourceId"].startswith(wanted)
    ]
    return str(bucket["PhysicalResourceId"])


@pytest.fixture(scope="module")
def recorded(emulator: Emulator, audit: Stack) -> list[dict[str, Any]]:
    """The rows of two calls that were logged, one answered and one refused before anybody knew whose it was."""
    now = datetime.datetime.now(datetime.UTC)
    known = {"request_id": "call-1", "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.000Z"}
    request, response = record("request", **known), record("response", **known)
    nobody = {"client_context": dict.fromkeys(request["client_context"])}
    refused = record("request", **{**known, "request_id": "call-2", "outcome": "refused"}, **nobody)
    records = [request, response, refused]
    assert [problems(one) for one in records] == [[], [], []]
    log(emulator, "a line that is no record", *(json.dumps(one) for one in records))
    days = (now.date(), now.date() + datetime.timedelta(days=1))
    bucket = bucket_of(emulator, audit)
    rows: list[dict[str, Any]] = eventually(lambda: calls(emulator.endpoint_url, bucket, days=days))
    return rows


def test_a_call_is_one_row(recorded: list[dict[str, Any]]) -> None:
    assert [(row["request_id"], row["outcome"], row["tenant_id"]) for row in recorded] == [
        ("call-1", "allowed", "acme-corp"),
        ("call-2", "refused", None),
    ]


@pytest.mark.usefixtures("recorded")
def test_a_tenant_has_its_own_records_and_no_others(emulator: Emulator) -> None:
    logs = emulator.client("logs")
    copies = eventually(lambda: logs.filter_log_events(logGroupName=TENANT_LOG_GROUP)["events"])
    assert [json.loads(event["message"])["request_id"] for event in copies] == ["call-1", "call-1"]


@pytest.mark.usefixtures("recorded")
def test_a_saved_question_is_answered(emulator: Emulator) -> None:
    athena = emulator.client("athena")
    ids = athena.list_named_queries(WorkGroup="foundation-dev-audit")["NamedQueryIds"]
    named = {one["Name"]: one for one in athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]}
    assert named.keys() == {"denied-calls", "one-correlation-id", "one-tenants-day"}
    query = named["denied-calls"]
    today = datetime.datetime.now(datetime.UTC).date()
    asked = {
        "QueryString": query["QueryString"],
        "WorkGroup": query["WorkGroup"],
        "QueryExecutionContext": {"Database": query["Database"]},
    }
    days = [f"'{today}'", f"'{today + datetime.timedelta(days=1)}'"]
    execution = athena.start_query_execution(**asked, ExecutionParameters=days)["QueryExecutionId"]
    eventually(lambda: status(athena, execution)["State"] not in ("QUEUED", "RUNNING"))
    assert status(athena, execution)["State"] == "SUCCEEDED", status(athena, execution)
    header, *rows = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"]
    names = [cell["VarCharValue"] for cell in header["Data"]]
    [row] = [dict(zip(names, (cell.get("VarCharValue") for cell in one["Data"]), strict=True)) for one in rows]
    assert (row["request_id"], row["outcome"]) == ("call-2", "refused")
    with pytest.raises(athena.exceptions.InvalidRequestException, match="expected 2 but found 1"):
        athena.start_query_execution(**asked, ExecutionParameters=days[:1])


def status(athena: Any, execution: str) -> dict[str, Any]:
    found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
    return found


def test_the_log_group_is_told_where_functions_look(emulator: Emulator, audit: Stack) -> None:
    parameter = emulator.client("ssm").get_parameter(Name="/foundation/dev/audit/log-group")["Parameter"]
    assert parameter["Value"] == LOG_GROUP
