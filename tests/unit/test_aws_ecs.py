"""ECS is asked to describe no more than it takes, and nothing at all when there is nothing."""

import pytest

from aws_operations.general.handler import server
from tests.unit.lambda_calls import call, refusal
from tests.unit.lambda_stubs import answers_of

TOOL = "ecs_read_operations"
EMPTY: list[tuple[str, str, dict[str, list[str]]]] = [
    ("list_clusters", "clusters", {"clusterArns": []}),
    ("list_services", "services", {"serviceArns": []}),
    ("list_tasks", "tasks", {"taskArns": []}),
    ("list_container_instances", "container_instances", {"containerInstanceArns": []}),
]


@pytest.mark.parametrize(("operation", "shown", "response"), EMPTY)
def test_what_is_empty_is_not_described(operation: str, shown: str, response: dict[str, list[str]]) -> None:
    cluster = {} if operation == "list_clusters" else {"cluster": "shop"}
    with answers_of("ecs") as stubber:
        stubber.add_response(operation, response)
        assert call(server, TOOL, {"operation": operation, **cluster}) == {shown: [], "next_page_token": None}


def test_services_are_listed_ten_at_a_time() -> None:
    with answers_of("ecs") as stubber:
        stubber.add_response("list_services", {"serviceArns": []}, {"cluster": "shop", "maxResults": 10})
        call(server, TOOL, {"operation": "list_services", "cluster": "shop"})
        answer = call(server, TOOL, {"operation": "list_services", "cluster": "shop", "page_size": 11})
    assert "page_size must be from 1 to 10" in refusal(answer)


def test_stopped_tasks_say_why() -> None:
    task = "arn:aws:ecs:us-east-1:123456789012:task/shop/1"
    container = {"name": "web", "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}
    stopped = {"taskArn": task, "stopCode": "EssentialContainerExited", "containers": [container]}
    asked = {"cluster": "shop", "desiredStatus": "STOPPED", "maxResults": 100, "serviceName": "checkout"}
    with answers_of("ecs") as stubber:
        stubber.add_response("list_tasks", {"taskArns": [task]}, asked)
        stubber.add_response("describe_tasks", {"tasks": [stopped]}, {"cluster": "shop", "tasks": [task]})
        answer = call(
            server, TOOL, {"operation": "list_tasks", "cluster": "shop", "service": "checkout", "status": "STOPPED"}
        )
    (shown,) = answer["tasks"]
    assert shown["stop_code"] == "EssentialContainerExited"
    assert (shown["containers"][0]["exit_code"], shown["containers"][0]["reason"]) == (137, container["reason"])
