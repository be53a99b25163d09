"""A person at a terminal, through a real pseudo-terminal: editing, history, commands, Ctrl-C, narrow windows."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.conftest import client_variables
from tests.client.fake_service import ANSWER, FakeService, Fault, Server, conversation_id, text_frames
from tests.client.terminal import ALT_ENTER, CTRL_A, CTRL_C, CTRL_D, ENTER, LEFT, TAB, UP, Terminal


@pytest.fixture(scope="module")
def started(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A session of the client, which takes a second to start."""
    with Terminal(["chat"], client_variables(server.url, tmp_path_factory.mktemp("home"))) as terminal:
        terminal.prompts()
        yield terminal


@pytest.fixture
def session(started: Terminal, fake: FakeService) -> Terminal:
    """It at an empty screen and in no conversation; `fake` is whom it speaks to."""
    started.type("/new" + ENTER)
    started.shows("begins a new conversation")
    started.prompts()
    started.clear()
    return started


def test_a_question_is_answered_with_its_tool_call_and_rendered_markdown(fake: FakeService, session: Terminal) -> None:
    session.type("What time is it in São Paulo?" + ENTER)
    session.shows("1,234 tokens in, 56 out, 3.2 s")
    screen = session.prompts()
    assert '● get_time(timezone="America/Sao_Paulo")' in screen
    assert "✓ 0.0 s, 17 B" in screen
    assert "It is 14:03 in São Paulo." in screen  # bold, not asterisks
    assert screen.count("Let me look that up.") == 1
    assert "thinking" not in screen
    assert [body["message"] for body in fake.bodies] == ["What time is it in São Paulo?"]


def test_a_line_can_be_edited_recalled_and_have_several_lines(fake: FakeService, session: Terminal) -> None:
    session.type("world" + CTRL_A + "hello ")
    session.shows("> hello world")
    session.type(ENTER)
    session.shows("tokens in")
    session.prompts()
    session.type(UP)
    session.until(lambda screen: screen.rstrip().endswith("> hello world"), "recalls the line")
    session.type(LEFT * 5 + "wide " + ENTER)
    session.until(lambda screen: screen.count("tokens in") == 2, "answers again")
    session.prompts()
    session.type("one" + ALT_ENTER + "two")
    session.shows("two")
    session.type(ENTER)
    session.until(lambda screen: screen.count("tokens in") == 3, "answers a third time")
    session.prompts()
    session.type("\x1b[200~pasted\nlines\x1b[201~")
    session.shows("lines")
    session.type(ENTER)
    session.until(lambda screen: screen.count("tokens in") == 4, "answers what was pasted")
    assert [body["message"] for body in fake.bodies] == ["hello world", "hello wide world", "one\ntwo", "pasted\nlines"]


def test_the_history_outlives_the_session_and_is_its_owners_alone(
    fake: FakeService, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["XDG_STATE_HOME"] = str(tmp_path / "state")
    with Terminal(["chat"], environment) as terminal:
        terminal.prompts()
        terminal.type("remember me" + ENTER)
        terminal.shows("tokens in")
        terminal.prompts()
        terminal.type("/quit" + ENTER)
        assert terminal.code() == 0
    file = tmp_path / "state" / "foundation" / "history"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    with Terminal(["chat"], environment) as terminal:
        terminal.prompts()
        terminal.type(UP + UP)
        terminal.shows("> remember me")
        terminal.type(CTRL_C)
        terminal.prompts()
        terminal.type(CTRL_D)
        assert terminal.code() == 0


def test_ctrl_c_stops_the_answer_hangs_up_and_keeps_the_session(fake: FakeService, environment: dict[str, str]) -> None:
    fake.answers["long"] = text_frames("It begins, ", "and goes on, ", "and on.")
    fake.faults.append(Fault(hold_after=2))
    with Terminal(["chat"], environment) as terminal:
        terminal.prompts()
        terminal.type("long" + ENTER)
        terminal.shows("It begins,")
        terminal.type(CTRL_C)
        terminal.shows("Stopped.")
        assert fake.hung_up.wait(30)
        terminal.prompts()
        terminal.type("next" + ENTER)
        terminal.shows("tokens in")
        terminal.prompts()
        terminal.type(CTRL_C)
        terminal.shows("Ctrl-C once more")
        terminal.prompts()
        terminal.type(CTRL_C)
        assert terminal.code() == 0
    first, second = fake.bodies
    assert fake.stops == [(conversation_id(1), first["request_id"])]
    assert first["request_id"] != second["request_id"]
    assert second["conversation_id"] == conversation_id(1)


def test_conversations_are_listed_opened_continued_and_deleted(fake: FakeService, session: Terminal) -> None:
    fake.conversations[conversation_id(7)] = [("user", "an older question"), ("assistant", "an *older* answer")]
    session.type("/conversations" + ENTER)
    session.shows("an older question  2 messages")
    session.prompts()
    session.type("/open 1" + ENTER)
    session.shows("an older answer")
    session.prompts()
    session.type("go on" + ENTER)
    session.shows("tokens in")
    session.prompts()
    session.type("/delete 1" + ENTER)
    session.shows("Delete “an older question” for good? [y/N]")
    session.type("n" + ENTER)
    session.shows("Kept.")
    session.prompts()
    assert conversation_id(7) in fake.conversations
    session.type(f"/delete {conversation_id(7)}" + ENTER)
    session.until(lambda screen: screen.count("[y/N]") == 2, "asks again")
    session.type("y" + ENTER)
    session.shows("Deleted.")
    session.prompts()
    session.type("anew" + ENTER)
    session.until(lambda screen: screen.count("tokens in") == 2, "answers in a new conversation")
    assert fake.bodies[0]["conversation_id"] == conversation_id(7)
    assert "conversation_id" not in fake.bodies[1]
    assert conversation_id(7) not in fake.conversations


def test_tools_are_listed_and_commands_completed_and_none_is_sent_as_a_message(
    fake: FakeService, session: Terminal
) -> None:
    session.type("/to" + TAB)
    session.shows("> /tools")
    session.type(ENTER)
    session.shows("s3_read_operations  Read S3")
    session.prompts()
    session.type("/tool" + ENTER)
    session.shows("/tool is no command, and was not sent; /help lists them.")
    session.prompts()
    session.type("/open" + ENTER)
    session.shows("It is /open N|ID.")
    session.prompts()
    session.type("/open 7" + ENTER)
    session.shows("No conversation of the last list has number 7")
    session.prompts()
    session.type("/help" + ENTER)
    session.shows("Alt-Enter begins a new line")
    assert fake.bodies == []


def test_a_failure_is_told_and_the_session_goes_on(fake: FakeService, session: Terminal) -> None:
    fake.faults.append(Fault(418, b"teapot", {"content-type": "text/plain"}))
    session.type("hello" + ENTER)
    session.shows("is no agent's service")
    session.prompts()
    session.type("hello again" + ENTER)
    session.shows("tokens in")


@pytest.mark.parametrize("columns", [20, 40])
def test_a_narrow_window_wraps_words_and_cuts_none(
    fake: FakeService, environment: dict[str, str], columns: int
) -> None:
    text = "Here is what there is:\n\n- a bucket for reports\n- a bucket for invoices\n\nThat is everything."
    fake.answers["list"] = [*ANSWER[1:3], *text_frames(text)]
    with Terminal(["chat", "-m", "list"], environment, columns=columns, lines=40) as terminal:
        assert terminal.code() == 0
        words = terminal.text.split()
    for word in ("Here", "bucket", "reports", "invoices", "everything."):
        assert word in words, terminal.text
    assert all(len(line) <= columns for line in terminal.text.splitlines())
    assert 'get_time(timezone="America/Sao_Paulo")' in "".join(words)


def test_an_answer_longer_than_the_window_is_whole_in_the_scrollback(
    fake: FakeService, environment: dict[str, str]
) -> None:
    items = [f"- item {number}\n" for number in range(60)]
    fake.answers["long"] = text_frames("Sixty:\n\n", *items, "\nThat was all.")
    with Terminal(["chat", "-m", "long"], environment, lines=10) as terminal:
        assert terminal.code() == 0
        found = [line.strip() for line in terminal.text.splitlines() if "item" in line]
    assert found == [f"• item {number}" for number in range(60)]


def test_no_color_is_respected(fake: FakeService, environment: dict[str, str]) -> None:
    fake.answers["code"] = text_frames("# Title\n\n```python\nprint('x')\n```\n")
    for arguments, variables in ((["--no-color"], {}), ([], {"NO_COLOR": "1"})):
        with Terminal(["chat", "-m", "code", *arguments], {**environment, **variables}) as terminal:
            assert terminal.code() == 0
            assert not any(f"\x1b[{code}" in terminal.raw.decode() for code in ("3", "9", "1;3", "0;3", "38")), (
                terminal.raw
            )


def test_what_a_model_says_cannot_command_the_terminal(fake: FakeService, environment: dict[str, str]) -> None:
    fake.answers["attack"] = [
        ("text", {"text": "before \x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b2J\u202eafter\n\n"}),
        ("tool_call", {"tool_call_id": "t", "name": "x___\x1b]0;title\x07tool", "input": {"a\x1b[1m": "\x1b[2J"}}),
        (
            "tool_result",
            {"tool_call_id": "t", "name": "tool", "status": "error", "preview": "\x1b[2Jno", "bytes": 3},
        ),
        ("text", {"text": "[click](https://evil.example/)"}),
    ]
    with Terminal(["chat", "-m", "attack"], environment) as terminal:
        assert terminal.code() == 0
        for forbidden in (b"\x1b]", b"\x1b[2J", b"\x07", "\u202e".encode(), b"\xc2\x9b"):
            assert forbidden not in terminal.raw
        assert "click (https://evil.example/)" in terminal.text
