"""Reads ECS: clusters, services, tasks, task definitions and container instances.

ListServices, ListTaskDefinitions and DescribeTaskDefinition take no resource in IAM, so the role has them on `*`:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
So has it ListTasks, which takes a container instance only when the request names one.

Task definitions and tasks carry values of environment variables, commands, options of log drivers and health checks:
all places where passwords and tokens are found. Of these only names are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from aws_operations.general.server import server
from aws_operations.rows import tags
from toolkit import Answer, Aws, Page, given

Item = Mapping[str, Any]

_SHOWN_EVENTS = 25
"""Of the hundred that ECS keeps; the rest repeats."""

ecs = server.family(
    "ecs_read_operations",
    "Read ECS without changing anything: clusters, services, tasks, task definitions and container instances. Values "
    "of environment variables, commands and secrets are never shown.",
    self_check={"operation": "list_task_definitions", "page_size": 1},
)


@ecs.operation(actions=["ecs:ListClusters", "ecs:DescribeClusters on cluster"])
def list_clusters(aws: Aws, page: Page) -> Answer:
    """List the region's clusters: status, numbers of services, tasks and container instances, capacity, tags."""
    client = aws.client("ecs")
    found = client.list_clusters(**page.request("maxResults", "nextToken"))
    arns = found["clusterArns"]
    clusters = client.describe_clusters(clusters=arns, include=["TAGS"])["clusters"] if arns else []
    return {"clusters": [_cluster(item) for item in clusters], "next_page_token": found.get("nextToken")}


@ecs.operation(actions=["ecs:ListServices", "ecs:DescribeServices on service"])
def list_services(aws: Aws, page: Page, cluster: str) -> Answer:
    """List a cluster's services: tasks wanted, running and pending, and how far the latest deployment is.

    Args:
        cluster: The cluster's name or ARN.
    """
    client = aws.client("ecs")
    # DescribeServices takes ten at once.
    found = client.list_services(cluster=cluster, **page.request("maxResults", "nextToken", most=10))
    arns = found["serviceArns"]
    services = client.describe_services(cluster=cluster, services=arns)["services"] if arns else []
    return {"services": [_service(item) for item in services], "next_page_token": found.get("nextToken")}


@ecs.operation(actions=["ecs:DescribeServices on service"])
def describe_services(aws: Aws, cluster: str, services: list[str]) -> Answer:
    """Describe services: deployments, the latest events, network, load balancers, roll-back settings, tags.

    Args:
        services: Names or ARNs of one to ten services.
    """
    found = aws.client("ecs").describe_services(cluster=cluster, services=services, include=["TAGS"])
    return {
        "services": [{**_service(item), **_service_details(item)} for item in found["services"]],
        "failures": [_failure(item) for item in found.get("failures", [])],
    }


@ecs.operation(actions=["ecs:ListTasks", "ecs:DescribeTasks on task"])
def list_tasks(
    aws: Aws, page: Page, cluster: str, service: str = "", status: Literal["RUNNING", "STOPPED"] = "RUNNING"
) -> Answer:
    """List a cluster's tasks: status, health, why they stopped, exit codes of their containers.

    Args:
        service: Only the tasks of this service.
        status: The status that ECS wants them in; it forgets stopped tasks after about an hour.
    """
    client = aws.client("ecs")
    found = client.list_tasks(
        cluster=cluster,
        desiredStatus=status,
        **page.request("maxResults", "nextToken"),
        **given(serviceName=service),
    )
    arns = found["taskArns"]
    tasks = client.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return {"tasks": [_task(item) for item in tasks], "next_page_token": found.get("nextToken")}


@ecs.operation(actions=["ecs:DescribeTasks on task"])
def describe_tasks(aws: Aws, cluster: str, tasks: list[str]) -> Answer:
    """Describe tasks by their ids.

    Args:
        tasks: Ids or ARNs of one to a hundred tasks.
    """
    found = aws.client("ecs").describe_tasks(cluster=cluster, tasks=tasks)
    return {
        "tasks": [_task(item) for item in found["tasks"]],
        "failures": [_failure(item) for item in found.get("failures", [])],
    }


@ecs.operation(actions=["ecs:ListTaskDefinitions"])
def list_task_definitions(aws: Aws, page: Page, family: str = "") -> Answer:
    """List the ARNs of task definitions in use, the newest revision of a family first.

    Args:
        family: Only this family's revisions.
    """
    found = aws.client("ecs").list_task_definitions(
        sort="DESC", **page.request("maxResults", "nextToken"), **given(familyPrefix=family)
    )
    return {"task_definitions": found["taskDefinitionArns"], "next_page_token": found.get("nextToken")}


@ecs.operation(actions=["ecs:DescribeTaskDefinition"])
def describe_task_definition(aws: Aws, task_definition: str) -> Answer:
    """Describe a task definition: roles, network, size; of each container image, ports, names of variables and secrets.

    Args:
        task_definition: family (its latest revision), family:revision, or ARN.
    """
    found = aws.client("ecs").describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
    return {
        "arn": found["taskDefinitionArn"],
        "status": found.get("status"),
        "task_role": found.get("taskRoleArn"),
        "execution_role": found.get("executionRoleArn"),
        "network_mode": found.get("networkMode"),
        "launch_types": found.get("requiresCompatibilities", []),
        "cpu_units": found.get("cpu"),
        "memory_mib": found.get("memory"),
        "platform": found.get("runtimePlatform"),
        "volume_names": [volume.get("name") for volume in found.get("volumes", [])],
        "containers": [_container_definition(item) for item in found["containerDefinitions"]],
    }


@ecs.operation(
    actions=["ecs:ListContainerInstances on cluster", "ecs:DescribeContainerInstances on container-instance"]
)
def list_container_instances(aws: Aws, page: Page, cluster: str) -> Answer:
    """List the EC2 machines of a cluster: status, whether their agent is connected, tasks they run."""
    client = aws.client("ecs")
    found = client.list_container_instances(cluster=cluster, **page.request("maxResults", "nextToken"))
    arns = found["containerInstanceArns"]
    instances = (
        client.describe_container_instances(cluster=cluster, containerInstances=arns)["containerInstances"]
        if arns
        else []
    )
    return {
        "container_instances": [_container_instance(item) for item in instances],
        "next_page_token": found.get("nextToken"),
    }


def _cluster(item: Item) -> dict[str, Any]:
    return {
        "name": item["clusterName"],
        "arn": item["clusterArn"],
        "status": item["status"],
        "active_services": item.get("activeServicesCount"),
        "running_tasks": item.get("runningTasksCount"),
        "pending_tasks": item.get("pendingTasksCount"),
        "container_instances": item.get("registeredContainerInstancesCount"),
        "capacity_providers": item.get("capacityProviders", []),
        "tags": tags(item.get("tags")),
    }


def _service(item: Item) -> dict[str, Any]:
    return {
        "name": item["serviceName"],
        "arn": item["serviceArn"],
        "status": item["status"],
        "launch_type": item.get("launchType"),
        "task_definition": item.get("taskDefinition"),
        "desired_tasks": item.get("desiredCount"),
        "running_tasks": item.get("runningCount"),
        "pending_tasks": item.get("pendingCount"),
        "deployments": [
            {
                "status": entry.get("status"),
                "rollout": entry.get("rolloutState"),
                "rollout_reason": entry.get("rolloutStateReason"),
                "task_definition": entry.get("taskDefinition"),
                "desired_tasks": entry.get("desiredCount"),
                "running_tasks": entry.get("runningCount"),
                "failed_tasks": entry.get("failedTasks"),
                "updated": entry.get("updatedAt"),
            }
            for entry in item.get("deployments", [])
        ],
    }


def _service_details(item: Item) -> dict[str, Any]:
    network = item.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    deployment = item.get("deploymentConfiguration", {})
    return {
        "events": [
            {"time": event.get("createdAt"), "message": event.get("message")}
            for event in item.get("events", [])[:_SHOWN_EVENTS]
        ],
        "subnet_ids": network.get("subnets", []),
        "security_group_ids": network.get("securityGroups", []),
        "public_ip": network.get("assignPublicIp"),
        "load_balancers": [
            {
                "target_group": entry.get("targetGroupArn"),
                "container": entry.get("containerName"),
                "port": entry.get("containerPort"),
            }
            for entry in item.get("loadBalancers", [])
        ],
        "circuit_breaker": deployment.get("deploymentCircuitBreaker"),
        "minimum_healthy_percent": deployment.get("minimumHealthyPercent"),
        "maximum_percent": deployment.get("maximumPercent"),
        "health_check_grace_seconds": item.get("healthCheckGracePeriodSeconds"),
        "tags": tags(item.get("tags")),
    }


def _task(item: Item) -> dict[str, Any]:
    return {
        "arn": item["taskArn"],
        "task_definition": item.get("taskDefinitionArn"),
        "group": item.get("group"),
        "status": item.get("lastStatus"),
        "desired_status": item.get("desiredStatus"),
        "health": item.get("healthStatus"),
        "launch_type": item.get("launchType"),
        "availability_zone": item.get("availabilityZone"),
        "created": item.get("createdAt"),
        "started": item.get("startedAt"),
        "stopped": item.get("stoppedAt"),
        "stop_code": item.get("stopCode"),
        "stopped_reason": item.get("stoppedReason"),
        "containers": [
            {
                "name": entry.get("name"),
                "image": entry.get("image"),
                "status": entry.get("lastStatus"),
                "health": entry.get("healthStatus"),
                "exit_code": entry.get("exitCode"),
                "reason": entry.get("reason"),
            }
            for entry in item.get("containers", [])
        ],
    }


def _container_definition(item: Item) -> dict[str, Any]:
    log = item.get("logConfiguration", {})
    return {
        "name": item["name"],
        "image": item.get("image"),
        "essential": item.get("essential"),
        "cpu_units": item.get("cpu"),
        "memory_mib": item.get("memory"),
        "ports": [entry.get("containerPort") for entry in item.get("portMappings", [])],
        "environment_variable_names": _names(item.get("environment")),
        "secret_names": _names(item.get("secrets")),
        "log_driver": log.get("logDriver"),
        "log_group": log.get("options", {}).get("awslogs-group"),
    }


def _container_instance(item: Item) -> dict[str, Any]:
    return {
        "arn": item["containerInstanceArn"],
        "ec2_instance_id": item.get("ec2InstanceId"),
        "status": item.get("status"),
        "status_reason": item.get("statusReason"),
        "agent_connected": item.get("agentConnected"),
        "agent_version": item.get("versionInfo", {}).get("agentVersion"),
        "running_tasks": item.get("runningTasksCount"),
        "pending_tasks": item.get("pendingTasksCount"),
    }


def _failure(item: Item) -> dict[str, Any]:
    return {"arn": item.get("arn"), "reason": item.get("reason"), "detail": item.get("detail")}


def _names(entries: Iterable[Item] | None) -> list[str]:
    return sorted(str(entry["name"]) for entry in entries or ())
