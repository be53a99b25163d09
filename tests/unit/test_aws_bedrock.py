"""Whatever a gateway's target is, where calls go is shown, and nothing that lets someone else go there."""

from datetime import UTC, datetime
from typing import Any

import pytest

from aws_operations.ai.handler import server
from tests.unit.lambda_calls import call
from tests.unit.lambda_stubs import answers_of
from toolkit import Aws

TOOL = "bedrock_read_operations"
ASKED = {"operation": "get_gateway_target", "gateway_id": "tools-abcdefghij", "target_id": "ABCDEFGHIJ"}
NOW = datetime(2026, 11, 20, tzinfo=UTC)
PROVIDER = "arn:aws:bedrock-agentcore:us-east-1:123456789012:token-vault/default/apikeycredentialprovider/weather"
BY_KEY = {
    "credentialProviderType": "API_KEY",
    "credentialProvider": {"apiKeyCredentialProvider": {"providerArn": PROVIDER, "credentialParameterName": "key"}},
}


def target(configuration: dict[str, Any]) -> dict[str, Any]:
    return {
        "gatewayArn": "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/tools-abcdefghij",
        "targetId": "ABCDEFGHIJ",
        "name": "weather",
        "status": "FAILED",
        "statusReasons": ["The server did not answer"],
        "createdAt": NOW,
        "updatedAt": NOW,
        "targetConfiguration": configuration,
        "credentialProviderConfigurations": [BY_KEY],
        "authorizationData": {"oauth2": {"authorizationUrl": "https://login.example/?state=s3cret"}},
    }


@pytest.mark.parametrize(
    ("configuration", "kind", "forwards_to"),
    [
        (
            {"mcp": {"mcpServer": {"endpoint": "https://mcp.example/mcp?key=s3cret"}}},
            "mcpServer",
            {"endpoint": "https://mcp.example/mcp"},
        ),
        (
            {"mcp": {"openApiSchema": {"s3": {"uri": "s3://schemas/weather.json"}}}},
            "openApiSchema",
            {"schema_bucket_uri": "s3://schemas/weather.json"},
        ),
        ({"mcp": {"openApiSchema": {"inlinePayload": '{"openapi": "s3cret"}'}}}, "openApiSchema", {}),
        (
            {
                "mcp": {
                    "apiGateway": {
                        "restApiId": "a1b2c3",
                        "stage": "prod",
                        "apiGatewayToolConfiguration": {"toolFilters": []},
                    }
                }
            },
            "apiGateway",
            {"rest_api_id": "a1b2c3", "stage": "prod"},
        ),
        (
            {"http": {"agentcoreRuntime": {"arn": "arn:aws:bedrock-agentcore:::runtime/agent-abcdefghij"}}},
            "agentcoreRuntime",
            {"runtime_arn": "arn:aws:bedrock-agentcore:::runtime/agent-abcdefghij"},
        ),
        (
            {
                "http": {
                    "passthrough": {
                        "endpoint": "https://api.example",
                        "protocolType": "CUSTOM",
                        "staticQueryParameters": {"key": "s3cret"},
                    }
                }
            },
            "passthrough",
            {"endpoint": "https://api.example"},
        ),
    ],
)
def test_a_target_of_every_kind_shows_where_calls_go(
    configuration: dict[str, Any], kind: str, forwards_to: dict[str, str]
) -> None:
    with answers_of("bedrock-agentcore-control") as stubber:
        stubber.add_response("get_gateway_target", target(configuration))
        answer = call(server, TOOL, ASKED)
    assert (answer["kind"], answer["forwards_to"]) == (kind, forwards_to)
    assert answer["status_reasons"] == ["The server did not answer"]
    assert answer["credentials"] == [{"type": "API_KEY", "provider_arn": PROVIDER}]
    assert "s3cret" not in str(answer)


@pytest.mark.parametrize(
    ("configuration", "protocol", "kind"),
    [
        ({"SDK_UNKNOWN_MEMBER": {"name": "grpc"}}, "grpc", None),
        ({"mcp": {"SDK_UNKNOWN_MEMBER": {"name": "newest"}}}, "mcp", "newest"),
    ],
)
def test_a_target_that_is_newer_than_boto3_is_named(
    configuration: dict[str, Any], protocol: str, kind: str | None
) -> None:
    with answers_of("bedrock-agentcore-control") as stubber:
        # A stub takes only what botocore's model knows.
        stubber.add_response("get_gateway_target", target({"mcp": {"mcpServer": {"endpoint": "https://known"}}}))
        client = Aws().client("bedrock-agentcore-control")
        client.meta.events.register("after-call", lambda parsed, **_: parsed.update(targetConfiguration=configuration))
        answer = call(server, TOOL, ASKED)
    assert (answer["protocol"], answer["kind"], answer["forwards_to"]) == (protocol, kind, {})


def test_models_come_page_by_page_though_aws_gives_all() -> None:
    models = [{"modelArn": f"arn:aws:bedrock:::foundation-model/m{n}", "modelId": f"m{n}"} for n in range(3)]
    with answers_of("bedrock") as stubber:
        for _ in range(2):
            stubber.add_response("list_foundation_models", {"modelSummaries": models}, {"byOutputModality": "TEXT"})
        arguments = {"operation": "list_foundation_models", "output": "TEXT", "page_size": 2}
        first = call(server, TOOL, arguments)
        last = call(server, TOOL, arguments | {"page_token": first["next_page_token"]})
    assert [model["id"] for page in (first, last) for model in page["models"]] == ["m0", "m1", "m2"]
    assert last["next_page_token"] is None


def test_logging_that_was_never_set_is_off() -> None:
    with answers_of("bedrock") as stubber:
        stubber.add_response("get_model_invocation_logging_configuration", {})
        answer = call(server, TOOL, {"operation": "get_invocation_logging"})
    assert answer == {"enabled": False, "log_group": None, "bucket": None, "bucket_prefix": None, "content": []}
