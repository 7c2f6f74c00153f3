r"""How long steps take, and pairs keep: numbers in the user's unit, or in seconds.

Over a distance :math:`L` of fibre, in which signals travel at :math:`c`, an attempt of generation takes
:math:`\tau_g = L/c` and a distillation, whose outcomes are exchanged, :math:`\tau_d = 2L/c` (as in arXiv:2606.14908).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, member
from lpdistill.units import LENGTHS, SPEEDS, TIMES, Unit, measured, quantity

SMALLEST = Fraction(1, 10**200)
"""Probabilities below this, and durations this far from 1, leave no room for products in double precision."""

LONGEST = 1 / SMALLEST
"""The longest duration, for the same reason."""

FIBRE = Fraction(200_000_000)
"""Metres a second that signals travel in fibre, unless told otherwise."""

WAYS = {"generation_time": 1, "distillation_time": 2}
"""How often a signal travels the distance in a step; the durations without a distance, in the user's unit."""


class Timing(NamedTuple):
    """Durations of steps that generate and that distil, coherence time of memories, and the unit of all, if known."""

    generation_time: Fraction
    distillation_time: Fraction
    coherence_time: Fraction | None
    unit: Unit | None


def timing(
    given: Mapping[str, Number | None],
    *,
    distance: Number | None = None,
    signal_speed: Number | None = None,
    unit: Unit | str | None = None,
) -> Timing:
    """The times of some hardware.

    Parameters
    ----------
    given
        ``generation_time``, ``distillation_time``, ``coherence_time``: numbers, with a unit (``"85ms"``) or without,
        or None.
    distance, signal_speed
        From which durations follow that are not given; with a unit, or in metres and metres a second.
    unit
        ``"s"`` if numbers without unit are seconds.

    Raises
    ------
    ModelError
        If one is out of range, or some times have a unit and others have none.

    Examples
    --------
    >>> timing({"generation_time": None, "distillation_time": "1ms"}, distance="10km")[:2]
    (Fraction(1, 20000), Fraction(1, 1000))
    """
    found = {name: measured(value, name, TIMES) for name, value in given.items() if value is not None}
    sure = None if unit is None else member(Unit, unit, "unit")
    step = _step(distance, signal_speed)
    unstated = [name for name, (number, stated) in found.items() if number and not stated]
    stated = [name for name, (_, stated) in found.items() if stated]
    if sure is None and unstated and (stated or step is not None):
        raise ModelError(
            unstated[0],
            f"has no unit, where {stated[0] if stated else 'what follows from the distance'} is in seconds; write "
            f"{given[unstated[0]]}s or {given[unstated[0]]}ms, or say unit = s",
            given[unstated[0]],
        )
    for name, ways in WAYS.items():
        if name not in found and step is None and stated and sure is None:
            raise ModelError(name, f"is missing, with times in seconds; give it ({ways}ms, say), or a distance", None)
    unit = Unit.SECONDS if sure or stated or step is not None else None
    durations = [
        _duration(found[name][0], name, given[name]) if name in found else ways * (1 if step is None else step)
        for name, ways in WAYS.items()
    ]
    coherence = found.get("coherence_time")
    return Timing(Fraction(durations[0]), Fraction(durations[1]), coherence and coherence[0], unit)


def _step(distance: Number | None, signal_speed: Number | None) -> Fraction | None:
    """Seconds that a signal takes from one node to the other; None without a distance."""
    if distance is None:
        if signal_speed is not None:
            raise ModelError("signal_speed", "means nothing without a distance; give one", signal_speed)
        return None
    length = quantity(distance, "distance", LENGTHS)
    if length <= 0:
        raise ModelError("distance", "must be above 0", distance)
    speed = FIBRE if signal_speed is None else quantity(signal_speed, "signal_speed", SPEEDS)
    if not 0 < speed <= SPEEDS["c"]:
        raise ModelError("signal_speed", "must be above 0, and at most that of light, 299792458 m/s", signal_speed)
    return length / speed


def _duration(number: Fraction, where: str, given: Number | None) -> Fraction:
    """A duration that is neither negative nor beyond double precision."""
    if number < 0:
        raise ModelError(where, "must not be negative", given)
    if number and not SMALLEST <= number <= LONGEST:
        raise ModelError(
            where, f"must be 0 or between {float(SMALLEST):g} and {float(LONGEST):g}; take another unit", given
        )
    return number
