"""Governed gateways for the tests of the emulator: a bank's two tools, an engine, and roles of several powers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    ACCOUNT_TRUST,
    GATEWAY_TRUST,
    LAMBDA_TRUST,
    allow,
    function,
    get_att,
    outputs,
    role,
    stack,
)

PREFIX = "arn:aws:bedrock-agentcore:us-east-1:123456789012"
TOOLS = [
    {
        "name": "refund",
        "description": "Pays back",
        "inputSchema": {
            "type": "object",
            "properties": {
                "amount": {"type": "number"},
                "reason": {"type": "string"},
                "parts": {"type": "array", "items": {"type": "integer"}},
            },
            "required": ["amount"],
        },
    },
    {
        "name": "read",
        "description": "Reads",
        "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}},
    },
]
MEMBER = 'principal.hasTag("groups") && principal.getTag("groups") like "*\\"desk\\"*"'


@contextmanager
def roles_of_governance(emulator: Emulator) -> Iterator[dict[str, str]]:
    """A function, a gateway's role that may use engines, one that may not, and two that write policies."""
    engines, gateways = f"{PREFIX}:policy-engine/*", f"{PREFIX}:gateway/*"
    evaluate = ("bedrock-agentcore:AuthorizeAction", "bedrock-agentcore:PartiallyAuthorizeActions")
    invoke = allow("lambda:InvokeFunction", resource=get_att("Function", "Arn"))
    write = allow("bedrock-agentcore:CreatePolicy", resource=engines)
    manage = allow("bedrock-agentcore:ManageResourceScopedPolicy", "bedrock-agentcore:InvokeGateway", resource=gateways)
    resources = {
        "Role": role(LAMBDA_TRUST),
        "Function": function("def handler(event, context): return event"),
        "Gateway": role(
            GATEWAY_TRUST,
            invoke,
            allow("bedrock-agentcore:GetPolicyEngine", resource=engines),
            allow(*evaluate, resource=[engines, gateways]),
        ),
        "Reader": role(GATEWAY_TRUST, invoke, allow("bedrock-agentcore:GetPolicyEngine", resource=engines)),
        "Nobody": role(GATEWAY_TRUST),
        "Writer": role(ACCOUNT_TRUST, write, manage),
        "Half": role(ACCOUNT_TRUST, write),
    }
    with stack(emulator, "policies-base") as made:
        yield made.create(resources, Outputs=outputs(**{name: get_att(name, "Arn") for name in resources}))


@contextmanager
def clean_control(emulator: Emulator) -> Iterator[Any]:
    """The control plane's client; what a test leaves is removed."""
    client = emulator.client("bedrock-agentcore-control")
    yield client
    for gateway in client.list_gateways()["items"]:
        for target in client.list_gateway_targets(gatewayIdentifier=gateway["gatewayId"])["items"]:
            client.delete_gateway_target(gatewayIdentifier=gateway["gatewayId"], targetId=target["targetId"])
        client.delete_gateway(gatewayIdentifier=gateway["gatewayId"])
    for engine in client.list_policy_engines()["policyEngines"]:
        engine_id = engine["policyEngineId"]
        pages = list(client.get_paginator("list_policies").paginate(policyEngineId=engine_id))
        for policy in (policy for page in pages for policy in page["policies"]):
            client.delete_policy(policyEngineId=engine_id, policyId=policy["policyId"])
        client.delete_policy_engine(policyEngineId=engine_id)


def gateway_of_bank(control: Any, base: dict[str, str]) -> dict[str, Any]:
    """A gateway with the target `bank` and its two tools."""
    made = new_gateway(control, base["Gateway"])
    configuration = {"lambdaArn": base["Function"], "toolSchema": {"inlinePayload": TOOLS}}
    control.create_gateway_target(
        gatewayIdentifier=made["gatewayId"],
        name="bank",
        targetConfiguration={"mcp": {"lambda": configuration}},
        credentialProviderConfigurations=[{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
    )
    return made


def new_gateway(control: Any, role_arn: str, **changes: Any) -> dict[str, Any]:
    wanted = {"name": "tools", "roleArn": role_arn, "protocolType": "MCP", "authorizerType": "NONE", **changes}
    made: dict[str, Any] = control.create_gateway(**wanted)
    return made


def statement(
    gateway: dict[str, Any],
    action: str = 'action == AgentCore::Action::"bank___refund"',
    *,
    effect: str = "permit",
    principal: str = "principal is AgentCore::OAuthUser",
    when: str | None = MEMBER,
) -> str:
    scope = f'{effect}({principal}, {action}, resource == AgentCore::Gateway::"{gateway["gatewayArn"]}")'
    return f"{scope} when {{ {when} }};" if when else f"{scope};"


def put(control: Any, engine: str, text: str, **changes: Any) -> Any:
    """Create a policy and give it as it has become."""
    request = {"name": f"policy_{time.monotonic_ns()}", "definition": {"cedar": {"statement": text}}, **changes}
    made = control.create_policy(policyEngineId=engine, **request)
    assert made["status"] == "CREATING"
    return control.get_policy(policyEngineId=engine, policyId=made["policyId"])


def reasons(control: Any, engine: str, text: str, **changes: Any) -> str:
    policy = put(control, engine, text, **changes)
    assert policy["status"] == "CREATE_FAILED"
    return "; ".join(policy["statusReasons"])


def use(control: Any, gateway: dict[str, Any], role_arn: str, engine_arn: str | None) -> Any:
    """Let a gateway use an engine, or none."""
    configuration = {"policyEngineConfiguration": {"arn": engine_arn, "mode": "ENFORCE"}} if engine_arn else {}
    return control.update_gateway(
        gatewayIdentifier=gateway["gatewayId"],
        name=gateway["name"],
        roleArn=role_arn,
        protocolType="MCP",
        authorizerType="NONE",
        **configuration,
    )
