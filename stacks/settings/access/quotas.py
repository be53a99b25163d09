"""Whether what an environment's tenants need fits the account's service quotas (R19)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from foundation.policy_text import GATEWAY_ARN_CHARACTERS
from stacks.settings.access.plan import AccessPlan
from stacks.settings.quotas import QuotaSettings
from stacks.settings.tenant import TenantSettings

PLATFORM_KEYS = 12
PLATFORM_PARAMETERS = 20
PLATFORM_STACKS = 10
"""What an environment has of these without a tenant, at most: its own stacks and what they hold."""


@dataclass(frozen=True)
class _Need:
    quota: str
    count: int
    what: str
    limit: str
    way_out: str = (
        "raise it with AWS and write the new value there, or limit tenants with `environments` in their files"
    )


def quota_mistakes(
    name: str,
    quotas: QuotaSettings,
    tenants: Sequence[TenantSettings],
    plan: AccessPlan,
    *,
    external: bool,
    clustered: bool,
) -> Iterator[str]:
    """A sentence for each quota that the environment `name` would pass, with the number and the quota.

    Args:
        name: the environment.
        quotas: the account's.
        tenants: those of the environment.
        plan: their access, worked out.
        external: whether the identity provider, which holds clients and secrets, is outside of the kit.
        clustered: whether the environment has a cluster, in which tenants have workloads.
    """
    for need in [*_tenant_needs(tenants, external=external, clustered=clustered), *_policy_needs(plan)]:
        allowed = getattr(quotas, need.quota)
        if need.count > allowed:
            yield (
                f"config/{name}.yaml: quotas.{need.quota}: {need.what} in {name} are {need.count}, and {need.limit} "
                f"{allowed}: {need.way_out}"
            )


def _tenant_needs(tenants: Sequence[TenantSettings], *, external: bool, clustered: bool) -> Iterator[_Need]:
    agents = sum(len(tenant.agents) for tenant in tenants)
    suspended = sum(tenant.suspended + sum(agent.suspended for agent in tenant.agents.values()) for tenant in tenants)
    if not external:
        yield _Need("clients_per_pool", agents, "app clients of agents", "a user pool takes")
        yield _Need("secrets", agents, "secrets of agents", "account and region take")
    yield _Need("kms_keys", len(tenants) + PLATFORM_KEYS, "keys of tenants and platform", "account and region take")
    talking = [len(tenant.conversations) for tenant in tenants]
    running = sum(bool(tenant.workloads) for tenant in tenants) if clustered else 0
    stacks = len(tenants) + sum(map(bool, talking)) + running + PLATFORM_STACKS
    yield _Need("stacks", stacks, "stacks of tenants and platform", "account and region take")
    yield _Need(
        "parameters",
        agents + suspended + sum(talking) + PLATFORM_PARAMETERS,
        "parameters of agents, suspensions and platform",
        "account and region take",
    )
    budgets = sum(tenant.budget_usd is not None for tenant in tenants)
    yield _Need("budgets", budgets, "budgets of tenants", "an account takes")


def _policy_needs(plan: AccessPlan) -> Iterator[_Need]:
    fewer = (
        "AWS does not raise it: put agents into groups of config/policies/groups.yaml instead of groups of their tenant"
    )
    policies = [*plan.platform_policies, *(policy for own in plan.tenant_policies.values() for policy in own)]
    yield _Need("policies_per_engine", len(policies), "Cedar policies", "a policy engine takes", fewer)
    # Policies without a resource count against a sum of their own, which only hand-written ones do.
    size = sum(len(policy.for_gateway("x" * GATEWAY_ARN_CHARACTERS).encode()) for policy in policies)
    yield _Need("policy_bytes_per_gateway", size, "bytes of Cedar policies", "a gateway takes", fewer)
    for limit in plan.rate_limits:
        yield _Need(
            "rate_limit_entries",
            len(limit.entries),
            f"entries of the rate limit {limit.name}",
            "a rate limit takes",
            "AWS does not raise it: leave `limits` out where the environment's own limit does",
        )
