"""Every pair of a tenant's pod and what it could talk to, under the policies that the kit writes.

This is the table that the policies are for: a line that changes here is a change of who can reach whom.
"""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.kubernetes.network_policy import Network, Peer, Port, agent_pod
from tests.kubernetes.plans import of_kind, only, two_tenants

HTTPS, AGENT, DNS_UDP, DNS_TCP, OTLP = Port(443), Port(8080), Port(53, "UDP"), Port(53), Port(4318)
HTTP = Port(80)

TENANTS = {"acme-corp": "globex", "globex": "acme-corp"}
"""Each tenant with the other."""


@cache
def network() -> Network:
    manifests = [manifest for ours in two_tenants().values() for manifest in ours]
    return Network.of(
        manifests,
        kube_system={},
        amazon_cloudwatch={},
        default={},
        gateway={"name": "gateway"},
        lookalike={"app": "gateway"},
    )


def agents(tenant: str) -> Iterator[Peer]:
    """A pod of each of a tenant's agents."""
    for number, deployment in enumerate(of_kind(two_tenants()[tenant], "Deployment")):
        third = 64 if tenant == "acme-corp" else 65
        yield agent_pod(deployment, f"10.0.{third}.{number + 10}", node="node-a")


def pod(namespace: str, **labels: str) -> Peer:
    """A pod of somebody else, on another node."""
    return Peer("10.0.66.1", namespace, labels, node="node-b")


def endpoint(host: str) -> Peer:
    """A host whose address is that of an interface endpoint."""
    return Peer("10.0.193.20", host=host)


def outside(host: str | None = None, address: str = "203.0.113.7") -> Peer:
    """A host in the internet."""
    return Peer(address, host=host)


AWS = "us-east-1.amazonaws.com"
GATEWAY = f"foundation-prod-x7k2.gateway.bedrock-agentcore.{AWS}"
TOKEN_HOST = "foundation-prod-123456789012.auth.us-east-1.amazoncognito.com"
OTHERS_TOKEN_HOST = "somebody-else.auth.us-east-1.amazoncognito.com"

TO_THE_OUTSIDE = [
    ("the gateway's endpoint, by its name", endpoint(GATEWAY), HTTPS, True),
    ("the gateway's endpoint, on another port", endpoint(GATEWAY), HTTP, False),
    ("Secrets Manager's endpoint", endpoint(f"secretsmanager.{AWS}"), HTTPS, True),
    ("Parameter Store's endpoint", endpoint(f"ssm.{AWS}"), HTTPS, True),
    ("Bedrock's endpoint", endpoint(f"bedrock-runtime.{AWS}"), HTTPS, True),
    ("DynamoDB, whose addresses are public", outside(f"dynamodb.{AWS}", "52.94.2.10"), HTTPS, True),
    ("an interface endpoint that agents have no use for, by name", endpoint(f"ec2.{AWS}"), HTTPS, False),
    ("an interface endpoint by its address: IAM decides there", Peer("10.0.193.20"), HTTPS, True),
    ("the subnets of endpoints, on another port", Peer("10.0.193.20"), Port(22), False),
    ("S3", outside(f"s3.{AWS}", "52.216.1.1"), HTTPS, False),
    ("AWS in another region", outside("secretsmanager.eu-west-1.amazonaws.com"), HTTPS, False),
    ("the token endpoint", outside(TOKEN_HOST), HTTPS, True),
    ("the token endpoint, unencrypted", outside(TOKEN_HOST), HTTP, False),
    ("the token endpoint's address without its name", outside(), HTTPS, False),
    ("another account's token endpoint", outside(OTHERS_TOKEN_HOST), HTTPS, False),
    ("a host in the internet", outside("example.com"), HTTPS, False),
    ("an address in the internet", outside(address="198.51.100.9"), HTTPS, False),
    ("a DNS server in the internet", outside(address="198.51.100.53"), DNS_UDP, False),
    ("the VPC's own DNS server", Peer("10.0.0.2"), DNS_UDP, False),
    ("the cluster's DNS", Peer("172.20.0.10"), DNS_UDP, True),
    ("the cluster's DNS over TCP", Peer("172.20.0.10"), DNS_TCP, True),
    ("another service at the DNS address", Peer("172.20.0.10"), HTTPS, False),
    ("CoreDNS' pods", pod("kube-system", **{"k8s-app": "kube-dns"}), DNS_UDP, True),
    ("another pod of kube-system", pod("kube-system", **{"k8s-app": "metrics-server"}), HTTPS, False),
    ("the Pod Identity agent", Peer("169.254.170.23"), HTTP, True),
    ("the Pod Identity agent, on another port", Peer("169.254.170.23"), Port(2703), False),
    ("the instance metadata", Peer("169.254.169.254"), HTTP, False),
    (
        "the Kubernetes API, by its service",
        Peer("172.20.0.1", host="kubernetes.default.svc.cluster.local"),
        HTTPS,
        False,
    ),
    ("the Kubernetes API, by the service's address", Peer("172.20.0.1"), HTTPS, False),
    ("the Kubernetes API, at the control plane's interface", Peer("10.0.66.200"), HTTPS, False),
    ("the CloudWatch agent, in the network of the pod's node", Peer("10.0.64.1", node="node-a"), OTLP, True),
    ("the CloudWatch agent of another node", Peer("10.0.64.2", node="node-b"), OTLP, False),
    ("a pod beside the CloudWatch agent", pod("amazon-cloudwatch", app="fluent-bit"), OTLP, False),
    ("another node", Peer("10.0.64.99", node="node-b"), Port(10250), False),
    ("a pod of the namespace default", pod("default"), AGENT, False),
    ("a pod of the gateway's namespace", pod("gateway"), AGENT, False),
]
"""To what an agent's pod would connect, on which port, and whether it can."""

FROM_THE_OUTSIDE = [
    ("a pod of a namespace labelled as the gateway's", pod("gateway"), AGENT, True),
    ("the same, on another port", pod("gateway"), Port(9090), False),
    ("a pod with a gateway's label, in another namespace", pod("default", name="gateway"), AGENT, False),
    ("a namespace that only looks like the gateway's", pod("lookalike"), AGENT, False),
    ("a pod of kube-system", pod("kube-system"), AGENT, False),
    ("a machine in the VPC", Peer("10.0.64.200"), AGENT, False),
    ("the internet", outside(), AGENT, False),
    ("kubelet of its own node", Peer("10.0.64.1", node="node-a"), AGENT, True),
    ("kubelet of another node", Peer("10.0.64.2", node="node-b"), AGENT, False),
]
"""Who would connect to an agent's pod, on which port, and whether it can."""


@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize(("what", "target", "port", "reached"), TO_THE_OUTSIDE, ids=[row[0] for row in TO_THE_OUTSIDE])
def test_agent_reaches(tenant: str, what: str, target: Peer, port: Port, reached: bool) -> None:
    answers = {network().allows(agent, target, port) for agent in agents(tenant)}
    assert answers == {reached}, f"an agent of {tenant} → {what}"


@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize(
    ("what", "source", "port", "let_in"), FROM_THE_OUTSIDE, ids=[row[0] for row in FROM_THE_OUTSIDE]
)
def test_agent_lets_in(tenant: str, what: str, source: Peer, port: Port, let_in: bool) -> None:
    answers = {network().allows(source, agent, port) for agent in agents(tenant)}
    assert answers == {let_in}, f"{what} → an agent of {tenant}"


@pytest.mark.parametrize(("tenant", "other"), TENANTS.items())
@pytest.mark.parametrize("port", [AGENT, HTTPS, DNS_UDP, HTTP, OTLP], ids=lambda port: f"{port.protocol}-{port.number}")
def test_tenants_do_not_reach_each_other(tenant: str, other: str, port: Port) -> None:
    assert not any(network().allows(ours, theirs, port) for ours in agents(tenant) for theirs in agents(other))


def test_agents_of_one_tenant_do_not_reach_each_other() -> None:
    """What one agent wants of another goes through the gateway, where it is judged and recorded."""
    reporting, finance = agents("acme-corp")
    assert not network().allows(reporting, finance, AGENT)
    assert not network().allows(finance, reporting, AGENT)


def test_pod_that_is_no_agent_reaches_nothing() -> None:
    """Somebody starts a pod in a tenant's namespace: without the agents' label it has neither names nor addresses."""
    namespace = only(two_tenants()["acme-corp"], "Namespace")["metadata"]["name"]
    stray = Peer("10.0.64.77", namespace, {"run": "debug"}, node="node-a")
    elsewhere = [(target, port) for _, target, port, _ in TO_THE_OUTSIDE if target.node != stray.node]
    assert not any(network().allows(stray, target, port) for target, port in elsewhere)
    assert not network().allows(pod("gateway"), stray, AGENT)


def test_host_rules_need_auto_mode() -> None:
    """Why agents are bound to nodes of Auto Mode: elsewhere they would get no token."""
    [agent] = agents("globex")
    managed = Peer(agent.address, agent.namespace, agent.labels, agent.ports, auto_mode=False)
    assert not network().allows(managed, outside(TOKEN_HOST), HTTPS)
    assert network().allows(managed, endpoint(GATEWAY), HTTPS)
    for deployment in of_kind(two_tenants()["globex"], "Deployment"):
        assert deployment["spec"]["template"]["spec"]["nodeSelector"]["eks.amazonaws.com/compute-type"] == "auto"
