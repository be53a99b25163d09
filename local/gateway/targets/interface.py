"""What every kind of target offers to the gateway, and what it gets for a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from mcp_types import CallToolResult

from local.gateway.configuration import TargetRecord

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
    forwards only those that its metadata configuration allows. `authorization` is what an interceptor set for the
    target, and takes the place of the target's own credential (devguide, gateway-headers).
    """

    tool: ToolDefinition
    arguments: Mapping[str, Any]
    message_id: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    authorization: str | None = None


@dataclass(frozen=True, kw_only=True)
class ToolAnswer:
    """What a target answered; `headers` are those of its response that its metadata configuration lets through."""

    result: CallToolResult
    headers: Mapping[str, str] = field(default_factory=dict)


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

    async def call(self, call: ToolCall) -> ToolAnswer:
        """Call a tool and return its answer; raises TargetError when the target could not answer."""


@runtime_checkable
class ListedOnDemand(Protocol):
    """A target that keeps no list of its tools: it is asked whenever a client lists or calls tools."""

    async def list_again(self) -> None:
        """Bring `tools` up to date; raises TargetError when that cannot be done, and has no tools then."""


class UnusableTargetError(Exception):
    """A target that cannot be built from its configuration; the message names the target and what is wrong.

    `may_recover` says that it is worth trying again, since something else has to answer first.
    """

    def __init__(self, message: str, *, may_recover: bool = False) -> None:
        super().__init__(message)
        self.may_recover = may_recover


def propagated_headers(record: TargetRecord, call: ToolCall) -> dict[str, str]:
    """The headers of a call that its target's metadata configuration lets through, and an interceptor's credential."""
    allowed = {name: call.headers[name.lower()] for name in record.request_headers if name.lower() in call.headers}
    return allowed | ({"Authorization": call.authorization} if call.authorization is not None else {})


def propagated_query(record: TargetRecord, call: ToolCall) -> dict[str, str]:
    """The query parameters of a call that its target's metadata configuration lets through."""
    return {name: call.query[name] for name in record.query_parameters if name in call.query}


def returned_headers(record: TargetRecord, headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a target's response that its metadata configuration lets through to the client.

    `headers` finds names whatever their case is.
    """
    return {name: headers[name] for name in record.response_headers if name in headers}
