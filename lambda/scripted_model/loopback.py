"""The last lock: a process whose AWS is not on this machine gets no scripted model."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

VARIABLE = "AWS_ENDPOINT_URL"


class NotLocalError(Exception):
    """This process speaks to an AWS that is not on this machine, or nobody can tell."""


def require_loopback(environment: Mapping[str, str]) -> None:
    """Refuse a process that may speak to the real AWS.

    A name other than `localhost` may resolve to anything at any time, so only an address counts beside it.

    Args:
        environment: The process's.

    Raises:
        NotLocalError: `AWS_ENDPOINT_URL` is missing or no loopback address.
    """
    url = environment.get(VARIABLE, "")
    if not _is_loopback(url):
        raise NotLocalError(
            f"The scripted model is for local runs: {VARIABLE} is {url!r}, which is not on this machine. "
            "Set FOUNDATION_MODEL=bedrock and FOUNDATION_MODEL_ID."
        )


def _is_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
