"""Lambda targets: invoke the deployed function as the gateway's execution role, with the event AgentCore sends.

The event is the arguments object; tool and request are in the client context.
Source: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-add-target-lambda.html
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from mcp_types import CallToolResult, TextContent

from local.gateway.aws import ExecutionRole
from local.gateway.configuration import TargetRecord
from local.gateway.targets.context import TargetContext, read_s3
from local.gateway.targets.interface import (
    MAX_PAYLOAD_BYTES,
    TOOL_SEPARATOR,
    Target,
    TargetError,
    ToolAnswer,
    ToolCall,
    ToolDefinition,
    UnusableTargetError,
    propagated_headers,
    propagated_query,
)

MAX_CLIENT_CONTEXT_BYTES = 3583
"""Largest client context of an Invoke, base64 included (Lambda API, Invoke, ClientContext)."""

_ACCESS_ERRORS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


async def build(context: TargetContext) -> Target:
    """Return the target that the record describes; reads its tool schema from S3 when it is not inline.

    Raises UnusableTargetError when the schema cannot be read.
    """
    record = context.record
    schema = record.configuration["toolSchema"]
    payload = schema["inlinePayload"] if "inlinePayload" in schema else await _from_s3(context, schema["s3"]["uri"])
    try:
        tools = tuple(_definition(tool) for tool in payload)
    except (KeyError, TypeError) as error:
        raise UnusableTargetError(f"target {record.name}: its tool schema is malformed ({error!r})") from error
    return LambdaTarget(record=record, gateway_id=context.gateway_id, tools=tools, role=context.role)


async def _from_s3(context: TargetContext, uri: str) -> list[dict[str, Any]]:
    text = await read_s3(context, uri)
    try:
        payload = json.loads(text)
    except ValueError as error:
        sentence = f"target {context.record.name}: its schema {uri} cannot be read: {error}"
        raise UnusableTargetError(sentence) from error
    if not isinstance(payload, list):
        raise UnusableTargetError(f"target {context.record.name}: its schema {uri} is not a JSON array of tools")
    return payload


def _definition(tool: Mapping[str, Any]) -> ToolDefinition:
    return ToolDefinition(
        name=tool["name"],
        description=tool["description"],
        input_schema=tool["inputSchema"],
        output_schema=tool.get("outputSchema"),
    )


class LambdaTarget:
    """One Lambda function with its tools."""

    def __init__(
        self, *, record: TargetRecord, gateway_id: str, tools: Sequence[ToolDefinition], role: ExecutionRole
    ) -> None:
        self.name = record.name
        self.tools = tools
        self._record = record
        self._gateway_id = gateway_id
        self._function_arn: str = record.configuration["lambdaArn"]
        self._role = role

    async def call(self, call: ToolCall) -> ToolAnswer:
        """Invoke the function and wait for its answer."""
        payload = await self._role.invocations.run(self._invoke, call)
        return ToolAnswer(result=tool_result(payload, call.tool))

    def _invoke(self, call: ToolCall) -> bytes:
        context = self._client_context(call)
        try:
            answer = self._role.lambda_client().invoke(
                FunctionName=self._function_arn,
                InvocationType="RequestResponse",
                ClientContext=context,
                Payload=json.dumps(call.arguments).encode(),
            )
            payload = answer["Payload"].read()
        except ClientError as error:
            raise TargetError(self._explain(error)) from error
        except BotoCoreError as error:
            raise TargetError(f"Lambda function {self._function_arn} could not be invoked: {error}") from error
        if "FunctionError" in answer:
            message, kind = _function_error(payload)
            failed = f"Lambda function {self._function_arn} failed"
            raise TargetError(f"{failed}: {message}", logged=f"{failed}: {kind}; its log says why")
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise TargetError(f"The answer has {len(payload)} bytes; a gateway carries at most {MAX_PAYLOAD_BYTES}.")
        return payload

    def _client_context(self, call: ToolCall) -> str:
        custom: dict[str, Any] = {
            "bedrockAgentCoreMessageVersion": "1.0",
            "bedrockAgentCoreAwsRequestId": str(uuid.uuid4()),
            "bedrockAgentCoreMcpMessageId": call.message_id,
            "bedrockAgentCoreGatewayId": self._gateway_id,
            "bedrockAgentCoreTargetId": self._record.target_id,
            "bedrockAgentCoreToolName": f"{self.name}{TOOL_SEPARATOR}{call.tool.name}",
        }
        if headers := propagated_headers(self._record, call):
            custom["bedrockAgentCorePropagatedHeaders"] = headers
        if query := propagated_query(self._record, call):
            custom["bedrockAgentCorePropagatedQueryParameters"] = query
        encoded = base64.b64encode(json.dumps({"custom": custom}).encode()).decode()
        if len(encoded) > MAX_CLIENT_CONTEXT_BYTES:
            raise TargetError(
                f"The client context has {len(encoded)} bytes, Lambda takes {MAX_CLIENT_CONTEXT_BYTES}: "
                "send less in the propagated headers."
            )
        return encoded

    def _explain(self, error: ClientError) -> str:
        """Say what failed; for a refusal in AgentCore's words (devguide, gateway-debug-messages)."""
        if error.response["Error"]["Code"] in _ACCESS_ERRORS:
            return (
                f"Access denied while invoking Lambda function {self._function_arn}. Check the permissions on the "
                "Lambda function and Gateway execution role, and retry the request."
            )
        return f"Lambda function {self._function_arn} could not be invoked: {error}"


def tool_result(payload: bytes, tool: ToolDefinition) -> CallToolResult:
    """Wrap a function's answer: its JSON as text, and as structured content when the tool declares an output.

    An answer of exactly `{"isError": true, "content": [...]}` is a failure that the tool expected, and passed on.
    Raises TargetError when the answer is not JSON.
    """
    try:
        text = payload.decode()
        answer = json.loads(text)
    except ValueError as error:
        raise TargetError("The Lambda function did not answer with valid JSON.") from error
    if isinstance(answer, dict) and set(answer) == {"isError", "content"} and answer["isError"] is True:
        try:
            return CallToolResult.model_validate(answer)
        except ValueError as error:
            raise TargetError("The Lambda function answered with malformed MCP content.") from error
    structured = answer if tool.output_schema is not None and isinstance(answer, dict) else None
    return CallToolResult(content=[TextContent(text=text)], structured_content=structured)


def _function_error(payload: bytes) -> tuple[str, str]:
    """The message and the type of a failed function's error, without its stack trace."""
    try:
        answer = json.loads(payload)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        answer = {}
    return str(answer.get("errorMessage", "no message")), str(answer.get("errorType", "unknown error"))
