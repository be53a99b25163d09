"""Whether a list of tools is one that AgentCore takes for a Lambda target.

Its subset of JSON Schema: https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_SchemaDefinition.html.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from stacks.settings.base import SettingsModel, text
from stacks.settings.sentences import sentences
from stacks.settings.targets.documents import DocumentError


class Schema(SettingsModel):
    """A schema of AgentCore's subset: no enum, no format, no default, no oneOf."""

    type: Literal["string", "number", "integer", "boolean", "object", "array"]
    description: str | None = None
    properties: dict[str, Schema] = {}
    required: Annotated[tuple[str, ...], Field(strict=False)] = ()
    items: Schema | None = None

    @field_validator("required")
    @classmethod
    def _are_properties(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if unknown := sorted(set(value) - set(info.data.get("properties", value))):
            raise ValueError(f"names {', '.join(unknown)}, which properties does not have: make the two agree")
        return value


class Tool(SettingsModel):
    """One tool of a Lambda target, AgentCore's ToolDefinition."""

    name: Annotated[str, text(r"^[A-Za-z0-9_-]+$", wanted="a tool's name: letters, digits, _ and -")]
    description: Annotated[str, Field(min_length=1)]
    inputSchema: Schema  # noqa: N815 - AgentCore's name
    outputSchema: Schema | None = None  # noqa: N815 - AgentCore's name

    @field_validator("inputSchema")
    @classmethod
    def _is_an_object(cls, value: Schema) -> Schema:
        if value.type != "object":
            raise ValueError("is not of type object: put the arguments under properties of one")
        return value


class _ToolList(SettingsModel):
    tools: Annotated[tuple[Tool, ...], Field(min_length=1, strict=False)]


def listed_tools(content: Any) -> tuple[str, ...]:
    """Names of the tools in a list of ToolDefinition.

    Raises:
        DocumentError: with the first thing that AgentCore would refuse.
    """
    try:
        return tuple(tool.name for tool in _ToolList.model_validate({"tools": content}).tools)
    except ValidationError as error:
        raise DocumentError(next(sentences(error, _ToolList))) from None
