"""A terminal with the client in it: a real pseudo-terminal, with an emulated screen behind."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

COMMAND = (str(Path(sys.executable).with_name("foundation")),)
ENTER, CTRL_C, CTRL_D, CTRL_A, CTRL_L, UP, LEFT, TAB = "\r", "\x03", "\x04", "\x01", "\x0c", "\x1b[A", "\x1b[D", "\t"
ALT_ENTER = "\x1b\r"
_SECONDS = 60
"""How long an expected thing may take on a busy machine."""


class _Screen(pyte.HistoryScreen):
    """A screen that answers what programs ask of it, as terminals do."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], object]) -> None:
        super().__init__(columns, lines, history=1000, ratio=0.5)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        """Send an answer to the program."""
        self._answer(data.encode())


class Terminal:
    """A process in a terminal of some size; a context manager that ends it."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 80,
        lines: int = 24,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.raw = b""
        """All that was written to the terminal."""
        variables = {"TERM": "xterm-256color", **environment}
        self._process, self._master = pty.fork()
        if self._process == 0:  # pragma: no cover - the child
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execve(command[0], [*command, *arguments], variables)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen = _Screen(columns, lines, lambda data: os.write(self._master, data))
        self._stream = pyte.ByteStream(self.screen)
        self._code: int | None = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._code is None:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._master)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def until(self, holds: Callable[[str], bool], what: str) -> str:
        """Read until the screen's text is as wanted, and give it. Fails with the screen when that takes too long."""
        end = time.monotonic() + _SECONDS
        while not holds(self.text):
            assert time.monotonic() < end, f"never {what}; the screen shows:\n{self.text}"
            assert self._read(0.2) is not None or holds(self.text), f"ended before {what}:\n{self.text}"
        return self.text

    def shows(self, text: str) -> str:
        """Read until the screen has a text."""
        return self.until(lambda screen: text in screen, f"shows {text!r}")

    def prompts(self) -> str:
        """Read until an empty prompt waits for a line."""
        return self.until(lambda screen: self._at_prompt(), "prompts")

    def clear(self) -> None:
        """Begin with an empty prompt on an empty screen (Ctrl-L)."""
        self.type(CTRL_L)
        self.until(lambda _: self._at_prompt() and self.screen.cursor.y == 0, "clears the screen")
        self.screen.history.top.clear()

    def code(self) -> int:
        """Read until the process ends, and give its exit code."""
        end = time.monotonic() + _SECONDS
        while self._read(0.2) is not None:
            assert time.monotonic() < end, f"does not end:\n{self.text}"
        _, status = os.waitpid(self._process, 0)
        self._code = os.waitstatus_to_exitcode(status)
        return self._code

    @property
    def text(self) -> str:
        """What scrolled away and what the screen shows, without trailing spaces."""
        gone = ["".join(row[column].data for column in range(self.screen.columns)) for row in self.screen.history.top]
        return "\n".join(line.rstrip() for line in (*gone, *self.screen.display)).rstrip()

    def _at_prompt(self) -> bool:
        line = self.screen.display[self.screen.cursor.y].rstrip()
        return line == ">" and self.screen.cursor.x == 2

    def _read(self, seconds: float) -> bytes | None:
        """What comes within some time; None once the process has closed the terminal."""
        if not select.select([self._master], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            return None
        if not data:
            return None
        self.raw += data
        self._stream.feed(data)
        return data
