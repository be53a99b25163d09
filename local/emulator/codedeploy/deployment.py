"""One deployment to a Lambda alias: permissions, alarms, the hook before traffic, the shift.

docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html. Traffic goes to the new version at once,
whatever the configuration says about minutes between its parts.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

from local.emulator import authorization
from local.emulator.aws import client
from local.emulator.codedeploy.state import CodeDeploy, Deployment, Group
from local.emulator.settings import ACCOUNT, REGION

_LOG = logging.getLogger("foundation.codedeploy")
_SERVICE = "codedeploy.amazonaws.com"


class DeploymentFailedError(Exception):
    """A deployment failed, and no traffic goes to the new version."""


def deploy(
    codedeploy: CodeDeploy, group: Group, *, alias_arn: str, hook: str | None, shift: Callable[[], None]
) -> None:
    """Make a deployment and carry it out.

    `hook` is the name of the function that runs before traffic goes to the new version; `shift` sends it there.
    Raises DeploymentFailedError.
    """
    deployment = Deployment(group=group)
    codedeploy.deployments[deployment.id] = deployment
    error = next(_objections(deployment, alias_arn, hook), None)
    if error is None:
        shift()
    deployment.end(error)
    _LOG.info("deployment %s of %s: %s", deployment.id, group.arn, deployment.status)
    if error:
        raise DeploymentFailedError(f"CodeDeploy deployment {deployment.id} failed: {error[1]}")


def _objections(deployment: Deployment, alias_arn: str, hook: str | None) -> Iterator[tuple[str, str]]:
    """Why the deployment cannot go on, code and sentence, each looked for when those before are not there."""
    group = deployment.group
    if not authorization.role_trusts(group.role_arn, _SERVICE, source_arn=group.arn):
        yield "IAM_ROLE_PERMISSIONS", f"CodeDeploy cannot assume the role {group.role_arn}"
    for action, resource in _needed(group, alias_arn, hook):
        if not authorization.role_may(group.role_arn, action, resource):
            yield "IAM_ROLE_PERMISSIONS", f"{group.role_arn} is not authorized to perform: {action} on {resource}"
    if active := _active(group.alarms):
        yield "ALARM_ACTIVE", f"one or more alarms are active: {', '.join(active)}"
    if hook is not None and (problem := _problem_of(hook, deployment)):
        yield "HOOK_EXECUTION_FAILURE", problem


def _needed(group: Group, alias_arn: str, hook: str | None) -> Iterator[tuple[str, str]]:
    """What the group's role must be allowed to do."""
    yield "lambda:GetAlias", alias_arn
    yield "lambda:UpdateAlias", alias_arn
    for name in group.alarms:
        yield "cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
    if hook is not None:
        yield "lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{hook}"


def _active(alarms: tuple[str, ...]) -> list[str]:
    if not alarms:
        return []
    found = client("cloudwatch").describe_alarms(AlarmNames=list(alarms))["MetricAlarms"]
    return [alarm["AlarmName"] for alarm in found if alarm["StateValue"] == "ALARM"]


def _problem_of(hook: str, deployment: Deployment) -> str | None:
    """What is wrong according to the hook; AWS gives it an hour after its end to report, here it has none."""
    event = {"DeploymentId": deployment.id, "LifecycleEventHookExecutionId": deployment.hook_execution}
    outcome = client("lambda").invoke(FunctionName=hook, Payload=json.dumps(event))
    if deployment.reported.is_set():
        return None if deployment.hook_status == "Succeeded" else f"the hook {hook} reported {deployment.hook_status}"
    failure = json.load(outcome["Payload"]).get("errorMessage") if "FunctionError" in outcome else "it told no status"
    return f"the hook {hook} did not report: {failure}"
