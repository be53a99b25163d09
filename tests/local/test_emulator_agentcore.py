"""AgentCore's control plane: unmodified boto3 works against it, and what AWS refuses is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from types_boto3_bedrock_agentcore_control import BedrockAgentCoreControlClient

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    GATEWAY_TRUST,
    LAMBDA_TRUST,
    Stack,
    StackFailedError,
    allow,
    function,
    get_att,
    outputs,
    ref,
    role,
    stack,
)

GREET = {"Name": "greet", "Description": "Greets", "InputSchema": {"Type": "object"}}
IAM_ROLE = [{"CredentialProviderType": "GATEWAY_IAM_ROLE"}]
ECHO = "def handler(event, context): return event"


@pytest.fixture(scope="module")
def base(emulator: Emulator) -> Iterator[dict[str, str]]:
    """A function, a role for gateways that may invoke it and one that may not."""
    resources = {
        "Role": role(LAMBDA_TRUST),
        "Function": function(ECHO),
        "Invoker": role(GATEWAY_TRUST, allow("lambda:InvokeFunction", resource=get_att("Function", "Arn"))),
        "Nobody": role(GATEWAY_TRUST),
    }
    arns = {name: get_att(name, "Arn") for name in resources}
    with stack(emulator, "agentcore-base") as made:
        yield made.create(resources, Outputs=outputs(**arns))


@pytest.fixture
def control(emulator: Emulator) -> Iterator[BedrockAgentCoreControlClient]:
    """The control plane's client; what a test leaves is removed."""
    client: BedrockAgentCoreControlClient = emulator.client("bedrock-agentcore-control")
    yield client
    for gateway in client.list_gateways()["items"]:
        for target in client.list_gateway_targets(gatewayIdentifier=gateway["gatewayId"])["items"]:
            delete_target(client, gateway["gatewayId"], target["targetId"])
        client.delete_gateway(gatewayIdentifier=gateway["gatewayId"])


def delete_target(client: BedrockAgentCoreControlClient, gateway_id: str, target_id: str) -> None:
    """Delete a target, as soon as there are not too many operations under way."""
    deadline = time.monotonic() + 10
    while True:
        try:
            client.delete_gateway_target(gatewayIdentifier=gateway_id, targetId=target_id)
            return
        except client.exceptions.ServiceQuotaExceededException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def gateway(base: dict[str, str], **changes: Any) -> dict[str, Any]:
    authorizer = {
        "customJWTAuthorizer": {
            "discoveryUrl": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x/.well-known/openid-configuration",
            "allowedClients": ["client"],
            "allowedAudience": ["accepted-as-on-aws"],
        }
    }
    wanted = {
        "name": "tools",
        "roleArn": base["Invoker"],
        "protocolType": "MCP",
        "authorizerType": "CUSTOM_JWT",
        "authorizerConfiguration": authorizer,
        **changes,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def target(base: dict[str, str], gateway_id: str, **changes: Any) -> dict[str, Any]:
    tools = [{"name": "greet", "description": "Greets", "inputSchema": {"type": "object"}}]
    lambda_target = {"lambdaArn": base["Function"], "toolSchema": {"inlinePayload": tools}}
    return {
        "gatewayIdentifier": gateway_id,
        "name": "greeter",
        "targetConfiguration": {"mcp": {"lambda": lambda_target}},
        "credentialProviderConfigurations": [{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
        **changes,
    }


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


def test_a_gateway_and_its_target_live_and_end(control: Any, base: dict[str, str]) -> None:
    created = control.create_gateway(**gateway(base, description="Tools", tags={"team": "one"}))
    assert created["status"] == "CREATING"
    gateway_id = created["gatewayId"]
    assert gateway_id.startswith("tools-")
    assert created["gatewayUrl"].startswith("http://127.0.0.1:")
    found = control.get_gateway(gatewayIdentifier=gateway_id)
    assert (found["status"], found["description"], found["gatewayUrl"]) == ("READY", "Tools", created["gatewayUrl"])
    assert control.list_tags_for_resource(resourceArn=found["gatewayArn"])["tags"] == {"team": "one"}
    assert control.list_gateways()["items"][0]["gatewayId"] == gateway_id

    target_id = control.create_gateway_target(**target(base, gateway_id))["targetId"]
    (listed,) = control.list_gateway_targets(gatewayIdentifier=gateway_id)["items"]
    assert (listed["targetId"], listed["name"], listed["targetType"]) == (target_id, "greeter", "LAMBDA")
    control.update_gateway_target(**target(base, gateway_id, targetId=target_id, description="new"))
    changed = control.get_gateway_target(gatewayIdentifier=gateway_id, targetId=target_id)
    assert changed["description"] == "new"
    assert changed["targetConfiguration"]["mcp"]["lambda"]["toolSchema"]["inlinePayload"][0]["name"] == "greet"

    with pytest.raises(ClientError) as error:
        control.delete_gateway(gatewayIdentifier=gateway_id)
    assert "has targets associated with it" in refused(error)[1]
    control.delete_gateway_target(gatewayIdentifier=gateway_id, targetId=target_id)
    control.delete_gateway(gatewayIdentifier=gateway_id)
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_gateway(gatewayIdentifier=gateway_id)


def test_an_update_replaces_every_setting(control: Any, base: dict[str, str]) -> None:
    created = control.create_gateway(**gateway(base, description="Tools", exceptionLevel="DEBUG", tags={"a": "b"}))
    gateway_id = created["gatewayId"]
    control.update_gateway(**gateway(base, gatewayIdentifier=gateway_id, description="Other"))
    found = control.get_gateway(gatewayIdentifier=gateway_id)
    assert found["description"] == "Other"
    assert "exceptionLevel" not in found
    assert (found["gatewayUrl"], found["createdAt"]) == (created["gatewayUrl"], created["createdAt"])
    assert control.list_tags_for_resource(resourceArn=found["gatewayArn"])["tags"] == {"a": "b"}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"name": "under_score"}, "ValidationException", "regular expression pattern"),
        ({"name": "x" * 49}, "ValidationException", "regular expression pattern"),
        ({"description": "d" * 201}, "ValidationException", "length less than or equal to 200"),
        ({"authorizerType": "MAYBE"}, "ValidationException", "enum value set: [CUSTOM_JWT, AWS_IAM, NONE"),
        ({"authorizerConfiguration": None}, "ValidationException", "authorizerConfiguration is required"),
        ({"authorizerType": "NONE"}, "ValidationException", "authorizerConfiguration is not allowed"),
        (
            {"protocolConfiguration": {"mcp": {"supportedVersions": ["2024-11-05"]}}},
            "ValidationException",
            "Unsupported MCP versions ['2024-11-05']",
        ),
        ({"roleArn": "arn:aws:iam::123456789012:role/none"}, "ValidationException", "does not exist or does not let"),
        (
            {"kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"},
            "ValidationException",
            "does not exist or is not enabled",
        ),
    ],
)
def test_a_gateway_that_aws_would_refuse(
    control: Any, base: dict[str, str], changes: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError) as error:
        control.create_gateway(**gateway(base, **changes))
    assert refused(error)[0] == code
    assert message in refused(error)[1]
    assert control.list_gateways()["items"] == []


def test_a_role_that_trusts_another_service(control: Any, base: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="does not let bedrock-agentcore"):
        control.create_gateway(**gateway(base, roleArn=base["Role"]))


def test_names_are_taken_once(control: Any, base: dict[str, str]) -> None:
    gateway_id = control.create_gateway(**gateway(base))["gatewayId"]
    with pytest.raises(control.exceptions.ConflictException):
        control.create_gateway(**gateway(base))
    control.create_gateway_target(**target(base, gateway_id))
    with pytest.raises(control.exceptions.ConflictException):
        control.create_gateway_target(**target(base, gateway_id))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "aws_operations"}, "regular expression pattern"),
        ({"credentialProviderConfigurations": [{"credentialProviderType": "OAUTH"}]}, "GATEWAY_IAM_ROLE only"),
        (
            {"credentialProviderConfigurations": [{"credentialProviderType": "GATEWAY_IAM_ROLE"}] * 2},
            "length less than or equal to 1",
        ),
        (
            {"metadataConfiguration": {"allowedRequestHeaders": ["X-Tenant-ID", "authorization", "Cookie"]}},
            "Restricted headers cannot be configured for propagation: authorization, Cookie",
        ),
        ({"metadataConfiguration": {"allowedResponseHeaders": ["Set-Cookie"]}}, "propagation: Set-Cookie"),
        (
            {
                "metadataConfiguration": {"allowedRequestHeaders": ["HOST"]},
                "targetConfiguration": {"mcp": {"mcpServer": {"endpoint": "https://tools.example.com/mcp"}}},
            },
            "propagation: HOST",
        ),
    ],
)
def test_a_target_that_aws_would_refuse(
    control: Any, base: dict[str, str], changes: dict[str, Any], message: str
) -> None:
    gateway_id = control.create_gateway(**gateway(base))["gatewayId"]
    with pytest.raises(control.exceptions.ValidationException) as error:
        control.create_gateway_target(**target(base, gateway_id, **changes))
    assert message in refused(error)[1]


def test_a_target_without_credential_provider(control: Any, base: dict[str, str]) -> None:
    gateway_id = control.create_gateway(**gateway(base))["gatewayId"]
    request = target(base, gateway_id)
    del request["credentialProviderConfigurations"]
    with pytest.raises(control.exceptions.ValidationException, match="Credential provider configurations"):
        control.create_gateway_target(**request)


def test_a_role_without_permission_for_the_function(control: Any, base: dict[str, str]) -> None:
    gateway_id = control.create_gateway(**gateway(base, roleArn=base["Nobody"]))["gatewayId"]
    with pytest.raises(control.exceptions.ValidationException, match="lacks permission to invoke Lambda function"):
        control.create_gateway_target(**target(base, gateway_id))


def test_a_tool_name_twice(control: Any, base: dict[str, str]) -> None:
    gateway_id = control.create_gateway(**gateway(base))["gatewayId"]
    request = target(base, gateway_id)
    request["targetConfiguration"]["mcp"]["lambda"]["toolSchema"]["inlinePayload"] *= 2
    with pytest.raises(control.exceptions.ValidationException, match="used more than once: greet"):
        control.create_gateway_target(**request)


def test_a_tool_schema_in_s3_is_read(emulator: Emulator, control: Any, base: dict[str, str]) -> None:
    gateway_id = control.create_gateway(**gateway(base))["gatewayId"]
    request = target(base, gateway_id)
    request["targetConfiguration"]["mcp"]["lambda"]["toolSchema"] = {"s3": {"uri": "s3://schemas/tools.json"}}
    with pytest.raises(control.exceptions.ValidationException, match=r"s3://schemas/tools\.json cannot be read"):
        control.create_gateway_target(**request)
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="schemas")
    s3.put_object(Bucket="schemas", Key="tools.json", Body=json.dumps([{"name": "greet"}]))
    assert control.create_gateway_target(**request)["targetId"]
    s3.delete_object(Bucket="schemas", Key="tools.json")
    s3.delete_bucket(Bucket="schemas")


def test_a_tool_schema_of_no_place(control: Any, base: dict[str, str]) -> None:
    gateway_id = control.create_gateway(**gateway(base))["gatewayId"]
    request = target(base, gateway_id)
    request["targetConfiguration"]["mcp"]["lambda"]["toolSchema"] = {"s3": {}}
    with pytest.raises(control.exceptions.ValidationException, match="cannot be read"):
        control.create_gateway_target(**request)


def test_headers_that_may_be_propagated_are_kept(control: Any, base: dict[str, str]) -> None:
    gateway_id = control.create_gateway(**gateway(base))["gatewayId"]
    allowed = {"allowedRequestHeaders": ["X-Tenant-ID", "X-Correlation-ID"]}
    made = control.create_gateway_target(**target(base, gateway_id, metadataConfiguration=allowed))
    found = control.get_gateway_target(gatewayIdentifier=gateway_id, targetId=made["targetId"])
    assert found["metadataConfiguration"] == allowed


def test_at_most_five_target_operations_at_once(control: Any, base: dict[str, str]) -> None:
    gateway_id = control.create_gateway(**gateway(base))["gatewayId"]

    def create(number: int) -> str:
        try:
            control.create_gateway_target(**target(base, gateway_id, name=f"target-{number}"))
        except control.exceptions.ServiceQuotaExceededException as error:
            return str(error)
        return "created"

    with ThreadPoolExecutor(12) as callers:
        outcomes = list(callers.map(create, range(12)))
    assert outcomes.count("created") >= 5
    refusals = {outcome for outcome in outcomes if outcome != "created"}
    assert len(refusals) == 1
    assert "5 concurrent" in refusals.pop()


def test_a_port_belongs_to_a_gateway_while_it_exists(control: Any, base: dict[str, str]) -> None:
    first = control.create_gateway(**gateway(base, name="one"))
    second = control.create_gateway(**gateway(base, name="two"))
    control.delete_gateway(gatewayIdentifier=first["gatewayId"])
    third = control.create_gateway(**gateway(base, name="three"))
    assert third["gatewayUrl"] == first["gatewayUrl"] != second["gatewayUrl"]
    assert control.get_gateway(gatewayIdentifier=second["gatewayId"])["gatewayUrl"] == second["gatewayUrl"]


def test_lists_come_in_pages(control: Any, base: dict[str, str]) -> None:
    for name in ("one", "two", "three"):
        control.create_gateway(**gateway(base, name=name))
    pages = list(control.get_paginator("list_gateways").paginate(PaginationConfig={"PageSize": 2}))
    assert [[item["name"] for item in page["items"]] for page in pages] == [["one", "two"], ["three"]]


def test_tags_are_added_and_removed(control: Any, base: dict[str, str]) -> None:
    arn = control.create_gateway(**gateway(base, tags={"a": "1", "b": "2"}))["gatewayArn"]
    control.tag_resource(resourceArn=arn, tags={"c": "3"})
    control.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert control.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2", "c": "3"}


def test_a_member_that_the_api_does_not_have_is_refused_by_name(emulator: Emulator, base: dict[str, str]) -> None:
    """boto3 would not send it, so this client only signs."""
    body = json.dumps({**gateway(base), "surprise": 1})
    headers = {"Content-Type": "application/json"}
    request = AWSRequest("POST", f"{emulator.endpoint_url}/gateways/", headers=headers, data=body)
    SigV4Auth(Credentials("test", "test"), "bedrock-agentcore", "us-east-1").add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    assert answer.status_code == 400
    assert answer.headers["x-amzn-errortype"] == "ValidationException"
    assert "surprise" in answer.text


GATEWAY = {
    "Type": "AWS::BedrockAgentCore::Gateway",
    "Properties": {
        "Name": "from-template",
        "ProtocolType": "MCP",
        "AuthorizerType": "CUSTOM_JWT",
        "AuthorizerConfiguration": {
            "CustomJWTAuthorizer": {
                "DiscoveryUrl": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x/.well-known/openid-configuration",
                "AllowedScopes": ["tools/read"],
            }
        },
        "Description": "first",
        "Tags": {"team": "one"},
    },
}


def gateway_stack(base: dict[str, str], *, role_arn: str | None = None, **changes: Any) -> dict[str, Any]:
    properties = {**GATEWAY["Properties"], "RoleArn": role_arn or base["Invoker"], **changes}  # type: ignore[dict-item]
    lambda_target = {"LambdaArn": base["Function"], "ToolSchema": {"InlinePayload": [GREET]}}
    return {
        "Gateway": {**GATEWAY, "Properties": properties},
        "Target": {
            "Type": "AWS::BedrockAgentCore::GatewayTarget",
            "Properties": {
                "GatewayIdentifier": ref("Gateway"),
                "Name": "greeter",
                "CredentialProviderConfigurations": IAM_ROLE,
                "TargetConfiguration": {"Mcp": {"Lambda": lambda_target}},
            },
        },
    }


def seen(control: Any, made: Stack) -> dict[str, Any]:
    found = control.get_gateway(gatewayIdentifier=made.id_of("Gateway"))
    tags = control.list_tags_for_resource(resourceArn=found["gatewayArn"])["tags"]
    return {"description": found.get("description"), "url": found["gatewayUrl"], "tags": tags}


def test_a_stack_with_a_gateway(emulator: Emulator, control: Any, base: dict[str, str]) -> None:
    wanted = ("GatewayArn", "GatewayIdentifier", "GatewayUrl", "Status")
    shown = {name: get_att("Gateway", name) for name in wanted}
    shown["TargetId"] = get_att("Target", "TargetId")
    shown["WorkloadIdentity"] = get_att("Gateway", "WorkloadIdentityDetails.WorkloadIdentityArn")
    with stack(emulator, "gateway") as made:
        told = made.create(gateway_stack(base), Outputs=outputs(**shown, Target=ref("Target")))
        found = control.get_gateway(gatewayIdentifier=made.id_of("Gateway"))
        assert told["GatewayUrl"] == found["gatewayUrl"]
        assert told["GatewayArn"] == found["gatewayArn"]
        assert told["GatewayIdentifier"] == made.id_of("Gateway") == found["gatewayId"]
        assert told["Target"] == f"{found['gatewayId']}|{told['TargetId']}"
        assert found["authorizerConfiguration"]["customJWTAuthorizer"]["allowedScopes"] == ["tools/read"]

        before = seen(control, made)
        made.update(gateway_stack(base, Description="second", Tags={"team": "two"}))
        assert seen(control, made) == {"description": "second", "url": before["url"], "tags": {"team": "two"}}
    assert control.list_gateways()["items"] == []


def test_a_gateway_returns_to_what_it_was_when_its_target_fails(
    emulator: Emulator, control: Any, base: dict[str, str]
) -> None:
    with stack(emulator, "gateway") as made:
        made.create(gateway_stack(base))
        before = seen(control, made)
        broken = gateway_stack(base, Description="second", Tags={})
        broken["Target"]["Properties"]["TargetConfiguration"]["Mcp"]["Lambda"]["LambdaArn"] += "-gone"
        with pytest.raises(StackFailedError, match=r"UPDATE_ROLLBACK_COMPLETE.*lacks permission"):
            made.update(broken)
        assert seen(control, made) == before


def test_another_gateway_for_a_target_replaces_it(emulator: Emulator, control: Any, base: dict[str, str]) -> None:
    with stack(emulator, "gateway") as made:
        resources = gateway_stack(base)
        resources["Second"] = gateway_stack(base, Name="second")["Gateway"]
        made.create(resources)
        old = made.id_of("Target")
        resources["Target"]["Properties"]["GatewayIdentifier"] = ref("Second")
        made.update(resources)
        assert made.id_of("Target").partition("|")[0] == made.id_of("Second")
        assert control.list_gateway_targets(gatewayIdentifier=old.partition("|")[0])["items"] == []
