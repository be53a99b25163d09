"""Whether every tool of a server passes its self-check; knows nothing of AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

WAIT_SECONDS = 5.0
"""Between two rounds of checks."""


class CheckError(Exception):
    """A tool did not answer, or answered with a failure; the message says which, in words fit for a log."""


class NewVersion(Protocol):
    """The version to check."""

    def self_checks(self) -> Mapping[str, Mapping[str, Any]]:
        """Arguments of each tool's self-check.

        Raises:
            CheckError: The version does not tell them.
        """

    def call(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """Call a tool.

        Raises:
            CheckError: The call failed.
        """


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time as the check takes it, in seconds.

    Attributes:
        now: What time it is, on a clock that never goes back.
        sleep: Waits that long.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]


def failures(version: NewVersion, *, clock: Clock, patience: float, budget: float) -> dict[str, str]:
    """What is wrong with the version: tools whose self-check fails to why, the version itself under an empty name.

    A check that fails is made again for a while: permissions that were deployed together with the code take effect
    a little later (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency).

    Args:
        version: The version to check.
        clock: Where time comes from.
        patience: Seconds after which what still fails has failed.
        budget: Seconds after which no further check begins; what was not called by then has failed as well.

    Returns:
        Nothing when every tool passed.
    """
    began = clock.now()
    while True:
        found = _round(version, until=began + budget, clock=clock)
        if not found or clock.now() - began + WAIT_SECONDS > min(patience, budget):
            return found
        clock.sleep(WAIT_SECONDS)


def _round(version: NewVersion, *, until: float, clock: Clock) -> dict[str, str]:
    """The failures of one call of every tool."""
    try:
        checks = version.self_checks()
    except CheckError as error:
        return {"": str(error)}
    if not checks:
        return {"": "it has no tool"}
    found: dict[str, str] = {}
    for tool, arguments in checks.items():
        if clock.now() >= until:
            found[tool] = "not called: the check ran out of time"
            continue
        try:
            version.call(tool, arguments)
        except CheckError as error:
            found[tool] = str(error)
    return found
