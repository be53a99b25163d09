"""What a model reads of a tool's answer: not more than a limit, and a refusal in words that it can act on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway_agent.retries import retry_after_of

POLICY_DENIED, RATE_LIMITED, UNAVAILABLE = -32002, -32003, -32000
"""JSON-RPC codes: AgentCore's for a denial and for a limit; the interceptors' (`lambda/governance/refusals.py`)."""

REFUSAL = "foundation/refusal"
"""Key of a result's `metadata` under which a client finds the refusal as data."""
CUT = "foundation/cut"
"""Key of a result's `metadata` that says how long an answer was that has been cut: `{"characters": 1000000}`."""

_ADVICE = {
    POLICY_DENIED: "This agent is not permitted to make this call. Do not try it again; say that it is not permitted.",
    RATE_LIMITED: "Too many calls were made in a short time. Do not repeat it at once; say that it works again later.",
    UNAVAILABLE: "The gateway cannot serve at the moment. Say that it may work again in a few minutes.",
}
_OTHER_ADVICE = "The call failed outside of the tool. Do not repeat it unchanged."


@dataclass(frozen=True)
class Refusal:
    """Why the gateway did not carry a call out, or did not say how it ended.

    Attributes:
        code: The JSON-RPC code.
        message: The gateway's sentence.
        reason: What the gateway calls it, when it does (`data.reason`).
        retry_after: Seconds after which the same call may be made, when the gateway says so.
        request_id: The gateway's id of the call, for the audit records.
    """

    code: int
    message: str
    reason: str | None = None
    retry_after: float | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, code: int, message: str, data: object) -> Refusal:
        """The refusal of a JSON-RPC error's members."""
        said = data if isinstance(data, dict) else {}
        reason, request_id = said.get("reason"), said.get("request_id")
        return cls(
            code,
            message,
            reason=reason if isinstance(reason, str) else None,
            retry_after=retry_after_of(data),
            request_id=request_id if isinstance(request_id, str) else None,
        )

    def text(self) -> str:
        """What a model reads, and a person may."""
        wait = f" It may be tried again in {self.retry_after:.0f} s." if self.retry_after else ""
        return f"{self.message.rstrip('.')}. {_ADVICE.get(self.code, _OTHER_ADVICE)}{wait}"

    def data(self) -> dict[str, Any]:
        """What a client reads; members that are not known are left out."""
        members = {
            "code": self.code,
            "message": self.message,
            "reason": self.reason,
            "retry_after": self.retry_after,
            "request_id": self.request_id,
        }
        return {name: value for name, value in members.items() if value is not None}


def within(content: Iterable[Any], limit: int) -> tuple[list[Any], int]:
    """The content of a tool's result, cut for a model.

    Args:
        content: Blocks as Strands has them: `text`, `json`, or others.
        limit: Characters of text that the model gets in all.

    Returns:
        The blocks up to the limit, and the characters that there were. What is cut ends with a block that says so and
        how long it was, so that the model can ask for less. Pictures and documents stay whole or go.
    """
    blocks = list(content)
    sizes = [_block_size(block) for block in blocks]
    total = sum(sizes)
    if total <= limit:
        return blocks, total
    kept, left = [], limit
    for block, size in zip(blocks, sizes, strict=True):
        if size <= left:
            kept.append(block)
        elif left > 0 and (text := _text(block)) is not None:
            kept.append({"text": text[:left]})
        left = max(0, left - size)
    note = (
        f"[This answer was cut: it has {total:,} characters, of which the first {limit:,} are above. "
        "Ask for less, e.g. with a filter, a smaller page or one operation at a time.]"
    )
    return [*kept, {"text": note}], total


def size(value: Any) -> int:
    """Characters of a value as JSON; none of no value."""
    return 0 if value is None else len(json.dumps(value, ensure_ascii=False, default=str))


def _text(block: Any) -> str | None:
    if "text" in block:
        return str(block["text"])
    return json.dumps(block["json"], ensure_ascii=False) if "json" in block else None


def _block_size(block: Any) -> int:
    """Characters of a block of text; bytes of any other."""
    text = _text(block)
    return len(text) if text is not None else _bytes(block)


def _bytes(value: Any) -> int:
    if isinstance(value, bytes):
        return len(value)
    return sum(map(_bytes, value.values())) if isinstance(value, dict) else 0
