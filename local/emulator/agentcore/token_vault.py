"""What a workload gets from the token vault: API keys and access tokens.

docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_GetResourceApiKey.html and
docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_GetResourceOauth2Token.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.emulator.agentcore.collection import Record
from local.emulator.agentcore.credential_providers import ApiKeyProviders, Oauth2Providers
from local.emulator.agentcore.errors import invalid
from local.emulator.agentcore.identities import WorkloadIdentities
from local.emulator.agentcore.oauth import ClientCredentials, TokenRequest
from local.emulator.agentcore.outbound import Outbound


class TokenVault:
    """The account's vault."""

    def __init__(self, identities: WorkloadIdentities, outbound: Outbound) -> None:
        """Tokens of `identities` are accepted; authorization servers are asked through `outbound`."""
        self.api_keys = ApiKeyProviders()
        self.oauth2 = Oauth2Providers()
        self._identities = identities
        self._client_credentials = ClientCredentials(outbound)

    def api_key(self, request: Mapping[str, Any]) -> Record:
        """GetResourceApiKey."""
        self._identities.holder(request["workloadIdentityToken"])
        provider = self.api_keys.get({"name": request["resourceCredentialProviderName"]})
        return {"apiKey": provider["_place"].read()}

    def oauth2_token(self, request: Mapping[str, Any]) -> Record:
        """GetResourceOauth2Token for machines: flows in which a user takes part are refused."""
        if request["oauth2Flow"] != "M2M":
            raise invalid(
                f"The local run has no users to ask for consent: use the flow M2M, not {request['oauth2Flow']}"
            )
        workload = self._identities.holder(request["workloadIdentityToken"])
        provider = self.oauth2.get({"name": request["resourceCredentialProviderName"]})
        token = self._client_credentials.token(
            TokenRequest.of(request, workload=workload),
            provider["_settings"],
            provider["_place"].read(),
            anew=request.get("forceAuthentication", False),
        )
        return {"accessToken": token}

    def secret_arn(self, operation: str, provider: str) -> str | None:
        """The secret that the caller of GetResourceApiKey or GetResourceOauth2Token must be allowed to read."""
        providers = self.api_keys if operation == "GetResourceApiKey" else self.oauth2
        place = providers.place(provider)
        return place.secret_arn if place else None
