"""What groups come to in one environment: what each grants, and the policies that say so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from foundation.policy_text import PolicyText
from stacks.settings.access.grants import Granted, resolve
from stacks.settings.access.handwritten import Statement
from stacks.settings.access.members import PLATFORM_FILE, Member
from stacks.settings.access.offer import Offer
from stacks.settings.access.statements import policies
from stacks.settings.environment import EnvironmentSettings
from stacks.settings.groups import GroupSettings, PlatformGroups
from stacks.settings.identity import ClaimNames, OidcProvider
from stacks.settings.tenant import TenantSettings


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a plan is made from.

    Attributes:
        name: the environment's name.
        environment: its settings.
        tenants: its tenants, sorted by name.
        everywhere: the tenants of all environments.
        platform: the platform's groups.
        statements: the hand-written Cedar for it.
        offer: what its gateway offers.
        elsewhere: tool servers and targets of any environment.
    """

    name: str
    environment: EnvironmentSettings
    tenants: Sequence[TenantSettings]
    everywhere: Sequence[TenantSettings]
    platform: PlatformGroups
    statements: Sequence[Statement]
    offer: Offer
    elsewhere: Collection[str]

    @property
    def claims(self) -> ClaimNames:
        """What the provider calls the claims."""
        return self.environment.identity.provider.claims

    @property
    def external(self) -> bool:
        """Whether clients and secrets are the business of a provider outside of the kit."""
        return isinstance(self.environment.identity.provider, OidcProvider)


@dataclass(frozen=True, kw_only=True)
class GroupPolicies:
    """What groups grant in this environment, and the policies that say so.

    Attributes:
        granted: what each group grants, by the group as claims have it.
        platform: policies of each platform group by its name.
        own: policies of each tenant's own groups by tenant, where it has such.
    """

    granted: Mapping[str, Granted]
    platform: Mapping[str, tuple[PolicyText, ...]]
    own: Mapping[str, tuple[PolicyText, ...]]

    def policies_of(self, member: Member) -> list[PolicyText]:
        """The policies of the agent's groups."""
        platform = (policy for group in member.groups for policy in self.platform.get(group, ()))
        return [*platform, *self.own.get(member.tenant.tenant, ())]

    def all(self) -> Iterator[PolicyText]:
        """Every policy."""
        for policies_of_one in (*self.platform.values(), *self.own.values()):
            yield from policies_of_one


def group_policies(sources: Sources) -> tuple[GroupPolicies, list[str]]:
    """What groups grant, with their policies, and a sentence for each grant that names nothing."""
    granted: dict[str, Granted] = {}
    mistakes: list[str] = []

    def read(name: str, group: GroupSettings, place: str) -> Granted:
        granted[name], wrong = resolve(group, sources.offer, elsewhere=sources.elsewhere, place=place)
        mistakes.extend(wrong)
        return granted[name]

    claim = sources.claims.groups
    platform, own = {}, {}
    for name, group in sources.platform.groups.items():
        found = read(name, group, f"{PLATFORM_FILE}: groups.{name}")
        description = group.description or f"Platform group {name}"
        platform[name] = policies(
            f"platform_{name.replace('-', '_')}", {name: found}, claim=claim, description=description
        )
    for tenant in sources.tenants:
        label = f"config/tenants/{tenant.tenant}.yaml"
        groups = {
            f"{tenant.tenant}/{name}": read(f"{tenant.tenant}/{name}", group, f"{label}: groups.{name}")
            for name, group in tenant.groups.items()
        }
        found_policies = policies(
            f"tenant_{tenant.tenant.replace('-', '_')}",
            groups,
            claim=claim,
            description=f"Groups of tenant {tenant.tenant}",
        )
        if found_policies:
            own[tenant.tenant] = found_policies
    return GroupPolicies(granted=granted, platform=platform, own=own), mistakes
