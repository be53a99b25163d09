"""Leaves in a list of tools those that the caller may call: of the others it must not even learn.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-using-mcp-semantic-search.html: the search tool
answers with `{"tools": […]}`, as structured content and as the JSON text of it.
"""

from __future__ import annotations

import json
from typing import Any

from governance.caller import Caller
from governance.message import SEPARATOR
from governance.refusals import RefusedError

SEARCH = "x_amz_bedrock_agentcore_search"
_OWN = "x_amz_bedrock_agentcore_"
"""The gateway's own tools, which belong to no target, begin so."""


def allowed_tools(result: Any, caller: Caller) -> dict[str, Any]:
    """The result of tools/list for a caller.

    Raises:
        RefusedError: It is none that could be read.
    """
    if not isinstance(result, dict):
        raise RefusedError("response_unreadable")
    return {**result, "tools": _allowed(result.get("tools"), caller)}


def found_tools(result: Any, caller: Caller) -> dict[str, Any]:
    """The result of the gateway's search for a caller.

    Raises:
        RefusedError: It is none that could be read.
    """
    if not isinstance(result, dict) or not isinstance(result.get("content", []), list):
        raise RefusedError("response_unreadable")
    if result.get("isError") is True and "structuredContent" not in result:
        return result  # a sentence about the query, and no tools
    cleaned = {**result, "content": [_found(item, caller) for item in result.get("content", [])]}
    if "structuredContent" in result:
        cleaned["structuredContent"] = allowed_tools(result["structuredContent"], caller)
    return cleaned


def _found(item: Any, caller: Caller) -> dict[str, Any]:
    try:
        return {**item, "text": json.dumps(allowed_tools(json.loads(item["text"]), caller), ensure_ascii=False)}
    except (TypeError, KeyError, ValueError):
        raise RefusedError("response_unreadable") from None


def _allowed(tools: Any, caller: Caller) -> list[Any]:
    if not isinstance(tools, list):
        raise RefusedError("response_unreadable")
    return [tool for tool in tools if _may_call(_name(tool), caller)]


def _name(tool: Any) -> str:
    name = tool.get("name") if isinstance(tool, dict) else None
    if not isinstance(name, str):
        raise RefusedError("response_unreadable")
    return name


def _may_call(name: str, caller: Caller) -> bool:
    target, separator, tool = name.partition(SEPARATOR)
    return caller.may(f"{target}/{tool}") if separator else name.startswith(_OWN)
