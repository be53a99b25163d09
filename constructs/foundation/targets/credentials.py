"""How the gateway proves to a target who it is: its role's signature, or a credential from AgentCore's token vault.

What each needs: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-outbound-auth.html, resources by
the service authorization reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrockagentcore.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aws_cdk import ArnFormat, Stack, aws_bedrockagentcore as agentcore

from foundation.acknowledge import RuleIds, arn_as_printed
from foundation.targets.interface import BoundCredential, Grant, Properties, Surroundings


@dataclass(frozen=True, kw_only=True)
class SecretReference:
    """A value in Secrets Manager.

    Attributes:
        secret: name or ARN of the secret.
        field: key in its JSON text.
        key_arn: the customer-managed KMS key that encrypts it, None for AWS's own.
    """

    secret: str
    field: str
    key_arn: str | None = None

    @property
    def configuration(self) -> Properties:
        """The property that refers to it: the value itself is in no template."""
        return {"secretId": self.secret, "jsonKey": self.field}

    def grants(self, stack: Stack) -> list[Grant]:
        """What AgentCore needs to read the value on behalf of the gateway's role."""
        found = [Grant(["secretsmanager:GetSecretValue"], [self._arn(stack)])]
        if self.key_arn:
            via = {"StringEquals": {"kms:ViaService": f"secretsmanager.{stack.region}.amazonaws.com"}}
            found.append(Grant(["kms:Decrypt"], [self.key_arn], conditions=via))
        return found

    def _arn(self, stack: Stack) -> str:
        """Secrets Manager adds a hyphen and six characters to a name, for which six question marks stand.

        https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
        """
        if self.secret.startswith("arn:"):
            return self.secret
        return stack.format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{self.secret}-??????",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


class NoCredential:
    """The target serves anyone."""

    def bind(self, _at: Surroundings, /) -> BoundCredential:
        """Nothing is needed."""
        return BoundCredential(configuration=None)


@dataclass(frozen=True, kw_only=True)
class RoleSignature:
    """The gateway's role signs the calls (SigV4).

    Attributes:
        service: the service to sign for, where the kind does not know it.
        region: the region to sign for; the gateway's when None.
        grants: what the role may do at the target, where the kind does not know it.
    """

    service: str | None = None
    region: str | None = None
    grants: Sequence[Grant] = ()

    def bind(self, _at: Surroundings, /) -> BoundCredential:
        """Only permissions are needed."""
        configuration: Properties = {"credentialProviderType": "GATEWAY_IAM_ROLE"}
        if self.service:
            provider = {"service": self.service, **({"region": self.region} if self.region else {})}
            configuration["credentialProvider"] = {"iamCredentialProvider": provider}
        return BoundCredential(configuration=configuration, grants=self.grants, signs=True)


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """An API key, kept in Secrets Manager and handed over by the token vault.

    Attributes:
        secret: where the key is.
        location: where it goes in a request.
        parameter: name of the header or query parameter.
        prefix: text before it in a header.
    """

    secret: SecretReference
    location: Literal["HEADER", "QUERY_PARAMETER"]
    parameter: str
    prefix: str | None = None

    def bind(self, at: Surroundings, /) -> BoundCredential:
        """Make the credential provider."""
        provider = agentcore.CfnApiKeyCredentialProvider(
            at.scope,
            "ApiKey",
            name=_provider_name(at),
            api_key_secret_source="EXTERNAL",  # noqa: S106 - the name of a source
            api_key_secret_config=self.secret.configuration,
        )
        arn = provider.attr_credential_provider_arn
        placement = {
            "providerArn": arn,
            "credentialLocation": self.location,
            "credentialParameterName": self.parameter,
            **({"credentialPrefix": self.prefix} if self.prefix else {}),
        }
        return BoundCredential(
            configuration={
                "credentialProviderType": "API_KEY",
                "credentialProvider": {"apiKeyCredentialProvider": placement},
            },
            grants=_vault_grants(
                at, action="bedrock-agentcore:GetResourceApiKey", provider_arn=arn, secret=self.secret
            ),
        )


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """An access token by the client-credentials grant (RFC 6749, section 4.4).

    Attributes:
        discovery_url: the authorization server's OpenID discovery document.
        client_id: the gateway's client there.
        secret: where the client's secret is.
        scopes: scopes to ask for.
        parameters: further parameters of the token request.
    """

    discovery_url: str
    client_id: str
    secret: SecretReference
    scopes: Sequence[str]
    parameters: Mapping[str, str] = field(default_factory=dict)

    def bind(self, at: Surroundings, /) -> BoundCredential:
        """Make the credential provider."""
        provider = agentcore.CfnOAuth2CredentialProvider(
            at.scope,
            "OAuth",
            name=_provider_name(at),
            credential_provider_vendor="CustomOauth2",
            oauth2_provider_config_input={
                "customOauth2ProviderConfig": {
                    "oauthDiscovery": {"discoveryUrl": self.discovery_url},
                    "clientId": self.client_id,
                    "clientSecretSource": "EXTERNAL",
                    "clientSecretConfig": self.secret.configuration,
                }
            },
        )
        arn = provider.attr_credential_provider_arn
        grant = {
            "providerArn": arn,
            "grantType": "CLIENT_CREDENTIALS",
            "scopes": list(self.scopes),
            **({"customParameters": {**self.parameters}} if self.parameters else {}),
        }
        return BoundCredential(
            configuration={"credentialProviderType": "OAUTH", "credentialProvider": {"oauthCredentialProvider": grant}},
            grants=_vault_grants(
                at, action="bedrock-agentcore:GetResourceOauth2Token", provider_arn=arn, secret=self.secret
            ),
        )


def _provider_name(at: Surroundings) -> str:
    return f"{at.gateway_name}-{at.name}"


def _vault_grants(at: Surroundings, *, action: str, provider_arn: str, secret: SecretReference) -> list[Grant]:
    """What the gateway's role needs to get a credential from the token vault."""
    stack = Stack.of(at.scope)

    def arn(resource: str, name: str) -> str:
        return stack.format_arn(
            service="bedrock-agentcore",
            resource=resource,
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )

    pattern = f"default/workload-identity/{at.gateway_name}-*"
    identity = [arn("workload-identity-directory", "default"), arn("workload-identity-directory", pattern)]
    printed = arn_as_printed(at.scope, "bedrock-agentcore", f"workload-identity-directory/{pattern}")
    reasons: dict[RuleIds, str] = {
        f"AwsSolutions-IAM5[Resource::{printed}]": "AgentCore names a gateway's workload identity after the gateway's "
        "id, whose last ten characters it chooses when the gateway is made, and the permission has to exist before: "
        "https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-outbound-auth.html"
    }
    return [
        Grant(["bedrock-agentcore:GetWorkloadAccessToken"], identity, reasons=reasons),
        Grant([action], [*identity, arn("token-vault", "default"), provider_arn]),
        *secret.grants(stack),
    ]
