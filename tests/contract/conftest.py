"""What the contract tests are told about the gateway: its URL and an agent's credentials, in environment variables.

FOUNDATION_GATEWAY_URL, FOUNDATION_TOKEN_ENDPOINT, FOUNDATION_CLIENT_ID, FOUNDATION_CLIENT_SECRET and FOUNDATION_SCOPE
(space-separated). HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE act as in any other program. The same tests run against the
gateway on this machine and against a deployed one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

_PREFIX = "FOUNDATION_"
_NAMES = ("GATEWAY_URL", "TOKEN_ENDPOINT", "CLIENT_ID", "CLIENT_SECRET", "SCOPE")


class AccessToken(str):
    """A token that does not show itself in a failure report."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return a placeholder."""
        return "<access token>"


@dataclass(frozen=True)
class Agent:
    """An agent's way to the gateway. The secret stays out of representations, and so out of failure reports."""

    gateway_url: str
    token_endpoint: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str

    def token(self) -> AccessToken:
        """Request an access token as an agent does: client credentials, HTTP Basic (RFC 6749 §2.3.1, §4.4)."""
        answer = httpx2.post(
            self.token_endpoint,
            data={"grant_type": "client_credentials", "scope": self.scope},
            auth=(self.client_id, self.client_secret),
        )
        assert answer.status_code == 200, f"{self.token_endpoint} answered {answer.status_code}"
        return AccessToken(answer.json()["access_token"])


@pytest.fixture(scope="session")
def agent() -> Agent:
    """The agent of the environment; without one, the contract tests are skipped."""
    missing = [_PREFIX + name for name in _NAMES if not os.environ.get(_PREFIX + name)]
    if missing:
        pytest.skip(f"no gateway to test: set {', '.join(missing)}")
    url, endpoint, client_id, secret, scope = (os.environ[_PREFIX + name] for name in _NAMES)
    return Agent(url, endpoint, client_id, secret, scope)


@pytest.fixture(scope="session")
def token(agent: Agent) -> AccessToken:
    """One access token for all tests."""
    return agent.token()


Connect = Callable[[str], AbstractAsyncContextManager[Client]]


@pytest.fixture
def connect(agent: Agent, token: str) -> Connect:
    """The official MCP client, connected with the agent's token; the argument is its `mode`."""

    @contextlib.asynccontextmanager
    async def connected(mode: str) -> AsyncIterator[Client]:
        async with create_mcp_http_client(headers={"Authorization": f"Bearer {token}"}) as http:
            transport = streamable_http_client(agent.gateway_url, http_client=http)
            async with Client(transport, mode=mode, cache=None) as client:
                yield client

    return connected


Send = Callable[..., httpx2.Response]


@pytest.fixture
def send(agent: Agent) -> Send:
    """Send one JSON-RPC request as plain HTTP, with the given Authorization header or none."""

    def sent(authorization: str | None, method: str = "tools/list", params: dict[str, Any] | None = None) -> Any:
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
        if authorization is not None:
            headers["Authorization"] = authorization
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        return httpx2.post(agent.gateway_url, json=body, headers=headers)

    return sent
