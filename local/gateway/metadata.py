"""What an unauthenticated client may learn: where tokens come from (RFC 9728) and why it was turned away (RFC 6750)."""

from __future__ import annotations

from typing import Any

from local.gateway.authorizer import RefusedError
from local.gateway.configuration import GatewayRecord, JwtAuthorizer

AUTHORIZATION_ERROR = -32001
"""The JSON-RPC code with which AgentCore answers a request that its authorizer refuses."""


def protected_resource(gateway: GatewayRecord, authorizer: JwtAuthorizer) -> dict[str, Any]:
    """Return the protected resource metadata document (RFC 9728 §2) with the members that AgentCore sends."""
    document: dict[str, Any] = {"authorization_servers": [authorizer.issuer_url], "resource": gateway.url}
    if authorizer.advertised_scopes:
        document["scopes_supported"] = list(authorizer.advertised_scopes)
    return document


def challenge(gateway: GatewayRecord, authorizer: JwtAuthorizer, refused: RefusedError) -> str:
    """Return the WWW-Authenticate header of a refusal (RFC 6750 §3, RFC 9728 §5.1), in AgentCore's order.

    AgentCore names an error even when no token came at all, which RFC 6750 §3.1 advises against.
    """
    parts = [f'error="{refused.error}"']
    if authorizer.advertised_scopes:
        parts.append(f'scope="{" ".join(authorizer.advertised_scopes)}"')
    parts.append(f'resource_metadata="{gateway.metadata_url}"')
    return "Bearer " + ", ".join(parts)


def refusal_body(refused: RefusedError) -> dict[str, Any]:
    """Return the JSON-RPC error of a refusal. AgentCore has not read the request by then, and answers with id 0."""
    return {"jsonrpc": "2.0", "id": 0, "error": {"code": AUTHORIZATION_ERROR, "message": refused.message}}
