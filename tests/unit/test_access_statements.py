"""Generated Cedar for arbitrary grants: it decides as the grants say, fits AgentCore's limits, and stays the same."""

from __future__ import annotations

import json
from typing import Any

import cedarpy
from hypothesis import given, settings, strategies as st

from foundation.policy_text import GATEWAY_ARN_CHARACTERS, GATEWAY_PLACEHOLDER, PolicyText
from stacks.settings.access.grants import Granted
from stacks.settings.access.offer import Offer, OfferedTarget, OfferedTool
from stacks.settings.access.schema import action_parents, cedar_schema
from stacks.settings.access.statements import policies

OPERATIONS = ("describe", "list", "scan")
SCHEMA = {"type": "object", "properties": {"operation": {"type": "string"}}, "required": ["operation"]}


def target(name: str, tools: int) -> OfferedTarget:
    names = [f"tool_{number}" for number in range(tools)]
    offered = {tool: OfferedTool(name=tool, input_schema=SCHEMA, operations=OPERATIONS) for tool in names}
    return OfferedTarget(name=name, server=name, tools=offered)


OFFER = Offer({name: target(name, 3) for name in ("one-v1", "two-v1")})
TOOLS = [name for name, _, _ in OFFER.full_names()]
PARENTS = action_parents(OFFER)

operations = st.none() | st.sets(st.sampled_from(OPERATIONS), min_size=1)
grants = st.builds(
    Granted,
    targets=st.sets(st.sampled_from(sorted(OFFER.targets)), max_size=1),
    tools=st.dictionaries(st.sampled_from(TOOLS), operations, max_size=4),
)
groups = st.dictionaries(st.sampled_from(["acme/a", "acme/b", "acme/ab", "acme/a-b"]), grants, max_size=3)


def written(granted: dict[str, Granted]) -> tuple[PolicyText, ...]:
    for one in granted.values():
        one.settle()
    return policies("tenant_acme", granted, claim="groups", description="x")


def allowed(text: str, member_of: list[str], name: str, operation: str) -> bool:
    caller = {"type": "AgentCore::OAuthUser", "id": "1"}
    entities: list[dict[str, Any]] = [
        {"uid": caller, "attrs": {"id": "1"}, "parents": [], "tags": {"groups": json.dumps(member_of)}}
    ]
    for action, parent in PARENTS.items():
        parents = [{"type": "AgentCore::Action", "id": parent}] if parent else []
        entities.append({"uid": {"type": "AgentCore::Action", "id": action}, "attrs": {}, "parents": parents})
    request = {
        "principal": caller,
        "action": {"type": "AgentCore::Action", "id": name},
        "resource": GATEWAY_PLACEHOLDER,
        "context": {"input": {"operation": operation}},
    }
    return bool(cedarpy.is_authorized(request, text, entities).allowed)


@given(granted=groups, member_of=st.sets(st.sampled_from(["acme/a", "acme/b", "acme/ab", "acme/a-b", "acme/c"])))
@settings(max_examples=60, deadline=None)
def test_cedar_decides_as_the_grants_say(granted: dict[str, Granted], member_of: set[str]) -> None:
    text = "\n".join(policy.statement for policy in written(granted))
    for name in TOOLS:
        for operation in OPERATIONS:
            mine = [one for group, one in granted.items() if group in member_of]
            expected = any(
                PARENTS[name] in one.targets
                or (name in one.tools and (one.tools[name] is None or operation in (one.tools[name] or ())))
                for one in mine
            )
            assert allowed(text, sorted(member_of), name, operation) is expected


@given(granted=groups)
@settings(max_examples=60, deadline=None)
def test_generated_cedar_fits_the_schema_of_the_tools(granted: dict[str, Granted]) -> None:
    schema = cedarpy.Schema.from_str(cedar_schema(OFFER))
    for policy in written(granted):
        assert cedarpy.validate_policies(policy.statement, schema).errors == []


@given(granted=groups)
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_settings_does_not_matter(granted: dict[str, Granted]) -> None:
    turned = {
        group: Granted(targets=set(one.targets), tools=dict(reversed(one.tools.items())))
        for group, one in reversed(granted.items())
    }
    assert written(granted) == written(turned)


@given(tools=st.integers(min_value=1, max_value=400), own=st.integers(min_value=1, max_value=6))
@settings(max_examples=25, deadline=None)
def test_no_statement_is_too_long_and_none_loses_a_grant(tools: int, own: int) -> None:
    names = [f"server-with-a-name-v1___a_tool_with_a_long_name_{number}" for number in range(tools)]
    granted = {f"acme/{group}": Granted(tools=dict.fromkeys(names)) for group in range(own)}
    found = written(granted)
    for policy in found:
        assert len(policy.for_gateway("x" * GATEWAY_ARN_CHARACTERS)) <= 10_000
        assert policy.statement.count(GATEWAY_PLACEHOLDER) == 1
    assert len({policy.name for policy in found}) == len(found)
    text = "\n".join(policy.statement for policy in found)
    assert all(f'"{name}"' in text for name in names)
    assert all(f"acme/{group}" in text for group in range(own))


def test_groups_without_a_tool_in_this_environment_need_no_policy() -> None:
    assert written({"acme/a": Granted()}) == ()


def test_schema_has_agentcores_types() -> None:
    properties = {
        "text": {"type": "string"},
        "whole": {"type": "integer"},
        "part": {"type": "number"},
        "yes": {"type": "boolean"},
        "list": {"type": "array", "items": {"type": "integer"}},
        "inner": {"type": "object", "properties": {"deep": {"type": "string"}}, "required": ["deep"]},
    }
    tool = OfferedTool(name="t", input_schema={"type": "object", "properties": properties, "required": ["whole"]})
    text = cedar_schema(Offer({"s-v1": OfferedTarget(name="s-v1", server="s", tools={"t": tool})}))
    assert (
        '{ "inner"?: { "deep": String }, "list"?: Set<Long>, "part"?: decimal, "text"?: String, "whole": Long, '
        '"yes"?: Bool }'
    ) in text
    rule = (
        f'forbid (principal, action == AgentCore::Action::"s-v1___t", resource == {GATEWAY_PLACEHOLDER}) '
        'when { context.input has part && context.input.part.greaterThan(decimal("1.5")) && context.input.whole > 1 };'
    )
    assert cedarpy.validate_policies(rule, text).errors == []
