"""The answer for programs: one JSON object when it is over, or a JSON object a line as it comes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, TextIO

from foundation_client.events import Done, Error, Event, Notice, Restarted, Start, Text, ToolCall, ToolResult, Usage
from foundation_client.failure import CommandError
from foundation_client.stopping import Stop
from foundation_client.trouble import ServiceError
from foundation_client.turn import Turn

_NAMES = {
    Start: "start",
    Text: "text",
    ToolCall: "tool_call",
    ToolResult: "tool_result",
    Usage: "usage",
    Error: "error",
    Done: "done",
    Notice: "notice",
    Restarted: "restarted",
}


class JsonDisplay:
    """Writes one object at the end, whatever happens, so that a script always has something to read.

    `status` is complete, interrupted (the agent did not finish, as far as the client knows) or stopped (Ctrl-C, and the
    service took it). `error` is null, or what the service or the client says: its `code` is the service's; `client`
    with the exit code's meaning in `message`; or `not_stopped`, with what became of Ctrl-C.
    """

    def __init__(self, out: TextIO, beside: TextIO, turn: Turn) -> None:
        self._out = out
        self._beside = beside
        self._turn = turn
        self._calls: dict[str, dict[str, Any]] = {}
        self._text: list[str] = []
        self._ending: dict[str, Any] = {"status": "interrupted", "stop_reason": None}
        self._usage: dict[str, Any] | None = None
        self._error: dict[str, Any] | None = None

    def begin(self) -> None:
        """Nothing to show yet."""

    def show(self, event: Event) -> None:
        """Keep an event; notices go beside."""
        match event:
            case Text(text):
                self._text.append(text)
            case Restarted():
                self._text.clear()
            case ToolCall():
                if self._text and not self._text[-1].endswith("\n"):
                    self._text.append("\n\n")  # what is said after the call is another message
                self._calls[event.tool_call_id] = {"name": event.name, "input": event.input, "status": None}
            case ToolResult():
                self._calls.setdefault(event.tool_call_id, {"name": event.name, "input": None}).update(
                    status="error" if event.failed else "success",
                    seconds=event.seconds,
                    bytes=event.bytes,
                    preview=event.preview,
                )
            case Usage():
                self._usage = asdict(event)
            case Error():
                self._error = {"code": event.code, "message": event.message, "correlation_id": event.correlation_id}
            case Done():
                self._ending.update(status=event.status, stop_reason=event.stop_reason)
            case Notice(text):
                print(text, file=self._beside, flush=True)

    def fail(self, failure: CommandError) -> None:
        """Write the object with the failure in it."""
        self._error = _failure(failure)
        self.end()

    def end(self, stop: Stop | None = None) -> None:
        """Write the object."""
        if stop and stop.taken:
            self._ending["status"] = "stopped"
        elif stop:
            self._error = _not_stopped(stop)
        whole = {
            "conversation_id": self._turn.conversation_id,
            "request_id": self._turn.request_id,
            **self._ending,
            "text": "".join(self._text),
            "tool_calls": list(self._calls.values()),
            "usage": self._usage,
            "error": self._error,
        }
        print(json.dumps(whole, ensure_ascii=False), file=self._out, flush=True)


class JsonLinesDisplay:
    """Writes each event as an object with its name in `event`, as it comes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def begin(self) -> None:
        """Nothing to show yet."""

    def show(self, event: Event) -> None:
        """Write an event."""
        self._write({"event": _NAMES[type(event)], **asdict(event)})

    def end(self, stop: Stop | None = None) -> None:
        """Write what came of Ctrl-C; otherwise the service's own `done` was the last."""
        if stop:
            self._write({"event": "stopped"} if stop.taken else {"event": "error", **_not_stopped(stop)})

    def fail(self, failure: CommandError) -> None:
        """Write the failure as an error."""
        self._write({"event": "error", **_failure(failure)})

    def _write(self, line: dict[str, Any]) -> None:
        print(json.dumps(line, ensure_ascii=False), file=self._out, flush=True)


def _not_stopped(stop: Stop) -> dict[str, Any]:
    return {"code": "not_stopped", "message": stop.words, "correlation_id": None}


def _failure(failure: CommandError) -> dict[str, Any]:
    """A failure as errors of the service look."""
    code = failure.problem if isinstance(failure, ServiceError) else ""
    return {"code": code or "client", "message": str(failure), "correlation_id": None}
