"""What can change between two versions of a tool server, and the bump that each kind of change needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from stacks.settings.versions.bumps import Bump


class Kind(Enum):
    """A kind of change: the bump it needs, and what it says of the place that changed."""

    bump: Bump
    words: str

    def __new__(cls, bump: Bump, words: str) -> Kind:
        """A member of its own, also where bump and words are those of another."""
        member = object.__new__(cls)
        member._value_ = len(cls.__members__)
        member.bump, member.words = bump, words
        return member

    TOOL_REMOVED = (Bump.MAJOR, "was removed")
    PARAMETER_REMOVED = (Bump.MAJOR, "was removed")
    REQUIRED_PARAMETER_ADDED = (Bump.MAJOR, "was added and is required")
    PARAMETER_BECAME_REQUIRED = (Bump.MAJOR, "became required")
    PARAMETER_NARROWED = (Bump.MAJOR, "takes {after} and took {before}")
    VALUE_REMOVED = (Bump.MAJOR, "no longer takes {before}")
    OPERATION_TAKES_LESS = (Bump.MAJOR, "no longer takes {before}")
    OPERATION_NEEDS_MORE = (Bump.MAJOR, "needs {after} now")
    FIELD_REMOVED = (Bump.MAJOR, "was removed")
    FIELD_BECAME_OPTIONAL = (Bump.MAJOR, "may be missing, and was always there")
    FIELD_WIDENED = (Bump.MAJOR, "may be {after} and was {before}")
    ANSWER_UNDECLARED = (Bump.MAJOR, "is no longer declared")

    TOOL_ADDED = (Bump.MINOR, "was added")
    PARAMETER_ADDED = (Bump.MINOR, "was added")
    PARAMETER_BECAME_OPTIONAL = (Bump.MINOR, "may be left out")
    PARAMETER_WIDENED = (Bump.MINOR, "takes {after} and took {before}")
    VALUE_ADDED = (Bump.MINOR, "takes {after} as well")
    OPERATION_TAKES_MORE = (Bump.MINOR, "takes {after} as well")
    OPERATION_NEEDS_LESS = (Bump.MINOR, "no longer needs {before}")
    FIELD_ADDED = (Bump.MINOR, "was added")
    FIELD_BECAME_SURE = (Bump.MINOR, "is always there, and could be missing")
    FIELD_NARROWED = (Bump.MINOR, "is {after} and could be {before}")
    ANSWER_DECLARED = (Bump.MINOR, "is declared")

    REWORDED = (Bump.PATCH, "is described in other words")


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        kind: what happened.
        place: to what, as `get_time: parameter timezone`.
        before: how it was, where the kind tells that.
        after: how it is.
    """

    kind: Kind
    place: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        """The change in words, such as `get_time: parameter timezone was removed`."""
        return f"{self.place} {self.kind.words.format(before=self.before, after=self.after)}"


def needed_bump(changes: tuple[Change, ...]) -> Bump | None:
    """The bump that all of the changes together need; None when there are none."""
    return max((change.kind.bump for change in changes), default=None)
