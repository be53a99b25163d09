"""Failures are found among a stack's events, and a change set tells what it changes once each."""

from datetime import UTC, datetime
from typing import Any

from aws_operations.general.handler import server
from tests.unit.lambda_calls import call
from tests.unit.lambda_stubs import answers_of

TOOL = "cloudformation_read_operations"
STACK = {"StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1", "StackName": "shop"}


def event(status: str, **more: str) -> dict[str, Any]:
    when = datetime(2026, 11, 20, tzinfo=UTC)
    return {**STACK, "EventId": status, "Timestamp": when, "ResourceStatus": status, **more}


def test_only_failures_are_shown_and_never_a_resources_properties() -> None:
    failed = event("UPDATE_FAILED", ResourceStatusReason="quota", ResourceProperties='{"Password": "hunter2"}')
    events = [event("UPDATE_ROLLBACK_IN_PROGRESS"), failed, event("UPDATE_IN_PROGRESS")]
    with answers_of("cloudformation") as stubber:
        stubber.add_response(
            "describe_stack_events", {"StackEvents": events, "NextToken": "older"}, {"StackName": "shop"}
        )
        answer = call(server, TOOL, {"operation": "describe_stack_events", "stack": "shop", "failed_only": True})
    assert [(shown["status"], shown["reason"]) for shown in answer["events"]] == [("UPDATE_FAILED", "quota")]
    assert answer["next_page_token"] == "older"
    assert "hunter2" not in str(answer)


def test_the_id_of_an_access_key_is_not_shown() -> None:
    kinds = {"AKIAIOSFODNN7EXAMPLE": "AWS::IAM::AccessKey", "shop-orders": "AWS::SQS::Queue"}
    resources = [
        {
            "LogicalResourceId": kind.rpartition(":")[2],
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": datetime(2026, 11, 20, tzinfo=UTC),
        }
        for physical_id, kind in kinds.items()
    ]
    with answers_of("cloudformation") as stubber:
        stubber.add_response("list_stack_resources", {"StackResourceSummaries": resources})
        answer = call(server, TOOL, {"operation": "list_stack_resources", "stack": "shop"})
    assert {shown["logical_id"]: shown["physical_id"] for shown in answer["resources"]} == {
        "AccessKey": None,
        "Queue": "shop-orders",
    }


def test_a_change_set_names_each_property_once() -> None:
    causes = [{"Target": {"Attribute": "Properties", "Name": name}} for name in ("Runtime", "Code", "Runtime")]
    change = {
        "Action": "Modify",
        "LogicalResourceId": "Function",
        "ResourceType": "AWS::Lambda::Function",
        "Replacement": "False",
        "Details": [*causes, {"Target": {"Attribute": "Tags"}}],
    }
    with answers_of("cloudformation") as stubber:
        stubber.add_response(
            "describe_change_set",
            {**STACK, "ChangeSetName": "release", "Changes": [{"Type": "Resource", "ResourceChange": change}]},
        )
        answer = call(server, TOOL, {"operation": "describe_change_set", "stack": "shop", "change_set": "release"})
    assert [(shown["logical_id"], shown["properties"]) for shown in answer["changes"]] == [
        ("Function", ["Code", "Runtime"])
    ]


def test_the_value_of_a_parameter_in_parameter_store_is_the_one_used() -> None:
    parameter = {"ParameterKey": "Image", "ParameterValue": "/images/latest", "ResolvedValue": "ami-1"}
    stack = {**STACK, "StackStatus": "CREATE_COMPLETE", "CreationTime": datetime(2026, 11, 20, tzinfo=UTC)}
    with answers_of("cloudformation") as stubber:
        stubber.add_response("describe_stacks", {"Stacks": [{**stack, "Parameters": [parameter]}]})
        answer = call(server, TOOL, {"operation": "describe_stack", "stack": "shop"})
    assert answer["parameters"] == {"Image": "ami-1"}
