"""What a group grants, in terms of the gateway's targets and tools."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from stacks.settings.access.offer import SEPARATOR, Offer, OfferedTarget, full_name
from stacks.settings.groups import GroupSettings, ToolGrant
from stacks.settings.suggestions import one_of


@dataclass
class Granted:
    """What a group may call.

    Attributes:
        targets: targets that are granted as a whole.
        tools: other tools by their full name, with the operations that they are narrowed to; None for all.
        servers: the tool servers and targets that the settings name for it and that this environment has.
    """

    targets: set[str] = field(default_factory=set)
    tools: dict[str, set[str] | None] = field(default_factory=dict)
    servers: set[str] = field(default_factory=set)

    def add(self, name: str, operations: Collection[str] | None) -> None:
        """Grant one tool; what was granted of it before stays."""
        present = self.tools.get(name, set())
        self.tools[name] = None if operations is None or present is None else present | set(operations)

    def settle(self) -> None:
        """Forget tools whose whole target is granted."""
        self.tools = {name: value for name, value in self.tools.items() if name.split(SEPARATOR)[0] not in self.targets}


def resolve(group: GroupSettings, offer: Offer, *, elsewhere: Collection[str], place: str) -> tuple[Granted, list[str]]:
    """What `group` grants in this environment, and a sentence for each grant that names nothing.

    Args:
        group: its settings.
        offer: what the gateway offers.
        elsewhere: tool servers and targets of any environment; grants of those that this one lacks are left out.
        place: file and key of the group, for messages.
    """
    granted, mistakes = Granted(), []
    for number, grant in enumerate(group.tools):
        targets = offer.of_server(grant.server)
        if not targets and grant.server in elsewhere:
            continue
        granted.servers.add(grant.server)
        if mistake := _mistake(grant, targets, offer):
            mistakes.append(f"{place}.tools.{number}: {mistake}")
        elif grant.name is None:
            granted.targets.update(target.name for target in targets)
        else:
            _grant_tool(granted, grant, grant.name, targets)
    granted.settle()
    return granted, mistakes


def _grant_tool(granted: Granted, grant: ToolGrant, tool: str, targets: list[OfferedTarget]) -> None:
    for target in targets:
        if tool in target.tools:
            known = target.tools[tool].operations
            chosen = None if grant.operations is None else [name for name in grant.operations if name in known]
            if chosen is None or chosen:
                granted.add(full_name(target.name, tool), chosen)
        elif not target.complete:
            granted.add(full_name(target.name, tool), None)


def _mistake(grant: ToolGrant, targets: list[OfferedTarget], offer: Offer) -> str | None:
    """Why the grant cannot be used, if so: key, value and the way out."""
    if not targets:
        return f"{grant.tool!r} names no tool server and no target: {one_of(grant.server, offer.servers)}"
    known = sorted({tool for target in targets for tool in target.tools})
    if grant.name not in (None, *known) and all(target.complete for target in targets):
        return f"{grant.tool!r} is no tool of {grant.server}: {one_of(str(grant.name), [*known, '*'])}"
    return None if grant.operations is None else _operation_mistake(grant, grant.operations, targets)


def _operation_mistake(grant: ToolGrant, chosen: Sequence[str], targets: list[OfferedTarget]) -> str | None:
    if grant.name is None:
        return f"{grant.tool!r} has operations, which are those of one tool: name the tool, or remove them"
    operations = sorted({name for target in targets for name in _operations(target, grant.name)})
    if not operations:
        return (
            f"{grant.tool!r} has no operations that the kit knows: remove them, or narrow it by a Cedar file in "
            "config/policies"
        )
    unknown = next((name for name in chosen if name not in operations), None)
    return f"{unknown!r} is no operation of {grant.tool}: {one_of(unknown, operations)}" if unknown else None


def _operations(target: OfferedTarget, tool: str) -> tuple[str, ...]:
    return target.tools[tool].operations if tool in target.tools else ()
