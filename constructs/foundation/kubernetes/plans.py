"""What a tenant has in the cluster, as plain data: the input of everything else in this package."""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from foundation.kubernetes import quantities
from foundation.kubernetes.images import ImageError, check_image
from foundation.kubernetes.quantities import QuantityError
from foundation.model import ModelAccess

Manifest = dict[str, Any]
"""A Kubernetes object as YAML has it."""

TENANT_LABEL = "foundation/tenant"
AGENT_LABEL = "foundation/agent"
AGENT_PODS = {"app": "ai-agent"}
"""Label of every agent's pods, as in source 000 §5.3."""

SURGE = 0.25
"""Share of its pods that a Deployment may have in excess while it is updated: Kubernetes' default, rounded up."""

_LABEL = re.compile(r"^[a-z]([a-z0-9-]{0,52}[a-z0-9])?$")
"""A DNS label (RFC 1123), short enough that `tenant-` before it fits as well."""
_HOST = re.compile(r"^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
_REGION = re.compile(r"^[a-z]{2}(-[a-z]+)+-[0-9]$")
_VERSION = re.compile(r"^1\.[0-9]{2}$")
_WIDEST_ENDPOINTS = 16

MOST_REPLICAS = 100
"""More pods of one agent are a mistake of typing sooner than a wish."""
SMALLEST_CPU = "10m"
SMALLEST_MEMORY = "16Mi"
"""Less than these no container starts with."""


class PlanError(ValueError):
    """A plan that no cluster would run as meant; the message is one sentence with the way out."""


@dataclass(frozen=True, kw_only=True)
class NetworkAccess:
    """Where pods of an environment may connect to; the same for all tenants.

    Attributes:
        region: of the environment.
        endpoint_cidrs: addresses of the subnets that hold interface endpoints, and nothing else that listens.
        service_cidr: from where the cluster takes addresses of its services; the tenth is the cluster's DNS.
        token_host: host of the token endpoint, or `*.` and the domain that it is in, where only a deployment knows it.
    """

    region: str
    endpoint_cidrs: tuple[str, ...]
    service_cidr: str
    token_host: str

    def __post_init__(self) -> None:
        if not _REGION.match(self.region):
            raise PlanError(f"{self.region!r} is no AWS region: write one like us-east-1")
        if not _HOST.match(self.token_host):
            raise PlanError(
                f"the token endpoint's host {self.token_host!r} is no host name: leave https:// and paths out"
            )
        if not self.endpoint_cidrs:
            raise PlanError("there are no addresses of interface endpoints: agents reach AWS by nothing else")
        for cidr in self.endpoint_cidrs:
            if _network(cidr).prefixlen < _WIDEST_ENDPOINTS:
                raise PlanError(f"{cidr} is wider than the subnets of interface endpoints: name those alone")
        _network(self.service_cidr)

    @property
    def dns_address(self) -> str:
        """The cluster's DNS: kubelet on EKS takes the tenth address of the range of services."""
        return str(_network(self.service_cidr)[10])


@dataclass(frozen=True, kw_only=True)
class WorkloadPlan:
    """An agent that runs in the cluster.

    Attributes:
        agent: its name within the tenant.
        image: reference with registry and version.
        min_replicas: pods at least.
        max_replicas: pods at most.
        cpu: of one pod, e.g. `250m`.
        memory: of one pod, e.g. `512Mi`.
        secret: name of the secret that holds its credentials.
        model: the model that it asks, and how it is reached.
    """

    agent: str
    image: str
    min_replicas: int
    max_replicas: int
    cpu: str
    memory: str
    secret: str
    model: ModelAccess

    def __post_init__(self) -> None:
        check_label(self.agent, "agent")
        try:
            check_image(self.image)
        except ImageError as error:
            raise PlanError(f"image of {self.agent}: {self.image!r} {error}") from None
        self._check_size("cpu", self.cpu, SMALLEST_CPU)
        self._check_size("memory", self.memory, SMALLEST_MEMORY)
        if not 1 <= self.min_replicas <= self.max_replicas <= MOST_REPLICAS:
            raise PlanError(
                f"replicas of {self.agent}: {self.min_replicas} to {self.max_replicas} cannot be: write at least 1, "
                f"at most {MOST_REPLICAS}, and no fewer at most than at least"
            )
        if (self.model.guardrail_id is None) != (self.model.guardrail_version is None):
            raise PlanError(f"guardrail of {self.agent}: name its id and its version, or neither")

    def _check_size(self, name: str, value: str, smallest: str) -> None:
        parse = quantities.cpu if name == "cpu" else quantities.memory
        try:
            enough = parse(value) >= parse(smallest)
        except QuantityError as error:
            raise PlanError(f"{name} of {self.agent}: {value!r} {error}") from None
        if not enough:
            raise PlanError(f"{name} of {self.agent}: {value!r} is too little to start with: write {smallest} or more")

    @property
    def surge(self) -> int:
        """Pods in excess of `max_replicas` while an update rolls out."""
        return math.ceil(self.max_replicas * SURGE)

    @property
    def most_pods(self) -> int:
        """Pods that count at once at most: all, a batch that starts, and a batch that is ending.

        A pod that is ending uses the quota until it is gone. An update whose batches start faster than the ones
        before them end waits for the quota, with all pods at work.
        """
        return self.max_replicas + 2 * self.surge

    @property
    def cores(self) -> Decimal:
        """CPU of one pod."""
        return quantities.cpu(self.cpu)

    @property
    def memory_bytes(self) -> int:
        """Memory of one pod."""
        return quantities.memory(self.memory)


@dataclass(frozen=True, kw_only=True)
class TenantPlan:
    """A tenant's part of the cluster.

    Attributes:
        tenant: its name.
        environment: the environment's name.
        kubernetes_version: the cluster's, e.g. `1.36`.
        gateway_parameter: name of the SSM parameter that holds the gateway's URL.
        network: where its pods may connect to.
        workloads: its agents that run in the cluster.
    """

    tenant: str
    environment: str
    kubernetes_version: str
    gateway_parameter: str
    network: NetworkAccess
    workloads: tuple[WorkloadPlan, ...] = ()

    def __post_init__(self) -> None:
        check_label(self.tenant, "tenant")
        if not _VERSION.match(self.kubernetes_version):
            raise PlanError(f"{self.kubernetes_version!r} is no version of Kubernetes: write one like 1.36")
        names = [workload.agent for workload in self.workloads]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise PlanError(f"{self.tenant} has {', '.join(twice)} twice: plan each agent once")

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return namespace_name(self.tenant)


def namespace_name(tenant: str) -> str:
    """The namespace of a tenant."""
    return f"tenant-{tenant}"


def service_account_name(agent: str) -> str:
    """The service account of an agent, in its tenant's namespace: the agent's own name."""
    return agent


def check_label(name: str, what: str) -> None:
    """Whether Kubernetes takes `name` as the name of an object and as a label.

    Raises:
        PlanError: it does not.
    """
    if not _LABEL.match(name):
        raise PlanError(
            f"{what} {name!r} cannot be a name in Kubernetes: use small letters, digits and hyphens, a letter first"
        )


def _network(cidr: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError:
        raise PlanError(f"{cidr!r} is no range of IPv4 addresses: write one like 10.0.192.0/20") from None
