"""Ends that come at a bad moment: while a message is being stored, a connection made, or the service still loads."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any
from uuid import uuid4

import pytest

from conversation_agent.callers import Caller
from conversation_agent.outcome import Asker
from conversation_agent.problems import ServiceError
from conversation_agent.recorder import Recorder
from conversation_agent.schemas import Question
from conversation_agent.settings import Settings
from conversation_agent.turns import Backend, Turns
from conversations import NewMessage, Turn
from tests.unit.agent_services import agent_services
from tests.unit.conversation_agent_support import backend, script, store, variables
from tests.unit.conversations_support import texts, world

ASKER = Asker(correlation_id="one", principal="role/finance-team")


def test_a_message_that_is_being_stored_when_the_answer_ends_is_stored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()
    add = Turn.add

    def slowly(turn: Turn, message: NewMessage) -> None:
        entered.set()
        leave.wait(10)
        add(turn, message)

    monkeypatch.setattr(Turn, "add", slowly)

    async def ended(turn: Turn) -> None:
        recorder = Recorder(turn, lambda _: None)
        await recorder.text("It is noon.")
        telling = asyncio.create_task(recorder.message([{"text": "It is noon."}]))
        await asyncio.to_thread(entered.wait, 10)
        telling.cancel()
        await asyncio.wait({telling})
        assert telling.cancelled()
        leave.set()
        await recorder.finish(complete=False, stop_reason="cancelled", usage=None)

    with world() as table:
        mine = store(table).for_owner("role/finance-team")
        turn = mine.begin(str(uuid4()), [{"text": "What time is it?"}])
        assert isinstance(turn, Turn)
        asyncio.run(ended(turn))
        assert texts(mine.load(turn.conversation_id).messages) == ["What time is it?", "It is noon."]


def test_a_connection_that_comes_too_late_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave, stopped = threading.Event(), threading.Event(), threading.Event()

    class Client:
        def stop(self, *_: Any) -> None:
            stopped.set()

    def connect(_: Asker) -> Any:
        entered.set()
        leave.wait(10)
        return Client(), []

    async def cancelled(found: Backend) -> None:
        monkeypatch.setattr(found.assistant, "_connect", connect)
        asking = asyncio.create_task(found.assistant.tools(ASKER))
        await asyncio.to_thread(entered.wait, 10)
        asking.cancel()
        await asyncio.wait({asking})
        leave.set()
        assert await asyncio.to_thread(stopped.wait, 10)

    with world() as table, agent_services() as services:
        monkeypatch.setenv("AWS_ENDPOINT_URL", services.origin)
        asyncio.run(cancelled(backend(table, services, script())))


def test_the_time_that_loading_takes_is_the_answers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def begin(found: Backend, settings: Settings) -> None:
        until = time.monotonic() + 0.05

        async def slowly() -> Backend:
            while time.monotonic() < until:
                await asyncio.sleep(0.01)
            return found

        question = Question(message="What time is it?", request_id=uuid4())
        caller = Caller(owner="role/finance-team", principal="role/finance-team")
        with pytest.raises(ServiceError, match="time_limit"):
            await Turns(settings, slowly).begin(question, caller=caller, correlation_id="one", until=until)

    with world() as table, agent_services() as services:
        monkeypatch.setenv("AWS_ENDPOINT_URL", services.origin)
        found = backend(table, services, script())
        asyncio.run(begin(found, Settings.from_environment(variables(services))))
        assert table.items() == [], "no turn was begun"
