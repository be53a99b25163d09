"""Reads Bedrock: models, inference profiles, provisioned capacity, invocation logs; and AgentCore: gateways, runtimes.

No operation calls a model, fetches a token or shows what the token vault holds: a target's credentials are shown as the
ARN of their provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from aws_operations.ai.server import server
from aws_operations.rows import without_credentials
from toolkit import Answer, Aws, Page, given

if TYPE_CHECKING:
    from types_boto3_bedrock_agentcore_control import BedrockAgentCoreControlClient

Item = Mapping[str, Any]

bedrock = server.family(
    "bedrock_read_operations",
    "Read Amazon Bedrock without changing anything: models, inference profiles, provisioned capacity, invocation "
    "logging; AgentCore gateways with their targets, and agent runtimes.",
    self_check={"operation": "list_custom_models", "page_size": 1},
)


@bedrock.operation(actions=["bedrock:ListFoundationModels"])
def list_foundation_models(
    aws: Aws, page: Page, provider: str = "", output: Literal["TEXT", "IMAGE", "EMBEDDING"] | None = None
) -> Answer:
    """List the foundation models of the region: ids, providers, modalities, how they are called, end of life.

    Args:
        provider: Only models of this provider, such as Amazon or Anthropic.
        output: Only models that give this.
    """
    found = aws.client("bedrock").list_foundation_models(**given(byProvider=provider, byOutputModality=output))
    shown = page.slice([_model(item) for item in found.get("modelSummaries", [])])
    return {"models": shown["items"], "next_page_token": shown["next_page_token"]}


@bedrock.operation(actions=["bedrock:GetFoundationModel on foundation-model"])
def get_foundation_model(aws: Aws, model_id: str) -> Answer:
    """Show a foundation model: modalities, streaming, how it is called, end of life.

    Args:
        model_id: The model's id, such as amazon.nova-lite-v1:0.
    """
    return _model(aws.client("bedrock").get_foundation_model(modelIdentifier=model_id)["modelDetails"])


@bedrock.operation(actions=["bedrock:ListInferenceProfiles"])
def list_inference_profiles(
    aws: Aws, page: Page, profile_type: Literal["SYSTEM_DEFINED", "APPLICATION"] | None = None
) -> Answer:
    """List the inference profiles: which models in which regions each routes to.

    Args:
        profile_type: Only AWS's own (SYSTEM_DEFINED) or only the account's (APPLICATION).
    """
    found = aws.client("bedrock").list_inference_profiles(
        **page.request("maxResults", "nextToken", most=1000), **given(typeEquals=profile_type)
    )
    return {
        "inference_profiles": [_inference_profile(item) for item in found.get("inferenceProfileSummaries", [])],
        "next_page_token": found.get("nextToken"),
    }


@bedrock.operation(
    actions=[
        "bedrock:GetInferenceProfile on inference-profile",
        "bedrock:GetInferenceProfile on application-inference-profile",
    ]
)
def get_inference_profile(aws: Aws, profile_id: str) -> Answer:
    """Show an inference profile of AWS or of the account.

    Args:
        profile_id: The profile's id or ARN, such as us.amazon.nova-lite-v1:0.
    """
    return _inference_profile(aws.client("bedrock").get_inference_profile(inferenceProfileIdentifier=profile_id))


@bedrock.operation(actions=["bedrock:ListProvisionedModelThroughputs"])
def list_provisioned_throughputs(aws: Aws, page: Page) -> Answer:
    """List the capacity that is bought for models: units, state, commitment and its end."""
    found = aws.client("bedrock").list_provisioned_model_throughputs(
        **page.request("maxResults", "nextToken", most=1000)
    )
    throughputs = [
        {
            "name": item["provisionedModelName"],
            "arn": item["provisionedModelArn"],
            "model_arn": item["modelArn"],
            "status": item["status"],
            "model_units": item["modelUnits"],
            "desired_model_units": item["desiredModelUnits"],
            "commitment": item.get("commitmentDuration"),
            "commitment_ends": item.get("commitmentExpirationTime"),
            "created": item["creationTime"],
        }
        for item in found.get("provisionedModelSummaries", [])
    ]
    return {"provisioned_throughputs": throughputs, "next_page_token": found.get("nextToken")}


@bedrock.operation(actions=["bedrock:ListCustomModels"])
def list_custom_models(aws: Aws, page: Page) -> Answer:
    """List the models that the account made of others: base model, kind of customization, state."""
    found = aws.client("bedrock").list_custom_models(**page.request("maxResults", "nextToken", most=1000))
    models = [
        {
            "name": item["modelName"],
            "arn": item["modelArn"],
            "base_model": item["baseModelName"],
            "customization": item.get("customizationType"),
            "status": item.get("modelStatus"),
            "created": item["creationTime"],
        }
        for item in found.get("modelSummaries", [])
    ]
    return {"custom_models": models, "next_page_token": found.get("nextToken")}


@bedrock.operation(actions=["bedrock:GetModelInvocationLoggingConfiguration"])
def get_invocation_logging(aws: Aws) -> Answer:
    """Show whether and where calls of models are logged, and which kinds of content with them."""
    found = aws.client("bedrock").get_model_invocation_logging_configuration().get("loggingConfig") or {}
    kinds = ("text", "image", "embedding", "video", "audio")
    return {
        "enabled": bool(found.get("cloudWatchConfig") or found.get("s3Config")),
        "log_group": found.get("cloudWatchConfig", {}).get("logGroupName"),
        "bucket": found.get("s3Config", {}).get("bucketName"),
        "bucket_prefix": found.get("s3Config", {}).get("keyPrefix"),
        "content": [kind for kind in kinds if found.get(f"{kind}DataDeliveryEnabled")],
    }


@bedrock.operation(actions=["bedrock-agentcore:ListGateways"])
def list_gateways(aws: Aws, page: Page) -> Answer:
    """List the AgentCore gateways: ids, names, states, how callers are authorized."""
    client: BedrockAgentCoreControlClient = aws.client("bedrock-agentcore-control")
    found = client.list_gateways(**page.request("maxResults", "nextToken", most=1000))
    return {"gateways": [_gateway(item) for item in found["items"]], "next_page_token": found.get("nextToken")}


@bedrock.operation(actions=["bedrock-agentcore:GetGateway on gateway"])
def get_gateway(aws: Aws, gateway_id: str) -> Answer:
    """Show an AgentCore gateway: URL, state and reasons, token issuer, role, interceptors, policy engine.

    Args:
        gateway_id: The gateway's id.
    """
    client: BedrockAgentCoreControlClient = aws.client("bedrock-agentcore-control")
    found: Item = client.get_gateway(gatewayIdentifier=gateway_id)
    tokens = found.get("authorizerConfiguration", {}).get("customJWTAuthorizer", {})
    return {
        **_gateway(found),
        "arn": found["gatewayArn"],
        "url": found.get("gatewayUrl"),
        "status_reasons": found.get("statusReasons", []),
        "role_arn": found.get("roleArn"),
        "discovery_url": tokens.get("discoveryUrl"),
        "allowed_audiences": tokens.get("allowedAudience", []),
        "allowed_clients": tokens.get("allowedClients", []),
        "allowed_scopes": tokens.get("allowedScopes", []),
        "interceptor_arns": [
            item["interceptor"].get("lambda", {}).get("arn") for item in found.get("interceptorConfigurations", [])
        ],
        "policy_engine_arn": found.get("policyEngineConfiguration", {}).get("arn"),
        "policy_engine_mode": found.get("policyEngineConfiguration", {}).get("mode"),
        "web_acl_arn": found.get("webAclArn"),
        "debug": found.get("exceptionLevel") == "DEBUG",
    }


@bedrock.operation(actions=["bedrock-agentcore:ListGatewayTargets on gateway"])
def list_gateway_targets(aws: Aws, page: Page, gateway_id: str) -> Answer:
    """List an AgentCore gateway's targets: ids, names, kinds, states."""
    client: BedrockAgentCoreControlClient = aws.client("bedrock-agentcore-control")
    found = client.list_gateway_targets(
        gatewayIdentifier=gateway_id, **page.request("maxResults", "nextToken", most=1000)
    )
    targets = [{**_target(item), "kind": item.get("targetType")} for item in found["items"]]
    return {"targets": targets, "next_page_token": found.get("nextToken")}


@bedrock.operation(actions=["bedrock-agentcore:GetGatewayTarget on gateway"])
def get_gateway_target(aws: Aws, gateway_id: str, target_id: str) -> Answer:
    """Show a target: state and reasons, what calls are forwarded to, the kind of credentials they get.

    Args:
        target_id: The target's id.
    """
    client: BedrockAgentCoreControlClient = aws.client("bedrock-agentcore-control")
    found: Item = client.get_gateway_target(gatewayIdentifier=gateway_id, targetId=target_id)
    protocol, kinds = _member(found["targetConfiguration"])
    kind, settings = _member(kinds)
    return {
        **_target(found),
        "status_reasons": found.get("statusReasons", []),
        "protocol": protocol,
        "kind": kind,
        # Of each kind, what says where calls go; schemas are long, and static query parameters can be credentials.
        "forwards_to": given(
            function_arn=settings.get("lambdaArn"),
            endpoint=without_credentials(settings.get("endpoint")),
            rest_api_id=settings.get("restApiId"),
            stage=settings.get("stage"),
            runtime_arn=settings.get("arn"),
            schema_bucket_uri=settings.get("s3", {}).get("uri"),
        ),
        "credentials": [_credentials(item) for item in found.get("credentialProviderConfigurations", [])],
        "forwarded_headers": found.get("metadataConfiguration", {}).get("allowedRequestHeaders", []),
    }


@bedrock.operation(actions=["bedrock-agentcore:ListAgentRuntimes"])
def list_agent_runtimes(aws: Aws, page: Page) -> Answer:
    """List the agents that run on AgentCore Runtime: names, versions, states."""
    client: BedrockAgentCoreControlClient = aws.client("bedrock-agentcore-control")
    found = client.list_agent_runtimes(**page.request("maxResults", "nextToken"))
    runtimes = [
        {
            "id": item["agentRuntimeId"],
            "arn": item["agentRuntimeArn"],
            "name": item["agentRuntimeName"],
            "version": item["agentRuntimeVersion"],
            "status": item["status"],
            "last_updated": item["lastUpdatedAt"],
        }
        for item in found["agentRuntimes"]
    ]
    return {"agent_runtimes": runtimes, "next_page_token": found.get("nextToken")}


def _model(item: Item) -> dict[str, Any]:
    lifecycle = item.get("modelLifecycle", {})
    return {
        "id": item["modelId"],
        "name": item.get("modelName"),
        "provider": item.get("providerName"),
        "inputs": item.get("inputModalities", []),
        "outputs": item.get("outputModalities", []),
        "streaming": item.get("responseStreamingSupported"),
        "inference_types": item.get("inferenceTypesSupported", []),
        "lifecycle": lifecycle.get("status"),
        "end_of_life": lifecycle.get("endOfLifeTime"),
    }


def _inference_profile(item: Item) -> dict[str, Any]:
    return {
        "id": item["inferenceProfileId"],
        "arn": item["inferenceProfileArn"],
        "name": item["inferenceProfileName"],
        "type": item["type"],
        "status": item["status"],
        "description": item.get("description"),
        "model_arns": [model["modelArn"] for model in item["models"]],
    }


def _gateway(item: Item) -> dict[str, Any]:
    return {
        "id": item["gatewayId"],
        "name": item["name"],
        "status": item["status"],
        "protocol": item.get("protocolType"),
        "authorizer": item["authorizerType"],
        "created": item["createdAt"],
        "last_updated": item["updatedAt"],
    }


def _target(item: Item) -> dict[str, Any]:
    return {
        "id": item["targetId"],
        "name": item["name"],
        "description": item.get("description"),
        "status": item["status"],
        "last_updated": item["updatedAt"],
        "last_synchronized": item.get("lastSynchronizedAt"),
    }


def _member(union: Item) -> tuple[str | None, Item]:
    """The one member that a union has; of one that is newer than the function's boto3, only the name is known."""
    for name, value in union.items():
        # So botocore's parsers give it (botocore/parsers.py).
        return (value["name"], {}) if name == "SDK_UNKNOWN_MEMBER" else (name, value)
    return None, {}


def _credentials(item: Item) -> dict[str, Any]:
    providers = item.get("credentialProvider", {}).values()
    arns = [provider["providerArn"] for provider in providers if "providerArn" in provider]
    return {"type": item["credentialProviderType"], "provider_arn": arns[0] if arns else None}
