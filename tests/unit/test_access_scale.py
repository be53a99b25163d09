"""The access plan with a thousand tenants: what fits, what does not, and that tenants do not touch each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stacks.settings import AccessPlan, AgentSettings, GroupSettings, PlatformGroups, TenantSettings, load_settings
from stacks.settings.access import Sources, plan_access
from stacks.settings.access.offer import read_offer
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.loader import ROOT
from stacks.settings.quotas import QuotaSettings
from stacks.settings.yaml_file import read_yaml

TENANTS = 1000
SCOPES = ("aws-operations/read", "aws-edge/read", "aws-monitoring/read")


def tenant(number: int, *, own: bool) -> TenantSettings:
    """A tenant with two agents, one of them in a group of its own if asked for."""
    groups = {"own": GroupSettings.model_validate({"tools": ["aws-operations/get_time"]})} if own else {}
    return TenantSettings(
        tenant=f"tenant-{number}",
        organization="org",
        agents={
            "first": AgentSettings(type="a", groups=("service-desk", *groups), scopes=SCOPES),
            "second": AgentSettings(type="a", groups=("network-engineers",), scopes=SCOPES),
        },
        groups=groups,
    )


@pytest.fixture(scope="module")
def sources() -> Sources:
    """Dev's servers and platform groups, without a tenant; a pool with room for two thousand clients."""
    settings = load_settings("dev")
    groups = PlatformGroups.model_validate(read_yaml(ROOT / "config" / "policies" / "groups.yaml")).groups
    return Sources(
        name="dev",
        environment=settings.environment.model_copy(update={"quotas": QuotaSettings(clients_per_pool=2 * TENANTS)}),
        tenants=(),
        everywhere=(),
        platform=PlatformGroups(groups={name: groups[name] for name in ("service-desk", "network-engineers")}),
        statements=(),
        offer=read_offer(settings.served_majors, {}, {}),
        elsewhere=(),
    )


def plan(sources: Sources, tenants: list[TenantSettings]) -> tuple[AccessPlan | None, list[str]]:
    return plan_access(replace(sources, tenants=tenants, everywhere=tenants))


def test_a_thousand_tenants_in_platform_groups_fit(sources: Sources) -> None:
    access, mistakes = plan(sources, [tenant(number, own=False) for number in range(TENANTS)])
    assert mistakes == []
    assert access is not None
    assert len(access.directory) == 2 * TENANTS
    assert len(access.platform_policies) == 2
    assert access.tenant_policies == {}


def test_a_tenant_has_the_same_policies_and_entries_whoever_is_beside_it(sources: Sources) -> None:
    among, _ = plan(sources, [tenant(number, own=True) for number in range(100)])
    alone, _ = plan(sources, [tenant(7, own=True)])
    assert among is not None
    assert alone is not None
    assert among.tenant_policies["tenant-7"] == alone.tenant_policies["tenant-7"]
    assert among.platform_policies == alone.platform_policies
    assert {agent: among.directory[agent] for agent in alone.directory} == alone.directory
    assert among.rate_limits == alone.rate_limits


def test_a_thousand_tenants_with_groups_of_their_own_do_not_fit_and_are_told_so(sources: Sources) -> None:
    access, mistakes = plan(sources, [tenant(number, own=True) for number in range(TENANTS)])
    assert access is None
    assert [mistake.split(" in dev are ")[0] for mistake in mistakes] == [
        "config/dev.yaml: quotas.policies_per_engine: Cedar policies",
        "config/dev.yaml: quotas.policy_bytes_per_gateway: bytes of Cedar policies",
    ]
    assert " 1002, and a policy engine takes 1000: " in mistakes[0]
    assert ", and a gateway takes 200000: " in mistakes[1]


def test_default_quota_of_clients_is_told_with_its_number(sources: Sources) -> None:
    environment: EnvironmentSettings = sources.environment.model_copy(update={"quotas": QuotaSettings()})
    everyone = [tenant(number, own=False) for number in range(TENANTS)]
    _, mistakes = plan(replace(sources, environment=environment), everyone)
    assert mistakes == [
        "config/dev.yaml: quotas.clients_per_pool: app clients of agents in dev are 2000, and a user pool takes 1000: "
        "raise it with AWS and write the new value there, or limit tenants with `environments` in their files"
    ]
