"""Quantities of Kubernetes: CPU and memory as people write them, as numbers, and back.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/. Only the units are read that mean
something for CPU and memory: `512m` of memory would be half a byte, and Kubernetes takes it without a word.
"""

from __future__ import annotations

import re
from decimal import Decimal

_CPU = re.compile(r"^(?:(?P<milli>[1-9][0-9]{0,6})m|(?P<cores>[0-9]{1,4}(?:\.[0-9]{1,3})?))$")
_MEMORY = re.compile(r"^(?P<number>[1-9][0-9]{0,9})(?P<unit>Ki|Mi|Gi|Ti|k|M|G|T)$")
_UNITS = {
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
}  # fmt: skip


class QuantityError(ValueError):
    """A quantity that Kubernetes would refuse or misread; the message says what to write instead."""


def cpu(text: str) -> Decimal:
    """CPU in cores.

    Args:
        text: e.g. `250m` or `1.5`; nothing finer than a thousandth of a core.

    Raises:
        QuantityError: it is no CPU quantity, or none at all.
    """
    found = _CPU.match(text)
    cores = Decimal(found["milli"]) / 1000 if found and found["milli"] else Decimal(found["cores"] if found else 0)
    if not cores:
        raise QuantityError("is no amount of CPU: write thousandths of a core, like 250m, or cores, like 1.5")
    return cores


def memory(text: str) -> int:
    """Memory or disk space in bytes.

    Args:
        text: e.g. `512Mi` or `2Gi`.

    Raises:
        QuantityError: it is no amount of memory.
    """
    found = _MEMORY.match(text)
    if not found:
        raise QuantityError("is no amount of memory: write a whole number with its unit, like 512Mi or 2Gi")
    return int(found["number"]) * _UNITS[found["unit"]]


def cpu_text(cores: Decimal) -> str:
    """`cores` as Kubernetes writes them back, e.g. `250m` or `2`."""
    milli = int(cores * 1000)
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def memory_text(size: int) -> str:
    """`size` bytes in the largest unit that says it exactly, e.g. `512Mi`."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return str(size)
