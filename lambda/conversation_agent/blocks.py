"""Content blocks: as the store and the model have them, and as callers get them.

Stored blocks are those of Amazon Bedrock's Converse API
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html). A tool's answer is stored as
the model got it, cut to a length that models can take; beside it, under `SIZE`, stands how large it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from conversation_agent.schemas import Block, TextBlock, ToolCallBlock, ToolResult, ToolResultBlock

PREVIEW = 2_000
"""Characters of a tool's answer that callers get."""
SIZE = "size"
"""Key of a stored block, beside `toolResult`: bytes of the whole answer. No model gets it."""

BLOCKED = "blocked"
"""Key of a stored block: a guardrail ended the turn whose answer this is. No model gets it."""

StoredBlock = Mapping[str, Any]


def called_tools(messages: Sequence[Sequence[StoredBlock]]) -> dict[str, str]:
    """The names of the tools called in messages, by the id of the call.

    Args:
        messages: the content of each.
    """
    blocks = [block["toolUse"] for content in messages for block in content if "toolUse" in block]
    return {block["toolUseId"]: block["name"] for block in blocks}


def shown(content: Sequence[StoredBlock], names: Mapping[str, str]) -> list[Block]:
    """Stored blocks as callers get them; those that are the model's alone, such as its reasoning, are left out.

    Args:
        content: the stored blocks of a message.
        names: names of called tools by the id of the call.
    """
    found: list[Block] = []
    for block in content:
        if "text" in block:
            found.append(TextBlock(text=block["text"]))
        elif "toolUse" in block:
            call = block["toolUse"]
            arguments = call["input"] if isinstance(call["input"], dict) else {}
            found.append(ToolCallBlock(tool_call_id=call["toolUseId"], name=call["name"], input=arguments))
        elif "toolResult" in block:
            result = tool_result(block["toolResult"], names.get(block["toolResult"]["toolUseId"], ""), block.get(SIZE))
            found.append(ToolResultBlock(**result.model_dump()))
    return found


def tool_result(result: Mapping[str, Any], name: str, size: int | None = None) -> ToolResult:
    """A tool's answer as callers get it.

    Args:
        result: a `toolResult` block.
        name: the tool's name.
        size: bytes of the whole answer, if `result` holds it cut.
    """
    text = answer_text(result.get("content", []))
    whole = size if size is not None else len(text.encode())
    return ToolResult(
        tool_call_id=result["toolUseId"],
        name=name,
        status="error" if result.get("status") == "error" else "success",
        preview=text[:PREVIEW],
        bytes=whole,
        truncated=whole > len(text[:PREVIEW].encode()),
    )


def answer_text(content: Sequence[StoredBlock]) -> str:
    """The text of a tool's answer; JSON as it is written, pictures and documents by their kind."""
    return "\n".join(_text(block) for block in content)


def _text(block: StoredBlock) -> str:
    if "text" in block:
        return str(block["text"])
    if "json" in block:
        return json.dumps(block["json"], ensure_ascii=False)
    return f"[{next(iter(block), 'nothing')}]"
