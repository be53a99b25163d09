"""Ctrl-C stops the answer where it is made, and what the client says of it is true."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import NoReturn

import pytest

from foundation_client.answering import answer
from foundation_client.displays.interface import Display
from foundation_client.displays.json_output import JsonDisplay, JsonLinesDisplay
from foundation_client.displays.plain import PlainDisplay
from foundation_client.events import Event, Text
from foundation_client.failure import Exit
from foundation_client.patience import Patience
from foundation_client.place import Place
from foundation_client.service import Service
from foundation_client.turn import Turn
from tests.client.fake_service import FakeService, Fault, conversation_id, iam_refusal, problem

_AWAY = problem(503, "store_unavailable", "The store is away.", retryable=True)
_WHOLE = problem(409, "request_not_open", "Its answer is whole.")


def _press_ctrl_c(display: Display, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be pressed when the first text is shown."""
    show = display.show

    def pressed(event: Event) -> None:
        show(event)
        if isinstance(event, Text):
            raise KeyboardInterrupt

    monkeypatch.setattr(display, "show", pressed)


def _stopped(service: Service, make: Callable[[Turn], Display], monkeypatch: pytest.MonkeyPatch) -> Turn:
    """A turn whose answer was stopped at its first text."""
    turn = Turn(service, "question", None)
    display = make(turn)
    _press_ctrl_c(display, monkeypatch)
    assert answer(turn, display) == Exit.INTERRUPTED
    return turn


def test_the_service_is_told_which_answer_to_stop(
    fake: FakeService, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults.append(Fault(hold_after=2))
    beside = StringIO()
    turn = _stopped(service, lambda _: PlainDisplay(StringIO(), beside), monkeypatch)
    assert fake.stops == [(conversation_id(1), turn.request_id)]
    assert fake.hung_up.wait(30)
    assert beside.getvalue().splitlines()[-1] == "Stopped."
    assert fake.bad_signatures == []


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ([_AWAY], "Stopped."),
        ([_AWAY] * 9, "Not stopped, and the agent may go on. The store is away."),
        ([iam_refusal()], "Not stopped, and the agent may go on. AWS does not allow"),
        ([_WHOLE], "The answer was whole before it could be stopped, and is stored."),
    ],
)
def test_what_came_of_ctrl_c_is_told(
    fake: FakeService, service: Service, monkeypatch: pytest.MonkeyPatch, faults: list[Fault], words: str
) -> None:
    beside = StringIO()
    fake.faults.extend([Fault(hold_after=2), *faults])
    _stopped(service, lambda _: PlainDisplay(StringIO(), beside), monkeypatch)
    assert beside.getvalue().splitlines()[-1].startswith(words)


def test_a_message_that_was_not_taken_yet_is_not_said_to_be_stopped(
    fake: FakeService, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = StringIO()
    display = PlainDisplay(StringIO(), beside)

    def pressed() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(display, "begin", pressed)
    assert answer(Turn(service, "question", conversation_id(1)), display) == Exit.INTERRUPTED
    assert beside.getvalue().startswith("Hung up before the agent took the message")
    assert fake.requests == []


def test_ctrl_c_again_does_not_wait_for_the_service(
    fake: FakeService, place: Place, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(_: float) -> NoReturn:
        raise KeyboardInterrupt

    fake.faults.extend([Fault(hold_after=2), _AWAY])
    beside = StringIO()
    with Service(place, patience=replace(patience, sleep=pressed)) as service:
        _stopped(service, lambda _: PlainDisplay(StringIO(), beside), monkeypatch)
    assert beside.getvalue().splitlines()[-1] == "Left before the service took the stop: the agent may go on."


@pytest.mark.parametrize(
    ("faults", "status", "code"), [([], "stopped", None), ([_WHOLE], "interrupted", "not_stopped")]
)
def test_programs_are_told_too(
    fake: FakeService,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    faults: list[Fault],
    status: str,
    code: str | None,
) -> None:
    fake.faults.extend([Fault(hold_after=2), *faults])
    out = StringIO()
    _stopped(service, lambda turn: JsonDisplay(out, StringIO(), turn), monkeypatch)
    whole = json.loads(out.getvalue())
    assert (whole["status"], (whole["error"] or {}).get("code")) == (status, code)
    fake.faults.extend([Fault(hold_after=2), *faults])
    out = StringIO()
    _stopped(service, lambda _: JsonLinesDisplay(out), monkeypatch)
    last = json.loads(out.getvalue().splitlines()[-1])
    assert (last["event"], last.get("code")) == ("error" if code else "stopped", code)
