"""How requests reach the gateway: with the agent's token, and again when that can do no harm.

A tool may have done what it does before an answer got lost, so a call of a tool is sent again only when nothing can
have run: the gateway throttled it (429), refused its token (401), or could not be reached at all. What only reads is
sent again after a failure of the gateway, too. What still fails becomes an answer of JSON-RPC: an exception in its
transport would take the whole MCP session down, with every call that is under way.
"""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import anyio
import anyio.to_thread
import httpx2
from opentelemetry import propagate

from gateway_agent.answers import RATE_LIMITED, UNAVAILABLE
from gateway_agent.errors import NO_ANSWER, NOT_SENT, AgentError
from gateway_agent.retries import TRANSIENT, Backoff, retry_after, retry_after_of
from gateway_agent.tokens import TokenSource

READING_METHODS = frozenset({"initialize", "notifications/initialized", "ping", "server/discover", "tools/list"})
"""Methods that change nothing."""

_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
"""Failures before a byte of the request has left."""

_AT_THE_DOOR = frozenset({401, 403, 429})
"""Statuses that a gateway gives before it calls anything."""

_CONNECT_SECONDS = 5.0

_logger = logging.getLogger(__name__)

Message = dict[str, Any]


class GatewayHttp(httpx2.AsyncClient):
    """The HTTP client of one MCP session. Its `send` raises nothing that the network, the gateway or the token causes.

    Args:
        tokens: Where the agent's token comes from.
        headers: What each request carries beside it.
        timeout_seconds: How long one attempt may take, from its token to the end of its answer.
        backoff: How often a request is sent, and when.
        sleep: Waits some seconds.
    """

    def __init__(
        self,
        tokens: TokenSource,
        *,
        headers: Mapping[str, str],
        timeout_seconds: float,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        timeout = httpx2.Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds))
        super().__init__(headers=dict(headers), timeout=timeout, verify=_tls())
        self._tokens, self._timeout_seconds = tokens, timeout_seconds
        self._backoff, self._sleep = backoff or Backoff(), sleep

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """See `httpx2.AsyncClient`."""
        message = _message(await request.aread())
        for attempt in range(1, self._backoff.attempts + 1):
            answer, may_repeat = await self._attempt(request, message, options)
            if not may_repeat:
                break
            pause = self._backoff.seconds(attempt, asked=_asked_to_wait(answer))
            if pause is None:
                break
            _logger.warning("the gateway answered %d at attempt %d", answer.status_code, attempt)
            await answer.aclose()
            await self._sleep(pause)
        if (
            answer.status_code in _AT_THE_DOOR
            and answer.is_closed
            and not isinstance(_message(answer.content).get("error"), dict)
        ):
            sentence = f"The gateway turned the request away ({answer.status_code})"
            wait = _asked_to_wait(answer)
            return _in_the_gateways_place(request, message, answer.status_code, sentence, NOT_SENT, wait=wait)
        return answer

    async def _attempt(
        self, request: httpx2.Request, message: Message, options: Mapping[str, Any]
    ) -> tuple[httpx2.Response, bool]:
        """An answer, and whether the request may be sent again after it."""
        reads = message.get("method") in READING_METHODS
        try:
            with anyio.fail_after(self._timeout_seconds):
                answer = await self._authorized(request, options)
        except AgentError as error:
            # The token was asked for again where it failed.
            return _in_the_gateways_place(request, message, 503, str(error), NOT_SENT), False
        except _UNSENT as error:
            sentence = f"The gateway cannot be reached ({type(error).__name__})"
            return _in_the_gateways_place(request, message, 503, sentence, NOT_SENT), True
        except (httpx2.TransportError, TimeoutError) as error:
            sentence = f"The gateway did not answer ({type(error).__name__}); whether the tool has run is not known"
            return _in_the_gateways_place(request, message, 504, sentence, NO_ANSWER), reads
        return answer, answer.status_code == 429 or (reads and answer.status_code in TRANSIENT)

    async def _authorized(self, request: httpx2.Request, options: Mapping[str, Any]) -> httpx2.Response:
        """The answer to a request with the agent's token, or with a new one when that is refused (RFC 6750 §3.1)."""
        token = await self._sign(request)
        answer = await self._read(request, options)
        if answer.status_code != 401:
            return answer
        await answer.aclose()
        self._tokens.forget(token)
        await self._sign(request)
        return await self._read(request, options)

    async def _sign(self, request: httpx2.Request) -> str:
        """Put token and trace context on a request. Getting a token blocks, so a thread does it."""
        token = await anyio.to_thread.run_sync(self._tokens.token)
        request.headers["Authorization"] = f"Bearer {token}"
        propagate.inject(request.headers)  # W3C Trace Context; nothing without a span
        return token

    async def _read(self, request: httpx2.Request, options: Mapping[str, Any]) -> httpx2.Response:
        """The answer, read to its end unless it is a stream of events, so that a cut one is noticed here."""
        answer = await super().send(request, **options)
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            await answer.aread()
        return answer


@cache
def _tls() -> ssl.SSLContext:
    """One for all sessions: making it reads every certificate of the system, 20 ms."""
    return httpx2.create_ssl_context()


def _message(body: bytes) -> Message:
    """The JSON-RPC message of a body; empty when it has none."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _asked_to_wait(answer: httpx2.Response) -> float | None:
    """The seconds that an answer asks to wait, in its header or its JSON-RPC error."""
    seconds = retry_after(answer.headers.get("retry-after"))
    if seconds is None and answer.is_closed:
        error = _message(answer.content).get("error")
        seconds = retry_after_of(error.get("data")) if isinstance(error, dict) else None
    return seconds


def _in_the_gateways_place(
    request: httpx2.Request, message: Message, status: int, sentence: str, reason: str, *, wait: float | None = None
) -> httpx2.Response:
    """A JSON-RPC error of ours; `reason` says whether the request may have been carried out."""
    code = RATE_LIMITED if status == HTTPStatus.TOO_MANY_REQUESTS else UNAVAILABLE
    data = {"reason": reason, **({} if wait is None else {"retryAfter": wait})}
    error = {"code": code, "message": sentence, "data": data}
    return httpx2.Response(status, json={"jsonrpc": "2.0", "id": message.get("id"), "error": error}, request=request)
