"""Whether a Smithy model is one that AgentCore takes.

JSON with the protocol restJson1: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-building-smithy-targets.html.
"""

from __future__ import annotations

from typing import Any

from stacks.settings.targets.documents import DocumentError

PROTOCOL = "aws.protocols#restJson1"


def smithy_tools(model: Any) -> tuple[str, ...]:
    """Names of the tools that AgentCore makes of `model`: its operations.

    Raises:
        DocumentError: it is no Smithy model in JSON, has not exactly one service, or another protocol.
    """
    shapes = model.get("shapes") if isinstance(model, dict) and "smithy" in model else None
    if not isinstance(shapes, dict):
        raise DocumentError(
            "has no smithy and shapes: take a Smithy model in JSON (smithy build, or aws/api-models-aws)"
        )
    services = {name: shape for name, shape in shapes.items() if shape.get("type") == "service"}
    if len(services) != 1:
        raise DocumentError(f"has {len(services)} services: leave exactly one in the model")
    [(name, service)] = services.items()
    if PROTOCOL not in service.get("traits", {}):
        raise DocumentError(f"shapes.{name}.traits lacks {PROTOCOL}, the only protocol that AgentCore speaks: {_REST}")
    return tuple(shape.split("#")[-1] for shape, body in shapes.items() if body.get("type") == "operation")


_REST = "offer the service as OpenAPI or by a tool server instead"
