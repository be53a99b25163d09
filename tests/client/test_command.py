"""The command in scripts and pipes: what goes where, and which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest

from foundation_client import __version__
from foundation_client.__main__ import main
from tests.client.fake_service import ANSWER, TEXT, FakeService, Fault, conversation_id, iam_refusal, text_frames
from tests.client.terminal import COMMAND, CTRL_C, Terminal


@dataclass(frozen=True)
class Run:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def _run(
    arguments: Sequence[str], environment: dict[str, str], typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        input=typed or "",
        timeout=60,
        check=False,
    )


@pytest.fixture
def run_here(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Run]:
    """Runs the command in this process, which spares the start of one; nothing stands on its standard input."""

    def run(arguments: Sequence[str], **changed: str) -> Run:
        variables = {name: value for name, value in {**environment, **changed}.items() if value}
        monkeypatch.setattr(sys, "stdin", StringIO())
        with mock.patch.dict(os.environ, variables, clear=True):
            try:
                code = main(arguments)
            except SystemExit as end:  # argparse's way to refuse
                code = int(end.code or 0)
        return Run(code, *capsys.readouterr())

    return run


def test_in_a_pipe_the_answer_alone_is_on_the_standard_output(fake: FakeService, environment: dict[str, str]) -> None:
    run = _run(["chat", "-m", "what time?"], environment)
    assert (run.returncode, run.stdout) == (0, TEXT + "\n")
    assert run.stderr.splitlines()[0] == 'calls get_time(timezone="America/Sao_Paulo")'
    assert "1,234 tokens in, 56 out, 3.2 s" in run.stderr
    assert "\x1b" not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("stop_reason", "status", "words", "code"),
    [
        ("max_tokens", "complete", "ask it to go on", 0),
        ("guardrail_intervened", "complete", "A guardrail of the company", 0),
        ("end_turn", "interrupted", "The answer was interrupted", 1),
        ("end_turn", "complete", "", 0),
    ],
)
def test_an_answer_that_ends_otherwise_than_it_should_says_so(
    fake: FakeService, run_here: Callable[..., Run], stop_reason: str, status: str, words: str, code: int
) -> None:
    fake.ending = {"status": status, "stop_reason": stop_reason}
    run = run_here(["chat", "-m", "what time?"])
    assert (run.returncode, run.stdout) == (code, TEXT + "\n")
    assert run.stderr.splitlines()[3:] == [] if not words else words in run.stderr.splitlines()[3]


def test_what_is_said_after_a_call_begins_anew(fake: FakeService, run_here: Callable[..., Run]) -> None:
    """A model seldom ends what it says before a call with a line break of its own."""
    calls = [frame for frame in ANSWER if frame[0].startswith("tool_")]
    fake.answers["two"] = [*text_frames("Let me look."), *calls, *text_frames("It is late.")]
    assert run_here(["chat", "-m", "two"]).stdout == "Let me look.\nIt is late.\n"
    assert json.loads(run_here(["chat", "-m", "two", "--json"]).stdout)["text"] == "Let me look.\n\nIt is late."


def test_a_message_may_come_by_the_standard_input(fake: FakeService, environment: dict[str, str]) -> None:
    for arguments in (["chat"], ["chat", "-m", "-"]):
        assert _run(arguments, environment, "from a pipe\n").returncode == 0
    assert [body["message"] for body in fake.bodies] == ["from a pipe\n"] * 2


def test_json_is_one_object_whatever_happens(fake: FakeService, run_here: Callable[..., Run]) -> None:
    answer = json.loads(run_here(["chat", "-m", "what time?", "--json"]).stdout)
    assert answer["text"] == TEXT
    assert answer["conversation_id"] == conversation_id(1)
    assert answer["request_id"] == fake.bodies[0]["request_id"]
    assert (answer["status"], answer["error"], answer["usage"]["output_tokens"]) == ("complete", None, 56)
    (call,) = answer["tool_calls"]
    assert (call["name"], call["status"], call["bytes"]) == ("aws-operations-v1___get_time", "success", 17)

    fake.faults.append(iam_refusal())
    run = run_here(["chat", "-m", "what time?", "--json"])
    assert run.returncode == 3
    assert "managed policy" in json.loads(run.stdout)["error"]["message"]
    assert run.stderr.startswith("foundation: AWS does not allow")

    error = {"code": "context_too_long", "message": "Too long.", "retryable": False, "correlation_id": "c-9"}
    fake.faults.append(Fault(cut_after=2, error=error))
    run = run_here(["chat", "-m", "what time?", "--json"])
    assert run.returncode == 1
    answer = json.loads(run.stdout)
    assert (answer["status"], answer["error"]["code"], answer["error"]["correlation_id"]) == (
        "interrupted",
        "context_too_long",
        "c-9",
    )
    assert answer["text"] == "Let me look that up.\n\n"


def test_a_json_stream_has_an_event_a_line(fake: FakeService, environment: dict[str, str]) -> None:
    fake.faults.append(Fault(cut_after=3))
    run = _run(["chat", "-m", "what time?", "--json-stream"], environment)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert [event["event"] for event in events] == [
        *("start", "text", "tool_call", "notice", "tool_result", "text", "text", "usage", "done")
    ]
    assert "".join(event["text"] for event in events if event["event"] == "text") == TEXT


def test_lists_are_lines_in_a_pipe_and_json_on_demand(fake: FakeService, run_here: Callable[..., Run]) -> None:
    one = conversation_id(1)
    fake.conversations[one] = [("user", "tabs\tand\nlines"), ("assistant", "answer")]
    assert run_here(["conversations"]).stdout == f"{one}\t2026-11-25T14:03:00Z\t2\ttabs and lines\n"
    assert json.loads(run_here(["conversations", "--json"]).stdout)[0]["conversation_id"] == one
    assert run_here(["show", one]).stdout == "[user]\ntabs\tand\nlines\n\n[assistant]\nanswer\n\n"
    assert json.loads(run_here(["show", one, "--json"]).stdout)[1]["role"] == "assistant"
    assert "aws-operations-v1___get_time\tTell the time" in run_here(["tools"]).stdout
    assert json.loads(run_here(["tools", "--json"]).stdout)[0]["input_schema"] == {"type": "object"}


def test_nothing_is_deleted_without_a_yes(fake: FakeService, environment: dict[str, str]) -> None:
    one = conversation_id(1)
    fake.conversations[one] = [("user", "keep me")]
    run = _run(["delete", one], environment)
    assert (run.returncode, one in fake.conversations) == (2, True)
    with Terminal(["delete", one], environment) as terminal:
        terminal.shows("for good? [y/N]")
        terminal.type("\r")
        terminal.shows("Kept.")
        assert terminal.code() == 0
    assert one in fake.conversations
    assert _run(["delete", one, "--yes"], environment).returncode == 0
    assert one not in fake.conversations


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chat", "-m", " "], "message is empty"),
        (["chat", "-m", "x", "--conversation", "../x"], "no whole id of a conversation"),
        (["chat", "-m", "x", "--agent", "finance"], "names no agent"),
        (["chat", "-m", "x", "--json", "--json-stream"], "not allowed with"),
        (["chat", "-m", "x", "--url", "http://example.com/"], "unencrypted"),
        (["chat", "-m", "x", "--url", "ftp://example.com/"], "no address of a service"),
        (["conversations", "--limit", "0"], "must be at least 1"),
        (["nonsense"], "invalid choice"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    fake: FakeService, run_here: Callable[..., Run], arguments: list[str], words: str
) -> None:
    run = run_here(arguments)
    assert run.returncode == 2
    assert words in run.stderr
    assert fake.requests == []


@pytest.mark.parametrize(
    ("changed", "arguments", "code", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, [], 3, "no AWS credentials"),
        ({}, ["--profile", "nobody"], 3, "nobody"),
        ({"AWS_REGION": ""}, [], 2, "No region"),
        ({"FOUNDATION_URL": "", "FOUNDATION_ENV": ""}, [], 2, "No environment"),
        ({"FOUNDATION_URL": "", "FOUNDATION_AGENT": ""}, [], 2, "No agent"),
        ({"AWS_CA_BUNDLE": "/nowhere.pem"}, [], 2, "AWS_CA_BUNDLE"),
        ({"FOUNDATION_STATE": "/nowhere"}, ["--env", "local"], 4, "run `make local` first"),
    ],
)
def test_what_is_missing_is_told(
    run_here: Callable[..., Run], changed: dict[str, str], arguments: list[str], code: int, words: str
) -> None:
    run = run_here(["tools", *arguments], **changed)
    assert (run.returncode, run.stdout) == (code, "")
    assert words in run.stderr
    assert run.stderr.count("\n") == 1, "one sentence, no traceback"


def test_ctrl_c_stops_a_single_question(fake: FakeService, environment: dict[str, str]) -> None:
    fake.faults.append(Fault(hold_after=2))
    with Terminal(["chat", "-m", "long"], environment) as terminal:
        terminal.shows("Let me look")
        terminal.type(CTRL_C)
        assert terminal.code() == 130
        assert "Stopped." in terminal.text
        assert [conversation for conversation, _ in fake.stops] == [conversation_id(1)]
        assert "Traceback" not in terminal.text
    assert fake.hung_up.wait(30)


def test_a_reader_that_leaves_early_is_no_error(fake: FakeService, environment: dict[str, str]) -> None:
    fake.answers["long"] = text_frames(*("line\n" * 20 for _ in range(500)))
    reader = subprocess.run(
        ["/bin/sh", "-c", f"{COMMAND[0]} chat -m long 2>errors; echo $? >code"],
        env=environment,
        cwd=environment["HOME"],
        stdout=_closed_pipe(),
        check=False,
    )
    assert reader.returncode == 0
    home = Path(environment["HOME"])
    assert (home / "code").read_text() == "141\n"
    assert "Traceback" not in (home / "errors").read_text()


def _closed_pipe() -> int:
    """The writing end of a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    return write


def test_help_and_version_load_no_library_that_takes_time() -> None:
    code = (
        "import sys\nfrom foundation_client.__main__ import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'botocore', 'httpx2', 'rich', 'prompt_toolkit'}))"
    )
    for argument in ("--help", "--version"):
        run = subprocess.run([sys.executable, "-c", code, argument], capture_output=True, text=True, check=True)
        assert run.stdout.endswith("[]\n")
    assert f"foundation-client {__version__}" in run.stdout
    assert metadata.version("foundation-client") == __version__
