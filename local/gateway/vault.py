"""Credentials of targets, asked for as the gateway's execution role from AgentCore Identity's token vault.

A gateway names itself by a token of its workload identity; the vault hands out what the role may have.
Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_GetResourceOauth2Token.html and its
siblings GetWorkloadAccessToken and GetResourceApiKey.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anyio
from botocore.exceptions import BotoCoreError, ClientError

from local.gateway.aws import ExecutionRole


class VaultError(Exception):
    """The vault did not hand out a credential; the message says which and why, and holds no secret."""


class Vault:
    """The token vault as one gateway sees it. Nothing is kept here: what the role loses, it loses at once."""

    def __init__(self, *, role: ExecutionRole, workload: str) -> None:
        self._role = role
        self._workload = workload

    async def api_key(self, provider_arn: str) -> str:
        """Return the key of an API key credential provider; raises VaultError."""

        def ask(client: Any, identity: str, name: str) -> str:
            answer = client.get_resource_api_key(workloadIdentityToken=identity, resourceCredentialProviderName=name)
            return str(answer["apiKey"])

        return await self._ask(provider_arn, ask)

    async def oauth_token(
        self, provider_arn: str, *, scopes: Sequence[str], parameters: Mapping[str, str], renew: bool
    ) -> str:
        """Return an access token by client credentials (RFC 6749 §4.4) from an OAuth credential provider.

        `parameters` are added to the token request. `renew` asks for a token that the vault did not have yet. Raises
        VaultError.
        """
        optional: dict[str, Any] = {"customParameters": dict(parameters)} if parameters else {}
        if renew:
            optional["forceAuthentication"] = True

        def ask(client: Any, identity: str, name: str) -> str:
            answer = client.get_resource_oauth2_token(
                workloadIdentityToken=identity,
                resourceCredentialProviderName=name,
                scopes=list(scopes),
                oauth2Flow="M2M",
                **optional,
            )
            return str(answer["accessToken"])

        return await self._ask(provider_arn, ask)

    async def _ask(self, provider_arn: str, ask: Callable[[Any, str, str], str]) -> str:
        return await anyio.to_thread.run_sync(self._ask_in_thread, provider_arn, ask, abandon_on_cancel=True)

    def _ask_in_thread(self, provider_arn: str, ask: Callable[[Any, str, str], str]) -> str:
        try:
            client = self._role.agentcore_client()
            identity = client.get_workload_access_token(workloadName=self._workload)["workloadAccessToken"]
            return ask(client, identity, provider_arn.rpartition("/")[2])
        except (ClientError, BotoCoreError, KeyError) as error:
            raise VaultError(
                f"the gateway's role got no credential from {provider_arn}: {error}. Check the permissions of the "
                "Gateway execution role and the credential provider."
            ) from error
