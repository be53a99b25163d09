"""The check against CloudFormation's schemas, and the spelling it leads to in an API request."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from local.emulator.resources.casing import UnknownMemberError, to_attributes, to_request
from local.emulator.schemas import ResourceSchemas
from tests.local.conftest import SCHEMAS

schemas = ResourceSchemas(SCHEMAS)


def problems(kind: str, **properties: Any) -> list[str]:
    schema = schemas.get(kind)
    assert schema is not None
    return schema.problems(properties)


def test_a_type_that_aws_does_not_have() -> None:
    assert schemas.get("AWS::Nothing::Here") is None


def test_what_replaces_and_what_only_aws_sets() -> None:
    target = schemas.get("AWS::BedrockAgentCore::GatewayTarget")
    assert target is not None
    assert target.create_only == ("GatewayIdentifier",)
    assert {"TargetId", "Status"} <= target.read_only


@pytest.mark.parametrize("value", [True, "true", "false", False])
def test_booleans_may_be_written_as_text(value: Any) -> None:
    assert problems("AWS::EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsSupport=value) == []


@pytest.mark.parametrize("value", ["yes", 1, [], {}])
def test_other_values_are_no_booleans(value: Any) -> None:
    assert len(problems("AWS::EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsSupport=value)) == 1


@pytest.mark.parametrize(
    "value",
    [{"Ref": "X"}, {"Fn::GetAtt": ["X", "Y"]}, {"Fn::If": ["C", 5, {"Ref": "AWS::NoValue"}]}, "{{resolve:ssm:x}}"],
)
def test_what_an_intrinsic_gives_later_is_not_judged(value: Any) -> None:
    assert problems("AWS::Lambda::Function", Code={}, Role="arn:aws:iam::123456789012:role/r", Timeout=value) == []


def test_every_branch_of_an_if_is_judged() -> None:
    timeout = {"Fn::If": ["C", 0, {"Ref": "X"}]}
    found = problems("AWS::Lambda::Function", Code={}, Role="arn:aws:iam::123456789012:role/r", Timeout=timeout)
    assert found == ["Timeout: is 0, from 1 to 5400 is allowed"]


def test_no_value_does_not_satisfy_a_required_property() -> None:
    assert "Role: is required" in problems("AWS::Lambda::Function", Code={}, Role={"Ref": "AWS::NoValue"})


def test_two_alternatives_at_once() -> None:
    lambda_target = {"LambdaArn": {"Ref": "X"}, "ToolSchema": {"InlinePayload": []}}
    both = {"Mcp": {"Lambda": lambda_target}, "Http": {}}
    found = problems("AWS::BedrockAgentCore::GatewayTarget", GatewayIdentifier="g", Name="n", TargetConfiguration=both)
    assert any("TargetConfiguration" in problem for problem in found)


def shape(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def test_properties_are_spelled_as_the_api_has_them() -> None:
    properties = {
        "Name": "g",
        "AuthorizerConfiguration": {"CustomJWTAuthorizer": {"DiscoveryUrl": "u", "AllowedClients": ["c"]}},
        "ProtocolConfiguration": {"Mcp": {"StreamingConfiguration": {"EnableResponseStreaming": "true"}}},
        "Tags": {"Team": "One"},
    }
    assert to_request(properties, shape("bedrock-agentcore-control", "CreateGateway")) == {
        "name": "g",
        "authorizerConfiguration": {"customJWTAuthorizer": {"discoveryUrl": "u", "allowedClients": ["c"]}},
        "protocolConfiguration": {"mcp": {"streamingConfiguration": {"enableResponseStreaming": True}}},
        "tags": {"Team": "One"},
    }


def test_tags_become_a_map_where_the_api_has_one() -> None:
    tags = [{"Key": "team", "Value": "one"}]
    assert to_request({"Tags": tags}, shape("logs", "PutDeliverySource")) == {"tags": {"team": "one"}}


def test_a_property_without_counterpart_is_an_error() -> None:
    authorizer = shape("bedrock-agentcore-control", "CreateGateway").members["authorizerConfiguration"]
    with pytest.raises(UnknownMemberError, match=r"CustomJWTAuthorizer\.Issuer"):
        to_request({"CustomJWTAuthorizer": {"Issuer": 1}}, authorizer)


def test_answers_become_attributes() -> None:
    answer = {"gatewayId": "g", "workloadIdentityDetails": {"workloadIdentityArn": "a"}, "statusReasons": ["r"]}
    assert to_attributes(answer) == {
        "GatewayId": "g",
        "WorkloadIdentityDetails.WorkloadIdentityArn": "a",
        "StatusReasons": ["r"],
    }
