"""Who may assume the roles that AgentCore acts as."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack, aws_iam as iam
from constructs import Construct


def agentcore_principal(scope: Construct, resource: str, name: str) -> iam.ServicePrincipal:
    """AgentCore, on behalf of this account's resources of one name alone, so that nobody else can lead it here.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html

    Args:
        scope: the construct whose role it is.
        resource: their kind as in ARNs, such as `gateway`.
        name: what their ids begin with, before a hyphen.
    """
    stack = Stack.of(scope)
    of_this_name = stack.format_arn(
        service="bedrock-agentcore",
        resource=resource,
        resource_name=f"{name}-*",
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )
    return iam.ServicePrincipal(
        "bedrock-agentcore.amazonaws.com",
        conditions={
            "StringEquals": {"aws:SourceAccount": stack.account},
            "ArnLike": {"aws:SourceArn": of_this_name},
        },
    )
