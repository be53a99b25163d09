"""Who is suspended: parameters under a path, by settings or by command, read every few seconds (requirement R10).

A list that cannot be renewed is used for a minute, and after that nothing is let through: the switch that blocks an
agent never stops working in silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from governance import ages, aws, trouble
from governance.ages import Moment, age
from governance.refusals import RefusedError

RENEW_SECONDS = 15.0
"""How old the list may be before it is read again."""

OLDEST_SECONDS = 60.0
"""How old the list may be when it cannot be read."""

FLOOR_SECONDS = 2.0
"""How long a reading that failed is not repeated."""


class Suspensions:
    """The suspended tenants and agents under one path.

    Args:
        path: The path, without a slash at its end: below it `by-setting/<subject>` and `by-command/<subject>`.
        clock: The present moment.
    """

    def __init__(self, path: str, *, clock: Callable[[], Moment] = ages.now) -> None:
        self._path = path
        self._clock = clock
        self._subjects: frozenset[str] = frozenset()
        self._read_at: Moment | None = None
        self._failed_at: Moment | None = None

    def check(self, *, tenant_id: str, agent_id: str) -> None:
        """Refuse what is suspended.

        Args:
            tenant_id: The tenant.
            agent_id: `<tenant>/<agent>`.

        Raises:
            RefusedError: The tenant or the agent is suspended, or the list is too old to say.
        """
        now = self._clock()
        if age(self._read_at, now) > RENEW_SECONDS and age(self._failed_at, now) > FLOOR_SECONDS:
            self._renew(now)
        if age(self._read_at, now) > OLDEST_SECONDS:
            raise RefusedError("suspensions_unavailable")
        if not self._subjects.isdisjoint((tenant_id, agent_id)):
            raise RefusedError("suspended")

    def _renew(self, now: Moment) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see the package docstring

        try:
            found = self._all()
        except (BotoCoreError, ClientError) as error:
            trouble.warn("the list of suspensions cannot be read", error)
            self._failed_at = now
            return
        self._subjects = frozenset(subject for parameter in found for subject in self._named(parameter))
        self._read_at = now

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
