"""What AgentCore says of Cedar statements: refused at once, contradicting the gateway's tools, or with a finding."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local.governed_gateways import (
    PREFIX,
    put,
    reasons,
    statement,
    use,
)

pytest_plugins = ["tests.local.governed_gateway_fixtures"]

PERMISSIVE = "Overly Permissive: Policy Engine will allow every request for the specified principal"
RESTRICTIVE = "Overly Restrictive: Policy Engine will deny every request for the specified principal"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("permit(principal, action, resource is AgentCore::Gateway", "the following errors occurred"),
        ("permit(principal, action, resource) when { true };", "a wildcard resource was detected"),
        (
            'permit(principal, action == AgentCore::Action::"bank___read", resource is AgentCore::Gateway);',
            "a constrained action scope was encountered",
        ),
        ("permit(principal, action, resource is AgentCore::Gateway);" * 2, "2 policies were found"),
        ('permit(principal, action, resource == AgentCore::Gateway::"gateway");', "is not the ARN of a gateway"),
        ("permit(principal, action, resource == ?resource) when { true };", "exactly one statement without slots"),
    ],
)
def test_statements_that_are_refused_at_once(control: Any, engine: str, text: str, message: str) -> None:
    with pytest.raises(control.exceptions.ValidationException, match=message):
        put(control, engine, text, validationMode="IGNORE_ALL_FINDINGS")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"action": 'action == AgentCore::Action::"bank___pay"'},
            'unrecognized action `AgentCore::Action::"bank___pay"`',
        ),
        ({"action": 'action in AgentCore::Action::"shop"'}, 'unrecognized action `AgentCore::Action::"shop"`'),
        ({"principal": 'principal in AgentCore::Group::"a"'}, "unrecognized entity type `AgentCore::Group`"),
        ({"when": "context.input.amount > 5"}, "unexpected type: expected Long but saw decimal"),
        ({"when": 'context.input.reason == "x"'}, "unable to guarantee safety of access to optional attribute"),
        ({"when": "context.input.account == 1"}, "attribute `input.account` in context"),
        ({"when": 'context.input has parts && context.input.parts.contains("x")'}, "are not compatible"),
        ({"when": 'principal.getTag("groups") == "x"'}, "unable to guarantee safety of access to tag"),
        ({"when": 'principal.department == "x"'}, "attribute `department` on entity type `AgentCore::OAuthUser`"),
    ],
)
def test_statements_that_contradict_the_gateways_tools(
    control: Any, engine: str, gateway: dict[str, Any], changes: dict[str, str], reason: str
) -> None:
    for mode in ("FAIL_ON_ANY_FINDINGS", "IGNORE_ALL_FINDINGS"):
        assert reason in reasons(control, engine, statement(gateway, **changes), validationMode=mode)


@pytest.mark.parametrize(
    "changes",
    [
        {"when": 'context.input.amount.lessThan(decimal("5.0"))'},
        {"when": 'context.input has reason && context.input.reason like "late*"'},
        {"when": "context.input has parts && context.input.parts.contains(1)"},
        {"action": 'action in AgentCore::Action::"bank"'},
        {"action": 'action in AgentCore::Action::"bank"', "when": 'context.input has id && context.input.id == "1"'},
        {"action": 'action in AgentCore::Action::"CallTool"'},
        {"action": 'action in [AgentCore::Action::"bank___read", AgentCore::Action::"bank___refund"]'},
        {"when": 'context.system.now.toTime() < duration("17h")'},
        {"action": "action"},
        {"principal": "principal"},
        {"principal": "principal is AgentCore::IamEntity", "when": 'principal.id like "arn:aws:sts:*"'},
    ],
)
def test_statements_without_a_finding(
    control: Any, engine: str, gateway: dict[str, Any], changes: dict[str, str]
) -> None:
    policy = put(control, engine, statement(gateway, **changes))
    assert (policy["status"], policy["statusReasons"]) == ("ACTIVE", [])


def test_a_gateway_that_does_not_exist(control: Any, engine: str) -> None:
    missing = {"gatewayArn": f"{PREFIX}:gateway/tools-0123456789"}
    assert "does not exist" in reasons(control, engine, statement(missing))


def test_a_target_makes_its_tools_known(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    """A policy that comes before its target fails, so that a template must say what waits for what."""
    text = statement(
        gateway, 'action == AgentCore::Action::"orders___listOrders"', when='context.input.state == "open"'
    )
    assert "unrecognized action" in reasons(control, engine, text)
    parameter = {"name": "state", "in": "query", "required": True, "schema": {"$ref": "#/components/schemas/State"}}
    operation = {"operationId": "listOrders", "parameters": [parameter], "responses": {}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Orders", "version": "1"},
        "servers": [{"url": "https://orders.example.com"}],
        "paths": {"/orders": {"get": operation}},
        "components": {"schemas": {"State": {"type": "string"}}},
    }
    control.create_gateway_target(
        gatewayIdentifier=gateway["gatewayId"],
        name="orders",
        targetConfiguration={"mcp": {"openApiSchema": {"inlinePayload": json.dumps(document)}}},
    )
    assert put(control, engine, text)["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"when": None}, f"{PERMISSIVE} (AgentCore::OAuthUser), action (bank___refund)"),
        ({"when": None, "principal": "principal"}, f"{PERMISSIVE} (AgentCore::IamEntity), action (bank___refund)"),
        ({"when": None, "action": "action"}, f"{PERMISSIVE} (AgentCore::OAuthUser), action (Any Future Tools)"),
        ({"when": "context.input has amount"}, PERMISSIVE),
        ({"when": 'context.input has amount || principal.hasTag("a")'}, PERMISSIVE),
        ({"when": "context.input has id"}, "Ineffective: the policy does not allow any request"),
        ({"when": 'action != AgentCore::Action::"bank___refund"'}, "Ineffective"),
        ({"when": 'action in AgentCore::Action::"bank" && principal is AgentCore::OAuthUser'}, PERMISSIVE),
        ({"principal": "principal is AgentCore::IamEntity"}, "Ineffective"),
        ({"effect": "forbid"}, f"{RESTRICTIVE} (AgentCore::OAuthUser), action (bank___refund)"),
    ],
)
def test_findings(control: Any, engine: str, gateway: dict[str, Any], changes: dict[str, Any], finding: str) -> None:
    text = statement(gateway, **changes)
    assert finding in reasons(control, engine, text)
    assert put(control, engine, text, validationMode="IGNORE_ALL_FINDINGS")["status"] == "ACTIVE"


def test_a_forbid_counts_among_the_policies_of_its_engine(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    narrow = statement(gateway, effect="forbid", when='context.input.amount.greaterThan(decimal("5.0"))')
    assert RESTRICTIVE in reasons(control, engine, narrow), "nothing is permitted yet"
    put(control, engine, statement(gateway))
    assert put(control, engine, narrow)["status"] == "ACTIVE"
    everybody = narrow.replace("principal is AgentCore::OAuthUser", "principal")
    assert f"{RESTRICTIVE} (AgentCore::IamEntity)" in reasons(control, engine, everybody)
    assert RESTRICTIVE in reasons(control, engine, statement(gateway, effect="forbid", when=None))
    assert put(control, engine, statement(gateway, when=None))["status"] == "ACTIVE", "the forbid narrows it"


def test_a_policy_that_is_only_logged_permits_nothing(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    put(control, engine, statement(gateway), enforcementMode="LOG_ONLY")
    narrow = statement(gateway, effect="forbid", when='context.input.amount.greaterThan(decimal("5.0"))')
    assert RESTRICTIVE in reasons(control, engine, narrow)


def test_all_gateways_of_an_engine_are_asked(
    control: Any, base: dict[str, str], engine: str, gateway: dict[str, Any]
) -> None:
    scope = "principal is AgentCore::OAuthUser, action, resource is AgentCore::Gateway"
    text = f'permit({scope}) when {{ context.input.id == "1" }};'
    assert put(control, engine, text)["status"] == "ACTIVE", "no gateway uses the engine"
    arn = control.get_policy_engine(policyEngineId=engine)["policyEngineArn"]
    use(control, gateway, base["Gateway"], arn)
    assert "optional attribute `input.id`" in reasons(control, engine, text)
