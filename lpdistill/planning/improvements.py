"""What should be improved: one more of everything, each with what it gains and costs, and derivatives beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite
from typing import Any

from lpdistill.errors import LpdistillError
from lpdistill.numbers import Number, as_float
from lpdistill.planning.objective import Objective, Quantity
from lpdistill.planning.ranges import FALLING, Place, Range
from lpdistill.planning.search import Search
from lpdistill.problem.problem import Problem
from lpdistill.rates.sensitivity import rate_sensitivity
from lpdistill.rates.steady_state import key_rate, throughput
from lpdistill.solution.document import finite
from lpdistill.worth.sensitivity import Derivative, sensitivity

MORE = "memories"
"""The setting of which there is one more even beyond its range, where each costs the same."""


@dataclass(frozen=True, slots=True)
class Improvement:
    """A change of one setting, and what comes of it.

    Attributes
    ----------
    setting
        What changes.
    before, after
        Its value now, and then; None for a derivative, of which all figures are per unit of the setting.
    gain
        By how much the quantity that is asked for becomes better; negative if it becomes worse.
    cost
        By how much the hardware becomes dearer.
    """

    setting: str
    before: Fraction | int
    after: Fraction | int | None
    gain: float
    cost: Fraction

    @property
    def per_price(self) -> float:
        """The gain per unit of price; infinite if what gains costs nothing more."""
        if self.gain <= 0:
            return 0.0
        return self.gain / float(self.cost) if self.cost > 0 else inf

    @property
    def kind(self) -> str:
        """Whether it is a step or a derivative."""
        return "derivative" if self.after is None else "step"

    def to_dict(self) -> dict[str, Any]:
        """The change as JSON data."""
        return {
            "setting": self.setting,
            "kind": self.kind,
            "before": str(self.before),
            "after": None if self.after is None else str(self.after),
            "gain": self.gain,
            "cost": str(self.cost),
            "gain_per_price": finite(self.per_price),
        }


def improvements(search: Search, place: Place) -> tuple[Improvement, ...]:
    """All steps from some hardware, and derivatives at it, by what they gain for their price.

    Parameters
    ----------
    search
        What there is and what is asked.
    place
        The hardware.
    """
    found = [*_steps(search, place), *_derivatives(search, place)]
    return tuple(sorted(found, key=lambda one: (-one.per_price, -one.gain, one.setting)))


def _steps(search: Search, place: Place) -> Iterator[Improvement]:
    """The next value of every range, on both sides where it is not proved which is better."""
    shelf, objective, here = search.shelf, search.objective, search.at(place)
    for number, one in enumerate(shelf.ranges):
        at = place[number]
        sides = (at + 1,) if one.name in search.monotone.names else (at - 1, at + 1)
        for other in sides:
            if 0 <= other < len(one.values):
                there = search.measure(shelf.problem((*place[:number], other, *place[number + 1 :])))
                gain = _gain(objective, here.measured.value, there.value)
                yield Improvement(one.name, one.values[at], one.values[other], gain, one.prices[other] - one.prices[at])
        if one.name == MORE and at + 1 == len(one.values) and one.price is not None:
            more = int(one.values[at]) + 1
            value = search.measure(shelf.problem(place).replace(memories=more)).value
            yield Improvement(MORE, one.values[at], more, _gain(objective, here.measured.value, value), one.price)


def _gain(objective: Objective, before: float, after: float) -> float:
    """By how much a value becomes better; 0 where that is rounding, or neither attains anything."""
    if (
        not isfinite(before)
        or not isfinite(after)
        or not (objective.better(after, before) or objective.better(before, after))
    ):
        return 0.0
    return before - after if objective.falls else after - before


def _derivatives(search: Search, place: Place) -> Iterator[Improvement]:
    """What a little more of a setting gains, where that has a derivative and a price for each unit."""
    priced = [one for one in search.shelf.ranges if one.price is not None]
    slopes = slopes_of(search.objective, search.shelf.problem(place)) if priced else {}
    values = search.shelf.settings(place)
    for one in priced:
        if one.name in slopes and isfinite(slope := _side(one, slopes[one.name])):
            sign = -1 if search.objective.falls else 1
            falling = -1 if one.name in FALLING else 1
            price = Fraction(one.price or 0)
            yield Improvement(one.name, values[one.name], None, sign * falling * slope, falling * price)


def _side(one: Range, slope: Derivative) -> float:
    """The derivative to the better side."""
    return slope.below if one.name in FALLING else slope.above


def slopes_of(objective: Objective, problem: Problem) -> Mapping[str, Derivative]:
    """Derivatives of what is asked; none of deadlines and fidelities, nor where none is proved."""
    precise: dict[str, Number | None] = {"within": objective.within, "time_limit": objective.time_limit}
    try:
        if objective.quantity is Quantity.WAITING_TIME:
            return sensitivity(problem).derivatives
        if objective.quantity is Quantity.THROUGHPUT:
            return rate_sensitivity(throughput(problem, **precise)).derivatives  # type: ignore[arg-type]
        if objective.quantity is Quantity.KEY_RATE:
            return rate_sensitivity(key_rate(problem, objective.protocol, **precise)).derivatives  # type: ignore[arg-type]
    except LpdistillError:  # past what is proved there are steps only
        return {}
    return {}


def as_number(value: Fraction | int) -> float | int:
    """A value as tables have it."""
    return value if isinstance(value, int) else as_float(value) or float(value)
