"""Every rule about AgentCore gateways finds its fault in a template and is silent about the sound one."""

import copy
from itertools import pairwise
from typing import Any

import pytest
from policy_sentry.querying.actions import get_actions_matching_arn_type

from foundation.checks import agentcore
from foundation.checks.statements import reaches_every
from foundation.checks.template import as_text
from foundation.checks.width import width
from tests.unit.agentcore_templates import (
    COGNITO_URL,
    JWT,
    STATEMENT,
    TRUST,
    Body,
    Mutation,
    put,
    rules,
    sound,
    target,
)


def test_the_sound_gateway_has_no_finding() -> None:
    assert rules(sound()) == []


@pytest.mark.parametrize(
    ("rule", "where", "mutation"),
    [
        ("AgentCore-Authorizer", "Gateway", put("Gateway.Properties.AuthorizerType", "NONE")),
        ("AgentCore-Authorizer", "Gateway", put("Gateway.Properties.AuthorizerType", "AUTHENTICATE_ONLY")),
        ("AgentCore-Authorizer", "Gateway", put("Gateway.Properties.AuthorizerType", {"Ref": "Parameter"})),
        ("AgentCore-Authorizer", "Gateway", put("Gateway.Properties.AuthorizerType", ...)),
        ("AgentCore-CognitoAudience", "Gateway", put(f"{JWT}.AllowedAudience", ["my-app"])),
        ("AgentCore-CognitoClientsAndScopes", "Gateway", put(f"{JWT}.AllowedClients", [])),
        ("AgentCore-CognitoClientsAndScopes", "Gateway", put(f"{JWT}.AllowedScopes", ...)),
        ("AgentCore-GatewayKey", "Gateway", put("Gateway.Properties.KmsKeyArn", ...)),
        ("AgentCore-DebugExceptions", "Gateway", put("Gateway.Properties.ExceptionLevel", "DEBUG")),
        ("AgentCore-PermissionScope", "CallerPolicy", put(f"{STATEMENT}.Resource", "*")),
        (
            "AgentCore-PermissionScope",
            "CallerPolicy",
            put(
                f"{STATEMENT}.Resource",
                [{"Fn::Sub": "arn:${AWS::Partition}:bedrock-agentcore:eu-west-1:${AWS::AccountId}:gateway/*"}],
            ),
        ),
        (
            "AgentCore-PermissionScope",
            "CallerPolicy",
            put(STATEMENT, {"Effect": "Allow", "Action": ["bedrock-agentcore:*"], "Resource": "arn:aws:*"}),
        ),
        (
            "AgentCore-PermissionScope",
            "CallerPolicy",
            put(
                STATEMENT, {"Effect": "Allow", "NotAction": ["iam:*", "lambda:*"], "NotResource": "arn:aws:s3:::secret"}
            ),
        ),
        (
            "AgentCore-PermissionScope",
            "Role",
            put(
                "Role.Properties.Policies",
                [
                    {
                        "PolicyName": "inline",
                        "PolicyDocument": {
                            "Statement": {
                                "Effect": "Allow",
                                "Action": "bedrock-agentcore:updategateway",
                                "Resource": "*",
                            }
                        },
                    }
                ],
            ),
        ),
        ("AgentCore-GatewayRoleTrust", "Role", put(f"{TRUST}.Condition", ...)),
        (
            "AgentCore-GatewayRoleTrust",
            "Role",
            put(f"{TRUST}.Condition", {"ArnLike": {"aws:SourceArn": "arn:aws:bedrock-agentcore:*:*:gateway/*"}}),
        ),
        ("AgentCore-TargetWaitsForPolicy", "Target", put("Target.DependsOn", ...)),
        ("AgentCore-TargetWaitsForPolicy", "Target", put("Target.DependsOn", "Role")),
        ("AgentCore-TargetCredential", "Target", put("Target.Properties.CredentialProviderConfigurations", ...)),
        (
            "AgentCore-TargetCredential",
            "Target",
            put("Target.Properties.CredentialProviderConfigurations.0.CredentialProviderType", "API_KEY"),
        ),
        (
            "AgentCore-TargetCredential",
            "Target",
            put("Target.Properties.TargetConfiguration.Mcp", {"SmithyModel": {"InlinePayload": "{}"}}, "API_KEY"),
        ),
        (
            "AgentCore-TargetCredential",
            "Target",
            put("Target.Properties.TargetConfiguration.Mcp", {"ApiGateway": {"RestApiId": "a"}}, "OAUTH"),
        ),
        (
            "AgentCore-ProtocolVersion",
            "Gateway",
            put("Gateway.Properties.ProtocolConfiguration.Mcp.SupportedVersions", ["2025-06-18"]),
        ),
        ("AgentCore-ProtocolVersion", "Gateway", put("Gateway.Properties.ProtocolConfiguration", ...)),
    ],
)
def test_a_fault_is_found_once_and_where_it_is(rule: str, where: str, mutation: Mutation) -> None:
    resources = sound()
    mutation(resources)
    assert rules(resources) == [(rule, where)]


@pytest.mark.parametrize(
    "mutation",
    [
        put("Gateway.Properties.AuthorizerType", "AWS_IAM"),
        put(JWT, {"DiscoveryUrl": COGNITO_URL, "AllowedScopes": ["x/read"], "CustomClaims": [{}]}),
        put(f"{STATEMENT}.Resource", {"Fn::Sub": "${Gateway.GatewayArn}/*"}),
        put(
            f"{STATEMENT}.Resource",
            {"Fn::Sub": "arn:aws:bedrock-agentcore:us-east-1:${AWS::AccountId}:policy-engine/*"},
        ),
        put(STATEMENT, {"Effect": "Deny", "Action": "bedrock-agentcore:InvokeGateway", "Resource": "*"}),
        put(STATEMENT, {"Effect": "Allow", "Action": "bedrock-agentcore:ListGateways", "Resource": "*"}),
        put("Target.Properties.TargetConfiguration.Mcp", {"OpenApiSchema": {"InlinePayload": "{}"}}, "API_KEY"),
        put("Target.Properties.TargetConfiguration.Mcp", {"McpServer": {"Endpoint": "https://example.com"}}, "OAUTH"),
        put("Target.Properties.Description", {"Fn::Sub": "waits by reference for ${TargetPolicy}"}),
    ],
)
def test_what_a_rule_permits_is_no_finding(mutation: Mutation) -> None:
    resources = sound()
    mutation(resources)
    assert rules(resources) == []


def test_debug_is_allowed_where_the_environment_says_so() -> None:
    resources = sound()
    resources["Gateway"]["Properties"]["ExceptionLevel"] = "DEBUG"
    assert rules(resources, debug_allowed=True) == []


@pytest.mark.parametrize(
    ("url", "is_judged"),
    [
        (COGNITO_URL, True),
        ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc/.well-known/openid-configuration", True),
        ({"Fn::Join": ["", [{"Fn::GetStackOutput": {"StackName": "identity"}}, "/.well-known/x"]]}, True),
        ({"Fn::Sub": "https://${Issuer}/.well-known/openid-configuration"}, True),
        ("https://login.example.com/.well-known/openid-configuration", False),
    ],
)
def test_an_issuer_counts_as_cognito_unless_its_host_says_otherwise(url: Any, is_judged: bool) -> None:
    resources = sound()
    put(f"{JWT}.DiscoveryUrl", url)(resources)
    put(f"{JWT}.AllowedAudience", ["my-app"])(resources)
    assert (("AgentCore-CognitoAudience", "Gateway") in rules(resources)) is is_judged


def test_a_target_may_wait_for_the_policy_through_another_target() -> None:
    resources = sound()
    resources["Second"] = target() | {"DependsOn": "Target"}
    assert rules(resources) == []


def test_a_target_that_asks_for_no_credential_need_not_wait_for_permissions() -> None:
    resources = sound()
    resources["Target"] = target(
        TargetConfiguration={"Mcp": {"McpServer": {"Endpoint": "https://example.com"}}},
        CredentialProviderConfigurations=[],
    )
    del resources["Target"]["DependsOn"]
    assert rules(resources) == []


def test_six_targets_side_by_side_are_one_too_many() -> None:
    resources = sound() | {f"Target{n}": target() for n in range(5)}
    resources["Target0"]["Properties"]["GatewayIdentifier"] = {"Ref": "Gateway"}
    assert rules(resources) == [("AgentCore-ConcurrentTargets", "Target4")]


def test_targets_of_two_gateways_are_counted_apart() -> None:
    resources = sound()
    resources["Other"] = copy.deepcopy(resources["Gateway"])
    for n in range(4):
        resources[f"Own{n}"] = target()
        resources[f"Foreign{n}"] = target(GatewayIdentifier={"Ref": "Other"})
    assert "AgentCore-ConcurrentTargets" not in {rule for rule, _ in rules(resources)}


def test_seven_targets_in_two_chains_pass() -> None:
    resources = sound() | {f"Target{n}": target() for n in range(6)}
    chains = ["Target", "Target0", "Target1", "Target2"], ["Target3", "Target4", "Target5"]
    for chain in chains:
        for earlier, later in pairwise(chain):
            resources[later]["DependsOn"] = ["TargetPolicy", earlier]
    assert rules(resources) == []


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ({}, 0),
        ({"a": set()}, 1),
        ({"a": set(), "b": {"a"}, "c": {"a", "b"}}, 1),
        ({"a": set(), "b": {"a"}, "c": {"a"}, "d": {"a", "b", "c"}}, 2),
        ({"a": set(), "b": set(), "c": {"a", "b"}, "d": {"a"}}, 2),
        ({"a": set(), "b": set(), "c": {"a"}, "d": {"a", "b"}, "e": {"b"}}, 3),
    ],
)
def test_width_is_what_may_run_at_once(before: dict[str, set[str]], expected: int) -> None:
    assert width(before) == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("*", True),
        ("arn:<AWS::Partition>:bedrock-agentcore:<AWS::Region>:<AWS::AccountId>:gateway/*", True),
        ("arn:aws:bedrock-agentcore:*:*:*", True),
        ("arn:aws:*:*:*:gateway/*", True),
        ("arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/foundation-dev-*", False),
        ("<Gateway.GatewayArn>", False),
        ("<Gateway.GatewayArn>/*", False),
        ("arn:aws:s3:::*", False),
    ],
)
def test_a_pattern_reaches_every_gateway_or_chosen_ones(resource: str, expected: bool) -> None:
    assert reaches_every(resource, service="bedrock-agentcore", kind="gateway") is expected


def test_the_gateway_actions_are_those_of_the_service_authorization_reference() -> None:
    assert set(agentcore.GATEWAY_ACTIONS) == set(get_actions_matching_arn_type("bedrock-agentcore", "gateway"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ({"Ref": "AWS::Region"}, "<AWS::Region>"),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "<Key.Arn>"),
        ({"Fn::GetAtt": "Key.Arn"}, "<Key.Arn>"),
        ({"Fn::Sub": ["a-${B}", {"B": "c"}]}, "a-<B>"),
        ({"Fn::Join": ["/", ["a", {"Ref": "B"}]]}, "a/<B>"),
        (None, "<null>"),
    ],
)
def test_intrinsics_stand_in_angle_brackets(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_a_hundred_targets_are_as_many_as_a_gateway_has() -> None:
    resources = sound()
    del resources["Target"]
    lanes = {f"Target{number}": target() for number in range(100)}
    for before, after in pairwise(lanes):
        lanes[after]["DependsOn"] = [before]
    assert rules(resources | lanes) == []
    one_more = target() | {"DependsOn": ["Target99"]}
    assert rules(resources | lanes | {"Target100": one_more}) == [("AgentCore-TargetsPerGateway", "Target100")]


def api_key_provider(**properties: Any) -> Body:
    return {"Type": "AWS::BedrockAgentCore::ApiKeyCredentialProvider", "Properties": {"Name": "x", **properties}}


def oauth_provider(**properties: Any) -> Body:
    config = {"CustomOauth2ProviderConfig": {"ClientId": "x", **properties}}
    return {
        "Type": "AWS::BedrockAgentCore::OAuth2CredentialProvider",
        "Properties": {"Name": "x", "Oauth2ProviderConfigInput": config},
    }


def test_a_credential_provider_names_its_secret_and_is_not_given_it() -> None:
    reference = {"SecretId": "name", "JsonKey": "key"}
    dynamic = "{{resolve:secretsmanager:name:SecretString:key}}"
    told = {
        "Provider": api_key_provider(ApiKey=dynamic),
        "Other": oauth_provider(ClientSecret={"Ref": "Parameter"}),
    }
    assert {rule for rule, _ in rules(sound() | told)} == {"AgentCore-SecretInTemplate"}
    assert [where for _, where in rules(sound() | told)] == ["Provider", "Other"]
    named = {
        "Provider": api_key_provider(ApiKeySecretConfig=reference),
        "Other": oauth_provider(ClientSecretConfig=reference),
    }
    assert rules(sound() | named) == []
