"""Every request has a correlation id: in its answer's header, its events, the log, and the gateway's audit records."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway_agent.correlation import HEADER, accepted_or_new

STATE = "correlation_id"
"""Name of the id in the request's state."""


class Correlation:
    """ASGI middleware that sets the id. It wraps no body, so that streams pass as they are.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI: https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = accepted_or_new(Headers(scope=scope).getlist(HEADER))
        scope.setdefault("state", {})[STATE] = own

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = own
            await send(message)

        await self._app(scope, receive, with_header)
