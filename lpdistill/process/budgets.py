"""Budgets: limits on what a run is expected to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import TypeGuard

from lpdistill.arguments import Kind
from lpdistill.errors import ModelError, names_like
from lpdistill.numbers import DIGITS, UNIT_OF_TIME, Number, absent, exact
from lpdistill.process.resources import RESOURCES, resource_of
from lpdistill.process.tariff import Resource
from lpdistill.units import TIMES, UNMEASURED, Unit, Units, measured

MET = 1e-9
"""Share of a limit by which it may be missed before it counts as missed."""

LEAST_WIDENED = Fraction(1, 10**6)
"""Limits below this are taken for as large as this where it is said how far they may move."""


@dataclass(frozen=True, init=False)
class Budget:
    """Limits on the expected use of a resource, from the empty memories to the target.

    Parameters
    ----------
    resource
        One of the resources that every problem has, by name, or a :class:`Resource` of the user's.
    most
        Upper limit; one of a time may have a unit, where the times of the problem have one.
    least
        Lower limit.

    Raises
    ------
    ModelError
        If the resource is unknown, no limit is given, a limit is negative or no number, or the limits contradict.

    Examples
    --------
    >>> Budget("generation_attempts", 12)
    Budget(generation_attempts <= 12)
    """

    resource: Resource
    most: Fraction | None
    least: Fraction | None
    timed: bool = field(default=False, compare=False, repr=False)
    """Whether a limit was given with a unit of time."""

    def __init__(self, resource: str | Resource, most: Number | None = None, *, least: Number | None = None) -> None:
        what = resource_of(resource, "budget")
        limits = {"most": most, "least": least}
        if most is None and least is None:
            raise ModelError(f"budget {what.name}", "must have a limit: most, least, or both", None)
        units = TIMES if UNIT_OF_TIME in getattr(what, "unit", "") else None
        found = {
            side: _limit(limit, f"budget {what.name}", units) for side, limit in limits.items() if limit is not None
        }
        kept = {side: found[side][0] if side in found else None for side in limits}
        for side, limit in kept.items():
            if limit is not None and limit < 0:
                raise ModelError(f"budget {what.name}", "must not have a negative limit", limits[side])
        object.__setattr__(self, "resource", what)
        object.__setattr__(self, "timed", any(stated for _, stated in found.values()))
        for side, limit in kept.items():
            object.__setattr__(self, side, limit)
        if self.most is not None and self.least is not None and self.least > self.most:
            told = f"{float(self.least):g} <= ... <= {float(self.most):g}"
            raise ModelError(f"budget {what.name}", "has limits that contradict each other", told)

    @property
    def name(self) -> str:
        """The name of its resource."""
        return self.resource.name

    def and_also(self, other: Budget) -> Budget:
        """The budget that keeps within both."""
        if other.resource is not self.resource and other.resource != self.resource:
            raise ModelError("budgets", "must not share a name between different resources", self.name)
        uppers = [limit for limit in (self.most, other.most) if limit is not None]
        lowers = [limit for limit in (self.least, other.least) if limit is not None]
        return Budget(self.resource, min(uppers, default=None), least=max(lowers, default=None))

    def widened(self, share: float) -> Budget:
        """The budget with limits that are a share of themselves, or of a millionth, further apart."""
        by = {side: Fraction(share) * max(limit, LEAST_WIDENED) for side, limit in self.sides.items()}
        most = None if self.most is None else self.most + by["most"]
        least = None if self.least is None else max(self.least - by["least"], Fraction(0))
        return Budget(self.resource, most, least=least)

    @property
    def sides(self) -> dict[str, Fraction]:
        """The limits that there are, by ``most`` and ``least``."""
        sides = {"most": self.most, "least": self.least}
        return {side: limit for side, limit in sides.items() if limit is not None}

    @property
    def ends(self) -> tuple[float, float]:
        """Lower and upper limit in floating point, infinite where there is none."""
        return float(self.sides.get("least", -inf)), float(self.sides.get("most", inf))

    def missed(self, used: float) -> float:
        """By how much a use is beyond the limits; 0 within them."""
        least, most = self.ends
        return max(least - used, used - most, 0.0)

    def kept(self, used: float) -> bool:
        """Whether a use is within the limits, up to what rounding may make of it."""
        least, most = self.ends
        return least - MET * max(1.0, least) <= used <= most + MET * max(1.0, most)

    def limits(self) -> dict[str, str]:
        """The limits as JSON data, numbers as exact text."""
        return {side: str(limit) for side, limit in self.sides.items()}

    def __str__(self) -> str:
        lower = "" if self.least is None else f"{float(self.least):.{DIGITS}g} <= "
        upper = "" if self.most is None else f" <= {float(self.most):.{DIGITS}g}"
        return f"{lower}{self.name}{upper}"

    def __repr__(self) -> str:
        return f"Budget({self})"


def _limit(given: Number, where: str, units: Units | None) -> tuple[Fraction, bool]:
    """A limit, and whether it has a unit."""
    return (exact(given, where), False) if units is None else measured(given, where, units)


def is_budget(given: object) -> TypeGuard[Budget]:
    """Whether something is a budget."""
    return isinstance(given, Budget)


BUDGET: Kind[Budget] = Kind(
    'a budget, such as Budget("steps", 6)',
    is_budget,
    "",
    {
        "Rule": "rules have an argument of their own, and with_constraints(...) takes both",
        "type": "call it to make one",
    },
)
"""A budget."""


def merged(budgets: object, unit: Unit | None = None) -> tuple[Budget, ...]:
    """One budget per resource: the tightest limits of all that are given, as one, several, or a table by resource.

    Raises
    ------
    ModelError
        If the limits on a resource contradict each other, different resources share a name, or one is no budget; or if
        a limit has a unit, and times have none.
    """
    found: dict[str, Budget] = {}
    for budget in budgets_from(dict(budgets)) if isinstance(budgets, Mapping) else BUDGET.several(budgets, "budgets"):
        if budget.timed and unit is None:
            raise ModelError(f"budget {budget.name}", UNMEASURED, str(budget))
        found[budget.name] = found[budget.name].and_also(budget) if budget.name in found else budget
    return tuple(found.values())


def budgets_from(settings: object) -> tuple[Budget, ...]:
    """The budgets that a table of names and limits describes.

    A limit is an upper limit, or a table with ``most`` and ``least``; ``"none"`` is no limit.

    Raises
    ------
    ModelError
        If a resource is unknown or a limit wrong.
    """
    if not isinstance(settings, dict):
        raise ModelError("budgets", "must be a table of limits, such as generation_attempts = 12", settings)
    found = []
    for name, limit in settings.items():
        if name not in RESOURCES:
            raise ModelError("budgets", f"has no such resource; there are {names_like(RESOURCES, name)}", name)
        sides = limit if isinstance(limit, dict) else {"most": limit}
        if sides.keys() - {"most", "least"}:
            raise ModelError(f"budget {name}", 'must be a number, or a table with "most" and "least"', limit)
        limits = {side: number for side, number in sides.items() if not absent(number)}
        if limits or not sides:
            found.append(Budget(name, limits.get("most"), least=limits.get("least")))
    return tuple(found)
