"""Target kinds. A kind is one module with a `build` function; `KINDS` names it by its member of targetConfiguration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from local.gateway.targets import lambda_function, mcp_server, openapi
from local.gateway.targets.context import TargetContext
from local.gateway.targets.interface import Target

KINDS: Mapping[str, Callable[[TargetContext], Awaitable[Target]]] = {
    "mcp.lambda": lambda_function.build,
    "mcp.openApiSchema": openapi.build,
    "mcp.mcpServer": mcp_server.build,
}

CLOUD_ONLY: Mapping[str, str] = {
    "mcp.smithyModel": "a Smithy target",
    "mcp.apiGateway": "an API Gateway target",
    "mcp.connector": "a connector target",
    "http": "an HTTP target",
    "inference": "an inference target",
}
"""What only AWS can call, by the kind or by its first part: AWS's services behind a model, and no tools at all."""
