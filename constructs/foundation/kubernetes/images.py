"""What a reference to a container image has to say, so that it means the same image tomorrow."""

from __future__ import annotations

import re

_REFERENCE = re.compile(
    r"^(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?|localhost(?::[0-9]{1,5})?)"
    r"/(?P<path>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)
"""https://pkg.go.dev/github.com/distribution/reference, with the registry's host, which is optional there: a name
without one means Docker Hub."""

MOVING_TAGS = frozenset({"latest", "stable", "main", "master", "edge", "nightly"})
"""Tags that are made to be moved to other images."""


class ImageError(ValueError):
    """An image reference that is not precise enough; the message says what to write."""


def check_image(reference: str) -> None:
    """Whether `reference` names a registry, and a version by tag or digest.

    Raises:
        ImageError: it does not.
    """
    found = _REFERENCE.match(reference)
    if not found:
        raise ImageError(
            "is no image in a registry: write <registry host>/<repository>:<version>, like "
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/reference-agent:1.0.0"
        )
    if not found["tag"] and not found["digest"]:
        raise ImageError("says no version, which means latest: add a tag, like :1.0.0, or a digest")
    if found["tag"] in MOVING_TAGS and not found["digest"]:
        raise ImageError(f"is another image tomorrow: write a version instead of {found['tag']}, like :1.0.0")
