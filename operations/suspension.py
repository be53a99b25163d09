"""The kill switch: suspends a tenant or an agent by a parameter that the gateway's interceptor reads (R10).

The interceptor and the trigger that issues tokens read what is below `/<project>/<environment>/suspended/`, the former
every 15 seconds, so that a block holds within a minute, for tokens already issued as well.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from operations.failure import OperationError
from operations.place import Place
from operations.record import audit_record, now, write_record

BY_COMMAND, BY_SETTING = "by-command", "by-setting"

LONGEST_REASON = 500
"""Characters; the parameter with all it says has to stay below 4,096."""


MOST_SHOWN = 20
"""Names that a message lists."""

_NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_SUBJECT = re.compile(f"{_NAME}(?:/{_NAME})?")
"""A tenant, or an agent of one, as settings name them."""


def _to_standard_error(line: str) -> None:
    print(line, file=sys.stderr)


@dataclass(frozen=True, kw_only=True)
class Suspension:
    """One subject that is suspended.

    Attributes:
        subject: `<tenant>` or `<tenant>/<agent>`.
        source: `by-command` or `by-setting`.
        reason: why.
        by: the ARN of who did it, or `settings`.
        at: since when, RFC 3339; empty when the settings do not tell.
    """

    subject: str
    source: str
    reason: str
    by: str
    at: str


class KillSwitch:
    """Blocks and unblocks in one environment.

    Args:
        place: the environment.
        warn: takes a sentence about each parameter that cannot be read; it does not hinder the command.
    """

    def __init__(self, place: Place, *, warn: Callable[[str], None] = _to_standard_error) -> None:
        self._place = place
        self._warn = warn

    def suspended(self) -> list[Suspension]:
        """Everything that is suspended, by subject and source, without parameters that are not the kit's."""
        root = f"{self._place.path}/suspended/"
        found = []
        for name, value in self._parameters(root):
            source, _, subject = name.removeprefix(root).partition("/")
            content = _content(value)
            if isinstance(content.get("subject"), str):
                fields = {key: str(content.get(key) or "") for key in ("reason", "by", "at")}
                found.append(Suspension(subject=content["subject"], source=source, **fields))
            else:
                self._warn(
                    f"The parameter {name} is not one of a suspension and is left out here, while the gateway "
                    f"suspends {subject} by its name: correct or delete it."
                )
        return sorted(found, key=lambda entry: (entry.subject, entry.source))

    def block(self, subject: str, reason: str, *, force: bool = False) -> str:
        """Suspend `subject`, then leave a record of it; what it came to, in a sentence.

        Args:
            subject: `<tenant>` or `<tenant>/<agent>`, deployed in the environment.
            reason: why, for whoever reads the list or the audit store.
            force: also one that is not in the directory: a removed tenant's tokens live until they expire.

        Raises:
            OperationError: there is no such tenant or agent; or it is blocked, but no record could be written.
        """
        self._check_reason(reason)
        self._check_known(subject, force=force)
        name = self._parameter(subject)
        value = {"subject": subject, "reason": reason, "by": self._place.caller, "at": now()}
        self._place.ssm.put_parameter(
            Name=name,
            Value=json.dumps(value),
            Type="String",
            Overwrite=True,
            Description=f"Blocks {subject}; written by make block",
        )
        try:
            self._audit("block", subject, reason, name)
        except OperationError as error:
            raise OperationError(f"{subject} is blocked, but {error}: mend that and run the command again.") from None
        return f"{subject} is blocked in {self._place.environment}: the gateway refuses it within a minute."

    def unblock(self, subject: str, reason: str) -> str:
        """Leave a record of it, then lift the block of `subject`; what it came to, in a sentence.

        Args:
            subject: `<tenant>` or `<tenant>/<agent>`, blocked by command.
            reason: why.

        Raises:
            OperationError: it is not blocked by command, or no record could be written, and the block stays.
        """
        self._check_reason(reason)
        present = self.suspended()
        blocked = [entry.subject for entry in present if entry.source == BY_COMMAND]
        by_settings = subject in [entry.subject for entry in present if entry.source == BY_SETTING]
        tenant = subject.partition("/")[0]
        way_out = f"set `suspended: false` in config/tenants/{tenant}.yaml and deploy"
        if subject not in blocked:
            if by_settings:
                raise OperationError(f"{subject} is suspended by its settings: {way_out}.")
            raise OperationError(
                f"{subject} is not blocked by command in {self._place.environment}: {_near(subject, blocked)}"
            )
        name = self._parameter(subject)
        try:
            self._audit("unblock", subject, reason, name)
        except OperationError as error:
            raise OperationError(
                f"{subject} stays blocked, since {error}: mend that and run the command again."
            ) from None
        self._place.ssm.delete_parameter(Name=name)
        if by_settings:
            return f"The block of {subject} is lifted, but its settings suspend it: {way_out}."
        if tenant != subject and tenant in blocked:
            return f"The block of {subject} is lifted, but its tenant is blocked as well."
        return f"{subject} is let in again in {self._place.environment} within a minute."

    def _parameter(self, subject: str) -> str:
        return f"{self._place.path}/suspended/{BY_COMMAND}/{subject}"

    def _audit(self, operation: str, subject: str, reason: str, parameter: str) -> None:
        record = audit_record(self._place, operation=operation, subject=subject, reason=reason, parameter=parameter)
        write_record(self._place, record)

    def _check_reason(self, reason: str) -> None:
        if not reason.strip():
            raise OperationError('No reason is given: add REASON="…", which the audit record keeps.')
        if len(reason) > LONGEST_REASON:
            raise OperationError(f"The reason has {len(reason)} characters: use {LONGEST_REASON} at most.")

    def _check_known(self, subject: str, *, force: bool) -> None:
        """Whether the subject is deployed, by the directory that tokens are made from and not by this checkout."""
        if not _SUBJECT.fullmatch(subject):
            raise OperationError(f"{subject!r} is no name of a tenant or agent: write it as the settings do.")
        agents = set(self._agents())
        known = sorted({*agents, *(agent.partition("/")[0] for agent in agents)})
        if subject not in known and not force:
            near = _near(subject, known)
            end = "" if near.endswith("?") else "."
            raise OperationError(
                f"{self._place.environment} has no {subject!r}: {near}{end} To block it all the same, as one "
                "that was removed and whose tokens still live, add FORCE=1."
            )

    def _agents(self) -> Iterator[str]:
        """The agents in the directory, without entries that cannot be read."""
        for name, value in self._parameters(f"{self._place.path}/agents/"):
            agent = _content(value).get("agent_id")
            if isinstance(agent, str):
                yield agent
            else:
                self._warn(
                    f"The parameter {name} is no agent's entry and is left out: deploy its tenant's stack again."
                )

    def _parameters(self, path: str) -> Iterator[tuple[str, str]]:
        pages = self._place.ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
        for page in pages:
            for parameter in page["Parameters"]:
                yield parameter["Name"], parameter["Value"]


def _content(value: str) -> dict[str, Any]:
    """The JSON object that a parameter holds; an empty one where it holds something else."""
    try:
        content = json.loads(value)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _near(subject: str, known: Collection[str]) -> str:
    """What could have been meant, of what there is."""
    near = get_close_matches(subject, list(known), n=1, cutoff=0.5)
    hint = [f"did you mean {near[0]}?"] if near else []
    if not known:
        hint.append("there is none")
    elif not near or len(known) <= MOST_SHOWN:
        more = len(known) - MOST_SHOWN
        hint.append(f"there are {', '.join(sorted(known)[:MOST_SHOWN])}{f' and {more} more' if more > 0 else ''}")
    return " ".join(hint)
