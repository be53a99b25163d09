"""The log line at the end of an answer, which the stack counts by: its names and codes are the service's."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from conversation_agent.logs import logger
from conversation_agent.problems import Code
from foundation.conversation_agent import FAILURES, TURN_ENDED
from tests.unit.agent_services import AgentServices, agent_services
from tests.unit.conversation_agent_support import names, question, running, says, script
from tests.unit.conversations_support import World, world


@pytest.fixture(scope="module")
def table() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentServices]:
    with agent_services() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.origin)
        made.rotate("secret-1", live={"secret-1"})
        yield made


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service logs."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written := io.StringIO())
    yield written
    handler.setStream(before)


def ends(log: io.StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if line["message"] == TURN_ENDED]


def test_every_code_that_is_counted_is_one_of_the_services() -> None:
    assert set(FAILURES) <= {code.value for code in Code}


def test_an_answer_that_fails_ends_with_a_line_that_is_counted(
    table: World, services: AgentServices, log: io.StringIO
) -> None:
    with running(table, services, script(says("It is noon."))) as agent:
        services.rotate("secret-1", live=set())
        services.revoked |= set(services.given)
        found = agent.ask(question("What time is it?"))
        assert "error" in names(found)
        services.rotate("secret-1", live={"secret-1"})
        agent.ask(question("And now?"))
    failed, answered = ends(log)
    assert (failed["code"], failed["tenant"], failed["agent"]) == (
        "credentials_unavailable",
        "acme-corp",
        "finance-agent",
    )
    assert failed["code"] in FAILURES
    assert answered["status"] == "complete"
    assert "code" not in answered
