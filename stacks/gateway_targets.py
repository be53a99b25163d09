"""Turns the targets of the settings into those of the gateway (R6)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from foundation.function import VpcPlacement
from foundation.log_group import LogKeeping
from foundation.targets.api_gateway import RestApiStage, ToolFilter, ToolOverride
from foundation.targets.api_schema import ApiSchema
from foundation.targets.credentials import ApiKey, ClientCredentials, NoCredential, RoleSignature, SecretReference
from foundation.targets.interface import Credential, Grant, Kind
from foundation.targets.lambda_function import LambdaFunction
from foundation.targets.mcp_server import McpServer
from foundation.targets.private_endpoint import ManagedEndpoint, PrivateEndpoint, SelfManagedEndpoint
from foundation.targets.runtime import RuntimeServer, TokenCheck
from foundation.tool_gateway import ToolGateway
from stacks.settings import Settings, targets as configured
from stacks.settings.targets.documents import Document

RUNTIME_SERVICE = "bedrock-agentcore"
"""What calls of AgentCore Runtime are signed for: a target of the kind mcpServer has to say it
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-building-adding-targets-authorization.html)."""


@dataclass(frozen=True, kw_only=True)
class TargetMaker:
    """Adds the targets of an environment to its gateway.

    Attributes:
        settings: the environment's settings.
        placement: where in the VPC servers run and private endpoints begin.
        log_keeping: how the logs of servers are kept.
    """

    settings: Settings
    placement: VpcPlacement
    log_keeping: LogKeeping

    def add_to(self, gateway: ToolGateway) -> None:
        """Add every target of the settings.

        Raises:
            BundleError: a server to run on AgentCore Runtime cannot be bundled.
        """
        for name, target in self.settings.environment.targets.items():
            gateway.add_target(
                name=name,
                description=target.description,
                kind=self._kind(name, target),
                credential=_credential(name, target),
                private_endpoint=self._private_endpoint(getattr(target, "private_endpoint", None)),
            )

    def _kind(self, name: str, target: configured.TargetSettings) -> Kind:
        document = self.settings.target_documents.get(name, Document())
        match target:
            case configured.LambdaTarget():
                tools = document.uri or json.loads(document.text)
                return LambdaFunction(function_arn=target.function, tools=tools)
            case configured.OpenApiTarget():
                return ApiSchema(language="openApiSchema", document=document.uri or document.text)
            case configured.SmithyTarget():
                return ApiSchema(language="smithyModel", document=document.uri or document.text)
            case configured.McpTarget():
                return McpServer(url=target.url, listing="DYNAMIC" if target.listing == "dynamic" else "DEFAULT")
            case configured.RuntimeTarget():
                return self._runtime(target)
            case configured.ApiGatewayTarget():
                return RestApiStage(
                    rest_api_id=target.rest_api,
                    stage=target.stage,
                    filters=[ToolFilter(path=entry.path, methods=entry.methods) for entry in target.filters],
                    overrides=[ToolOverride(**override.model_dump()) for override in target.overrides],
                )

    def _runtime(self, target: configured.RuntimeTarget) -> RuntimeServer:
        credential = target.credential
        check = None
        if isinstance(credential, configured.OAuthCredential):
            check = TokenCheck(discovery_url=credential.discovery_url, client_id=credential.client_id)
        return RuntimeServer(
            package=target.package,
            description=target.description,
            log_keeping=self.log_keeping,
            placement=self.placement if target.in_vpc else None,
            environment=target.environment,
            token_check=check,
        )

    def _private_endpoint(self, endpoint: configured.PrivateEndpoint | None) -> PrivateEndpoint | None:
        match endpoint:
            case configured.ManagedEndpoint():
                return ManagedEndpoint(placement=self.placement, routing_domain=endpoint.routing_domain)
            case configured.SelfManagedEndpoint():
                return SelfManagedEndpoint(resource_configuration=endpoint.resource_configuration)
            case None:
                return None


def _credential(name: str, target: configured.TargetSettings) -> Credential:
    match credential := target.credential:
        case configured.NoCredential():
            return NoCredential()
        case configured.IamCredential():
            grants = [_grant(name, permission) for permission in credential.permissions]
            service = RUNTIME_SERVICE if isinstance(target, configured.RuntimeTarget) else credential.service
            return RoleSignature(service=service, region=credential.region, grants=grants)
        case configured.ApiKeyCredential():
            return ApiKey(
                secret=_secret(credential.secret),
                location="HEADER" if credential.location == "header" else "QUERY_PARAMETER",
                parameter=credential.parameter,
                prefix=credential.prefix,
            )
        case configured.OAuthCredential():
            return ClientCredentials(
                discovery_url=credential.discovery_url,
                client_id=credential.client_id,
                secret=_secret(credential.secret),
                scopes=credential.scopes,
                parameters=credential.parameters,
            )


def _secret(value: configured.SecretValue) -> SecretReference:
    return SecretReference(secret=value.name, field=value.field, key_arn=value.key)


def _grant(target: str, permission: configured.Permission) -> Grant:
    """A permission of the settings; a wildcard in it is one that the settings chose."""
    return Grant(
        [permission.action],
        permission.resources,
        reasons={
            f"AwsSolutions-IAM5[Resource::{resource}]": _reason(target, permission.action, permission.resources)
            for resource in permission.resources
            if "*" in resource
        },
    )


def _reason(target: str, action: str, resources: Sequence[str]) -> str:
    if tuple(resources) == ("*",):
        return f"{action} of the target {target} knows no resource types, which the settings are checked for"
    return f"The settings allow the target {target} {action} on these resources; they are reviewed there"
