"""A Lambda function as a target, ours or somebody else's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from foundation.targets.documents import in_bucket, placed
from foundation.targets.interface import BoundKind, Grant, Properties, Surroundings


class Tool(Protocol):
    """A tool as AgentCore describes it; `toolkit.spec.ToolSpec` is one."""

    @property
    def name(self) -> str:
        """Its name, without the target's."""

    @property
    def description(self) -> str:
        """What it does."""

    @property
    def input_schema(self) -> Mapping[str, Any]:
        """JSON Schema of its arguments, in AgentCore's subset."""

    @property
    def output_schema(self) -> Mapping[str, Any] | None:
        """JSON Schema of its answer."""


@dataclass(frozen=True, kw_only=True)
class LambdaFunction:
    """A Lambda function that answers `tools`.

    Attributes:
        function_arn: the function, a version or an alias.
        tools: AgentCore's ToolDefinitions, as JSON has them, or the URI of such a list in S3.
    """

    function_arn: str
    tools: Sequence[Properties] | str

    def bind(self, at: Surroundings, /) -> BoundKind:
        """Place the list of tools."""
        if isinstance(self.tools, str):
            document = in_bucket(at, self.tools)
        else:
            document = placed(at, json.dumps(self.tools, separators=(",", ":")))
        schema = {"s3": document.s3} if document.s3 else {"inlinePayload": self.tools}
        return BoundKind(
            configuration={"lambda": {"lambdaArn": self.function_arn, "toolSchema": schema}},
            to_call=[Grant(["lambda:InvokeFunction"], [self.function_arn])],
            to_read=document.grants,
        )


def tool_definition(tool: Tool) -> Properties:
    """`tool` as AgentCore's ToolDefinition.

    https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_ToolDefinition.html
    """
    return {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        **({"outputSchema": tool.output_schema} if tool.output_schema else {}),
    }
