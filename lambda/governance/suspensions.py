"""Who is suspended: parameters under a path, by settings or by command, read every few seconds (requirement R10).

A list that cannot be renewed is used for a minute, and after that nothing is let through: the switch that blocks an
agent never stops working in silence.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

from governance import ages, aws, patience, trouble
from governance.ages import Moment, age
from governance.refusals import RefusedError

RENEW_SECONDS = 15.0
"""How old the list may be before it is read again."""

OLDEST_SECONDS = 60.0
"""How old the list may be when it cannot be read."""

FLOOR_SECONDS = 2.0
"""How long a reading that failed is not repeated; after every further failure twice as long, up to RENEW_SECONDS, and
in each environment by another part less, so that they do not all come back together."""

FIRST_TRIES = 3
"""How often an environment that has no list tries within one call, as far as the call can wait."""

_LONGEST_SECONDS = 4.0
_BETWEEN_TRIES_SECONDS = 0.4


class Suspensions:
    """The suspended tenants and agents under one path.

    Args:
        path: The path, without a slash at its end: below it `by-setting/<subject>` and `by-command/<subject>`.
        clock: The present moment.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        path: str,
        *,
        clock: Callable[[], Moment] = ages.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._clock = clock
        self._sleep = sleep
        self._subjects: frozenset[str] = frozenset()
        self._read_at: Moment | None = None
        self._failed_at: Moment | None = None
        self._failures = 0
        self._pause = 0.0

    def check(self, *, tenant_id: str, agent_id: str) -> None:
        """Refuse what is suspended.

        Args:
            tenant_id: The tenant.
            agent_id: `<tenant>/<agent>`.

        Raises:
            RefusedError: The tenant or the agent is suspended, or the list is too old to say.
        """
        now = self._clock()
        if age(self._read_at, now) > RENEW_SECONDS and age(self._failed_at, now) > self._pause:
            self._renew()
        now = self._clock()
        if age(self._read_at, now) > OLDEST_SECONDS:
            raise RefusedError("suspensions_unavailable")
        if not self._subjects.isdisjoint((tenant_id, agent_id)):
            raise RefusedError("suspended")

    def _renew(self) -> None:
        """Read the list; where there is none yet and the call can wait, try again before that fails."""
        tries = 1 if self._read_at else FIRST_TRIES
        for number in range(tries):
            if number and not self._waited(_BETWEEN_TRIES_SECONDS * 2**number):
                return
            if self._read():
                return

    def _waited(self, seconds: float) -> bool:
        seconds = _jittered(seconds)
        if (patience.left() or 0.0) <= seconds:
            return False
        self._sleep(seconds)
        return True

    def _read(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see the package docstring

        now = self._clock()
        try:
            found = patience.within(self._all, most=_LONGEST_SECONDS)
        except (BotoCoreError, ClientError, TimeoutError) as error:
            trouble.warn("the list of suspensions cannot be read", error)
            self._failed_at = self._clock()
            self._pause = _jittered(min(FLOOR_SECONDS * 2**self._failures, RENEW_SECONDS))
            self._failures = min(self._failures + 1, 10)
            return False
        self._subjects = frozenset(subject for parameter in found for subject in self._named(parameter))
        self._read_at, self._failures, self._pause = now, 0, 0.0
        return True

    def _all(self) -> list[Any]:
        found: list[Any] = []
        more: dict[str, Any] = {}
        while True:
            answer = aws.ssm().get_parameters_by_path(Path=self._path, Recursive=True, MaxResults=10, **more)
            found += answer["Parameters"]
            if not answer.get("NextToken"):
                return found
            more = {"NextToken": answer["NextToken"]}

    def _named(self, parameter: Any) -> set[str]:
        """Whom a parameter suspends: its name says so, and so does its value. Where they differ, both are."""
        _, _, subject = parameter["Name"].removeprefix(f"{self._path}/").partition("/")
        try:
            value = json.loads(parameter["Value"])
        except ValueError:
            value = None
        stated = value.get("subject") if isinstance(value, dict) else None
        return {subject, stated if isinstance(stated, str) else subject}


def _jittered(seconds: float) -> float:
    """Half of it to all of it."""
    return seconds * random.uniform(0.5, 1)  # noqa: S311 - no secret
