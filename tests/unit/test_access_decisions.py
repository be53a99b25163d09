"""Every agent, tool and operation: Cedar decides on the generated policies what the files say, read apart (R9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import cedarpy
import pytest
import yaml

from foundation.policy_text import PolicyText
from stacks.settings import Settings, load_settings
from tests.assemblies import ENVIRONMENTS, ROOT

ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/foundation-x-0123456789"


class Call(NamedTuple):
    """A tool of a server's major, with an operation where it has several."""

    server: str
    target: str
    tool: str
    operation: str | None


@cache
def settings_of(environment: str) -> Settings:
    return load_settings(environment)


def calls(settings: Settings) -> Iterator[Call]:
    for majors in settings.served_majors.values():
        for served in majors:
            for tool in served.spec.tools:
                names = tuple(entry.name for entry in tool.operations)
                yield from (Call(served.server, served.target, tool.name, name) for name in names or (None,))


def as_the_files_say(environment: str) -> Iterator[tuple[str, list[str], list[Any]]]:
    """Each agent with the groups in its claim and all that these grant, from the files alone."""
    platform = yaml.safe_load((ROOT / "config/policies/groups.yaml").read_text())["groups"]
    for file in sorted((ROOT / "config/tenants").glob("*.yaml")):
        tenant = yaml.safe_load(file.read_text())
        if environment not in tenant.get("environments", [environment]):
            continue
        for name, agent in tenant["agents"].items():
            claim, grants = [], []
            for group in agent["groups"]:
                own = tenant.get("groups", {}).get(group)
                claim.append(f"{file.stem}/{group}" if own else group)
                grants += (own or platform[group])["tools"]
            yield f"{file.stem}/{name}", claim, grants


def granted(call: Call, grants: list[Any]) -> bool:
    for grant in grants:
        name = grant if isinstance(grant, str) else grant["tool"]
        operations = None if isinstance(grant, str) else grant.get("operations")
        if name in (f"{call.server}/*", f"{call.server}/{call.tool}") and (
            operations is None or call.operation in operations
        ):
            return True
    return False


def decide(settings: Settings, policies: list[PolicyText], groups: list[str], asked: list[Call]) -> list[bool]:
    """What Cedar says to an agent in `groups`, with the policies as they are deployed."""
    text = "\n".join(policy.for_gateway(ARN) for policy in policies)
    caller = {"type": "AgentCore::OAuthUser", "id": "1a2b"}
    entities: list[dict[str, Any]] = [
        {"uid": caller, "attrs": {"id": "1a2b"}, "parents": [], "tags": {"groups": json.dumps(groups)}}
    ]
    for target in {call.target for call in calls(settings)}:
        entities.append({"uid": {"type": "AgentCore::Action", "id": target}, "attrs": {}, "parents": []})
    for target, tool in {(call.target, call.tool) for call in calls(settings)}:
        uid = {"type": "AgentCore::Action", "id": f"{target}___{tool}"}
        entities.append({"uid": uid, "attrs": {}, "parents": [{"type": "AgentCore::Action", "id": target}]})
    requests = [
        {
            "principal": caller,
            "action": {"type": "AgentCore::Action", "id": f"{call.target}___{call.tool}"},
            "resource": {"type": "AgentCore::Gateway", "id": ARN},
            "context": {"input": {"operation": call.operation} if call.operation else {}},
        }
        for call in asked
    ]
    return [result.allowed for result in cedarpy.is_authorized_batch(requests, text, entities)]


def generated(settings: Settings) -> list[PolicyText]:
    access = settings.access
    by_kit = [policy for policy in access.platform_policies if policy.name.startswith("platform_")]
    return [*by_kit, *(policy for own in access.tenant_policies.values() for policy in own)]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_generated_cedar_decides_as_the_settings_say(environment: str) -> None:
    settings = settings_of(environment)
    asked = list(calls(settings))
    agents = list(as_the_files_say(environment))
    assert {agent for agent, _, _ in agents} == set(settings.access.groups)
    decided = set()
    for agent, claim, grants in agents:
        assert sorted(claim) == list(settings.access.groups[agent])
        for call, allowed in zip(asked, decide(settings, generated(settings), claim, asked), strict=True):
            assert allowed == granted(call, grants), f"{agent} {call}"
            decided.add(allowed)
    assert decided == {True, False}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_rules_by_hand_only_take_away_what_they_say(environment: str) -> None:
    settings = settings_of(environment)
    asked = list(calls(settings))
    everything = [*generated(settings), *settings.access.platform_policies[-2:]]
    for _, claim, grants in as_the_files_say(environment):
        for call, allowed in zip(asked, decide(settings, everything, claim, asked), strict=True):
            forbidden = (call.operation == "scan" and "admin" not in claim) or (
                call.operation == "query_logs" and not {"admin", "developers"} & set(claim)
            )
            assert allowed == (granted(call, grants) and not forbidden)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_permissions_are_the_tools_of_which_cedar_allows_something(environment: str) -> None:
    settings = settings_of(environment)
    asked = list(calls(settings))
    everything = [*generated(settings), *settings.access.platform_policies[-2:]]
    of_target: dict[str, set[str]] = {}
    for call in asked:
        of_target.setdefault(call.target, set()).add(call.tool)
    for agent, claim, _ in as_the_files_say(environment):
        allowed = {
            (call.target, call.tool)
            for call, yes in zip(asked, decide(settings, everything, claim, asked), strict=True)
            if yes
        }
        expanded = set()
        for permission in settings.access.permissions[agent]:
            target, _, tool = permission.partition("/")
            expanded |= {(target, name) for name in (of_target[target] if tool == "*" else {tool})}
        assert expanded == allowed


@pytest.mark.parametrize(
    "groups",
    [[], ["Admin"], ["admins"], ["acme-corp/admin"], ["x admin"], ["finance-analysts"], ["globex/finance-analysts"]],
)
def test_groups_that_only_look_alike_permit_nothing(groups: list[str]) -> None:
    settings = settings_of("dev")
    assert not any(decide(settings, generated(settings), groups, list(calls(settings))))


def test_some_agent_of_the_local_run_may_call_every_tool() -> None:
    access = settings_of("dev").access
    assert len(access.permissions["acme-corp/finance-agent"]) == len(settings_of("dev").served_majors)


def test_each_tenant_has_two_agents_that_may_call_different_tools() -> None:
    access = settings_of("dev").access
    for tenant in settings_of("dev").tenants:
        first, second = (access.permissions[f"{tenant.tenant}/{name}"] for name in tenant.agents)
        assert set(first) != set(second)
