"""Who can connect to whom under given policies: NetworkPolicy, and EKS' ApplicationNetworkPolicy with its hosts.

https://kubernetes.io/docs/concepts/services-networking/network-policies/: a pod that no policy selects for a direction
is open in it; one that some select has the sum of what they allow; a connection needs the source's egress and the
target's ingress; a pod and its own node always reach each other. https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html:
rules with host names hold on nodes of Auto Mode alone, and there a pod resolves the hosts of its rules and no others.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foundation.kubernetes.selectors import selects

Json = dict[str, Any]


@dataclass(frozen=True)
class Peer:
    """One end of a connection.

    Attributes:
        address: its address.
        namespace: its namespace, when it is a pod.
        labels: its labels, when it is a pod.
        ports: its named ports, when it is a pod.
        host: the name by which it is called, when it is.
        node: the node that it is or runs on.
        auto_mode: whether that node is one of EKS Auto Mode.
    """

    address: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    host: str | None = None
    node: str | None = None
    auto_mode: bool = True


@dataclass(frozen=True)
class Port:
    """What is connected to."""

    number: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class Network:
    """Namespaces with their labels, and the policies in them."""

    namespaces: Mapping[str, Mapping[str, str]]
    policies: Sequence[Json]

    @classmethod
    def of(cls, manifests: Sequence[Json], **others: Mapping[str, str]) -> "Network":
        """The namespaces and policies among `manifests`, with namespaces of `others` by name and labels."""
        own = {one["metadata"]["name"]: one["metadata"]["labels"] for one in manifests if one["kind"] == "Namespace"}
        known = own | {name.replace("_", "-"): labels for name, labels in others.items()}
        named = {name: {"kubernetes.io/metadata.name": name, **labels} for name, labels in known.items()}
        return cls(named, [one for one in manifests if one["kind"].endswith("NetworkPolicy")])

    def allows(self, source: Peer, target: Peer, port: Port) -> bool:
        """Whether `source` gets a connection to `target`, by name where the target has one."""
        if source.node is not None and source.node == target.node and None in (source.namespace, target.namespace):
            return True
        if source.namespace is not None and target.host is not None and not self.resolves(source, target.host):
            return False
        return self._open("Egress", source, target, port) and self._open("Ingress", target, source, port)

    def resolves(self, pod: Peer, host: str) -> bool:
        """Whether `pod` gets an answer from DNS about `host`, given that it reaches DNS at all."""
        listed = [name for rule in self._rules("Egress", pod) for peer in rule.get("to", []) for name in _names(peer)]
        return not listed or not pod.auto_mode or any(_covers(name, host) for name in listed)

    def _open(self, direction: str, pod: Peer, other: Peer, port: Port) -> bool:
        """Whether `pod` is open for `other` in a direction; anything that is no pod always is."""
        if pod.namespace is None or not any(self._selecting(direction, pod)):
            return True
        side = "to" if direction == "Egress" else "from"
        return any(
            _has_port(rule, port, other if direction == "Egress" else pod)
            and (not rule.get(side) or any(self._is(peer, other, policy, pod) for peer in rule[side]))
            for policy in self._selecting(direction, pod)
            for rule in policy["spec"].get(direction.lower(), [])
        )

    def _rules(self, direction: str, pod: Peer) -> Iterator[Json]:
        for policy in self._selecting(direction, pod):
            yield from policy["spec"].get(direction.lower(), [])

    def _selecting(self, direction: str, pod: Peer) -> Iterator[Json]:
        for policy in self.policies:
            spec = policy["spec"]
            usual = ["Ingress", *(["Egress"] if "egress" in spec else [])]
            if (
                policy["metadata"]["namespace"] == pod.namespace
                and direction in spec.get("policyTypes", usual)
                and selects(spec["podSelector"], pod.labels)
            ):
                yield policy

    def _is(self, peer: Json, other: Peer, policy: Json, pod: Peer) -> bool:
        """Whether a rule of `policy` for `pod` means `other` by `peer`."""
        if "ipBlock" in peer:
            return _inside(peer["ipBlock"], other.address)
        if "domainNames" in peer:
            return pod.auto_mode and other.host is not None and any(_covers(name, other.host) for name in _names(peer))
        if other.namespace is None:
            return False
        if "namespaceSelector" in peer:
            if not selects(peer["namespaceSelector"], self.namespaces[other.namespace]):
                return False
        elif other.namespace != policy["metadata"]["namespace"]:
            return False
        return selects(peer.get("podSelector", {}), other.labels)


def agent_pod(deployment: Json, address: str, **where: Any) -> Peer:
    """A pod that a Deployment makes."""
    template = deployment["spec"]["template"]
    ports = {port["name"]: port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    return Peer(address, deployment["metadata"]["namespace"], template["metadata"]["labels"], ports, **where)


def _names(peer: Json) -> list[str]:
    names: list[str] = peer.get("domainNames", [])
    return names


def _covers(name: str, host: str) -> bool:
    """`*.` stands for one or more whole labels (description of `domainNames` in EKS' definition of the kind)."""
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def _inside(block: Json, address: str) -> bool:
    where = ipaddress.ip_address(address)
    return where in ipaddress.ip_network(block["cidr"]) and not any(
        where in ipaddress.ip_network(hole) for hole in block.get("except", [])
    )


def _has_port(rule: Json, port: Port, target: Peer) -> bool:
    """Whether a rule is about `port`; names of ports are the target's, which only a pod has."""
    if not rule.get("ports"):
        return True
    for allowed in rule["ports"]:
        first = allowed.get("port")
        if isinstance(first, str):
            first = target.ports.get(first, -1)
        if allowed.get("protocol", "TCP") == port.protocol and (
            first is None or first <= port.number <= allowed.get("endPort", first)
        ):
            return True
    return False
