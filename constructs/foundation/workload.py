"""A tenant's agents in the cluster: their Kubernetes objects, and what each agent may do in AWS (R17, R19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_eks as eks_resources, aws_eks_v2 as eks
from constructs import Construct

from foundation.cluster.pod_identity import PodIdentityRole
from foundation.conversation_table import ConversationTable
from foundation.kubernetes import Manifest, TenantPlan, namespace_name, service_account_name, tenant_manifests
from foundation.kubernetes.workload import workload_manifests
from foundation.model_access import ModelAccess, model_statements
from foundation.parameters import read_one
from foundation.rotated_secret import AgentCredentials


@dataclass(frozen=True, kw_only=True)
class AgentRights:
    """What one agent gets in AWS.

    Attributes:
        credentials: its client's secret.
        model: the model that it may use.
    """

    credentials: AgentCredentials
    model: ModelAccess


class AgentIdentity(Construct):
    """The role that an agent's pods act under, through EKS Pod Identity.

    It may read the agent's own secret, the gateway's URL and the agent's conversations, and use the agent's model. It
    has no permission for the gateway: agents call it with a bearer token that the secret gets them, so to AWS the
    caller is no IAM principal, and the gateway's authorizer and policies decide
    (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-inbound-auth.html).

    Attributes:
        role: the role, tagged with tenant and agent, which secret and table ask for.
        association: what gives it to the service account's pods.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster_name: str,
        tenant: str,
        agent: str,
        rights: AgentRights,
        conversations: ConversationTable,
        gateway_parameter: str,
    ) -> None:
        """Make the role and give it to the agent's pods.

        Args:
            scope: the stack or construct it belongs to.
            construct_id: its id there.
            cluster_name: the cluster.
            tenant: the tenant's name.
            agent: the agent's name.
            rights: its secret and its model.
            conversations: the table of all tenants' conversations.
            gateway_parameter: name of the SSM parameter that holds the gateway's URL.
        """
        super().__init__(scope, construct_id)
        namespace, account = namespace_name(tenant), service_account_name(agent)
        self.role = PodIdentityRole(
            self,
            "Role",
            cluster_name=cluster_name,
            namespace=namespace,
            service_account=account,
            description=f"Agent {tenant}/{agent} in the cluster",
        )
        rights.credentials.grant_read(self.role)
        conversations.grant_agent(self.role, tenant=tenant, agent=agent)
        self.role.add_to_policy(read_one(self, gateway_parameter))
        for statement in model_statements(self, rights.model):
            self.role.add_to_policy(statement)
        self.association = eks_resources.CfnPodIdentityAssociation(
            self,
            "Association",
            cluster_name=cluster_name,
            namespace=namespace,
            service_account=account,
            role_arn=self.role.role_arn,
        )
        self.association.node.add_dependency(self.role)


class TenantWorkloads(Construct):
    """A tenant's namespace with all that is in it, and the identities of its agents.

    Each object is a resource of its own, so that one which leaves the plan is deleted: kubectl's pruning, which CDK
    would use, knows neither network policies nor quotas by itself
    (https://kubernetes.io/docs/reference/kubectl/generated/kubectl_apply/). Policies and quota are there before the
    first pod, and an agent's identity before its Deployment, since a pod gets credentials only when it is made
    (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html). When the stack goes, pods go first.

    Attributes:
        manifests: the objects, in the order in which kubectl has to apply them.
        identities: the identity of each agent, by its name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: TenantPlan,
        cluster: eks.ICluster,
        rights: dict[str, AgentRights],
        conversations: ConversationTable,
    ) -> None:
        """Make the objects and the identities.

        Args:
            scope: the tenant's stack of workloads.
            construct_id: its id there.
            plan: what the tenant has in the cluster.
            cluster: the cluster as the stack sees it; its name is literal.
            rights: what each agent of the plan gets in AWS, by its name.
            conversations: the table of all tenants' conversations.

        Raises:
            PlanError: the plan cannot be.
            HardeningError: an object of it is weaker than every object has to be.
        """
        super().__init__(scope, construct_id)
        self._cluster = cluster
        self.manifests: Sequence[Manifest] = tenant_manifests(plan)
        self.identities = {
            agent: AgentIdentity(
                self,
                f"Identity-{agent}",
                cluster_name=cluster.cluster_name,
                tenant=plan.tenant,
                agent=agent,
                rights=each,
                conversations=conversations,
                gateway_parameter=plan.gateway_parameter,
            )
            for agent, each in rights.items()
        }
        self._apply(plan)

    def _apply(self, plan: TenantPlan) -> None:
        """The namespace first, then what governs all of it, then each agent's objects."""
        namespace, rules = Construct(self, "Namespace"), Construct(self, "Rules")
        rules.node.add_dependency(namespace)
        of_agents = {workload.agent: workload_manifests(plan, workload) for workload in plan.workloads}
        for manifest in self.manifests:
            if manifest["kind"] == "Namespace":
                self._object(namespace, manifest)
            elif not any(manifest in manifests for manifests in of_agents.values()):
                self._object(rules, manifest)
        for agent, manifests in of_agents.items():
            objects = Construct(self, f"Objects-{agent}")
            objects.node.add_dependency(rules, self.identities[agent])
            for manifest in manifests:
                self._object(objects, manifest)

    def _object(self, scope: Construct, manifest: Manifest) -> None:
        eks.KubernetesManifest(
            scope,
            f"{manifest['kind']}-{manifest['metadata']['name']}",
            cluster=self._cluster,
            manifest=[manifest],
            prune=False,
            overwrite=True,  # what a person or a GitOps tool has applied before is taken over
        )
