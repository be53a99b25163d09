"""How a command ends: exit codes, and the one exception whose message a person reads."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the process returns."""

    OK = 0
    AGENT = 1
    """The agent or its service answered with an error."""
    USAGE = 2
    """The command line or the settings are wrong (argparse's own code too)."""
    CREDENTIALS = 3
    """There are no valid credentials, or they do not allow this."""
    UNREACHABLE = 4
    """Nobody answers at the address, or something that is no agent's service."""
    INTERRUPTED = 130
    """Ctrl-C: 128 and the number of SIGINT, as shells count."""
    BROKEN_PIPE = 141
    """Whoever read the output closed it: 128 and the number of SIGPIPE."""


class CommandError(Exception):
    """Something went wrong that a person can do something about: one sentence with the way out, and the exit code."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code
