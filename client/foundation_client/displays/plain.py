"""The answer as plain text for a pipe or a file, everything else beside it."""

from __future__ import annotations

from typing import TextIO

from foundation_client.cleaning import clean
from foundation_client.events import Done, Error, Event, Notice, Restarted, Text, ToolCall, ToolResult, Usage
from foundation_client.failure import CommandError
from foundation_client.stopping import Stop
from foundation_client.words import call_words, ending_words, result_words, short_name, usage_words


class PlainDisplay:
    """Writes the answer to `out` as it comes and tells the rest on `beside`."""

    def __init__(self, out: TextIO, beside: TextIO) -> None:
        self._out = out
        self._beside = beside
        self._ended_line = True

    def begin(self) -> None:
        """Nothing to show yet."""

    def show(self, event: Event) -> None:
        """Write an event. Raises BrokenPipeError when nobody reads any more."""
        match event:
            case Text(text):
                self._write(clean(text))
            case ToolCall():
                self._end_line()  # what is said after the call is another message
                self._tell(f"calls {call_words(event.name, event.input)}")
            case ToolResult():
                self._tell(
                    f"{short_name(event.name)} {'failed' if event.failed else 'answered'}: {result_words(event)}"
                )
            case Usage():
                self._tell(usage_words(event))
            case Error():
                self._tell(f"The answer failed: {clean(event.message)} (correlation id {event.correlation_id})")
            case Done():
                if words := ending_words(event):
                    self._tell(words)
            case Notice(text):
                self._tell(text)
            case Restarted():
                self._end_line()
                self._tell("The answer begins anew; what came before no longer counts.")

    def end(self, stop: Stop | None = None) -> None:
        """End the line."""
        self._end_line()
        if stop:
            self._tell(clean(stop.words))
        self._out.flush()

    def fail(self, _: CommandError) -> None:
        """End the line."""
        self.end()

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()
            self._ended_line = text.endswith("\n")

    def _end_line(self) -> None:
        if not self._ended_line:
            self._write("\n")

    def _tell(self, text: str) -> None:
        print(text, file=self._beside, flush=True)
