"""What the functions in front of and behind every call begin with."""

from __future__ import annotations

import os

from governance import metrics
from governance.audit import printed
from governance.directory import Directory
from governance.events import Ids, Json, refused
from governance.refusals import RefusedError
from governance.settings import SettingsError, text

DIRECTORY_SECONDS = 300.0
"""How long an agent's entry is used without asking again; suspensions have a list of their own."""


def directory() -> Directory:
    """The directory of agents that the environment variables name.

    Raises:
        SettingsError: FOUNDATION_AGENTS_PATH or FOUNDATION_ENVIRONMENT is missing.
    """
    environment = text("FOUNDATION_ENVIRONMENT")
    return Directory(text("FOUNDATION_AGENTS_PATH"), environment=environment, keep_seconds=DIRECTORY_SECONDS)


def cannot_start(function: str, error: SettingsError) -> Json:
    """The answer of an interceptor whose settings cannot be used; says why in its log, and counts it.

    Args:
        function: The function's name.
        error: What is wrong.
    """
    printed(f"{function} cannot start: {error}")
    metrics.emit({"Refused": 1, "Unavailable": 1}, {"environment": os.environ.get("FOUNDATION_ENVIRONMENT", "?")})
    return refused(RefusedError("internal"), Ids.new({}))
