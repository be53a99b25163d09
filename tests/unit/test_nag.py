"""A finding of any pack stops the synthesis, and only an acknowledgement with a reason lets it pass."""

import json
from pathlib import Path
from typing import Any

import jsii
import pytest
from aws_cdk import App, Stack, aws_bedrockagentcore as agentcore, aws_iam as iam, aws_logs as logs
from constructs import Construct, IValidation

from foundation.acknowledge import acknowledge, qualified
from foundation.nag import PACKS, add_policy_packs, synthesize

REASON = "The log group of a test keeps nothing that must expire."


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(outdir=str(tmp_path))


def report(app: App) -> dict[str, Any]:
    """Violations and accepted violations of the last synthesis by pack."""
    document = json.loads((Path(app.outdir) / "validation-report.json").read_text())
    return {pack["pluginName"]: pack for pack in document["pluginReports"]}


OF_AN_OPEN_GATEWAY = tuple(
    f"AgentCore-{rule}"
    for rule in ("Authorizer", "DebugExceptions", "Interceptors", "PolicyEngine", "RateLimits", "WebAcl")
)


def open_gateway(scope: Construct) -> agentcore.CfnGateway:
    return agentcore.CfnGateway(
        scope,
        "Gateway",
        name="open",
        authorizer_type="NONE",
        protocol_type="MCP",
        role_arn="arn:aws:iam::123456789012:role/gateway",
        kms_key_arn="arn:aws:kms:us-east-1:123456789012:key/1",
        exception_level="DEBUG",
        protocol_configuration={"mcp": {"supportedVersions": ["2025-11-25"]}},
    )


def test_a_finding_of_ours_stops_the_synthesis_and_names_rule_path_and_way_out(app: App) -> None:
    open_gateway(Stack(app, "Stack"))
    add_policy_packs(app, packs=[], debug_allowed=True)
    with pytest.raises(SystemExit) as stopped:
        synthesize(app)
    text = str(stopped.value)
    assert "AgentCore::AgentCore-Authorizer" in text
    assert "Stack/Gateway (Gateway)" in text
    assert "set CUSTOM_JWT (or AWS_IAM)" in text
    assert "AgentCore-DebugExceptions" not in text


def test_an_acknowledged_finding_of_ours_passes_and_stays_in_the_report_with_its_reason(app: App) -> None:
    gateway = open_gateway(Stack(app, "Stack"))
    acknowledge(gateway, {OF_AN_OPEN_GATEWAY: REASON})
    add_policy_packs(app, packs=[], debug_allowed=False)
    synthesize(app)
    accepted = report(app)["AgentCore"]["suppressedViolations"]
    assert {(found["ruleName"], found["reason"], found["acknowledgedAt"]) for found in accepted} == {
        (rule, REASON, "Stack/Gateway") for rule in OF_AN_OPEN_GATEWAY
    }


def test_a_finding_of_a_public_pack_stops_the_synthesis(app: App) -> None:
    role = iam.Role(Stack(app, "Stack"), "Role", assumed_by=iam.AnyPrincipal())
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject", "s3:List*"], resources=["*"]))
    acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": REASON})
    add_policy_packs(app, packs=["AwsSolutions"], debug_allowed=False)
    with pytest.raises(SystemExit, match=r"Acknowledge with 'AwsSolutions::AwsSolutions-IAM5\[Action::s3:List\*\]'"):
        synthesize(app)
    (accepted,) = report(app)["AwsSolutions"]["suppressedViolations"]
    assert accepted["ruleName"] == "AwsSolutions-IAM5[Resource::*]"


def test_a_warning_stops_the_synthesis_even_when_another_was_acknowledged(app: App) -> None:
    stack = Stack(app, "Stack")
    logs.CfnLogGroup(stack, "Open")
    acknowledge(logs.CfnLogGroup(stack, "Accepted"), {"Serverless-CloudWatchLogGroupRetentionPeriod": REASON})
    add_policy_packs(app, packs=["Serverless"], debug_allowed=False)
    with pytest.raises(SystemExit, match="Stack/Open"):
        synthesize(app)


@pytest.mark.parametrize("pack", ["NIST80053R5", "PCIDSS321", "HIPAASecurity"])
def test_the_inline_policies_of_grants_are_accepted_for_the_whole_app(app: App, pack: str) -> None:
    role = iam.Role(Stack(app, "Stack"), "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/key"]))
    add_policy_packs(app, packs=[pack], debug_allowed=False)
    synthesize(app)
    (accepted,) = next(iter(report(app).values()))["suppressedViolations"]
    assert accepted["ruleName"].endswith("-IAMNoInlinePolicy")


def test_another_error_of_the_synthesis_is_not_taken_for_a_finding(app: App) -> None:
    @jsii.implements(IValidation)
    class Refusal:
        def validate(self) -> list[str]:
            return ["refused for a test"]

    Stack(app, "Stack").node.add_validation(Refusal())
    add_policy_packs(app, packs=[], debug_allowed=False)
    with pytest.raises(RuntimeError, match="refused for a test"):
        synthesize(app)


def test_an_unknown_pack_is_refused_with_the_known_ones(app: App) -> None:
    with pytest.raises(ValueError, match=f"Unknown policy packs Cis; there are {', '.join(PACKS)}."):
        add_policy_packs(app, packs=["Serverless", "Cis"], debug_allowed=False)


@pytest.mark.parametrize("reason", ["", "   ", "false positive", "not needed" + " " * 30])
def test_a_reason_too_short_to_be_checked_is_refused(app: App, reason: str) -> None:
    with pytest.raises(ValueError, match="name the fact that a reviewer can check"):
        acknowledge(Stack(app, "Stack"), {"AwsSolutions-VPC7": reason})


@pytest.mark.parametrize(
    ("rule", "recorded"),
    [
        ("AwsSolutions-IAM5[Resource::*]", "AwsSolutions::AwsSolutions-IAM5[Resource::*]"),
        ("NIST.800.53.R5-LambdaDLQ", "NIST.800.53.R5::NIST.800.53.R5-LambdaDLQ"),
        ("CloudFormation-Validate::W3010", "CloudFormation-Validate::W3010"),
    ],
)
def test_an_id_is_recorded_with_its_pack(rule: str, recorded: str) -> None:
    assert qualified(rule) == recorded


@pytest.mark.parametrize("rule", ["IAM5", "", "[Resource::*]", "AwsSolutions-"])
def test_an_id_without_a_pack_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="is no id of a policy rule"):
        qualified(rule)
