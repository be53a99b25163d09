"""SSM's GetParameter on the loopback, and who asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.http_server import JsonHandler, listening


@dataclass
class ParameterStore:
    """What it holds, and the error that it answers instead when there is one: status and code."""

    parameters: dict[str, str]
    error: tuple[int, str] | None = None
    callers: list[str] = field(default_factory=list)
    """The Authorization header of each request."""
    url: str = ""

    def answer(self, name: str) -> tuple[int, dict[str, object]]:
        """Status and body for a request."""
        if self.error or name not in self.parameters:
            status, code = self.error or (400, "ParameterNotFound")
            return status, {"__type": code, "message": "no"}
        return 200, {"Parameter": {"Name": name, "Value": self.parameters[name]}}


@contextmanager
def running(store: ParameterStore) -> Iterator[ParameterStore]:
    """Serve it on a free port."""

    class Handler(JsonHandler):
        def do_POST(self) -> None:
            name = json.loads(self.body())["Name"]
            store.callers.append(self.headers["Authorization"])
            self.answer(*store.answer(name))

    with listening(Handler) as port:
        store.url = f"http://127.0.0.1:{port}"
        yield store
