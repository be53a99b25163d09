"""The scripted model: what it picks by words, what it plays by a script, and where it refuses to be made."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from strands.types.exceptions import ModelThrottledException

from gateway_agent.errors import ModelSettingsError
from gateway_agent.models import model_from
from scripted_model import NotLocalError, Script, ScriptedModel, ScriptError
from scripted_model.conversation import reply
from scripted_model.rules import Call, full_name, wanted

TOOLS = [
    "aws-operations-v1___get_time",
    "aws-operations-v1___hello_world",
    "aws-operations-v1___s3_read_operations",
    "aws-operations-v2___s3_read_operations",
]
GET_TIME, HELLO, _, S3 = TOOLS


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def specs(names: list[str]) -> list[Any]:
    return [{"name": name, "description": "", "inputSchema": {"json": {}}} for name in names]


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")


@pytest.mark.parametrize(
    ("question", "calls"),
    [
        ("What time is it in Sao Paulo?", [("get_time", {"timezone": "America/Sao_Paulo"})]),
        ("what time is it", [("get_time", {})]),
        ("Tell me the time in Europe/Berlin, please", [("get_time", {"timezone": "Europe/Berlin"})]),
        ("List my buckets", [("s3_read_operations", {"operation": "list_buckets"})]),
        (
            "Which objects are in the bucket reports-2026.eu?",
            [("s3_read_operations", {"operation": "list_objects", "bucket": "reports-2026.eu"})],
        ),
        (
            "show the files in example-reports",
            [("s3_read_operations", {"operation": "list_objects", "bucket": "example-reports"})],
        ),
        ("Say hello to Jane", [("hello_world", {"name": "Jane"})]),
        ("Which tables are there?", [("dynamodb_read_operations", {"operation": "list_tables"})]),
        (
            "What time is it in Tokyo and list my buckets",
            [("get_time", {"timezone": "Asia/Tokyo"}), ("s3_read_operations", {"operation": "list_buckets"})],
        ),
        ("list my buckets and list my buckets", [("s3_read_operations", {"operation": "list_buckets"})]),
        ("Tell me a joke", []),
    ],
)
def test_words_pick_tools_and_their_arguments(question: str, calls: list[tuple[str, dict[str, Any]]]) -> None:
    assert wanted(question) == calls


def test_a_tool_is_called_in_its_highest_major_and_only_when_it_is_listed() -> None:
    assert full_name("s3_read_operations", TOOLS) == S3
    assert full_name(S3, TOOLS) == S3
    assert full_name("rds_read_operations", TOOLS) is None
    answer = reply([user("list my buckets and my tables")], TOOLS)
    assert answer.calls == [Call(S3, {"operation": "list_buckets"})]
    assert "I have no tool dynamodb_read_operations" in answer.text


def test_it_says_what_it_can_do_when_no_tool_is_asked_for() -> None:
    answer = reply([user("Tell me a joke")], TOOLS)
    assert not answer.calls
    assert "scripted model" in answer.text
    assert "get_time, hello_world, s3_read_operations" in answer.text


def conversation(*results: dict[str, Any]) -> list[dict[str, Any]]:
    uses = [
        {"toolUse": {"toolUseId": result["toolUseId"], "name": name, "input": {}}}
        for result, name in zip(results, TOOLS, strict=False)
    ]
    answers = [{"toolResult": result} for result in results]
    return [user("go"), {"role": "assistant", "content": uses}, {"role": "user", "content": answers}]


def test_it_answers_from_what_tools_say() -> None:
    time = {"toolUseId": "1", "status": "success", "content": [{"text": '{"time": "12:00", "timezone": "UTC"}'}]}
    broken = {"toolUseId": "2", "status": "error", "content": [{"text": "not permitted"}]}
    assert reply(conversation(time, broken), TOOLS).text == (
        "In UTC it is 12:00.\n\nhello_world did not work: not permitted"
    )


def test_a_question_after_an_answer_is_answered_anew() -> None:
    time = {"toolUseId": "1", "status": "success", "content": [{"text": '{"time": "12:00", "timezone": "UTC"}'}]}
    earlier = [*conversation(time), {"role": "assistant", "content": [{"text": "In UTC it is 12:00."}]}]
    assert reply([*earlier, user("list my buckets")], TOOLS).calls == [Call(S3, {"operation": "list_buckets"})]
    assert "1. go" in reply([*earlier, user("What did I ask before?")], TOOLS).text


def played(model: ScriptedModel, messages: list[Any], **options: Any) -> list[Any]:
    async def all_events() -> list[Any]:
        return [event async for event in model.stream(messages, specs(TOOLS), **options)]

    return asyncio.run(all_events())


def test_it_streams_as_bedrock_does() -> None:
    events = played(ScriptedModel(), [user("What time is it in Tokyo?")])
    assert [next(iter(event)) for event in events] == [
        "messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop",
        "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata",
    ]  # fmt: skip
    start, delta, _, stop, metadata = events[4:]
    assert start["contentBlockStart"]["start"]["toolUse"] == {"name": GET_TIME, "toolUseId": "scripted-1"}
    assert json.loads(delta["contentBlockDelta"]["delta"]["toolUse"]["input"]) == {"timezone": "Asia/Tokyo"}
    assert stop["messageStop"]["stopReason"] == "tool_use"
    usage = metadata["metadata"]["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0


def test_it_is_the_same_at_every_run() -> None:
    messages = [user("What time is it in Tokyo, list my buckets; say hello")]
    assert played(ScriptedModel(), messages) == played(ScriptedModel(), messages)


def test_ids_of_calls_are_new_in_a_conversation() -> None:
    uses = [{"toolUse": {"toolUseId": f"scripted-{number}", "name": GET_TIME, "input": {}}} for number in (1, 2)]
    events = played(ScriptedModel(), [user("x"), {"role": "assistant", "content": uses}, user("list my buckets")])
    started = [event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event]
    assert started[-1]["toolUse"]["toolUseId"] == "scripted-3"


def script(*turns: list[dict[str, Any]]) -> Script:
    return Script.parse(json.dumps({"turns": turns}))


def test_a_script_is_played_turn_by_turn_and_then_words_count_again() -> None:
    model = ScriptedModel(script([{"text": "abcdef", "pieces": 3}, {"tool": "get_time"}], [{"stop": "max_tokens"}]))
    first, second, third = (played(model, [user("list my buckets")]) for _ in range(3))
    deltas = [event["contentBlockDelta"]["delta"] for event in first if "contentBlockDelta" in event]
    assert [delta.get("text") for delta in deltas] == ["ab", "cd", "ef", None]
    assert second[1]["messageStop"]["stopReason"] == "max_tokens"
    assert "s3_read_operations" in str(third)


def test_a_script_fails_and_throttles_as_models_do() -> None:
    model = ScriptedModel(script([{"text": "a"}, {"throttle": "slow down"}], [{"fail": "broken"}]))
    with pytest.raises(ModelThrottledException, match="slow down"):
        played(model, [user("x")])
    with pytest.raises(RuntimeError, match="broken"):
        played(model, [user("x")])


def test_a_pause_lasts_until_the_test_lets_it_go() -> None:
    turns = script([{"pause": "here"}, {"text": "after"}])
    model, events = ScriptedModel(turns), []
    thread = threading.Thread(target=lambda: events.extend(played(model, [user("x")])))
    thread.start()
    assert turns.pause("here").reached.wait(timeout=10)
    assert not events
    turns.pause("here").go.set()
    thread.join(timeout=10)
    assert "after" in str(events)


def test_a_pause_waits_for_a_file_and_ends_when_the_agent_is_told_to_stop(tmp_path: Path) -> None:
    model = ScriptedModel(script(*[[{"wait_for": str(tmp_path / "go")}, {"text": "after"}]] * 2))
    stop = threading.Event()
    stop.set()
    assert "after" not in str(played(model, [user("x")], cancel_signal=stop))
    (tmp_path / "go").touch()
    assert "after" in str(played(model, [user("x")]))


@pytest.mark.parametrize(
    "text", ["", "[]", '{"turns": 1}', '{"turns": [1]}', '{"turns": [[{}]]}', '{"turns": [[{"text": 1}]]}',
             '{"turns": [[{"text": "a", "tool": "b"}]]}', '{"turns": [[{"text": "a", "pieces": 0}]]}',
             '{"turns": [[{"stop": "whenever"}]]}'],
)  # fmt: skip
def test_what_is_no_script_is_refused(text: str) -> None:
    with pytest.raises(ScriptError, match="script"):
        Script.parse(text)


def test_it_gives_no_structured_output() -> None:
    async def ask() -> None:
        async for _ in ScriptedModel().structured_output(object, []):
            pass

    with pytest.raises(ScriptError, match="no structured output"):
        asyncio.run(ask())


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "https://localhost", "http://[::1]:1", "http://127.1.2.3"])
def test_it_is_made_where_the_aws_is_on_this_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    ScriptedModel()


@pytest.mark.parametrize(
    "url",
    [
        None, "", "https://bedrock-runtime.us-east-1.amazonaws.com", "http://127.0.0.1.example.com", "http://10.0.0.1",
        "http://localhost.example.com", "http://127.0.0.1@example.com", "127.0.0.1:4566", "file://localhost/", "http://[",
    ],
)  # fmt: skip
def test_it_is_not_made_where_the_aws_may_be_the_real_one(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    if url is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(NotLocalError, match=r"for local runs: AWS_ENDPOINT_URL is .* not on this machine"):
        ScriptedModel()
    with pytest.raises(ModelSettingsError, match="for local runs"):
        model_from({"FOUNDATION_MODEL": "scripted", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})


BEDROCK = {"FOUNDATION_MODEL_ID": "us.amazon.nova-lite-v1:0", "AWS_REGION": "eu-west-1"}


def test_a_model_of_bedrock_is_made_of_the_settings() -> None:
    model: Any = model_from(
        {**BEDROCK, "FOUNDATION_GUARDRAIL_ID": "g-1", "FOUNDATION_GUARDRAIL_VERSION": "2",
         "FOUNDATION_MODEL_MAX_TOKENS": "100"}
    )  # fmt: skip
    config = model.get_config()
    assert (config["model_id"], config["max_tokens"], config["streaming"]) == (
        BEDROCK["FOUNDATION_MODEL_ID"],
        100,
        True,
    )
    assert (config["guardrail_id"], config["guardrail_version"], config["guardrail_trace"]) == ("g-1", "2", "disabled")
    assert model.client.meta.region_name == "eu-west-1"
    assert (model.client.meta.config.connect_timeout, model.client.meta.config.read_timeout) == (5, 120)
    assert model.client.meta.config.retries == {"mode": "standard", "total_max_attempts": 3}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "FOUNDATION_MODEL_ID is not set"),
        ({"FOUNDATION_MODEL": "other"}, "FOUNDATION_MODEL is 'other'"),
        ({**BEDROCK, "FOUNDATION_GUARDRAIL_ID": "g"}, "belong together"),
        ({**BEDROCK, "FOUNDATION_GUARDRAIL_VERSION": "1"}, "belong together"),
        ({**BEDROCK, "FOUNDATION_MODEL_MAX_TOKENS": "many"}, "FOUNDATION_MODEL_MAX_TOKENS is 'many'"),
        ({"FOUNDATION_MODEL": "scripted", "FOUNDATION_MODEL_SCRIPT": "x"}, "The script is no JSON"),
    ],
)
def test_settings_that_name_no_model_are_refused(settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(ModelSettingsError, match=sentence):
        model_from(settings)
