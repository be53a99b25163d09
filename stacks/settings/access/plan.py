"""What the settings say of access, worked out: plain data for the stacks (R9, R10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foundation.policy_text import PolicyText


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """One rate limit of the gateway, in requests a minute.

    https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits.html

    Attributes:
        name: its id, which a refused call is told.
        dimension: AgentCore's dimension key that it counts by.
        entries: requests a minute by the dimension's value; `*` for those that are not listed.
        description: what it is for.
    """

    name: str
    dimension: str
    entries: Mapping[str, int]
    description: str


@dataclass(frozen=True, kw_only=True)
class AccessPlan:
    """Who may call what in one environment, and how often.

    Attributes:
        platform_policies: Cedar for the platform's groups, and the hand-written statements.
        tenant_policies: Cedar for each tenant's own groups, by tenant; tenants without have no entry.
        groups: the groups of each agent, by `<tenant>/<agent>`: a platform group by its name, a tenant's own as
            `<tenant>/<group>`. Sorted.
        permissions: what each agent may call, by `<tenant>/<agent>`: `<target>/<tool>`, or `<target>/*` where that is
            every tool of the target. Sorted.
        catalogue: content of the interceptors' `catalogue.json`: what tools and targets are classified as.
        rate_limits: the gateway's rate limits: by tenant, by agent, by tool.
    """

    platform_policies: tuple[PolicyText, ...]
    tenant_policies: Mapping[str, tuple[PolicyText, ...]]
    groups: Mapping[str, tuple[str, ...]]
    permissions: Mapping[str, tuple[str, ...]]
    catalogue: Mapping[str, Any]
    rate_limits: tuple[RateLimit, ...]
