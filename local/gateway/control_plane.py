"""Read the deployed gateways from the AgentCore control plane (the emulated one, through unmodified boto3).

governance.py reads what stands between the authorizer and the targets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.gateway.configuration import (
    DISCOVERY_SUFFIX,
    CustomClaim,
    GatewayRecord,
    JwtAuthorizer,
    TargetRecord,
)
from local.gateway.governance import governance_refusals, interceptor_at, read_policy_engine, read_rate_limits

if TYPE_CHECKING:
    from types_boto3_bedrock_agentcore_control import BedrockAgentCoreControlClient
    from types_boto3_bedrock_agentcore_control.type_defs import GetGatewayResponseTypeDef

AGENTCORE_VERSIONS = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
"""What a gateway that names no version speaks."""

_SERVING = frozenset({"READY", "UPDATING", "UPDATE_UNSUCCESSFUL"})
_SERVING_TARGET = _SERVING | {"SYNCHRONIZING", "SYNCHRONIZE_UNSUCCESSFUL"}
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def read_gateways(client: BedrockAgentCoreControlClient) -> tuple[GatewayRecord, ...]:
    """Return every gateway that is being served, each with the targets that are ready.

    What is deleted while it is being read is left out. Raises botocore's ClientError or BotoCoreError when the control
    plane does not answer.
    """
    gateways = []
    for page in client.get_paginator("list_gateways").paginate():
        for summary in page["items"]:
            if summary["status"] in _SERVING:
                with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                    answer = client.get_gateway(gatewayIdentifier=summary["gatewayId"])
                    gateways.append(_gateway(client, answer))
    return tuple(gateways)


def _read_targets(client: BedrockAgentCoreControlClient, gateway_id: str) -> tuple[TargetRecord, ...]:
    targets = []
    for page in client.get_paginator("list_gateway_targets").paginate(gatewayIdentifier=gateway_id):
        for summary in page["items"]:
            if summary["status"] in _SERVING_TARGET:
                with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                    answer = client.get_gateway_target(gatewayIdentifier=gateway_id, targetId=summary["targetId"])
                    targets.append(_target(answer))
    return tuple(sorted(targets, key=lambda target: target.name))


def _target(answer: Mapping[str, Any]) -> TargetRecord:
    (protocol, union) = next(iter(answer["targetConfiguration"].items()))
    (member, configuration) = next(iter(union.items()))
    metadata = answer.get("metadataConfiguration", {})
    synchronized = answer.get("lastSynchronizedAt")
    return TargetRecord(
        target_id=answer["targetId"],
        name=answer["name"],
        kind=f"{protocol}.{member}",
        configuration=configuration,
        version=f"{answer['updatedAt'].isoformat()}/{synchronized.isoformat() if synchronized else '-'}",
        credentials=next(iter(answer.get("credentialProviderConfigurations") or ()), None),
        request_headers=tuple(metadata.get("allowedRequestHeaders", ())),
        query_parameters=tuple(metadata.get("allowedQueryParameters", ())),
        response_headers=tuple(metadata.get("allowedResponseHeaders", ())),
    )


def _gateway(client: BedrockAgentCoreControlClient, answer: GetGatewayResponseTypeDef) -> GatewayRecord:
    targets = _read_targets(client, answer["gatewayId"])
    limits = read_rate_limits(client, answer["gatewayId"])
    engine, refusals = None, _refusals(answer)
    try:
        engine = read_policy_engine(client, answer)
    except client.exceptions.ResourceNotFoundException:
        refusals.append("its policy engine does not exist")
    mcp = answer.get("protocolConfiguration", {}).get("mcp", {})
    jwt = answer.get("authorizerConfiguration", {}).get("customJWTAuthorizer")
    return GatewayRecord(
        gateway_id=answer["gatewayId"],
        arn=answer["gatewayArn"],
        name=answer["name"],
        url=answer.get("gatewayUrl", ""),
        role_arn=answer.get("roleArn", ""),
        workload=answer.get("workloadIdentityDetails", {}).get("workloadIdentityArn", "").rpartition("/")[2],
        authorizer=_authorizer(jwt) if jwt else None,
        supported_versions=tuple(mcp.get("supportedVersions", AGENTCORE_VERSIONS)),
        instructions=mcp.get("instructions"),
        semantic_search=mcp.get("searchType") == "SEMANTIC",
        streaming=mcp.get("streamingConfiguration", {}).get("enableResponseStreaming", False),
        paginated=not mcp.get("disableMcpListToolsPagination", False),
        debug=answer.get("exceptionLevel") == "DEBUG",
        request_interceptor=interceptor_at(answer, "REQUEST"),
        response_interceptor=interceptor_at(answer, "RESPONSE"),
        policy_engine=engine,
        rate_limits=limits,
        targets=targets,
        refusals=(*refusals, *governance_refusals(answer, engine, limits)),
    )


def _authorizer(jwt: Mapping[str, Any]) -> JwtAuthorizer:
    scopes = tuple(jwt.get("allowedScopes", ()))
    advertised = jwt.get("advertisedScopeMapping", {})
    return JwtAuthorizer(
        discovery_url=jwt["discoveryUrl"],
        allowed_audience=tuple(jwt.get("allowedAudience", ())),
        allowed_clients=tuple(jwt.get("allowedClients", ())),
        allowed_scopes=scopes,
        advertised_scopes=tuple(advertised.get(scope, scope) for scope in scopes),
        custom_claims=tuple(_claim(claim) for claim in jwt.get("customClaims", ())),
    )


def _claim(claim: Mapping[str, Any]) -> CustomClaim:
    match = claim["authorizingClaimMatchValue"]
    value = match["claimMatchValue"]
    single = value.get("matchValueString")
    return CustomClaim(
        name=claim["inboundTokenClaimName"],
        value_type=claim["inboundTokenClaimValueType"],
        operator=match["claimMatchOperator"],
        values=(single,) if single is not None else tuple(value["matchValueStringList"]),
    )


def _refusals(answer: Mapping[str, Any]) -> list[str]:
    """Say which parts of the gateway this machine cannot enforce; serving it anyway would skip a check."""
    found = []
    kind = answer["authorizerType"]
    jwt = answer.get("authorizerConfiguration", {}).get("customJWTAuthorizer")
    if kind != "CUSTOM_JWT" or not jwt:
        found.append(f"its authorizer type is {kind}; only CUSTOM_JWT gateways are served here, set CUSTOM_JWT")
    elif not jwt["discoveryUrl"].endswith(DISCOVERY_SUFFIX):
        found.append(f"its discovery URL {jwt['discoveryUrl']} does not end in {DISCOVERY_SUFFIX}")
    if jwt and jwt.get("allowedWorkloadConfiguration"):
        found.append("its authorizer restricts workloads (allowedWorkloadConfiguration), which is not enforced here")
    if answer.get("customTransformConfiguration"):
        found.append("it has a custom transformation, which is not run here")
    if not is_loopback(answer.get("gatewayUrl", "")):
        found.append(f"its URL {answer.get('gatewayUrl')!r} is not of the form http://127.0.0.1:<port>/mcp")
    return found


def is_loopback(url: str) -> bool:
    """Say whether a gateway's URL is one that may be listened at: plain HTTP on this machine alone, at /mcp."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:  # out of range
        return False
    return parts.scheme == "http" and parts.hostname in _LOOPBACK and bool(port) and parts.path == "/mcp"
