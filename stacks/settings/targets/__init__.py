"""Targets of the gateway by settings: the `targets:` section of `config/<environment>.yaml` (R6)."""

from stacks.settings.targets.credentials import (
    ApiKeyCredential,
    Credential,
    IamCredential,
    NoCredential,
    OAuthCredential,
    Permission,
    SecretValue,
)
from stacks.settings.targets.kinds import (
    ApiGatewayTarget,
    LambdaTarget,
    McpTarget,
    OpenApiTarget,
    RuntimeTarget,
    SmithyTarget,
    TargetSettings,
)
from stacks.settings.targets.private_endpoint import ManagedEndpoint, PrivateEndpoint, SelfManagedEndpoint

__all__ = [
    "ApiGatewayTarget",
    "ApiKeyCredential",
    "Credential",
    "IamCredential",
    "LambdaTarget",
    "ManagedEndpoint",
    "McpTarget",
    "NoCredential",
    "OAuthCredential",
    "OpenApiTarget",
    "Permission",
    "PrivateEndpoint",
    "RuntimeTarget",
    "SecretValue",
    "SelfManagedEndpoint",
    "SmithyTarget",
    "TargetSettings",
]
