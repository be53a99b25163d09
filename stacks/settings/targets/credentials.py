"""How the gateway proves to a target who it is.

Which target kind takes which of them is AWS's table of
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-outbound-auth.html; `kinds` has it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from stacks.settings.base import SettingsModel, text

Secret = Annotated[
    str,
    text(
        r"^(arn:aws:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9_/+=.@!-]+-[A-Za-z0-9]{6}|[A-Za-z0-9_/+=.@!-]+)$",
        wanted="the name or the whole ARN of a secret in Secrets Manager, like foundation/dev/targets/weather",
        longest=2048,
    ),
]
"""A secret of Secrets Manager by name or ARN (with its six random characters at the end)."""

KeyArn = Annotated[
    str,
    text(
        r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+$",
        wanted="the ARN of a KMS key, like arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    ),
]

HttpsUrl = Annotated[
    str,
    text(
        r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s?#]*)?$",
        wanted="an https URL without query, like https://tools.example.com/mcp (http is refused: credentials would "
        "travel in the clear)",
    ),
]
"""AgentCore calls https only (https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_McpServerTargetConfiguration.html)."""

DiscoveryUrl = Annotated[
    str,
    text(
        r"^https://[^\s?#]+/\.well-known/openid-configuration$",
        wanted="an OpenID discovery URL, like https://login.example.com/.well-known/openid-configuration",
    ),
]

IamAction = Annotated[
    str,
    text(r"^[a-z0-9-]+:[A-Za-z0-9]+$", wanted="one IAM action without wildcard, like execute-api:Invoke"),
]

ResourceArn = Annotated[
    str,
    text(
        r"^(arn:aws:[^\s*]+:[^\s]+|\*)$",
        wanted="the ARN of a resource, like arn:aws:s3:::reports/*, or '*' for an action that knows no resource",
    ),
]


class SecretValue(SettingsModel):
    """A value that stays in Secrets Manager: AgentCore Identity reads it there, no template carries it.

    Both credential providers take such a reference (`ApiKeySecretConfig`, `ClientSecretConfig` with source EXTERNAL):
    https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_SecretReference.html.
    """

    name: Secret
    """Name or ARN of the secret. It has to exist, with its value, before the gateway is deployed."""
    field: Annotated[str, Field(min_length=1, max_length=128)]
    """Key in the secret's JSON text."""
    key: KeyArn | None = None
    """KMS key that encrypts the secret, when it is not AWS's own; the gateway's role may decrypt with it then."""


class Permission(SettingsModel):
    """What a target lets the gateway's role do in AWS."""

    action: IamAction
    """One IAM action."""
    resources: Annotated[tuple[ResourceArn, ...], Field(min_length=1, strict=False)]
    """ARNs; `*` alone only for an action that knows no resource."""


class NoCredential(SettingsModel):
    """The target serves anyone who reaches it."""

    kind: Literal["none"]
    """The kind of credential."""


class IamCredential(SettingsModel):
    """The gateway's role signs the call (SigV4)."""

    kind: Literal["iam"]
    """The kind of credential."""
    service: (
        Annotated[str, text(r"^[a-zA-Z0-9._-]{1,64}$", wanted="the service's name in signatures, like execute-api")]
        | None
    ) = None
    """Service to sign for: needed by `openapi` and `mcp`, known already for the other kinds."""
    region: Annotated[str, text(r"^[a-z0-9-]{1,32}$", wanted="a region, like eu-west-1")] | None = None
    """Region to sign for; the gateway's when left out."""
    permissions: Annotated[tuple[Permission, ...], Field(strict=False)] = ()
    """What the gateway's role may do there: needed by `openapi`, `mcp` and `smithy`; the other kinds know it."""


class ApiKeyCredential(SettingsModel):
    """An API key from the token vault, put into a header or into the query."""

    kind: Literal["api-key"]
    """The kind of credential."""
    secret: SecretValue
    """Where the key is."""
    location: Literal["header", "query"] = "header"
    """Where the key goes in a request."""
    parameter: Annotated[
        str, text(r"^[A-Za-z][A-Za-z0-9_-]{0,63}$", wanted="the name of a header or query parameter, a letter first")
    ]
    """Name of the header or query parameter."""
    prefix: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Text before the key, with its blank, like `"Bearer "`. Only in a header."""

    @field_validator("prefix")
    @classmethod
    def _in_a_header(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("location") == "query":
            raise ValueError("is for a key in a header: leave it out, or set location to header")
        return value


class OAuthCredential(SettingsModel):
    """An access token by the client-credentials grant (RFC 6749, section 4.4), from the token vault."""

    kind: Literal["oauth"]
    """The kind of credential."""
    discovery_url: DiscoveryUrl
    """The authorization server's OpenID discovery document."""
    client_id: Annotated[str, Field(min_length=1, max_length=256)]
    """The gateway's client there."""
    secret: SecretValue
    """Where the client's secret is."""
    scopes: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=100, strict=False)
    ]
    """Scopes to ask for."""
    parameters: Annotated[dict[str, str], Field(max_length=10)] = {}
    """Further parameters of the token request, like `audience`."""


Credential = Annotated[NoCredential | IamCredential | ApiKeyCredential | OAuthCredential, Field(discriminator="kind")]
"""One credential per target (`CredentialProviderConfigurations` takes one)."""
