r"""What columns use and what that costs, exactly: duration less the prices of resources, :math:`c - \sum_i \mu_i d_i`.

With the prices of budgets as charges, all columns are priced as if there were no budgets (Lagrangian duality).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpz

from lpdistill.arrays import IntArray
from lpdistill.errors import ModelError
from lpdistill.process.factored.columns import Columns
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import REACHING, RESOURCES, Visits, Worth
from lpdistill.process.tariff import Quantities, Resource


@dataclass(frozen=True)
class Amounts:
    """What columns use of something, in whole numbers of ``1 / unit``.

    Attributes
    ----------
    dynamics
        The columns.
    unit
        An integer that makes all amounts integral.
    measure
        The amounts of some columns, an array of integers.
    """

    dynamics: Dynamics
    unit: int
    measure: Callable[[Columns], Any]

    @staticmethod
    def of(dynamics: Dynamics, resource: Resource) -> Amounts:
        """The amounts of a resource that the model knows.

        Raises
        ------
        ModelError
            If it is a resource of the user's, whose amounts are floating-point numbers.
        """
        if isinstance(resource, Visits):
            named = np.array(resource.configurations, dtype=np.int64)
            ranks = dynamics.configurations.rank(named)
            return Amounts(dynamics, 1, lambda what: np.isin(what.configuration, ranks) & (what.discard < 0))
        if isinstance(resource, ExactWorth):
            return resource.in_units(dynamics)
        if resource is REACHING and not dynamics.kernel.delivery.ends:
            return Amounts._delivered(dynamics)
        if resource is not RESOURCES.get(resource.name):
            raise ModelError(
                f"budget {resource.name}",
                "has no exact amounts; budgets on Visits and on these have: " + ", ".join(RESOURCES),
                resource,
            )
        found: Amounts = RESOURCES[resource.name].formula(Amounts.quantities(dynamics))
        return found

    @staticmethod
    def quantities(dynamics: Dynamics) -> Quantities:
        """What columns do, of which the amounts of resources are made."""
        recipes, p = dynamics.kernel.matchings.recipes, dynamics.problem.hardware.p
        common = math.lcm(*(recipe.failure.denominator for recipe in recipes))
        lost = _integers(fmpz(int(recipe.failure * common)) for recipe in recipes)
        stored = dynamics.configurations.totals

        def failing(what: Columns) -> Any:
            return what.counts.astype(object) @ lost if recipes else 0 * what.pairs

        return Quantities(
            steps=Amounts(dynamics, 1, lambda what: what.discard < 0),
            duration=Amounts.time(dynamics),
            attempts=Amounts(dynamics, 1, lambda what: what.attempts),
            made=Amounts(dynamics, p.denominator, lambda what: what.attempts * p.numerator),
            distillations=Amounts(dynamics, 1, lambda what: what.pairs),
            failures=Amounts(dynamics, common, failing),
            stored=Amounts(dynamics, 1, lambda what: stored[what.configuration]),
        )

    @staticmethod
    def _delivered(dynamics: Dynamics) -> Amounts:
        """How many pairs are delivered, where a run goes on."""
        if dynamics.problem.levels.raw is None:
            made: Amounts = Amounts.quantities(dynamics).made
            return made
        recipes = dynamics.kernel.matchings.recipes
        common = math.lcm(*(recipe.reaching.denominator for recipe in recipes))
        each = _integers(fmpz(int(recipe.reaching * common)) for recipe in recipes)
        return Amounts(dynamics, common, lambda what: what.counts.astype(object) @ each if recipes else 0 * what.pairs)

    def __mul__(self, other: Amounts | int) -> Amounts:
        """The product of two amounts, column by column, or a multiple."""
        if isinstance(other, int):
            return Amounts(self.dynamics, self.unit, lambda what: self.measure(what) * other)
        unit = self.unit * other.unit
        return Amounts(self.dynamics, unit, lambda what: self.measure(what) * other.measure(what))

    __rmul__ = __mul__

    def __add__(self, other: Amounts) -> Amounts:
        """The sum of two amounts."""
        unit = math.lcm(self.unit, other.unit)
        mine, its = unit // self.unit, unit // other.unit
        return Amounts(self.dynamics, unit, lambda what: self.measure(what) * mine + other.measure(what) * its)

    @staticmethod
    def time(dynamics: Dynamics) -> Amounts:
        """Durations."""
        hardware = dynamics.problem.hardware
        times = hardware.generation_time, hardware.distillation_time, Fraction(0)
        unit = math.lcm(*(time.denominator for time in times))
        lasts = _integers(fmpz(int(time * unit)) for time in times)
        return Amounts(dynamics, unit, lambda what: lasts[what.kind])

    def whole(self, columns: IntArray | Columns) -> Any:
        """The amounts of some columns, or of what they do, in whole units, (columns,)."""
        what = columns if isinstance(columns, Columns) else self.dynamics.numbering.describe(columns)
        found = np.asarray(self.measure(what)).astype(object)
        return _integers(fmpz(int(amount)) for amount in found)


class ExactWorth(Worth):
    """What the pairs are worth whose delivery is a decision, exactly.

    Parameters
    ----------
    exactly
        The worth of a pair of each level.
    """

    def __init__(self, exactly: tuple[Fraction, ...]) -> None:
        super().__init__(np.array([float(worth) for worth in exactly]))
        self.exactly = exactly

    def in_units(self, dynamics: Dynamics) -> Amounts:
        """What columns deliver is worth."""
        unit = math.lcm(*(worth.denominator for worth in self.exactly))
        each = _integers([*(fmpz(int(worth * unit)) for worth in self.exactly), fmpz(0)])
        return Amounts(dynamics, unit, lambda what: each[what.discard])  # -1, no delivery, is the last


@dataclass(frozen=True)
class Charges:
    """Durations less the prices of what is used, in whole numbers of ``1 / unit``.

    Attributes
    ----------
    dynamics
        The columns.
    prices
        The price of a unit of each resource, exact.
    time
        What a unit of time costs.
    """

    dynamics: Dynamics
    prices: tuple[tuple[Resource, Fraction], ...]
    time: Fraction = Fraction(1)

    @cached_property
    def _terms(self) -> list[tuple[Amounts, Fraction]]:
        """Everything that counts, with the price of a whole unit of it."""
        priced = [(Amounts.of(self.dynamics, resource), -price) for resource, price in self.prices]
        terms = [(Amounts.time(self.dynamics), self.time), *priced]
        return [(amounts, price / amounts.unit) for amounts, price in terms]

    @cached_property
    def unit(self) -> int:
        """An integer that makes all charges integral."""
        return math.lcm(*(price.denominator for _, price in self._terms))

    def of(self, columns: IntArray | Columns) -> Any:
        """The charges of some columns, or of what they do, (columns,)."""
        parts = [amounts.whole(columns) * fmpz(int(price * self.unit)) for amounts, price in self._terms]
        return sum(parts[1:], start=parts[0])


def _integers(numbers: Any) -> Any:
    """An array of integers of any length."""
    listed = list(numbers)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array
