"""A service that speaks the interface of `conversation_agent` and fails when it is told to.

It runs on a port of the loopback, verifies every signature, keeps what it is told, and answers a request_id that it
knows with what it stored, as the real one does.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.client.sigv4 import wrong_with

KEY, SECRET, TOKEN, REGION = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "session-token",
    "us-east-1",
)

Frame = tuple[str, dict[str, Any]]
"""An event of a stream: its name and its data."""

ANSWER: list[Frame] = [
    ("text", {"text": "Let me look that up.\n\n"}),
    (
        "tool_call",
        {"tool_call_id": "t1", "name": "aws-operations-v1___get_time", "input": {"timezone": "America/Sao_Paulo"}},
    ),
    (
        "tool_result",
        {
            "tool_call_id": "t1",
            "name": "aws-operations-v1___get_time",
            "status": "success",
            "preview": '{"time": "14:03"}',
            "bytes": 17,
            "truncated": False,
        },
    ),
    ("text", {"text": "It is **14:03** in "}),
    ("text", {"text": "São Paulo."}),
    ("usage", {"input_tokens": 1234, "output_tokens": 56, "total_tokens": 1290, "latency_ms": 3200}),
]
TEXT = "Let me look that up.\n\nIt is **14:03** in São Paulo."


def conversation_id(number: int) -> str:
    """The id of a conversation; the fake numbers its own from 1."""
    return f"00000000-0000-4000-8000-{number:012}"


def text_frames(*pieces: str) -> list[Frame]:
    """An answer of text alone."""
    return [("text", {"text": piece}) for piece in pieces]


@dataclass
class Fault:
    """What happens to the next request in place of an answer, or in its midst."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Break the connection after so many events of a stream, `start` included."""
    end_after: int | None = None
    """End the stream in good order after so many events, without `done`."""
    hold_after: int | None = None
    """Say nothing more after so many events, until the client hangs up."""
    error: dict[str, Any] | None = None
    """Send this error after `cut_after` events, then `done`; the retry continues."""
    frames: bytes | None = None
    """Send this in place of events."""


def problem(status: int, code: str, detail: str, *, retryable: bool = False, after: int | None = None) -> Fault:
    """A refusal by the service (RFC 9457)."""
    body = {
        "type": "about:blank",
        "title": "Refused",
        "status": status,
        "detail": detail,
        "code": code,
        "correlation_id": "c-1",
        "retryable": retryable,
        "retry_after_seconds": after,
        "errors": [],
    }
    return Fault(status, json.dumps(body).encode(), {"content-type": "application/problem+json"})


def iam_refusal(message: str = "Forbidden", **headers: str) -> Fault:
    """A refusal by Lambda, before the service saw the request."""
    named = {"content-type": "application/json", "x-amzn-ErrorType": "AccessDeniedException", **headers}
    return Fault(403, json.dumps({"Message": message}).encode(), named)


@dataclass
class FakeService:
    """What it was told, and what it will do."""

    answers: dict[str, list[Frame]] = field(default_factory=dict)
    """By message; ANSWER for any other."""
    faults: deque[Fault] = field(default_factory=deque)
    conversations: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Role and text of each message, once each."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """Of every request that reached /stream."""
    requests: list[str] = field(default_factory=list)
    """Method and path of every request."""
    bad_signatures: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    stops: list[tuple[str, str]] = field(default_factory=list)
    """Conversation and request_id of each answer that was stopped."""
    hung_up: threading.Event = field(default_factory=threading.Event)
    used_at: str = "2026-11-25T14:03:00Z"
    ending: dict[str, str] = field(default_factory=lambda: {"status": "complete", "stop_reason": "end_turn"})
    url: str = ""
    _turns: dict[str, tuple[str, list[Frame]]] = field(default_factory=dict)

    def application(self) -> Starlette:
        """The service's endpoints."""
        return Starlette(
            routes=[
                Route("/stream", self._stream, methods=["POST"]),
                Route("/api/conversations", self._list),
                Route("/api/conversations/{id}", self._one, methods=["GET", "DELETE"]),
                Route("/api/conversations/{id}/stop", self._stop, methods=["POST"]),
                Route("/api/tools/fetch", self._tools),
            ]
        )

    async def _admit(self, request: Request) -> tuple[Fault, Response | None]:
        """The next fault, and the answer when the request goes no further."""
        headers = dict(request.headers)
        self.requests.append(f"{request.method} {request.url.path}")
        self.headers.append(headers)
        raw_path = request.scope["raw_path"].decode()
        query = request.scope["query_string"].decode()
        wrong = wrong_with(
            request.method, raw_path, query, headers, await request.body(), key=KEY, secret=SECRET, region=REGION
        )
        if wrong or headers.get("x-amz-security-token") != TOKEN:
            self.bad_signatures.append(wrong or "no token")
            return Fault(), JSONResponse({"message": f"The request signature is wrong: {wrong}"}, 403)
        fault = self.faults.popleft() if self.faults else Fault()
        if fault.status == 200 and fault.body == b"":
            return fault, None
        return fault, Response(fault.body, fault.status, dict(fault.headers))

    async def _stream(self, request: Request) -> Response:
        fault, refusal = await self._admit(request)
        if refusal:
            return refusal
        body = await request.json()
        self.bodies.append(body)
        if fault.frames is not None:
            return Response(fault.frames, media_type="text/event-stream")
        return StreamingResponse(self._events(body, fault), media_type="text/event-stream")

    async def _events(self, body: dict[str, Any], fault: Fault) -> AsyncIterator[bytes]:
        try:
            async for frame in self._sent(body, fault):
                yield frame
        except asyncio.CancelledError:
            self.hung_up.set()
            raise

    async def _sent(self, body: dict[str, Any], fault: Fault) -> AsyncIterator[bytes]:
        conversation, frames, replayed = self._turn(body)
        ids = {"conversation_id": conversation, "request_id": body["request_id"]}
        start = {**ids, "correlation_id": "c-1", "title": "", "replayed": replayed, "resumed": False}
        done = {**ids, **self.ending}
        whole = [("start", start), *frames, ("done", done)]
        yield b": ping\n\n"
        for sent, (name, data) in enumerate(whole):
            if sent == fault.cut_after and fault.error is not None:
                yield _frame("error", fault.error)
                yield _frame("done", {**done, "status": "interrupted", "stop_reason": "error"})
                return
            if sent == fault.cut_after:
                raise ConnectionAbortedError
            if sent == fault.end_after:
                return
            if sent == fault.hold_after:
                await asyncio.Event().wait()  # Starlette cancels this when the client hangs up
            yield _frame(name, data)

    def _turn(self, body: dict[str, Any]) -> tuple[str, list[Frame], bool]:
        """The conversation and the answer of a message, which a request_id stores once."""
        known = self._turns.get(body["request_id"])
        if known:
            return *known, True
        conversation = body.get("conversation_id") or conversation_id(len(self.conversations) + 1)
        frames = self.answers.get(body["message"], ANSWER)
        said = "".join(data["text"] for name, data in frames if name == "text")
        self.conversations.setdefault(conversation, []).extend([("user", body["message"]), ("assistant", said)])
        self._turns[body["request_id"]] = (conversation, frames)
        return conversation, frames, False

    async def _list(self, request: Request) -> Response:
        _, refusal = await self._admit(request)
        if refusal:
            return refusal
        limit, begin = int(request.query_params["limit"]), int(request.query_params.get("cursor", "=0").lstrip("="))
        rows = [
            {
                "conversation_id": name,
                "title": said[0][1],
                "created_at": "2026-11-25T14:00:00Z",
                "used_at": self.used_at,
                "expires_at": "2026-12-25T14:03:00Z",
                "messages": len(said),
            }
            for name, said in reversed(self.conversations.items())
        ]
        end = begin + min(limit, 2)
        cursor = f"={end}" if end < len(rows) else None  # needs encoding in a query
        return JSONResponse({"conversations": rows[begin:end], "next_cursor": cursor})

    async def _one(self, request: Request) -> Response:
        _, refusal = await self._admit(request)
        if refusal:
            return refusal
        name = request.path_params["id"]
        if name not in self.conversations:
            missing = problem(404, "conversation_not_found", f"There is no conversation {name}.")
            return Response(missing.body, 404, dict(missing.headers))
        if request.method == "DELETE":
            del self.conversations[name]
            return Response(status_code=204)
        messages = [
            {
                "number": number,
                "request_id": "r",
                "role": role,
                "status": "complete",
                "created_at": "2026-11-25T14:00:00Z",
                "content": [{"type": "text", "text": text}],
            }
            for number, (role, text) in enumerate(self.conversations[name])
        ]
        begin = int(request.query_params.get("cursor", "0"))
        end = begin + 100
        cursor = str(end) if end < len(messages) else None
        return JSONResponse({"conversation": {}, "messages": messages[begin:end], "next_cursor": cursor})

    async def _stop(self, request: Request) -> Response:
        _, refusal = await self._admit(request)
        if refusal:
            return refusal
        ids = {"conversation_id": request.path_params["id"], "request_id": (await request.json())["request_id"]}
        self.stops.append((ids["conversation_id"], ids["request_id"]))
        return JSONResponse({**ids, "status": "stopping"}, 202)

    async def _tools(self, request: Request) -> Response:
        _, refusal = await self._admit(request)
        if refusal:
            return refusal
        tools = [
            ("get_time", "Tell the time in a time zone."),
            ("s3_read_operations", "Read S3 without changing anything: buckets, their settings, their objects."),
        ]
        rows = [
            {"name": f"aws-operations-v1___{name}", "description": said, "input_schema": {"type": "object"}}
            for name, said in tools
        ]
        return JSONResponse({"tools": rows})


def _frame(name: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


class Server:
    """Serves one FakeService after another on a free port of the loopback, since starting a server takes time."""

    def __init__(self) -> None:
        self._fake = FakeService()
        config = uvicorn.Config(
            self._application,
            interface="asgi3",
            host="127.0.0.1",
            port=0,
            log_level="critical",
            lifespan="off",
            date_header=False,
        )
        self._server = uvicorn.Server(config)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        assert self._ready.wait(20), "the fake service does not start"
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)

    def serve(self, fake: FakeService) -> FakeService:
        """Serve this one from now on."""
        fake.url = self.url
        self._fake = fake
        return fake

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._fake.application()(scope, receive, send)

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started and not serving.done():
            await asyncio.sleep(0.005)
        self._ready.set()
        await serving
