"""Nobody invokes an agent's function past its URL: the rule finds every permission that lets somebody."""

from typing import Any

import pytest

from foundation.checks import agentcore
from foundation.checks.function_urls import INVOKE, RULE, RULES
from foundation.checks.template import Template

ARN = {"Fn::GetAtt": ["Agent", "Arn"]}
VIA_URL = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


def found(**resources: Any) -> list[tuple[str, str]]:
    """Rule and place of each finding in a template with an agent's function, its URL and these."""
    body = {
        "Agent": {"Type": "AWS::Lambda::Function"},
        "Tool": {"Type": "AWS::Lambda::Function"},
        "Url": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": ARN, "AuthType": "AWS_IAM"}},
        **resources,
    }
    template = Template({"Resources": body})
    return [(finding.rule, finding.logical_id) for rule in RULES for finding in rule(template)]


def policy(resource: Any, *, action: Any = INVOKE, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}


def permission(function: Any, **more: Any) -> dict[str, Any]:
    properties = {"Action": INVOKE, "FunctionName": function, "Principal": "123456789012", **more}
    return {"Type": "AWS::Lambda::Permission", "Properties": properties}


@pytest.mark.parametrize(
    "made",
    [
        policy(ARN),
        policy([{"Fn::GetAtt": ["Tool", "Arn"]}, ARN]),
        policy({"Fn::Join": ["", [ARN, ":*"]]}),
        policy("*"),
        policy("arn:aws:lambda:*"),
        policy({"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:foundation-prod-*"}),
        policy(ARN, action="lambda:*"),
        policy(ARN, action=["lambda:GetFunction", "lambda:invoke*"]),
        policy(ARN, Condition={"Bool": {"lambda:InvokedViaFunctionUrl": "false"}}),
        policy(ARN, Condition={"StringEquals": {"aws:PrincipalTag/team": "finance"}}),
        permission({"Ref": "Agent"}),
        permission(ARN),
        permission(ARN, InvokedViaFunctionUrl=False),
        permission(ARN, Action="lambda:*"),
    ],
)
def test_a_way_past_the_url_is_found(made: dict[str, Any]) -> None:
    assert found(Made=made) == [(RULE, "Made")]


@pytest.mark.parametrize(
    "made",
    [
        policy(ARN, Condition=VIA_URL),
        policy("*", Condition=VIA_URL),
        policy(ARN, action="lambda:InvokeFunctionUrl"),
        policy(ARN, Effect="Deny"),
        policy({"Fn::GetAtt": ["Tool", "Arn"]}),
        policy({"Fn::Join": ["", [{"Fn::GetAtt": ["Tool", "Arn"]}, ":*"]]}),
        policy("arn:aws:lambda:us-east-1:123456789012:function:a-tool:live"),
        policy("arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/*", action="*"),
        permission({"Ref": "Tool"}),
        permission(ARN, InvokedViaFunctionUrl=True),
        permission(ARN, Action="lambda:InvokeFunctionUrl"),
    ],
)
def test_what_leads_through_the_url_or_elsewhere_is_not(made: dict[str, Any]) -> None:
    assert found(Made=made) == []


def test_every_app_is_checked() -> None:
    assert set(RULES) <= set(agentcore.ALWAYS)
