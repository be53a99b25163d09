"""How much a tool's answers give away, and which of its arguments no record may hold (requirements R7, R8).

The gateway's response interceptor redacts an answer as its tool is classified, and the audit record names a sensitive
argument without its size. Neither is a promise to callers, so neither is part of a tool's contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from toolkit.errors import DeclarationError
from toolkit.parameters import Parameter

Classification = Literal["public", "internal", "confidential", "restricted"]

LEVELS: tuple[Classification, ...] = get_args(Classification)
"""From what anyone may read to what needs the most care."""

DEFAULT: Classification = "internal"


def checked_classification(level: str, *, tool: str) -> Classification:
    """The classification of a declaration.

    Args:
        level: As it was written.
        tool: The tool's name, for errors.

    Raises:
        DeclarationError: It is none.
    """
    for known in LEVELS:
        if level == known:
            return known
    raise DeclarationError(f"tool {tool}: classification is {level!r}; write one of {', '.join(LEVELS)}")


def highest(levels: Iterable[Classification]) -> Classification:
    """The classification of what is put together from several; at least one."""
    return max(levels, key=LEVELS.index)


def listed(names: Iterable[str], *, tool: str) -> tuple[str, ...]:
    """Names of a declaration, once each, sorted.

    Raises:
        DeclarationError: A text was given instead of a list.
    """
    if isinstance(names, str):
        raise DeclarationError(f"tool {tool}: sensitive is the text {names!r}; write a list, [{names!r}]")
    return tuple(sorted(set(names)))


def checked_sensitive(names: Iterable[str], parameters: Mapping[str, Parameter], *, tool: str) -> tuple[str, ...]:
    """The sensitive arguments of a declaration, once each, sorted.

    Args:
        names: As they were written.
        parameters: What the tool or operation takes.
        tool: The tool's name, for errors.

    Raises:
        DeclarationError: One is no argument, or a text was given instead of a list.
    """
    wanted = listed(names, tool=tool)
    for name in wanted:
        if name not in parameters:
            known = f"it takes {', '.join(parameters)}" if parameters else "it takes no arguments"
            raise DeclarationError(f"tool {tool}: sensitive names {name!r}, which is no argument of it; {known}")
    return wanted
