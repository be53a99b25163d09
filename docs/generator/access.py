"""The page of who can call what, as Cedar decides it on the policies of each environment (R9)."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generator.markdown import code, page, table
from stacks.settings import Settings, available_environments, load_settings
from stacks.settings.access.members import Member, members
from stacks.settings.access.offer import Offer, full_name, read_offer
from stacks.settings.access.permissions import Decisions, tags_of
from stacks.settings.access.schema import action_parents


def access_page() -> str:
    """Agents, groups and tools of each environment; environments that have the same share a section."""
    sections: dict[str, list[str]] = {}
    for environment in available_environments():
        body = "\n\n".join(_environment(load_settings(environment)))
        sections.setdefault(body, []).append(environment)
    return page(
        "Who can call what",
        "What `config/tenants/` and `config/policies/` come to: Cedar's decision on the policies that are deployed, "
        "for every agent and tool. Everything else is denied. A tool that is narrowed by its operation has those that "
        "the agent may call, with no argument but `operation`; a rule that looks at other arguments may refuse more.",
        *(f"## {', '.join(environments)}\n\n{body}" for body, environments in sections.items()),
    )


def _environment(settings: Settings) -> Iterator[str]:
    offer = read_offer(settings.served_majors, settings.environment.targets, settings.target_documents)
    everybody = list(members(settings.tenants))
    in_group: dict[str, list[str]] = {}
    for member in everybody:
        for group in member.groups:
            in_group.setdefault(group, []).append(code(member.agent))
    yield table(("group", "agents"), ((code(group), ", ".join(in_group[group])) for group in sorted(in_group)))
    called: set[str] = set()
    for member in everybody:
        rows = list(_rows(member, settings, offer))
        called |= {name for name, _ in rows}
        suspended = ", suspended" if settings.access.directory[member.agent]["suspended"] else ""
        yield f"### {code(member.agent)}{suspended}"
        yield table(("tool", "operations"), ((code(name), operations) for name, operations in rows))
    if nobodys := sorted({name for name, _, _ in offer.full_names()} - called):
        yield f"No agent may call {', '.join(map(code, nobodys))}."


def _rows(member: Member, settings: Settings, offer: Offer) -> Iterator[tuple[str, str]]:
    """Each tool that the agent may call, and its operations in words."""
    access = settings.access
    policies = [*access.platform_policies, *access.tenant_policies.get(member.tenant.tenant, ())]
    names = settings.environment.identity.provider.claims
    tags = tags_of(access.directory[member.agent], names, scopes=member.settings.scopes)
    permitted = (permission.partition("/") for permission in access.permissions[member.agent])
    named = [full_name(target, tool) for target, _, tool in permitted if tool != "*"]
    decisions = Decisions(action_parents(offer, named=named))
    known = {name: tool.operations for name, _, tool in offer.full_names()}
    tools = [name for name, target in decisions.parents.items() if target]
    for name in sorted(decisions.possible(tags, policies, tools)):
        operations = known.get(name, ())
        allowed = decisions.operations(tags, policies, name, operations)
        words = ", ".join(map(code, sorted(allowed))) if len(allowed) < len(operations) else "all"
        yield name, words if operations else "has none"
