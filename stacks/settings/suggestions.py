"""The way out of a name that is none: the one that was probably meant, and all that there are."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


def did_you_mean(given: object, names: Collection[str]) -> str:
    """`did you mean …? ` with the one of `names` that is nearest to `given`; empty where none is near."""
    near = get_close_matches(given, list(names), n=1) if isinstance(given, str) else []
    return f"did you mean {near[0]}? " if near else ""


def one_of(given: object, names: Collection[str]) -> str:
    """The way out where `given` should be one of `names`."""
    return f"{did_you_mean(given, names)}use one of {', '.join(names)}"
