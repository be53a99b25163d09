"""The service's log: one line of JSON per request and turn, for CloudWatch.

No line holds what was said, asked of a tool or answered by one; texts of exceptions may, so they are left out, of those
that libraries log too. Owners, who may be people, stand there as a digest:
lines of one owner can be found together, and CloudTrail has the principal of each call.
"""

from __future__ import annotations

import hashlib
import logging
import traceback

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

logger = Logger(service="conversation-agent", location=None)

_OURS = ("gateway_agent", "conversations")
"""Packages whose log lines hold numbers and names only."""


class WithoutTexts(logging.Filter):
    """Leaves of a library's log line what it says always: not its arguments, and of an exception its type."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter`; our own lines have a handler of their own."""
        if record.name == logger.name:
            return False
        if not record.name.startswith(_OURS):
            kind = record.exc_info[0] if record.exc_info else None
            record.msg = f"{record.msg} ({kind.__name__})" if kind else str(record.msg)
            record.args = record.exc_info = record.exc_text = None
        return True


def configure() -> None:
    """Let libraries' warnings go to the standard error, without texts that may quote what was said."""
    handler = logging.StreamHandler()
    handler.addFilter(WithoutTexts())
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", handlers=[handler])


def digest(tenant: str, owner: str) -> str:
    """An owner in log lines: sixteen hexadecimal digits."""
    return hashlib.sha256(f"{tenant}#{owner}".encode()).hexdigest()[:16]


def described(error: BaseException) -> dict[str, object]:
    """An error in log lines: its type, AWS's code for it, and where it was raised; its text may quote what was said."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    found: dict[str, object] = {
        "error": type(error).__name__,
        "raised_at": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames],
    }
    if isinstance(error, ClientError):
        found["aws_code"] = error.response.get("Error", {}).get("Code", "")
    if error.__cause__ is not None:
        found["cause"] = type(error.__cause__).__name__
    return found
