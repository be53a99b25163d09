"""What a local run says while it works."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


class Console:
    """Prints one line for each step, with the seconds since the start."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    @property
    def seconds(self) -> float:
        """The seconds since the start."""
        return time.monotonic() - self._begin

    def step(self, text: str) -> None:
        """Say what happens next."""
        self.say(f"[{self.seconds:5.1f} s] {text}")

    def detail(self, text: str) -> None:
        """Say something about the step."""
        self.step(f"  {text}")

    def say(self, text: str = "") -> None:
        """Print a line that is no step."""
        try:
            print(text, flush=True)
        except BrokenPipeError:  # whoever read this, such as `head`, has seen enough: go on without
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
