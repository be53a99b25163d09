"""How calls, results and numbers read in a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from foundation_client.cleaning import clean
from foundation_client.events import Done, ToolResult, Usage

_VALUE_LENGTH = 60
_ERROR_LENGTH = 300
_KILO = 1000
_ENDINGS = {
    "max_tokens": "The answer ends here, since the model may say no more at once: ask it to go on.",
    "guardrail_intervened": "A guardrail of the company replaced or cut the answer.",
}


def short_name(tool: str) -> str:
    """A tool's own name: the gateway puts the target's before it, `target___tool`."""
    return clean(tool.rpartition("___")[2])


def call_words(name: str, arguments: Mapping[str, Any]) -> str:
    """A call as a line of code; long values are cut."""
    given = ", ".join(f"{clean(key)}={_cut(_as_json(value), _VALUE_LENGTH)}" for key, value in arguments.items())
    return f"{short_name(name)}({given})"


def result_words(result: ToolResult) -> str:
    """How long a call took and how much came back, or what failed."""
    parts = [_seconds(result.seconds), _size(result.bytes) if not result.failed else ""]
    if result.failed:
        parts.append(_cut(" ".join(clean(result.preview).split()), _ERROR_LENGTH) or "failed without a word")
    return ", ".join(part for part in parts if part)


def usage_words(usage: Usage) -> str:
    """What an answer took."""
    parts = [f"{usage.input_tokens:,} tokens in", f"{usage.output_tokens:,} out"]
    if usage.latency_ms is not None:
        parts.append(_seconds(usage.latency_ms / 1000))
    return ", ".join(parts)


def ending_words(done: Done) -> str:
    """What a person should know of an answer's end; empty for an ordinary one and for one that an error explains."""
    if done.stop_reason == "error":
        return ""
    if done.status != "complete":
        return "The answer was interrupted; this is what was stored of it."
    return _ENDINGS.get(done.stop_reason, "")


def _as_json(value: object) -> str:
    return clean(json.dumps(value, ensure_ascii=False))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"


def _size(count: int) -> str:
    if count < _KILO:
        return f"{count} B"
    if count < _KILO * _KILO:
        return f"{count / _KILO:.1f} kB"
    return f"{count / _KILO / _KILO:.1f} MB"
