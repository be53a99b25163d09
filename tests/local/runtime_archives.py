"""Archives for AgentCore Runtime: servers with what they need."""

from __future__ import annotations

import io
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPORTER = """
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = json.dumps({
            "body": body, "path": self.path, "pid": os.getpid(), "greeting": os.environ.get("GREETING"),
            "key": os.environ["AWS_ACCESS_KEY_ID"], "headers": {n.lower(): v for n, v in self.headers.items()},
        }).encode()
        print("asked for", self.path, flush=True)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

HTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""
GREETER = '''
from mcp.server.mcpserver import MCPServer

server = MCPServer("greeter")

@server.tool()
def greet(name: str) -> str:
    """Greets."""
    return f"Hello {name}"

server.run("streamable-http", host="0.0.0.0", port=8000, stateless_http=True)
'''


def needed_by(name: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """An installed distribution and all that it requires on this machine."""
    known |= {canonicalize_name(name)}
    for text in distribution(name).requires or ():
        required = Requirement(text)
        applies = required.marker is None or required.marker.evaluate({"extra": ""})
        if applies and canonicalize_name(required.name) not in known:
            known = needed_by(required.name, known)
    return known


def archive(main: str, *distributions: str) -> bytes:
    """A zip with `main.py` and installed distributions with everything that they need, compiled for another machine."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("main.py", main)
        for name in {each for distribution in distributions for each in needed_by(distribution)}:
            for file in distribution(name).files or ():
                source = Path(str(file.locate()))
                if ".." in file.parts or not source.is_file() or file.suffix == ".pyc":
                    continue
                if file.suffix == ".so":
                    package.writestr(str(file), b"for another machine")
                else:
                    package.write(source, str(file))
    return content.getvalue()


def artifact(key: str = "reporter.zip", **changes: Any) -> dict[str, Any]:
    """An artifact of a runtime: an archive in the bucket `archives`."""
    location = {"s3": {"bucket": "archives", "prefix": key}}
    return {"codeConfiguration": {"code": location, "runtime": "PYTHON_3_14", "entryPoint": ["main.py"], **changes}}
