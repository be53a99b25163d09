"""The Kubernetes cluster of an environment (R17), and what its network must have for it."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from foundation.cluster.versions import DEFAULT_VERSION, why_not
from stacks.settings.base import SettingsModel, text

NEEDED_ENDPOINTS = (
    "bedrock-agentcore.gateway", "bedrock-runtime", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "kms", "lambda",
    "logs", "monitoring", "secretsmanager", "ssm", "sts",
)  # fmt: skip
"""Interface endpoints that nodes, add-ons and agents use. Nodes start without the internet
(https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html), and network policies of agents admit AWS by
the endpoints' addresses."""

DEFAULT_SERVICE_CIDR = "172.20.0.0/16"
"""Addresses of Kubernetes services, unless a file says otherwise."""

LEAST_ZONES = 3
"""Zones that control plane and nodes are in: one may be lost, or taken out, and the others keep a majority."""

InstanceType = Annotated[
    str,
    text(r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", wanted="an EC2 instance type, like m6i.large"),
]
"""https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html."""

Registry = Annotated[
    str,
    text(
        r"^[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(:\d{2,5})?(/[a-z0-9]+([._-][a-z0-9]+)*)*$",
        wanted="an image registry's host and a path in it, like 123456789012.dkr.ecr.us-east-1.amazonaws.com/agents",
        longest=200,
    ),
]
"""Where images are, without `https://`, tag or slash at the end."""

RoleReference = Annotated[
    str,
    text(
        r"^(arn:aws:iam::\d{12}:role/[\w+=,.@/-]+|[\w+=,.@-]{1,64})$",
        wanted="the ARN of an IAM role, or the name of one in the environment's account that has no path",
    ),
]
"""A role of people. Roles of IAM Identity Center have a path, and so have to be ARNs."""

KubernetesVersion = Annotated[str, text(r"^1\.\d{2}$", wanted="a Kubernetes version in quotes, like '1.36'")]

Capacity = Literal["on-demand", "spot"]

_ARM = re.compile(r"^([a-z-]+\d+[a-z]*g[a-z]*|a1)(-[a-z0-9-]+)?$")
"""Families of AWS's own processors: a g after the generation's number."""


def architecture(instance_type: str) -> Literal["amd64", "arm64"]:
    """What the processors of `instance_type` run."""
    return "arm64" if _ARM.match(instance_type.partition(".")[0]) else "amd64"


class NodeGroupSettings(SettingsModel):
    """A managed node group: instances that run whether or not pods need them."""

    instance_types: tuple[InstanceType, ...] = Field(min_length=1, max_length=20, strict=False)
    """What it is made of, all of one architecture: with arm64 types its nodes are arm64."""
    minimum: Annotated[int, Field(ge=0, le=450)]
    """Nodes it has at least."""
    maximum: Annotated[int, Field(ge=1, le=450)]
    """Nodes it has at most; 450 is AWS's quota."""
    desired: Annotated[int, Field(ge=0, le=450)]
    """Nodes it begins with."""
    capacity: Capacity = "on-demand"
    """`spot` is spare capacity: cheaper, and taken back at two minutes' notice."""
    volume_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    """Size of each node's encrypted gp3 disk, in GiB."""

    @field_validator("instance_types")
    @classmethod
    def _one_architecture(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        found = {architecture(name): name for name in value}
        if len(found) > 1:
            raise ValueError(
                f"{found['amd64']} is amd64 and {found['arm64']} is arm64, and a node group runs one image: name "
                "types of one architecture"
            )
        return value

    @field_validator("maximum")
    @classmethod
    def _not_below_the_minimum(cls, value: int, info: ValidationInfo) -> int:
        minimum = info.data.get("minimum")
        if minimum is not None and value < minimum:
            raise ValueError(f"is below minimum, which is {minimum}: raise it, or lower minimum")
        return value

    @field_validator("desired")
    @classmethod
    def _between_the_two(cls, value: int, info: ValidationInfo) -> int:
        minimum, maximum = info.data.get("minimum"), info.data.get("maximum")
        if minimum is not None and maximum is not None and not minimum <= value <= maximum:
            raise ValueError(f"is not between minimum and maximum: use {minimum} to {maximum}")
        return value


class AgentNodeSettings(SettingsModel):
    """The nodes that Auto Mode makes for agents, as many as they need."""

    architecture: Literal["amd64", "arm64"] = "amd64"
    """What the agents' images are built for."""
    capacity: Capacity = "on-demand"
    """`spot` takes spare capacity where there is some, and on-demand capacity otherwise."""
    cpu_limit: Annotated[int, Field(ge=2, le=10000)] = 64
    """Processors that all of these nodes have together at most."""
    memory_limit_gib: Annotated[int, Field(ge=4, le=100000)] = 256
    """Memory that all of them have together at most, in GiB."""


GENERAL = NodeGroupSettings(instance_types=("m6i.large", "m6i.xlarge"), minimum=2, maximum=10, desired=3)
COMPUTE = NodeGroupSettings(instance_types=("c6i.2xlarge", "c6i.4xlarge"), minimum=0, maximum=20, desired=0)


class ClusterSettings(SettingsModel):
    """The EKS cluster that agents run on (R17). Without this section there is none."""

    # The default must have its kubectl as well as what a file says.
    version: Annotated[KubernetesVersion, Field(validate_default=True)] = DEFAULT_VERSION
    """Kubernetes version, in quotes. It can only be raised, one minor version at a time."""
    admins: tuple[RoleReference, ...] = Field(min_length=1, strict=False)
    """Roles of people who may assume the cluster's admin role: ARNs, or names of roles in the environment's account."""
    readers: tuple[RoleReference, ...] = Field(min_length=1, strict=False)
    """Roles of people who may assume its read-only role, which sees no Kubernetes Secrets."""
    registry: Registry | None = None
    """Where the images of agents are that name no registry of their own."""
    general: NodeGroupSettings = GENERAL
    """Nodes for what the cluster itself runs (DNS, drivers, observability) and for whatever else names no nodes. Left
    out: m6i.large and m6i.xlarge, 2 to 10, 3 at first."""
    compute: NodeGroupSettings = COMPUTE
    """Nodes for heavy work that others bring into the cluster, tainted workload-type=compute-intensive: no `workload`
    runs on them, since network policies name hosts on the agents' nodes alone. Its keys are those of general. Left out:
    c6i.2xlarge and c6i.4xlarge, 0 to 20, none at first."""
    agents: AgentNodeSettings = AgentNodeSettings()
    """Nodes that Auto Mode makes for agents, tainted workload-type=agents."""
    service_cidr: str = DEFAULT_SERVICE_CIDR
    """Addresses of Kubernetes services; for good. They exist within the cluster alone."""
    extended_support: bool = False
    """Stay on a version for a year after its standard support has ended, at a higher price. Otherwise AWS upgrades the
    cluster when it ends."""
    zonal_shift: bool = True
    """Let Application Recovery Controller take a zone out of the cluster, when told to."""

    @field_validator("version")
    @classmethod
    def _can_be_made(cls, value: str) -> str:
        if reason := why_not(value):
            raise ValueError(reason)
        return value

    @field_validator("service_cidr")
    @classmethod
    def _services_have_room(cls, value: str) -> str:
        """https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html."""
        try:
            network = IPv4Network(value)
        except ValueError as error:
            raise ValueError(f"is no IPv4 network ({error}): write it like {DEFAULT_SERVICE_CIDR}") from None
        if not network.is_private or not 12 <= network.prefixlen <= 24:
            raise ValueError(f"is no private range between /12 and /24: use one like {DEFAULT_SERVICE_CIDR}")
        return value


def network_mistakes(
    cluster: ClusterSettings, *, cidr: str, zones: int, nat_gateways: int, endpoints: Collection[str]
) -> list[str]:
    """What a network lacks for `cluster`: sentences that begin with the key that is wrong.

    Args:
        cluster: the cluster.
        cidr: the VPC's addresses.
        zones: how many zones its subnets are in.
        nat_gateways: how many ways out it has.
        endpoints: its interface endpoints.
    """
    found = []
    if zones < LEAST_ZONES:
        found.append(
            f"network.availability_zones: {zones} are too few for a cluster, which is to survive the loss of one: use "
            f"{LEAST_ZONES} or more, or remove cluster"
        )
    if not nat_gateways:
        # https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html
        found.append(
            "network.nat_gateways: 0 leaves pods without a way to the token endpoint, which no interface endpoint "
            "serves: use 1 or more, or remove cluster"
        )
    if missing := [name for name in NEEDED_ENDPOINTS if name not in endpoints]:
        found.append(
            f"network.interface_endpoints: lacks {', '.join(missing)}, which nodes and agents of a cluster reach AWS "
            "through: add what is missing, or remove cluster"
        )
    if IPv4Network(cluster.service_cidr).overlaps(IPv4Network(cidr)):
        found.append(
            f"cluster.service_cidr: {cluster.service_cidr} overlaps network.cidr, which is {cidr}: use a range that "
            "nothing in the VPC has"
        )
    return found
