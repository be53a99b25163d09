"""Server-sent events as a client reads them (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2

Event = tuple[str, dict[str, Any]]
"""Name and data."""


def events(response: httpx2.Response) -> Iterator[Event]:
    """The events of a stream as they come, comments left out; an agent's service gives each one line of data."""
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def said(found: Sequence[Event]) -> str:
    """All text of an answer."""
    return "".join(data["text"] for name, data in found if name == "text")
