"""A gateway takes as many targets and tools as AgentCore does, within what IAM and CloudFormation take (R6)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.synth.gateway_at_scale import app_with_flags, gateway_stack
from tests.templates import Json, Template, many

TARGET = "AWS::BedrockAgentCore::GatewayTarget"
ROLE_POLICIES = {"AWS::IAM::Policy": 10_240, "AWS::IAM::ManagedPolicy": 6_144}
"""Characters, blanks aside, of all inline policies of a role together and of one managed policy; ten managed policies
are a role's (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""


def synthesized(folder: Path, *, targets: int, tools: int) -> Template:
    app = app_with_flags(str(folder))
    gateway_stack(app, targets=targets, tools=tools)
    app.synth()
    return Template("Stack", json.loads((folder / "Stack.template.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Template, Path]:
    """A gateway with a hundred targets of ten tools each, and where its template is."""
    folder = tmp_path_factory.mktemp("scale")
    return synthesized(folder, targets=100, tools=10), folder / "Stack.template.json"


def policies_of_the_role(stack: Template) -> dict[str, Json]:
    """The gateway role's policies by logical id."""
    [role] = [name for name in stack.of_type("AWS::IAM::Role") if name.startswith("GatewayRole")]
    return {
        name: resource
        for kind in ROLE_POLICIES
        for name, resource in stack.of_type(kind).items()
        if {"Ref": role} in resource["Properties"]["Roles"]
    }


def size(document: Json) -> int:
    """Characters of a policy that count; what an intrinsic becomes is at most as long as it is written."""
    return len(json.dumps(document, separators=(",", ":")))


def test_the_permissions_on_a_hundred_targets_fit_into_what_iam_takes(full: tuple[Template, Path]) -> None:
    policies = policies_of_the_role(full[0])
    for kind, limit in ROLE_POLICIES.items():
        sizes = [size(one["Properties"]["PolicyDocument"]) for one in policies.values() if one["Type"] == kind]
        assert sizes, f"no {kind}: nothing is split here and the test looks at nothing"
        assert (sum(sizes) if kind == "AWS::IAM::Policy" else max(sizes)) <= limit
    assert len(policies) - 1 <= 10


def test_they_name_each_function(full: tuple[Template, Path]) -> None:
    stack, _ = full
    named = [
        resource
        for policy in policies_of_the_role(stack).values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "lambda:InvokeFunction"
        for resource in many(statement["Resource"])
    ]
    functions = [one["TargetConfiguration"]["Mcp"]["Lambda"]["LambdaArn"] for one in stack.properties(TARGET)]
    [gateway] = stack.properties("AWS::BedrockAgentCore::Gateway")
    functions += [one["Interceptor"]["Lambda"]["Arn"] for one in gateway["InterceptorConfigurations"]]
    assert len(functions) == 102
    assert sorted(named, key=str) == sorted(functions, key=str)


def test_each_target_waits_for_all_of_them_and_so_does_the_gateway(full: tuple[Template, Path]) -> None:
    stack, _ = full
    policies = policies_of_the_role(stack).keys()
    for resource in (*stack.of_type(TARGET).values(), *stack.of_type("AWS::BedrockAgentCore::Gateway").values()):
        assert policies <= set(resource["DependsOn"])


def test_the_template_of_a_thousand_tools_is_one_that_cloudformation_takes(full: tuple[Template, Path]) -> None:
    stack, file = full
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    assert file.stat().st_size <= 1024 * 1024
    assert len(stack.resources) <= 500
    schemas = [one["TargetConfiguration"]["Mcp"]["Lambda"]["ToolSchema"] for one in stack.properties(TARGET)]
    assert {kind for schema in schemas for kind in schema} == {"InlinePayload", "S3"}


def test_what_is_too_large_for_the_template_is_read_from_s3(full: tuple[Template, Path]) -> None:
    stack, file = full
    in_s3 = [
        one["TargetConfiguration"]["Mcp"]["Lambda"]["ToolSchema"]["S3"]
        for one in stack.properties(TARGET)
        if "S3" in one["TargetConfiguration"]["Mcp"]["Lambda"]["ToolSchema"]
    ]
    [name] = {json.dumps(schema).rpartition("/")[2].split(".json")[0] for schema in in_s3}
    [asset] = file.parent.glob(f"asset.{name}.json")
    listed = json.loads(asset.read_text(encoding="utf-8"))
    assert [tool["name"] for tool in listed] == [f"read_operations_{number}" for number in range(10)]
    assert listed[0]["inputSchema"]["required"] == ["parameter_0"]


def waits_for(stack: Template, logical_id: str) -> Iterator[str]:
    """The targets that must exist before the target `logical_id` is made."""
    targets = stack.of_type(TARGET)
    for other in targets[logical_id].get("DependsOn", ()):
        if other in targets:
            yield other
            yield from waits_for(stack, other)


def test_no_more_than_five_targets_are_made_at_a_time(tmp_path: Path) -> None:
    stack = synthesized(tmp_path, targets=12, tools=1)
    waiting = {
        int(target["Properties"]["Name"].split("-")[1]): len(set(waits_for(stack, logical_id)))
        for logical_id, target in stack.of_type(TARGET).items()
    }
    # A chain in each of five lanes: whoever starts has the one five before it behind itself.
    assert waiting == {number: number // 5 for number in range(12)}
