"""Groups and what they may call: a tenant's own, and the platform's in `config/policies/groups.yaml` (R9).

A grant is written as a tool's name, or with the operations it is narrowed to:

```yaml
tools:
  - aws-operations/*
  - aws-data/sqs_read_operations
  - {tool: aws-data/dynamodb_read_operations, operations: [list_tables, describe_table]}
```
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from stacks.settings.base import SettingsModel, Slug, each_once, text

ToolName = Annotated[
    str,
    text(
        r"^[a-z][a-z0-9]*(-[a-z0-9]+)*/([A-Za-z0-9_-]+|\*)$",
        wanted="a tool server or target, a slash and one of its tools or *, like aws-operations/get_time",
        longest=289,
    ),
]
"""`<server>/<tool>`, or `<server>/*` for all tools of a server; a server's name stands for every major that is served,
and the name of a target of the settings for that target. AgentCore's tools have 256 characters at most."""

OperationName = Annotated[
    str, text(r"^[a-z][a-z0-9_]{0,63}$", wanted="an operation of the tool, like list_tables, 64 characters at most")
]
"""A value of a tool's argument `operation`."""


class ToolGrant(SettingsModel):
    """A tool, or all tools of a server; written as text where nothing else is said of it."""

    tool: ToolName
    """`<server>/<tool>`, or `<server>/*`."""
    operations: (
        Annotated[tuple[OperationName, ...], Field(min_length=1, strict=False), each_once("operation")] | None
    ) = None
    """Operations that it is narrowed to, of a tool that has several; all when left out."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"tool": value} if isinstance(value, str) else value

    @property
    def server(self) -> str:
        """The tool server, or the target of the settings."""
        return self.tool.partition("/")[0]

    @property
    def name(self) -> str | None:
        """The tool's name without its server; None for all of the server's tools."""
        name = self.tool.partition("/")[2]
        return None if name == "*" else name


class GroupSettings(SettingsModel):
    """What the agents of one group may call."""

    description: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Who is in it and why, for reviewers."""
    tools: tuple[ToolGrant, ...] = Field(min_length=1, strict=False)
    """Tools, each as `<server>/<tool>`, as `<server>/*` for all of a server, or as a section with `tool` and
    `operations`. What no group grants is denied."""


class PlatformGroups(SettingsModel):
    """`config/policies/groups.yaml`: groups that agents of every tenant can be in."""

    groups: dict[Slug, GroupSettings] = {}
    """What each may call, by the group's name."""
