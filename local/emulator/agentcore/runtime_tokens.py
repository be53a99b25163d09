"""Bearer tokens of a runtime that has a JWT authorizer.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/inbound-jwt-authorizer.html, RFC 7519 section 7.2 and RFC 8725
section 3. A runtime answers 401 to every token that it does not accept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jwt

from local.emulator.agentcore.errors import ApiError
from local.emulator.agentcore.outbound import Outbound, UnreachableError

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


class TokenChecks:
    """Checks tokens against the authorizer configuration of runtimes."""

    def __init__(self, outbound: Outbound) -> None:
        """Issuers are asked for their keys through `outbound`."""
        self._outbound = outbound

    def check(self, token: str, rules: Mapping[str, Any]) -> None:
        """Raise UnauthorizedException unless the token is genuine and the rules accept it."""
        try:
            claims = self._claims(token, rules["discoveryUrl"])
        except (jwt.PyJWTError, UnreachableError, KeyError, ValueError) as error:
            raise _unauthorized() from error
        if not _accepted(claims, rules):
            raise _unauthorized()

    def _claims(self, token: str, discovery_url: str) -> Mapping[str, Any]:
        issuer = json.loads(self._outbound.send("GET", discovery_url).body)
        keys = jwt.PyJWKSet.from_dict(json.loads(self._outbound.send("GET", issuer["jwks_uri"]).body))
        key = keys[jwt.get_unverified_header(token)["kid"]]
        options: Any = {"require": ["exp", "iss"], "verify_aud": False}
        return jwt.decode(token, key, algorithms=_ALGORITHMS, issuer=issuer["issuer"], options=options)


def _unauthorized() -> ApiError:
    return ApiError("UnauthorizedException", "OAuth authorization failed: the token is not accepted")


def _accepted(claims: Mapping[str, Any], rules: Mapping[str, Any]) -> bool:
    checks = (
        ("allowedClients", _texts(claims.get("client_id"))),
        ("allowedAudience", _texts(claims.get("aud"))),
        ("allowedScopes", {scope for text in _texts(claims.get("scope")) for scope in text.split()}),
    )
    listed = all(name not in rules or found & set(rules[name]) for name, found in checks)
    return listed and all(_matches(rule, claims) for rule in rules.get("customClaims", ()))


def _matches(rule: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    value = claims.get(rule["inboundTokenClaimName"])
    wanted = rule["authorizingClaimMatchValue"]
    match = wanted["claimMatchValue"]
    values = {match["matchValueString"]} if "matchValueString" in match else set(match["matchValueStringList"])
    if rule["inboundTokenClaimValueType"] == "STRING":
        return wanted["claimMatchOperator"] == "EQUALS" and isinstance(value, str) and value in values
    return wanted["claimMatchOperator"] != "EQUALS" and isinstance(value, list) and bool(_texts(value) & values)


def _texts(value: object) -> set[str]:
    """The strings of a claim that is either a string or a list."""
    if isinstance(value, str):
        return {value}
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else set()
