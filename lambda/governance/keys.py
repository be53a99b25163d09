"""The identity provider's signing keys: discovered, cached, and fetched again when a token names an unknown one.

OpenID Connect Discovery 1.0 §4, RFC 7517. Proxies and certificate authorities come from the environment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance import ages, patience, trouble
from governance.ages import Moment, age
from governance.refusals import RefusedError

if TYPE_CHECKING:
    from joserfc.jwk import Key

RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
CURVE_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
"""Signatures that a public key can verify. `none` and HMAC never are (RFC 8725 §2.1, §3.1)."""

LIFETIME_SECONDS = 300.0
"""How long keys are used without asking again; a key that the provider withdraws is good for no longer."""

STALE_SECONDS = 3600.0
"""How long they are used when the provider does not answer."""

FLOOR_SECONDS = 10.0
"""How long the provider is left alone after it was asked, so that invented key ids cost it nothing."""

_TIMEOUT_SECONDS = 3.0
_LONGEST_SECONDS = 4.0
_MAX_DOCUMENT_BYTES = 1_000_000
_SMALLEST_RSA_KEY = 2048

Fetch = Callable[[str], bytes]


@dataclass(frozen=True)
class PublicKey:
    """A key, and the algorithms whose signatures it verifies."""

    key: Key
    algorithms: frozenset[str]


@dataclass(frozen=True)
class Provider:
    """What an identity provider publishes: its issuer, and its keys by id."""

    issuer: str
    keys: Mapping[str | None, PublicKey]

    def key(self, kid: str | None) -> PublicKey | None:
        """The key of that id; without an id the only key there is."""
        if kid is None and len(self.keys) == 1:
            return next(iter(self.keys.values()))
        return self.keys.get(kid) if kid is not None else None


class KeySource:
    """The provider behind one discovery URL.

    Args:
        discovery_url: The URL; `https` only.
        fetch: Gets the bytes of a URL; raises OSError or ValueError when it cannot.
        clock: The present moment.
    """

    def __init__(
        self, discovery_url: str, *, fetch: Fetch | None = None, clock: Callable[[], Moment] = ages.now
    ) -> None:
        self._discovery_url = discovery_url
        self._fetch = fetch or https
        self._clock = clock
        self._provider: Provider | None = None
        self._fetched_at: Moment | None = None
        self._asked_at: Moment | None = None

    def find(self, kid: str | None) -> tuple[str, PublicKey]:
        """The provider's issuer and its key of that id.

        Raises:
            RefusedError: It publishes no such key, or cannot be asked.
        """
        if self._provider is None or age(self._fetched_at, self._clock()) > LIFETIME_SECONDS:
            self._ask()
        if self._provider is None or age(self._fetched_at, self._clock()) > STALE_SECONDS:
            raise RefusedError("keys_unavailable")
        found = self._provider.key(kid)
        if found is None:
            self._ask()
            found = self._provider.key(kid)
        if found is None:
            raise RefusedError("token_key")
        return self._provider.issuer, found

    def _ask(self) -> None:
        """Ask the provider, unless that was just done; what is known stays when it does not answer."""
        now = self._clock()
        if age(self._asked_at, now) < FLOOR_SECONDS:
            return
        self._asked_at = now
        try:
            issuer, jwks = patience.within(self._published, most=_LONGEST_SECONDS)
            self._provider = Provider(issuer, public_keys(jwks))
        except (OSError, ValueError, KeyError) as error:
            trouble.warn(f"the keys of {self._discovery_url} cannot be had", error)
            return
        self._fetched_at = now

    def _published(self) -> tuple[str, dict[str, Any]]:
        """The issuer and its key set."""
        discovery = self._document(self._discovery_url)
        issuer, jwks_uri = discovery["issuer"], discovery["jwks_uri"]
        if not isinstance(issuer, str) or not isinstance(jwks_uri, str):
            raise ValueError("issuer and jwks_uri are no texts")
        return issuer, self._document(jwks_uri)

    def _document(self, url: str) -> dict[str, Any]:
        value = json.loads(self._fetch(url))
        if not isinstance(value, dict):
            raise ValueError("no JSON object")
        return value


def public_keys(jwks: Mapping[str, Any]) -> dict[str | None, PublicKey]:
    """The signing keys of a JSON Web Key Set, by id; keys for something else or too weak are left out.

    Raises:
        ValueError: It is no key set.
    """
    from joserfc.errors import JoseError  # noqa: PLC0415 - see the package docstring
    from joserfc.jwk import import_key  # noqa: PLC0415

    entries = jwks.get("keys")
    if not isinstance(entries, list):
        raise ValueError("no keys")
    found: dict[str | None, PublicKey] = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or not (usable := _algorithms(entry)):
            continue
        public = {name: entry[name] for name in ("kty", "kid", "n", "e", "crv", "x", "y") if name in entry}
        try:
            found[entry.get("kid")] = PublicKey(import_key(public), usable)
        except (JoseError, ValueError, TypeError):
            continue
    return found


def _algorithms(entry: Mapping[str, Any]) -> frozenset[str]:
    """The algorithms that a key is for: its own `alg` if it has one, else all of its type."""
    known: frozenset[str] = frozenset()
    if entry.get("kty") == "RSA" and _bits(entry.get("n")) >= _SMALLEST_RSA_KEY:
        known = RSA_ALGORITHMS
    elif entry.get("kty") == "EC" and entry.get("crv") in CURVE_ALGORITHMS:
        known = frozenset({CURVE_ALGORITHMS[entry["crv"]]})
    return known & {entry["alg"]} if "alg" in entry else known


def _bits(modulus: object) -> int:
    """The size of a modulus in base64url, to the next byte."""
    return len(modulus.rstrip("=")) * 6 // 8 * 8 if isinstance(modulus, str) else 0


def https(url: str) -> bytes:
    """The document at an https URL; redirects are not followed.

    Raises:
        OSError: It cannot be had.
        ValueError: It is too large, or the URL is none of https.
    """
    import http.client  # noqa: PLC0415 - see the package docstring
    import urllib.request  # noqa: PLC0415

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    if not url.startswith("https://"):
        raise ValueError("not an https URL")
    try:
        with urllib.request.build_opener(NoRedirect).open(url, timeout=_TIMEOUT_SECONDS) as answer:
            document: bytes = answer.read(_MAX_DOCUMENT_BYTES + 1)
    except http.client.HTTPException as error:
        raise OSError(type(error).__name__) from None
    if len(document) > _MAX_DOCUMENT_BYTES:
        raise ValueError("too large")
    return document
