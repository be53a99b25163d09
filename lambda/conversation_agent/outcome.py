"""What the assistant and whoever asks it tell each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from conversation_agent.problems import ServiceError
from conversation_agent.schemas import Usage

STOPPED = "stopped"
"""Stop reason of an answer that its owner stopped (stopping.py)."""
_CUT = ("cancelled", STOPPED)


class Listener(Protocol):
    """Gets an answer while it is made, in order."""

    async def text(self, piece: str) -> None:
        """A piece of what the agent says."""

    async def message(self, content: Sequence[Mapping[str, Any]]) -> None:
        """A message of the agent that is whole."""

    async def tool_answered(self, block: Mapping[str, Any], name: str) -> None:
        """The answer of the tool `name`, as it is stored: a `toolResult` block, with its true size."""


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
