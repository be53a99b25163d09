"""The id that follows a question: from its request into logs, traces and the gateway's audit records."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence

HEADER = "X-Correlation-ID"

FORM = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""What the gateway's interceptors take over (lambda/governance/events.py); they replace any other by their own."""


def accepted_or_new(given: Sequence[str]) -> str:
    """The caller's id where it gave exactly one of the right form, a new one otherwise.

    Args:
        given: The values of all headers `X-Correlation-ID` of a request.
    """
    return given[0] if len(given) == 1 and FORM.fullmatch(given[0]) else str(uuid.uuid4())
