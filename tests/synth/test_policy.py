"""Policies at the gateway: an engine that enforces, and everything in the order that AgentCore needs (R9)."""

import pytest

from foundation.policy import LONGEST_NAME, policy_name
from foundation.policy_text import GATEWAY_PLACEHOLDER
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import TENANTS, Json, Template, elsewhere, many, template, written

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
ENGINE = "AWS::BedrockAgentCore::PolicyEngine"
GATEWAY = "AWS::BedrockAgentCore::Gateway"
POLICY = "AWS::BedrockAgentCore::Policy"
TARGET = "AWS::BedrockAgentCore::GatewayTarget"


def engine_arn(stack: Template) -> Json:
    return {"Fn::GetAtt": [stack.id_of(ENGINE), "PolicyEngineArn"]}


@in_every_environment
def test_the_gateway_does_what_the_policies_say(environment: str) -> None:
    stack = template(environment, "gateway")
    assert stack.only(GATEWAY)["PolicyEngineConfiguration"] == {"Arn": engine_arn(stack), "Mode": "ENFORCE"}


@in_every_environment
def test_the_engine_has_a_key_of_its_own(environment: str) -> None:
    stack = template(environment, "gateway")
    engine = stack.only(ENGINE)
    key = engine["EncryptionKeyArn"]["Fn::GetAtt"][0]
    assert stack.resources[key]["Properties"]["Description"] == "Cedar policies of the gateway"
    assert stack.only(GATEWAY)["KmsKeyArn"]["Fn::GetAtt"][0] != key


@in_every_environment
def test_the_gateways_role_may_have_calls_judged_before_the_gateway_is_made(environment: str) -> None:
    """Without these AgentCore denies every call: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-permissions.html."""
    stack = template(environment, "gateway")
    role = stack.only(GATEWAY)["RoleArn"]["Fn::GetAtt"][0]
    [(policy, document)] = [
        (logical_id, policy["Properties"]["PolicyDocument"]["Statement"])
        for logical_id, policy in stack.of_type("AWS::IAM::Policy").items()
        if policy["Properties"]["Roles"] == [{"Ref": role}]
    ]
    allowed = {action: many(s["Resource"]) for s in document for action in many(s["Action"]) if "agentcore:" in action}
    gateway = f"arn:aws:bedrock-agentcore:us-east-1:<AWS::AccountId>:gateway/foundation-{environment}-*"
    assert allowed.pop("bedrock-agentcore:GetPolicyEngine") == [engine_arn(stack)]
    assert allowed.keys() == {"bedrock-agentcore:AuthorizeAction", "bedrock-agentcore:PartiallyAuthorizeActions"}
    for resources in allowed.values():
        assert [written(each) for each in resources] == [written(engine_arn(stack)), gateway]
    [made] = stack.of_type(GATEWAY).values()
    assert policy in made["DependsOn"]


@in_every_environment
def test_policies_are_those_of_the_settings_for_this_gateway(environment: str) -> None:
    plan = load_settings(environment).access
    stack = template(environment, "gateway")
    arn = f"<{stack.id_of(GATEWAY)}.GatewayArn>"
    made = {p["Name"]: written(p["Definition"]["Cedar"]["Statement"]) for p in stack.properties(POLICY)}
    assert made == {
        policy_name(f"foundation-{environment}", text.name): text.for_gateway(arn) for text in plan.platform_policies
    }
    for statement in made.values():
        assert GATEWAY_PLACEHOLDER not in statement
        assert arn in statement


@in_every_environment
def test_a_tenants_own_policies_are_in_its_stack(environment: str) -> None:
    plan = load_settings(environment).access
    gateway = template(environment, "gateway")
    for tenant in TENANTS:
        policies = template(environment, f"tenant-{tenant}").properties(POLICY)
        assert {policy["Name"] for policy in policies} == {
            policy_name(f"foundation-{environment}", text.name) for text in plan.tenant_policies.get(tenant, ())
        }
        for policy in policies:
            assert elsewhere(environment, policy["PolicyEngineId"]) == {
                "Fn::GetAtt": [gateway.id_of(ENGINE), "PolicyEngineId"]
            }
            [reference] = [
                part for part in policy["Definition"]["Cedar"]["Statement"]["Fn::Join"][1] if isinstance(part, dict)
            ]
            assert elsewhere(environment, reference) == {"Fn::GetAtt": [gateway.id_of(GATEWAY), "GatewayArn"]}


@in_every_environment
def test_every_policy_is_checked_for_what_it_permits(environment: str) -> None:
    for unit in ("gateway", *(f"tenant-{tenant}" for tenant in TENANTS)):
        for policy in template(environment, unit).properties(POLICY):
            assert policy["ValidationMode"] == "FAIL_ON_ANY_FINDINGS"


@in_every_environment
def test_policies_come_after_all_targets_and_one_after_the_other(environment: str) -> None:
    stack = template(environment, "gateway")
    policies = stack.of_type(POLICY)
    targets = set(stack.of_type(TARGET))
    first, *others = (before(stack, logical_id) for logical_id in policies)
    assert targets <= first
    assert sorted(len(each & policies.keys()) for each in (first, *others)) == list(range(len(policies)))


@in_every_environment
def test_what_forbids_comes_after_what_permits(environment: str) -> None:
    """AgentCore refuses a forbid that leaves nothing to allow, so the permits have to be there by then."""
    stack = template(environment, "gateway")
    effects = {
        logical_id: written(policy["Properties"]["Definition"]["Cedar"]["Statement"]).lstrip().partition("(")[0].strip()
        for logical_id, policy in stack.of_type(POLICY).items()
    }
    permits = {logical_id for logical_id, effect in effects.items() if effect == "permit"}
    assert permits
    for logical_id, effect in effects.items():
        if effect == "forbid":
            assert permits <= before(stack, logical_id)


def before(stack: Template, logical_id: str) -> set[str]:
    """What DependsOn says has to exist before a resource."""
    direct = set(many(stack.resources[logical_id].get("DependsOn", []))) & stack.resources.keys()
    return direct.union(*(before(stack, each) for each in direct))


def test_a_name_is_unique_in_the_account_and_no_longer_than_agentcore_takes() -> None:
    assert policy_name("foundation-dev", "platform_admin") == "foundation_dev_platform_admin"
    long = [policy_name("foundation-dev", f"tenant_{'x' * 30}_{end}") for end in ("one", "two")]
    assert [len(name) for name in long] == [LONGEST_NAME, LONGEST_NAME]
    assert long[0] != long[1]
    assert len({policy_name(f"foundation-{each}", "platform_admin") for each in ENVIRONMENTS}) == len(ENVIRONMENTS)
