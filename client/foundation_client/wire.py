"""Reads the service's JSON into typed values; what it cannot be raises WireError, what is unknown is passed over.

Passing over unknown keys and events is what lets a newer service talk to this client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

_Value = TypeVar("_Value")


class WireError(Exception):
    """The service sent something that is not its interface; the message names the key."""


def loads(text: str | bytes) -> Mapping[str, Any]:
    """A JSON object. Raises WireError for anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        raise WireError("no JSON") from None
    if not isinstance(value, dict):
        raise WireError("no JSON object")
    return value


def member(data: Mapping[str, Any], key: str, kind: type[_Value]) -> _Value:
    """A member that must be there. Raises WireError when it is missing or of another type."""
    value = data.get(key)
    if not isinstance(value, kind):
        raise WireError(f"{key} is {value!r:.60}")
    return value


def optional(data: Mapping[str, Any], key: str, kind: type[_Value]) -> _Value | None:
    """A member that may be missing or null."""
    return None if data.get(key) is None else member(data, key, kind)


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A row of the list of conversations. Times are RFC 3339 in UTC."""

    conversation_id: str
    title: str
    used_at: str
    messages: int

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Conversation:
        """Read one from its JSON object."""
        return cls(
            conversation_id=member(data, "conversation_id", str),
            title=optional(data, "title", str) or "",
            used_at=member(data, "used_at", str),
            messages=member(data, "messages", int),
        )


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one side said: blocks of `type` text, tool_call or tool_result, as the service sends them."""

    role: str
    status: str
    content: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Message:
        """Read one from its JSON object."""
        return cls(
            role=member(data, "role", str),
            status=member(data, "status", str),
            content=tuple(block for block in member(data, "content", list) if isinstance(block, dict)),
        )


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool that the agent may call, with its JSON Schema."""

    name: str
    description: str
    input_schema: Mapping[str, Any]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Tool:
        """Read one from its JSON object."""
        return cls(
            name=member(data, "name", str),
            description=optional(data, "description", str) or "",
            input_schema=optional(data, "input_schema", dict) or {},
        )
