"""What the directory says of each agent, from which its token gets its claims (R3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from foundation.directory_entry import LARGEST_PARAMETER, entry_text
from stacks.settings.access.members import Member

LONGEST_CONTEXT = 1800
"""Characters that an entry's context may have in the headers of a call: with the client's id they stay below the 2,000
that the gateway's request interceptor lets through to a target (`lambda/governance/caller.py`)."""

_CONTEXT = ("tenant_id", "organization_id", "agent_id", "agent_type", "agent_version", "groups", "environment")

Entry = Mapping[str, object]


def entry(member: Member, *, groups: Sequence[str], permissions: Sequence[str], environment: str) -> Entry:
    """One agent's entry: its claims, and whether it is suspended."""
    return {
        "tenant_id": member.tenant.tenant,
        "organization_id": member.tenant.organization,
        "agent_id": member.agent,
        "agent_type": member.settings.type,
        "agent_version": member.settings.version,
        "groups": list(groups),
        "permissions": list(permissions),
        "environment": environment,
        "suspended": member.tenant.suspended or member.settings.suspended,
    }


def size_mistake(member: Member, content: Entry) -> str | None:
    """Why an agent's entry does not fit into a parameter, if it does not."""
    length = len(entry_text(content))
    if length <= LARGEST_PARAMETER:
        return None
    return (
        f"{member.place}.groups: give the agent so many tools that its entry in the directory has {length} characters, "
        f"and a parameter takes {LARGEST_PARAMETER}: grant whole servers with <server>/*, or fewer tools"
    )


def context_mistake(member: Member, content: Entry) -> str | None:
    """Why what a target is told of an agent does not fit into the headers of a call, if it does not."""
    # Once inside a header, and the quotes of that once more.
    length = len(json.dumps(json.dumps({name: content[name] for name in _CONTEXT})))
    if length <= LONGEST_CONTEXT:
        return None
    return (
        f"{member.place}.groups: tell targets {length} characters about the agent with each call, and a call's headers "
        f"have room for {LONGEST_CONTEXT}: put it into fewer groups"
    )
