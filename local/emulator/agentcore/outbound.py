"""HTTP requests that AgentCore makes to others: token endpoints, discovery documents, MCP servers.

They reach what a local run consists of and nothing else: servers of this machine by their loopback address, and any
other host through the edge, which refuses what it does not serve.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from local.emulator.settings import HOST, Settings

_LOOPBACK = (HOST, "localhost")
_MOST_BYTES = 6 * 1024 * 1024  # AgentCore quotas: payload of a gateway invocation


class UnreachableError(Exception):
    """Nothing answered; the sentence names the host."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP response: header names are in lower case, `body` is complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outbound:
    """Sends requests; safe to use from several threads. Redirects are not followed: they would carry credentials on."""

    def __init__(self, settings: Settings) -> None:
        """Trust the authority of the local run and no other."""
        self._ca_file = settings.ca_file
        self._edge_url = settings.edge_url
        self._pools: tuple[urllib3.PoolManager, urllib3.PoolManager] | None = None

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = 10,
    ) -> Answer:
        """Send a request and read its answer, which must be complete within `seconds` of silence.

        Raises UnreachableError when nothing answers, the answer is larger than 6 MB, or the URL leaves the local run.
        """
        place = urlsplit(url)
        host = (place.hostname or "").lower()
        loopback = host in _LOOPBACK
        if place.scheme != "https" and not (place.scheme == "http" and loopback):
            raise UnreachableError(f"{url} is no https URL: only servers of this machine are asked over plain HTTP")
        pool = self._pool(through_edge=not loopback)
        timeout = urllib3.Timeout(connect=5, read=seconds)
        try:
            response = pool.request(
                method,
                url,
                headers=dict(headers or {}),
                body=body,
                timeout=timeout,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            content = response.read(_MOST_BYTES + 1, decode_content=True)
            response.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(self._reason(host, error, loopback=loopback)) from error
        if len(content) > _MOST_BYTES:
            raise UnreachableError(f"The answer of {host} is larger than {_MOST_BYTES} bytes")
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status, headers=names, body=content)

    def _pool(self, *, through_edge: bool) -> urllib3.PoolManager:
        if self._pools is None:
            trust = ssl.create_default_context(cafile=str(self._ca_file))
            self._pools = (
                urllib3.PoolManager(ssl_context=trust),
                urllib3.ProxyManager(self._edge_url, ssl_context=trust),
            )
        return self._pools[through_edge]

    def _reason(self, host: str, error: urllib3.exceptions.HTTPError, *, loopback: bool) -> str:
        if not loopback and "403" in str(error):
            return (
                f"{host} is not part of the local run, which never leaves this machine; docs/guides/targets.md says "
                "how a server of this machine stands for it"
            )
        return f"{host} does not answer: {type(error).__name__}"
