"""What every display does."""

from __future__ import annotations

from typing import Protocol

from foundation_client.events import Event
from foundation_client.failure import CommandError
from foundation_client.stopping import Stop


class Display(Protocol):
    """Shows one answer."""

    def begin(self) -> None:
        """The message is on its way."""

    def show(self, event: Event) -> None:
        """Show an event as it comes."""

    def end(self, stop: Stop | None = None) -> None:
        """The answer is over, or the person wanted it to be: then `stop` says what came of that."""

    def fail(self, failure: CommandError, /) -> None:
        """The answer is over, since the service cannot be reached or refuses; the failure itself is told elsewhere."""
