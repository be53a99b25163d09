"""What an OAuth2 credential provider says about its authorization server and client.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_Oauth2ProviderConfigInput.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.emulator.agentcore.collection import Record
from local.emulator.agentcore.errors import invalid

_METHODS = {None: None, "CLIENT_SECRET_BASIC": "client_secret_basic", "CLIENT_SECRET_POST": "client_secret_post"}
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, kw_only=True)
class OauthSettings:
    """An OAuth client: either `discovery_url` or `token_endpoint` says where tokens are given.

    `authentication` is the client's method in the words of RFC 7591 section 2; None leaves it to the server's metadata.
    """

    client_id: str
    discovery_url: str | None
    token_endpoint: str | None
    authentication: str | None


def settings_of(given: Mapping[str, Any]) -> OauthSettings:
    """The settings in a request. Raises ValidationException for what the local run cannot reach or sign."""
    (member, config), *_ = given.items()
    if member == "customOauth2ProviderConfig":
        return _custom(config)
    if member == "includedOauth2ProviderConfig":
        return _included(config)
    raise invalid(
        f"{member}: the local run reaches no vendor's own servers; describe a server of this machine with "
        "customOauth2ProviderConfig"
    )


def output_of(given: Mapping[str, Any], settings: OauthSettings) -> Record:
    """The settings as the answers tell them, without the secret."""
    (member, config), *_ = given.items()
    told = {name: value for name, value in config.items() if not name.startswith("clientSecret")}
    if member == "includedOauth2ProviderConfig":
        discovery = {"discoveryUrl": settings.discovery_url} if settings.discovery_url else _metadata(config)
        told = {"oauthDiscovery": discovery, "clientId": settings.client_id}
    return {member: told}


def _custom(config: Mapping[str, Any]) -> OauthSettings:
    method = config.get("clientAuthenticationMethod")
    if method not in _METHODS or "onBehalfOfTokenExchangeConfig" in config:
        raise invalid(
            f"The local run gets tokens with a client secret only, not with {method or 'a token exchange'}: use "
            "CLIENT_SECRET_BASIC or CLIENT_SECRET_POST"
        )
    discovery = config["oauthDiscovery"]
    metadata = discovery.get("authorizationServerMetadata", {})
    methods = metadata.get("tokenEndpointAuthMethods", ())
    return OauthSettings(
        client_id=config.get("clientId", ""),
        discovery_url=discovery.get("discoveryUrl"),
        token_endpoint=metadata.get("tokenEndpoint"),
        authentication=_METHODS[method] or next(iter(methods), None),
    )


def _included(config: Mapping[str, Any]) -> OauthSettings:
    endpoint, issuer = config.get("tokenEndpoint"), config.get("issuer", "")
    if not endpoint and not issuer:
        raise invalid("includedOauth2ProviderConfig: the local run needs issuer or tokenEndpoint to know the server")
    return OauthSettings(
        client_id=config["clientId"],
        discovery_url=None if endpoint else f"{issuer.rstrip('/')}{_DISCOVERY}",
        token_endpoint=endpoint,
        authentication=None,
    )


def _metadata(config: Mapping[str, Any]) -> Record:
    names = ("issuer", "authorizationEndpoint", "tokenEndpoint")
    return {"authorizationServerMetadata": {name: config.get(name, "") for name in names}}
