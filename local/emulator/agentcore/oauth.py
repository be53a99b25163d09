"""Tokens for machines: the client credentials grant at the provider's own token endpoint.

RFC 6749 section 4.4 (grant), section 2.3.1 (client authentication), RFC 8414 section 2 (metadata) and RFC 8707
(resource).
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from local.emulator.agentcore.errors import invalid
from local.emulator.agentcore.oauth_settings import OauthSettings
from local.emulator.agentcore.outbound import Answer, Outbound, UnreachableError

_RENEW_BEFORE_SECONDS = 30
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """What is asked for, beside the client: also the key under which the answer is kept."""

    provider: str
    workload: str
    scopes: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: Mapping[str, Any], *, workload: str) -> TokenRequest:
        """Read a GetResourceOauth2Token request."""
        named: Sequence[tuple[str, str]] = [
            *request.get("customParameters", {}).items(),
            *(("resource", resource) for resource in request.get("resources", ())),
            *(("audience", audience) for audience in request.get("audiences", ())),
        ]
        return cls(
            provider=request["resourceCredentialProviderName"],
            workload=workload,
            scopes=tuple(request["scopes"]),
            parameters=tuple(named),
        )


class ClientCredentials:
    """Gets access tokens, and keeps each until shortly before it expires."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._tokens: dict[tuple[TokenRequest, OauthSettings], tuple[str, float]] = {}

    def token(self, wanted: TokenRequest, settings: OauthSettings, secret: str, *, anew: bool) -> str:
        """An access token; `anew` asks the server even when one is kept.

        Raises ValidationException, whose text has no secret, when the server does not give one.
        """
        key = (wanted, settings)
        token, expires = self._tokens.get(key, ("", 0.0))
        if anew or time.monotonic() >= expires - _RENEW_BEFORE_SECONDS:
            try:
                token, lifetime = self._ask(wanted, settings, secret)
            except UnreachableError as error:
                raise invalid(f"The authorization server of {wanted.provider} cannot be asked: {error}") from error
            self._tokens[key] = (token, time.monotonic() + lifetime)
        return token

    def _ask(self, wanted: TokenRequest, settings: OauthSettings, secret: str) -> tuple[str, float]:
        endpoint, method = self._endpoint(wanted.provider, settings)
        form = [("grant_type", "client_credentials"), *wanted.parameters]
        if wanted.scopes:
            form.append(("scope", " ".join(wanted.scopes)))
        headers = {"Content-Type": _FORM, "Accept": "application/json"}
        if method == "client_secret_post":
            form += [("client_id", settings.client_id), ("client_secret", secret)]
        else:
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = self._outbound.send("POST", endpoint, headers=headers, body=urlencode(form).encode())
        document = _document(answer)
        token = document.get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            raise invalid(
                f"The authorization server of {wanted.provider} gave no token: HTTP {answer.status}{_code(document)}"
            )
        lifetime = document.get("expires_in", 0)
        return token, float(lifetime) if isinstance(lifetime, int | float) else 0.0

    def _endpoint(self, provider: str, settings: OauthSettings) -> tuple[str, str]:
        """The token endpoint, and how the client proves itself there (RFC 8414: basic unless the server says other)."""
        if settings.token_endpoint:
            return settings.token_endpoint, settings.authentication or "client_secret_basic"
        url = settings.discovery_url or ""
        document = _document(self._outbound.send("GET", url))
        endpoint = document.get("token_endpoint")
        if not isinstance(endpoint, str):
            raise invalid(f"The discovery document {url} of {provider} names no token_endpoint")
        offered = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        preferred = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        return endpoint, settings.authentication or preferred


def _document(answer: Answer) -> Mapping[str, Any]:
    try:
        document = json.loads(answer.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _code(document: Mapping[str, Any]) -> str:
    """The OAuth error code of a refusal, and nothing else of it: a description may repeat what was sent."""
    code = document.get("error")
    return f", {code}" if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,64}", code) else ""
