"""The web ACL in front of the gateway (R10)."""

import pytest
from aws_cdk import App, CfnResource, Stack, aws_logs as logs

from foundation.encryption import EncryptionKey
from foundation.log_group import LogKeeping
from foundation.waf_rules import RULES, unknown_rules
from foundation.web_acl import GatewayWebAcl
from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, strings, template, written

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def rules(environment: str) -> dict[str, Json]:
    acl = template(environment, "gateway").only("AWS::WAFv2::WebACL")
    assert acl["Scope"] == "REGIONAL"
    assert acl["DefaultAction"] == {"Allow": {}}
    return {rule["Name"]: rule for rule in sorted(acl["Rules"], key=lambda rule: int(rule["Priority"]))}


@in_every_environment
def test_it_is_on_the_gateway(environment: str) -> None:
    stack = template(environment, "gateway")
    [association] = stack.of_type("AWS::WAFv2::WebACLAssociation").values()
    gateway = {"Fn::GetAtt": [stack.id_of("AWS::BedrockAgentCore::Gateway"), "GatewayArn"]}
    assert association["Properties"]["ResourceArn"] == gateway
    assert association["Properties"]["WebACLArn"] == {"Fn::GetAtt": [stack.id_of("AWS::WAFv2::WebACL"), "Arn"]}
    # The gateway takes a web ACL only when nothing else is being done with it.
    assert association["DependsOn"]


@in_every_environment
def test_an_address_that_asks_too_often_is_blocked(environment: str) -> None:
    rule = next(iter(rules(environment).values()))
    limit = load_settings(environment).environment.waf.requests_per_5_minutes_per_ip
    assert rule["Action"] == {"Block": {}}
    assert rule["Statement"] == {
        "RateBasedStatement": {"AggregateKeyType": "IP", "EvaluationWindowSec": 300, "Limit": limit}
    }


@in_every_environment
def test_oversized_requests_are_blocked(environment: str) -> None:
    rule = rules(environment)["sizes"]
    assert rule["Action"] == {"Block": {}}
    sizes = [s["SizeConstraintStatement"] for s in rule["Statement"]["OrStatement"]["Statements"]]
    assert {next(iter(size["FieldToMatch"])) for size in sizes} == {"UriPath", "QueryString", "Headers"}
    assert all(size["ComparisonOperator"] == "GT" for size in sizes)
    [headers] = [size["FieldToMatch"]["Headers"] for size in sizes if "Headers" in size["FieldToMatch"]]
    assert headers["OversizeHandling"] == "MATCH"


@in_every_environment
def test_aws_own_groups_do_what_aws_says_but_for_what_the_settings_count(environment: str) -> None:
    counted = load_settings(environment).environment.waf.counted_rules
    for group, known in RULES.items():
        rule = rules(environment)[group]
        assert rule["OverrideAction"] == {"None": {}}
        statement = rule["Statement"]["ManagedRuleGroupStatement"]
        overrides = {o["Name"]: o["ActionToUse"] for o in statement.get("RuleActionOverrides", [])}
        assert overrides == {name: {"Count": {}} for name in counted if name in known}


@in_every_environment
def test_its_log_shows_no_token(environment: str) -> None:
    stack = template(environment, "gateway")
    logging = stack.only("AWS::WAFv2::LoggingConfiguration")
    assert logging["RedactedFields"] == [{"SingleHeader": {"Name": "authorization"}}]
    [destination] = logging["LogDestinationConfigs"]
    group = written(destination).partition(":log-group:<")[2].removesuffix(">")
    assert stack.resources[group]["Properties"]["LogGroupName"] == f"aws-waf-logs-foundation-{environment}"
    # Samples of requests would show whole headers to whoever may read them.
    acl = stack.only("AWS::WAFv2::WebACL")
    assert all(rule["VisibilityConfig"]["SampledRequestsEnabled"] is False for rule in acl["Rules"])
    assert acl["VisibilityConfig"]["SampledRequestsEnabled"] is False


@in_every_environment
def test_a_request_that_it_cannot_judge_is_refused(environment: str) -> None:
    """FAIL_CLOSE is what the gateway does when nothing else is said."""
    assert "FAIL_OPEN" not in set(strings(template(environment, "gateway").body))


def test_a_rule_that_no_group_has_is_refused() -> None:
    assert unknown_rules(("SizeRestrictions_BODY", "Log4JRCE_BODY")) == []
    stack = Stack(App(), "Stack")
    key = EncryptionKey(stack, "Key", alias="key", description="Key", retain=False)
    with pytest.raises(ValueError, match="AWS WAF's groups have no rule SizeRestriction_BODY: take one of"):
        GatewayWebAcl(
            stack,
            "Acl",
            name="example",
            gateway_arn="arn",
            requests_per_5_minutes_per_ip=100,
            counted_rules=("SizeRestriction_BODY",),
            log_keeping=LogKeeping(key=key, retention=logs.RetentionDays.ONE_WEEK, retain=False),
            after=CfnResource(stack, "Gateway", type="AWS::BedrockAgentCore::Gateway"),
        )
