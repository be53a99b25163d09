"""What every kind of target offers to the gateway, and what it gets for a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mcp_types import CallToolResult

TOOL_SEPARATOR = "___"
"""Between target and tool in a tool's name on the gateway (devguide, gateway-tool-naming)."""

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Largest request and response of a gateway (AgentCore quotas)."""


@dataclass(frozen=True, kw_only=True)
class ToolDefinition:
    """A tool as its target declares it: without the target's name, schemas in AgentCore's subset of JSON Schema."""

    name: str
    description: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """One call, after everything before the target has let it pass.

    `headers` are those of the HTTP request with lower-case names, `query` the parameters of its URL; a target
    forwards only those that its metadata configuration allows.
    """

    tool: ToolDefinition
    arguments: Mapping[str, Any]
    message_id: str
    headers: Mapping[str, str]
    query: Mapping[str, str]


class TargetError(Exception):
    """A target that could not answer.

    The message reaches the client on a gateway with exceptionLevel DEBUG only. `logged` is what the log says instead
    when the message holds words of the target, which may repeat arguments.
    """

    def __init__(self, message: str, *, logged: str | None = None) -> None:
        super().__init__(message)
        self.logged = logged or message


class Target(Protocol):
    """A deployed target."""

    @property
    def name(self) -> str:
        """The target's name, the first part of its tools' names on the gateway."""

    @property
    def tools(self) -> Sequence[ToolDefinition]:
        """The tools of this target."""

    async def call(self, call: ToolCall) -> CallToolResult:
        """Call a tool and return its result; raises TargetError when the target could not answer."""


class UnusableTargetError(Exception):
    """A target that cannot be built from its configuration; the message names the target and what is wrong."""
