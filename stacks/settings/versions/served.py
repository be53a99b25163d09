"""The majors of a tool server that an environment serves side by side, each under a gateway target of its own (R11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from stacks.settings.environment import ToolServerSettings
from toolkit.deprecation import FIELD, SCHEMA, Deprecation
from toolkit.spec import ServerSpec, ToolSpec


@dataclass(frozen=True, kw_only=True)
class ServedMajor:
    """One major of a tool server: a function with a role, an alias and a gateway target of its own.

    Attributes:
        declared: what its code says that it offers; `spec` is what callers get.
        package: the Lambda package that holds it, dotted.
        settings: the server's settings, the same for each of its majors.
        deprecation: when it ends and what to use instead; None for the current major.
    """

    declared: ServerSpec
    package: str
    settings: ToolServerSettings
    deprecation: Deprecation | None = None

    @cached_property
    def spec(self) -> ServerSpec:
        """What it offers; where the major is deprecated, every tool's description begins by saying so."""
        return deprecated(self.declared, self.deprecation) if self.deprecation else self.declared

    @property
    def server(self) -> str:
        """The tool server's name, the same for each of its majors; scopes go by it."""
        return self.declared.name

    @property
    def major(self) -> int:
        """The first part of its version."""
        return major_of(self.declared.version)

    @property
    def target(self) -> str:
        """Name of its gateway target, before `___` in its tools' names; stays when the next major comes."""
        return f"{self.server}-{self.alias}"

    @property
    def alias(self) -> str:
        """Name of the alias that the target invokes."""
        return f"v{self.major}"

    @property
    def ends(self) -> date | None:
        """The last day that the major was promised for; None for the current major."""
        return date.fromisoformat(self.deprecation.ends) if self.deprecation else None

    @property
    def variables(self) -> Mapping[str, str]:
        """Environment variables that tell its function of its end."""
        return self.deprecation.variables() if self.deprecation else {}


def major_of(version: str) -> int:
    """The major of a semantic version, as 1 of 1.2.3."""
    return int(version.partition(".")[0])


def deprecated(spec: ServerSpec, deprecation: Deprecation) -> ServerSpec:
    """The spec of a deprecated major: descriptions begin with the end, and declared answers have the field for it."""

    def mark(tool: ToolSpec) -> ToolSpec:
        schema = tool.output_schema
        if schema is not None:
            schema = {**schema, "properties": {**schema.get("properties", {}), FIELD: dict(SCHEMA)}}
        return replace(tool, description=f"{deprecation.sentence()} {tool.description}", output_schema=schema)

    return replace(spec, tools=tuple(mark(tool) for tool in spec.tools))
