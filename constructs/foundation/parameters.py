"""Reading below a path of SSM Parameter Store, as an exact permission."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam
from constructs import Construct, IConstruct

from foundation.acknowledge import acknowledge, arn_as_printed


def read_below(scope: Construct, path: str, *, actions: tuple[str, ...]) -> iam.PolicyStatement:
    """A statement that allows reading the parameters below `path`, and no others.

    GetParametersByPath is asked for on the path itself
    (https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html).

    Args:
        scope: the construct whose stack the parameters are in.
        path: like `/foundation/dev/agents`, without a slash at its end.
        actions: exact IAM actions.
    """
    stack = Stack.of(scope)
    name = path.removeprefix("/")
    names = (name, f"{name}/*")
    return iam.PolicyStatement(
        actions=[*actions],
        resources=[stack.format_arn(service="ssm", resource="parameter", resource_name=each) for each in names],
    )


def acknowledge_path(construct: IConstruct, path: str, *, reason: str) -> None:
    """Accept that a role may read every parameter below `path`."""
    printed = arn_as_printed(construct, "ssm", f"parameter{path}/*")
    acknowledge(construct, {f"AwsSolutions-IAM5[Resource::{printed}]": reason})
