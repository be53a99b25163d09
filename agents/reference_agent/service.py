"""The HTTP interface: questions, and what Kubernetes asks (000 §5.3)."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

import anyio.to_thread
from mcp.shared.exceptions import MCPError
from opentelemetry import propagate, trace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from strands.types.exceptions import (
    MCPClientInitializationError,
    ModelThrottledException,
    ToolProviderException,
)

from gateway_agent.correlation import HEADER, accepted_or_new
from gateway_agent.errors import AgentError
from reference_agent import logs
from reference_agent.answering import Answer
from reference_agent.readiness import Readiness

LONGEST_BODY = 64_000
LONGEST_QUESTION = 10_000

_tracer = trace.get_tracer("reference_agent")
_logger = logging.getLogger(logs.OWN)

Ask = Callable[..., Awaitable[Answer]]


class RefusedError(Exception):
    """A request that is not answered.

    Args:
        status: HTTP status.
        code: What it is, for programs.
        sentence: What it is, for people.
        retry_after: Seconds after which the same request may be sent again.
    """

    def __init__(self, status: int, code: str, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence, self.retry_after = status, code, sentence, retry_after


@dataclass
class Work:
    """What runs in this process.

    Attributes:
        most: How many questions at a time.
        running: How many now.
        draining: Whether the process is about to end and takes no more.
    """

    most: int
    running: int = field(default=0, init=False)
    draining: bool = field(default=False, init=False)

    @asynccontextmanager
    async def question(self) -> AsyncIterator[None]:
        """Count a question while it runs.

        Raises:
            RefusedError: No more are taken.
        """
        if self.draining:
            raise RefusedError(503, "shutting_down", "This pod is about to end; ask another.", retry_after=1)
        if self.running >= self.most:
            raise RefusedError(503, "busy", f"{self.most} questions are being answered; ask later.", retry_after=5)
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1


def make(ask: Ask, *, readiness: Readiness, work: Work) -> Starlette:
    """The application.

    Args:
        ask: Answers a question.
        readiness: Says whether that can be done.
        work: What runs.
    """

    async def answer(request: Request) -> Response:
        correlation_id = accepted_or_new(request.headers.getlist(HEADER))
        logs.correlation_id.set(correlation_id)
        began = time.monotonic()
        context = propagate.extract(request.headers)
        with _tracer.start_as_current_span("ask", context=context, kind=trace.SpanKind.SERVER) as span:
            span.set_attribute("foundation.correlation_id", correlation_id)
            try:
                async with work.question():
                    found = await ask(_question(await _body(request)), correlation_id=correlation_id)
            except Exception as error:
                refused = _refused(error)
                span.set_attribute("error.type", refused.code)
                span.set_status(trace.StatusCode.ERROR)
                logs.happened("refused", code=refused.code, status=refused.status, milliseconds=_since(began))
                return _problem(refused, correlation_id)
        logs.happened("answered", tool_calls=len(found.tool_calls), tokens=found.tokens, milliseconds=_since(began))
        body = {
            "answer": found.text,
            "tool_calls": [asdict(call) for call in found.tool_calls],
            "stop_reason": found.stop_reason,
            "correlation_id": correlation_id,
        }
        return JSONResponse(body, headers={HEADER: correlation_id})

    async def health(_: Request) -> Response:
        """The process lives; it says nothing of what is behind it, which a restart would not mend."""
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        if work.draining:
            return JSONResponse({"ready": False, "reason": "This pod is about to end."}, status_code=503)
        state = await anyio.to_thread.run_sync(readiness.state)
        return JSONResponse(asdict(state), status_code=200 if state.ready else 503)

    return Starlette(
        routes=[
            Route("/ask", answer, methods=["POST"]),
            Route("/health", health, methods=["GET"]),
            Route("/ready", ready, methods=["GET"]),
        ]
    )


async def _body(request: Request) -> bytes:
    """The body, as far as it may be long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_BODY:
            raise RefusedError(413, "too_large", f"The body has more than {LONGEST_BODY} bytes.")
    return body


def _question(body: bytes) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    question = found.get("question") if isinstance(found, dict) and found.keys() == {"question"} else None
    if not isinstance(question, str) or not question.strip() or len(question) > LONGEST_QUESTION:
        sentence = f'The body must be {{"question": "..."}} with 1 to {LONGEST_QUESTION} characters.'
        raise RefusedError(400, "invalid_request", sentence)
    return question


def _refused(error: Exception) -> RefusedError:
    """What a caller learns of an error."""
    match error:
        case RefusedError():
            return error
        case AgentError():
            return RefusedError(503, "unavailable", str(error), retry_after=5)
        case MCPClientInitializationError() | ToolProviderException() | MCPError():
            return RefusedError(503, "gateway_unavailable", "The gateway does not list its tools.", retry_after=5)
        case ModelThrottledException():
            return RefusedError(429, "model_throttled", "The model has too much to do.", retry_after=10)
        case TimeoutError():
            return RefusedError(504, "time_limit", "The question took longer than it may.")
        case _:
            _logger.error("a question failed", exc_info=error)
            return RefusedError(500, "internal", "The question cannot be answered; the log has the kind of error.")


def _problem(refused: RefusedError, correlation_id: str) -> Response:
    """A refusal (RFC 9457)."""
    body = {
        "type": "about:blank",
        "status": refused.status,
        "code": refused.code,
        "detail": refused.sentence,
        "correlation_id": correlation_id,
    }
    headers = {HEADER: correlation_id}
    if refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    return JSONResponse(body, status_code=refused.status, headers=headers, media_type="application/problem+json")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
