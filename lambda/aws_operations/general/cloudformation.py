"""Reads CloudFormation: stacks, their events, resources, drift, change sets and exports.

AWS masks the values of NoEcho parameters itself
(https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html), and tells not to put secrets
into outputs (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html). Templates,
the properties in events and the values in drifts may hold passwords in plain text, such as a function's environment;
so templates are not read, and of properties only the names are shown. The physical id of an IAM access key, half of a
credential, is left out.

Drift is shown as the last detection left it: starting one needs read access to every resource of the stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aws_operations.general.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, given

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

Item = Mapping[str, Any]

cloudformation = server.family(
    "cloudformation_read_operations",
    "Read CloudFormation without changing anything: stacks, their events, resources, drift, change sets and exports.",
    self_check={"operation": "list_stacks"},
    classification="confidential",  # parameters and outputs of stacks hold what their authors put there
)


@cloudformation.operation(actions=["cloudformation:ListStacks"])
def list_stacks(aws: Aws, page: Page, statuses: list[str] | None = None) -> Answer:
    """List the stacks of the region with status and drift, deleted ones of the last 90 days included.

    Args:
        statuses: Only stacks in one of these states, such as ["UPDATE_ROLLBACK_FAILED"].
    """
    client: CloudFormationClient = aws.client("cloudformation")
    found = client.list_stacks(**page.request(None, "NextToken"), **given(StackStatusFilter=statuses))
    return {
        "stacks": [_summary(item) for item in found["StackSummaries"]],
        "next_page_token": found.get("NextToken"),
    }


@cloudformation.operation(actions=["cloudformation:DescribeStacks on stack"])
def describe_stack(aws: Aws, stack: str) -> Answer:
    """Describe a stack: status and its reason, parameters, outputs, drift, role, protection, tags.

    Args:
        stack: The stack's name, or its ARN, which is needed for a deleted one.
    """
    client: CloudFormationClient = aws.client("cloudformation")
    found = client.describe_stacks(StackName=stack)["Stacks"][0]
    return {
        **_summary(found),
        "description": found.get("Description"),
        "parameters": {
            parameter["ParameterKey"]: parameter.get("ResolvedValue", parameter.get("ParameterValue"))
            for parameter in found.get("Parameters", [])
        },
        "outputs": [
            {
                "name": output["OutputKey"],
                "value": output.get("OutputValue"),
                "description": output.get("Description"),
                "export": output.get("ExportName"),
            }
            for output in found.get("Outputs", [])
        ],
        "capabilities": found.get("Capabilities", []),
        "role": found.get("RoleARN"),
        "rollback_disabled": found.get("DisableRollback"),
        "termination_protection": found.get("EnableTerminationProtection"),
        "tags": tags(found.get("Tags")),
    }


@cloudformation.operation(actions=["cloudformation:DescribeStackEvents on stack"])
def describe_stack_events(aws: Aws, page: Page, stack: str, failed_only: bool = False) -> Answer:
    """List what happened to a stack's resources, the newest first, with the reasons of failures.

    Args:
        failed_only: Show only the failures of this page of events.
    """
    client: CloudFormationClient = aws.client("cloudformation")
    found = client.describe_stack_events(StackName=stack, **page.request(None, "NextToken"))
    events = [
        {
            "time": item["Timestamp"],
            "logical_id": item.get("LogicalResourceId"),
            "physical_id": _physical_id(item),
            "type": item.get("ResourceType"),
            "status": item.get("ResourceStatus"),
            "reason": item.get("ResourceStatusReason"),
        }
        for item in found["StackEvents"]
        if not failed_only or item.get("ResourceStatus", "").endswith("FAILED")
    ]
    return {"events": events, "next_page_token": found.get("NextToken")}


@cloudformation.operation(actions=["cloudformation:ListStackResources on stack"])
def list_stack_resources(aws: Aws, page: Page, stack: str) -> Answer:
    """List a stack's resources: ids, types, status, and whether each has drifted."""
    client: CloudFormationClient = aws.client("cloudformation")
    found = client.list_stack_resources(StackName=stack, **page.request(None, "NextToken"))
    resources = [
        {
            "logical_id": item["LogicalResourceId"],
            "physical_id": _physical_id(item),
            "type": item["ResourceType"],
            "status": item["ResourceStatus"],
            "reason": item.get("ResourceStatusReason"),
            "updated": item.get("LastUpdatedTimestamp"),
            "drift": item.get("DriftInformation", {}).get("StackResourceDriftStatus"),
        }
        for item in found["StackResourceSummaries"]
    ]
    return {"resources": resources, "next_page_token": found.get("NextToken")}


@cloudformation.operation(actions=["cloudformation:DescribeStackResourceDrifts on stack"])
def describe_stack_resource_drifts(aws: Aws, page: Page, stack: str) -> Answer:
    """List what the last drift detection found: resources that differ from the template, and in which properties."""
    client: CloudFormationClient = aws.client("cloudformation")
    found = client.describe_stack_resource_drifts(
        StackName=stack,
        StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
        **page.request("MaxResults", "NextToken"),
    )
    drifts = [
        {
            "logical_id": item["LogicalResourceId"],
            "physical_id": _physical_id(item),
            "type": item["ResourceType"],
            "drift": item["StackResourceDriftStatus"],
            "detected": item["Timestamp"],
            "properties": [
                {"path": difference["PropertyPath"], "difference": difference["DifferenceType"]}
                for difference in item.get("PropertyDifferences", [])
            ],
        }
        for item in found["StackResourceDrifts"]
    ]
    return {"drifts": drifts, "next_page_token": found.get("NextToken")}


@cloudformation.operation(actions=["cloudformation:ListChangeSets on stack"])
def list_change_sets(aws: Aws, page: Page, stack: str) -> Answer:
    """List the change sets of a stack that were not executed: status and whether they can be."""
    client: CloudFormationClient = aws.client("cloudformation")
    found = client.list_change_sets(StackName=stack, **page.request(None, "NextToken"))
    return {
        "change_sets": [_change_set(item) for item in found["Summaries"]],
        "next_page_token": found.get("NextToken"),
    }


@cloudformation.operation(actions=["cloudformation:DescribeChangeSet on stack"])
def describe_change_set(aws: Aws, page: Page, stack: str, change_set: str) -> Answer:
    """Describe what a change set would do: resources added, changed, replaced or removed.

    Args:
        change_set: The change set's name or ARN.
    """
    client: CloudFormationClient = aws.client("cloudformation")
    found = client.describe_change_set(StackName=stack, ChangeSetName=change_set, **page.request(None, "NextToken"))
    changes = [_change(item["ResourceChange"]) for item in found.get("Changes", []) if "ResourceChange" in item]
    return {**_change_set(found), "changes": changes, "next_page_token": found.get("NextToken")}


@cloudformation.operation(actions=["cloudformation:ListExports"])
def list_exports(aws: Aws, page: Page) -> Answer:
    """List the values that the region's stacks export to others."""
    client: CloudFormationClient = aws.client("cloudformation")
    found = client.list_exports(**page.request(None, "NextToken"))
    exports = [
        {"name": item["Name"], "value": item["Value"], "stack_id": item["ExportingStackId"]}
        for item in found["Exports"]
    ]
    return {"exports": exports, "next_page_token": found.get("NextToken")}


def _summary(item: Item) -> dict[str, Any]:
    drift = item.get("DriftInformation", {})
    return {
        "name": item["StackName"],
        "id": item["StackId"],
        "status": item["StackStatus"],
        "status_reason": item.get("StackStatusReason"),
        "created": item.get("CreationTime"),
        "updated": item.get("LastUpdatedTime"),
        "deleted": item.get("DeletionTime"),
        "parent_id": item.get("ParentId"),
        "drift": drift.get("StackDriftStatus"),
        "drift_checked": drift.get("LastCheckTimestamp"),
    }


def _change_set(item: Item) -> dict[str, Any]:
    return {
        "name": item["ChangeSetName"],
        "id": item.get("ChangeSetId"),
        "stack": item.get("StackName"),
        "status": item.get("Status"),
        "status_reason": item.get("StatusReason"),
        "execution_status": item.get("ExecutionStatus"),
        "created": item.get("CreationTime"),
        "description": item.get("Description"),
    }


def _physical_id(item: Item) -> str | None:
    """A resource's id, less that of an access key, which is half of a credential."""
    physical_id: str | None = item.get("PhysicalResourceId")
    return None if item.get("ResourceType") == "AWS::IAM::AccessKey" else physical_id


def _change(item: Item) -> dict[str, Any]:
    return {
        "action": item["Action"],
        "logical_id": item["LogicalResourceId"],
        "physical_id": _physical_id(item),
        "type": item["ResourceType"],
        "replacement": item.get("Replacement"),
        "properties": _names(detail.get("Target", {}) for detail in item.get("Details", [])),
    }


def _names(targets: Iterable[Item]) -> list[str]:
    """The properties that change, once each: CloudFormation gives a detail for each cause."""
    return sorted({target["Name"] for target in targets if target.get("Name")})
