"""Gateways with a policy engine and interceptors: what their role needs, who may write policies, and templates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    StackFailedError,
    get_att,
    outputs,
    ref,
    stack,
)
from tests.local.governed_gateways import (
    MEMBER,
    PREFIX,
    TOOLS,
    new_gateway,
    statement,
    use,
)

pytest_plugins = ["tests.local.governed_gateway_fixtures"]


def test_a_gateway_uses_an_engine_until_it_is_detached(
    control: Any, base: dict[str, str], engine: str, gateway: dict[str, Any]
) -> None:
    arn = control.get_policy_engine(policyEngineId=engine)["policyEngineArn"]
    use(control, gateway, base["Gateway"], arn)
    found = control.get_gateway(gatewayIdentifier=gateway["gatewayId"])
    assert found["policyEngineConfiguration"] == {"arn": arn, "mode": "ENFORCE"}
    with pytest.raises(control.exceptions.ConflictException, match="is associated with"):
        control.delete_policy_engine(policyEngineId=engine)
    use(control, gateway, base["Gateway"], None)
    control.delete_policy_engine(policyEngineId=engine)


@pytest.mark.parametrize(
    ("role_name", "message"),
    [
        ("Nobody", "Access denied while calling GetPolicyEngine: Gateway role"),
        ("Reader", "not authorized to perform: bedrock-agentcore:AuthorizeAction"),
    ],
)
def test_a_role_that_may_not_ask_the_engine(
    control: Any, base: dict[str, str], engine: str, role_name: str, message: str
) -> None:
    arn = control.get_policy_engine(policyEngineId=engine)["policyEngineArn"]
    with pytest.raises(control.exceptions.ValidationException, match=message):
        new_gateway(control, base[role_name], policyEngineConfiguration={"arn": arn, "mode": "ENFORCE"})


def test_an_engine_that_does_not_exist(control: Any, base: dict[str, str]) -> None:
    missing = {"arn": f"{PREFIX}:policy-engine/engine-0123456789", "mode": "LOG_ONLY"}
    with pytest.raises(control.exceptions.ValidationException, match="does not exist"):
        new_gateway(control, base["Gateway"], policyEngineConfiguration=missing)


def test_writing_a_policy_needs_the_gateway(
    emulator: Emulator, control: Any, base: dict[str, str], engine: str, gateway: dict[str, Any]
) -> None:
    service = "bedrock-agentcore-control"
    half = emulator.client_as(base["Half"], service)
    with pytest.raises(control.exceptions.ClientError, match="ManageResourceScopedPolicy on resource"):
        half.create_policy(policyEngineId=engine, name="desk", definition={"cedar": {"statement": statement(gateway)}})
    writer = emulator.client_as(base["Writer"], service)
    wide = "permit(principal is AgentCore::OAuthUser, action, resource is AgentCore::Gateway);"
    with pytest.raises(control.exceptions.ClientError, match="ManageAdminPolicy"):
        writer.create_policy(policyEngineId=engine, name="wide", definition={"cedar": {"statement": wide}})
    writer.create_policy(policyEngineId=engine, name="desk", definition={"cedar": {"statement": statement(gateway)}})
    with pytest.raises(control.exceptions.ClientError, match="ListPolicies"):
        writer.list_policies(policyEngineId=engine)


def interceptor(arn: str, *points: str) -> dict[str, Any]:
    return {
        "interceptor": {"lambda": {"arn": arn}},
        "interceptionPoints": list(points),
        "inputConfiguration": {"passRequestHeaders": True},
    }


def test_interceptors_are_kept_as_they_were_given(control: Any, base: dict[str, str]) -> None:
    wanted = [interceptor(base["Function"], "REQUEST"), interceptor(base["Function"], "RESPONSE")]
    made = new_gateway(control, base["Gateway"], interceptorConfigurations=wanted)
    assert control.get_gateway(gatewayIdentifier=made["gatewayId"])["interceptorConfigurations"] == wanted


@pytest.mark.parametrize(
    ("role_name", "wanted", "message"),
    [
        ("Nobody", [("Function", "REQUEST")], "lacks permission to invoke interceptor Lambda function"),
        ("Gateway", [("Missing", "REQUEST")], "lacks permission to invoke interceptor Lambda function"),
        (
            "Gateway",
            [("Function", "REQUEST"), ("Function", "REQUEST")],
            "at most one REQUEST interceptor",
        ),
    ],
)
def test_interceptors_that_aws_would_refuse(
    control: Any, base: dict[str, str], role_name: str, wanted: list[tuple[str, str]], message: str
) -> None:
    arns = {**base, "Missing": f"{base['Function']}-missing"}
    interceptors = [interceptor(arns[name], point) for name, point in wanted]
    with pytest.raises(control.exceptions.ValidationException, match=message):
        new_gateway(control, base[role_name], interceptorConfigurations=interceptors)
    assert control.list_gateways()["items"] == []


def governed(base: dict[str, str], **policy: Any) -> dict[str, Any]:
    """A gateway with interceptors, a target, its engine and one policy, as a template."""
    text = {
        "Fn::Sub": 'permit(principal is AgentCore::OAuthUser, action in AgentCore::Action::"bank", '
        f'resource == AgentCore::Gateway::"${{Gateway.GatewayArn}}") when {{ {MEMBER} }};'
    }
    tools = [
        {"Name": tool["name"], "Description": tool["description"], "InputSchema": {"Type": "object"}} for tool in TOOLS
    ]
    return {
        "Engine": {
            "Type": "AWS::BedrockAgentCore::PolicyEngine",
            "Properties": {"Name": "governed", "Tags": [{"Key": "team", "Value": "one"}]},
        },
        "Gateway": {
            "Type": "AWS::BedrockAgentCore::Gateway",
            "Properties": {
                "Name": "governed",
                "ProtocolType": "MCP",
                "AuthorizerType": "NONE",
                "RoleArn": base["Gateway"],
                "PolicyEngineConfiguration": {"Arn": get_att("Engine", "PolicyEngineArn"), "Mode": "ENFORCE"},
                "InterceptorConfigurations": [
                    {
                        "Interceptor": {"Lambda": {"Arn": base["Function"]}},
                        "InterceptionPoints": ["REQUEST"],
                        "InputConfiguration": {"PassRequestHeaders": True},
                    }
                ],
            },
        },
        "Target": {
            "Type": "AWS::BedrockAgentCore::GatewayTarget",
            "Properties": {
                "GatewayIdentifier": ref("Gateway"),
                "Name": "bank",
                "CredentialProviderConfigurations": [{"CredentialProviderType": "GATEWAY_IAM_ROLE"}],
                "TargetConfiguration": {
                    "Mcp": {"Lambda": {"LambdaArn": base["Function"], "ToolSchema": {"InlinePayload": tools}}}
                },
            },
        },
        "Policy": {
            "Type": "AWS::BedrockAgentCore::Policy",
            "DependsOn": "Target",
            "Properties": {
                "PolicyEngineId": get_att("Engine", "PolicyEngineId"),
                "Name": "desk",
                "Description": "first",
                "Definition": {"Cedar": {"Statement": text}},
                **policy,
            },
        },
    }


def test_a_stack_with_a_governed_gateway(emulator: Emulator, control: Any, base: dict[str, str]) -> None:
    shown = {
        "Engine": ref("Engine"),
        "Arn": get_att("Engine", "PolicyEngineArn"),
        "Policy": ref("Policy"),
        "PolicyArn": get_att("Policy", "PolicyArn"),
        "PolicyId": get_att("Policy", "PolicyId"),
        "Status": get_att("Policy", "Status"),
    }
    with stack(emulator, "governed") as made:
        told = made.create(governed(base), Outputs=outputs(**shown))
        engine = told["Arn"].rpartition("/")[2]
        assert told["Engine"] == told["Arn"]
        assert told["Policy"] == told["PolicyArn"] == f"{told['Arn']}/policy/{told['PolicyId']}"
        assert told["Status"] == "ACTIVE"
        found = control.get_gateway(gatewayIdentifier=made.id_of("Gateway"))
        assert found["policyEngineConfiguration"] == {"arn": told["Arn"], "mode": "ENFORCE"}
        assert found["interceptorConfigurations"] == [interceptor(base["Function"], "REQUEST")]

        assert control.list_tags_for_resource(resourceArn=told["Arn"])["tags"] == {"team": "one"}

        changed = governed(base, Description="second", EnforcementMode="LOG_ONLY")
        changed["Engine"]["Properties"] |= {"Description": "ours", "Tags": [{"Key": "team", "Value": "two"}]}
        made.update(changed)
        assert control.get_policy_engine(policyEngineId=engine)["description"] == "ours"
        assert control.list_tags_for_resource(resourceArn=told["Arn"])["tags"] == {"team": "two"}
        names = {"policyEngineId": engine, "policyId": told["PolicyId"]}
        changed = control.get_policy(**names)
        assert (changed["description"], changed["enforcementMode"]) == ("second", "LOG_ONLY")
        broken = {"Cedar": {"Statement": {"Fn::Sub": statement({"gatewayArn": "${Gateway.GatewayArn}"}, when=None)}}}
        with pytest.raises(StackFailedError, match=r"UPDATE_ROLLBACK_COMPLETE.*Overly Permissive"):
            made.update(governed(base, Definition=broken))
        assert control.get_policy(**names)["definition"] == changed["definition"]
        made.update(governed(base, Name="other"))
        assert made.id_of("Policy") != told["Policy"], "another name makes another policy"
    assert control.list_policy_engines()["policyEngines"] == []


def test_a_stack_whose_policy_does_not_wait_for_its_target(
    emulator: Emulator, control: Any, base: dict[str, str]
) -> None:
    resources = governed(base)
    del resources["Target"], resources["Policy"]["DependsOn"]
    with stack(emulator, "too-early") as made:
        with pytest.raises(StackFailedError, match="unrecognized action"):
            made.create(resources)
        made.wait()
    assert control.list_policy_engines()["policyEngines"] == []
