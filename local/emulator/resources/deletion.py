"""Deleting what may be gone already, which is no error to CloudFormation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from botocore.exceptions import ClientError


@contextlib.contextmanager
def unless_gone() -> Iterator[None]:
    """Let a deletion succeed when the API answers that the resource does not exist (some code with "NotFound")."""
    try:
        yield
    except ClientError as error:
        if "NotFound" not in error.response["Error"]["Code"]:
            raise
