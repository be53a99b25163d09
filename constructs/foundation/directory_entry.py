"""How an agent's facts are written into the directory, and how long they may be (R3)."""

from __future__ import annotations

import json
from collections.abc import Mapping

LARGEST_PARAMETER = 4096
"""Characters of a standard parameter
(https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html)."""


def entry_text(entry: Mapping[str, object]) -> str:
    """The value of an agent's parameter, as short as it gets."""
    return json.dumps(entry, separators=(",", ":"))
