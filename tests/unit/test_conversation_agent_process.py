"""The service as a process that is killed, told to end, or started wrongly."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from conversation_agent.__main__ import Server, main
from conversation_agent.app import create_app
from conversation_agent.logs import WithoutTexts
from conversation_agent.settings import Settings
from gateway_agent.errors import ModelSettingsError
from tests.sse import events
from tests.unit.agent_services import TARGET, AgentServices, agent_services
from tests.unit.conversation_agent_process import dynamodb, process
from tests.unit.conversation_agent_support import (
    FINANCE,
    as_principal,
    question,
    running,
    says,
    script,
    variables,
)
from tests.unit.conversations_support import World, world

TOOL = {"tool": f"{TARGET}___get_time"}


@dataclass
class Surroundings:
    """What the process meets."""

    world: World
    services: AgentServices
    table_url: str

    def lapse(self) -> None:
        """Let every lease be over, as half a minute later."""
        for item in self.world.items():
            if "turn" in item:
                self.world.client.update_item(
                    TableName="conversations",
                    Key={name: item[name] for name in ("conversation_id", "item")},
                    UpdateExpression="SET #turn.lease_ms = :past",
                    ExpressionAttributeNames={"#turn": "turn"},
                    ExpressionAttributeValues={":past": {"N": "1"}},
                )


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    with world() as table, agent_services() as services, dynamodb(table) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", services.origin)
        yield Surroundings(table, services, url)


def messages(client: Any, conversation_id: str) -> list[dict[str, Any]]:
    return list(client.get(f"/api/conversations/{conversation_id}").json()["messages"])


def shape(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["role"], block.get("text", block["type"])) for message in found for block in message["content"]]


def test_a_killed_process_loses_no_answered_call(surroundings: Surroundings, tmp_path: Path) -> None:
    body = question("What time is it?")
    cut = [[TOOL], [{"text": "It is"}, {"wait_for": str(tmp_path / "never")}]]
    with (
        process(surroundings.services, surroundings.table_url, cut) as first,
        first.client.stream("POST", "/stream", json=body) as response,
    ):
        stream = events(response)
        conversation_id = next(stream)[1]["conversation_id"]
        assert [next(stream)[0] for _ in range(3)] == ["tool_call", "tool_result", "text"]
        first.kill()
    with running(surroundings.world, surroundings.services, script(says("It is noon."))) as second:
        early = second.client.post("/chat", json=body)
        assert (early.status_code, early.json()["code"]) == (409, "request_in_progress")
        surroundings.lapse()
        answer = second.client.post("/chat", json=body).json()
        assert (answer["resumed"], answer["text"], answer["status"]) == (True, "It is noon.", "complete")
        assert shape(messages(second.client, conversation_id)) == [
            ("user", "What time is it?"),
            ("assistant", "tool_call"),
            ("user", "tool_result"),
            ("assistant", "It is noon."),
        ]
    assert len(surroundings.services.of("tools/call")) == 1


def test_a_process_that_is_told_to_end_stores_what_was_said_in_time(surroundings: Surroundings, tmp_path: Path) -> None:
    body = question("What time is it?")
    cut = [[{"text": "It is"}, {"wait_for": str(tmp_path / "never")}]]
    with (
        process(surroundings.services, surroundings.table_url, cut) as first,
        first.client.stream("POST", "/stream", json=body) as response,
    ):
        stream = events(response)
        conversation_id = next(stream)[1]["conversation_id"]
        assert next(stream) == ("text", {"text": "It is"})
        assert first.terminate() < 2, "Lambda leaves two seconds"
        assert [name for name, _ in stream] == ["error", "done"]
    with running(surroundings.world, surroundings.services, script(says("It is noon."))) as second:
        stored = messages(second.client, conversation_id)
        assert shape(stored) == [("user", "What time is it?"), ("assistant", "It is")]
        assert stored[-1]["status"] == "interrupted"
        assert second.client.post("/chat", json=body).json()["text"] == "It is noon."


def test_a_process_without_settings_says_which_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FOUNDATION_ENVIRONMENT", "FOUNDATION_MODEL", "FOUNDATION_MODEL_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(
        SystemExit, match=r"The agent cannot start\. The environment lacks FOUNDATION_ENVIRONMENT \(.*\.$"
    ):
        main()
    for name, value in variables(AgentServices(origin="http://127.0.0.1:1")).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=r"The agent cannot start\. FOUNDATION_MODEL_ID is not set: .*\w\.$"):
        main()


def test_a_process_that_cannot_load_logs_it_once_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    def load() -> Any:
        raise ModelSettingsError("FOUNDATION_MODEL_SCRIPT is no JSON: secret words")

    settings = Settings.from_environment(variables(AgentServices(origin="http://127.0.0.1:1")))
    app = create_app(settings, load)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(uvicorn.Config(app, log_config=None), app.state.service)
        server.run(sockets=[listening])
    assert server.failed
    [record] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert (record.message, vars(record)["error"]) == ("store and agent cannot be made", "ModelSettingsError")
    assert "secret words" not in str(vars(record))


def test_a_service_whose_settings_are_wrong_asks_for_no_retry() -> None:
    def load() -> Any:
        raise ModelSettingsError("FOUNDATION_MODEL_ID is not set")

    settings = Settings.from_environment(variables(AgentServices(origin="http://127.0.0.1:1")))
    with TestClient(create_app(settings, load)) as client:
        answer = client.get("/api/conversations", headers=as_principal(FINANCE))
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (500, "misconfigured", False)


def test_what_libraries_log_has_no_texts_of_exceptions() -> None:
    try:
        raise ValueError("secret words")
    except ValueError:
        found = sys.exc_info()
    record = logging.LogRecord("strands.tools", logging.ERROR, "", 0, "a tool failed: %s", ("secret words",), found)
    assert WithoutTexts().filter(record)
    assert logging.Formatter().format(record) == "a tool failed: %s (ValueError)"
