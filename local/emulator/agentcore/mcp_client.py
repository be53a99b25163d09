"""The few messages of an MCP client that listing a server's tools takes, over Streamable HTTP.

modelcontextprotocol.io/specification/2025-06-18/basic/lifecycle and …/basic/transports. The emulated AWS runs in an
environment of its own that holds nothing but what AWS's functions find, so the MCP SDK is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.emulator.agentcore.outbound import Answer, Outbound
from local.emulator.agentcore.outbound_credentials import Authorize

_VERSION = "2025-06-18"
_MOST_PAGES = 100


class McpError(Exception):
    """The server does not answer as an MCP server does; the sentence says what it did."""


class McpServer:
    """One session with a server."""

    def __init__(self, outbound: Outbound, endpoint: str, authorize: Authorize) -> None:
        """`authorize` adds credentials to each request to `endpoint`."""
        self._outbound = outbound
        self._endpoint = endpoint
        self._authorize = authorize
        self._headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        self._number = 0

    def tools(self) -> list[Mapping[str, Any]]:
        """Every tool of the server. Raises McpError and UnreachableError."""
        self._initialize()
        tools: list[Mapping[str, Any]] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            result = self._call("tools/list", {"cursor": cursor} if cursor else {})
            page = result.get("tools")
            if not isinstance(page, list) or not all(isinstance(tool, dict) and "name" in tool for tool in page):
                raise McpError("its answer to tools/list has no list of named tools")
            tools += page
            cursor = result.get("nextCursor")
            if not cursor:
                return tools
        raise McpError(f"its list of tools does not end after {_MOST_PAGES} pages")

    def _initialize(self) -> None:
        client = {"name": "agentcore-gateway", "version": "1.0"}
        result = self._call("initialize", {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": client})
        self._headers["MCP-Protocol-Version"] = str(result.get("protocolVersion", _VERSION))
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _call(self, method: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        self._number += 1
        answer = self._post({"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters})
        message = _message(answer, self._number)
        if "error" in message:
            raise McpError(f"it answers {method} with error {message['error'].get('code')}")
        result = message.get("result")
        if not isinstance(result, dict):
            raise McpError(f"its answer to {method} is no JSON-RPC result")
        return result

    def _post(self, message: Mapping[str, Any]) -> Answer:
        body = json.dumps(message).encode()
        url, headers = self._authorize(self._endpoint, self._headers, body)
        answer = self._outbound.send("POST", url, headers=headers, body=body, seconds=30)
        if answer.status not in (200, 202):
            raise McpError(f"it answers {message['method']} with HTTP {answer.status}")
        if session := answer.headers.get("mcp-session-id"):
            self._headers["Mcp-Session-Id"] = session
        return answer


def _message(answer: Answer, number: int) -> Mapping[str, Any]:
    """The response to request `number` in an answer that is JSON or a stream of events."""
    text = answer.body.decode("utf-8", "replace")
    streamed = answer.headers.get("content-type", "").startswith("text/event-stream")
    candidates = _events(text) if streamed else [text]
    for candidate in candidates:
        try:
            message = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(message, dict) and message.get("id") == number:
            return message
    raise McpError("its answer holds no JSON-RPC response")


def _events(stream: str) -> list[str]:
    """The data of each event (html.spec.whatwg.org/multipage/server-sent-events.html)."""
    blocks = stream.replace("\r\n", "\n").split("\n\n")
    lines = [
        [line.removeprefix("data:").strip() for line in block.split("\n") if line[:5] == "data:"] for block in blocks
    ]
    return ["\n".join(data) for data in lines if data]
