"""Deployments after the first: without changes nothing happens, and one that fails half-way is taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.demonstration import connected
from local.failure import LocalRunError
from tests.local.local_run import AGENT, LocalRun

STACK = "foundation-dev-gateway"
TARGET = "aws-operations-v1"


@pytest.fixture
def assembly(local_run: LocalRun) -> Iterator[Path]:
    """The synthesized templates of the platform, put back after the test."""
    folder = local_run.platform.layout.assembly
    files = {file: file.read_bytes() for file in folder.glob("*.json")}
    yield folder
    for file, content in files.items():
        file.write_bytes(content)


def change(assembly: Path, template: dict[str, Any]) -> None:
    """Put another template into the assembly, under the hash by which the CDK CLI uploads it."""
    file = assembly / f"{STACK}.template.json"
    manifest, assets = assembly / "manifest.json", assembly / f"{STACK}.assets.json"
    files = json.loads(assets.read_text())["files"]
    (earlier,) = (name for name, asset in files.items() if asset["source"]["path"] == file.name)
    file.write_text(json.dumps(template))
    for names_it in (manifest, assets):
        names_it.write_text(names_it.read_text().replace(earlier, hashlib.sha256(file.read_bytes()).hexdigest()))


def resource(template: dict[str, Any], kind: str, **having: Any) -> tuple[str, dict[str, Any]]:
    """The one resource of a type with these properties: its logical id and its properties."""
    of_kind = {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}
    ((logical_id, properties),) = (item for item in of_kind.items() if having.items() <= item[1].items())
    return logical_id, properties


def gateway_and_target(template: dict[str, Any]) -> tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]:
    """The gateway and one of its targets."""
    return (
        resource(template, "AWS::BedrockAgentCore::Gateway"),
        resource(template, "AWS::BedrockAgentCore::GatewayTarget", Name=TARGET),
    )


def half_broken(template: dict[str, Any]) -> dict[str, Any]:
    """A template whose first changes close the gateway to every agent, and whose last cannot be made."""
    (gateway_id, gateway), (target_id, target) = gateway_and_target(template)
    gateway["AuthorizerConfiguration"]["CustomJWTAuthorizer"]["AllowedClients"] = ["nobody"]
    tools = target["TargetConfiguration"]["Mcp"]["Lambda"]["ToolSchema"]["InlinePayload"]
    del tools[1:]
    broken = {"Action": "lambda:InvokeFunction", "FunctionName": "missing", "Principal": "events.amazonaws.com"}
    template["Resources"]["Broken"] = {
        "Type": "AWS::Lambda::Permission",
        "Properties": broken,
        "DependsOn": [gateway_id, target_id],
    }
    return template


def statuses(local_run: LocalRun) -> dict[str, list[str]]:
    """What CloudFormation says happened to each resource of the stack, oldest first."""
    cloudformation = local_run.client("cloudformation")
    found: dict[str, list[str]] = {}
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=STACK):
        for event in page["StackEvents"]:
            found.setdefault(event["LogicalResourceId"], []).insert(0, event["ResourceStatus"])
    return found


async def tools(local_run: LocalRun) -> list[str]:
    """The tools that an agent finds, after it has called one."""
    account = local_run.platform.account
    async with connected(account.gateway_url(), account.token(AGENT).value) as client:
        assert not (await client.call_tool(f"{TARGET}___hello_world", {})).is_error
        return [tool.name for tool in (await client.list_tools()).tools]


def test_a_deployment_without_changes_changes_nothing(local_run: LocalRun, assembly: Path) -> None:
    before, deployed = statuses(local_run), list[str]()
    local_run.platform.deployment.deploy(on_stack=deployed.append)
    assert sorted(deployed) == sorted(file.name.split(".")[0] for file in assembly.glob("*.template.json"))
    assert statuses(local_run) == before


async def test_a_failed_deployment_returns_to_the_earlier_state(local_run: LocalRun, assembly: Path) -> None:
    before = await tools(local_run)
    template = json.loads((assembly / f"{STACK}.template.json").read_text())
    (gateway_id, _), (target_id, _) = gateway_and_target(template)
    change(assembly, half_broken(template))
    with pytest.raises(LocalRunError, match=r"Deploying dev failed(.|\n)*cdk-deploy\.log(.|\n)*Function not found"):
        local_run.platform.deployment.deploy(on_stack=lambda stack: None)
    found = statuses(local_run)
    assert found[STACK][-1] == "UPDATE_ROLLBACK_COMPLETE"
    assert found["Broken"][-1].endswith("_FAILED")
    for changed in (gateway_id, target_id):
        assert found[changed].count("UPDATE_COMPLETE") == 2, "it was changed, and changed back"
    assert await tools(local_run) == before
