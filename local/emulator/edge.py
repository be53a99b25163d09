"""The proxy for AWS host names that no endpoint setting redirects.

A token's issuer, its key set and the token endpoint are absolute https URLs of AWS. Clients use them unchanged,
certificate verification on, with HTTPS_PROXY naming this proxy and its authority as the only one trusted: the
proxy ends TLS for the host and passes the plain bytes to the emulator, or, for a host that the hosts file names, to a
server of this machine that stands for it. Every other host is refused by name, so nothing leaves the machine. Follows
RFC 9110 section 9.3.6 (CONNECT).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import ssl

from local.emulator.certificates import LocalAuthority
from local.emulator.settings import HOST, REGION, Settings

_LOG = logging.getLogger("foundation.edge")
_SERVED = re.compile(
    rf"(?:cognito-idp|bedrock-agentcore)\.{REGION}\.amazonaws\.com"
    rf"|[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.auth\.{REGION}\.amazoncognito\.com"
    rf"|[a-z0-9]{{32}}\.lambda-url\.{REGION}\.on\.aws"
)
_HEAD_SECONDS = 10
_HEAD_BYTES = 16 * 1024
_CHUNK = 64 * 1024


class Edge:
    """The listening proxy; `start`, then `stop`."""

    def __init__(self, settings: Settings) -> None:
        """Load or create the authority; nothing listens yet."""
        self._settings = settings
        self._authority = LocalAuthority(
            ca_file=settings.ca_file, key_file=settings.ca_key_file, leaf_folder=settings.state / "tmp"
        )
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on the loopback. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, HOST, self._settings.edge_port, limit=_HEAD_BYTES)

    async def stop(self) -> None:
        """Close the listener; open connections end with the process."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._tunnel(reader, writer)
        except (TimeoutError, OSError, EOFError, asyncio.LimitOverrunError) as error:
            _LOG.debug("connection ended: %s", error)
        finally:
            writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
        method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        host, _, port = target.rpartition(":")
        host = host.lower()
        upstream = self._port_of(host)
        if method != "CONNECT" or port != "443" or upstream is None:
            _LOG.warning("refused %s %s: the local run reaches no other host", method, target)
            await _refuse(writer, f"{target} is not part of the local run, which never leaves this machine.")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await asyncio.wait_for(writer.start_tls(self._context(host)), _HEAD_SECONDS)
        upstream_reader, upstream_writer = await asyncio.open_connection(HOST, upstream)
        try:
            await asyncio.gather(_copy(reader, upstream_writer), _copy(upstream_reader, writer))
        finally:
            upstream_writer.close()

    def _port_of(self, host: str) -> int | None:
        """The loopback port that answers for a host; None when none does."""
        if _SERVED.fullmatch(host):
            return self._settings.port
        try:
            port = json.loads(self._settings.hosts_file.read_text()).get(host)
        except FileNotFoundError:
            return None
        except (ValueError, AttributeError) as error:
            _LOG.error("%s holds no JSON object of host names and ports: %s", self._settings.hosts_file, error)
            return None
        return port if type(port) is int else None

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            self._contexts[host] = self._authority.server_context(host)
        return self._contexts[host]


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass bytes on until the source ends, then end the sink."""
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
    with contextlib.suppress(OSError):
        sink.close()


async def _refuse(writer: asyncio.StreamWriter, reason: str) -> None:
    body = reason.encode() + b"\n"
    writer.write(
        b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    await writer.drain()
