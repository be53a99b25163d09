"""The gateway's rate limits from the settings (R10)."""

from __future__ import annotations

from collections.abc import Sequence

from foundation.rate_limit_values import EVERY_OTHER
from stacks.settings.access.members import members
from stacks.settings.access.offer import Offer, full_name
from stacks.settings.access.plan import RateLimit
from stacks.settings.identity import ClaimNames
from stacks.settings.limits import LimitSettings
from stacks.settings.suggestions import one_of
from stacks.settings.tenant import TenantSettings


def rate_limits(
    limits: LimitSettings, tenants: Sequence[TenantSettings], offer: Offer, *, claims: ClaimNames, label: str
) -> tuple[tuple[RateLimit, ...], list[str]]:
    """The limits by tenant, by agent and by tool, and a sentence for each tool that they name wrongly.

    Args:
        limits: the environment's.
        tenants: those of the environment.
        offer: what the gateway offers.
        claims: what the provider calls the claims.
        label: the environment's file, for messages.
    """
    tools, mistakes = _tools(limits, offer, label)
    by_tenant = {tenant.tenant: tenant.limits.requests_per_minute for tenant in tenants if tenant.limits}
    by_agent = {
        member.agent: member.settings.limits.requests_per_minute
        for member in members(tenants)
        if member.settings.limits
    }
    return (
        RateLimit(
            name="tenant-requests",
            dimension=f"$.context.jwt.{claims.tenant_id}",
            entries={EVERY_OTHER: limits.tenant_requests_per_minute, **by_tenant},
            description="Calls of all agents of a tenant together",
        ),
        RateLimit(
            name="agent-requests",
            dimension=f"$.context.jwt.{claims.agent_id}",
            entries={EVERY_OTHER: limits.agent_requests_per_minute, **by_agent},
            description="Calls of one agent",
        ),
        RateLimit(
            name="tool-requests",
            dimension="toolName",
            entries={EVERY_OTHER: limits.tool_requests_per_minute, **tools},
            description="Calls of one tool by all tenants together",
        ),
    ), mistakes


def _tools(limits: LimitSettings, offer: Offer, label: str) -> tuple[dict[str, int], list[str]]:
    """The entries of tools by full name, those of a server first so that a tool's own takes its place."""
    entries: dict[str, int] = {}
    mistakes: list[str] = []
    for key, rate in sorted(limits.tools.items(), key=lambda item: (not item[0].endswith("/*"), item[0])):
        server, _, tool = key.partition("/")
        place = f"{label}: limits.tools.{key}"
        targets = offer.of_server(server)
        known = sorted({name for target in targets for name in target.tools})
        if not targets:
            mistakes.append(f"{place}: names no tool server and no target: {one_of(server, offer.servers)}")
        elif tool == "*" and not all(target.complete for target in targets):
            mistakes.append(f"{place}: {server} tells its tools only when it is asked: name the tools")
        elif tool not in ("*", *known) and all(target.complete for target in targets):
            mistakes.append(f"{place}: is no tool of {server}: {one_of(tool, [*known, '*'])}")
        for target in targets:
            names = target.tools if tool == "*" else [tool] if tool in target.tools or not target.complete else []
            entries |= {full_name(target.name, name): rate for name in names}
    return entries, mistakes
