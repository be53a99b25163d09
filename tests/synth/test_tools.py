"""The tools stack: each server's function runs as the kit says and may do what its tools declare, no more (R12)."""

import re
from collections.abc import Iterator

import pytest
from policy_sentry.shared.iam_data import get_service_prefix_data

from stacks.settings import load_settings
from tests.assemblies import ENVIRONMENTS
from tests.templates import Json, many, template, written
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


def functions(environment: str) -> Iterator[tuple[str, Json]]:
    """Every tool server by name with its function."""
    servers = load_settings(environment).environment.tool_servers
    for function in template(environment, "tools").properties("AWS::Lambda::Function"):
        name = function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        if name in servers:
            yield name, function


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
def test_every_tool_server_of_the_settings_has_its_function(environment: str) -> None:
    servers = load_settings(environment).environment.tool_servers
    assert {name: function["Handler"] for name, function in functions(environment)} == {
        name: f"{server.package}.handler.handler" for name, server in servers.items()
    }


@in_every_environment
def test_functions_run_on_graviton_and_the_newest_python(environment: str) -> None:
    for _, function in functions(environment):
        assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])


@in_every_environment
def test_functions_are_bounded_and_traced(environment: str) -> None:
    servers = load_settings(environment).environment.tool_servers
    for name, function in functions(environment):
        assert function["ReservedConcurrentExecutions"] == servers[name].reserved_concurrency
        assert function["Timeout"] == servers[name].timeout_seconds
        assert function["MemorySize"] == servers[name].memory_mb
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
    settings = load_settings(environment)
    for name, function in functions(environment):
        declared = {permission.action for permission in settings.tool_specs[name].actions}
        assert declared  # aws-operations calls AWS
        runtime = RUNTIME | (IN_VPC if settings.environment.tool_servers[name].in_vpc else set())
        assert {action for action, _ in allowed(environment, function)} == declared | runtime


def pattern_of(permission: Permission) -> str:
    """A regular expression for the ARNs of the resource type that the permission names."""
    service = permission.action.split(":")[0]
    arn = get_service_prefix_data(service)["resources"][permission.resource_type]["arn"]
    return re.sub(r"\\\$\\\{\w+\\\}", "[^/]+", re.escape(arn))


@in_every_environment
def test_an_action_is_allowed_on_the_resource_types_that_its_tools_declare(environment: str) -> None:
    specs = load_settings(environment).tool_specs
    for name, function in functions(environment):
        for action in {permission.action for permission in specs[name].actions if permission.resource_type}:
            patterns = {pattern_of(declared) for declared in specs[name].actions if declared.action == action}
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
        denied = [s for s in statements if s["Effect"] == "Deny"]
        assert len(denied) == creates
        for statement in denied:
            assert set(statement["Action"]) == IN_VPC - {"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"}
            assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
