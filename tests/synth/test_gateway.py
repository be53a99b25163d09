"""The gateway stack: who may call, what is offered, in which order it is made, where its logs go (R5)."""

import pytest

from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, elsewhere, many, template, written

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
GATEWAY = "AWS::BedrockAgentCore::Gateway"
TARGET = "AWS::BedrockAgentCore::GatewayTarget"


@in_every_environment
def test_a_token_of_the_pool_needs_a_scope_of_the_servers_and_this_environments_claim(environment: str) -> None:
    gateway = template(environment, "gateway").only(GATEWAY)
    assert gateway["AuthorizerType"] == "CUSTOM_JWT"
    authorizer = gateway["AuthorizerConfiguration"]["CustomJWTAuthorizer"]
    # Cognito's machine tokens carry no audience: AllowedAudience would refuse them all. Clients are not listed: a new
    # tenant would change the gateway, and only clients that are in the directory get a token.
    assert authorizer.keys() == {"DiscoveryUrl", "AllowedScopes", "CustomClaims"}
    servers = load_settings(environment).environment.tool_servers
    assert set(authorizer["AllowedScopes"]) == {
        f"{server}/{scope}" for server in servers for scope in ("read", "write")
    }
    assert authorizer["CustomClaims"] == [
        {
            "InboundTokenClaimName": "environment",
            "InboundTokenClaimValueType": "STRING",
            "AuthorizingClaimMatchValue": {
                "ClaimMatchOperator": "EQUALS",
                "ClaimMatchValue": {"MatchValueString": environment},
            },
        }
    ]


@in_every_environment
def test_tokens_are_checked_against_the_pool(environment: str) -> None:
    authorizer = template(environment, "gateway").only(GATEWAY)["AuthorizerConfiguration"]["CustomJWTAuthorizer"]
    [issuer, path] = authorizer["DiscoveryUrl"]["Fn::Join"][1]
    pool = template(environment, "identity").id_of("AWS::Cognito::UserPool")
    assert elsewhere(environment, issuer) == {"Fn::GetAtt": [pool, "ProviderURL"]}
    assert path == "/.well-known/openid-configuration"


@in_every_environment
def test_it_speaks_the_newest_mcp_and_the_older_ones(environment: str) -> None:
    protocol = template(environment, "gateway").only(GATEWAY)["ProtocolConfiguration"]["Mcp"]
    assert protocol["SupportedVersions"] == ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]
    assert protocol["SearchType"] == "SEMANTIC"


@pytest.mark.parametrize(("environment", "level"), [("dev", "DEBUG"), ("gamma", None), ("prod", None)])
def test_errors_show_their_inside_in_development_only(environment: str, level: str | None) -> None:
    assert template(environment, "gateway").only(GATEWAY).get("ExceptionLevel") == level


@in_every_environment
def test_gateway_and_logs_are_encrypted_under_a_key_of_ours(environment: str) -> None:
    stack = template(environment, "gateway")
    [key] = {written(group["KmsKeyId"]) for group in stack.properties("AWS::Logs::LogGroup")}
    assert written(stack.only(GATEWAY)["KmsKeyArn"]) == key


@in_every_environment
def test_only_this_accounts_gateways_take_on_the_role(environment: str) -> None:
    stack = template(environment, "gateway")
    role = stack.resources[stack.only(GATEWAY)["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "bedrock-agentcore.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    source = trust["Condition"]["ArnLike"]["aws:SourceArn"]
    assert written(source) == (
        f"arn:aws:bedrock-agentcore:us-east-1:<AWS::AccountId>:gateway/foundation-{environment}-*"
    )


@in_every_environment
def test_targets_offer_the_servers_tools(environment: str) -> None:
    targets = template(environment, "gateway").properties(TARGET)
    specs = {
        served.target: served.spec for majors in load_settings(environment).served_majors.values() for served in majors
    }
    assert {target["Name"] for target in targets} == specs.keys()
    for target in targets:
        function = target["TargetConfiguration"]["Mcp"]["Lambda"]
        offered = {tool["Name"]: tool for tool in function["ToolSchema"]["InlinePayload"]}
        assert offered.keys() == {tool.name for tool in specs[target["Name"]].tools}
        for tool in specs[target["Name"]].tools:
            assert offered[tool.name]["Description"] == tool.description
            assert lower(offered[tool.name]["InputSchema"]) == tool.input_schema
        assert target["CredentialProviderConfigurations"] == [{"CredentialProviderType": "GATEWAY_IAM_ROLE"}]
        tools = template(environment, "tools").resources
        alias = tools[elsewhere(environment, function["LambdaArn"])["Ref"]]["Properties"]
        assert f"{specs[target['Name']].name}-{alias['Name']}" == target["Name"]
        variables = tools[alias["FunctionName"]["Ref"]]["Properties"]["Environment"]["Variables"]
        assert variables["POWERTOOLS_SERVICE_NAME"] == specs[target["Name"]].name


def lower(schema: Json) -> Json:
    """A schema as CloudFormation spells it, with the keys of JSON Schema."""
    plain = {key.lower(): value for key, value in schema.items()}
    if "properties" in plain:
        plain["properties"] = {name: lower(value) for name, value in plain["properties"].items()}
    if "items" in plain:
        plain["items"] = lower(plain["items"])
    return plain


@in_every_environment
def test_a_target_waits_for_the_permission_to_invoke_its_function(environment: str) -> None:
    stack = template(environment, "gateway")
    for target in stack.of_type(TARGET).values():
        function = target["Properties"]["TargetConfiguration"]["Mcp"].get("Lambda", {}).get("LambdaArn")
        grants = [
            logical_id
            for logical_id, policy in stack.of_type("AWS::IAM::Policy").items()
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if statement["Action"] == "lambda:InvokeFunction" and function in many(statement["Resource"])
        ]
        assert len(grants) == (1 if function else 0)
        assert set(grants) <= set(target["DependsOn"])


@in_every_environment
def test_logs_and_traces_are_delivered(environment: str) -> None:
    stack = template(environment, "gateway")
    sources = {s["Name"]: s["LogType"] for s in stack.properties("AWS::Logs::DeliverySource")}
    assert sorted(sources.values()) == ["APPLICATION_LOGS", "TRACES"]
    kinds = {
        logical_id: destination["Properties"]["DeliveryDestinationType"]
        for logical_id, destination in stack.of_type("AWS::Logs::DeliveryDestination").items()
    }
    deliveries = {
        sources[delivery["DeliverySourceName"]]: kinds[delivery["DeliveryDestinationArn"]["Fn::GetAtt"][0]]
        for delivery in stack.properties("AWS::Logs::Delivery")
    }
    assert deliveries == {"APPLICATION_LOGS": "CWL", "TRACES": "XRAY"}
    gateway = {"Fn::GetAtt": [stack.id_of(GATEWAY), "GatewayArn"]}
    assert all(source["ResourceArn"] == gateway for source in stack.properties("AWS::Logs::DeliverySource"))


@in_every_environment
def test_clients_find_the_gateway_by_output_and_parameter(environment: str) -> None:
    stack = template(environment, "gateway")
    url = {"Fn::GetAtt": [stack.id_of(GATEWAY), "GatewayUrl"]}
    assert stack.body["Outputs"]["GatewayUrl"]["Value"] == url
    parameter = stack.only("AWS::SSM::Parameter")
    assert (parameter["Name"], parameter["Value"]) == (f"/foundation/{environment}/gateway/url", url)
