"""Only processes that a local run started are ever found, signalled or waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.failure import LocalRunError
from local.layout import Layout, Ports
from local.processes import Daemon, only_one

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
IGNORE = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
STUBBORN = [sys.executable, "-c", IGNORE]


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    """A background process that has not been started."""
    return Daemon(name="sleeper", pid_file=tmp_path / "sleeper.pid", log_file=tmp_path / "sleeper.log")


def start(daemon: Daemon, command: list[str] = SLEEP) -> int:
    """Start the process; its id."""
    daemon.start(command, environment=os.environ, folder=Path.cwd())
    pid = daemon.pid()
    assert pid is not None
    return pid


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether something becomes true within ten seconds."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_a_started_process_is_found_by_its_pid_file_until_it_is_stopped(daemon: Daemon) -> None:
    assert daemon.pid() is None
    pid = start(daemon)
    assert Daemon(name="again", pid_file=daemon.pid_file, log_file=daemon.log_file).pid() == pid
    assert daemon.stop()
    assert daemon.pid() is None
    assert not daemon.pid_file.exists()
    assert not daemon.stop(), "there is nothing left to stop"


def test_a_second_start_is_refused(daemon: Daemon) -> None:
    start(daemon)
    with pytest.raises(LocalRunError, match="The sleeper is running already"):
        start(daemon)
    daemon.stop()


def test_a_killed_process_is_not_found(daemon: Daemon) -> None:
    os.kill(start(daemon), signal.SIGKILL)
    assert eventually(lambda: daemon.pid() is None)


def test_a_process_that_does_not_listen_is_killed(daemon: Daemon) -> None:
    start(daemon, STUBBORN)
    assert eventually(lambda: "ready" in daemon.log_file.read_text())
    assert daemon.stop(patience=0.2)
    assert daemon.pid() is None


def test_a_stranger_with_the_same_pid_is_left_alone(daemon: Daemon) -> None:
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    daemon.pid_file.write_text(str(stranger.pid))
    assert daemon.pid() is None
    assert not daemon.stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_the_lock_on_a_folder_ends_with_the_block(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(LocalRunError, match="wait for its end"), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


@pytest.mark.parametrize("value", ["", "http", "-1", "0", "65536", "4566.0"])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(LocalRunError, match=r"FOUNDATION_GATEWAY_PORT is '.*': give it a port number from 1 to 65535"):
        Ports.from_environment({"FOUNDATION_GATEWAY_PORT": value})


def test_two_equal_ports_are_refused() -> None:
    with pytest.raises(LocalRunError, match="FOUNDATION_EMULATOR_PORT=5000 FOUNDATION_EDGE_PORT=5000"):
        Ports.from_environment({"FOUNDATION_EMULATOR_PORT": "5000", "FOUNDATION_EDGE_PORT": "5000"})


def test_ports_left_open_are_those_of_the_running_platform() -> None:
    running = Ports(emulator=5000, edge=5001, gateway=5002)
    assert Ports.from_environment({}, otherwise=running) == running
    assert Ports.from_environment({}) == Ports(emulator=4566, edge=4567, gateway=4580)


def test_only_what_a_local_run_made_is_removed(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "state")
    layout.create()
    mine = layout.state / "mine.txt"
    mine.touch()
    layout.remove()
    assert list(layout.state.iterdir()) == [mine]
    mine.unlink()
    layout.remove()
    assert not layout.state.exists()


def test_the_folders_with_logs_and_keys_are_their_owners_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "state")
    layout.create()
    for folder in (layout.logs, layout.home, layout.emulator_state):
        assert folder.stat().st_mode & 0o077 == 0
