"""Plans of tenants for tests: two that look like those of config/tenants, and ways to change them."""

from dataclasses import replace
from typing import Any

from foundation.kubernetes import Manifest, NetworkAccess, TenantPlan, WorkloadPlan, tenant_manifests
from foundation.model import ModelAccess

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/reference-agent:1.0.0"
MODEL = ModelAccess(model="anthropic.claude-sonnet-4-6", profile="us")
NETWORK = NetworkAccess(
    region="us-east-1",
    endpoint_cidrs=("10.0.192.0/24", "10.0.193.0/24", "10.0.194.0/24"),
    service_cidr="172.20.0.0/16",
    token_host="foundation-prod-123456789012.auth.us-east-1.amazoncognito.com",
)


def workload(agent: str = "reporting-agent", tenant: str = "acme-corp", **changes: Any) -> WorkloadPlan:
    """An agent's workload, with `changes`."""
    usual: dict[str, Any] = {
        "agent": agent,
        "image": IMAGE,
        "min_replicas": 2,
        "max_replicas": 6,
        "cpu": "250m",
        "memory": "512Mi",
        "secret": f"foundation/prod/agents/{tenant}/{agent}",
        "model": MODEL,
    }
    return WorkloadPlan(**(usual | changes))


def tenant_plan(tenant: str = "acme-corp", *agents: str, **changes: Any) -> TenantPlan:
    """A tenant with these agents, with `changes`."""
    plan = TenantPlan(
        tenant=tenant,
        environment="prod",
        kubernetes_version="1.36",
        gateway_parameter="/foundation/prod/gateway/url",
        network=NETWORK,
        workloads=tuple(workload(agent, tenant) for agent in agents or ("reporting-agent",)),
    )
    return replace(plan, **changes)


def two_tenants() -> dict[str, list[Manifest]]:
    """The manifests of two tenants by tenant."""
    return {
        "acme-corp": tenant_manifests(tenant_plan("acme-corp", "reporting-agent", "finance-agent")),
        "globex": tenant_manifests(tenant_plan("globex", "delivery-agent")),
    }


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    """Those of one kind."""
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def only(manifests: list[Manifest], kind: str) -> Manifest:
    """The one of its kind; fails when there are more or fewer."""
    [found] = of_kind(manifests, kind)
    return found
