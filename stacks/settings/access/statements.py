"""Writes the Cedar of groups: one statement for a platform group, one for all groups of a tenant (R9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from foundation.policy_text import GATEWAY_ARN_CHARACTERS, GATEWAY_PLACEHOLDER, STATEMENT_CHARACTERS, PolicyText
from stacks.settings.access.cedar_text import action, action_in, either, in_group, text
from stacks.settings.access.grants import Granted

ROOM = STATEMENT_CHARACTERS - GATEWAY_ARN_CHARACTERS
"""Characters of a statement that still fits when an ARN takes the placeholder's place."""


class Atom(NamedTuple):
    """The smallest grant: one group, one tool or whole target, perhaps only some operations."""

    group: str
    action: str
    operations: tuple[str, ...]


def policies(name: str, groups: Mapping[str, Granted], *, claim: str, description: str) -> tuple[PolicyText, ...]:
    """The policies that grant `groups` what they may call; more than one where AgentCore's limit asks for it.

    Args:
        name: the policies' name, `[A-Za-z][A-Za-z0-9_]*`; further ones get a number.
        groups: what each group may call, by the name that the claim has.
        claim: the claim that lists the caller's groups.
        description: who they are for.
    """
    atoms = sorted(_atoms(groups))
    parts = list(_parts(atoms, claim)) if atoms else []
    return tuple(
        PolicyText(name=name if number == 1 else f"{name}__{number}", statement=statement, description=description)
        for number, statement in enumerate(parts, start=1)
    )


def _atoms(groups: Mapping[str, Granted]) -> Iterator[Atom]:
    for group, granted in groups.items():
        yield from (Atom(group, target, ()) for target in granted.targets)
        for tool, operations in granted.tools.items():
            yield Atom(group, tool, tuple(sorted(operations or ())))


def _parts(atoms: list[Atom], claim: str) -> Iterator[str]:
    """Statements that together hold all of `atoms`, each short enough."""
    statement = _statement(atoms, claim)
    if len(statement) <= ROOM or len(atoms) == 1:
        yield statement
        return
    half = len(atoms) // 2
    yield from _parts(atoms[:half], claim)
    yield from _parts(atoms[half:], claim)


def _statement(atoms: list[Atom], claim: str) -> str:
    actions = sorted({atom.action for atom in atoms})
    scope = action_in(actions, indent="  ")
    groups = sorted({atom.group for atom in atoms})
    grants = [_grant(group, [atom for atom in atoms if atom.group == group], actions, claim) for group in groups]
    return (
        "permit (\n"
        "  principal is AgentCore::OAuthUser,\n"
        f"  {scope},\n"
        f"  resource == {GATEWAY_PLACEHOLDER}\n"
        ")\n"
        "when {\n"
        f"  principal.hasTag({text(claim)}) &&\n"
        f"  {either(grants, indent='  ')}\n"
        "};"
    )


def _grant(group: str, atoms: list[Atom], actions: Sequence[str], claim: str) -> str:
    """The condition under which `atoms`, all of one group, permit one of the statement's `actions`."""
    conditions = [in_group(group, claim=claim)]
    granted = {atom.action for atom in atoms}
    if granted != set(actions):
        conditions.append(action_in(granted))
    for atom in atoms:
        if atom.operations:
            chosen = f"[{', '.join(map(text, atom.operations))}].contains(context.input.operation)"
            conditions.append(chosen if len(granted) == 1 else f"(action != {action(atom.action)} || {chosen})")
    return " &&\n    ".join(conditions)
