"""The service as a process that is killed, told to end, or started wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundation.function import SOURCE_ROOT
from tests.sse import events
from tests.unit.agent_services import TARGET, AgentServices, agent_services
from tests.unit.conversation_agent_process import dynamodb, process
from tests.unit.conversation_agent_support import question
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
def surroundings() -> Iterator[Surroundings]:
    with world() as table, agent_services() as services, dynamodb(table) as url:
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
    with process(surroundings.services, surroundings.table_url, [[{"text": "It is noon."}]]) as second:
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
    with process(surroundings.services, surroundings.table_url, [[{"text": "It is noon."}]]) as second:
        stored = messages(second.client, conversation_id)
        assert shape(stored) == [("user", "What time is it?"), ("assistant", "It is")]
        assert stored[-1]["status"] == "interrupted"
        assert second.client.post("/chat", json=body).json()["text"] == "It is noon."


def test_a_process_without_settings_says_which_and_ends() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE_ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", "conversation_agent"], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The agent cannot start. The environment lacks FOUNDATION_ENVIRONMENT (")
