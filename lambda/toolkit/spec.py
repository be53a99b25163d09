"""What a tool server offers, as plain data for schemas, roles, policies and reference pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.classification import DEFAULT, Classification
from toolkit.contract import Contract
from toolkit.permissions import Permission


@dataclass(frozen=True)
class OperationSpec:
    """One operation of a tool that has several.

    Attributes:
        name: The value of the tool's `operation` argument.
        description: What it does.
        actions: The IAM actions it calls, sorted.
        classification: How much its answers give away.
    """

    name: str
    description: str
    actions: tuple[Permission, ...]
    classification: Classification = DEFAULT


@dataclass(frozen=True)
class ToolSpec:
    """One tool.

    Attributes:
        name: Its name, without the target's prefix.
        description: What a model reads to choose it.
        input_schema: AgentCore's SchemaDefinition (type, properties, required, items, description) as its API
            spells it: https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_SchemaDefinition.html
        output_schema: The same for the answer, or None when the tool does not declare one.
        actions: The IAM actions it calls, sorted.
        self_check: Arguments of a call that succeeds wherever the tool is deployed with its role (R11).
        operations: Its operations, when it is a family of them.
        contract: What callers may rely on, in full; None of a tool that is not declared in Python.
        classification: How much its answers give away; of a family, what its most careful operation says.
        sensitive: Names of arguments whose values and sizes no record holds, sorted.
    """

    name: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    actions: tuple[Permission, ...]
    self_check: Mapping[str, Any] = field(default_factory=dict)
    operations: tuple[OperationSpec, ...] = ()
    contract: Contract | None = None
    classification: Classification = DEFAULT
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServerSpec:
    """One tool server.

    Attributes:
        name: Its name, which is also the gateway target's name.
        version: Its semantic version.
        tools: Its tools, sorted by name.
    """

    name: str
    version: str
    tools: tuple[ToolSpec, ...]

    @property
    def actions(self) -> tuple[Permission, ...]:
        """Every IAM action of every tool, once each, sorted."""
        return tuple(sorted({action for tool in self.tools for action in tool.actions}))
