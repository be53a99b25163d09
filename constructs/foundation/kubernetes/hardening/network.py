"""Rules for network policies: each says to whom, and on which ports."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from foundation.kubernetes.plans import Manifest

_METADATA = ipaddress.IPv4Address("169.254.169.254")
"""Where a node's own credentials are; a pod that gets there is its node."""
_WIDEST = 16
_FEWEST_LABELS = 3
"""Of what stands behind `*.`: `*.amazonaws.com` is every bucket of everybody."""
_SIDES = {"ingress": "from", "egress": "to"}


def of_network_policy(manifest: Manifest) -> Iterator[str]:
    """What a network policy allows that no tenant's policy may."""
    if manifest["kind"] not in ("NetworkPolicy", "ApplicationNetworkPolicy"):
        return
    for direction, side in _SIDES.items():
        for rule in manifest["spec"].get(direction, []):
            if not rule.get("ports"):
                yield f"allows {direction} on every port: say which in ports"
            if not rule.get(side):
                yield f"allows {direction} {side} everywhere: say which peers in {side}"
            for peer in rule.get(side, []):
                yield from _peer(peer, direction)


def _peer(peer: Manifest, direction: str) -> Iterator[str]:
    if peer.get("namespaceSelector") == {}:
        yield f"allows {direction} for every namespace: select some by their labels"
    if "ipBlock" in peer:
        network = ipaddress.ip_network(peer["ipBlock"]["cidr"])
        if network.prefixlen < _WIDEST:
            yield f"allows {direction} for {network}, which is more than one network: name the subnets"
        if _METADATA in network:
            yield f"allows {direction} for {network}, where nodes get their credentials: leave it out"
    for host in peer.get("domainNames", []):
        if host.startswith("*.") and host.count(".") < _FEWEST_LABELS:
            yield f"allows {direction} to {host}, which is everybody's: name the hosts"
