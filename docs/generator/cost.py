"""The page of what a cluster costs when nothing runs on it, from the settings and a table of list prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docs.generator.markdown import code, page, table
from stacks.settings import available_environments, load_settings
from stacks.settings.cluster import NEEDED_ENDPOINTS, ClusterSettings, NodeGroupSettings

HOURS = 730
"""Hours of a month, as AWS's calculator counts them."""

REGION, CHECKED = "us-east-1", "November 2026"
"""What the prices are of."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """A list price in US dollars.

    Attributes:
        dollars: what one unit costs.
        unit: the unit.
        source: the page that states it.
    """

    dollars: float
    unit: str
    source: str


PRICES = {
    "EKS cluster": Price(dollars=0.10, unit="hour", source="https://aws.amazon.com/eks/pricing/"),
    "m6i.large": Price(dollars=0.096, unit="hour", source="https://aws.amazon.com/ec2/pricing/on-demand/"),
    "c6i.2xlarge": Price(dollars=0.34, unit="hour", source="https://aws.amazon.com/ec2/pricing/on-demand/"),
    "gp3 disk": Price(dollars=0.08, unit="GiB and month", source="https://aws.amazon.com/ebs/pricing/"),
    "interface endpoint": Price(
        dollars=0.01, unit="hour and zone", source="https://aws.amazon.com/privatelink/pricing/"
    ),
    "KMS key": Price(dollars=1.0, unit="month", source="https://aws.amazon.com/kms/pricing/"),
}
"""List prices by what they are for. An instance type that a node group begins with has to be here."""

KEYS = 2
"""Keys of the cluster's stack."""


def cost_page() -> str:
    """The monthly cost at idle of each environment that has a cluster."""
    parts = [
        "What a month costs before the first agent runs: the cluster, the nodes that its managed groups begin with, "
        "their disks, its keys, and the endpoints that a cluster must have. NAT gateways and further endpoints are the "
        "network's. Traffic, logs and metrics come on top; so do the nodes that Auto Mode makes for agents, at the "
        "instances' price and about 12% of it.",
        f"List prices of {REGION}, {CHECKED}, in US dollars, {HOURS} hours a month, on demand: a group of Spot "
        "capacity costs less.",
        table(
            ("what", "price", "per", "source"),
            ((name, f"{one.dollars:.3f}", one.unit, one.source) for name, one in PRICES.items()),
        ),
    ]
    for name in available_environments():
        environment = load_settings(name).environment
        if environment.cluster is not None:
            rows = list(_rows(environment.cluster, zones=environment.network.availability_zones))
            total = sum(dollars for _, _, dollars in rows)
            parts += [
                f"## {code(name)}",
                table(
                    ("what", "how much", "a month"),
                    [*((what, amount, f"{cost:.2f}") for what, amount, cost in rows), ("together", "", f"{total:.2f}")],
                ),
            ]
    return page("What a cluster costs at idle", *parts)


def _rows(cluster: ClusterSettings, *, zones: int) -> Iterator[tuple[str, str, float]]:
    """What there is, how much of it, and what that costs a month."""
    yield "EKS cluster", f"{HOURS} hours", PRICES["EKS cluster"].dollars * HOURS
    for name, group in (("general", cluster.general), ("compute", cluster.compute)):
        if group.desired:
            yield from _group_rows(name, group)
    endpoints = len(NEEDED_ENDPOINTS)
    yield (
        "interface endpoints",
        f"{endpoints} in {zones} zones",
        PRICES["interface endpoint"].dollars * HOURS * endpoints * zones,
    )
    yield "KMS keys", str(KEYS), PRICES["KMS key"].dollars * KEYS


def _group_rows(name: str, group: NodeGroupSettings) -> Iterator[tuple[str, str, float]]:
    kind = group.instance_types[0]
    if kind not in PRICES:
        raise ValueError(f"docs/generator/cost.py has no price of {kind}, which the group {name} begins with: add it")
    yield (
        f"nodes of the group {code(name)}",
        f"{group.desired} of {kind}",
        PRICES[kind].dollars * HOURS * group.desired,
    )
    yield (
        f"disks of the group {code(name)}",
        f"{group.desired} of {group.volume_gib} GiB",
        PRICES["gp3 disk"].dollars * group.volume_gib * group.desired,
    )
