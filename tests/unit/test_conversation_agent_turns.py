"""A turn over HTTP: streamed, stored, replayed, continued; nothing of it lost or doubled whatever happens between."""

from __future__ import annotations

import base64
import http.client
import json
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from starlette.responses import JSONResponse

from conversation_agent import answering
from conversation_agent.history import for_model
from conversation_agent.problems import Code, ServiceError
from conversations import LostTurnError, NewMessage, StoreBusyError, TooLargeError, Turn
from tests.sse import events, said
from tests.unit.agent_services import LARGE, TARGET, AgentServices, agent_services, refusal, status
from tests.unit.conversation_agent_support import (
    FINANCE,
    as_principal,
    names,
    question,
    running,
    says,
    script,
    store,
    the,
    uses,
)
from tests.unit.conversations_support import World, world

LIMITED, UNAVAILABLE = -32003, -32000


@pytest.fixture(scope="module")
def agents() -> Iterator[AgentServices]:
    with agent_services() as found:
        yield found


@pytest.fixture(scope="module")
def table() -> Iterator[World]:
    with world() as found:
        yield found


@pytest.fixture
def services(agents: AgentServices, monkeypatch: pytest.MonkeyPatch) -> AgentServices:
    """The services, with nothing left of an earlier test, and the store kept up to date every moment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", agents.origin)
    monkeypatch.setattr(answering, "KEEP_SECONDS", 0.02)
    agents.calls.clear()
    agents.gateway_answers.clear()
    agents.revoked.clear()
    agents.entered.clear()
    agents.leave.clear()
    agents.rotate("secret-1", live={"secret-1"})
    return agents


def roles(messages: list[dict[str, Any]]) -> list[str]:
    return [message["role"] for message in messages]


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [block["text"] for message in messages for block in message["content"] if block["type"] == "text"]


def test_an_answer_with_a_tool_call_is_streamed_and_stored(table: World, services: AgentServices) -> None:
    played = script([*says("Let me look. "), *uses("get_time", timezone="UTC")], says("It is noon.", pieces=3))
    with running(table, services, played) as agent:
        found = agent.ask(question("What time is it?"), **{"X-Correlation-ID": "question-1"})
        assert names(found) == ["start", "text", "tool_call", "tool_result", "text", "usage", "done"]
        start, done = the(found, "start"), the(found, "done")
        assert (start["correlation_id"], start["replayed"], start["resumed"]) == ("question-1", False, False)
        assert the(found, "tool_call")["input"] == {"timezone": "UTC"}
        assert the(found, "tool_result")["status"] == "success"
        assert said(found) == "Let me look. It is noon."
        assert (done["status"], done["stop_reason"]) == ("complete", "end_turn")
        assert the(found, "usage")["total_tokens"] > 0
        stored = agent.messages(start["conversation_id"])
    assert roles(stored) == ["user", "assistant", "user", "assistant"]
    assert {message["status"] for message in stored} == {"complete"}
    called = services.of("tools/call")[-1]
    assert called.headers["x-correlation-id"] == "question-1"
    assert called.headers["x-on-behalf-of"] == "role/finance-team"


def test_chat_gives_the_same_answer_in_one_document(table: World, services: AgentServices) -> None:
    with running(table, services, script(uses("get_time"), says("It is noon."))) as agent:
        answer = agent.client.post("/chat", json=question("What time is it?"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [block["type"] for block in body["content"]] == ["tool_call", "tool_result", "text"]
    assert (body["text"], body["status"], body["correlation_id"]) == (
        "It is noon.", "complete", answer.headers["X-Correlation-ID"],
    )  # fmt: skip


def test_a_request_that_comes_again_is_given_its_stored_answer(table: World, services: AgentServices) -> None:
    body = question("What time is it?")
    with running(table, services, script(uses("get_time"), says("It is noon."))) as agent:
        first = agent.ask(body)
        again = agent.ask(body)
        assert the(again, "start")["replayed"]
        assert [event for event in again if event[0] != "start"] == [
            *[event for event in first if event[0] not in ("start", "text")][:2],
            ("text", {"text": "It is noon."}),
            *first[-2:],
        ]
        other = agent.client.post("/stream", json={**body, "message": "Another question"})
        assert (other.status_code, other.json()["code"]) == (409, "request_id_reused")
        assert len(agent.messages(the(first, "start")["conversation_id"])) == 4
    assert len(services.of("tools/call")) == 1


def test_a_later_question_knows_the_earlier_ones(table: World, services: AgentServices) -> None:
    with running(table, services) as agent:
        first = agent.ask(question("What time is it in Sao Paulo?"))
        conversation_id = the(first, "start")["conversation_id"]
    with running(table, services) as agent:  # the service was restarted
        found = agent.ask(question("What did I ask?", conversation_id=conversation_id))
        assert "What time is it in Sao Paulo?" in said(found)
        [listed] = [
            one
            for one in agent.client.get("/api/conversations").json()["conversations"]
            if one["conversation_id"] == conversation_id
        ]
    assert listed["messages"] == 6


def test_two_clients_cannot_write_one_conversation_at_a_time(table: World, services: AgentServices) -> None:
    played = script(says("Begun."), [*says("Half"), {"pause": "there"}, *says(" and half.")])
    with running(table, services, played) as agent:
        conversation_id = the(agent.ask(question("Begin")), "start")["conversation_id"]
        slow = question("Slow", conversation_id=conversation_id)
        with agent.client.stream("POST", "/stream", json=slow) as response:
            stream = events(response)
            assert next(stream)[0] == "start"
            assert played.pause("there").reached.wait(10)
            other = agent.client.post("/chat", json=question("Fast", conversation_id=conversation_id))
            same = agent.client.post("/chat", json=slow)
            assert [(one.status_code, one.json()["code"]) for one in (other, same)] == [
                (409, "conversation_busy"), (409, "request_in_progress"),
            ]  # fmt: skip
            assert float(same.headers["Retry-After"]) > 0
            [listed, *_] = agent.client.get("/api/conversations").json()["conversations"]
            detail = agent.client.get(f"/api/conversations/{conversation_id}").json()
            assert detail["conversation"] == listed, "one number, though the detail shows the open turn, too"
            played.pause("there").go.set()
            assert said(list(stream)) == "Half and half."
        assert agent.client.post("/chat", json=slow).json()["text"] == "Half and half."
        assert texts(agent.messages(conversation_id)) == ["Begin", "Begun.", "Slow", "Half", " and half."]


def test_what_a_client_that_left_was_told_is_stored_and_continued(table: World, services: AgentServices) -> None:
    played = script(uses("get_time"), [*says("It is"), {"pause": "left"}, *says(" noon.")], says("It is noon, again."))
    body = question("What time is it?")
    with running(table, services, played) as agent:
        with agent.client.stream("POST", "/stream", json=body) as response:
            stream = events(response)
            conversation_id = next(stream)[1]["conversation_id"]
            assert [next(stream)[0] for _ in range(3)] == ["tool_call", "tool_result", "text"]
        cut = agent.stored(conversation_id, until=lambda found: found[-1]["status"] == "interrupted")
        assert texts(cut) == ["What time is it?", "It is"]
        found = agent.ask(body)
        assert the(found, "start")["resumed"]
        assert names(found) == ["start", "tool_call", "tool_result", "text", "usage", "done"]
        stored = agent.messages(conversation_id)
    assert texts(stored) == ["What time is it?", "It is noon, again."]
    assert {message["status"] for message in stored} == {"complete"}
    assert len(services.of("tools/call")) == 1, "a call that was answered is not made again"


def test_a_client_that_leaves_while_a_tool_works_ends_the_turn(table: World, services: AgentServices) -> None:
    body = question("Slowly")
    with running(table, services, script([*says("Wait. "), *uses("slow")], says("Done."))) as agent:
        with agent.client.stream("POST", "/stream", json=body) as response:
            stream = events(response)
            conversation_id = next(stream)[1]["conversation_id"]
            assert next(name for name, _ in stream if name == "tool_call")
            assert services.entered.wait(10)
        agent.stored(conversation_id, until=lambda found: len(found) == 2)
        services.leave.set()
        found: list[Any] = []
        while not found:  # until the first try has noticed
            answer = agent.client.post("/chat", json=body)
            found = answer.json().get("content", [])
        stored = agent.messages(conversation_id)
    assert roles(stored) == ["user", "assistant", "user", "assistant"]
    assert texts(stored) == ["Slowly", "Wait. ", "Done."]
    assert len(services.of("tools/call")) == 1


def test_a_chat_whose_client_leaves_is_stored_as_far_as_it_went(table: World, services: AgentServices) -> None:
    played = script([*says("Half"), {"pause": "left"}], says("Whole."))
    body = question("Tell me")
    with running(table, services, played) as agent:
        connection = http.client.HTTPConnection(agent.origin.removeprefix("http://"))
        headers = {**as_principal(FINANCE), "Content-Type": "application/json"}
        connection.request("POST", "/chat", json.dumps(body), headers)
        assert played.pause("left").reached.wait(10)
        connection.close()
        [listed, *_] = agent.client.get("/api/conversations").json()["conversations"]
        agent.stored(listed["conversation_id"], until=lambda found: found[-1]["status"] == "interrupted")
        assert agent.client.post("/chat", json=body).json()["text"] == "Whole."
        assert texts(agent.messages(listed["conversation_id"])) == ["Tell me", "Whole."]


def test_an_answer_is_stopped_by_a_request_to_another_process(table: World, services: AgentServices) -> None:
    played = script([*says("Half"), {"pause": "there"}, *says(" and half.")], says("Whole."))
    body = question("Tell me")
    with running(table, services, played) as agent, running(table, services, script(says("Next."))) as other:
        with agent.client.stream("POST", "/stream", json=body) as response:
            stream = events(response)
            conversation_id = next(stream)[1]["conversation_id"]
            assert played.pause("there").reached.wait(10)
            path, asked = f"/api/conversations/{conversation_id}/stop", {"request_id": body["request_id"]}
            answer = other.client.post(path, json=asked)
            assert (answer.status_code, answer.json()["status"]) == (202, "stopping")
            rest = list(stream)
        assert names(rest)[-1] == "done"
        assert "error" not in names(rest), "nothing invites the client to try again"
        done = the(rest, "done")
        assert (done["status"], done["stop_reason"]) == ("interrupted", "stopped")
        stored = other.messages(conversation_id)
        assert (texts(stored), stored[-1]["status"]) == (["Tell me", "Half"], "interrupted")
        assert other.client.post(path, json=asked).status_code == 202, "once more changes nothing"
        following = other.client.post("/chat", json=question("Next", conversation_id=conversation_id))
        assert (following.status_code, following.json()["text"]) == (200, "Next.")
        again = other.client.post("/chat", json={**body, "conversation_id": conversation_id}).json()
        assert (again["replayed"], again["status"], again["stop_reason"]) == (True, "interrupted", "stopped")


def test_only_an_answer_that_is_being_made_can_be_stopped(table: World, services: AgentServices) -> None:
    body = question("Tell me")
    with running(table, services, script(says("Whole."))) as agent:
        conversation_id = the(agent.ask(body), "start")["conversation_id"]
        for request_id, where, status, code in (
            (body["request_id"], conversation_id, 409, "request_not_open"),
            (str(uuid.uuid4()), conversation_id, 409, "request_not_open"),
            (body["request_id"], str(uuid.uuid4()), 404, "conversation_not_found"),
        ):
            answer = agent.client.post(f"/api/conversations/{where}/stop", json={"request_id": request_id})
            assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (status, code, False)
        assert {message["status"] for message in agent.messages(conversation_id)} == {"complete"}


def test_a_stopped_service_stores_what_was_said_and_says_so(table: World, services: AgentServices) -> None:
    played = script([*says("It is"), {"pause": "stopped"}, *says(" noon.")], says("It is noon."))
    body = question("What time is it?")
    with running(table, services, played) as agent, agent.client.stream("POST", "/stream", json=body) as response:
        stream = events(response)
        assert [next(stream)[0], next(stream)[0]] == ["start", "text"]
        agent.stop()
        rest = list(stream)
    assert names(rest) == ["error", "done"]
    assert (the(rest, "error")["code"], the(rest, "error")["retryable"]) == ("shutting_down", True)
    assert the(rest, "done")["status"] == "interrupted"
    with running(table, services, played) as agent:
        assert said(agent.ask(body)) == "It is noon."


def test_an_answer_ends_before_the_functions_time_is_over(table: World, services: AgentServices) -> None:
    played = script([*says("Half"), {"pause": "never"}], says("Whole."))
    body = question("Tell me")
    with running(table, services, played) as agent:
        agent.client.get("/api/conversations")  # it is loaded: that takes of the answer's time
        agent.service.settings = replace(agent.service.settings, turn_seconds=1)
        found = agent.ask(body)
        assert the(found, "error")["code"] == "time_limit"
        assert the(found, "done")["status"] == "interrupted"
        late = agent.client.post("/chat", json=question("Late"), headers={"x-amzn-lambda-context": '{"deadline": 1}'})
        assert (late.status_code, late.json()["code"]) == (504, "time_limit")
        assert said(agent.ask(body)) == "Whole."


def test_a_rotated_secret_is_noticed_in_the_middle_of_a_conversation(table: World, services: AgentServices) -> None:
    with running(table, services) as agent:
        first = agent.ask(question("What time is it in Sao Paulo?"))
        conversation_id = the(first, "start")["conversation_id"]
        services.rotate("secret-3", live={"secret-3"})
        services.revoked |= set(services.given)
        found = agent.ask(question("What time is it in Tokyo?", conversation_id=conversation_id))
        assert the(found, "tool_result")["status"] == "success"
        assert the(found, "done")["status"] == "complete"
        assert len(agent.messages(conversation_id)) == 8


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(LIMITED, "Rate limit exceeded", http=429), "gateway_throttled"),
        (status(429), "gateway_throttled"),
        (refusal(UNAVAILABLE, "No keys", http=503, data={"reason": "keys_unavailable"}), "gateway_unavailable"),
    ],
)
def test_a_call_that_the_gateway_did_not_let_through_is_left_to_the_model_of_the_retry(
    table: World, services: AgentServices, answer: Any, code: str
) -> None:
    played = script([*says("Let me look. "), *uses("get_time")], uses("get_time"), says("It is noon."))
    body = question("What time is it?")
    with running(table, services, played) as agent:
        services.gateway_answers["tools/call"] = deque([answer] * 4)
        found = agent.ask(body)
        assert names(found)[-3:] == ["usage", "error", "done"]
        assert (the(found, "error")["code"], the(found, "error")["retryable"]) == (code, True)
        refused = services.of("tools/call")
        services.gateway_answers.clear()
        again = agent.ask(body)
        assert said(again) == "Let me look. It is noon."
        stored = agent.messages(the(found, "start")["conversation_id"])
    assert roles(stored) == ["user", "assistant", "user", "assistant", "user", "assistant"]
    assert [block["preview"][:22] for block in results(stored)][:1] == ["[This call did not run"]
    assert len(services.of("tools/call")) == len(refused) + 1, "only the model made a call again"


def test_a_neighbours_refusal_loses_no_answer_of_a_tool(table: World, services: AgentServices) -> None:
    played = script([*uses("get_time", timezone="A"), *uses("get_time", timezone="B")], says("One of two."))
    body = question("Do both")
    with running(table, services, played) as agent:
        services.gateway_answers["tools/call"] = deque([refusal(LIMITED, "Rate limit exceeded")])
        first = agent.ask(body)
        assert the(first, "error")["code"] == "gateway_throttled"
        again = agent.ask(body)
        assert [data for name, data in again if name == "tool_result"] == [
            data for name, data in first if name == "tool_result"
        ]
        assert (said(again), the(again, "done")["status"]) == ("One of two.", "complete")
        stored = results(agent.messages(the(first, "start")["conversation_id"]))
    assert sorted(block["status"] for block in stored) == ["error", "success"]
    assert sorted(zones(services)) == ["A", "B"], "each call reached the gateway once"


@pytest.mark.parametrize(
    "lost", [status(500), status(502), status(504), refusal(UNAVAILABLE, "The gateway failed inside", http=503)]
)
def test_a_call_whose_end_is_not_known_is_made_once_and_the_model_is_told(
    table: World, services: AgentServices, lost: Any
) -> None:
    played = script(uses("get_time", timezone="PAY"), says("I cannot tell whether it was paid."))
    body = question("Pay once")
    with running(table, services, played) as agent:
        services.gateway_answers["tools/call"] = deque([lost])
        found = agent.ask(body)
        assert names(found) == ["start", "tool_call", "tool_result", "text", "usage", "done"]
        assert the(found, "tool_result")["status"] == "error"
        assert "not known whether it ran" in the(found, "tool_result")["preview"]
        assert said(agent.ask(body)) == said(found) == "I cannot tell whether it was paid."
    assert zones(services) == ["PAY"]


def test_a_call_that_was_under_way_when_the_answer_was_ended_is_made_once(
    table: World, services: AgentServices
) -> None:
    played = script(uses("slow"), says("I cannot tell."))
    body = question("Slowly")
    with running(table, services, played) as agent:
        with agent.client.stream("POST", "/stream", json=body) as response:
            stream = events(response)
            assert [next(stream)[0], next(stream)[0]] == ["start", "tool_call"]
            assert services.entered.wait(10)
            [running_turn] = agent.service.turns.running
            agent.server.loop.call_soon_threadsafe(running_turn.end, "test", ServiceError(Code.TIME_LIMIT))
            assert names(list(stream)) == ["error", "done"]
        services.leave.set()
        again = agent.ask(body)
        assert "not known whether it ran" in the(again, "tool_result")["preview"]
        assert (said(again), the(again, "done")["status"]) == ("I cannot tell.", "complete")
    assert len(services.of("tools/call")) == 1


def test_an_answer_of_a_tool_that_comes_just_after_the_end_is_kept(
    table: World, services: AgentServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "GRACE_SECONDS", 10)
    played = script(uses("slow"), says("It is done."))
    body = question("Slowly")
    with running(table, services, played) as agent:
        with agent.client.stream("POST", "/stream", json=body) as response:
            stream = events(response)
            assert [next(stream)[0], next(stream)[0]] == ["start", "tool_call"]
            assert services.entered.wait(10)
            [running_turn] = agent.service.turns.running
            agent.server.loop.call_soon_threadsafe(running_turn.end, "test", ServiceError(Code.TIME_LIMIT))
            agent.server.loop.call_soon_threadsafe(services.leave.set)
            rest = list(stream)
        assert names(rest) == ["tool_result", "usage", "error", "done"]
        again = agent.ask(body)
        assert (the(again, "tool_result")["preview"], said(again)) == ("done", "It is done.")
    assert len(services.of("tools/call")) == 1


def results(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for message in messages for block in message["content"] if block["type"] == "tool_result"]


def zones(services: AgentServices) -> list[str]:
    return [call.message["params"]["arguments"]["timezone"] for call in services.of("tools/call")]


def test_a_gateway_that_lets_nobody_in_is_told_before_the_model_is_asked(table: World, services: AgentServices) -> None:
    body = question("What time is it?")
    with running(table, services, script(says("It is noon."))) as agent:
        services.rotate("secret-1", live=set())
        services.revoked |= set(services.given)
        failed = agent.client.post("/chat", json=body)
        assert (failed.status_code, failed.json()["code"]) == (503, "credentials_unavailable")
        assert failed.json()["conversation_id"]
        services.rotate("secret-1", live={"secret-1"})
        assert agent.client.post("/chat", json=body).json()["text"] == "It is noon."


def test_a_gateway_that_opens_no_session_is_told_and_the_question_is_kept(
    table: World, services: AgentServices
) -> None:
    body = question("What time is it?")
    failing = refusal(UNAVAILABLE, "The gateway failed inside", http=503)
    with running(table, services, script(says("It is noon."))) as agent:
        for method in ("initialize", "server/discover"):
            services.gateway_answers[method] = deque([failing] * 8)
        found = agent.ask(body)
        assert names(found) == ["start", "error", "done"]
        assert the(found, "error")["code"] == "gateway_unavailable"
        services.gateway_answers.clear()
        assert said(agent.ask(body)) == "It is noon."


def test_a_tool_that_fails_is_the_models_business(table: World, services: AgentServices) -> None:
    with running(table, services, script(uses("fails"), says("It did not work."))) as agent:
        found = agent.ask(question("Try"))
    assert the(found, "tool_result")["status"] == "error"
    assert "on fire" in the(found, "tool_result")["preview"]
    assert (said(found), the(found, "done")["status"]) == ("It did not work.", "complete")


def test_a_large_answer_is_cut_for_model_store_and_client(table: World, services: AgentServices) -> None:
    with running(table, services, script(uses("large"), says("Large."))) as agent:
        found = agent.ask(question("Give me all"))
        result = the(found, "tool_result")
        assert (result["bytes"], result["truncated"], len(result["preview"])) == (LARGE, True, 2000)
        stored = agent.messages(the(found, "start")["conversation_id"])
    [shown] = stored[2]["content"]
    assert (shown["bytes"], shown["name"]) == (LARGE, f"{TARGET}___large")
    assert len(str(stored)) < 10_000
    kept = store(table).for_owner("role/finance-team").load(the(found, "start")["conversation_id"])
    assert 40_000 < kept.messages[2].size < 60_000


@pytest.mark.parametrize(
    ("step", "http", "code", "retryable"),
    [
        ({"throttle": "slowly"}, 429, "model_throttled", True),
        ({"fail": "secret detail"}, 502, "model_failed", True),
    ],
)
def test_a_model_that_fails_is_told_without_its_details(
    table: World, services: AgentServices, step: dict[str, Any], http: int, code: str, retryable: bool
) -> None:
    played = script(*[[step]] * (4 if "throttle" in step else 1), says("Whole."))
    body = question("Tell me")
    with running(table, services, played) as agent:
        failed = agent.client.post("/chat", json=body)
        assert (failed.status_code, failed.json()["code"], failed.json()["retryable"]) == (http, code, retryable)
        assert "detail" not in failed.json()["detail"]
        assert agent.client.post("/chat", json=body).json()["text"] == "Whole."


def test_what_a_model_said_before_it_was_throttled_is_not_said_twice(table: World, services: AgentServices) -> None:
    played = script([*says("Half"), {"throttle": "slowly"}], says("Half and whole."))
    body = question("Tell me")
    with running(table, services, played) as agent:
        first = agent.ask(body)
        assert (said(first), the(first, "error")["code"]) == ("Half", "model_throttled")
        assert the(first, "error")["retryable"]
        assert said(agent.ask(body)) == "Half and whole."
        assert texts(agent.messages(the(first, "start")["conversation_id"])) == ["Tell me", "Half and whole."]


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (LostTurnError(), "conversation_changed", True),
        (TooLargeError("too long"), "too_large", False),
        (StoreBusyError(), "store_throttled", True),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "TransactWriteItems"), "store_unavailable", True),
    ],
)
@pytest.mark.parametrize("when", ["the call is stored", "its answer is stored"])
def test_a_store_that_fails_during_an_answer_is_told_as_such(
    table: World,
    services: AgentServices,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
    retryable: bool,
    when: str,
) -> None:
    add = Turn.add

    def failing(turn: Turn, message: NewMessage) -> None:
        if message.role == ("assistant" if when == "the call is stored" else "user"):
            raise error
        add(turn, message)

    monkeypatch.setattr(Turn, "add", failing)
    with running(table, services, script(uses("get_time"), says("It is noon."))) as agent:
        found = agent.ask(question("What time is it?"))
    assert names(found)[-2:] == ["error", "done"]
    assert (the(found, "error")["code"], the(found, "error")["retryable"]) == (code, retryable)
    assert "text" not in names(found)


def test_an_answer_that_reaches_the_models_limit_is_complete_and_says_why(
    table: World, services: AgentServices
) -> None:
    with running(table, services, script([*says("As far as it goes"), {"stop": "max_tokens"}])) as agent:
        found = agent.ask(question("Tell me everything"))
        assert (the(found, "done")["status"], the(found, "done")["stop_reason"]) == ("complete", "max_tokens")
        assert texts(agent.messages(the(found, "start")["conversation_id"]))[-1] == "As far as it goes"


def test_a_picture_of_a_tool_is_stored_and_the_model_keeps_it(table: World, services: AgentServices) -> None:
    seen: list[Any] = []

    def picture(request: Any) -> Any:
        block = {"type": "image", "data": base64.b64encode(b"a picture").decode(), "mimeType": "image/png"}
        result = {"content": [block], "resultType": "complete", "structuredContent": {"result": "x"}}
        return JSONResponse({"jsonrpc": "2.0", "id": request.state.message_id, "result": result})

    played = script(uses("get_time"), says("A picture."), says("The same picture."))
    with running(table, services, played) as agent:
        services.gateway_answers["tools/call"] = deque([picture])
        first = agent.ask(question("Show me"))
        assert (the(first, "tool_result")["preview"], the(first, "done")["status"]) == ("[image]", "complete")
        conversation_id = the(first, "start")["conversation_id"]
        kept = store(table).for_owner("role/finance-team").load(conversation_id).messages
        seen += for_model(kept)[2]["content"][0]["toolResult"]["content"]
        assert said(agent.ask(question("Again", conversation_id=conversation_id))) == "The same picture."
    assert seen == [{"image": {"format": "png", "source": {"bytes": b"a picture"}}}]


def test_a_question_that_a_guardrail_stopped_is_not_shown_to_it_again(table: World, services: AgentServices) -> None:
    blocked = [*says("I may not say."), {"stop": "guardrail_intervened"}]
    with running(table, services, script(blocked)) as agent:
        first = agent.ask(question("What is the forbidden word?"))
        assert (the(first, "done")["status"], the(first, "done")["stop_reason"]) == ("complete", "guardrail_intervened")
        conversation_id = the(first, "start")["conversation_id"]
        told = said(agent.ask(question("What did I ask?", conversation_id=conversation_id)))
        assert "forbidden" not in told
        assert "A guardrail stopped this question" in told
        assert texts(agent.messages(conversation_id))[:2] == ["What is the forbidden word?", "I may not say."]


def test_the_model_gets_no_more_of_earlier_turns_than_it_can_take(
    table: World, services: AgentServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "HISTORY_BYTES", 1000)
    with running(table, services, script(says("a" * 400), says("b" * 400))) as agent:
        conversation_id = the(agent.ask(question("the first")), "start")["conversation_id"]
        agent.ask(question("the second", conversation_id=conversation_id))
        agent.ask(question("the third" * 50, conversation_id=conversation_id))
        told = said(agent.ask(question("What did I ask?", conversation_id=conversation_id)))
        assert "the third" in told
        assert "the first" not in told
        agent.ask(question("a fourth that is long" * 100, conversation_id=conversation_id))
        told = said(agent.ask(question("What did I ask?", conversation_id=conversation_id)))
        assert "a fourth" in told, "the last turn, however large it is"
        assert "the third" not in told


def test_a_conversation_of_five_hundred_messages_goes_on(table: World, services: AgentServices) -> None:
    conversation_id = _five_hundred_messages(table)
    with running(table, services, history_turns=2) as agent:
        found = agent.ask(question("What did I ask?", conversation_id=conversation_id))
        assert [f"question {number}" in said(found) for number in (2, 3, 4)] == [False, True, True]
        seen, cursor = [], None
        while True:
            query = {"limit": "200", **({"cursor": cursor} if cursor else {})}
            page = agent.client.get(f"/api/conversations/{conversation_id}", params=query).json()
            seen += [message["number"] for message in page["messages"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    assert seen == list(range(502))


def _five_hundred_messages(table: World) -> str:
    """A conversation of five turns. Its transactions are single writes: moto copies the table for each of theirs."""

    def one_by_one(**transaction: Any) -> None:
        for part in transaction["TransactItems"]:
            [(kind, request)] = part.items()
            {"Put": table.client.put_item, "Update": table.client.update_item}[kind](**request)

    mine = store(table).for_owner("role/finance-team")
    conversation_id = ""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(table.client, "transact_write_items", one_by_one)
        for number in range(5):
            asked = [{"text": f"question {number}"}]
            turn: Any = mine.begin(str(uuid.UUID(int=number)), asked, conversation_id=conversation_id or None)
            for message in _hundred_messages_but_one():
                turn.add(message)
            conversation_id = str(turn.finish().conversation_id)
    return conversation_id


def _hundred_messages_but_one() -> Iterator[NewMessage]:
    """What follows a question: forty-nine calls of a tool with their answers, and the agent's answer."""
    for call in range(49):
        used = {"toolUseId": f"call-{call}", "name": f"{TARGET}___get_time", "input": {}}
        answer = {"toolUseId": f"call-{call}", "status": "success", "content": [{"text": "noon"}]}
        yield NewMessage(role="assistant", content=[{"toolUse": used}])
        yield NewMessage(role="user", content=[{"toolResult": answer}])
    yield NewMessage(role="assistant", content=[{"text": "It is noon."}])
