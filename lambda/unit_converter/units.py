"""Lengths and masses, by the international definitions of yard and pound (1959)."""

from typing import Literal

Unit = Literal["m", "km", "mile", "foot", "kg", "lb"]

_METRES = {"m": 1.0, "km": 1000.0, "mile": 1609.344, "foot": 0.3048}
_KILOGRAMS = {"kg": 1.0, "lb": 0.45359237}


def convert(value: float, source: Unit, target: Unit) -> float:
    """`value` of `source` in `target`.

    Raises:
        ValueError: the two are of different quantities.
    """
    for quantity in (_METRES, _KILOGRAMS):
        if source in quantity and target in quantity:
            return value * quantity[source] / quantity[target]
    raise ValueError(f"{source} and {target} are of different quantities: choose two lengths or two masses")
