"""Who issues the agents' tokens: the `identity` section of `config/<environment>.yaml` (R2, R4, R21)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stacks.settings.base import SettingsModel, text

DiscoveryUrl = Annotated[
    str,
    text(
        r"^https://[^\s?#]+/\.well-known/(openid-configuration|oauth-authorization-server)(/[^\s?#]+)?$",
        wanted="an https address that ends in /.well-known/openid-configuration",
        longest=1024,
    ),
]
"""Where a provider says who it is and which keys it signs with. AgentCore's form, with https
(https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CustomJWTAuthorizerConfiguration.html)."""

ClaimName = Annotated[
    str,
    text(
        r"^[a-zA-Z_][a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9_]$",
        wanted="a claim's name: letters, digits, _, - and dots, a letter first, 63 at most",
    ),
]
"""The name of a claim. A rate limit's dimension takes no other, which leaves out names that are addresses
(https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateGatewayRateLimit.html)."""

TokenScope = Annotated[
    str,
    text(r"^[\x21\x23-\x5B\x5D-\x7E]{1,255}$", wanted="a scope without spaces, quotes or backslashes, 255 at most"),
]
"""RFC 6749, section 3.3."""


CLIENT_CLAIM = "client_id"
"""Where AgentCore looks for allowed clients
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/inbound-jwt-authorizer.html). A custom claim is no way
around it: a text is compared with one value, and several values are for lists
(https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_AuthorizingClaimMatchValueType.html)."""

SCOPE_CLAIMS = ("scope", "scp")
"""Where AgentCore looks for allowed scopes: RFC 9068's text, or the list that Okta writes."""


class ClaimNames(SettingsModel):
    """What the provider calls the claims that the platform reads, where it differs from their names here."""

    tenant_id: ClaimName = "tenant_id"
    """The tenant's name."""
    organization_id: ClaimName = "organization_id"
    """The tenant's organization."""
    agent_id: ClaimName = "agent_id"
    """`<tenant>/<agent>`."""
    agent_type: ClaimName = "agent_type"
    """The agent's type."""
    agent_version: ClaimName = "agent_version"
    """The agent's version."""
    groups: ClaimName = "groups"
    """List of the agent's groups: a platform group by its name, a tenant's own as `<tenant>/<group>`."""
    permissions: ClaimName = "permissions"
    """List of what the agent may call, as `<target>/<tool>` or `<target>/*`."""
    environment: ClaimName = "environment"
    """The environment that the token is for."""
    client_id: ClaimName = "client_id"
    """The agent's client, by which the directory knows it; Okta calls it `cid`."""
    scope: ClaimName = "scope"
    """The token's scopes, one text or a list; Okta calls it `scp`."""

    @property
    def of_agents(self) -> dict[str, str]:
        """The names of what the directory knows of an agent: all but those of the token itself."""
        return self.model_dump(exclude={"client_id", "scope"})


class CognitoProvider(SettingsModel):
    """The kit's own user pool: it makes clients, secrets and claims from the tenants' files."""

    kind: Literal["cognito"]
    """The kind of provider."""

    @property
    def claims(self) -> ClaimNames:
        """The names that the kit's own trigger gives the claims."""
        return ClaimNames()


class OidcProvider(SettingsModel):
    """An OpenID Connect provider outside the kit, such as Okta or Keycloak (R21).

    It gives the claims; agents name their client there as `client_id`. The kit makes no clients and no secrets.
    """

    kind: Literal["oidc"]
    """The kind of provider."""
    discovery_url: DiscoveryUrl
    """Where the provider says who it is."""
    allowed_audience: tuple[Annotated[str, Field(min_length=1, max_length=255)], ...] = Field(default=(), strict=False)
    """Values of `aud` that the gateway accepts, one of them at least in each token."""
    allowed_clients: tuple[Annotated[str, Field(min_length=1, max_length=255)], ...] = Field(default=(), strict=False)
    """Clients that the gateway accepts; it looks for them in the claim `client_id` alone."""
    scopes: tuple[TokenScope, ...] = Field(default=(), strict=False)
    """Scopes of which a token needs one."""
    claims: ClaimNames = ClaimNames()
    """What the provider calls the claims that the platform reads."""

    @field_validator("claims")
    @classmethod
    def _where_agentcore_looks(cls, value: ClaimNames, info: ValidationInfo) -> ClaimNames:
        if info.data.get("allowed_clients") and value.client_id != CLIENT_CLAIM:
            raise ValueError(
                f"client_id is {value.client_id!r}, and AgentCore looks for allowed_clients in {CLIENT_CLAIM} alone: "
                f"have the provider write that claim too, which Okta does with the value app.clientId, and leave "
                f"client_id out here; or use allowed_audience or scopes instead of allowed_clients"
            )
        if info.data.get("scopes") and value.scope not in SCOPE_CLAIMS:
            raise ValueError(
                f"scope is {value.scope!r}, and AgentCore looks for scopes in {' and '.join(SCOPE_CLAIMS)} alone: have "
                "the provider write one of these; or use allowed_audience or allowed_clients instead of scopes"
            )
        return value

    @model_validator(mode="after")
    def _asks_for_something(self) -> OidcProvider:
        if not (self.allowed_audience or self.allowed_clients or self.scopes):
            raise ValueError(
                "accepts every token of the provider: add allowed_audience, allowed_clients or scopes, which say which "
                "are meant for this gateway"
            )
        return self


IdentityProvider = Annotated[CognitoProvider | OidcProvider, Field(discriminator="kind")]
"""Who issues tokens."""


class IdentitySettings(SettingsModel):
    """Machine identity (R2, R4)."""

    provider: IdentityProvider = CognitoProvider(kind="cognito")
    """Who issues the agents' tokens."""
    access_token_minutes: Annotated[int, Field(ge=5, le=1440)] = 15
    """Lifetime of an access token; Cognito takes 5 minutes to 1 day. Only with the kind cognito."""
    secret_rotation_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days between rotations of each agent's client secret. Only with the kind cognito."""

    @field_validator("access_token_minutes", "secret_rotation_days")
    @classmethod
    def _is_the_kits_to_decide(cls, value: int, info: ValidationInfo) -> int:
        if isinstance(info.data.get("provider"), OidcProvider):
            raise ValueError(
                "is set, while provider is of the kind oidc and decides on its tokens and secrets: set it there, and "
                "remove it here"
            )
        return value
