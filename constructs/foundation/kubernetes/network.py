"""Who may connect to a tenant's pods, and where these may connect to.

Policies only ever allow, and each pod has the sum of those that select it; the first one selects all and allows
nothing. Between a pod and the node it runs on traffic is always allowed
(https://kubernetes.io/docs/concepts/services-networking/network-policies/): neither kubelet's probes nor the CloudWatch
agent, which uses its node's network, needs a rule.

EKS' own ApplicationNetworkPolicy can name hosts. It comes with a filter on DNS: a pod that such a policy selects gets
answers for the names in its rules alone, wherever else addresses are allowed
(https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html, "How does it work"). So `hosts` has every host that
an agent calls.
"""

from __future__ import annotations

from collections.abc import Sequence

from foundation.kubernetes.labels import namespaced
from foundation.kubernetes.plans import AGENT_PODS, Manifest, NetworkAccess, TenantPlan

AGENT_PORT = 8080
GATEWAY_NAMESPACES = {"name": "gateway"}
"""Label of the namespaces from which agents are called, and their port: source 000 §5.3."""

POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Where pods fetch their credentials; in an IPv4 cluster the agent answers at no other address
(https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html)."""

OTLP_PORT = 4318
"""OTLP over HTTP at the CloudWatch agent, which uses the network of the pod's own node: no policy is in its way
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/eks-observability-addon-otlp-endpoint.html)."""

_DNS = ({"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53})
_SERVICES = ("bedrock-runtime", "dynamodb", "secretsmanager", "ssm")
"""What agents call of AWS: models, conversations, their credentials and the gateway's address. Roles come from the
Pod Identity agent, without STS."""


def network_policies(plan: TenantPlan) -> list[Manifest]:
    """All policies of a tenant's namespace, the one that refuses everything first."""
    return [
        _policy(plan, "default-deny", pods={}, ingress=[], egress=[]),
        _policy(plan, "agents-from-gateway", pods=AGENT_PODS, ingress=[_from_gateway()]),
        _policy(plan, "dns", pods=AGENT_PODS, egress=[_to_dns(plan.network)]),
        _policy(plan, "pod-identity", pods=AGENT_PODS, egress=[_to_addresses([POD_IDENTITY_AGENT], 80)]),
        _policy(plan, "aws-endpoints", pods=AGENT_PODS, egress=[_to_addresses(plan.network.endpoint_cidrs, 443)]),
        _hosts(plan),
    ]


def hosts(network: NetworkAccess) -> list[str]:
    """Every host outside the cluster that an agent may resolve and call by HTTPS.

    DynamoDB has a gateway endpoint, whose addresses are AWS' public ones and change, so only its name can be allowed.
    The gateway's own label is known to a deployment alone. In a VPC with the gateway's interface endpoint every name
    under that domain leads to this endpoint, whose policy admits this account's gateways.
    """
    aws = f"{network.region}.amazonaws.com"
    return sorted(
        {*(f"{service}.{aws}" for service in _SERVICES), f"*.gateway.bedrock-agentcore.{aws}", network.token_host}
    )


def _hosts(plan: TenantPlan) -> Manifest:
    """https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html, "Using the Application Network Policy"."""
    return {
        "apiVersion": "networking.k8s.aws/v1alpha1",
        "kind": "ApplicationNetworkPolicy",
        "metadata": namespaced(plan, "hosts"),
        "spec": {
            "podSelector": {"matchLabels": dict(AGENT_PODS)},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"domainNames": hosts(plan.network)}], "ports": [{"protocol": "TCP", "port": 443}]}],
        },
    }


def _policy(
    plan: TenantPlan,
    name: str,
    *,
    pods: dict[str, str],
    ingress: list[Manifest] | None = None,
    egress: list[Manifest] | None = None,
) -> Manifest:
    """A NetworkPolicy; a direction that is None is not its business."""
    directions = {"Ingress": ingress, "Egress": egress}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": namespaced(plan, name),
        "spec": {
            "podSelector": {"matchLabels": dict(pods)} if pods else {},
            "policyTypes": [direction for direction, rules in directions.items() if rules is not None],
            **{direction.lower(): rules for direction, rules in directions.items() if rules},
        },
    }


def _from_gateway() -> Manifest:
    return {
        "from": [{"namespaceSelector": {"matchLabels": dict(GATEWAY_NAMESPACES)}}],
        "ports": [{"protocol": "TCP", "port": AGENT_PORT}],
    }


def _to_dns(network: NetworkAccess) -> Manifest:
    """The cluster's DNS.

    On nodes of Auto Mode CoreDNS is a service of the node, not a pod, and answers at the cluster's DNS address: no
    selector of pods would allow that. The pods of the CoreDNS add-on, which serve the managed nodes, are allowed
    besides. https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html
    """
    return {
        "to": [
            {"ipBlock": {"cidr": f"{network.dns_address}/32"}},
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            },
        ],
        "ports": [dict(port) for port in _DNS],
    }


def _to_addresses(cidrs: Sequence[str], port: int) -> Manifest:
    return {
        "to": [{"ipBlock": {"cidr": cidr}} for cidr in cidrs],
        "ports": [{"protocol": "TCP", "port": port}],
    }
