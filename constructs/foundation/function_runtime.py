"""What the Lambda service does under a function's role: exact statements instead of AWS's managed policies."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack, aws_ec2 as ec2, aws_iam as iam, aws_logs as logs
from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class VpcPlacement:
    """Where in a VPC a function runs: `subnets` of `vpc`, behind `security_group`."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    security_group: ec2.ISecurityGroup


def runtime_statements(
    scope: Construct, *, log_group: logs.ILogGroup, placement: VpcPlacement | None
) -> list[iam.PolicyStatement]:
    """Writing to its log group and, in a VPC, managing its network interfaces.

    Args:
        scope: any construct of the function's stack.
        log_group: where the function logs.
        placement: where in a VPC it runs; outside when None.
    """
    own_logs = iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
    )
    return [own_logs, *(_interface_statements(scope, placement) if placement else ())]


def _interface_statements(scope: Construct, placement: VpcPlacement) -> list[iam.PolicyStatement]:
    stack = Stack.of(scope)

    def arn(resource: str, name: str) -> str:
        return stack.format_arn(
            service="ec2", resource=resource, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )

    interfaces = arn("network-interface", "*")
    change = ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
    subnet_ids = placement.vpc.select_subnets(subnet_group_name=placement.subnets.subnet_group_name).subnet_ids
    return [
        iam.PolicyStatement(
            actions=["ec2:CreateNetworkInterface"],
            resources=[
                interfaces,
                arn("security-group", placement.security_group.security_group_id),
                *(arn("subnet", subnet_id) for subnet_id in subnet_ids),
            ],
        ),
        iam.PolicyStatement(actions=change, resources=[interfaces]),
        iam.PolicyStatement(actions=["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], resources=["*"]),
        # These are for the Lambda service alone, not for the code it runs:
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice-security
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=[*change, "ec2:CreateNetworkInterface"],
            resources=["*"],
            conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
        ),
    ]
