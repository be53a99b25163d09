"""The JWT authorizer of a gateway: decide from the Authorization header alone, exactly as the template says.

What AgentCore answers, measured and documented:
- no usable token, a bad signature, a token out of its time: 401 and `error="invalid_token"`;
- a genuine token whose client, audience, scope or custom claims are not the configured ones: 403 and
  `error="insufficient_scope"` (a runtime answers 401 there, a gateway 403);
- `allowedScopes` asks for any one of its scopes, in the `scope` string of RFC 9068 or an `scp` list.

Sources: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/inbound-jwt-authorizer.html,
RFC 6750 §2.1 and §3.1, RFC 7519 §7.2, RFC 8725 §3.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from joserfc import jws, jwt
from joserfc.errors import JoseError

from local.gateway.configuration import CustomClaim, JwtAuthorizer
from local.gateway.keys import KeySource, Provider, UnknownKeyError

_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE)


@dataclass(frozen=True)
class Principal:
    """Who calls, as far as the token proves it. `claims` are the verified claims of the token."""

    client_id: str | None
    claims: Mapping[str, Any]


class RefusedError(Exception):
    """A request that the authorizer refuses.

    `status` and `error` go to the client; `reason` is for the log alone, because it tells a forger what to change.
    """

    def __init__(
        self,
        *,
        status: Literal[401, 403],
        error: Literal["invalid_token", "insufficient_scope"],
        message: str,
        reason: str,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.error = error
        self.message = message
        self.reason = reason


def _invalid(reason: str, message: str = "Invalid Bearer token") -> RefusedError:
    return RefusedError(status=401, error="invalid_token", message=message, reason=reason)


def _forbidden(reason: str) -> RefusedError:
    return RefusedError(status=403, error="insufficient_scope", message="Insufficient scope", reason=reason)


class Authorizer:
    """Checks bearer tokens against one gateway's configuration."""

    def __init__(
        self, *, configuration: JwtAuthorizer, keys: KeySource, clock: Callable[[], float] = time.time
    ) -> None:
        self.configuration = configuration
        self.keys = keys
        self._clock = clock

    async def authorize(self, authorization: Sequence[str]) -> Principal:
        """Return the caller behind the request's Authorization headers.

        Raises RefusedError for every request that is not to be served, and ProviderUnavailableError when the identity
        provider cannot be asked.
        """
        token = _bearer_token(authorization)
        claims = await self._verified_claims(token)
        self._check_configured(claims)
        client = claims.get("client_id")
        return Principal(client_id=client if isinstance(client, str) else None, claims=claims)

    async def _verified_claims(self, token: str) -> Mapping[str, Any]:
        try:
            header = jws.extract_compact(token.encode()).headers()
        except Exception as error:  # a token is a stranger's input: whatever it breaks, it is refused
            raise _invalid(f"not a signed JWT ({type(error).__name__})") from error
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise _invalid("the key name is not a string")
        try:
            provider = await self.keys.provider_with(kid)
        except UnknownKeyError as error:
            raise _invalid(str(error)) from error
        try:
            return self._decode(token, provider, kid)
        except JoseError as error:
            raise _invalid(f"{error.error} {error.description}".strip()) from error
        except RefusedError:
            raise
        except Exception as error:  # as above
            raise _invalid(f"not a JWT ({type(error).__name__})") from error

    def _decode(self, token: str, provider: Provider, kid: str | None) -> dict[str, Any]:
        key = provider.key(kid)
        if key is None:
            raise _invalid(f"no key {kid!r}")
        algorithms = provider.algorithms
        if named := key.get("alg"):
            algorithms = algorithms & {named}
        if not algorithms:
            raise _invalid(f"key {kid!r} is for an algorithm that is not accepted")
        # Header parameters that this code does not know are ignored (RFC 7515 §4); critical ones are still refused.
        registry = jws.JWSRegistry(algorithms=sorted(algorithms), strict_check_header=False)
        decoded = jwt.decode(token, key, registry=registry)
        jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            iss={"essential": True, "value": provider.issuer},
            exp={"essential": True},
        ).validate(decoded.claims)
        return decoded.claims

    def _check_configured(self, claims: Mapping[str, Any]) -> None:
        rules = self.configuration
        if rules.allowed_clients and claims.get("client_id") not in rules.allowed_clients:
            raise _forbidden("client_id is not among the allowed clients")
        if rules.allowed_audience and not _texts(claims.get("aud")) & set(rules.allowed_audience):
            raise _forbidden("aud is not among the allowed audiences")
        if rules.allowed_scopes and not _scopes(claims) & set(rules.allowed_scopes):
            raise _forbidden("none of the allowed scopes")
        for rule in rules.custom_claims:
            if not _matches(rule, claims.get(rule.name)):
                raise _forbidden(f"claim {rule.name} does not match")


def _bearer_token(headers: Sequence[str]) -> str:
    """Return the one bearer token of a request (RFC 6750 §2.1). Tokens in a form or query are not looked for."""
    if not headers:
        raise _invalid("no Authorization header", "Missing Bearer token")
    if len(headers) > 1:
        raise _invalid("more than one Authorization header")
    match = _BEARER.fullmatch(headers[0].strip())
    if match is None:
        raise _invalid("the Authorization header holds no bearer token", "Missing Bearer token")
    return match.group(1)


def _texts(value: object) -> set[str]:
    """The strings of a claim that is either a string or a list."""
    if isinstance(value, str):
        return {value}
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else set()


def _scopes(claims: Mapping[str, Any]) -> set[str]:
    """The scopes of a token: RFC 9068's space-separated `scope`, or the `scp` list that some providers send."""
    return {scope for name in ("scope", "scp") for text in _texts(claims.get(name)) for scope in text.split()}


def _matches(rule: CustomClaim, value: object) -> bool:
    if rule.value_type == "STRING":
        return rule.operator == "EQUALS" and isinstance(value, str) and value in rule.values
    held = _texts(value) if isinstance(value, list) else set()
    return rule.operator in {"CONTAINS", "CONTAINS_ANY"} and bool(held & set(rule.values))
