"""CodeDeploy's API as far as hooks and people who look after a deployment use it, by AWS's JSON protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack import app
from ministack.core import iam_actions, router

from local.emulator.codedeploy.state import CodeDeploy, Deployment
from local.emulator.patching import replace
from local.emulator.responses import Response, answer, refusal

_NAME = "codedeploy"
_STATUSES = ("Succeeded", "Failed")


def install(codedeploy: CodeDeploy) -> None:
    """Let the emulated AWS answer for CodeDeploy, under IAM."""

    async def handle_request(_: str, __: str, headers: dict[str, str], body: bytes, ___: Any) -> Response:
        return _answer(codedeploy, headers.get("x-amz-target", ""), json.loads(body or b"{}"))

    router.SERVICE_PATTERNS[_NAME] = {"target_prefixes": ["CodeDeploy_20141006"], "credential_scope": _NAME}
    app.SERVICE_HANDLERS[_NAME] = handle_request
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_NAME] = _NAME
    _authorize_on_the_group(codedeploy)


def _authorize_on_the_group(codedeploy: CodeDeploy) -> None:
    """Name the deployment group as what a request about a deployment is for.

    docs.aws.amazon.com/codedeploy/latest/userguide/auth-and-access-control-permissions-reference.html
    """
    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        if service != _NAME:
            return original(service, method, path, headers, body, *rest)
        deployment = codedeploy.deployments.get(str(json.loads(body or b"{}").get("deploymentId")))
        return deployment.group.arn if deployment else "*"

    replace(original, extract_resource_arn)


def _answer(codedeploy: CodeDeploy, target: str, request: Mapping[str, Any]) -> Response:
    operation = target.rpartition(".")[2]
    if operation == "ListDeployments":
        return answer({"deployments": _listed(codedeploy, request)})
    if operation not in {"GetDeployment", "PutLifecycleEventHookExecutionStatus"}:
        return refusal("UnknownOperationException", f"The emulated CodeDeploy has no operation {operation}")
    deployment = codedeploy.deployments.get(str(request.get("deploymentId")))
    if deployment is None:
        return refusal("DeploymentDoesNotExistException", f"There is no deployment {request.get('deploymentId')}")
    if operation == "GetDeployment":
        return answer({"deploymentInfo": _described(deployment)})
    return _report(deployment, request)


def _listed(codedeploy: CodeDeploy, request: Mapping[str, Any]) -> list[str]:
    """Ids of the deployments of an application and group, the newest first."""
    wanted = {name: request[name] for name in ("applicationName", "deploymentGroupName") if name in request}
    found = [d for d in codedeploy.deployments.values() if wanted.items() <= _described(d).items()]
    return [deployment.id for deployment in sorted(found, key=lambda d: d.created, reverse=True)]


def _described(deployment: Deployment) -> dict[str, Any]:
    described: dict[str, Any] = {
        "applicationName": deployment.group.application,
        "deploymentGroupName": deployment.group.name,
        "deploymentConfigName": deployment.group.configuration,
        "deploymentId": deployment.id,
        "status": deployment.status,
        "createTime": deployment.created,
        "computePlatform": "Lambda",
    }
    if deployment.completed is not None:
        described["completeTime"] = deployment.completed
    if deployment.error is not None:
        described["errorInformation"] = dict(zip(("code", "message"), deployment.error, strict=True))
    return described


def _report(deployment: Deployment, request: Mapping[str, Any]) -> Response:
    """The PutLifecycleEventHookExecutionStatus operation: once per execution."""
    execution, status = request.get("lifecycleEventHookExecutionId"), request.get("status")
    if execution != deployment.hook_execution:
        return refusal("InvalidLifecycleEventHookExecutionIdException", f"{execution} is no execution of this hook")
    if status not in _STATUSES:
        return refusal(
            "InvalidLifecycleEventHookExecutionStatusException",
            f"A hook reports {' or '.join(_STATUSES)}, not {status}",
        )
    if deployment.reported.is_set():
        return refusal("LifecycleEventAlreadyCompletedException", "The hook has reported already")
    deployment.hook_status = status
    deployment.reported.set()
    return answer({"lifecycleEventHookExecutionId": execution})
