"""The Lambda entry point of the check: CodeDeploy's hook BeforeAllowTraffic.

Environment: VERSION_ARN, the new version; TARGET, its gateway target; CALL_SECONDS, the time that its calls may take.

IAM actions of its role, and no others:

- on the versions of the one function: lambda:InvokeFunction
- on its own deployment group: codedeploy:PutLifecycleEventHookExecutionStatus

CodeDeploy goes by the reported status alone, and waits an hour for it
(https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html#appspec-hooks-lambda),
so every way out of the handler reports one.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from release_check.check import Clock, failures
from release_check.version import LambdaVersion
from toolkit.invocation import LambdaContext

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

PATIENCE_SECONDS = 60.0
"""For permissions that were deployed together with the code to take effect; AWS names no bound, seconds are usual."""

REPORT_SECONDS = 15.0
"""Kept for telling CodeDeploy."""

logger = Logger(service="release-check")


class HookEvent(TypedDict):
    """What CodeDeploy sends to a hook."""

    DeploymentId: str
    LifecycleEventHookExecutionId: str


def handler(event: HookEvent, context: LambdaContext) -> None:
    """Check the new version and tell CodeDeploy whether it may get traffic.

    Raises:
        botocore.exceptions.ClientError: CodeDeploy did not take the status.
    """
    passed = False
    try:
        passed = _passes(context)
    finally:
        _codedeploy().put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status="Succeeded" if passed else "Failed",
        )


def _passes(context: LambdaContext) -> bool:
    call_seconds = float(os.environ["CALL_SECONDS"])
    version = LambdaVersion(client=_lambda(call_seconds), arn=os.environ["VERSION_ARN"], target=os.environ["TARGET"])
    found = failures(
        version,
        clock=Clock(now=time.monotonic, sleep=time.sleep),
        patience=PATIENCE_SECONDS,
        budget=context.get_remaining_time_in_millis() / 1000 - call_seconds - REPORT_SECONDS,
    )
    about = {"version": version.arn, "target": version.target}
    for tool, reason in found.items():
        logger.error("self-check failed", extra={**about, "tool": tool or "(server)", "reason": reason})
    if not found:
        logger.info("every tool passed its self-check", extra=about)
    return not found


@lru_cache(maxsize=1)
def _lambda(call_seconds: float) -> LambdaClient:
    # A call that fails is made again by the check itself, within its time.
    config = Config(connect_timeout=3, read_timeout=call_seconds, retries={"total_max_attempts": 1})
    return boto3.client("lambda", config=config)


@lru_cache(maxsize=1)
def _codedeploy() -> Any:
    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard"})
    return boto3.client("codedeploy", config=config)
