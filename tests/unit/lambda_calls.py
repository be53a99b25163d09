"""Calls a Lambda handler as AgentCore Gateway does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit import ToolServer


@dataclass
class ClientContext:
    custom: Mapping[str, Any]


@dataclass
class Context:
    """What Lambda passes beside the event."""

    client_context: Any = None
    aws_request_id: str = "lambda-request-1"
    remaining_ms: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def context_for(tool: str, *, headers: Any = None, target: str = "aws-operations-v1") -> Context:
    """The context of a gateway's call."""
    custom: dict[str, Any] = {
        "bedrockAgentCoreToolName": f"{target}___{tool}",
        "bedrockAgentCoreMessageVersion": "1.0",
        "bedrockAgentCoreAwsRequestId": "gateway-request-1",
        "bedrockAgentCoreMcpMessageId": "7",
        "bedrockAgentCoreGatewayId": "foundation-dev-abcdefghij",
        "bedrockAgentCoreTargetId": "ABCDEFGHIJ",
    }
    if headers is not None:
        custom["bedrockAgentCorePropagatedHeaders"] = headers
    return Context(ClientContext(custom))


def call(server: ToolServer, tool: str, arguments: Mapping[str, Any] | None = None, *, headers: Any = None) -> Any:
    """The answer of a tool, or of the toolkit."""
    return server.handler(arguments, context_for(tool, headers=headers))


def refusal(answer: Any) -> str:
    """The sentence of an expected failure; fails when the call succeeded."""
    assert set(answer) == {"isError", "content"}, f"the call succeeded with {answer}"
    assert answer["isError"] is True
    (part,) = answer["content"]
    assert part["type"] == "text"
    return str(part["text"])
