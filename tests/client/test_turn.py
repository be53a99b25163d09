"""A message through broken connections: said once, shown once."""

from __future__ import annotations

from contextlib import closing

import pytest

from foundation_client.events import Done, Error, Event, Notice, Restarted, Text, ToolCall, ToolResult, Usage
from foundation_client.failure import CommandError, Exit
from foundation_client.patience import Patience
from foundation_client.service import Service
from foundation_client.turn import Turn
from tests.client.fake_service import ANSWER, TEXT, FakeService, Fault, conversation_id, problem, text_frames


def _ask(service: Service, message: str = "question", conversation: str | None = None) -> list[Event]:
    return list(Turn(service, message, conversation).events())


def _text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def test_an_answer_comes_whole_and_in_order(fake: FakeService, service: Service) -> None:
    events = _ask(service)
    assert _text(events) == TEXT
    assert [type(event) for event in events[2:4]] == [ToolCall, ToolResult]
    assert isinstance(events[-1], Done)
    assert fake.bad_signatures == []


@pytest.mark.parametrize("events_before_the_cut", range(len(ANSWER) + 2))
@pytest.mark.parametrize("kind", ["cut_after", "end_after"])
def test_a_stream_that_breaks_anywhere_is_resumed_and_nothing_is_said_or_shown_twice(
    fake: FakeService, service: Service, kind: str, events_before_the_cut: int
) -> None:
    fake.faults.append(Fault(**{kind: events_before_the_cut}))  # type: ignore[arg-type]
    events = _ask(service)
    assert _text(events) == TEXT
    for sort in (ToolCall, ToolResult, Usage, Done, Notice):
        assert len([event for event in events if isinstance(event, sort)]) == 1, sort
    first, second = fake.bodies
    assert first == second
    assert [role for role, _ in fake.conversations[conversation_id(1)]] == ["user", "assistant"]


def test_a_resumed_answer_may_come_in_other_pieces(fake: FakeService, service: Service) -> None:
    fake.answers["question"] = text_frames("One two ", "three", " four.")
    fake.faults.append(Fault(cut_after=3))
    asked = Turn(service, "question", None)
    events = []
    for event in asked.events():
        events.append(event)
        if isinstance(event, Notice):
            fake._turns[asked.request_id][1][:] = text_frames("On", "e two three four", ".")
    assert _text(events) == "One two three four."
    assert not any(isinstance(event, Restarted) for event in events)


def test_an_answer_that_is_made_anew_says_so_and_is_shown_whole(fake: FakeService, service: Service) -> None:
    fake.answers["question"] = text_frames("It is Monday", ", I think.")
    fake.faults.append(Fault(cut_after=2))
    asked = Turn(service, "question", None)
    events = []
    for event in asked.events():
        events.append(event)
        if isinstance(event, Notice):
            fake._turns[asked.request_id][1][:] = text_frames("It is ", "Tuesday.")
    after = events[[type(event) for event in events].index(Restarted) + 1 :]
    assert _text(after) == "Tuesday."


def test_a_first_try_that_still_runs_is_waited_for_longer_than_failures_are(
    fake: FakeService, service: Service, waits: list[float]
) -> None:
    fake.faults.extend(problem(409, "request_in_progress", "Still running", retryable=True, after=5) for _ in range(12))
    assert _text(_ask(service)) == TEXT
    assert len(waits) == 12
    assert min(waits) >= 5


def test_waiting_for_a_running_answer_ends(fake: FakeService, service: Service, waits: list[float]) -> None:
    fake.faults.extend(
        problem(409, "request_in_progress", "Still running.", retryable=True, after=50) for _ in range(99)
    )
    with pytest.raises(CommandError, match="Still running"):
        _ask(service)
    assert sum(waits) <= service.patience.running


def test_throttling_is_retried_with_the_same_message_and_as_late_as_asked(
    fake: FakeService, service: Service, waits: list[float]
) -> None:
    fake.faults.append(Fault(429, b'{"message": "Rate Exceeded."}', {"content-type": "application/json"}))
    fake.faults.append(Fault(429, b"{}", {"content-type": "application/json", "retry-after": "7"}))
    fake.faults.append(problem(503, "store_unavailable", "The store is away.", retryable=True))
    events = _ask(service)
    assert _text(events) == TEXT
    assert waits == [1.0, 7 + 2.0, 4.0]  # full jitter at its most: 0.5 s doubled with every failure
    notice = next(event for event in events if isinstance(event, Notice))
    assert notice.text == "The service is throttled; trying again in 1 s"


def test_an_error_of_the_model_that_may_pass_is_retried(
    fake: FakeService, service: Service, waits: list[float]
) -> None:
    error = {
        "code": "model_throttled",
        "message": "Busy.",
        "retryable": True,
        "retry_after_seconds": 3,
        "correlation_id": "c",
    }
    fake.faults.append(Fault(cut_after=2, error=error))
    events = _ask(service)
    assert _text(events) == TEXT
    assert not any(isinstance(event, Error) for event in events)
    assert waits == [4.0]


def test_an_error_that_will_not_pass_is_told_at_once(fake: FakeService, service: Service) -> None:
    error = {"code": "context_too_long", "message": "Too long.", "retryable": False, "correlation_id": "c"}
    fake.faults.append(Fault(cut_after=2, error=error))
    events = _ask(service)
    assert [type(event) for event in events[-2:]] == [Error, Done]
    assert len(fake.bodies) == 1


def test_patience_ends(fake: FakeService, service: Service, patience: Patience) -> None:
    fake.faults.extend(Fault(end_after=0) for _ in range(99))
    with pytest.raises(CommandError) as caught:
        _ask(service)
    assert caught.value.code == Exit.UNREACHABLE
    assert len(fake.bodies) == patience.attempts


def test_what_a_refusal_says_is_not_retried(fake: FakeService, service: Service) -> None:
    fake.faults.append(problem(409, "request_id_reused", "This id was used."))
    with pytest.raises(CommandError, match="This id was used"):
        _ask(service)
    assert fake.bodies == []


def test_closing_hangs_up(fake: FakeService, service: Service) -> None:
    fake.faults.append(Fault(hold_after=2))
    with closing(Turn(service, "question", None).events()) as events:
        next(events)
    assert fake.hung_up.wait(30)


def test_a_conversation_goes_on_where_the_service_put_it(fake: FakeService, service: Service) -> None:
    first = Turn(service, "one", None)
    list(first.events())
    list(Turn(service, "two", first.conversation_id).events())
    assert [text for role, text in fake.conversations[conversation_id(1)] if role == "user"] == ["one", "two"]


def test_events_that_a_newer_service_sends_are_passed_over(fake: FakeService, service: Service) -> None:
    fake.answers["question"] = [("thought", {"hidden": 1}), *text_frames("Yes.")]
    assert _text(_ask(service)) == "Yes."


def test_a_big_result_of_a_tool_is_taken(fake: FakeService, service: Service) -> None:
    fake.answers["question"] = text_frames("x" * 3_000_000)
    assert len(_text(_ask(service))) == 3_000_000
