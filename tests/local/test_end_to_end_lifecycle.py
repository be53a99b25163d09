"""What happens when something is in the way of the local run, and that it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.processes import only_one
from local.record import Record
from tests.local.local_run import LocalRun, outlives


@pytest.fixture
def another_run(tmp_path: Path) -> Iterator[LocalRun]:
    """A local run of this test's own, which has not begun."""
    run = LocalRun.beside_others(tmp_path / "state")
    yield run
    run.command("down")


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Read what a command prints up to a line with `text`."""
    assert process.stdout
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"the command ended before it printed {text!r}")


def test_a_taken_port_is_named_with_the_way_out(another_run: LocalRun) -> None:
    with socket.create_server(("127.0.0.1", another_run.ports.edge)):
        run = another_run.command("up")
    assert run.returncode == 1
    port = another_run.ports.edge
    assert run.stderr == (
        f"Port {port} of 127.0.0.1 is taken by another program: stop that one, or choose another port, such as "
        f"`FOUNDATION_EDGE_PORT={port + 1000} make local`.\n"
    )
    assert another_run.pids() == []


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("FOUNDATION_EDGE_PORT", "https", "FOUNDATION_EDGE_PORT is 'https': give it a port number from 1 to 65535."),
        ("FOUNDATION_GATEWAY_PORT", "0", "FOUNDATION_GATEWAY_PORT is '0': give it a port number from 1 to 65535."),
    ],
)
def test_a_wrong_port_is_one_sentence(
    another_run: LocalRun, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setattr(LocalRun, "environment", another_run.environment | {variable: value})
    run = another_run.command("up")
    assert (run.returncode, run.stderr) == (1, f"{sentence}\n")


@pytest.mark.parametrize("command", ["status", "token"])
def test_without_a_platform_the_command_that_starts_one_is_named(another_run: LocalRun, command: str) -> None:
    run = another_run.command(command)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "The platform does not run: start it with `make local`.\n"


def test_before_an_agent_is_deployed_there_is_no_token(another_run: LocalRun) -> None:
    platform = another_run.platform
    platform.layout.create()
    platform.aws.start()
    Record(ports=another_run.ports).write(platform.layout)
    run = another_run.command("token")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "No agent is deployed yet: run `make local` to its end.\n"


def test_down_without_a_platform_is_content(another_run: LocalRun) -> None:
    run = another_run.command("down")
    assert (run.returncode, run.stdout) == (0, "Nothing was running.\n")


def test_two_commands_at_once_do_not_mix(another_run: LocalRun) -> None:
    another_run.state.mkdir()
    with only_one(another_run.state):
        run = another_run.command("up")
    assert run.returncode == 1
    assert run.stderr.startswith("Another command is starting or stopping the platform")


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_nothing_half_started(another_run: LocalRun, signal_number: signal.Signals) -> None:
    with another_run.begin("up") as up:
        read_until(up, "Bootstrapping")
        pids = another_run.pids()
        assert pids
        up.send_signal(signal_number)
        _, errors = up.communicate(timeout=30)
    assert up.returncode == 130
    assert errors == "Interrupted; what this command had started is stopped.\n"
    assert [pid for pid in pids if outlives(pid)] == []
    assert another_run.ports_in_use() == []


def test_a_killed_gateway_is_started_again(local_run: LocalRun) -> None:
    emulator, gateway = local_run.pids()
    os.kill(gateway, signal.SIGKILL)
    status = local_run.command("status")
    assert "does not answer; `make local` starts it again" in status.stdout
    local_run.up()
    assert "Starting the local gateway" in local_run.printed
    assert local_run.pids()[0] == emulator
    assert local_run.pids()[1] != gateway
