"""Programs that a local run waits for; their output goes into a log file."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local.failure import LocalRunError
from local.layout import Layout
from local.processes import tail

_POLL_SECONDS = 0.1
_REPORT_LINES = 30
_CDK_ERROR = "❌"


class Command:
    """A running program; as a context manager it ends with the block, however that is left."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        what: str,
        way_out: str,
        log: Path,
        layout: Layout,
        environment: Mapping[str, str],
        folder: Path,
    ) -> None:
        """Start the program.

        Args:
            arguments: the program and its arguments.
            what: what it does, as the subject of a sentence, such as "Synthesizing dev".
            way_out: what to do when it failed, a sentence.
            log: takes its output.
            layout: knows how to show the log's path.
            environment: its whole environment.
            folder: where it runs.
        """
        self._what, self._way_out, self._log, self._layout = what, way_out, log, layout
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches this process alone, which then kills the program and its children.
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                arguments,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def finish(self) -> None:
        """Wait for the end; raises LocalRunError with the end of the log when the program failed."""
        for _ in self.lines():
            pass

    def lines(self) -> Iterator[str]:
        """The lines of output as they come, to the end of the program.

        Raises LocalRunError with the end of the log when the program failed.
        """
        with self._log.open(encoding="utf-8", errors="replace") as log:
            running, partial = True, ""
            while running:
                running = self._process.poll() is None
                *lines, partial = (partial + log.read()).split("\n")
                yield from lines
                if running:
                    time.sleep(_POLL_SECONDS)
        if self._process.returncode:
            shown = self._layout.shown(self._log)
            raise LocalRunError(f"{self._what} failed. From {shown}:\n\n{self._report()}\n\n{self._way_out}")

    def _report(self) -> str:
        """What the log says of the failure: from the CDK CLI's mark on, or else its end."""
        end = tail(self._log, _REPORT_LINES)
        return end[max(end.find(_CDK_ERROR), 0) :].strip()
