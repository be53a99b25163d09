"""The settings of one tenant, `config/tenants/<tenant>.yaml` (R19)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.settings.base import RoleArn, SettingsModel, Slug, each_once, text
from stacks.settings.conversation import ConversationSettings
from stacks.settings.groups import GroupSettings
from stacks.settings.limits import RequestsPerMinute
from stacks.settings.workload import WorkloadSettings

Scope = Annotated[
    str,
    text(
        r"^[a-z][a-z0-9-]*/(read|write)$",
        wanted="a tool server's name with /read or /write, like aws-operations/read",
    ),
]
"""`<tool server>/read` or `<tool server>/write`."""


class CallLimits(SettingsModel):
    """How much a tenant or an agent may call, where that differs from the environment's `limits` (R10)."""

    requests_per_minute: RequestsPerMinute
    """Calls within a minute; the gateway refuses the rest."""


class AgentSettings(SettingsModel):
    """One agent: a confidential client with a rotated secret (R2, R4)."""

    type: Slug
    """What kind of agent it is, for claims and reports."""
    version: Annotated[str, text(r"^\d+(\.\d+){0,2}$", wanted='a version in quotes, like "1.0"', longest=32)] = "1.0"
    """Its version, for claims and reports, in quotes."""
    groups: Annotated[tuple[Slug, ...], Field(strict=False), each_once("group")] = ()
    """Groups it is in, the tenant's own or the platform's; what it may call is what they grant."""
    scopes: tuple[Scope, ...] = Field(default=(), max_length=50, strict=False)
    """Scopes its tokens may carry; Cognito allows 50 per client. Not with `identity.provider` of the kind oidc, which
    gives them itself."""
    suspended: bool = False
    """Refuse it at once: it gets no token, and tokens that it has are refused."""
    client_id: Annotated[str, text(r"^[\w.@:+=-]+$", wanted="a client's id, like 0oa1b2c3", longest=128)] | None = None
    """Its client at an external identity provider; only with `identity.provider` of the kind oidc, which needs it."""
    limits: CallLimits | None = None
    """How much it may call, where that differs from the environment's limit for agents."""
    principals: dict[Slug, Annotated[tuple[RoleArn, ...], Field(strict=False)]] = {}
    """Per environment, roles made outside this kit that may read the agent's secret. Roles that the kit's own
    stacks make are granted there."""
    conversation: ConversationSettings | None = None
    """Make it an agent that people talk to, with a service of its own."""
    workload: WorkloadSettings | None = None
    """Run it in the environment's cluster, where there is one."""


class TenantSettings(SettingsModel):
    """One tenant and its agents."""

    tenant: Slug
    """Its identifier; the file is named after it."""
    organization: Slug
    """The part of the company it belongs to, for claims and reports."""
    environments: tuple[Slug, ...] | None = Field(default=None, strict=False)
    """Environments it exists in; all when left out."""
    suspended: bool = False
    """Refuse all of its agents at once; everything that it has is kept."""
    agents: dict[Slug, AgentSettings] = Field(min_length=1)
    """Its agents by name."""
    groups: dict[Slug, GroupSettings] = {}
    """Groups of its own by name, beside the platform's in config/policies/groups.yaml."""
    limits: CallLimits | None = None
    """How much all of its agents together may call, where that differs from the environment's limit for tenants."""
    budget_usd: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """What it should cost in a month, in US dollars; at 80 and 100 percent, and when it is forecast to be spent, the
    topic of the audit stack is told. None when left out."""

    @property
    def conversations(self) -> dict[str, ConversationSettings]:
        """The agents that people talk to, by name."""
        return {name: agent.conversation for name, agent in self.agents.items() if agent.conversation is not None}

    @property
    def workloads(self) -> dict[str, WorkloadSettings]:
        """The agents that run in clusters, by name."""
        return {name: agent.workload for name, agent in self.agents.items() if agent.workload is not None}
