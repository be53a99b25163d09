"""What AWS refuses of a template is refused, by name, and a failed change leaves the earlier state."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
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

PARAMETER: dict[str, Any] = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Name": "/test/value", "Type": "String", "Value": "one"},
}
MISSING_FUNCTION = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "FunctionName": "no-such-function",
        "Action": "lambda:InvokeFunction",
        "Principal": "secretsmanager.amazonaws.com",
    },
}


def gateway_target(**configuration: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::BedrockAgentCore::GatewayTarget",
        "Properties": {
            "GatewayIdentifier": "some-gateway-0123456789",
            "Name": "target",
            "TargetConfiguration": configuration,
        },
    }


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"Type": "AWS::S3::Buckett"}, "AWS has no resource type AWS::S3::Buckett"),
        ({"Type": "AWS::GameLift::Fleet"}, "the local run has no resource type AWS::GameLift::Fleet"),
        (
            {**PARAMETER, "Properties": {**PARAMETER["Properties"], "Valeu": "x"}},
            "Bad (AWS::SSM::Parameter): Valeu: unknown property",
        ),
        (
            {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "VpcId": "vpc-1"}},
            "VpcId: is set by AWS only",
        ),
        ({"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/x"}}, "TargetKeyId: is required"),
        (
            {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "Text", "Value": "x"}},
            "Type: is 'Text', allowed are",
        ),
        (
            gateway_target(Mcp={"Lambda": {"LambdaArn": ref("Other"), "Tools": []}}),
            "TargetConfiguration.Mcp.Lambda.Tools: unknown property",
        ),
        (gateway_target(Mpc={}), "TargetConfiguration.Mpc: unknown property"),
        (gateway_target(), "TargetConfiguration: one of Http, Inference, Mcp is required"),
        ({"Type": "Custom::Thing", "Properties": {"Anything": 1}}, "ServiceToken: is required"),
    ],
)
def test_a_bad_resource_is_refused_before_anything_is_created(
    emulator: Emulator, resource: dict[str, Any], expected: str
) -> None:
    with stack(emulator, "refused") as refused:
        with pytest.raises(ClientError) as error:
            refused.create({"Good": PARAMETER, "Other": PARAMETER, "Bad": resource})
        assert expected in str(error.value)
    with pytest.raises(emulator.client("ssm").exceptions.ParameterNotFound):
        emulator.client("ssm").get_parameter(Name="/test/value")


def test_every_mistake_of_a_template_is_named_at_once(emulator: Emulator) -> None:
    with stack(emulator, "refused") as refused, pytest.raises(ClientError) as error:
        refused.create({"A": {"Type": "AWS::X::Y"}, "B": {"Type": "AWS::SSM::Parameter", "Properties": {"No": 1}}})
    for part in ("AWS::X::Y", "No: unknown property", "Type: is required", "Value: is required"):
        assert part in str(error.value)


def test_a_branch_that_a_condition_excludes_is_not_judged_by_its_value(emulator: Emulator) -> None:
    value = {"Fn::If": ["Never", {"Ref": "AWS::NoValue"}, "kept"]}
    with stack(emulator, "conditional") as conditional:
        created = conditional.create(
            {
                "Bad": {"Type": "AWS::SSM::Parameter", "Condition": "Never", "Properties": {"Typo": 1}},
                "Good": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}},
            },
            Conditions={"Never": {"Fn::Equals": ["a", "b"]}},
            Outputs=outputs(Value=get_att("Good", "Value")),
        )
    assert created["Value"] == "kept"


def test_a_value_that_only_deployment_shows_is_checked_then(emulator: Emulator) -> None:
    resources = {
        "First": PARAMETER,
        "Second": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": get_att("First", "Value"), "Value": "x"}},
    }
    with stack(emulator, "late") as late:
        with pytest.raises(StackFailedError, match=r"Second: Model validation failed .*Type: is 'one'"):
            late.create(resources)
        assert late.status() == "ROLLBACK_COMPLETE"


def test_conditions_evaluate_the_functions_in_their_operands(emulator: Emulator) -> None:
    joined = {"Fn::Join": ["", ref("List")]}
    with stack(emulator, "joined") as made:
        created = made.create(
            {"Parameter": PARAMETER},
            Parameters={"List": {"Type": "CommaDelimitedList", "Default": ""}},
            Conditions={
                "Given": {"Fn::Not": [{"Fn::Equals": ["", joined]}]},
                "Here": {"Fn::Equals": [ref("AWS::Region"), "us-east-1"]},
                "Both": {"Fn::And": [{"Condition": "Here"}, {"Fn::Not": [{"Condition": "Given"}]}]},
            },
            Outputs=outputs(Given={"Fn::If": ["Given", "yes", "no"]}, Both={"Fn::If": ["Both", "yes", "no"]}),
        )
    assert created == {"Given": "no", "Both": "yes"}


def test_a_permission_for_a_missing_function_fails(emulator: Emulator) -> None:
    with stack(emulator, "permission") as made, pytest.raises(StackFailedError, match="Function not found"):
        made.create({"Permission": MISSING_FUNCTION})


def test_a_function_whose_role_does_not_trust_lambda_fails(emulator: Emulator) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    with stack(emulator, "untrusted") as made, pytest.raises(StackFailedError, match="cannot be assumed by Lambda"):
        made.create({"Role": role({"Statement": [statement]}), "Function": function("def handler(e, c): pass")})


def test_a_create_that_fails_half_way_leaves_nothing(emulator: Emulator) -> None:
    with stack(emulator, "half") as half, pytest.raises(StackFailedError, match="ROLLBACK_COMPLETE"):
        half.create({"Parameter": PARAMETER, "Bad": {**MISSING_FUNCTION, "DependsOn": "Parameter"}})
    with pytest.raises(emulator.client("ssm").exceptions.ParameterNotFound):
        emulator.client("ssm").get_parameter(Name="/test/value")


def test_an_update_that_fails_half_way_returns_to_the_earlier_state(emulator: Emulator) -> None:
    def resources(value: str, **extra: Any) -> dict[str, Any]:
        code = f"def handler(event, context): return {value!r}"
        return {
            "Parameter": {**PARAMETER, "Properties": {**PARAMETER["Properties"], "Value": value}},
            "Role": role(LAMBDA_TRUST, allow("s3:GetObject", resource=f"arn:aws:s3:::{value}/*")),
            "Function": function(code, Environment={"Variables": {"VALUE": value}}, Description=value),
            "Secret": {
                "Type": "AWS::SecretsManager::Secret",
                "Properties": {"Description": value, "SecretString": value},
            },
            **extra,
        }

    def seen() -> dict[str, Any]:
        name, secret = made.id_of("Function"), made.id_of("Secret")
        lambdas, secrets = emulator.client("lambda"), emulator.client("secretsmanager")
        policy = emulator.client("iam").get_role_policy(RoleName=made.id_of("Role"), PolicyName="own")
        return {
            "parameter": emulator.client("ssm").get_parameter(Name="/test/value")["Parameter"]["Value"],
            "answer": lambdas.invoke(FunctionName=name)["Payload"].read(),
            "variables": lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"],
            "policy": policy["PolicyDocument"]["Statement"][0]["Resource"],
            "description": secrets.describe_secret(SecretId=secret)["Description"],
            "ids": (name, secret),
        }

    with stack(emulator, "rollback") as made:
        made.create(resources("one"))
        before = seen()
        last = ["Parameter", "Function", "Secret"]
        extra = {
            "Added": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": "/test/added", "Type": "String", "Value": "x"},
            },
            "Bad": {**MISSING_FUNCTION, "DependsOn": [*last, "Added"]},
        }
        with pytest.raises(StackFailedError, match=r"UPDATE_ROLLBACK_COMPLETE.*Bad: Function not found"):
            made.update(resources("two", **extra))
        assert seen() == before
        with pytest.raises(emulator.client("ssm").exceptions.ParameterNotFound):
            emulator.client("ssm").get_parameter(Name="/test/added")
        made.update(resources("two"))
        assert seen()["parameter"] == "two", "the stack can be updated again"
