"""AgentCore's policy engines: what is refused at once, what a policy's status tells, and who may write policies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    ACCOUNT_TRUST,
    GATEWAY_TRUST,
    LAMBDA_TRUST,
    StackFailedError,
    allow,
    function,
    get_att,
    outputs,
    ref,
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


@pytest.fixture(scope="module")
def base(emulator: Emulator) -> Iterator[dict[str, str]]:
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


@pytest.fixture
def control(emulator: Emulator) -> Iterator[Any]:
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


@pytest.fixture
def gateway(control: Any, base: dict[str, str]) -> dict[str, Any]:
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


@pytest.fixture
def engine(control: Any) -> str:
    return str(control.create_policy_engine(name="engine")["policyEngineId"])


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


def test_an_engine_and_its_policy_live_and_end(control: Any, gateway: dict[str, Any]) -> None:
    made = control.create_policy_engine(name="engine", description="first", tags={"team": "one"})
    engine_id, arn = made["policyEngineId"], made["policyEngineArn"]
    assert (made["status"], arn) == ("CREATING", f"{PREFIX}:policy-engine/{engine_id}")
    found = control.get_policy_engine(policyEngineId=engine_id)
    assert (found["status"], found["name"], found["description"]) == ("ACTIVE", "engine", "first")
    assert control.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "one"}
    control.update_policy_engine(policyEngineId=engine_id, description={"optionalValue": "second"})
    assert control.list_policy_engines()["policyEngines"][0]["description"] == "second"
    assert "description" not in control.list_policy_engine_summaries()["policyEngines"][0]
    assert control.get_policy_engine_summary(policyEngineId=engine_id)["status"] == "ACTIVE"

    policy = put(control, engine_id, statement(gateway), name="desk", description="the desk")
    assert (policy["status"], policy["enforcementMode"], policy["statusReasons"]) == ("ACTIVE", "ACTIVE", [])
    assert policy["policyArn"] == f"{arn}/policy/{policy['policyId']}"
    names = {"policyEngineId": engine_id, "policyId": policy["policyId"]}
    assert "definition" not in control.get_policy_summary(**names)
    assert control.list_policy_summaries(policyEngineId=engine_id)["policies"][0]["name"] == "desk"
    control.update_policy(**names, description={}, enforcementMode="LOG_ONLY")
    changed = control.get_policy(**names)
    assert "description" not in changed
    assert (changed["enforcementMode"], changed["definition"]) == ("LOG_ONLY", policy["definition"])

    with pytest.raises(control.exceptions.ConflictException, match="has 1 policies"):
        control.delete_policy_engine(policyEngineId=engine_id)
    assert control.delete_policy(**names)["status"] == "DELETING"
    assert control.delete_policy_engine(policyEngineId=engine_id)["status"] == "DELETING"
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_policy_engine(policyEngineId=engine_id)


@pytest.mark.parametrize("name", ["with-hyphen", "1st", "x" * 49])
def test_names_that_aws_refuses(control: Any, engine: str, gateway: dict[str, Any], name: str) -> None:
    with pytest.raises(control.exceptions.ValidationException):
        control.create_policy_engine(name=name)
    with pytest.raises(control.exceptions.ValidationException):
        put(control, engine, statement(gateway), name=name)


def test_names_are_taken_once(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    with pytest.raises(control.exceptions.ConflictException):
        control.create_policy_engine(name="engine")
    put(control, engine, statement(gateway), name="desk")
    other = control.create_policy_engine(name="other")["policyEngineId"]
    for each in (engine, other):
        with pytest.raises(control.exceptions.ConflictException, match="already exists in this account"):
            put(control, each, statement(gateway), name="desk")


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


PERMISSIVE = "Overly Permissive: Policy Engine will allow every request for the specified principal"
RESTRICTIVE = "Overly Restrictive: Policy Engine will deny every request for the specified principal"


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"when": None}, f"{PERMISSIVE} (AgentCore::OAuthUser), action (bank___refund)"),
        ({"when": None, "principal": "principal"}, f"{PERMISSIVE} (AgentCore::IamEntity), action (bank___refund)"),
        ({"when": None, "action": "action"}, f"{PERMISSIVE} (AgentCore::OAuthUser), action (Any Future Tools)"),
        ({"when": "context.input has amount"}, PERMISSIVE),
        ({"when": 'context.input has amount || principal.hasTag("a")'}, PERMISSIVE),
        ({"when": "context.input has id"}, "Ineffective: the policy does not allow any request"),
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


def test_an_update_validates_and_a_failed_one_changes_nothing(
    control: Any, engine: str, gateway: dict[str, Any]
) -> None:
    policy = put(control, engine, statement(gateway))
    names = {"policyEngineId": engine, "policyId": policy["policyId"]}
    wide = {"policy": {"statement": statement(gateway, when=None)}}
    assert control.update_policy(**names, definition=wide)["status"] == "UPDATING"
    failed = control.get_policy(**names)
    assert (failed["status"], failed["definition"]) == ("UPDATE_FAILED", policy["definition"])
    assert PERMISSIVE in failed["statusReasons"][0]
    control.update_policy(**names, definition=wide, validationMode="IGNORE_ALL_FINDINGS")
    assert control.get_policy(**names)["status"] == "ACTIVE"
    control.update_policy(**names, enforcementMode="LOG_ONLY")
    again = control.get_policy(**names)
    assert (again["status"], again["enforcementMode"]) == ("UPDATE_FAILED", "ACTIVE"), "the old text is validated again"


def test_policies_of_one_gateway_are_at_most_200_kilobytes(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    values = " || ".join(f'context.input.reason == "{number:030}"' for number in range(140))
    text = statement(gateway, when=f"context.input has reason && ({values})")
    for _ in range(204800 // len(text)):
        put(control, engine, text)
    with pytest.raises(control.exceptions.ServiceQuotaExceededException, match="204800 are allowed for one resource"):
        put(control, engine, text)
    (first, *_) = control.list_policies(policyEngineId=engine)["policies"]
    control.update_policy(
        policyEngineId=engine, policyId=first["policyId"], definition={"cedar": {"statement": statement(gateway)}}
    )


def test_policies_come_in_pages_and_by_gateway(control: Any, engine: str, gateway: dict[str, Any]) -> None:
    for _ in range(11):
        put(control, engine, statement(gateway))
    pages = list(control.get_paginator("list_policies").paginate(policyEngineId=engine))
    assert [len(page["policies"]) for page in pages] == [10, 1]
    other = control.list_policies(policyEngineId=engine, targetResourceScope=f"{PREFIX}:gateway/other-0123456789")
    assert other["policies"] == []
    own = control.list_policies(policyEngineId=engine, targetResourceScope=gateway["gatewayArn"], maxResults=100)
    assert len(own["policies"]) == 11


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
        "Engine": {"Type": "AWS::BedrockAgentCore::PolicyEngine", "Properties": {"Name": "governed"}},
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

        made.update(governed(base, Description="second", EnforcementMode="LOG_ONLY"))
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
