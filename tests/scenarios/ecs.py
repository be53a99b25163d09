"""ECS: a cluster with a service and its tasks, whose definition has secrets in every place that is not shown."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.scenarios.model import Account, Call, Clients, Made, Scenario

CLUSTER = "acme-shop"
SERVICE = "checkout"
FAMILY = "acme-checkout"
SECRET = "hunter2-of-checkout"


def fill(client: Clients, account: Account) -> Made:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=CLUSTER, tags=[{"key": "owner", "value": "shop"}])
    ecs.register_task_definition(
        family=FAMILY,
        requiresCompatibilities=["EC2"],
        networkMode="bridge",
        containerDefinitions=[
            {
                "name": "web",
                "image": "public.ecr.aws/docker/library/busybox:1",
                "memory": 64,
                "command": ["serve", f"--password={SECRET}"],
                "environment": [{"name": "DATABASE_PASSWORD", "value": SECRET}],
                "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": SECRET}},
            }
        ],
    )
    ecs.create_service(cluster=CLUSTER, serviceName=SERVICE, taskDefinition=FAMILY, desiredCount=1, launchType="EC2")
    if account == "moto":
        _register_machine(client)
    override = {"name": "web", "environment": [{"name": "TOKEN", "value": SECRET}]}
    task = ecs.run_task(cluster=CLUSTER, taskDefinition=FAMILY, overrides={"containerOverrides": [override]})
    machine = "agent_connected" if account == "moto" else "container_instances"  # the emulator has none
    return {"task": task["tasks"][0]["taskArn"], "machine": machine}


def calls(made: Made) -> Sequence[Call]:
    cluster = {"cluster": CLUSTER}
    return [
        Call(operation="list_clusters", finds='"owner": "shop"'),
        Call(operation="list_services", arguments=cluster, finds=SERVICE),
        Call(
            operation="describe_services",
            arguments={**cluster, "services": [SERVICE, "no-such"]},
            finds="MISSING",
        ),
        Call(operation="list_tasks", arguments=cluster, finds=made["task"], hides=[SECRET]),
        Call(
            operation="describe_tasks",
            arguments={**cluster, "tasks": [made["task"]]},
            finds=FAMILY,
            hides=[SECRET],
        ),
        Call(operation="list_task_definitions", arguments={"family": FAMILY}, finds=f"{FAMILY}:1"),
        Call(
            operation="describe_task_definition",
            arguments={"task_definition": FAMILY},
            finds="DATABASE_PASSWORD",
            hides=[SECRET],
        ),
        Call(operation="list_container_instances", arguments=cluster, finds=made["machine"]),
    ]


def _register_machine(client: Clients) -> None:
    """Let a machine join the cluster, as its agent does, with the identity document that EC2 gives it."""
    machine = client("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    identity = {"instanceId": machine, "accountId": "123456789012", "region": "us-east-1"}
    client("ecs").register_container_instance(cluster=CLUSTER, instanceIdentityDocument=json.dumps(identity))


SCENARIO = Scenario(server="aws-operations", tool="ecs_read_operations", fill=fill, calls=calls)
