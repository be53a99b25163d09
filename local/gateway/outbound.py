"""How the gateway reaches the services behind OpenAPI and MCP server targets: never anything but this machine.

Public host names are reached through the local edge, which serves those of the local run and refuses all others;
addresses of this machine are called directly.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from local.gateway.aws import INVOCATION_TIMEOUT_SECONDS

_CONNECT_SECONDS = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Outbound:
    """Makes HTTP clients that cannot leave this machine."""

    def __init__(
        self, *, edge_url: str, ca_file: Path | None, timeout_seconds: float = INVOCATION_TIMEOUT_SECONDS
    ) -> None:
        """Read the authority of the edge, a PEM file; None trusts no certificate at all.

        `timeout_seconds` is the longest wait for a service's next bytes.
        """
        self._edge_url = edge_url
        self._trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if ca_file is not None:
            self._trust.load_verify_locations(cafile=str(ca_file))
        self._timeout = httpx2.Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds))

    def client(self, url: str, *, auth: httpx2.Auth, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
        """Return a client for one call to `url`, to be used as a context manager.

        A client is never shared between calls, so that cookies of one caller do not reach the next one's. It follows
        no redirect, which would carry credentials to another place.
        """
        return httpx2.AsyncClient(
            proxy=None if urlsplit(url).hostname in _LOOPBACK else self._edge_url,
            verify=self._trust,
            trust_env=False,
            follow_redirects=False,
            timeout=self._timeout,
            auth=auth,
            headers=dict(headers or {}),
        )


def silence(error: httpx2.HTTPError | httpx2.InvalidURL) -> str:
    """Say why a service did not answer; the error's own text may hold the address, and with it arguments."""
    if isinstance(error, httpx2.ProxyError):
        return (
            "its host is not part of the local run, which never leaves this machine; docs/guides/targets.md says how "
            "a server of this machine stands for it"
        )
    return type(error).__name__


def address_problem(url: str) -> str | None:
    """Say what is wrong with a service's address, None when it may be called: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"{url!r} is not a URL"
    if parts.username is not None or parts.password is not None:
        return "its address holds a user name or a password; use a credential provider"
    if host and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        return None
    return f"its address {url!r} is not of the form https://<host>/<path>"
