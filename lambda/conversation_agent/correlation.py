"""Every request has a correlation id: in its answer's header, its events, the log, and the gateway's audit records."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Correlation-ID"
STATE = "correlation_id"
"""Name of the id in the request's state."""

_FORM = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""What the gateway's interceptors take over from a caller."""


def correlation_id(given: Sequence[str]) -> str:
    """The caller's id where it gave exactly one of the right form, a new one otherwise."""
    return given[0] if len(given) == 1 and _FORM.fullmatch(given[0]) else str(uuid.uuid4())


class Correlation:
    """ASGI middleware that sets the id. It wraps no body, so that streams pass as they are.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI: https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = correlation_id(Headers(scope=scope).getlist(HEADER))
        scope.setdefault("state", {})[STATE] = own

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = own
            await send(message)

        await self._app(scope, receive, with_header)
