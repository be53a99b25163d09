"""SSM's GetParameter on the loopback, and who asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Name"]
            store.callers.append(self.headers["Authorization"])
            status, answer = store.answer(name)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        store.url = f"http://127.0.0.1:{server.server_port}"
        yield store
        server.shutdown()
