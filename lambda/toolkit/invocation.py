"""Reads what AgentCore Gateway tells a Lambda target about a call, beside the arguments.

The event is the flat arguments object; everything else is in the client context's custom map:
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-add-target-lambda.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from toolkit.errors import ToolError
from toolkit.tenant import TenantContext

TOOL_NAME = "bedrockAgentCoreToolName"
PROPAGATED_HEADERS = "bedrockAgentCorePropagatedHeaders"
GATEWAY_REQUEST_ID = "bedrockAgentCoreAwsRequestId"
MESSAGE_ID = "bedrockAgentCoreMcpMessageId"
SEPARATOR = "___"


class LambdaContext(Protocol):
    """The parts of Lambda's context object that are read here.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    @property
    def aws_request_id(self) -> str:
        """The id of this invocation."""

    @property
    def client_context(self) -> Any:
        """What the caller sent as client context: an object with a `custom` map, or None."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the call."""


@dataclass(frozen=True)
class Invocation:
    """One call of a tool.

    Attributes:
        tool: The tool's name, without the target's prefix.
        headers: Propagated headers, names in lower case.
        request_id: X-Request-ID, else the gateway's request id, else Lambda's.
        correlation_id: X-Correlation-ID, else the request id.
        message_id: The id of the MCP message, empty when the gateway sent none.
    """

    tool: str
    headers: Mapping[str, str]
    request_id: str
    correlation_id: str
    message_id: str

    @classmethod
    def read(cls, context: LambdaContext) -> Self:
        """Read the Lambda context.

        Raises:
            ToolError: The call does not come from a gateway, or its headers cannot be read without guessing.
        """
        custom: Mapping[str, Any] = getattr(context.client_context, "custom", None) or {}
        qualified = custom.get(TOOL_NAME)
        if not isinstance(qualified, str) or not qualified:
            raise ToolError(
                f"the call has no {TOOL_NAME} in its client context; this function answers AgentCore Gateway only",
                code="not_from_gateway",
            )
        headers = _headers(custom.get(PROPAGATED_HEADERS))
        gateway_id = custom.get(GATEWAY_REQUEST_ID) or context.aws_request_id
        request_id = headers.get("x-request-id") or str(gateway_id)
        return cls(
            tool=tool_name(qualified),
            headers=headers,
            request_id=request_id,
            correlation_id=headers.get("x-correlation-id") or request_id,
            message_id=str(custom.get(MESSAGE_ID, "")),
        )

    def tenant(self) -> TenantContext:
        """The tenant context of the call.

        Raises:
            ToolError: A header that it needs is missing or malformed.
        """
        return TenantContext.from_headers(self.headers, request_id=self.request_id, correlation_id=self.correlation_id)


def tool_name(qualified: str) -> str:
    """The tool's own name in `target___tool`.

    Target names have no underscore, so the first separator is the gateway's, whatever the tool's name holds.
    A name without separator is the tool's own.
    """
    target, separator, name = qualified.partition(SEPARATOR)
    return name if separator else target


def _headers(propagated: Any) -> dict[str, str]:
    """Header names in lower case to values; the gateway sends a map or its JSON text."""
    if isinstance(propagated, str) and propagated:
        try:
            propagated = json.loads(propagated)
        except ValueError as error:
            raise ToolError(f"{PROPAGATED_HEADERS} is not JSON", code="bad_headers") from error
    propagated = propagated or {}
    if not isinstance(propagated, Mapping):
        raise ToolError(f"{PROPAGATED_HEADERS} is not a map of headers", code="bad_headers")
    headers: dict[str, str] = {}
    for name, value in propagated.items():
        lower = str(name).lower()
        # Two spellings with two values would let a caller's header stand in for the interceptor's.
        if headers.setdefault(lower, str(value)) != str(value):
            raise ToolError(f"the header {lower} came twice with different values", code="bad_headers")
    return headers
