"""Quantities with units, exactly: times in seconds, lengths in metres, speeds in metres a second.

A dozen units and no arithmetic: libraries of units take a second to import, where a problem is solved in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from lpdistill.errors import ModelError
from lpdistill.numbers import LONGEST_NUMBER, UNIT_OF_TIME, Number, exact

Units = Mapping[str, Fraction]


class Unit(StrEnum):
    """The unit of times that have one."""

    SECONDS = "s"


TIMES: Units = MappingProxyType(
    {
        Unit.SECONDS: Fraction(1),
        "ms": Fraction(1, 10**3),
        "us": Fraction(1, 10**6),
        "\N{MICRO SIGN}s": Fraction(1, 10**6),
        "\N{GREEK SMALL LETTER MU}s": Fraction(1, 10**6),
        "ns": Fraction(1, 10**9),
        "min": Fraction(60),
        "h": Fraction(3600),
    }
)
"""Units of time in seconds."""

LENGTHS: Units = MappingProxyType({"m": Fraction(1), "km": Fraction(1000), "cm": Fraction(1, 100)})
"""Units of length in metres."""

SPEEDS: Units = MappingProxyType({"km/s": Fraction(1000), "m/s": Fraction(1), "c": Fraction(299_792_458)})
"""Units of speed in metres a second; c is that of light in vacuum."""

UNITS = MappingProxyType({UNIT_OF_TIME: TIMES, "m": LENGTHS, "m/s": SPEEDS})
"""The units that settings may be given in, by the unit in which they are kept."""

UNMEASURED = "has a unit, which the times of the problem have not; leave it out"
"""What is wrong with a time that has a unit where there is none."""

QUANTITY = re.compile(r"\s*(?P<number>.*?[\d.])\s*(?P<unit>[^\W\d_]+(?:/[^\W\d_]+)?)\s*")


def measured(value: object, where: str, units: Units) -> tuple[Fraction, bool]:
    """A number, in the first of some units if it has one; and whether it has.

    Raises
    ------
    ModelError
        If it is no number, or its unit is another one.

    Examples
    --------
    >>> measured("85 ms", "coherence_time", TIMES), measured("1/3us", "time", TIMES), measured(2, "time", TIMES)
    ((Fraction(17, 200), True), (Fraction(1, 3000000), True), (Fraction(2, 1), False))
    """
    found = QUANTITY.fullmatch(value) if isinstance(value, str) and len(value) <= LONGEST_NUMBER else None
    if found is None:
        return exact(value, where), False
    if found["unit"] not in units:
        *known, last = [name for name in units if name.isascii()] or ["no unit"]
        several = f"{', '.join(known)} or " if known else ""
        raise ModelError(where, f"must be in {several}{last}", value)
    return exact(found["number"], where) * units[found["unit"]], True


def quantity(value: Number, where: str, units: Units) -> Fraction:
    """A number that must have a unit, in the first of these.

    Raises
    ------
    ModelError
        If it has none.

    Examples
    --------
    >>> quantity("10km", "distance", LENGTHS)
    Fraction(10000, 1)
    """
    number, stated = measured(value, where, units)
    if not stated and isinstance(value, str):
        raise ModelError(where, f"must have a unit: {', '.join(units)}", value)
    return number


def moment(value: object, where: str, unit: Unit | None) -> Fraction:
    """A time, in the unit of a problem.

    Raises
    ------
    ModelError
        If it is no number, or has a unit where the times of the problem have none.

    Examples
    --------
    >>> moment("2ms", "window", Unit.SECONDS), moment("2", "window", None)
    (Fraction(1, 500), Fraction(2, 1))
    """
    number, stated = measured(value, where, TIMES)
    if stated and unit is None:
        raise ModelError(where, UNMEASURED, value)
    return number
