"""Who may use the cluster's API: two roles of the kit, mapped by access entries; no aws-auth ConfigMap (R19)."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack, aws_eks_v2 as eks, aws_iam as iam
from constructs import Construct

from foundation.cluster.naming import cluster_arn

ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"
"""Everything, in every namespace."""

READER_POLICY = "AmazonEKSViewPolicy"
"""Reading most objects of every namespace, Secrets not among them
(https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html)."""


class ClusterAccess(Construct):
    """An admin role and a read-only role.

    Attributes:
        admins: the admin role.
        readers: the read-only role.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: eks.ICluster,
        cluster_name: str,
        admins: Sequence[str],
        readers: Sequence[str],
    ) -> None:
        """Make the roles and their access entries.

        Args:
            scope: the construct they belong to.
            construct_id: its id there.
            cluster: the cluster.
            cluster_name: its name.
            admins: ARNs, or names in this account, of the roles that may assume the admin role.
            readers: likewise for the read-only role.
        """
        super().__init__(scope, construct_id)
        self._cluster_name = cluster_name
        self.admins = self._role("Admins", admins, "Administers the cluster through its API")
        self.readers = self._role("Readers", readers, "Reads the cluster's objects through its API")
        access_entry(self, "AdminsEntry", cluster=cluster, role=self.admins, policy=ADMIN_POLICY)
        access_entry(self, "ReadersEntry", cluster=cluster, role=self.readers, policy=READER_POLICY)

    def _role(self, construct_id: str, principals: Sequence[str], description: str) -> iam.Role:
        """A role that `principals` may assume, whether they exist yet or not.

        The account is the principal and a condition names the roles: a trust policy that names a role as principal is
        refused until that role exists, and goes astray when it is made anew
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles).
        """
        stack = Stack.of(self)
        arns = [
            name
            if name.startswith("arn:")
            else stack.format_arn(
                service="iam",
                region="",
                resource="role",
                resource_name=name,
                arn_format=ArnFormat.SLASH_RESOURCE_NAME,
            )
            for name in principals
        ]
        accounts = dict.fromkeys(
            arn.split(":")[4] if arn.startswith("arn:aws") else stack.account for arn in principals
        )
        role = iam.Role(
            self,
            construct_id,
            assumed_by=iam.CompositePrincipal(
                *(
                    iam.AccountPrincipal(account).with_conditions({"ArnEquals": {"aws:PrincipalArn": arns}})
                    for account in accounts
                )
            ),
            description=description,
        )
        # For the console, and for `aws eks update-kubeconfig --assume-role-arn`: without that option the command reads
        # the cluster as whoever calls it, and --role-arn is for kubectl alone. The Kubernetes API itself asks the
        # access entry. https://docs.aws.amazon.com/cli/latest/reference/eks/update-kubeconfig.html
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["eks:AccessKubernetesApi", "eks:DescribeCluster"],
                resources=[cluster_arn(self, self._cluster_name)],
            )
        )
        return role


def access_entry(
    scope: Construct,
    construct_id: str,
    *,
    cluster: eks.ICluster,
    role: iam.IRole,
    policy: str,
    kind: eks.AccessEntryType | None = None,
) -> eks.AccessEntry:
    """Let `role` do in the whole of `cluster` what EKS's access policy `policy` says."""
    return eks.AccessEntry(
        scope,
        construct_id,
        cluster=cluster,
        principal=role.role_arn,
        access_policies=[
            eks.AccessPolicy.from_access_policy_name(policy, access_scope_type=eks.AccessScopeType.CLUSTER)
        ],
        access_entry_type=kind,
    )
