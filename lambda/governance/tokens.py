"""Verifies bearer tokens: signature, issuer, times, and what the settings ask for (R21: any OpenID Connect provider).

RFC 6750 §2.1, RFC 7519 §7.2, RFC 8725 §3, RFC 9068 §4. The gateway's own authorizer has looked at the token before; an
interceptor that trusted it would be open to whoever may invoke the function. A verified token is not remembered: its
signature takes 0.1 ms to check, and nothing then outlives its expiry.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from governance.keys import CURVE_ALGORITHMS, RSA_ALGORITHMS, KeySource
from governance.refusals import RefusedError
from governance.settings import TokenSettings

LEEWAY_SECONDS = 5.0
"""By how much clocks may differ."""

_BEARER = re.compile(r"bearer +([A-Za-z0-9\-_]+\.[A-Za-z0-9\-_]+\.[A-Za-z0-9\-_]*)", re.IGNORECASE)
_LONGEST = 32_768
_LONGEST_HEADER = 2048
_ALGORITHMS = frozenset({*RSA_ALGORITHMS, *CURVE_ALGORITHMS.values()})

Claims = Mapping[str, Any]


class TokenVerifier:
    """Checks tokens of one identity provider.

    Args:
        settings: Which tokens are taken.
        keys: The provider's keys.
        clock: Seconds since 1970.
    """

    def __init__(self, settings: TokenSettings, keys: KeySource, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._registry: Any = None

    def verify(self, authorization: str | None, *, expired_for: float = 0.0) -> Claims:
        """The claims of the token in an Authorization header.

        Args:
            authorization: The header's value.
            expired_for: Seconds that the token may have expired before: a call may outlive its token.

        Raises:
            RefusedError: The token is none to go by, or the provider's keys cannot be had.
        """
        claims, issuer = self._signed_claims(_bearer_token(authorization))
        if claims.get("iss") != issuer:
            raise RefusedError("token_issuer")
        self._check_times(claims, expired_for)
        # Cognito's mark; its id tokens are signed with the same keys.
        if claims.get("token_use", "access") != "access":
            raise RefusedError("token_use")
        self._check_settings(claims)
        return claims

    def _signed_claims(self, token: str) -> tuple[Claims, str]:
        from joserfc import jws  # noqa: PLC0415 - see the package docstring
        from joserfc.errors import BadSignatureError, JoseError  # noqa: PLC0415

        if self._registry is None:
            # RFC 7515 §4: headers that are not understood are ignored, unless `crit` names them.
            self._registry = jws.JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
            self._registry.max_header_length = _LONGEST_HEADER
        value = token.encode()
        try:
            header = jws.extract_compact(value, registry=self._registry).protected
            algorithm, kid = header.get("alg"), header.get("kid")
            if "crit" in header or "b64" in header or not isinstance(kid, str | None):
                raise RefusedError("token_malformed")
            if algorithm not in _ALGORITHMS:
                raise RefusedError("token_algorithm")
            issuer, public = self._keys.find(kid)
            if algorithm not in public.algorithms:
                raise RefusedError("token_algorithm")
            signed = jws.deserialize_compact(value, public.key, algorithms=[algorithm], registry=self._registry)
            claims = json.loads(signed.payload)
        except BadSignatureError:
            raise RefusedError("token_signature") from None
        except (JoseError, ValueError, TypeError, RecursionError):
            raise RefusedError("token_malformed") from None
        if not isinstance(claims, dict):
            raise RefusedError("token_malformed")
        return claims, issuer

    def _check_times(self, claims: Claims, expired_for: float) -> None:
        now = self._clock()
        if now > _seconds(claims.get("exp")) + LEEWAY_SECONDS + expired_for:
            raise RefusedError("token_expired")
        if "nbf" in claims and now < _seconds(claims["nbf"]) - LEEWAY_SECONDS:
            raise RefusedError("token_not_yet_valid")

    def _check_settings(self, claims: Claims) -> None:
        settings = self._settings
        if settings.audience and not settings.audience.intersection(texts(claims.get("aud"))):
            raise RefusedError("token_audience")
        if settings.clients and not settings.clients.intersection(texts(claims.get(settings.claims["client_id"]))):
            raise RefusedError("token_client")
        if settings.scopes and not settings.scopes.intersection(scopes(claims, settings)):
            raise RefusedError("token_scope")


def scopes(claims: Claims, settings: TokenSettings) -> tuple[str, ...]:
    """The scopes of a token: words of one text (RFC 9068 §2.2.3), or a list, as Okta writes `scp`."""
    value = claims.get(settings.claims["scope"], claims.get("scp"))
    return tuple(value.split()) if isinstance(value, str) else texts(value)


def texts(value: object) -> tuple[str, ...]:
    """A claim that is a text or a list of texts (RFC 7519 §4.1.3); empty when it is neither."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _bearer_token(authorization: str | None) -> str:
    if not authorization:
        raise RefusedError("token_missing")
    found = _BEARER.fullmatch(authorization) if len(authorization) <= _LONGEST else None
    if not found:
        raise RefusedError("token_malformed")
    return found[1]


def numeric_date(value: object) -> float | None:
    """The seconds of a NumericDate (RFC 7519 §2); None when it is none that a clock could show."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None


def _seconds(value: object) -> float:
    seconds = numeric_date(value)
    if seconds is None:
        raise RefusedError("token_malformed")
    return seconds
