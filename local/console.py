"""What a local run says while it works."""

from __future__ import annotations

import time


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
        print(f"[{self.seconds:5.1f} s] {text}", flush=True)

    def detail(self, text: str) -> None:
        """Say something about the step."""
        self.step(f"  {text}")

    def say(self, text: str = "") -> None:
        """Print a line that is no step."""
        print(text, flush=True)
