"""What the Lambda function returns: a tool's answer as JSON, or a failure the caller can read.

See the package docstring for the convention.
"""

import base64
import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from toolkit.errors import ToolError

MAX_ANSWER_BYTES = 5_500_000
"""AgentCore's limit for a payload is 6 MB; the rest is left for the gateway's own envelope.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html
"""

_ROOM_FOR_CUT = 500


def success(answer: Any, *, tool: str) -> dict[str, Any]:
    """A tool's answer in JSON's types: times in ISO 8601, decimals as numbers, bytes in base64.

    A list that makes the answer too large is cut between items, and `cut` says so and how to read the rest.

    Args:
        answer: What the tool returned.
        tool: Its name, for errors.

    Raises:
        ToolError: The answer is too large for the gateway and has no list to cut.
        TypeError: It is not a dict, could be taken for a failure, or holds a type that JSON does not have.
        ValueError: It holds NaN or an infinity, which JSON does not have.
    """
    if not isinstance(answer, dict):
        raise TypeError(f"tool {tool} returned {type(answer).__name__}; it must return a dict")
    if "isError" in answer and "content" in answer:
        raise TypeError(f"tool {tool} returned isError and content, which is how a failure looks; raise ToolError")
    text = json.dumps(answer, default=_plain, allow_nan=False)
    plain: dict[str, Any] = json.loads(text)
    # Inside a string a character of JSON's ASCII takes two bytes at most, so that small answers need no counting.
    fits = 2 * len(text) <= MAX_ANSWER_BYTES or _carried(text) <= MAX_ANSWER_BYTES
    return plain if fits else _cut(plain, tool)


def _carried(text: str) -> int:
    """Bytes of a JSON text as the gateway carries it: inside a JSON string."""
    return len(json.dumps(text))


def _cut(answer: dict[str, Any], tool: str) -> dict[str, Any]:
    """The answer with as many items of its largest list as fit.

    The token of the next page would skip what is cut, so it goes too: the rest is read with smaller pages.
    """
    sizes = {name: _carried(json.dumps(value)) for name, value in answer.items() if isinstance(value, list)}
    name = max(sizes, key=lambda key: sizes[key], default="")
    items = answer.get(name, [])
    room = MAX_ANSWER_BYTES - _carried(json.dumps({**answer, name: []})) - _ROOM_FOR_CUT
    shown = 0
    for item in items:
        room -= _carried(json.dumps(item))  # its quotes are as long as the comma and space that it comes with
        if room < 0:
            break
        shown += 1
    if not shown:
        raise ToolError(
            f"{tool}: the answer is larger than the {MAX_ANSWER_BYTES} bytes that fit; ask for fewer or narrower "
            "results",
            code="answer_too_large",
        )
    rest = f"call again with page_size {shown} or less and the same page_token, and go on from its next_page_token"
    cut = {"list": name, "shown": shown, "of": len(items), "rest": rest}
    paged = {"next_page_token": None} if "next_page_token" in answer else {}
    return {**answer, name: items[:shown], **paged, "cut": cut}


def failure(message: str) -> dict[str, Any]:
    """An expected failure, in the shape of an MCP tool result.

    https://modelcontextprotocol.io/specification/2025-11-25/server/tools#error-handling
    """
    return {"isError": True, "content": [{"type": "text", "text": message}]}


def _plain(value: Any) -> Any:
    """JSON's form of a value that `json` does not know."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"an answer holds a {type(value).__name__}, which has no form in JSON")
