"""A call ends before its function does, and an answer that is too large is cut where an item ends."""

import json
import time
from typing import Any

import pytest

from tests.unit.lambda_calls import Context, context_for, refusal
from toolkit import ToolError, ToolServer
from toolkit.answers import MAX_ANSWER_BYTES, success

server = ToolServer("test-server", version="1.2.3")


@server.tool(actions=[])
def wait(swallow: bool = False) -> dict[str, Any]:
    """Wait.

    Args:
        swallow: Take every error for a broken connection, as a client library does.
    """
    for _ in range(100):
        try:
            time.sleep(0.1)
        except Exception:
            if not swallow:
                raise
    return {}


@pytest.mark.parametrize("swallow", [False, True])
def test_a_slow_call_ends_with_a_sentence_before_the_function_does(swallow: bool) -> None:
    context = context_for("wait")
    context.remaining_ms = 1000
    begin = time.perf_counter()
    message = refusal(server.handler({"swallow": swallow}, context))
    assert time.perf_counter() - begin < 1
    assert "when the tool's time was over; ask for less" in message


def test_a_call_that_was_in_time_leaves_no_timer_behind() -> None:
    fast = ToolServer("fast", version="1.0.0")

    @fast.tool(actions=[])
    def answer() -> dict[str, Any]:
        """Answer."""
        return {"ok": True}

    context: Context = context_for("answer")
    context.remaining_ms = 800
    assert fast.handler({}, context) == {"ok": True}
    time.sleep(0.1)


def carried(answer: object) -> int:
    return len(json.dumps(json.dumps(answer)))


def test_a_large_answer_is_cut_between_items_and_says_how_to_go_on() -> None:
    rows = [{"name": f'row-"{number}"', "text": "x" * 1000} for number in range(10_000)]
    answer = success({"rows": rows, "few": [1, 2], "next_page_token": "after-all-rows"}, tool="t")
    shown = answer["cut"]["shown"]
    assert answer["rows"] == rows[:shown]
    assert answer["cut"] == {
        "list": "rows",
        "shown": shown,
        "of": 10_000,
        "rest": f"call again with page_size {shown} or less and the same page_token, and go on from its "
        "next_page_token",
    }
    assert answer["next_page_token"] is None
    assert answer["few"] == [1, 2]
    assert carried(answer) <= MAX_ANSWER_BYTES
    assert carried({**answer, "rows": rows[: shown + 2]}) > MAX_ANSWER_BYTES


def test_an_answer_that_fits_is_whole() -> None:
    assert success({"rows": [1], "next_page_token": "t"}, tool="t") == {"rows": [1], "next_page_token": "t"}


@pytest.mark.parametrize("answer", [{"text": "x" * 6_000_000}, {"rows": ["x" * 6_000_000]}])
def test_what_cannot_be_cut_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match="ask for fewer or narrower results"):
        success(answer, tool="t")
