"""The identity provider's signing keys: discovered, cached, and fetched again when a token names an unknown one."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, OctKey

ASYMMETRIC_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures that a public key can verify. `none` and HMAC never are (RFC 8725 §2.1, §3.1)."""

LIFETIME_SECONDS = 300.0
REFRESH_INTERVAL_SECONDS = 5.0
_MAX_DOCUMENT_BYTES = 1_000_000


class ProviderUnavailableError(Exception):
    """The identity provider's metadata or keys cannot be had; the message says which and why."""


class UnknownKeyError(Exception):
    """The identity provider publishes no key of the name that a token gives."""


@dataclass(frozen=True)
class Provider:
    """What an identity provider publishes: its issuer, the algorithms it signs with, its public keys."""

    issuer: str
    algorithms: frozenset[str]
    keys: tuple[Key, ...]

    def key(self, kid: str | None) -> Key | None:
        """Return the key named `kid`; without a name, the only key there is, or None."""
        if kid is None:
            return self.keys[0] if len(self.keys) == 1 else None
        return next((key for key in self.keys if key.kid == kid), None)


def provider_client(*, edge_url: str, ca_file: Path) -> httpx2.AsyncClient:
    """Return an HTTP client that reaches identity providers by their real names through the local edge.

    It verifies certificates against `ca_file` alone, so nothing but the edge can answer; the environment's own
    proxy settings are not read, redirects are not followed.
    """
    return httpx2.AsyncClient(
        proxy=edge_url,
        verify=ssl.create_default_context(cafile=str(ca_file)),
        trust_env=False,
        follow_redirects=False,
        timeout=5.0,
    )


class KeySource:
    """The provider behind one discovery URL (OpenID Connect Discovery 1.0 §4, RFC 7517)."""

    def __init__(
        self, *, discovery_url: str, http: httpx2.AsyncClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.discovery_url = discovery_url
        self._http = http
        self._clock = clock
        self._provider: Provider | None = None
        self._fetched_at = float("-inf")
        self._failure = ""
        self._failed_at = float("-inf")
        self._lock = anyio.Lock()

    async def provider(self) -> Provider:
        """Return the provider, from the cache while it is fresh.

        Raises ProviderUnavailableError when it cannot be fetched.
        """
        async with self._lock:
            if self._provider is None or self._age() > LIFETIME_SECONDS:
                return await self._fetch()
            return self._provider

    async def provider_with(self, kid: str | None) -> Provider:
        """Return a provider that publishes the key `kid`, asking anew when the cached one does not.

        Asking anew happens at most every REFRESH_INTERVAL_SECONDS, so invented key names cost the provider nothing.
        Raises UnknownKeyError, or ProviderUnavailableError when it cannot be fetched.
        """
        provider = await self.provider()
        if provider.key(kid) is not None:
            return provider
        async with self._lock:
            if self._age() >= REFRESH_INTERVAL_SECONDS:
                provider = await self._fetch()
        if provider.key(kid) is None:
            raise UnknownKeyError(f"no key {kid!r} at {self.discovery_url}")
        return provider

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _fetch(self) -> Provider:
        """Ask the provider, unless it failed to answer less than REFRESH_INTERVAL_SECONDS ago."""
        if self._clock() - self._failed_at < REFRESH_INTERVAL_SECONDS:
            raise ProviderUnavailableError(self._failure)
        try:
            self._provider = await self._ask()
        except ProviderUnavailableError as error:
            self._failure, self._failed_at = str(error), self._clock()
            raise
        self._fetched_at = self._clock()
        return self._provider

    async def _ask(self) -> Provider:
        discovery = await self._document(self.discovery_url)
        issuer, jwks_uri = discovery.get("issuer"), discovery.get("jwks_uri")
        if not isinstance(issuer, str) or not isinstance(jwks_uri, str):
            raise ProviderUnavailableError(f"{self.discovery_url} names no issuer or no jwks_uri")
        signing = discovery.get("id_token_signing_alg_values_supported")
        algorithms = ASYMMETRIC_ALGORITHMS.intersection(signing) if signing else ASYMMETRIC_ALGORITHMS
        keys = _public_keys(await self._document(jwks_uri), jwks_uri)
        return Provider(issuer=issuer, algorithms=algorithms, keys=keys)

    async def _document(self, url: str) -> dict[str, Any]:
        if not url.startswith("https://"):
            raise ProviderUnavailableError(f"{url} is not an https URL")
        try:
            answer = await self._http.get(url)
            answer.raise_for_status()
            if len(answer.content) > _MAX_DOCUMENT_BYTES:
                raise ProviderUnavailableError(f"{url} answered more than {_MAX_DOCUMENT_BYTES} bytes")
            document = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderUnavailableError(f"{url} does not answer: {error}") from error
        if not isinstance(document, dict):
            raise ProviderUnavailableError(f"{url} does not answer with a JSON object")
        return document


def _public_keys(jwks: dict[str, Any], url: str) -> tuple[Key, ...]:
    """Return the signing keys of a key set; symmetric keys and encryption keys are left out."""
    try:
        keys = KeySet.import_key_set({"keys": jwks["keys"]}).keys
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ProviderUnavailableError(f"{url} holds no usable key set: {error}") from error
    return tuple(key for key in keys if not isinstance(key, OctKey) and key.get("use") in {None, "sig"})
