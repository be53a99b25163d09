"""One JSON-RPC message of MCP, read from the raw body and checked in full before anything else looks at it.

https://modelcontextprotocol.io/specification/2025-11-25/basic#messages
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance import strict_json
from governance.refusals import RefusedError

_ID = re.compile(r"[\x20-\x7e]{1,128}")
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*){0,4}")
_TOOL = re.compile(r"[A-Za-z0-9_./-]{1,256}")
_LARGEST_ID = 2**53 - 1
SEPARATOR = "___"
"""Between target and tool in a tool's name at the gateway."""

_ENCODED = re.compile(r"=\?base64\?([A-Za-z0-9+/]*=*)\?=")

CALL, LIST = "tools/call", "tools/list"


@dataclass(frozen=True)
class Message:
    """A request or a notification.

    Attributes:
        body: All of it.
        method: Its method.
        id: Its id; None of a notification.
        params: Its parameters, empty when it has none.
    """

    body: Mapping[str, Any]
    method: str
    id: str | int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tool(self) -> str | None:
        """`<target>___<tool>` of a tools/call."""
        return self.params["name"] if self.method == CALL else None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments of a tools/call, empty otherwise."""
        return self.params.get("arguments") or {} if self.method == CALL else {}

    @property
    def target(self) -> str | None:
        """The target of a tools/call; None of the gateway's own tools."""
        target, separator, _ = (self.tool or "").partition(SEPARATOR)
        return target if separator else None


def read_message(text: object, *, max_bytes: int, max_depth: int) -> Message:
    """The message that a raw body is.

    Args:
        text: The body.
        max_bytes: How large it may be.
        max_depth: How deep it may nest.

    Raises:
        RefusedError: It is none, with its id once that is known.
    """
    return message_of(strict_json.read(text, max_bytes=max_bytes, max_depth=max_depth))


def message_of(body: object) -> Message:
    """The message that a body is which was read before.

    Raises:
        RefusedError: It is none, with its id once that is known.
    """
    if isinstance(body, list):
        raise RefusedError("batch")
    if not isinstance(body, dict) or body.get("jsonrpc") != "2.0" or {"result", "error"} & body.keys():
        raise RefusedError("bad_message")
    message_id = _checked_id(body)
    method, params = body.get("method"), body.get("params", {})
    if not isinstance(method, str) or len(method) > 128 or not _METHOD.fullmatch(method):
        raise RefusedError("bad_method", message_id=message_id)
    if method.startswith("notifications/") != ("id" not in body):
        raise RefusedError("bad_id", message_id=message_id)
    if not isinstance(params, dict) or (method == CALL and not _is_call(params)):
        raise RefusedError("bad_params", message_id=message_id)
    return Message(body, method, message_id, params)


def check_headers(message: Message, headers: Mapping[str, str]) -> None:
    """Refuse headers that name another method or tool than the body: what routes by them would be deceived.

    Args:
        message: The message.
        headers: Header names in lower case to values. `Mcp-Method` and `Mcp-Name` come with MCP 2026-07-28:
            https://modelcontextprotocol.io/specification/2026-07-28/basic/transports

    Raises:
        RefusedError: They disagree.
    """
    method, name = headers.get("mcp-method"), headers.get("mcp-name")
    own = message.params.get("name") or message.params.get("uri")
    if (method is not None and method != message.method) or (name is not None and _plain(name) != own):
        raise RefusedError("header_mismatch", message_id=message.id)


def _plain(value: str) -> str | None:
    """A header's value as its sender meant it: other characters than ASCII's are sent in base64."""
    encoded = _ENCODED.fullmatch(value)
    if not encoded:
        return value
    try:
        return base64.b64decode(encoded[1], validate=True).decode()
    except ValueError:
        return None


def _checked_id(body: Mapping[str, Any]) -> str | int | None:
    if "id" not in body:
        return None
    found = body["id"]
    whole = isinstance(found, int) and not isinstance(found, bool) and abs(found) <= _LARGEST_ID
    if not whole and not (isinstance(found, str) and _ID.fullmatch(found)):
        raise RefusedError("bad_id")
    return found  # type: ignore[no-any-return] # a str or an int, as just seen


def _is_call(params: Mapping[str, Any]) -> bool:
    name, arguments = params.get("name"), params.get("arguments", {})
    return isinstance(name, str) and _TOOL.fullmatch(name) is not None and isinstance(arguments, dict)
