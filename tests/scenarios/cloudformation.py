"""CloudFormation: a stack with a secret parameter, a drifted resource, an export and a waiting change set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

STACK = "acme-orders"
SECRET = "hunter2-of-orders"


def fill(client: Clients, account: Account) -> Made:
    cloudformation = client("cloudformation")
    parameters = [{"ParameterKey": "Password", "ParameterValue": SECRET}]
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=_template(retention=60),
        Parameters=parameters,
        Tags=[{"Key": "owner", "Value": "orders"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="longer-retention",
        TemplateBody=_template(retention=120),
        Parameters=parameters,
    )
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    return {"stack_id": stack}


def calls(made: Made) -> Sequence[Call]:
    stack = {"stack": STACK}
    return [
        Call(operation="list_stacks", arguments={"statuses": ["CREATE_COMPLETE"]}, finds=STACK),
        Call(operation="describe_stack", arguments=stack, finds="acme-orders-queue"),
        # AWS masks NoEcho parameters; moto looks for them by their values instead of their names.
        Call(
            operation="describe_stack",
            arguments=stack,
            finds="Password",
            hides=[SECRET],
            unknown_to=("moto",),
            stubbed={"cloudformation:DescribeStacks": {"Stacks": [_masked(made["stack_id"])]}},
        ),
        Call(operation="describe_stack_events", arguments=stack, finds=STACK, hides=[SECRET]),
        Call(operation="list_stack_resources", arguments=stack, finds="AWS::SQS::Queue"),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResourceDrifts.html
        # In the emulator nothing ever drifts.
        Call(
            operation="describe_stack_resource_drifts",
            arguments=stack,
            finds='"drifts": []',
            unknown_to=("moto",),
            stubbed={"cloudformation:DescribeStackResourceDrifts": {"StackResourceDrifts": []}},
        ),
        Call(
            operation="describe_stack_resource_drifts",
            arguments=stack,
            finds="/Environment/Variables/PASSWORD",
            hides=[SECRET],
            unknown_to=("moto", "emulator"),
            stubbed={"cloudformation:DescribeStackResourceDrifts": {"StackResourceDrifts": [_drift(made["stack_id"])]}},
        ),
        Call(operation="list_change_sets", arguments=stack, finds="longer-retention"),
        Call(
            operation="describe_change_set",
            arguments={**stack, "change_set": "longer-retention"},
            finds="Queue",
            hides=[SECRET],
        ),
        Call(operation="list_exports", finds="acme-orders-queue"),
    ]


def _template(*, retention: int) -> str:
    """A queue that keeps messages for `retention` seconds."""
    queue = {"QueueName": "acme-orders", "MessageRetentionPeriod": retention}
    return json.dumps(
        {
            "Parameters": {"Password": {"Type": "String", "NoEcho": True}},
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": queue}},
            "Outputs": {
                "QueueArn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Export": {"Name": "acme-orders-queue"}}
            },
        }
    )


def _masked(stack_id: str) -> dict[str, object]:
    """The stack as AWS shows it."""
    return {
        "StackId": stack_id,
        "StackName": STACK,
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": datetime(2026, 11, 20, tzinfo=UTC),
        "Parameters": [{"ParameterKey": "Password", "ParameterValue": "****"}],
    }


def _drift(stack_id: str) -> dict[str, object]:
    """A function whose password in the environment was changed by hand."""
    return {
        "StackId": stack_id,
        "LogicalResourceId": "Function",
        "PhysicalResourceId": "acme-orders",
        "ResourceType": "AWS::Lambda::Function",
        "StackResourceDriftStatus": "MODIFIED",
        "Timestamp": datetime(2026, 11, 20, tzinfo=UTC),
        "ExpectedProperties": json.dumps({"Environment": {"Variables": {"PASSWORD": SECRET}}}),
        "ActualProperties": json.dumps({"Environment": {"Variables": {"PASSWORD": f"{SECRET}-new"}}}),
        "PropertyDifferences": [
            {
                "PropertyPath": "/Environment/Variables/PASSWORD",
                "ExpectedValue": SECRET,
                "ActualValue": f"{SECRET}-new",
                "DifferenceType": "NOT_EQUAL",
            }
        ],
    }


SCENARIO = Scenario(server="aws-operations", tool="cloudformation_read_operations", fill=fill, calls=calls)
