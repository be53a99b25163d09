"""What a forbid by hand leaves open: the same tool of another served major of its server (R9)."""

from __future__ import annotations

from collections.abc import Collection

from stacks.settings.access.offer import Offer, full_name


def left_open(forbidden: Collection[str], offer: Offer) -> list[str]:
    """Tools that have to be forbidden as well, sorted: callers would turn to the other major.

    Args:
        forbidden: the actions that a forbid names: tools by their full name, targets by theirs.
        offer: what the gateway offers. Only tool servers have more than one target.
    """
    tools = {name: (target, tool.name) for name, target, tool in offer.full_names()}
    covered = {name for name, (target, _) in tools.items() if name in forbidden or target.name in forbidden}
    the_same = {
        full_name(other.name, tool)
        for target, tool in (tools[name] for name in covered)
        for other in offer.of_server(target.server)
        if tool in other.tools
    }
    return sorted(the_same - covered)
