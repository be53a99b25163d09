"""Cedar as text: the few forms that the kit writes.

Entities, tags and actions as AgentCore has them:
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-scope.html and policy-conditions.html beside it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from stacks.settings.access.offer import SEPARATOR


def text(value: str) -> str:
    """A string literal. Cedar's escapes are a superset of JSON's for what names hold."""
    return json.dumps(value, ensure_ascii=False)


def action(name: str) -> str:
    """A tool by its full name, or all tools of a target by the target's name, which is an action group."""
    return f"AgentCore::Action::{text(name)}"


def in_group(group: str, *, claim: str) -> str:
    """Whether the caller is in `group`.

    A claim that is a list becomes a tag with its JSON text, so that the group's name in quotes is looked for; without
    the quotes a group whose name holds this one's would do as well.
    """
    pattern = text(f'"{group}"')[1:-1]
    return f'principal.getTag({text(claim)}) like "*{pattern}*"'


def action_in(names: Collection[str], *, indent: str | None = None) -> str:
    """Whether the action is one of `names`, each a tool's full name or a target for all of its tools.

    With `indent`, each of several stands on a line of its own, two deeper than that.
    """
    listed = sorted(names)
    if len(listed) == 1:
        return f"action {'==' if SEPARATOR in listed[0] else 'in'} {action(listed[0])}"
    if indent is None:
        return f"action in [{', '.join(map(action, listed))}]"
    lines = f",\n{indent}  ".join(map(action, listed))
    return f"action in [\n{indent}  {lines}\n{indent}]"


def either(conditions: Sequence[str], *, indent: str) -> str:
    """Conditions of which one has to hold, each on a line of its own; && in them binds closer than || between them."""
    if len(conditions) == 1:
        return conditions[0]
    joined = f" ||\n{indent}  ".join(conditions)
    return f"(\n{indent}  {joined}\n{indent})"
