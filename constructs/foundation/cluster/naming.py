"""Names of clusters in policies."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from constructs import IConstruct


def cluster_arn(scope: IConstruct, cluster_name: str) -> str:
    """The ARN of the cluster `cluster_name` in the account and region of `scope`, whether it is there yet or not."""
    return Stack.of(scope).format_arn(
        service="eks", resource="cluster", resource_name=cluster_name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
    )
