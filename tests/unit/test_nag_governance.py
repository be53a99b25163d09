"""Every rule about what judges and counts a gateway's calls finds its fault in a template."""

from typing import Any

import pytest

from tests.unit.agentcore_templates import Body, Mutation, allow, put, rate_limit, rules, sound

GATEWAY = "Gateway.Properties"
HEADERS = [f"X-Header-{number}" for number in range(11)]


def policy(after: str) -> Body:
    return {
        "Type": "AWS::BedrockAgentCore::Policy",
        "DependsOn": [after],
        "Properties": {"Name": "example", "PolicyEngineId": {"Fn::GetAtt": ["Engine", "PolicyEngineId"]}},
    }


@pytest.mark.parametrize(
    ("rule", "where", "mutation"),
    [
        ("AgentCore-PolicyEngine", "Gateway", put(f"{GATEWAY}.PolicyEngineConfiguration", ...)),
        ("AgentCore-Enforcement", "Gateway", put(f"{GATEWAY}.PolicyEngineConfiguration.Mode", "LOG_ONLY")),
        ("AgentCore-Enforcement", "Gateway", put(f"{GATEWAY}.PolicyEngineConfiguration.Mode", {"Ref": "Parameter"})),
        ("AgentCore-PolicyEngineKey", "Engine", put("Engine.Properties.EncryptionKeyArn", ...)),
        (
            "AgentCore-Interceptors",
            "Gateway",
            put(f"{GATEWAY}.InterceptorConfigurations.0.InterceptionPoints", ["RESPONSE"]),
        ),
        ("AgentCore-Interceptors", "Gateway", put(f"{GATEWAY}.InterceptorConfigurations.1", {})),
        ("AgentCore-RateLimits", "Gateway", put("Limit", {"Type": "AWS::SNS::Topic"})),
        ("AgentCore-RateLimits", "Gateway", put("Limit.Properties.GatewayIdentifier", "another-gateway")),
        ("AgentCore-RateLimits", "Limit", put("Limit", rate_limit(toolName="target___tool"))),
        ("AgentCore-RateLimits", "Limit", put("Limit", rate_limit(targetName="target", toolName="*"))),
        ("AgentCore-RateLimits", "Limit", put("Limit.Properties.Entries", [])),
        ("AgentCore-WebAcl", "Gateway", put("Association.Properties.ResourceArn", "another-gateway")),
        (
            "AgentCore-TargetHeaders",
            "Target",
            put("Target.Properties.MetadataConfiguration", {"AllowedRequestHeaders": HEADERS}),
        ),
        (
            "AgentCore-TargetHeaders",
            "Target",
            put("Target.Properties.MetadataConfiguration", {"AllowedResponseHeaders": HEADERS}),
        ),
        ("AgentCore-PolicyWaitsForTargets", "Policy", put("Policy", policy("Engine"))),
    ],
)
def test_a_fault_is_found_once_and_where_it_is(rule: str, where: str, mutation: Mutation) -> None:
    resources = sound()
    mutation(resources)
    assert [found for found in rules(resources) if found[0] != "AgentCore-InterceptorPermission"] == [(rule, where)]


ROLE = "RolePolicy.Properties.PolicyDocument.Statement"


@pytest.mark.parametrize(
    "mutation",
    [
        put(f"{ROLE}.0.Resource", "arn"),
        put(f"{ROLE}.0.Resource", [{"Fn::GetAtt": ["Before", "Arn"]}]),
        put(f"{ROLE}.0.Action", "lambda:GetFunction"),
        put("RolePolicy.Properties.Roles", ["another-role"]),
        put("Gateway.DependsOn", []),
    ],
    ids=["neither function", "one function", "another action", "another role", "a permission that may come too late"],
)
def test_an_interceptor_that_the_role_may_not_invoke_is_found(mutation: Mutation) -> None:
    resources = sound()
    mutation(resources)
    assert ("AgentCore-InterceptorPermission", "Gateway") in rules(resources)


@pytest.mark.parametrize(
    "mutation",
    [
        put(f"{ROLE}.1.Action", "bedrock-agentcore:AuthorizeAction"),
        put(f"{ROLE}.2", allow("bedrock-agentcore:GetPolicy", "*")),
        put("Gateway.DependsOn", []),
    ],
)
def test_a_role_that_may_not_have_calls_judged_is_found(mutation: Mutation) -> None:
    resources = sound()
    mutation(resources)
    assert ("AgentCore-PolicyPermission", "Gateway") in rules(resources)


@pytest.mark.parametrize(
    "mutation",
    [
        put(f"{GATEWAY}.PolicyEngineConfiguration.Mode", "LOG_ONLY"),
        put("Association.Properties.ResourceArn", "another-gateway"),
    ],
)
def test_development_may_log_only_and_go_without_a_web_acl(mutation: Mutation) -> None:
    resources = sound()
    mutation(resources)
    assert rules(resources, debug_allowed=True) == []


@pytest.mark.parametrize(
    "mutation",
    [
        put("Limit", rate_limit(targetName="*", toolName="*")),
        put("Limit.Properties.GatewayIdentifier", {"Ref": "Gateway"}),
        put("Target.Properties.MetadataConfiguration", {"AllowedRequestHeaders": HEADERS[:10]}),
        put(f"{GATEWAY}.RoleArn", "arn:aws:iam::123456789012:role/made-elsewhere"),
        put("Policy", policy("Target")),
        put("Policy", policy("Last")),
    ],
)
def test_what_a_rule_permits_is_no_finding(mutation: Mutation) -> None:
    resources: dict[str, Any] = sound()
    resources["Last"] = policy("Target")
    mutation(resources)
    assert rules(resources) == []
