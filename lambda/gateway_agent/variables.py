"""An agent's settings as variables of its environment: how each kind is read, and what is told when one is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

from gateway_agent.errors import SettingsError

_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_AGENT = re.compile(rf"(?P<tenant>{_NAME})/(?P<name>{_NAME})")
_TOO_LARGE = 1_000_000

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class AgentName:
    """Which agent a process is.

    Attributes:
        tenant: Its tenant.
        name: Its name there.
    """

    tenant: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<tenant>/<agent>`, each as the tenants' files name them.

        Raises:
            SettingsError: It has another form.
        """
        found = _AGENT.fullmatch(text)
        if found is None:
            raise SettingsError(
                f"FOUNDATION_AGENT is {text!r}: write <tenant>/<agent>, such as acme-corp/finance-agent."
            )
        return cls(**found.groupdict())

    def __str__(self) -> str:
        return f"{self.tenant}/{self.name}"


def require(variables: Mapping[str, str], meanings: Mapping[str, str], *, where: str) -> None:
    """See that variables are set.

    Args:
        variables: The process's environment.
        meanings: What each variable that has to be there says, by its name.
        where: Who sets them, to be told when one is missing.

    Raises:
        SettingsError: Some are missing or empty; the message names them all.
    """
    missing = [f"{name} ({meaning})" for name, meaning in meanings.items() if not variables.get(name)]
    if missing:
        raise SettingsError(f"The environment lacks {', '.join(missing)}: set them in {where}.")


def number(
    variables: Mapping[str, str],
    name: str,
    kind: Callable[[str], _Number],
    *,
    lowest: int,
    default: _Number | None = None,
) -> _Number:
    """A number, below a million.

    Args:
        variables: The process's environment.
        name: The variable's name.
        kind: `int` or `float`.
        lowest: The least that can be used.
        default: What counts when it is missing or empty; without one it has to be there.

    Raises:
        SettingsError: It is no such number.
    """
    text = variables.get(name, "")
    if not text and default is not None:
        return default
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not lowest <= value < _TOO_LARGE:
        raise SettingsError(f"{name} is {text!r}: write a{' whole' if kind is int else ''} number from {lowest}.")
    return value
