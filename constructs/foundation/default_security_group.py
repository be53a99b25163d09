"""CDK's own function that empties the VPC's default security group, held to what the kit asks of its functions."""

from __future__ import annotations

from aws_cdk import CfnResource, Stack, aws_ec2 as ec2, aws_iam as iam
from constructs import Construct

from foundation.log_group import LogKeeping

PROVIDER = "Custom::VpcRestrictDefaultSGCustomResourceProvider"


def keep_restrictor_logs(scope: Construct, *, vpc: ec2.Vpc, log_keeping: LogKeeping) -> None:
    """Give the function an encrypted log group with retention, and its role that log group instead of a managed policy.

    `restrict_default_security_group` brings a function that CloudFormation calls when the VPC is made. CDK offers no
    way to shape it, so its resources are changed where they stand.

    Args:
        scope: the construct that holds the VPC.
        vpc: a VPC made with `restrict_default_security_group`.
        log_keeping: how its logs are kept.
    """
    provider = Stack.of(vpc).node.find_child(PROVIDER)
    role, handler = provider.node.find_child("Role"), provider.node.find_child("Handler")
    assert isinstance(role, CfnResource) and isinstance(handler, CfnResource)  # noqa: S101, PT018 - for the type checker
    group = log_keeping.log_group(scope, "DefaultSecurityGroupLogs")
    policy = iam.CfnPolicy(
        scope,
        "DefaultSecurityGroupLogging",
        policy_name="Logging",
        roles=[role.ref],
        policy_document=iam.PolicyDocument(
            statements=[
                iam.PolicyStatement(
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group.log_group_arn]
                )
            ]
        ),
    )
    role.add_property_deletion_override("ManagedPolicyArns")
    handler.add_property_override("LoggingConfig", {"LogGroup": group.log_group_name})
    handler.add_resource_dependency(policy)
