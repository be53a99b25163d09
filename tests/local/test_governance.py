"""Two tenants with two agents each: everyone sees and calls what its tenant's file allows, and every call is on record.

What is allowed is read from the files of config/ here, apart from the code that makes policies of them.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import yaml

from local.demonstration import connected
from local.layout import REPOSITORY
from tests.local.attacks import Sent, call, rpc
from tests.local.audit_trail import AuditTrail
from tests.local.aws_tools import target_name
from tests.local.local_run import LocalRun
from tests.permissions.servers import servers

AGENTS = ("acme-corp/finance-agent", "acme-corp/reporting-agent", "globex/delivery-agent", "globex/support-agent")
ADMINISTRATOR, REPORTING, DELIVERY, SUPPORT = AGENTS
SEARCH = "x_amz_bedrock_agentcore_search"
DENIED = -32002
"""AgentCore's JSON-RPC code for what its policies deny."""
THROTTLED = -32003
SUSPENSION_SECONDS = 60
"""Within these a suspension has to be in force."""

Grants = Mapping[str, frozenset[str] | None]
"""Operations by the tool's name on the gateway; None for all of them."""


def grants(agent: str) -> Grants:
    """What the files say that an agent may call."""
    tenant = yaml.safe_load((REPOSITORY / "config" / "tenants" / f"{agent.partition('/')[0]}.yaml").read_text())
    platform = yaml.safe_load((REPOSITORY / "config" / "policies" / "groups.yaml").read_text())["groups"]
    found: dict[str, frozenset[str] | None] = {}
    for group in tenant["agents"][agent.partition("/")[2]]["groups"]:
        for grant in tenant.get("groups", {}).get(group, platform.get(group))["tools"]:
            written = {"tool": grant} if isinstance(grant, str) else grant
            for name in _names(written["tool"]):
                operations = written.get("operations")
                earlier = found.get(name, frozenset())
                found[name] = None if operations is None or earlier is None else earlier | frozenset(operations)
    return found


def _names(tool: str) -> Iterator[str]:
    server, _, name = tool.partition("/")
    for spec in servers()[server].describe().tools:
        if name in ("*", spec.name):
            yield f"{target_name(server)}___{spec.name}"


@dataclass
class Gateway:
    """The gateway of a local run, as an agent with a token of its own sees it.

    Attributes:
        url: where it answers.
        agent: `<tenant>/<agent>`.
        token: its access token.
        http: sends its requests.
        sent: every request that was sent.
    """

    url: str
    agent: str
    token: str = field(repr=False)
    http: httpx2.Client
    sent: list[Sent] = field(default_factory=list)

    def ask(self, body: dict[str, Any], **headers: str) -> httpx2.Response:
        """The answer to one request."""
        request = Sent(self.token, body, headers)
        self.sent.append(request)
        return self.http.post(self.url, content=request.content, headers=request.all_headers)

    def error(self, tool: str, **arguments: Any) -> int | None:
        """The JSON-RPC error code that a call of a tool is answered with, None for a result."""
        answer = self.ask(rpc("tools/call", {"name": tool, "arguments": arguments}))
        code: int | None = json.loads(answer.text).get("error", {}).get("code")
        return code


@pytest.fixture(scope="module")
def gateways(local_run: LocalRun) -> Iterator[Mapping[str, Gateway]]:
    account = local_run.platform.account
    with httpx2.Client(trust_env=False, timeout=60) as http:
        yield {agent: Gateway(account.gateway_url(), agent, account.token(agent).value, http) for agent in AGENTS}


def test_the_agents_of_the_example_may_call_different_things() -> None:
    assert len({frozenset(grants(agent)) for agent in AGENTS}) == len(AGENTS)


@pytest.mark.parametrize("agent", AGENTS)
async def test_an_agent_is_shown_the_tools_that_its_file_allows(local_run: LocalRun, agent: str) -> None:
    account = local_run.platform.account
    async with connected(account.gateway_url(), account.token(agent).value) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        found = await client.call_tool(SEARCH, {"query": "read list describe get"})
    assert sorted(listed) == sorted([*grants(agent), SEARCH])
    content = found.structured_content
    assert content
    assert {tool["name"] for tool in content["tools"]} <= set(grants(agent))


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_can_call_what_its_file_allows_and_nothing_else(gateways: Mapping[str, Gateway], agent: str) -> None:
    """Every tool of every server; of a tool with operations one that is granted, and one that is not."""
    allowed = grants(agent)
    wrong = []
    for server in servers():
        for spec in servers()[server].describe().tools:
            name = f"{target_name(server)}___{spec.name}"
            operations = allowed.get(name, frozenset())
            for operation in _operations(spec.operations, operations):
                arguments = {"operation": operation} if operation else dict(spec.self_check)
                expected = None if operations is None or operation in operations else DENIED
                if (code := gateways[agent].error(name, **arguments)) != expected:
                    wrong.append(f"{name} {arguments}: {code} instead of {expected}")
    assert wrong == []


def _operations(all_of_them: Any, granted: frozenset[str] | None) -> list[str | None]:
    """Operations to try: the first, the first that is granted and the first that is not; None for a plain tool."""
    names = [operation.name for operation in all_of_them]
    if not names:
        return [None]
    inside = [name for name in names if granted is None or name in granted]
    outside = [name for name in names if granted is not None and name not in granted]
    return list(dict.fromkeys([*inside[:1], *outside[:1]]))


def test_a_hand_written_policy_takes_away_what_a_group_grants(gateways: Mapping[str, Gateway]) -> None:
    """config/policies: whole tables are for administrators, whatever else a group allows of the tool."""
    tool = f"{target_name('aws-data')}___dynamodb_read_operations"
    assert gateways[DELIVERY].error(tool, operation="scan", table="any") == DENIED
    assert gateways[DELIVERY].error(tool, operation="list_tables") is None


def test_a_forged_context_never_reaches_a_tool(local_run: LocalRun, gateways: Mapping[str, Gateway]) -> None:
    """The caller's own context headers are overwritten: the tool's record names the tenant of the token."""
    gateway = gateways[SUPPORT]
    forged = {
        "X-Tenant-ID": "acme-corp",
        "X-Client-ID": "x",
        "X-Org-ID": "org-finance-division",
        "X-User-Context": "{}",
    }
    assert gateway.ask(call(), **forged).status_code == 200
    mark = gateway.sent[-1].correlation_id
    (record,) = wait_for(lambda: [line for line in tool_records(local_run) if line.get("correlation_id") == mark])
    assert record["tenant_id"] == "globex"
    assert record["client_id"] not in ("x", None)


def tool_records(run: LocalRun) -> Iterator[dict[str, Any]]:
    """What tool servers logged of their calls."""
    logs = run.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/cloudformation"):
        for group in page["logGroups"]:
            if "awsoperationsServer" in group["logGroupName"]:
                for events in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                    lines = (event["message"] for event in events["events"])
                    yield from (json.loads(line) for line in lines if line.startswith("{"))


def wait_for(read: Any, seconds: float = 30) -> Any:
    """What `read` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := list(read())) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def test_a_tenant_can_read_its_own_calls_and_no_other(local_run: LocalRun, gateways: Mapping[str, Gateway]) -> None:
    """A tenant's log group has the records of its calls, and of nobody else's."""
    assert gateways[SUPPORT].ask(call()).status_code == 200
    mark = gateways[SUPPORT].sent[-1].correlation_id

    def records(tenant: str) -> Iterator[dict[str, Any]]:
        logs = local_run.client("logs")
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=f"/foundation/dev/tenants/{tenant}"):
            yield from (json.loads(event["message"]) for event in page["events"])

    found = wait_for(lambda: [record for record in records("globex") if record["correlation_id"] == mark], seconds=60)
    assert {record["phase"] for record in found} <= {"request", "response"}
    assert found
    assert {record["client_context"]["tenant_id"] for record in records("globex")} == {"globex"}
    assert {record["client_context"]["tenant_id"] for record in records("acme-corp")} <= {"acme-corp"}


def test_a_client_that_nobody_registered_gets_no_token(local_run: LocalRun) -> None:
    cognito = local_run.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=10)["UserPools"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName=f"by-hand-{secrets.token_hex(4)}",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["aws-operations/read"],
    )["UserPoolClient"]
    try:
        answer = local_run.ask_for_token(client["ClientId"], client["ClientSecret"], "aws-operations/read")
    finally:
        cognito.delete_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"])
    assert answer.status_code == 400
    assert "access_token" not in answer.text


def test_a_blocked_agent_is_refused_within_a_minute_and_comes_back(
    local_run: LocalRun, gateways: Mapping[str, Gateway]
) -> None:
    """The kill switch: a token that was good is refused, no other is issued, and who did it is on record."""
    gateway = gateways[DELIVERY]
    assert gateway.ask(rpc("tools/list")).status_code == 200
    tenant, agent = DELIVERY.split("/")
    reason = "test of the kill switch"
    blocked = local_run.operate("block", "--tenant", tenant, "--agent", agent, "--reason", reason)
    assert blocked.returncode == 0, blocked.stderr
    try:
        refused = until_status(gateway, 403)
        assert json.loads(refused.text)["error"]["data"]["reason"] == "suspended"
        assert gateways[SUPPORT].ask(rpc("tools/list")).status_code == 200, "the tenant's other agent goes on"
        credentials = local_run.platform.account.credentials(DELIVERY)
        assert credentials
        issued = local_run.ask_for_token(credentials.client_id, credentials.client_secret, " ".join(credentials.scopes))
        assert issued.status_code == 400
        listed = local_run.operate("blocked")
        assert DELIVERY in listed.stdout
        assert reason in listed.stdout
    finally:
        unblocked = local_run.operate("unblock", "--tenant", tenant, "--agent", agent, "--reason", reason)
    assert unblocked.returncode == 0, unblocked.stderr
    until_status(gateway, 200)
    logs = local_run.client("logs")
    events = logs.filter_log_events(logGroupName="/foundation/dev/audit")["events"]
    records = [json.loads(event["message"]) for event in events if reason in event["message"]]
    assert records
    assert "arn:aws:" in json.dumps(records[0])


def until_status(gateway: Gateway, status: int) -> httpx2.Response:
    """The first answer of this status; fails when none comes in the time that a suspension may take."""
    deadline = time.monotonic() + SUSPENSION_SECONDS
    while (answer := gateway.ask(rpc("tools/list"))).status_code != status:
        assert time.monotonic() < deadline, answer.text
        time.sleep(1)
    return answer


@pytest.mark.parametrize("group", ["/foundation/dev/audit", "/foundation/dev/tenants/globex"])
def test_no_tool_reads_what_the_platform_logs_of_tenants(gateways: Mapping[str, Gateway], group: str) -> None:
    """Not even for an administrator: the agent is a tenant's."""
    tool = f"{target_name('aws-monitoring')}___cloudwatch_read_operations"
    arguments = {"operation": "filter_log_events", "log_group": group}
    answer = gateways[ADMINISTRATOR].ask(rpc("tools/call", {"name": tool, "arguments": arguments}))
    result = json.loads(answer.text)["result"]
    assert result["isError"]
    assert result["content"][0]["text"].startswith("AWS refused FilterLogEvents")


def test_an_agent_over_its_limit_is_told_when_to_come_back(gateways: Mapping[str, Gateway]) -> None:
    """The file gives it 60 requests a minute; others are not held up. Its budget is gone afterwards."""
    gateway = gateways[REPORTING]
    answers = (gateway.ask(rpc("ping")) for _ in range(600))
    throttled = next(answer for answer in answers if answer.status_code == 429)
    error = json.loads(throttled.text)["error"]
    assert error["code"] == THROTTLED
    assert error["data"]["metric"] == "requests"
    assert 1 <= error["data"]["retryAfter"] <= 60
    assert gateways[SUPPORT].ask(call()).status_code == 200


def test_every_call_has_one_record(local_run: LocalRun, gateways: Mapping[str, Gateway]) -> None:
    """Runs after the tests above, whose calls it counts: allowed, denied, suspended and throttled ones."""
    sent = {request.correlation_id for gateway in gateways.values() for request in gateway.sent}
    assert len(sent) > 80
    deadline = time.monotonic() + 60
    while True:
        trail = AuditTrail.read(local_run)
        counted = {mark: len(trail.of(mark)) for mark in sent}
        if set(counted.values()) == {1} or time.monotonic() > deadline:
            break
        time.sleep(1)
    assert {mark: count for mark, count in counted.items() if count != 1} == {}
    rows = [row for row in trail.calls if row["correlation_id"] in sent]
    ended = {(row["outcome"], row["reason"]) for row in rows}
    assert {("allowed", None), ("denied", "policy"), ("denied", "rate_limit"), ("refused", "suspended")} <= ended
    assert {row["outcome"] for row in rows} <= {"allowed", "denied", "failed", "refused"}
    assert {(row["agent_id"].partition("/")[0], row["tenant_id"]) for row in rows} == {
        ("acme-corp", "acme-corp"),
        ("globex", "globex"),
    }
