"""The IAM action and resource of a control plane request, for principals that are not the account's root.

docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrockagentcore.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ministack.core import iam_actions

from local.emulator.agentcore.wire import Route
from local.emulator.patching import replace
from local.emulator.settings import ACCOUNT, REGION

_SERVICE = "bedrock-agentcore"


def install(routes: Sequence[Route]) -> None:
    """Name the actions of `routes`; ministack only authenticates requests whose action it does not know."""
    action_of, resource_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def extract_iam_action(service: str, method: str, path: str, *rest: Any) -> Any:
        found = _find(routes, method, path) if service == _SERVICE else None
        return f"{_SERVICE}:{found[0]}" if found else action_of(service, method, path, *rest)

    def extract_resource_arn(service: str, method: str, path: str, *rest: Any) -> Any:
        found = _find(routes, method, path) if service == _SERVICE else None
        return found[1] if found else resource_of(service, method, path, *rest)

    replace(action_of, extract_iam_action)
    replace(resource_of, extract_resource_arn)


def _find(routes: Sequence[Route], method: str, path: str) -> tuple[str, str] | None:
    for route in routes:
        labels = route.labels(method, path)
        if labels is not None:
            gateway = labels.get("gatewayIdentifier")
            arn = f"arn:aws:{_SERVICE}:{REGION}:{ACCOUNT}:gateway/{gateway}" if gateway else "*"
            return route.operation.name, labels.get("resourceArn", arn)
    return None
