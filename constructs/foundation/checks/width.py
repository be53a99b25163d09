"""How many of some resources CloudFormation may work on at the same time."""

from collections.abc import Mapping, Set


def width(before: Mapping[str, Set[str]]) -> int:
    """The size of the largest set of items of which none must precede another.

    `before` gives for each item all items that precede it, chains included. By Dilworth's theorem the size is the
    number of items less that of a largest matching between predecessors and successors, found here by augmenting
    paths (R. P. Dilworth, "A decomposition theorem for partially ordered sets", 1950).
    """
    successor_of: dict[str, str] = {}

    def match(item: str, tried: set[str]) -> bool:
        for predecessor in before[item] - tried:
            tried.add(predecessor)
            if predecessor not in successor_of or match(successor_of[predecessor], tried):
                successor_of[predecessor] = item
                return True
        return False

    return len(before) - sum(match(item, set()) for item in before)
