"""The evaluator of network policies says what the Kubernetes documentation says of its own examples.

https://kubernetes.io/docs/concepts/services-networking/network-policies/ (the policies below are those of the page).
"""

from typing import Any

import pytest

from tests.kubernetes.network_policy import Network, Peer, Port

NAMESPACES = {"default": {}, "mine": {"project": "myproject"}, "other": {"project": "other"}}
REDIS, OUT = Port(6379), Port(5978)

DB = Peer("10.1.0.1", "default", {"role": "db"})
FRONTEND = Peer("10.1.0.2", "default", {"role": "frontend"})
BACKEND = Peer("10.1.0.3", "default", {"role": "backend"})


def policy(spec: dict[str, Any], namespace: str = "default", kind: str = "NetworkPolicy") -> dict[str, Any]:
    return {"kind": kind, "metadata": {"namespace": namespace}, "spec": spec}


def network(*specs: dict[str, Any], namespace: str = "default") -> Network:
    return Network(NAMESPACES, [policy(spec, namespace) for spec in specs])


THE_NETWORK_POLICY = {
    "podSelector": {"matchLabels": {"role": "db"}},
    "policyTypes": ["Ingress", "Egress"],
    "ingress": [
        {
            "from": [
                {"ipBlock": {"cidr": "172.17.0.0/16", "except": ["172.17.1.0/24"]}},
                {"namespaceSelector": {"matchLabels": {"project": "myproject"}}},
                {"podSelector": {"matchLabels": {"role": "frontend"}}},
            ],
            "ports": [{"protocol": "TCP", "port": 6379}],
        }
    ],
    "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}], "ports": [{"protocol": "TCP", "port": 5978}]}],
}


@pytest.mark.parametrize(
    ("source", "target", "port", "allowed"),
    [
        (FRONTEND, DB, REDIS, True),
        (FRONTEND, DB, Port(6380), False),
        (FRONTEND, DB, Port(6379, "UDP"), False),
        (BACKEND, DB, REDIS, False),
        (Peer("10.1.0.9", "mine"), DB, REDIS, True),
        (Peer("10.1.0.9", "other", {"role": "frontend"}), DB, REDIS, False),
        (Peer("172.17.0.255"), DB, REDIS, True),
        (Peer("172.17.2.0"), DB, REDIS, True),
        (Peer("172.17.1.1"), DB, REDIS, False),
        (Peer("172.18.0.1"), DB, REDIS, False),
        (DB, Peer("10.0.0.7"), OUT, True),
        (DB, Peer("10.0.1.7"), OUT, False),
        (DB, Peer("10.0.0.7"), Port(443), False),
        (FRONTEND, BACKEND, Port(80), True),
    ],
)
def test_example_of_the_page(source: Peer, target: Peer, port: Port, allowed: bool) -> None:
    assert network(THE_NETWORK_POLICY).allows(source, target, port) is allowed


def test_two_selectors_in_one_peer_are_both_needed() -> None:
    both = network(
        {
            "podSelector": {},
            "ingress": [
                {
                    "from": [
                        {
                            "namespaceSelector": {"matchLabels": {"project": "myproject"}},
                            "podSelector": {"matchLabels": {"role": "client"}},
                        }
                    ]
                }
            ],
        }
    )
    assert both.allows(Peer("10.1.0.9", "mine", {"role": "client"}), DB, REDIS)
    assert not both.allows(Peer("10.1.0.9", "mine", {"role": "other"}), DB, REDIS)
    assert not both.allows(Peer("10.1.0.9", "other", {"role": "client"}), DB, REDIS)


def test_two_selectors_in_two_peers_are_alternatives() -> None:
    either = network(
        {
            "podSelector": {},
            "ingress": [
                {
                    "from": [
                        {"namespaceSelector": {"matchLabels": {"project": "myproject"}}},
                        {"podSelector": {"matchLabels": {"role": "frontend"}}},
                    ]
                }
            ],
        }
    )
    assert either.allows(Peer("10.1.0.9", "mine", {"role": "other"}), DB, REDIS)
    assert either.allows(FRONTEND, DB, REDIS)
    assert not either.allows(BACKEND, DB, REDIS)


DENY_INGRESS = {"podSelector": {}, "policyTypes": ["Ingress"]}
ALLOW_INGRESS = {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]}
DENY_EGRESS = {"podSelector": {}, "policyTypes": ["Egress"]}
ALLOW_EGRESS = {"podSelector": {}, "egress": [{}], "policyTypes": ["Egress"]}


@pytest.mark.parametrize(
    ("specs", "allowed"),
    [
        ([], True),
        ([DENY_INGRESS], False),
        ([DENY_EGRESS], False),
        ([ALLOW_INGRESS], True),
        ([DENY_INGRESS, ALLOW_INGRESS], True),
        ([DENY_EGRESS, ALLOW_EGRESS], True),
        ([ALLOW_EGRESS, DENY_INGRESS], False),
        ([ALLOW_INGRESS, DENY_EGRESS], False),
    ],
)
def test_defaults_add_up_and_both_ends_count(specs: list[dict[str, Any]], allowed: bool) -> None:
    assert network(*specs).allows(FRONTEND, DB, REDIS) is allowed


def test_policy_is_for_pods_of_its_namespace() -> None:
    elsewhere = network(DENY_INGRESS, DENY_EGRESS, namespace="other")
    assert elsewhere.allows(FRONTEND, DB, REDIS)


def test_rules_alone_say_the_direction() -> None:
    """Without policyTypes a policy is for ingress, and for egress when it has egress rules."""
    assert not network({"podSelector": {}}).allows(FRONTEND, DB, REDIS)
    assert network({"podSelector": {}}).allows(DB, Peer("192.0.2.1"), OUT)
    assert not network({"podSelector": {}, "egress": []}).allows(DB, Peer("192.0.2.1"), OUT)


def test_range_of_ports() -> None:
    ports = network(
        {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}],
                    "ports": [{"protocol": "TCP", "port": 32000, "endPort": 32768}],
                }
            ],
        }
    )
    assert [ports.allows(DB, Peer("10.0.0.1"), Port(number)) for number in (31999, 32000, 32768, 32769)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_named_port_is_the_targets() -> None:
    named = network({"podSelector": {}, "ingress": [{"ports": [{"port": "http"}]}]})
    target = Peer("10.1.0.1", "default", {"role": "db"}, {"http": 8080})
    assert named.allows(FRONTEND, target, Port(8080))
    assert not named.allows(FRONTEND, target, Port(8081))
    assert not named.allows(FRONTEND, DB, Port(8080))


@pytest.mark.parametrize(
    ("expression", "namespaces"),
    [
        ({"key": "project", "operator": "In", "values": ["myproject", "other"]}, {"mine", "other"}),
        ({"key": "project", "operator": "NotIn", "values": ["other"]}, {"mine", "default"}),
        ({"key": "project", "operator": "Exists"}, {"mine", "other"}),
        ({"key": "project", "operator": "DoesNotExist"}, {"default"}),
    ],
)
def test_expressions_select_namespaces(expression: dict[str, Any], namespaces: set[str]) -> None:
    selected = network(
        {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {"matchExpressions": [expression]}}]}]}
    )
    assert {name for name in NAMESPACES if selected.allows(Peer("10.1.0.9", name), DB, REDIS)} == namespaces


def test_node_reaches_its_own_pods_alone() -> None:
    closed = network(DENY_INGRESS, DENY_EGRESS)
    pod = Peer("10.1.0.1", "default", node="a")
    assert closed.allows(Peer("10.2.0.1", node="a"), pod, Port(8080))
    assert not closed.allows(Peer("10.2.0.2", node="b"), pod, Port(8080))
    assert not closed.allows(Peer("10.1.0.5", "default", node="a"), pod, Port(8080)), "a pod is not its node"


def by_host(*names: str) -> Network:
    spec = {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"domainNames": list(names)}], "ports": [{"protocol": "TCP", "port": 443}]}],
    }
    return Network(NAMESPACES, [policy(spec, kind="ApplicationNetworkPolicy")])


HTTPS = Port(443)


def host(name: str) -> Peer:
    return Peer("192.0.2.1", host=name)


@pytest.mark.parametrize(
    ("names", "called", "allowed"),
    [
        (["kubernetes.io"], "kubernetes.io", True),
        (["kubernetes.io"], "www.kubernetes.io", False),
        (["kubernetes.io"], "my-kubernetes.io", False),
        (["*.kubernetes.io"], "www.kubernetes.io", True),
        (["*.kubernetes.io"], "latest.blog.kubernetes.io", True),
        (["*.kubernetes.io"], "kubernetes.io", False),
        (["*.kubernetes.io"], "wikipedia.org", False),
    ],
)
def test_hosts_as_the_definition_of_the_kind_explains_them(names: list[str], called: str, allowed: bool) -> None:
    assert by_host(*names).allows(DB, host(called), HTTPS) is allowed


def test_host_holds_for_its_name_and_port_and_on_auto_mode_alone() -> None:
    rules = by_host("kubernetes.io")
    assert not rules.allows(DB, Peer("192.0.2.1"), HTTPS), "the same address without the name"
    assert not rules.allows(DB, host("kubernetes.io"), Port(80))
    managed = Peer("10.1.0.1", "default", {"role": "db"}, auto_mode=False)
    assert not rules.allows(managed, host("kubernetes.io"), HTTPS)


def test_filter_on_dns_closes_names_whose_address_is_open() -> None:
    """The trap of mixing both kinds of policy: an address that is allowed is of no use without its name."""
    address = {
        "podSelector": {},
        "egress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}],
        "policyTypes": ["Egress"],
    }
    before = network(address)
    after = Network(NAMESPACES, [*before.policies, *by_host("kubernetes.io").policies])
    assert before.allows(DB, host("example.com"), HTTPS)
    assert not after.allows(DB, host("example.com"), HTTPS)
    assert after.allows(DB, Peer("192.0.2.1"), HTTPS)


def test_unknown_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="'Like' is no operator"):
        network({"podSelector": {"matchExpressions": [{"key": "role", "operator": "Like", "values": ["d*"]}]}}).allows(
            FRONTEND, DB, REDIS
        )
