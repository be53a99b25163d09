"""The web application: its routes, and what each gives to whom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from conversation_agent import answers, callers, deadline, stopping
from conversation_agent.callers import Caller, Callers
from conversation_agent.correlation import STATE, Correlation
from conversation_agent.document import add_document
from conversation_agent.events import Event, server_sent
from conversation_agent.listing import Listing
from conversation_agent.logs import described, logger
from conversation_agent.outcome import Asker
from conversation_agent.problems import Code, ServiceError
from conversation_agent.schemas import (
    Answer,
    Conversation,
    ConversationDetail,
    ConversationPage,
    Health,
    NewConversation,
    Problem,
    Question,
    Stopping,
    StopRequest,
    ToolList,
)
from conversation_agent.settings import Settings
from conversation_agent.turns import Backend, Turns
from conversation_agent.whole import whole
from conversations import OwnerConversations
from gateway_agent.errors import ModelSettingsError

VERSION = "1.0.0"
"""Of the HTTP interface."""

_EVENTS = (
    "Server-sent events, each with a name and JSON: `start`, then `text`, `tool_call` and `tool_result` in order, "
    "`usage`, `error` if the answer ends early, and always `done`. A stream without `done` was cut: send the same "
    "request again. Comments keep an idle connection open."
)


class Service:
    """What the routes share.

    Args:
        settings: the service's settings.
        load: makes store and agent; takes seconds, in a thread.

    Attributes:
        on_failed_load: called once when store or agent cannot be made, so that the process ends instead of refusing
            every request behind a health check that is well.
        settings: as given.
        callers: who may call.
        turns: turns of this process.
    """

    def __init__(self, settings: Settings, load: Callable[[], Backend]) -> None:
        self.settings = settings
        self.callers = Callers(account_id=settings.account_id, allowed=settings.callers)
        self.turns = Turns(settings, self.backend)
        self.on_failed_load: Callable[[], None] = lambda: None
        self._load = load
        self._loading: asyncio.Task[Backend] | None = None

    def start(self) -> None:
        """Begin to load."""
        self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        self._loading.add_done_callback(self._loaded)

    async def backend(self) -> Backend:
        """Store and agent, once they are loaded.

        Raises:
            ServiceError: they cannot be.
        """
        if self._loading is None:
            self.start()
        try:
            return await asyncio.shield(cast("asyncio.Task[Backend]", self._loading))
        except ModelSettingsError as error:
            raise ServiceError(Code.MISCONFIGURED) from error

    def _loaded(self, loading: asyncio.Task[Backend]) -> None:
        if not loading.cancelled() and (error := loading.exception()):
            logger.error("store and agent cannot be made", extra=described(error))
            self.on_failed_load()


def create_app(settings: Settings, load: Callable[[], Backend]) -> FastAPI:
    """The application.

    Args:
        settings: the service's settings.
        load: makes store and agent.
    """
    service = Service(settings, load)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        await service.turns.close()

    app = FastAPI(
        title="Foundation conversational agent",
        version=VERSION,
        description="Talk to an agent of your company. Requests are signed with AWS Signature Version 4.",
        lifespan=lifespan,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.service = service
    app.add_middleware(Correlation)
    answers.add_handlers(app)
    _add_answers(app)
    _add_conversations(app)
    _add_others(app)
    add_document(app)
    return app


def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


def _caller(request: Request) -> Caller:
    return _service(request).callers.of(request.headers.getlist(callers.CONTEXT_HEADER))


def _asker(request: Request) -> Asker:
    return Asker(correlation_id=_correlation_id(request), principal=_caller(request).owner)


async def _owned(request: Request) -> OwnerConversations:
    caller = _caller(request)
    backend = await _service(request).backend()
    return backend.conversations.for_owner(caller.owner)


async def _listing(request: Request) -> Listing:
    return Listing(await _owned(request))


async def _answer(request: Request, question: Question) -> AsyncIterator[Event]:
    """The events of an answer that has begun; refusals come before the first of them."""
    service = _service(request)
    seconds = deadline.seconds_left(
        request.headers.getlist(deadline.CONTEXT_HEADER),
        turn_seconds=service.settings.turn_seconds,
        reserve_seconds=service.settings.reserve_seconds,
    )
    return await service.turns.begin(
        question,
        caller=_caller(request),
        correlation_id=_correlation_id(request),
        until=time.monotonic() + seconds,
    )


def _correlation_id(request: Request) -> str:
    return cast(str, getattr(request.state, STATE))


AskedBy = Annotated[Asker, Depends(_asker)]
Answered = Annotated[AsyncIterator[Event], Depends(_answer)]
Mine = Annotated[Listing, Depends(_listing)]
Owned = Annotated[OwnerConversations, Depends(_owned)]


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problems that a route may answer with, for the OpenAPI document."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        status: {"description": "Problem details", "content": {answers.MEDIA_TYPE: {"schema": schema}}}
        for status in sorted({400, 403, 429, 500, 503, *statuses})
    }


def _add_answers(app: FastAPI) -> None:
    turn_problems = _problems(404, 409, 413, 422, 502, 504)

    @app.post(
        "/stream",
        response_class=EventSourceResponse,
        response_description=_EVENTS,
        responses=turn_problems,
        operation_id="stream",
    )
    async def stream(events: Answered) -> AsyncIterator[ServerSentEvent]:
        """Ask the agent, and get its answer while it is made."""
        async with aclosing(cast(AsyncGenerator[Event], events)):
            async for event in events:
                yield server_sent(event)

    @app.post("/chat", responses=turn_problems, operation_id="chat")
    async def chat(request: Request, events: Answered) -> Answer:
        """Ask the agent, and get its answer when it is whole."""
        return await _unless_gone(request, cast(AsyncGenerator[Event], events))

    @app.post(
        "/api/conversations/{conversation_id}/stop",
        status_code=202,
        responses=_problems(404, 409),
        operation_id="stopAnswer",
    )
    async def stop(mine: Owned, conversation_id: UUID, asked: StopRequest) -> Stopping:
        """Stop an answer that is being made; hanging up does not. What was said is stored as interrupted."""
        return await stopping.stop(mine, conversation_id, request_id=asked.request_id)


def _add_conversations(app: FastAPI) -> None:
    @app.get("/api/conversations", responses=_problems(), operation_id="listConversations")
    async def list_conversations(
        mine: Mine,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=2000)] = None,
    ) -> ConversationPage:
        """List your conversations, the last used first."""
        return await mine.page(limit=limit, cursor=cursor)

    @app.post(
        "/api/conversations",
        status_code=201,
        responses={200: {"model": Conversation, "description": "It was there."}, **_problems(404)},
        operation_id="createConversation",
    )
    async def create_conversation(mine: Mine, new: NewConversation, response: Response) -> Conversation:
        """Begin a conversation without a question; `POST /stream` without an id does both at once."""
        conversation, is_new = await mine.create(request_id=new.request_id, title=new.title)
        response.status_code = 201 if is_new else 200
        return conversation

    @app.get("/api/conversations/{conversation_id}", responses=_problems(404, 409), operation_id="getConversation")
    async def get_conversation(
        mine: Mine,
        conversation_id: UUID,
        limit: Annotated[int, Query(ge=1, le=200)] = 100,
        cursor: Annotated[str | None, Query(pattern=r"^\d{1,6}$")] = None,
    ) -> ConversationDetail:
        """Read a conversation, the oldest message first."""
        return await mine.detail(conversation_id, start=int(cursor or 0), limit=limit)

    @app.delete(
        "/api/conversations/{conversation_id}",
        status_code=204,
        responses=_problems(404, 409),
        operation_id="deleteConversation",
    )
    async def delete_conversation(mine: Mine, conversation_id: UUID) -> None:
        """Delete a conversation; an answer that is being made in it is cut."""
        await mine.delete(conversation_id)


def _add_others(app: FastAPI) -> None:
    @app.get("/api/tools/fetch", responses=_problems(502), operation_id="fetchTools")
    async def fetch_tools(request: Request, asker: AskedBy) -> ToolList:
        """List the tools that the gateway offers this agent."""
        backend = await _service(request).backend()
        return ToolList(tools=await backend.assistant.tools(asker))

    @app.get("/health", operation_id="health")
    async def health() -> Health:
        """The service listens."""
        return Health()


async def _unless_gone(request: Request, events: AsyncGenerator[Event]) -> Answer:
    """The whole answer, unless the client leaves before: then the answer ends and its beginning is stored."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async with aclosing(events):
        answering = asyncio.create_task(whole(events))
        leaving = asyncio.create_task(gone())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not answering.done():
                answering.cancel()
        return await answering
