"""What Cedar gets to judge of a call, and what the local gateway makes of its answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.gateway.cedar import CedarError, context, quoted, tags
from local.gateway.configuration import PolicyEngineRecord, PolicyRecord
from local.gateway.policy import NO_POLICY, NOT_EVALUATED, Decision, PolicyEngine

GATEWAY = "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/foundation-dev-abcdefghij"
NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
AMOUNT: dict[str, Any] = {"type": "object", "properties": {"amount": {"type": "number"}}}
OPERATION: dict[str, Any] = {"type": "object", "properties": {"operation": {"type": "string"}}}
ANYTHING: dict[str, Any] = {"type": "object"}


def _rule(effect: str, actions: str, condition: str = "", *, gateway: str = GATEWAY) -> str:
    named = ", ".join(f'AgentCore::Action::"{name}"' for name in actions.split())
    when = f" when {{ {condition} }}" if condition else ""
    return f'{effect}(principal, action in [{named}], resource == AgentCore::Gateway::"{gateway}"){when};'


def _engine(*statements: str, mode: Any = "ENFORCE", log_only: tuple[str, ...] = ()) -> PolicyEngine:
    policies = [
        PolicyRecord(policy_id=f"p{number}-abcdefghij", statement=text) for number, text in enumerate(statements)
    ]
    policies += [PolicyRecord(policy_id="logged-abcdefghij", statement=text, enforced=False) for text in log_only]
    record = PolicyEngineRecord(arn="arn:engine", mode=mode, policies=tuple(policies))
    return PolicyEngine(record=record, gateway_arn=GATEWAY, clock=lambda: NOW)


GROUP = 'principal.hasTag("groups") && principal.getTag("groups") like "*\\"acme-corp/analysts\\"*"'
ANALYST = {"sub": "client-1", "groups": ["acme-corp/analysts", "admin"]}


@pytest.mark.parametrize(
    ("claims", "allowed"),
    [
        (ANALYST, True),
        ({"sub": "client-1", "groups": ["acme-corp/analysts-2"]}, False),
        ({"sub": "client-1", "groups": ["x/acme-corp/analysts"]}, False),
        ({"sub": "client-1", "groups": None}, False),
        ({"sub": "client-1"}, False),
        ({"groups": ["acme-corp/analysts"]}, False),
        ({"sub": "", "groups": ["acme-corp/analysts"]}, False),
        ({"sub": 7, "groups": ["acme-corp/analysts"]}, False),
    ],
)
def test_a_group_is_one_member_of_the_claim_and_the_subject_names_the_caller(
    claims: dict[str, Any], allowed: bool
) -> None:
    engine = _engine(_rule("permit", "t___a", GROUP))
    assert engine.decide(claims, "t___a", ANYTHING, {}).allowed is allowed
    assert engine.visible(claims, ["t___a", "t___b"]) == (frozenset({"t___a"}) if allowed else frozenset())


def test_claims_become_strings_as_agentcore_writes_them() -> None:
    claims = {
        "sub": "s",
        "exp": 1735689600,
        "suspended": False,
        "groups": ["a/b", "ü"],
        "nested": {"a": [1, None]},
        "nothing": None,
    }
    assert tags(claims) == {
        "sub": "s",
        "exp": "1735689600",
        "suspended": "false",
        "groups": '["a/b","ü"]',
        "nested": '{"a":[1,null]}',
    }


def test_arguments_get_the_types_of_the_schema() -> None:
    schema = {
        "properties": {
            "name": {"type": "string"},
            "count": {"type": "integer"},
            "whole": {"type": "integer"},
            "price": {"type": "number"},
            "round": {"type": "number"},
            "on": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "number"}},
            "place": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}},
            "free": {},
            "gone": {"type": "string"},
        }
    }
    arguments = {
        "name": "n",
        "count": 3,
        "whole": 3.0,
        "price": 1.23456,
        "round": 5,
        "on": True,
        "tags": [1, 2.5, None],
        "place": {"x": 1, "unknown": 2},
        "free": 7,
        "gone": None,
        "unknown": "left out",
    }

    def decimal(text: str) -> dict[str, Any]:
        return {"__extn": {"fn": "decimal", "arg": text}}

    assert context(schema, arguments, NOW) == {
        "input": {
            "name": "n",
            "count": 3,
            "whole": 3,
            "price": decimal("1.2346"),
            "round": decimal("5.0000"),
            "on": True,
            "tags": [decimal("1.0000"), decimal("2.5000")],
            "place": {"x": 1},
            "free": 7,
        },
        "system": {"now": {"__extn": {"fn": "datetime", "arg": "2026-11-25T13:30:00Z"}}},
    }


@pytest.mark.parametrize("name", ["__entity", "__extn", "__expr"])
def test_arguments_cannot_speak_cedars_json_form(name: str) -> None:
    schema = {"properties": {"x": {"type": "object", "properties": {name: {"type": "object"}}}}}
    with pytest.raises(CedarError, match="reserves"):
        context(schema, {"x": {name: {"type": "AgentCore::OAuthUser", "id": "admin"}}}, NOW)


def test_arguments_that_nest_too_deep_are_not_judged() -> None:
    schema: dict[str, Any] = {"properties": {}}
    schema["properties"]["x"] = {"type": "object", "properties": schema["properties"]}
    arguments: dict[str, Any] = {}
    for _ in range(70):
        arguments = {"x": arguments}
    engine = _engine(_rule("permit", "t___a"))
    assert engine.decide(ANALYST, "t___a", schema, arguments) == Decision(allowed=False, reason=NOT_EVALUATED)


@pytest.mark.parametrize(
    ("condition", "schema", "arguments", "allowed"),
    [
        ('context.input.amount.lessThan(decimal("500.0"))', AMOUNT, {"amount": 450}, True),
        ('context.input.amount.lessThan(decimal("500.0"))', AMOUNT, {"amount": 500}, False),
        ('context.input.amount.lessThan(decimal("500.0"))', AMOUNT, {"amount": 1e300}, False),
        ('context.input.operation == "list"', OPERATION, {"operation": "list"}, True),
        ('context.input.operation == "list"', OPERATION, {"operation": "delete"}, False),
        ('context.input has operation && context.input.operation == "list"', OPERATION, {}, False),
        ("!(context.input has operation)", OPERATION, {"operation": None}, True),
        ('context.system.now < datetime("2026-12-01T00:00:00Z")', ANYTHING, {}, True),
        ('context.system.now.toTime() <= duration("9h")', ANYTHING, {}, False),
    ],
)
def test_conditions_see_arguments_and_time(
    condition: str, schema: dict[str, Any], arguments: dict[str, Any], allowed: bool
) -> None:
    engine = _engine(_rule("permit", "t___a", condition))
    assert engine.decide(ANALYST, "t___a", schema, arguments).allowed is allowed
    assert engine.may_call(ANALYST, "t___a")


def test_what_denies_is_named_and_nothing_at_all_denies_too() -> None:
    engine = _engine(
        _rule("permit", "t___a"), _rule("forbid", "t", 'principal.hasTag("off")'), _rule("permit", "t___b", "1 == 2")
    )
    off = ANALYST | {"off": True}
    assert engine.decide(ANALYST, "t___a", ANYTHING, {}) == Decision(allowed=True)
    denied = Decision(allowed=False, reason="Policy evaluation denied due to p1-abcdefghij")
    assert engine.decide(off, "t___a", ANYTHING, {}) == denied
    assert engine.decide(ANALYST, "t___b", ANYTHING, {}) == Decision(allowed=False, reason=NO_POLICY)
    assert _engine().decide(ANALYST, "t___a", ANYTHING, {}) == Decision(allowed=False, reason=NO_POLICY)
    assert _engine().visible(ANALYST, ["t___a"]) == frozenset()


@pytest.mark.parametrize("effect", ["permit", "forbid"])
def test_a_policy_that_fails_denies(effect: str) -> None:
    engine = _engine(_rule("permit", "t___a"), _rule(effect, "t___a", 'principal.getTag("missing") == "x"'))
    assert engine.decide(ANALYST, "t___a", ANYTHING, {}) == Decision(allowed=False, reason=NOT_EVALUATED)
    assert not engine.may_call(ANALYST, "t___a")


def test_a_policy_that_only_logs_decides_nothing() -> None:
    engine = _engine(_rule("permit", "t___a"), log_only=(_rule("forbid", "t___a"), _rule("permit", "t___b")))
    assert engine.visible(ANALYST, ["t___a", "t___b"]) == frozenset({"t___a"})
    assert engine.decide(ANALYST, "t___a", ANYTHING, {}).allowed


def test_a_policy_of_another_gateway_allows_nothing() -> None:
    assert not _engine(_rule("permit", "t___a", gateway="arn:other")).may_call(ANALYST, "t___a")


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        (_rule("permit", "t___a", "context.input has x"), True),
        (_rule("permit", "t___a", 'context.input.x == "1" && context.input.x == "2"'), True),
        (_rule("permit", "t___a", 'principal.hasTag("none") && context.input.x == "1"'), False),
        (_rule("permit", "t"), True),
        (_rule("permit", "CallTool"), True),
        (_rule("permit", "Mcp"), True),
        (_rule("permit", "t2"), False),
        ("permit(principal is AgentCore::OAuthUser, action, resource is AgentCore::Gateway);", True),
        ("permit(principal is AgentCore::IamEntity, action, resource is AgentCore::Gateway);", False),
        (
            'permit(principal == AgentCore::OAuthUser::"client-1", action, resource is AgentCore::Gateway);',
            True,
        ),
        (_rule("permit", "t___a") + _rule("forbid", "t___a", "context.input has x"), True),
        (_rule("permit", "t___a") + _rule("forbid", "t___a"), False),
    ],
)
def test_a_tool_is_seen_when_some_arguments_could_be_allowed(statement: str, seen: bool) -> None:
    assert _engine(statement).may_call(ANALYST, "t___a") is seen


@pytest.mark.parametrize("subject", ['a"b', "a'b", "a\\b", "a\nb\tc\r\0", "ü€", "\u200b\x7f", 'x" , y::"'])
def test_any_subject_names_exactly_itself(subject: str) -> None:
    engine = _engine(f"permit(principal == AgentCore::OAuthUser::{quoted(subject)}, action, resource);")
    assert engine.may_call({"sub": subject}, "t___a")
    assert engine.decide({"sub": subject}, "t___a", ANYTHING, {}).allowed
    assert not engine.may_call({"sub": subject + "x"}, "t___a")
    assert not engine.decide({"sub": subject + "x"}, "t___a", ANYTHING, {}).allowed


def test_what_a_caller_sees_is_remembered_for_its_token_alone() -> None:
    engine = _engine(_rule("permit", "t___a", GROUP))
    for number in range(600):
        assert engine.may_call(ANALYST | {"jti": str(number)}, "t___a")
        assert not engine.may_call({"sub": "client-1", "jti": str(number)}, "t___a")
    assert len(engine._visible) <= 256
