"""Which groups there are and which agents are in them: what tenants' files and `groups.yaml` say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stacks.settings.groups import PlatformGroups
from stacks.settings.suggestions import did_you_mean
from stacks.settings.tenant import AgentSettings, TenantSettings

PLATFORM_FILE = "config/policies/groups.yaml"


@dataclass(frozen=True)
class Member:
    """One agent of one tenant.

    Attributes:
        tenant: its tenant.
        name: its name there.
        settings: what the tenant's file says of it.
    """

    tenant: TenantSettings
    name: str
    settings: AgentSettings

    @property
    def agent(self) -> str:
        """`<tenant>/<agent>`, by which it goes everywhere."""
        return f"{self.tenant.tenant}/{self.name}"

    @property
    def groups(self) -> tuple[str, ...]:
        """Its groups as claims have them, sorted: a platform group by its name, its tenant's as `<tenant>/<group>`."""
        return tuple(sorted(qualified(self.tenant, group) for group in self.settings.groups))

    @property
    def place(self) -> str:
        """File and key, for messages."""
        return f"config/tenants/{self.tenant.tenant}.yaml: agents.{self.name}"


def members(tenants: Sequence[TenantSettings]) -> Iterator[Member]:
    """Every agent of `tenants`."""
    for tenant in tenants:
        for name, settings in tenant.agents.items():
            yield Member(tenant, name, settings)


def qualified(tenant: TenantSettings, group: str) -> str:
    """How claims have a group that the tenant's file names."""
    return f"{tenant.tenant}/{group}" if group in tenant.groups else group


def membership_mistakes(tenants: Sequence[TenantSettings], platform: PlatformGroups) -> Iterator[str]:
    """A sentence for each group and agent that does not fit the others.

    Args:
        tenants: the tenants of every environment: a group of the platform may be for those of another one.
        platform: the platform's groups.
    """
    for tenant in tenants:
        yield from _tenant(tenant, platform)
    used = {group for member in members(tenants) for group in member.settings.groups}
    for group in platform.groups:
        if group not in used:
            yield f"{PLATFORM_FILE}: groups.{group}: no agent is in it: add it to an agent's groups, or remove it"


def _tenant(tenant: TenantSettings, platform: PlatformGroups) -> Iterator[str]:
    label = f"config/tenants/{tenant.tenant}.yaml"
    used = {group for agent in tenant.agents.values() for group in agent.groups}
    for group in tenant.groups:
        if group in platform.groups:
            yield f"{label}: groups.{group}: is the name of a platform group in {PLATFORM_FILE}: rename it"
        elif group not in used:
            yield f"{label}: groups.{group}: no agent is in it: add it to an agent's groups, or remove it"
    known = sorted({*tenant.groups, *platform.groups})
    for name, agent in tenant.agents.items():
        place = f"{label}: agents.{name}.groups"
        if not agent.groups:
            yield f"{place}: is missing, so that the agent may call nothing: add {_choice(known)}"
        for group in agent.groups:
            if group not in known:
                hint = did_you_mean(group, known)
                yield f"{place}: {group!r} does not exist: {hint}use {_choice(known)}, or add it to {label}"


def _choice(known: Sequence[str]) -> str:
    return f"one of {', '.join(known)}" if known else "a group of its tenant"


def client_mistakes(tenants: Mapping[str, TenantSettings], *, external: bool) -> Iterator[str]:
    """Where an agent's client or scopes and the identity provider do not fit.

    Args:
        tenants: the tenants of one environment by name.
        external: whether the provider is outside of the kit.
    """
    seen: dict[str, str] = {}
    for member in members(list(tenants.values())):
        client = member.settings.client_id
        place = f"{member.place}.client_id"
        if external and client is None:
            yield f"{place}: is missing, while identity.provider is of the kind oidc: add the agent's client there"
        elif client is not None and not external:
            yield f"{place}: {client!r} is set, while the kit's own user pool makes the client: remove it"
        elif client is not None and client in seen:
            yield f"{place}: {client!r} is the client of {seen[client]} as well: give each agent its own"
        if client is not None:
            seen.setdefault(client, member.agent)
        if external and member.settings.scopes:
            yield (
                f"{member.place}.scopes: are set, while identity.provider is of the kind oidc and gives its clients "
                "their scopes: remove them"
            )
        elif not external and not member.settings.scopes:
            yield (
                f"{member.place}.scopes: is missing, and the kit's own user pool gives a client only these: add "
                "<server>/read or <server>/write of the tool servers that its groups let it call"
            )


def scope_mistakes(member: Member, servers: Sequence[str], tool_servers: Mapping[str, object]) -> Iterator[str]:
    """Where an agent's scopes leave out a tool server that its groups let it call.

    Args:
        member: the agent.
        servers: tool servers and targets of its groups.
        tool_servers: the environment's tool servers, which have scopes.
    """
    covered = {scope.partition("/")[0] for scope in member.settings.scopes}
    lacking = [server for server in servers if server in tool_servers and server not in covered]
    if lacking:
        yield (
            f"{member.place}.scopes: cover no {', '.join(lacking)}, which its groups let it call: add "
            f"{', '.join(f'{server}/read' for server in lacking)}, or take the groups away"
        )
