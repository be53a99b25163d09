"""The service's log: one line of JSON per request and turn, for CloudWatch.

No line holds what was said, asked of a tool or answered by one. Owners, who may be people, stand there as a digest:
lines of one owner can be found together, and CloudTrail has the principal of each call.
"""

from __future__ import annotations

import hashlib

from aws_lambda_powertools import Logger

logger = Logger(service="conversation-agent", location=None)


def digest(tenant: str, owner: str) -> str:
    """An owner in log lines: sixteen hexadecimal digits."""
    return hashlib.sha256(f"{tenant}#{owner}".encode()).hexdigest()[:16]
