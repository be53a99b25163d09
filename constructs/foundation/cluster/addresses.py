"""Addresses inside every cluster that rules name: fixed when it is made, and known before. No CDK here."""

from __future__ import annotations

from ipaddress import IPv4Network

DEFAULT_SERVICE_CIDR = "172.20.0.0/16"
"""Addresses of Kubernetes services, unless settings say otherwise. They exist within the cluster alone."""

POD_IDENTITY_ADDRESS = "169.254.170.23"
"""Where the Pod Identity agent of each node answers, over HTTP, port 80
(https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html)."""


def dns_address(service_cidr: str) -> str:
    """The address that pods ask for names: the tenth of `service_cidr`.

    It is that of the service kube-dns. On Auto Mode nodes a process of the node answers there, so that rules which
    select CoreDNS's pods do not match it (https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html).
    """
    return str(IPv4Network(service_cidr)[10])
