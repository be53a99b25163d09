"""Roles that pods assume through EKS Pod Identity."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from foundation.cluster.naming import cluster_arn


class PodIdentityRole(iam.Role):
    """A role for the pods of one service account of one cluster, and for nothing else.

    The conditions are on the tags of the request, which EKS sets and a pod cannot: they keep other clusters of the
    account away and other service accounts of this one, whatever associations somebody makes for the role:
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html,
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html. It takes effect with a Pod Identity association
    of the same cluster, namespace and service account, whose session tags must be on.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster_name: str,
        namespace: str,
        service_account: str,
        description: str,
    ) -> None:
        """Make the role, without permissions.

        Args:
            scope: the stack or construct it belongs to.
            construct_id: its id there.
            cluster_name: the cluster's name.
            namespace: the pods' namespace.
            service_account: the service account that they run under.
            description: what they do, for whoever meets the role in the console.
        """
        principal = iam.ServicePrincipal(
            "pods.eks.amazonaws.com",
            conditions={
                "StringEquals": {
                    "aws:RequestTag/eks-cluster-arn": cluster_arn(scope, cluster_name),
                    "aws:RequestTag/kubernetes-namespace": namespace,
                    "aws:RequestTag/kubernetes-service-account": service_account,
                }
            },
        )
        super().__init__(scope, construct_id, assumed_by=iam.SessionTagsPrincipal(principal), description=description)
