"""Services behind a gateway's targets: real HTTP servers on this machine that note what reaches them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH"]


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0) -> AsyncIterator[str]:
    """Serve an application on this machine, on a free port unless `port` is given; yields its origin."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = _Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=0))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@dataclass
class Received:
    """One request as it came in; `path` is still escaped."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class RestService:
    """A service that notes every request and answers what `answer` says."""

    answer: Callable[[Received], Any] = lambda _received: JSONResponse({"fine": True})
    received: list[Received] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{rest:path}", self._serve, methods=METHODS)])

    async def _serve(self, request: Request) -> Response:
        received = Received(
            method=request.method,
            path=request.scope["raw_path"].decode(),
            query=list(request.query_params.multi_items()),
            headers=dict(request.headers),
            body=await request.body(),
        )
        self.received.append(received)
        answer = self.answer(received)
        response: Response = (await answer) if asyncio.iscoroutine(answer) else answer
        return response


class Guarded:
    """An application behind a check of the Authorization header; notes every header that it sees."""

    def __init__(self, app: ASGIApp, *, accepts: Callable[[str], bool]) -> None:
        self._app = app
        self._accepts = accepts
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = Request(scope).headers.get("authorization", "")
            self.seen.append(given)
            if not self._accepts(given):
                await JSONResponse({"error": f"not allowed: {given}"}, status_code=401)(scope, receive, send)
                return
        await self._app(scope, receive, send)
