"""Credential providers of the token vault: API keys and OAuth clients, whose secrets lie in Secrets Manager.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateApiKeyCredentialProvider.html and
docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateOauth2CredentialProvider.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from local.emulator.agentcore import arns
from local.emulator.agentcore.collection import Collection, Record, now
from local.emulator.agentcore.errors import conflict, invalid
from local.emulator.agentcore.oauth_settings import output_of, settings_of
from local.emulator.agentcore.vault_secrets import Credential, Place, keep


class CredentialProviders(ABC):
    """The providers of one type, by name."""

    kind: str
    json_key: str
    answered_as: str

    def __init__(self) -> None:
        self._providers = Collection("Credential provider")

    @abstractmethod
    def arn(self, name: str) -> str:
        """The ARN of the provider with this name."""

    @abstractmethod
    def credential(self, request: Mapping[str, Any]) -> Credential:
        """The credential in a create or update request. Raises ValidationException."""

    @abstractmethod
    def described(self, request: Mapping[str, Any]) -> Record:
        """What a request says beside the credential, as the answers tell it. Raises ValidationException."""

    def create(self, request: Mapping[str, Any]) -> Record:
        """Create…CredentialProvider."""
        name = request["name"]
        if name in self._providers:
            raise conflict(f"A credential provider with name {name} already exists")
        described = self.described(request)
        place = keep(self.credential(request), path=f"{self.kind}/{name}", json_key=self.json_key)
        record = {"name": name, "createdTime": now(), "tags": dict(request.get("tags", {}))}
        return self._put({**record, **described}, place)

    def get(self, request: Mapping[str, Any]) -> Record:
        """Get…CredentialProvider: the credential itself is never told."""
        return self._providers.get(request["name"])

    def list(self, request: Mapping[str, Any]) -> Record:
        """List…CredentialProviders."""
        return self._providers.page(request, called="credentialProviders")

    def update(self, request: Mapping[str, Any]) -> Record:
        """Update…CredentialProvider."""
        earlier = self._providers.get(request["name"])
        described = self.described(request)
        path = f"{self.kind}/{request['name']}"
        place = keep(self.credential(request), path=path, json_key=self.json_key, earlier=earlier["_place"])
        return self._put({**earlier, **described}, place)

    def delete(self, request: Mapping[str, Any]) -> Record:
        """Delete…CredentialProvider, and the secret when the vault made it."""
        self._providers.get(request["name"])["_place"].forget()
        self._providers.remove(request["name"])
        return {}

    def by_arn(self, arn: str) -> Record:
        """The provider with this ARN. Raises ResourceNotFoundException."""
        return self._providers.get(arn.rpartition("/")[2])

    def place(self, name: str) -> Place | None:
        """Where the credential of a provider lies; None without such a provider."""
        return self._providers.get(name)["_place"] if name in self._providers else None

    def _put(self, record: Record, place: Place) -> Record:
        record = {
            **record,
            "credentialProviderArn": self.arn(record["name"]),
            f"{self.answered_as}Arn": {"secretArn": place.secret_arn},
            f"{self.answered_as}JsonKey": place.json_key,
            f"{self.answered_as}Source": place.source,
            "lastUpdatedTime": now(),
            "_place": place,
        }
        self._providers.put(record["name"], record)
        return record


class ApiKeyProviders(CredentialProviders):
    """API keys."""

    kind = "apikey"
    json_key = "api_key_value"
    answered_as = "apiKeySecret"

    def arn(self, name: str) -> str:
        """The ARN of the provider with this name."""
        return arns.api_key_provider(name)

    def credential(self, request: Mapping[str, Any]) -> Credential:
        """The API key."""
        return Credential.of(request, "apiKey")

    def described(self, _: Mapping[str, Any]) -> Record:
        """Nothing: a key is all that a provider has."""
        return {}


class Oauth2Providers(CredentialProviders):
    """OAuth clients; the vault asks their authorization server for tokens."""

    kind = "oauth2"
    json_key = "client_secret"
    answered_as = "clientSecret"

    def arn(self, name: str) -> str:
        """The ARN of the provider with this name."""
        return arns.oauth2_provider(name)

    def credential(self, request: Mapping[str, Any]) -> Credential:
        """The client secret."""
        return Credential.of(next(iter(request["oauth2ProviderConfigInput"].values())), "clientSecret")

    def described(self, request: Mapping[str, Any]) -> Record:
        """Vendor and client, without the secret."""
        given = request["oauth2ProviderConfigInput"]
        settings = settings_of(given)
        if not settings.client_id:
            raise invalid("clientId is required")
        return {
            "credentialProviderVendor": request["credentialProviderVendor"],
            "oauth2ProviderConfigOutput": output_of(given, settings),
            "status": "READY",
            "_settings": settings,
        }
