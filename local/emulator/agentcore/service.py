"""Answers the control plane's requests that ministack does not know, and leaves the rest to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.concurrency import run_reentrant
from ministack.services import bedrock_agentcore

from local.emulator.agentcore import execution_role, iam_actions
from local.emulator.agentcore.collection import Record
from local.emulator.agentcore.errors import ApiError
from local.emulator.agentcore.gateways import Gateways
from local.emulator.agentcore.targets import Targets
from local.emulator.agentcore.wire import Route, error_response, routes
from local.emulator.patching import replace
from local.emulator.responses import Response

Operation = Callable[[Mapping[str, Any]], Record]


def install(*, first_gateway_port: int) -> None:
    """Put the operations in front of ministack's AgentCore service."""
    gateways = Gateways(first_port=first_gateway_port)
    execution_role.install(gateways.with_role)
    operations = _operations(gateways, Targets(gateways))
    table = routes(list(operations))
    iam_actions.install(table)
    original = bedrock_agentcore.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        for route in table:
            labels = route.labels(method, path)
            if labels is not None and _is_ours(labels):
                return await run_reentrant(  # type: ignore[no-any-return]
                    _answer, route, operations[route.operation.name], labels, query, body
                )
        response: Response = await original(method, path, headers, body, query)
        return response

    replace(original, handle_request)


def _operations(gateways: Gateways, targets: Targets) -> dict[str, Operation]:
    return {
        "CreateGateway": gateways.create,
        "GetGateway": gateways.get,
        "ListGateways": gateways.list,
        "UpdateGateway": gateways.update,
        "DeleteGateway": gateways.delete,
        "CreateGatewayTarget": targets.create,
        "GetGatewayTarget": targets.get,
        "ListGatewayTargets": targets.list,
        "UpdateGatewayTarget": targets.update,
        "DeleteGatewayTarget": targets.delete,
        **_tagging(gateways),
    }


def _tagging(gateways: Gateways) -> dict[str, Operation]:
    def tag(request: Mapping[str, Any]) -> Record:
        gateways.by_arn(request["resourceArn"])["tags"] |= request["tags"]
        return {}

    def untag(request: Mapping[str, Any]) -> Record:
        tags = gateways.by_arn(request["resourceArn"])["tags"]
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return {}

    def tags(request: Mapping[str, Any]) -> Record:
        return {"tags": gateways.by_arn(request["resourceArn"])["tags"]}

    return {"TagResource": tag, "UntagResource": untag, "ListTagsForResource": tags}


def _is_ours(labels: Mapping[str, str]) -> bool:
    """Tags of anything but a gateway stay ministack's business."""
    return "resourceArn" not in labels or ":gateway/" in labels["resourceArn"]


def _answer(
    route: Route, operation: Operation, labels: Mapping[str, str], query: Mapping[str, list[str]], body: bytes
) -> Response:
    try:
        return route.write(operation(route.read(labels, query, body)))
    except ApiError as error:
        return error_response(error)
