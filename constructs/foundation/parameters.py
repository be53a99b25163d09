"""Reading SSM parameters, one by name or those below a path, as exact permissions."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam
from constructs import Construct, IConstruct

from foundation.acknowledge import acknowledge, arn_as_printed


def read_one(scope: Construct, name: str) -> iam.PolicyStatement:
    """A statement that allows reading the parameter `name`, like `/foundation/dev/gateway/url`."""
    return _statement(scope, "ssm:GetParameter", name)


def read_each(scope: Construct, path: str) -> iam.PolicyStatement:
    """A statement that allows reading one parameter at a time below `path`, like `/foundation/dev/agents`."""
    return _statement(scope, "ssm:GetParameter", f"{path}/*")


def read_all(scope: Construct, path: str) -> iam.PolicyStatement:
    """A statement that allows listing everything below `path`, which is asked for on the path and on what is below it.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
    """
    return _statement(scope, "ssm:GetParametersByPath", path, f"{path}/*")


def acknowledge_paths(construct: IConstruct, reasons: dict[str, str]) -> None:
    """Accept that a role reads every parameter below a path; a reason by the path."""
    for path, reason in reasons.items():
        printed = arn_as_printed(construct, "ssm", f"parameter{path}/*")
        acknowledge(construct, {f"AwsSolutions-IAM5[Resource::{printed}]": reason})


def _statement(scope: Construct, action: str, *names: str) -> iam.PolicyStatement:
    stack = Stack.of(scope)
    return iam.PolicyStatement(
        actions=[action],
        resources=[
            stack.format_arn(service="ssm", resource="parameter", resource_name=name.removeprefix("/"))
            for name in names
        ],
    )
