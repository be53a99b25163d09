"""What the caller gets, after the RESPONSE interceptor has seen it.

A response that is one piece is held until it is complete and goes through the interceptor as a whole. On a stream of
server-sent events every event with a JSON-RPC id goes through it alone, the others pass; only the first can still
change status and headers (devguide, gateway-interceptors-types, "Response interceptors with streaming enabled").

When the interceptor fails the response is withheld: the caller gets status 500 or, on a stream that has begun, an
error.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from local.gateway.answers import interceptor_failed
from local.gateway.configuration import GatewayRecord
from local.gateway.exchange import Exchange
from local.gateway.interceptors import Interceptor, InterceptorError, NewResponse
from local.gateway.request_log import Entry

logger = logging.getLogger(__name__)

_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
FRAMING_HEADERS = frozenset({"content-length", "content-type", "content-encoding", "transfer-encoding", "connection"})
"""What an interceptor does not set: these describe the bytes that the gateway writes."""

_NOTHING: Any = object()


class ResponseGate:
    """The `send` of one request: what is sent to it reaches the caller through the interceptor."""

    def __init__(
        self, *, interceptor: Interceptor, gateway: GatewayRecord, exchange: Exchange, entry: Entry, send: Send
    ) -> None:
        self._interceptor = interceptor
        self._gateway = gateway
        self._exchange = exchange
        self._entry = entry
        self._send = send
        self._start: Message = {}
        self._begun = False
        self._closed = False
        self._held = bytearray()

    async def __call__(self, message: Message) -> None:
        """Take one message of the response (ASGI, HTTP)."""
        if self._closed:
            return
        if message["type"] == "http.response.start":
            self._start = message
            # What a target sends back is part of the response that the interceptor sees.
            MutableHeaders(scope=message).update(self._entry.response_headers)
            self._entry.response_headers.clear()
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        self._held += message.get("body", b"")
        more = message.get("more_body", False)
        if self._streaming:
            await self._pass_events(more=more)
        elif not more:
            await self._finish()

    @property
    def _streaming(self) -> bool:
        return MutableHeaders(scope=self._start).get("content-type", "").startswith("text/event-stream")

    @property
    def _headers(self) -> dict[str, str]:
        return dict(MutableHeaders(scope=self._start).items())

    async def _finish(self) -> None:
        """Send a response of one piece."""
        body = bytes(self._held)
        found = _json(body)
        try:
            new = await self._interceptor.response(
                self._exchange.intercepted(),
                body=None if found is _NOTHING else found,
                status=self._start["status"],
                headers=self._headers,
                streaming=False,
            )
        except InterceptorError as error:
            await self._withhold(error)
            return
        # 202 has no body, and the interceptor may not answer without one: an empty object leaves things as they are.
        content = body if found is _NOTHING and not new.body else json.dumps(new.body).encode()
        self._apply(new, length=len(content))
        if content and found is _NOTHING and new.body:
            MutableHeaders(scope=self._start)["content-type"] = "application/json"
        await self._begin()
        await self._send({"type": "http.response.body", "body": content})

    async def _pass_events(self, *, more: bool) -> None:
        """Send the events that are complete, and what is left when nothing more comes."""
        while ended := _EVENT_END.search(self._held):
            event = bytes(self._held[: ended.end()])
            del self._held[: ended.end()]
            try:
                event = await self._event(event)
            except InterceptorError as error:
                await self._withhold(error)
                return
            await self._begin()
            await self._send({"type": "http.response.body", "body": event, "more_body": True})
        if not more:
            await self._begin()
            # An event without its empty line is none (HTML standard, 9.2.6), and is not handed on.
            await self._send({"type": "http.response.body", "body": b""})

    async def _event(self, event: bytes) -> bytes:
        """Return an event as the caller gets it."""
        lines = re.split(r"\r\n|\n|\r", event.decode("utf-8", "replace"))
        data = [line[5:].removeprefix(" ") for line in lines if line.startswith("data:")]
        message = _json("\n".join(data).encode())
        if not isinstance(message, dict) or "id" not in message:
            return event
        first = not self._begun
        new = await self._interceptor.response(
            self._exchange.intercepted(),
            body=message,
            status=self._start["status"] if first else None,
            headers=self._headers if first else None,
            streaming=True,
        )
        if first:
            self._apply(new, length=None)
        others = [line for line in lines if line and not line.startswith("data:")]
        return "\r\n".join([*others, f"data: {json.dumps(new.body)}", "", ""]).encode()

    def _apply(self, new: NewResponse, *, length: int | None) -> None:
        """Take over status and headers of an answer."""
        if new.status is not None:
            self._start["status"] = new.status
        headers = MutableHeaders(scope=self._start)
        del headers["content-length"]
        headers.update({name: value for name, value in new.headers.items() if name not in FRAMING_HEADERS})
        if length is not None:
            headers["content-length"] = str(length)

    async def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            await self._send(self._start)

    async def _withhold(self, error: InterceptorError) -> None:
        logger.warning("gateway %s: %s", self._gateway.name, error)
        self._entry.reason = str(error)
        self._closed = True
        answer = interceptor_failed(self._gateway, self._exchange.message_id)
        if not self._begun:
            await answer(self._exchange.scope, self._exchange.receive, self._send)
            return
        event = b"event: message\r\ndata: " + bytes(answer.body) + b"\r\n\r\n"
        await self._send({"type": "http.response.body", "body": event})


def _json(body: bytes) -> Any:
    """The JSON of a body, _NOTHING when it holds none."""
    try:
        return json.loads(body) if body else _NOTHING
    except (ValueError, RecursionError):
        return _NOTHING
