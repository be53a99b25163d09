"""Roles of nodes: what kubelet and the start of a node need, and nothing that pods would need."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from foundation.acknowledge import acknowledge, managed_policy_as_printed

_IMAGES_POLICY = "AmazonEC2ContainerRegistryPullOnly"


def managed_node_role(scope: Construct, construct_id: str) -> iam.Role:
    """The role of the managed groups' nodes.

    The network plugin's permissions are not here but in a role of its own, so that no pod gets them through its node.
    """
    return _node_role(
        scope,
        construct_id,
        policy="AmazonEKSWorkerNodePolicy",
        description="Nodes of the managed groups",
        reason="Required of a managed group's nodes by "
        "https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html",
    )


def agent_node_role(scope: Construct, construct_id: str) -> iam.Role:
    """The role of the nodes that Auto Mode makes for agents."""
    return _node_role(
        scope,
        construct_id,
        policy="AmazonEKSWorkerNodeMinimalPolicy",
        description="Nodes that Auto Mode makes for agents",
        reason="Required of Auto Mode's nodes by "
        "https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html",
    )


def _node_role(scope: Construct, construct_id: str, *, policy: str, description: str, reason: str) -> iam.Role:
    """A role that EC2 gives to instances, with `policy` and the right to pull images."""
    policies = (policy, _IMAGES_POLICY)
    role = iam.Role(
        scope,
        construct_id,
        assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
        description=description,
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(name) for name in policies],
    )
    acknowledge(role, {tuple(managed_policy_as_printed(name) for name in policies): reason})
    return role
