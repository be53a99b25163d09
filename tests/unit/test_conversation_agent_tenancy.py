"""Who may do what: the verified principal decides, whatever else a request says."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from openapi_spec_validator import validate

from conversation_agent.app import create_app
from conversation_agent.callers import Caller, Callers
from conversation_agent.deadline import seconds_left
from conversation_agent.problems import Code, ServiceError
from conversation_agent.settings import Settings
from gateway_agent.errors import SettingsError
from tests.unit.agent_services import AgentServices, agent_services
from tests.unit.conversation_agent_support import (
    ACCOUNT_ID,
    FINANCE,
    JANE,
    SHARED_ROLE,
    Running,
    as_principal,
    question,
    running,
    store,
    variables,
)
from tests.unit.conversations_support import World, world

CALLERS = Callers(account_id=ACCOUNT_ID, allowed=frozenset({"role/finance-team", "user/jane", f"role/{SHARED_ROLE}"}))
OTHER = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/sales-team/jane"
ELSEWHERE = "arn:aws:sts::999999999999:assumed-role/finance-team/jane"


def context(arn: object) -> str:
    return json.dumps({"authorizer": {"iam": {"userArn": arn}}})


@pytest.mark.parametrize(
    ("arn", "caller"),
    [
        (FINANCE, Caller("role/finance-team", "role/finance-team")),
        (JANE, Caller("user/jane", "user/jane")),
        (
            f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{SHARED_ROLE}/jane@example.com",
            Caller(f"role/{SHARED_ROLE}", f"role/{SHARED_ROLE}/jane@example.com"),
        ),
    ],
)
def test_a_principal_owns_what_it_began(arn: str, caller: Caller) -> None:
    assert CALLERS.of([context(arn)]) == caller


@pytest.mark.parametrize(
    ("contexts", "code"),
    [
        ([], Code.CALLER_UNKNOWN),
        ([context(FINANCE), context(JANE)], Code.CALLER_UNKNOWN),
        ([context(FINANCE)] * 2, Code.CALLER_UNKNOWN),
        ([""], Code.CALLER_UNKNOWN),
        (["null"], Code.CALLER_UNKNOWN),
        (["[]"], Code.CALLER_UNKNOWN),
        ([json.dumps({"authorizer": {"jwt": {"claims": {"userArn": FINANCE}}}})], Code.CALLER_UNKNOWN),
        ([context(None)], Code.CALLER_UNKNOWN),
        ([context(f"{FINANCE}/more")], Code.CALLER_UNKNOWN),
        ([context(f"arn:aws:iam::{ACCOUNT_ID}:root")], Code.CALLER_UNKNOWN),
        ([context(f"arn:aws:sts::{ACCOUNT_ID}:federated-user/finance-team")], Code.CALLER_UNKNOWN),
        ([context(f"{FINANCE}\n")], Code.CALLER_UNKNOWN),
        ([context(OTHER)], Code.CALLER_REFUSED),
        ([context(ELSEWHERE)], Code.CALLER_REFUSED),
        ([context(f"arn:aws:iam::{ACCOUNT_ID}:user/finance-team")], Code.CALLER_REFUSED),
        ([context(f"arn:aws:iam::{ACCOUNT_ID}:user/jane/john")], Code.CALLER_REFUSED),
    ],
)
def test_who_is_unknown_or_not_listed_is_refused(contexts: list[str], code: Code) -> None:
    with pytest.raises(ServiceError) as refused:
        CALLERS.of(contexts)
    assert refused.value.code is code


def test_an_answer_may_take_what_the_function_has_left() -> None:
    assert seconds_left([], turn_seconds=100, reserve_seconds=10) == 100
    assert seconds_left(["null", "x", '{"deadline": "x"}'], turn_seconds=100, reserve_seconds=10) == 100
    assert seconds_left(['{"deadline": 1}'], turn_seconds=100, reserve_seconds=10) < 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("FOUNDATION_AGENT", "finance-agent", "FOUNDATION_AGENT is 'finance-agent': write <tenant>/<agent>"),
        ("FOUNDATION_CALLERS", "role/finance-team", "FOUNDATION_CALLERS is 'role/finance-team': write a JSON list"),
        ("FOUNDATION_CALLERS", '["role/path/finance-team"]', "without paths"),
        ("FOUNDATION_ACCOUNT_ID", "1", "FOUNDATION_ACCOUNT_ID is '1': write the twelve digits"),
        ("FOUNDATION_RETENTION_DAYS", "0", "FOUNDATION_RETENTION_DAYS is '0': write a whole number from 1"),
        ("FOUNDATION_CONVERSATION_TABLE", "", "lacks FOUNDATION_CONVERSATION_TABLE (name of"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(variables(AgentServices(origin="http://127.0.0.1:1")) | {name: value})
    assert sentence in str(refused.value)


@pytest.fixture(scope="module")
def table() -> Iterator[World]:
    with world() as found:
        yield found


@pytest.fixture(scope="module")
def agent(table: World) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patch, agent_services() as services:
        patch.setenv("AWS_ENDPOINT_URL", services.origin)
        with running(table, services) as found:
            yield found


@pytest.fixture(scope="module")
def conversation_id(agent: Running) -> str:
    """A conversation of role finance-team."""
    answer = agent.client.post("/chat", json=question("What time is it in Tokyo?"))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["conversation_id"])


@pytest.fixture
def jane(agent: Running) -> Iterator[httpx2.Client]:
    """Another caller that may use the same agent."""
    with httpx2.Client(base_url=agent.origin, headers=as_principal(JANE), timeout=20, trust_env=False) as client:
        yield client


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["correlation_id"]) == (answer.status_code, answer.headers["X-Correlation-ID"])
    return answer.status_code, body["code"]


def test_another_owners_conversation_does_not_exist(agent: Running, jane: httpx2.Client, conversation_id: str) -> None:
    path, missing = f"/api/conversations/{conversation_id}", f"/api/conversations/{uuid.uuid4()}"
    assert jane.get("/api/conversations").json()["conversations"] == []
    for answer in (
        jane.get(path),
        jane.get(missing),
        jane.delete(path),
        jane.post(f"{path}/stop", json={"request_id": str(uuid.uuid4())}),
        jane.post("/chat", json=question("Go on", conversation_id=conversation_id)),
        jane.post("/stream", json=question("Go on", conversation_id=conversation_id)),
    ):
        assert problem(answer) == (404, "conversation_not_found")
    assert len(agent.messages(conversation_id)) == 4


@pytest.mark.parametrize(("tenant", "name"), [("globex", "finance-agent"), ("acme-corp", "payroll-agent")])
def test_a_conversation_with_another_agent_does_not_exist(agent: Running, table: World, tenant: str, name: str) -> None:
    """Here the code alone keeps agents apart; IAM does so again (tests of the table's policy and of its grant)."""
    theirs: Any = store(table, tenant=tenant, agent=name).for_owner("role/finance-team")
    conversation_id = theirs.begin(str(uuid.uuid4()), [{"text": "theirs"}]).finish().conversation_id
    path = f"/api/conversations/{conversation_id}"
    for answer in (
        agent.client.get(path),
        agent.client.delete(path),
        agent.client.post(f"{path}/stop", json={"request_id": str(uuid.uuid4())}),
        agent.client.post("/chat", json=question("Go on", conversation_id=conversation_id)),
    ):
        assert problem(answer) == (404, "conversation_not_found")
    listed = agent.client.get("/api/conversations").json()["conversations"]
    assert conversation_id not in {one["conversation_id"] for one in listed}
    assert theirs.load(conversation_id).messages


def test_a_retry_under_anothers_name_finds_nothing(agent: Running, jane: httpx2.Client) -> None:
    body = question("What time is it in Paris?")
    first, second = agent.client.post("/chat", json=body).json(), jane.post("/chat", json=body).json()
    assert not second["replayed"]
    assert first["conversation_id"] != second["conversation_id"]


@pytest.mark.parametrize(
    "extra",
    [{"owner": "user/jane"}, {"tenant": "globex"}, {"tenant_id": "globex"}, {"caller": "user/jane"}],
)
def test_a_body_cannot_say_whose_conversation_it_is(agent: Running, extra: dict[str, str]) -> None:
    assert problem(agent.client.post("/chat", json=question("Hello") | extra)) == (400, "invalid_request")


def test_a_query_or_header_cannot_say_who_calls(agent: Running, conversation_id: str, jane: httpx2.Client) -> None:
    forged = {"X-Tenant-ID": "acme-corp", "X-Owner": "role/finance-team", "X-On-Behalf-Of": "role/finance-team"}
    path = f"/api/conversations/{conversation_id}?owner=role/finance-team&tenant=acme-corp"
    assert problem(jane.get(path, headers=forged)) == (404, "conversation_not_found")


def test_a_context_beside_the_adapters_is_refused(agent: Running) -> None:
    headers = [*as_principal(JANE).items(), *as_principal(FINANCE).items()]
    answer = httpx2.get(f"{agent.origin}/api/conversations", headers=headers, trust_env=False)
    assert problem(answer) == (403, "caller_unknown")


@pytest.mark.parametrize(("headers", "code"), [({}, "caller_unknown"), (as_principal(OTHER), "caller_refused")])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/stream"), ("POST", "/chat"), ("GET", "/api/conversations"), ("POST", "/api/conversations"),
        ("GET", f"/api/conversations/{uuid.UUID(int=1)}"), ("DELETE", f"/api/conversations/{uuid.UUID(int=1)}"),
        ("POST", f"/api/conversations/{uuid.UUID(int=1)}/stop"), ("GET", "/api/tools/fetch"),
    ],
)  # fmt: skip
def test_every_route_wants_a_caller(agent: Running, method: str, path: str, headers: dict[str, str], code: str) -> None:
    body = question("Hello") if path != "/api/conversations" else {"request_id": str(uuid.uuid4())}
    answer = httpx2.request(
        method, f"{agent.origin}{path}", headers=headers, json=body if method == "POST" else None, trust_env=False
    )
    assert problem(answer) == (403, code)


def test_conversations_are_made_listed_by_pages_and_deleted(agent: Running, jane: httpx2.Client) -> None:
    new = {"request_id": str(uuid.uuid4()), "title": "Invoices"}
    made = jane.post("/api/conversations", json=new)
    again = jane.post("/api/conversations", json=new)
    assert (made.status_code, again.status_code, made.json()) == (201, 200, again.json())
    jane.post("/api/conversations", json={"request_id": str(uuid.uuid4())})
    seen: list[str] = []
    cursor = None
    while cursor or not seen:
        page = jane.get("/api/conversations", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += [one["conversation_id"] for one in page["conversations"]]
        cursor = page["next_cursor"]
    assert made.json()["conversation_id"] in seen
    assert len(seen) == len(set(seen))
    for conversation_id in seen:
        assert jane.delete(f"/api/conversations/{conversation_id}").status_code == 204
    assert jane.get("/api/conversations").json() == {"conversations": [], "next_cursor": None}
    assert problem(jane.get("/api/conversations?cursor=nonsense")) == (400, "invalid_request")


def test_the_tools_are_those_of_the_gateway(agent: Running) -> None:
    tools = agent.client.get("/api/tools/fetch").json()["tools"]
    assert "aws-operations-v1___get_time" in {tool["name"] for tool in tools}
    assert all(tool["input_schema"]["type"] == "object" for tool in tools)


def test_malformed_requests_are_told_where(agent: Running) -> None:
    answer = agent.client.post("/chat", json={"message": " ", "request_id": "1"})
    assert problem(answer) == (400, "invalid_request")
    assert {error["field"] for error in answer.json()["errors"]} == {"body.message", "body.request_id"}
    assert problem(agent.client.get("/nowhere")) == (404, "not_found")
    assert problem(agent.client.get("/chat")) == (405, "method_not_allowed")
    assert problem(agent.client.post("/chat", content=b"\xff", headers={"Content-Type": "application/json"})) == (
        400, "invalid_request",
    )  # fmt: skip


def test_the_openapi_document_is_valid_and_knows_every_answer(agent: Running) -> None:
    document = httpx2.get(f"{agent.origin}/openapi.json", trust_env=False).json()
    validate(document)
    assert "422" not in document["paths"]["/api/conversations"]["get"]["responses"]
    assert "text/event-stream" in document["paths"]["/stream"]["post"]["responses"]["200"]["content"]
    for path in document["paths"].values():
        for operation in path.values():
            for code, answer in operation["responses"].items():
                if int(code) >= 400:
                    assert [*answer["content"]] == ["application/problem+json"], (operation["operationId"], code)


def test_a_failure_inside_tells_nothing_of_the_inside(table: World) -> None:
    def broken() -> Any:
        raise RuntimeError("the password is 12345")

    from starlette.testclient import TestClient  # noqa: PLC0415

    settings = Settings.from_environment(variables(AgentServices(origin="http://127.0.0.1:1")))
    with TestClient(create_app(settings, broken), raise_server_exceptions=False) as client:
        answer = client.get("/api/conversations", headers=as_principal(FINANCE))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "12345" not in answer.text
    assert answer.headers["X-Correlation-ID"]
