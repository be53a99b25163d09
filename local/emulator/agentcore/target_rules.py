"""What AgentCore refuses about a target, kind by kind, beyond what the API's model says.

Credentials: docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-outbound-auth.html (table of target types)
and docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-building-adding-targets-authorization.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.emulator import authorization
from local.emulator.agentcore import target_documents as documents
from local.emulator.agentcore.collection import Record
from local.emulator.agentcore.errors import invalid
from local.emulator.agentcore.token_vault import TokenVault
from local.emulator.aws import client
from local.headers import restricted

_KINDS = {
    ("mcp", "lambda"): "LAMBDA",
    ("mcp", "openApiSchema"): "OPEN_API_SCHEMA",
    ("mcp", "smithyModel"): "SMITHY_MODEL",
    ("mcp", "mcpServer"): "MCP_SERVER",
    ("mcp", "apiGateway"): "API_GATEWAY",
    ("mcp", "connector"): "CONNECTOR",
    ("http", "agentcoreRuntime"): "AGENTCORE_RUNTIME",
    ("http", "passthrough"): "PASSTHROUGH",
    ("http", "connector"): "HTTP_CONNECTOR",
    ("inference", "connector"): "CONNECTOR",
    ("inference", "provider"): "PROVIDER",
}


@dataclass(frozen=True, kw_only=True)
class _Credentials:
    """The credential provider types that a kind takes, and whether it works without any."""

    types: tuple[str, ...]
    optional: bool


_ROLE, _OAUTH, _KEY = "GATEWAY_IAM_ROLE", "OAUTH", "API_KEY"
_CREDENTIALS = {
    "LAMBDA": _Credentials(types=(_ROLE,), optional=False),
    "OPEN_API_SCHEMA": _Credentials(types=(_ROLE, _OAUTH, _KEY), optional=True),
    "SMITHY_MODEL": _Credentials(types=(_ROLE, _OAUTH), optional=False),
    "MCP_SERVER": _Credentials(types=(_ROLE, _OAUTH, _KEY), optional=True),
    "API_GATEWAY": _Credentials(types=(_ROLE, _KEY), optional=True),
    "AGENTCORE_RUNTIME": _Credentials(
        types=(_ROLE, "CALLER_IAM_CREDENTIALS", _OAUTH, "JWT_PASSTHROUGH"), optional=False
    ),
}
_NOUNS = {
    "LAMBDA": "A Lambda target",
    "OPEN_API_SCHEMA": "An OpenAPI target",
    "SMITHY_MODEL": "A Smithy target",
    "MCP_SERVER": "An MCP server target",
    "API_GATEWAY": "An API Gateway target",
    "AGENTCORE_RUNTIME": "An AgentCore Runtime target",
}
_SIGNED = ("OPEN_API_SCHEMA", "MCP_SERVER")
"""Kinds whose requests are signed for a service that only the settings can name."""


def kind_of(configuration: Mapping[str, Any]) -> str:
    """The target type that a target configuration means."""
    family, inner = next(iter(configuration.items()))
    return _KINDS[family, next(iter(inner))]


def check(settings: Mapping[str, Any], gateway: Record, vault: TokenVault) -> None:
    """Raise ValidationException for settings that AgentCore refuses on this gateway."""
    kind = kind_of(settings["targetConfiguration"])
    family, configuration = next(iter(settings["targetConfiguration"].items()))
    if family != "mcp" and gateway.get("protocolType") == "MCP":
        raise invalid(f"A gateway with the protocol type MCP takes no {family} targets")
    _check_headers(settings.get("metadataConfiguration", {}))
    _check_credentials(kind, settings.get("credentialProviderConfigurations") or [], vault)
    target = next(iter(configuration.values()))
    match kind:
        case "LAMBDA":
            documents.check_tools(documents.tools_of(target["toolSchema"]))
            _check_invocation(gateway["roleArn"], target["lambdaArn"])
        case "OPEN_API_SCHEMA":
            documents.check_openapi(target)
        case "SMITHY_MODEL":
            documents.check_smithy(target)
        case "MCP_SERVER" if "mcpToolSchema" in target:
            documents.check_mcp_tools(target["mcpToolSchema"])
        case "API_GATEWAY":
            _check_stage(target["restApiId"], target["stage"])


def _check_headers(metadata: Mapping[str, Any]) -> None:
    """Refuse headers that cannot be propagated (devguide, gateway-headers)."""
    names = [
        name for member in ("allowedRequestHeaders", "allowedResponseHeaders") for name in metadata.get(member, ())
    ]
    if found := restricted(names):
        raise invalid(f"Restricted headers cannot be configured for propagation: {', '.join(found)}")


def _check_credentials(kind: str, given: list[Mapping[str, Any]], vault: TokenVault) -> None:
    allowed = _CREDENTIALS.get(kind)
    if allowed is None:
        return
    if not given:
        if not allowed.optional:
            raise invalid("Credential provider configurations is not defined")
        return
    name = given[0]["credentialProviderType"]
    if name not in allowed.types:
        raise invalid(
            f"{_NOUNS[kind]} takes the credential provider type {' or '.join(allowed.types)} only, not {name}"
        )
    provider = given[0].get("credentialProvider", {})
    match name:
        case "GATEWAY_IAM_ROLE" if kind in _SIGNED and "iamCredentialProvider" not in provider:
            raise invalid(f"{_NOUNS[kind]} with {name} needs iamCredentialProvider with the service to sign for")
        case "OAUTH":
            member = _member(provider, "oauthCredentialProvider", name)
            vault.oauth2.by_arn(member["providerArn"])
            if (grant := member.get("grantType", "CLIENT_CREDENTIALS")) != "CLIENT_CREDENTIALS":
                raise invalid(f"The local run has no users to act for: use the grant CLIENT_CREDENTIALS, not {grant}")
        case "API_KEY":
            member = _member(provider, "apiKeyCredentialProvider", name)
            vault.api_keys.by_arn(member["providerArn"])


def _member(provider: Mapping[str, Any], member: str, name: str) -> Mapping[str, Any]:
    if member not in provider:
        raise invalid(f"The credential provider type {name} needs {member}")
    found: Mapping[str, Any] = provider[member]
    return found


def _check_invocation(role_arn: str, function_arn: str) -> None:
    """The dry run that AgentCore makes (github.com/aws/aws-cdk/issues/36826)."""
    may = authorization.role_may(role_arn, "lambda:InvokeFunction", function_arn)
    if not may or not authorization.function_exists(function_arn):
        raise invalid(
            f"Gateway execution role lacks permission to invoke Lambda function {function_arn}. Update the "
            "permission and retry"
        )


def _check_stage(api_id: str, stage: str) -> None:
    try:
        client("apigateway").get_stage(restApiId=api_id, stageName=stage)
    except ClientError as error:
        raise invalid(f"The stage {stage} of the REST API {api_id} does not exist") from error
