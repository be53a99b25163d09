"""What the Lambda service does under a function's role: exact statements instead of AWS's managed policies.

Which of them the policy packs find, and why they are as they are, stands here too (`acknowledge_runtime`).
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack, aws_ec2 as ec2, aws_iam as iam, aws_kms as kms, aws_logs as logs
from constructs import Construct, IConstruct

from foundation.acknowledge import RuleIds, acknowledge, arn_as_printed

NO_DEAD_LETTERS = ("Serverless-LambdaDLQ", "NIST.800.53.R5-LambdaDLQ", "HIPAA.Security-LambdaDLQ")
"""Ids of the finding that a function has no dead-letter queue; what gets its errors instead, its maker says."""


@dataclass(frozen=True, kw_only=True)
class VpcPlacement:
    """Where in a VPC a function runs: `subnets` of `vpc`, behind `security_group`."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    security_group: ec2.ISecurityGroup


def runtime_statements(
    scope: Construct, *, log_group: logs.ILogGroup, key: kms.IKey, placement: VpcPlacement | None
) -> list[iam.PolicyStatement]:
    """Writing to its log group, reading its variables and, in a VPC, managing its network interfaces.

    The key opens what Lambda encrypted as variables of a function, and nothing else that is under it: Lambda names the
    function in the encryption context
    (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context,
    https://github.com/aws/serverless-application-model/issues/1989). Not this function alone: it waits for its role's
    policy, which would have to wait for its name.

    Args:
        scope: any construct of the function's stack.
        log_group: where the function logs.
        key: what its environment variables are encrypted under.
        placement: where in a VPC it runs; outside when None.
    """
    own_logs = iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
    )
    functions = Stack.of(scope).format_arn(
        service="lambda", resource="function", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    variables = iam.PolicyStatement(
        actions=["kms:Decrypt"],
        resources=[key.key_arn],
        conditions={"ArnLike": {"kms:EncryptionContext:aws:lambda:FunctionArn": functions}},
    )
    return [own_logs, variables, *(_interface_statements(scope, placement) if placement else ())]


def acknowledge_runtime(construct: IConstruct, *, placement: VpcPlacement | None) -> None:
    """Accept what the policy packs find in `runtime_statements`, and in the permission for traces.

    Args:
        construct: the function, its role or its policy.
        placement: where in a VPC it runs; outside when None.
    """
    findings: dict[RuleIds, str] = {
        "AwsSolutions-IAM5[Resource::*]": "X-Ray's PutTraceSegments and PutTelemetryRecords, and in a VPC EC2's "
        "DescribeNetworkInterfaces and DescribeSubnets, know no resource types (service authorization reference), and "
        "neither does what a tool declares without one (foundation.permissions checks it); the Deny is on everything"
    }
    if placement is not None:
        interfaces = arn_as_printed(construct, "ec2", "network-interface/*")
        findings[f"AwsSolutions-IAM5[Resource::{interfaces}]"] = (
            "A network interface has no name before it is created; subnet and security group are exact, and a Deny "
            "keeps the function's own code from these actions"
        )
    acknowledge(construct, findings)


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
