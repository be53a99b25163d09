"""Semantic versions of tool servers, and how far a change moves them (https://semver.org)."""

from __future__ import annotations

from enum import IntEnum

Version = tuple[int, int, int]


class Bump(IntEnum):
    """The part of a version that a change moves; the larger, the more it asks of callers."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        """Its name in a sentence."""
        return self.name.lower()

    def after(self, version: str) -> str:
        """The first version that this bump leads to from `version`."""
        major, minor, patch = parse(version)
        match self:
            case Bump.MAJOR:
                return f"{major + 1}.0.0"
            case Bump.MINOR:
                return f"{major}.{minor + 1}.0"
            case Bump.PATCH:
                return f"{major}.{minor}.{patch + 1}"


def parse(version: str) -> Version:
    """The three numbers of a version such as 1.2.3, which sort as versions do.

    Raises:
        ValueError: It has another form.
    """
    numbers = version.split(".")
    if len(numbers) != 3 or not all(number.isdecimal() and str(int(number)) == number for number in numbers):
        raise ValueError(f"{version!r} is no version of the form 1.2.3")
    major, minor, patch = map(int, numbers)
    return major, minor, patch
