"""What every display does."""

from __future__ import annotations

from typing import Protocol

from foundation_client.events import Event
from foundation_client.failure import CommandError


class Display(Protocol):
    """Shows one answer."""

    def begin(self) -> None:
        """The message is on its way."""

    def show(self, event: Event) -> None:
        """Show an event as it comes."""

    def end(self, *, stopped: bool = False, failure: CommandError | None = None) -> None:
        """The answer is over: whole, stopped by the person, or failed. Called once, also after show has raised."""
