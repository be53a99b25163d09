"""The check before a release: what it calls, when it gives up, and what it reports."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from release_check import handler as entry
from release_check.check import CheckError, Clock, failures
from release_check.version import LambdaVersion
from tests.unit.lambda_calls import Context
from toolkit import ToolError, ToolServer

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders:7"


@dataclass
class Time:
    """A clock that only sleeping and calling moves on."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, sleep=self.sleep)


@dataclass
class Version:
    """A version with self-checks, of which some fail as often as they are told to."""

    checks: Mapping[str, Mapping[str, Any]]
    failing: dict[str, int] = field(default_factory=dict)
    silent: int = 0
    time: Time = field(default_factory=Time)
    seconds: float = 0.0
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def self_checks(self) -> Mapping[str, Mapping[str, Any]]:
        if self.silent:
            self.silent -= 1
            raise CheckError("it cannot be invoked")
        return self.checks

    def call(self, tool: str, arguments: Mapping[str, Any]) -> None:
        self.time.now += self.seconds
        self.calls.append((tool, arguments))
        if self.failing.get(tool, 0) > 0:
            self.failing[tool] -= 1
            raise CheckError(f"{tool} is broken")


def checked(version: Version, *, patience: float = 60, budget: float = 600) -> dict[str, str]:
    return failures(version, clock=version.time.clock(), patience=patience, budget=budget)


def test_every_tool_is_called_with_its_own_arguments() -> None:
    version = Version({"a": {}, "b": {"operation": "list"}})
    assert checked(version) == {}
    assert version.calls == [("a", {}), ("b", {"operation": "list"})]
    assert version.time.now == 0


def test_what_fails_at_first_is_tried_again_while_patience_lasts() -> None:
    version = Version({"a": {}, "b": {}}, failing={"b": 3})
    assert checked(version) == {}
    assert version.time.now == 15


def test_what_keeps_failing_is_told_by_tool() -> None:
    version = Version({"a": {}, "b": {}, "c": {}}, failing={"b": 1000, "c": 1000})
    assert checked(version) == {"b": "b is broken", "c": "c is broken"}
    assert version.time.now == 60


def test_a_version_that_does_not_answer_at_first_is_asked_again() -> None:
    assert checked(Version({"a": {}}, silent=2)) == {}
    assert checked(Version({"a": {}}, silent=1000)) == {"": "it cannot be invoked"}


def test_a_version_without_tools_fails() -> None:
    assert checked(Version({}), patience=0) == {"": "it has no tool"}


def test_what_cannot_be_called_in_time_has_failed() -> None:
    version = Version({"a": {}, "b": {}, "c": {}}, seconds=30)
    assert checked(version, budget=50) == {"c": "not called: the check ran out of time"}


def orders() -> ToolServer:
    """A server of which one tool works and one does not."""
    server = ToolServer("orders", version="1.0.0")

    @server.tool(actions=[], self_check={"number": 1})
    def get_order(number: int) -> dict[str, int]:
        """Tell of an order.

        Args:
            number: The order's number.
        """
        if number != 1:
            raise ValueError(number)
        return {"number": number}

    @server.tool(actions=[])
    def list_orders() -> dict[str, str]:
        """List orders."""
        raise ToolError("AWS refused s3:ListBucket; the role lacks it", code="denied")

    return server


@dataclass
class Lambda:
    """Lambda's Invoke in front of a tool server."""

    server: ToolServer
    error: Exception | None = None
    payload: bytes | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **request: Any) -> dict[str, Any]:
        assert request["FunctionName"] == ARN
        if self.error:
            raise self.error
        custom = json.loads(base64.b64decode(request["ClientContext"]))["custom"]
        self.asked.append(custom)
        if self.payload is not None:
            return {"Payload": io.BytesIO(self.payload)}
        context = Context(type("ClientContext", (), {"custom": custom})())
        try:
            answer: Any = self.server.handler(json.loads(request["Payload"]), context)
            return {"Payload": io.BytesIO(json.dumps(answer).encode())}
        except Exception as failure:
            told = {"errorType": type(failure).__name__, "errorMessage": str(failure)}
            return {"Payload": io.BytesIO(json.dumps(told).encode()), "FunctionError": "Unhandled"}


def version_of(client: Lambda) -> LambdaVersion:
    return LambdaVersion(client=client, arn=ARN, target="orders-v1")  # type: ignore[arg-type]  # Invoke is all it uses


def test_the_version_itself_tells_its_self_checks() -> None:
    assert version_of(Lambda(orders())).self_checks() == {"get_order": {"number": 1}, "list_orders": {}}


def test_a_tool_is_called_as_the_gateway_calls_it_for_a_tenant_that_does_not_exist() -> None:
    client = Lambda(orders())
    version_of(client).call("get_order", {"number": 1})
    [custom] = client.asked
    assert custom["bedrockAgentCoreToolName"] == "orders-v1___get_order"
    assert custom["bedrockAgentCoreMessageVersion"] == "1.0"
    assert custom["bedrockAgentCorePropagatedHeaders"]["X-Tenant-ID"] == "release-check"


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("list_orders", {}, "AWS refused s3:ListBucket; the role lacks it"),
        ("get_order", {"number": 2}, "InternalToolError: the tool failed inside orders"),
        ("get_order", {}, "get_order: number is required"),
        ("missing", {}, "orders has no tool 'missing'"),
    ],
)
def test_a_failure_of_a_tool_fails_the_check_with_its_reason(tool: str, arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(CheckError, match=reason):
        version_of(Lambda(orders())).call(tool, arguments)


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        (
            Lambda(
                orders(), error=ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke")
            ),
            "it cannot be invoked: .*AccessDenied",
        ),
        (Lambda(orders(), error=ReadTimeoutError(endpoint_url="https://x")), "it cannot be invoked: Read timeout"),
        (Lambda(orders(), payload=b"<html>"), "it does not answer with JSON"),
        (Lambda(orders(), payload=b"[1]"), "it does not answer with a JSON object"),
        (Lambda(orders(), payload=b"{}"), "it does not tell its self-checks"),
    ],
)
def test_a_version_that_cannot_be_asked_fails_the_check(client: Lambda, reason: str) -> None:
    with pytest.raises(CheckError, match=reason):
        version_of(client).self_checks()


@dataclass
class CodeDeploy:
    """The operation by which a hook reports."""

    reports: list[dict[str, str]] = field(default_factory=list)

    def put_lifecycle_event_hook_execution_status(self, **report: str) -> None:
        self.reports.append(report)


@pytest.fixture
def codedeploy(monkeypatch: pytest.MonkeyPatch) -> CodeDeploy:
    api = CodeDeploy()
    monkeypatch.setattr(entry, "_codedeploy", lambda: api)
    monkeypatch.setattr(entry, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setenv("VERSION_ARN", ARN)
    monkeypatch.setenv("TARGET", "orders-v1")
    monkeypatch.setenv("CALL_SECONDS", "30")
    return api


EVENT = entry.HookEvent(DeploymentId="d-1", LifecycleEventHookExecutionId="execution-1")
TIME_LEFT = Context(remaining_ms=900_000)


def test_a_version_that_passes_is_reported_so(codedeploy: CodeDeploy, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ToolServer("orders", version="1.0.0")
    server.tool(actions=[])(greet)
    monkeypatch.setattr(entry, "_lambda", lambda seconds: Lambda(server))
    entry.handler(EVENT, TIME_LEFT)
    assert codedeploy.reports == [
        {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "execution-1", "status": "Succeeded"}
    ]


def test_a_version_that_fails_is_reported_so_and_the_log_says_why(
    codedeploy: CodeDeploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[dict[str, str]] = []
    monkeypatch.setattr(entry, "_lambda", lambda seconds: Lambda(orders()))
    monkeypatch.setattr(entry.logger, "error", lambda message, extra: logged.append(extra))
    entry.handler(EVENT, TIME_LEFT)
    assert [report["status"] for report in codedeploy.reports] == ["Failed"]
    reason = "AWS refused s3:ListBucket; the role lacks it"
    assert logged == [{"version": ARN, "target": "orders-v1", "tool": "list_orders", "reason": reason}]


def test_a_check_that_breaks_down_is_reported_as_failed(
    codedeploy: CodeDeploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALL_SECONDS")
    with pytest.raises(KeyError):
        entry.handler(EVENT, TIME_LEFT)
    assert [report["status"] for report in codedeploy.reports] == ["Failed"]


def greet() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello"}
