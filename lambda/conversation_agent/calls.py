"""Calls of tools whose end is not known, or that did not run: what the model is told, which then decides.

The service makes no call a second time. A tool may have paid, sent or deleted before its answer got lost, and only the
model, which knows the question and can look, is able to say whether to call again. So a call without an answer gets one
that says so, and so does one that the gateway certainly did not let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway_agent.answers import POLICY_DENIED, RATE_LIMITED
from gateway_agent.errors import NOT_SENT

UNKNOWN = (
    "[No answer to this call arrived, so it is not known whether it ran. Check what it would have changed before you "
    "make it again; a call that only reads may be repeated at once. If you cannot check, say so and do not repeat it.]"
)
NOT_RUN = (
    "[This call did not run: the gateway did not let it through then. It may be made again if it is still needed.]"
)

_MODELS_BUSINESS = (POLICY_DENIED, -32601, -32602)
"""Refusals of one call, before it ran, that the model can act on: not permitted, no such tool, wrong arguments."""
_BEFORE_THE_TOOL = frozenset({NOT_SENT, "keys_unavailable", "suspensions_unavailable", "directory_unavailable"})
"""Reasons after which a call has certainly not run (`gateway_agent.http`, `lambda/governance/refusals.py`)."""

Block = Mapping[str, Any]


def did_not_run(refusal: Mapping[str, Any]) -> bool:
    """Whether a call that the gateway refused certainly did not run, and may succeed later.

    Args:
        refusal: `metadata["foundation/refusal"]` of the call's result.
    """
    return refusal["code"] == RATE_LIMITED or refusal.get("reason") in _BEFORE_THE_TOOL


def told(refusal: Mapping[str, Any]) -> str | None:
    """What the model is told of a refused call instead of the gateway's words; None when those say it all."""
    if did_not_run(refusal):
        return NOT_RUN
    return None if refusal["code"] in _MODELS_BUSINESS else UNKNOWN


def unanswered(messages: Iterable[Sequence[Block]]) -> list[Block]:
    """The `toolUse` blocks' calls that have no `toolResult`.

    Args:
        messages: the content of each, in order.
    """
    blocks = [block for content in messages for block in content]
    answered = {block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block}
    calls = [block["toolUse"] for block in blocks if "toolUse" in block]
    return [call for call in calls if call["toolUseId"] not in answered]


def unknown_result(call: Block) -> dict[str, Any]:
    """The answer to a call that has none."""
    return {"toolResult": {"toolUseId": call["toolUseId"], "status": "error", "content": [{"text": UNKNOWN}]}}
