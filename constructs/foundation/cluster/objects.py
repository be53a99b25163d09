"""Objects that the cluster has once, applied by the cluster's stack: nodes for agents, priority, a network policy.

Plain data, no CDK; what belongs to a tenant is in that tenant's stack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foundation.kubernetes import Manifest
from foundation.kubernetes.node_labels import AGENTS, WORKLOAD_TYPE
from foundation.kubernetes.workload import PRIORITY_CLASS


@dataclass(frozen=True, kw_only=True)
class AgentNodes:
    """The nodes that Auto Mode makes for agents.

    Attributes:
        architecture: `amd64` or `arm64`; the agents' images must be built for it.
        spot: take spare capacity where there is some.
        cpu_limit: processors that all of them have at most.
        memory_limit_gib: memory that all of them have at most, in GiB.
    """

    architecture: str
    spot: bool
    cpu_limit: int
    memory_limit_gib: int


def node_class(
    *, role_name: str, subnet_ids: Sequence[str], security_group_ids: Sequence[str], key_arn: str
) -> Manifest:
    """What Auto Mode's nodes are like: https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html.

    `DefaultDeny` is strict: a pod reaches nothing, and nothing reaches it, until its policies are in place, and a pod
    without policies never does. With the default, the first seconds of every pod would be open.
    """
    return {
        "apiVersion": "eks.amazonaws.com/v1",
        "kind": "NodeClass",
        "metadata": {"name": AGENTS},
        "spec": {
            "role": role_name,
            "subnetSelectorTerms": [{"id": subnet_id} for subnet_id in subnet_ids],
            "securityGroupSelectorTerms": [{"id": group_id} for group_id in security_group_ids],
            "networkPolicy": "DefaultDeny",
            "networkPolicyEventLogs": "Enabled",
            "ephemeralStorage": {"size": "80Gi", "kmsKeyID": key_arn},
        },
    }


def node_pool(nodes: AgentNodes) -> Manifest:
    """Where agents run: https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html.

    The taint keeps everything else away, which has no policies and would be cut off there.
    """
    requirements = {
        "kubernetes.io/arch": [nodes.architecture],
        "karpenter.sh/capacity-type": ["spot", "on-demand"] if nodes.spot else ["on-demand"],
        "eks.amazonaws.com/instance-category": ["c", "m", "r"],
    }
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": AGENTS},
        "spec": {
            "template": {
                "metadata": {"labels": {WORKLOAD_TYPE: AGENTS}},
                "spec": {
                    "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": AGENTS},
                    "requirements": [
                        {"key": key, "operator": "In", "values": values} for key, values in requirements.items()
                    ]
                    + [{"key": "eks.amazonaws.com/instance-generation", "operator": "Gt", "values": ["4"]}],
                    "taints": [{"key": WORKLOAD_TYPE, "value": AGENTS, "effect": "NoSchedule"}],
                },
            },
            "limits": {"cpu": str(nodes.cpu_limit), "memory": f"{nodes.memory_limit_gib}Gi"},
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": "5m",
                "budgets": [{"nodes": "10%"}],
            },
        },
    }


def observability_policy() -> Manifest:
    """Lets the CloudWatch add-on's own pods talk on nodes that deny by default; the namespace holds nothing else."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "observability", "namespace": "amazon-cloudwatch"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]},
    }


def priority_class() -> Manifest:
    """The priority of agents: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": PRIORITY_CLASS},
        "value": 1000,
        "globalDefault": False,
        "preemptionPolicy": "PreemptLowerPriority",
        "description": "Agents of tenants",
    }
