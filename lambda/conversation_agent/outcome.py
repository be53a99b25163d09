"""What the assistant and whoever asks it tell each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from conversation_agent.problems import ServiceError
from conversation_agent.schemas import ToolResult, Usage

STOPPED = "stopped"
"""Stop reason of an answer that its owner stopped (stopping.py)."""
_CUT = ("cancelled", STOPPED)


class Listener(Protocol):
    """Gets an answer while it is made, in order."""

    async def text(self, piece: str) -> None:
        """A piece of what the agent says."""

    async def message(self, role: str, content: Sequence[Mapping[str, Any]]) -> None:
        """A message that is whole: of the agent, or (role user) with tools' answers."""

    async def tool_answered(self, result: ToolResult) -> None:
        """A tool's answer; its message follows when all of its neighbours have theirs."""


@dataclass(frozen=True)
class Outcome:
    """How an answer ended.

    Attributes:
        stop_reason: the model's; `stopped` when its owner stopped it, `cancelled` when it was cut for another reason,
            `error` with a failure.
        usage: what it took; None when the model was not reached.
        failure: why it ended early.
    """

    stop_reason: str
    usage: Usage | None
    failure: ServiceError | None = None

    @property
    def complete(self) -> bool:
        """Whether the answer is whole."""
        return self.failure is None and self.stop_reason not in _CUT


@dataclass(frozen=True, kw_only=True)
class Asker:
    """On whose behalf the agent calls tools: correlation id of the request, and principal."""

    correlation_id: str
    principal: str
