"""Replace a function of ministack wherever one of its modules holds it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def replace(original: Callable[..., Any], replacement: Callable[..., Any]) -> None:
    """Put `replacement` in the place of `original` in every loaded module of ministack.

    Modules import functions by name and tables hold them as values: both are found by identity. Raises LookupError
    when nothing holds `original`, so that a changed ministack is noticed at start and not by a wrong answer.
    """
    found = 0
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] != "ministack" or module is None:
            continue
        for attribute, value in list(vars(module).items()):
            if value is original:
                setattr(module, attribute, replacement)
                found += 1
            elif type(value) is dict:
                found += _replace_values(value, original, replacement)
    if not found:
        raise LookupError(f"no module of ministack holds {original.__module__}.{original.__qualname__}")


def _replace_values(table: dict[Any, Any], original: Callable[..., Any], replacement: Callable[..., Any]) -> int:
    keys = [key for key, value in table.items() if value is original]
    for key in keys:
        table[key] = replacement
    return len(keys)
