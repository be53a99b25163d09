"""The reference agent: its process from start to end, and its parts where a process would show too little."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foundation.kubernetes import tenant_manifests
from gateway_agent.errors import AgentError, SettingsError
from local.layout import REPOSITORY
from reference_agent.readiness import Readiness, State
from reference_agent.settings import Settings
from tests.agent_process import DOCKERFILE, REQUIREMENTS, AgentProcess, agent_process, image_path
from tests.http_server import Handler, listening
from tests.kubernetes.plans import only, tenant_plan
from tests.unit.agent_services import PARAMETER, SECRET, TARGET, AgentServices, agent_services, status

AGENT = "acme-corp/finance-agent"
REQUIRED = {
    "FOUNDATION_AGENT": AGENT,
    "FOUNDATION_ENVIRONMENT": "test",
    "FOUNDATION_SECRET": SECRET,
    "FOUNDATION_GATEWAY_URL_PARAMETER": PARAMETER,
    "AWS_REGION": "us-east-1",
}
QUESTION = "What time is it in Sao Paulo, and list the objects in the bucket reports-1"
READS = {"tool": "s3_read_operations", "input": {"operation": "list_objects", "bucket": "reports-1"}}
SLOW = json.dumps({"turns": [[READS, {"tool": "slow"}], [{"text": "The november report is finished."}]]})


@pytest.fixture(scope="module")
def search_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return image_path(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def services() -> Iterator[AgentServices]:
    with agent_services() as running:
        yield running


@contextmanager
def running(services: AgentServices, search_path: str, *, path: str = "/ready", **more: str) -> Iterator[AgentProcess]:
    environment = {
        **REQUIRED,
        "AWS_ENDPOINT_URL": services.origin,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "FOUNDATION_MODEL": "scripted",
        **more,
    }
    with agent_process(environment, search_path=search_path, path=path) as agent:
        yield agent


@pytest.fixture(scope="module")
def agent(services: AgentServices, search_path: str) -> Iterator[AgentProcess]:
    with running(services, search_path) as found:
        yield found


def test_it_answers_with_two_tools(agent: AgentProcess) -> None:
    answer = agent.ask(QUESTION, X_Correlation_ID="unit-1")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert "In America/Sao_Paulo it is" in found["answer"]
    assert "reports-1/november.csv" in found["answer"]
    names = [f"{TARGET}___get_time", f"{TARGET}___s3_read_operations"]
    assert found["tool_calls"] == [{"name": name, "status": "success"} for name in names]
    assert (found["stop_reason"], found["correlation_id"]) == ("end_turn", "unit-1")


def test_each_call_carries_the_correlation_id_and_goes_on_with_the_trace(
    services: AgentServices, agent: AgentProcess
) -> None:
    services.calls.clear()
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    agent.ask("what time is it", X_Correlation_ID="unit-2", traceparent=f"00-{trace_id}-b7ad6b7169203331-01")
    assert {sent.headers["x-correlation-id"] for sent in services.calls} == {"unit-2"}
    assert {sent.headers["traceparent"].split("-")[1] for sent in services.calls} == {trace_id}


def test_an_id_that_cannot_stand_in_a_log_is_replaced(agent: AgentProcess) -> None:
    answer = agent.ask("hello", X_Correlation_ID="a b")
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-correlation-id"])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"question": ""}', b'{"question": 1}', b'{"question": "a", "b": 1}', b"\xff",
             b'{"question": "' + b"a" * 10_001 + b'"}'],
)  # fmt: skip
def test_what_is_no_question_is_refused(agent: AgentProcess, body: bytes) -> None:
    answer = httpx2.post(f"{agent.url}/ask", content=body, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_long_is_not_read_to_its_end(agent: AgentProcess) -> None:
    answer = httpx2.post(f"{agent.url}/ask", content=b"a" * 100_000, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_gateway_that_is_down_is_told_and_passes(services: AgentServices, agent: AgentProcess) -> None:
    for method in ("server/discover", "initialize"):
        services.gateway_answers[method] = _many(status(503))
    answer = agent.ask(QUESTION)
    services.gateway_answers.clear()
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    assert answer.headers["retry-after"] == "5"
    assert agent.ask(QUESTION).status_code == 200


def test_its_log_is_json_and_holds_no_content(services: AgentServices, agent: AgentProcess) -> None:
    agent.ask(QUESTION, X_Correlation_ID="unit-log")
    (line,) = [line for line in agent.lines() if line["correlation_id"] == "unit-log" and line["level"] == "INFO"]
    assert line["message"] == "answered"
    assert (line["tenant"], line["agent"], line["tool_calls"]) == ("acme-corp", "finance-agent", 2)
    text = "\n".join(agent.printed)
    assert not [part for part in ("Sao", "reports-1", "november", "secret-1", *services.given) if part in text]


def test_a_pod_without_its_secret_is_not_ready_and_one_whose_grace_is_over_ends_with_0(
    services: AgentServices, search_path: str
) -> None:
    written, more = dict(services.secret), {"FOUNDATION_MODEL_SCRIPT": SLOW, "FOUNDATION_GRACE_SECONDS": "0"}
    services.reset()
    services.secret = {"status": "waiting for its first rotation"}
    with running(services, search_path, path="/health", **more) as agent, ThreadPoolExecutor(1) as pool:
        answer = agent.get("/ready")
        assert answer.status_code == 503
        assert "waits for its first rotation" in answer.json()["reason"]
        refused = agent.ask("hello")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        services.secret = written  # by the rotation
        question = pool.submit(agent.ask, "go")
        assert services.entered.wait(timeout=20)
        agent.terminate()
        code = agent.process.wait(timeout=20)
        services.leave.set()
        assert question.exception(timeout=20) or question.result().status_code >= 500
    assert code == 0


def test_on_sigterm_it_is_not_ready_finishes_what_runs_sends_its_telemetry_and_ends_with_0(
    services: AgentServices, search_path: str
) -> None:
    services.reset()
    more = {"FOUNDATION_MODEL_SCRIPT": SLOW}
    with (
        collector() as (url, received),
        running(services, search_path, OTEL_EXPORTER_OTLP_ENDPOINT=url, **more) as agent,
        ThreadPoolExecutor(1) as pool,
    ):
        question = pool.submit(agent.ask, "Finish the november report", X_Correlation_ID="unit-otel")
        assert services.entered.wait(timeout=20)
        agent.terminate()
        _until_status(agent, "/ready", 503)
        assert agent.get("/ready").json()["reason"] == "This pod is about to end."
        assert agent.get("/health").status_code == 200
        refused = agent.ask("another")
        assert (refused.status_code, refused.json()["code"]) == (503, "shutting_down")
        services.leave.set()
        assert question.result(timeout=20).json()["answer"] == "The november report is finished."
        assert agent.process.wait(timeout=20) == 0
    _are_of_the_agent_and_without_content(received)


def _are_of_the_agent_and_without_content(received: Sequence[tuple[str, bytes]]) -> None:
    exported = [ExportTraceServiceRequest.FromString(body) for path, body in received if path == "/v1/traces"]
    assert any(ExportMetricsServiceRequest.FromString(body) for path, body in received if path == "/v1/metrics")
    groups = [spans for request in exported for spans in request.resource_spans]
    attributes = {item.key: item.value.string_value for item in groups[0].resource.attributes}
    assert attributes["foundation.tenant"] == attributes["service.namespace"] == "acme-corp"
    assert attributes["foundation.agent"] == AGENT
    names = {span.name for group in groups for scope in group.scope_spans for span in scope.spans}
    assert "ask" in names
    assert any("s3_read_operations" in name for name in names), names
    assert "unit-otel" in str(exported)
    assert not [part for part in ("november", "reports-1", "finished") if part in str(exported)]


def test_settings_that_are_missing_are_named_in_one_sentence(search_path: str) -> None:
    run = subprocess.run(
        [sys.executable, "-S", "-m", "reference_agent"],
        env={"PYTHONPATH": search_path, "AWS_REGION": "us-east-1", "FOUNDATION_AGENT": AGENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith(
        "The environment lacks FOUNDATION_ENVIRONMENT (the environment's name), FOUNDATION_SEC"
    )
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("FOUNDATION_AGENT", "finance-agent"), ("FOUNDATION_PORT", "http"), ("FOUNDATION_GRACE_SECONDS", "-1"),
     ("FOUNDATION_CONCURRENT_QUESTIONS", "0"), ("FOUNDATION_ANSWER_SECONDS", "nan")],
)  # fmt: skip
def test_settings_that_are_wrong_are_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name} is '{value}'"):
        Settings.from_environment({**REQUIRED, name: value})


def test_settings_have_values_of_their_own() -> None:
    settings = Settings.from_environment(REQUIRED)
    assert (settings.tenant, settings.agent) == ("acme-corp", "finance-agent")
    assert (settings.host, settings.port, settings.grace_seconds) == ("0.0.0.0", 8080, 25)


def test_readiness_is_asked_for_once_in_a_while() -> None:
    now, asked, down = [0.0], [], [True]

    def check(correlation_id: str) -> None:
        asked.append(correlation_id)
        if down[0]:
            raise AgentError("The secret is not there.")

    readiness = Readiness(check, clock=lambda: now[0])
    assert readiness.state() == readiness.state() == State(ready=False, reason="The secret is not there.")
    assert len(asked) == 1
    down[0], now[0] = False, 3.0
    assert readiness.state() == State(ready=True)
    down[0], now[0] = True, 32.0
    assert readiness.state() == State(ready=True)
    now[0] = 33.0
    assert not readiness.state().ready
    assert len(asked) == 3


def test_readiness_tells_of_other_errors_their_kind_alone() -> None:
    def check(_: str) -> None:
        raise RuntimeError("with a token inside")

    assert Readiness(check).state().reason == "The gateway's tools cannot be listed (RuntimeError)."


def test_the_dockerfile_copies_what_is_there_and_holds_no_secret() -> None:
    text = DOCKERFILE.read_text()
    sources = [
        source for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for source in line.split()[:-1]
    ]
    assert sources
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    assert "lambda/scripted_model" not in sources
    assert not re.search(r"(?i)(password|secret|token)\s*=", text)
    assert not re.search(r"^FROM (?!\$\{PYTHON_IMAGE\})", text, re.MULTILINE)


def test_the_image_runs_as_whom_the_deployment_says() -> None:
    deployment = only(tenant_manifests(tenant_plan()), "Deployment")
    context = deployment["spec"]["template"]["spec"]["securityContext"]
    users = re.findall(r"^USER (.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert users == [f"{context['runAsUser']}:{context['runAsGroup']}"]
    assert context["runAsUser"] > 0


def test_the_image_installs_the_versions_that_the_tests_run_with() -> None:
    constraints = (REPOSITORY / "constraints.txt").read_text().splitlines()
    lines = [line for name in REQUIREMENTS for line in (REPOSITORY / name).read_text().splitlines()]
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if pin not in constraints] == []


def _many(answer: Any) -> Any:
    return deque([answer] * 20)


def _until_status(agent: AgentProcess, path: str, code: int) -> None:
    for _ in range(200):
        if agent.get(path).status_code == code:
            return
        threading.Event().wait(0.02)
    raise AssertionError(f"{path} never answered {code}")


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """An OpenTelemetry collector, as far as it takes what is sent: gives its address and what it got."""
    received: list[tuple[str, bytes]] = []

    class Collector(Handler):
        def do_POST(self) -> None:
            body = self.body()
            received.append((self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body))
            self.send(200)

    with listening(Collector) as port:
        yield f"http://127.0.0.1:{port}", received
