"""Works out an environment's access plan and everything that is wrong with what the files say of access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import cedarpy

from stacks.settings.access import review
from stacks.settings.access.catalogue import catalogue
from stacks.settings.access.directory import Entry, context_mistake, entry, size_mistake
from stacks.settings.access.group_policies import GroupPolicies, Sources, group_policies
from stacks.settings.access.members import (
    Member,
    client_mistakes,
    members,
    membership_mistakes,
    scope_mistakes,
)
from stacks.settings.access.offer import SEPARATOR
from stacks.settings.access.permissions import Decisions, compact, tags_of
from stacks.settings.access.plan import AccessPlan
from stacks.settings.access.quotas import quota_mistakes
from stacks.settings.access.rate_limits import rate_limits
from stacks.settings.access.schema import LARGEST, action_parents, cedar_schema


def plan_access(sources: Sources) -> tuple[AccessPlan | None, list[str]]:
    """The plan, and a sentence for everything that is wrong; no plan where something is.

    Args:
        sources: what it is made from.
    """
    mistakes = [
        *membership_mistakes(sources.everywhere, sources.platform),
        *client_mistakes({tenant.tenant: tenant for tenant in sources.tenants}, external=sources.external),
    ]
    groups, wrong = group_policies(sources)
    mistakes += wrong
    limits, wrong = rate_limits(
        sources.environment.limits,
        sources.tenants,
        sources.offer,
        claims=sources.claims,
        label=f"config/{sources.name}.yaml",
    )
    mistakes += wrong
    mistakes += _cedar_mistakes(sources, groups)
    if mistakes:
        return None, mistakes
    directory = _directory(sources, groups)
    plan = AccessPlan(
        platform_policies=(
            *(policy for name in sorted(groups.platform) for policy in groups.platform[name]),
            *(statement.policy for statement in sources.statements),
        ),
        tenant_policies=groups.own,
        groups={member.agent: member.groups for member in members(sources.tenants)},
        permissions={agent: tuple(content["permissions"]) for agent, content in directory.items()},
        directory=directory,
        catalogue=catalogue(sources.offer),
        rate_limits=limits,
    )
    mistakes = [*_agent_mistakes(sources, groups, directory)]
    mistakes += quota_mistakes(
        sources.name,
        sources.environment.quotas,
        sources.tenants,
        plan,
        external=sources.external,
        clustered=sources.environment.cluster is not None,
    )
    return (None if mistakes else plan), mistakes


def _cedar_mistakes(sources: Sources, groups: GroupPolicies) -> Iterator[str]:
    """What is wrong with the Cedar by hand, and with what the kit wrote, should that ever be."""
    text = cedar_schema(sources.offer, named=_named(sources, groups))
    if len(text.encode()) > LARGEST:
        yield (
            f"config/{sources.name}.yaml: targets: the Cedar schema of all tools has {len(text.encode())} bytes, and a "
            f"policy engine takes {LARGEST}: offer fewer tools, or tools with fewer arguments"
        )
    schema = cedarpy.Schema.from_str(text)
    known = review.Known(
        offer=sources.offer,
        schema=schema,
        groups={*sources.platform.groups, *(f"{t.tenant}/{name}" for t in sources.everywhere for name in t.groups)},
        claim=sources.claims.groups,
        claims=_known_claims(sources),
    )
    for statement in sources.statements:
        yield from review.mistakes(statement, known)
    for policy in groups.all():
        for error in cedarpy.validate_policies(policy.statement, schema).errors:
            yield f"the Cedar that the kit wrote for {policy.description!r} does not fit the tools: {error.error}"


def _known_claims(sources: Sources) -> set[str]:
    """Claims that policies can read: those of the directory but permissions, which come from policies, and scopes.

    What scopes another provider gives an agent is not known here.
    """
    names = {name for claim, name in sources.claims.of_agents.items() if claim != "permissions"}
    return names if sources.external else names | {sources.claims.scope}


def _named(sources: Sources, groups: GroupPolicies) -> set[str]:
    """Tools that settings and Cedar name of targets which tell them only when asked."""
    named = {tool for granted in groups.granted.values() for tool in granted.tools}
    for statement in sources.statements:
        with suppress(ValueError):
            named |= {name for name in review.actions_named(statement.tree) if SEPARATOR in name}
    known = {name for name, _, _ in sources.offer.full_names()}
    return {name for name in named - known if name.partition(SEPARATOR)[0] in sources.offer.targets}


def _directory(sources: Sources, groups: GroupPolicies) -> dict[str, dict[str, Any]]:
    """Each agent's entry in the directory, with what Cedar lets it call."""
    decisions = Decisions(action_parents(sources.offer, named=_named(sources, groups)))
    tools = {name for name, target in decisions.parents.items() if target is not None}
    by_hand = [statement.policy for statement in sources.statements]
    trees = [statement.tree for statement in sources.statements]
    open_to_more = any(tree.effect == "permit" for tree in trees)
    read = sorted({sources.claims.groups, *(tag for tree in trees for tag in review.tags_read(tree))})
    decided: dict[tuple[str, ...], tuple[str, ...]] = {}
    found = {}
    for member in members(sources.tenants):
        content = entry(member, groups=member.groups, permissions=(), environment=sources.name)
        tags = tags_of(content, sources.claims, scopes=member.settings.scopes)
        key = tuple(tags[name] for name in read)
        if key not in decided:
            among = tools if open_to_more else _granted_tools(member, groups, decisions.parents)
            allowed = decisions.possible(tags, [*groups.policies_of(member), *by_hand], among)
            decided[key] = compact(allowed, sources.offer)
        found[member.agent] = {**content, "permissions": list(decided[key])}
    return found


def _granted_tools(member: Member, groups: GroupPolicies, parents: Mapping[str, str | None]) -> set[str]:
    """The tools that an agent's groups grant, before any policy by hand takes some away."""
    granted = [groups.granted[group] for group in member.groups]
    targets = {target for one in granted for target in one.targets}
    return {tool for one in granted for tool in one.tools} | {
        name for name, target in parents.items() if target in targets
    }


def _agent_mistakes(sources: Sources, groups: GroupPolicies, directory: Mapping[str, Entry]) -> Iterator[str]:
    """Agents that ask for too few scopes, or may call more than the directory can say."""
    for member in members(sources.tenants):
        if not sources.external:
            servers = sorted({server for group in member.groups for server in groups.granted[group].servers})
            yield from scope_mistakes(member, servers, sources.environment.tool_servers)
        for mistake in (check(member, directory[member.agent]) for check in (size_mistake, context_mistake)):
            if mistake:
                yield mistake
