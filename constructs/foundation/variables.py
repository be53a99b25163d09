"""How much a function's environment variables may take."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

LARGEST = 4096
"""Bytes of all environment variables together, as JSON, that Lambda takes
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""

_UNKNOWN = re.compile(r"\$\{Token\[[^\]]*\]\}")
"""What only a deployment knows, as the CDK writes it into text."""


class VariablesError(ValueError):
    """A function's environment variables are more than Lambda takes; the message says by how much."""


def check_variables(package: str, variables: Mapping[str, str]) -> None:
    """Whether Lambda takes `variables`, by what is known of them at synthesis.

    Args:
        package: the function's package, for the message.
        variables: values by name.

    Raises:
        VariablesError: what is known is too much already.
    """
    known = {name: _UNKNOWN.sub("", value) for name, value in variables.items()}
    size = _size(known)
    if size > LARGEST:
        longest = max(known, key=lambda name: len(known[name]))
        raise VariablesError(
            f"lambda/{package}: its environment variables have {size} bytes and Lambda takes {LARGEST}: shorten "
            f"{longest}, which has {_size(known[longest])} of them"
        )


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
