"""Published versions, aliases and CodeDeploy in the emulated AWS: what answers, and what keeps traffic from moving."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Emulator
from tests.local.emulator_stacks import (
    ACCOUNT_TRUST,
    LAMBDA_TRUST,
    Stack,
    StackFailedError,
    allow,
    function,
    get_att,
    ref,
    role,
    stack,
    zipped,
)

CODEDEPLOY_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "codedeploy.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ALL_NEEDED = ("lambda:GetAlias", "lambda:UpdateAlias", "lambda:InvokeFunction", "cloudwatch:DescribeAlarms")

HOOK = """
import os, boto3

def handler(event, context):
    if os.environ["REPORT"] == "nothing":
        return
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=os.environ["REPORT"],
    )
"""


def release(version: int, *, report: str = "Succeeded", may: tuple[str, ...] = ALL_NEEDED) -> dict[str, Any]:
    """A function whose alias `live` CodeDeploy moves, answering with its version."""
    app, group = ref("Application"), ref("Group")
    reports = allow("codedeploy:PutLifecycleEventHookExecutionStatus")
    update = {"ApplicationName": app, "DeploymentGroupName": group, "BeforeAllowTrafficHook": ref("Hook")}
    return {
        "Role": role(LAMBDA_TRUST),
        "HookRole": role(LAMBDA_TRUST, reports),
        "DeployRole": role(CODEDEPLOY_TRUST, allow(*may)),
        "Function": function(f"def handler(event, context): return {version}"),
        "Hook": function(HOOK, role="HookRole", Environment={"Variables": {"REPORT": report}}, Timeout=30),
        f"Version{version}": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": ref("Function")}},
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/Lambda",
                "MetricName": "Errors",
                "Statistic": "Sum",
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "Threshold": 1,
                "Period": 60,
                "EvaluationPeriods": 1,
            },
        },
        "Application": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
        "Group": {
            "Type": "AWS::CodeDeploy::DeploymentGroup",
            "Properties": {
                "ApplicationName": app,
                "ServiceRoleArn": get_att("DeployRole", "Arn"),
                "DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
                "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
                "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": ref("Alarm")}]},
            },
        },
        "Alias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": ref("Function"),
                "FunctionVersion": get_att(f"Version{version}", "Version"),
            },
            "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": update},
        },
    }


@pytest.fixture
def first(emulator: Emulator) -> Iterator[Stack]:
    """The stack with its first version."""
    with stack(emulator, "release") as made:
        made.create(release(1))
        yield made


def answer(emulator: Emulator, function_name: str) -> Any:
    return json.load(emulator.client("lambda").invoke(FunctionName=function_name)["Payload"])


def last(emulator: Emulator, made: Stack) -> dict[str, Any]:
    """The newest deployment of the stack's application."""
    api = emulator.client("codedeploy")
    listed = api.list_deployments(applicationName=made.id_of("Application"), deploymentGroupName=made.id_of("Group"))
    described: dict[str, Any] = api.get_deployment(deploymentId=listed["deployments"][0])["deploymentInfo"]
    return described


def test_an_alias_answers_with_published_code_and_not_with_the_latest(emulator: Emulator, first: Stack) -> None:
    api = emulator.client("lambda")
    name = first.id_of("Function")
    assert answer(emulator, first.id_of("Alias")) == 1
    code = "def handler(event, context): return 'unpublished'"
    api.update_function_code(FunctionName=name, ZipFile=zipped(index=code))
    assert answer(emulator, name) == "unpublished"
    assert answer(emulator, first.id_of("Alias")) == 1


def test_traffic_moves_after_the_hook_has_approved(emulator: Emulator, first: Stack) -> None:
    first.update(release(2))
    assert answer(emulator, first.id_of("Alias")) == 2
    deployment = last(emulator, first)
    assert (deployment["status"], deployment["computePlatform"]) == ("Succeeded", "Lambda")
    assert deployment["deploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"


def test_a_change_of_anything_but_the_version_is_no_deployment(emulator: Emulator, first: Stack) -> None:
    changed = release(1)
    changed["Alias"]["Properties"]["Description"] = "The one that answers"
    first.update(changed)
    listed = emulator.client("codedeploy").list_deployments(applicationName=first.id_of("Application"))
    assert listed["deployments"] == []


@pytest.mark.parametrize(
    ("report", "reason"),
    [("Failed", r"the hook \S+ reported Failed"), ("nothing", r"the hook \S+ did not report: it told no status")],
)
def test_a_hook_that_does_not_approve_keeps_the_old_code(
    emulator: Emulator, first: Stack, report: str, reason: str
) -> None:
    with pytest.raises(StackFailedError, match=rf"UPDATE_ROLLBACK_COMPLETE: Alias: CodeDeploy deployment.*{reason}"):
        first.update(release(2, report=report))
    assert answer(emulator, first.id_of("Alias")) == answer(emulator, first.id_of("Function")) == 1
    assert last(emulator, first)["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"


def test_an_alarm_that_is_on_keeps_the_old_code(emulator: Emulator, first: Stack) -> None:
    alarm = first.id_of("Alarm")
    emulator.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="on purpose")
    with pytest.raises(StackFailedError, match=f"alarms are active: {alarm}"):
        first.update(release(2))
    assert answer(emulator, first.id_of("Alias")) == 1
    assert last(emulator, first)["errorInformation"]["code"] == "ALARM_ACTIVE"


@pytest.mark.parametrize("missing", ALL_NEEDED)
def test_codedeploys_role_needs_every_permission(emulator: Emulator, first: Stack, missing: str) -> None:
    may = tuple(action for action in ALL_NEEDED if action != missing)
    with pytest.raises(StackFailedError, match=f"is not authorized to perform: {missing} on arn:aws:"):
        first.update(release(2, may=may))
    assert answer(emulator, first.id_of("Alias")) == 1


def test_a_role_that_codedeploy_cannot_assume(emulator: Emulator, first: Stack) -> None:
    resources = release(2)
    resources["DeployRole"]["Properties"]["AssumeRolePolicyDocument"] = LAMBDA_TRUST
    with pytest.raises(StackFailedError, match="CodeDeploy cannot assume the role"):
        first.update(resources)


def test_what_failed_once_can_be_deployed_again(emulator: Emulator, first: Stack) -> None:
    with pytest.raises(StackFailedError):
        first.update(release(2, report="Failed"))
    first.update(release(2))
    assert answer(emulator, first.id_of("Alias")) == 2


def test_what_has_moved_goes_back_when_something_after_it_fails(emulator: Emulator, first: Stack) -> None:
    broken = {"Action": "lambda:InvokeFunction", "FunctionName": "missing", "Principal": "events.amazonaws.com"}
    permission = {"Type": "AWS::Lambda::Permission", "Properties": broken, "DependsOn": ["Alias"]}
    with pytest.raises(StackFailedError, match="UPDATE_ROLLBACK_COMPLETE: Broken: Function not found"):
        first.update(release(2) | {"Broken": permission})
    assert last(emulator, first)["status"] == "Succeeded"
    assert answer(emulator, first.id_of("Alias")) == answer(emulator, first.id_of("Function")) == 1


def test_a_hook_reports_on_the_deployments_of_its_own_group_alone(emulator: Emulator, first: Stack) -> None:
    first.update(release(2))
    deployment = last(emulator, first)["deploymentId"]
    other = {"Resource": "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:other/group"}
    statement = allow("codedeploy:PutLifecycleEventHookExecutionStatus") | other
    with stack(emulator, "reporter") as made:
        made.create({"Role": role(ACCOUNT_TRUST, statement)})
        arn = emulator.client("iam").get_role(RoleName=made.id_of("Role"))["Role"]["Arn"]
        codedeploy = emulator.client_as(arn, "codedeploy")
        with pytest.raises(ClientError, match="not authorized to perform: codedeploy:PutLifecycle"):
            codedeploy.put_lifecycle_event_hook_execution_status(
                deploymentId=deployment, lifecycleEventHookExecutionId="x", status="Succeeded"
            )


def test_a_status_counts_once_and_for_its_own_execution(emulator: Emulator, first: Stack) -> None:
    first.update(release(2))
    api = emulator.client("codedeploy")
    deployment = last(emulator, first)["deploymentId"]
    with pytest.raises(ClientError, match="InvalidLifecycleEventHookExecutionId"):
        api.put_lifecycle_event_hook_execution_status(
            deploymentId=deployment, lifecycleEventHookExecutionId="another", status="Succeeded"
        )
    with pytest.raises(ClientError, match="DeploymentDoesNotExist"):
        api.put_lifecycle_event_hook_execution_status(deploymentId="d-NOTHING00", status="Succeeded")
