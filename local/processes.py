"""Background processes that outlive the command that started them, and are found again by the next one.

A daemon's pid file is locked by the daemon itself: the lock is inherited when it starts and ends with it, however it
ends. So a pid in an unlocked file is nobody's, and no signal ever reaches a process that merely got the same number.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.emulator.settings import HOST
from local.failure import LocalRunError

_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """One background process, running or not.

    Attributes:
        name: What to call it in sentences.
        pid_file: Holds its process id; locked while it lives.
        log_file: Takes its output; begins anew with each start.
    """

    name: str
    pid_file: Path
    log_file: Path

    def start(self, command: Sequence[str | Path], *, environment: Mapping[str, str], folder: Path) -> None:
        """Start `command` in a session of its own, so that Ctrl-C in a terminal does not reach it.

        Raises LocalRunError when it is running already.
        """
        with self.pid_file.open("a+") as pid_file, self.log_file.open("wb") as log:
            if not _lock(pid_file.fileno()):
                raise LocalRunError(f"The {self.name} is running already: stop it with `make local-down`.")
            pid_file.truncate(0)
            process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(pid_file.fileno(),),
            )
            pid_file.write(str(process.pid))

    def pid(self) -> int | None:
        """The running process's id; None when it is not running."""
        try:
            with self.pid_file.open() as pid_file:
                if _lock(pid_file.fileno(), shared=True):
                    return None
                return int(pid_file.read() or 0) or None
        except FileNotFoundError:
            return None

    def stop(self, *, patience: float = 10) -> bool:
        """End the process and all that it started; say whether there was one.

        It has `patience` seconds to end by itself before it is killed.
        """
        pid = self.pid()
        if pid is None:
            return False
        _signal_group(pid, signal.SIGTERM)
        deadline = time.monotonic() + patience
        while self.pid() is not None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        _signal_group(pid, signal.SIGKILL)
        while self.pid() is not None:
            time.sleep(_POLL_SECONDS)
        self.pid_file.unlink(missing_ok=True)
        return True

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log, for a person to read."""
        return tail(self.log_file, lines)


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Let one command at a time change what runs in `folder`; raises LocalRunError for the second."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if not _lock(handle):
            raise LocalRunError(f"Another command is starting or stopping the platform in {folder}: wait for its end.")
        yield
    finally:
        os.close(handle)


def port_is_free(port: int) -> bool:
    """Whether nobody listens on a port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def tail(file: Path, lines: int) -> str:
    """The last lines of a text file; empty when there is none."""
    if not file.is_file():
        return ""
    return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _lock(handle: int, *, shared: bool = False) -> bool:
    """Lock an open file without waiting; say whether that worked. Closing the file unlocks it."""
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process that leads its own group, and its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
