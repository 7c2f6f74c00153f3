"""How far the prices of limits on rates hold: what is used at least and at most by what is optimal at these prices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.process.budgets import Budget
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.tariff import Resource, Tariff
from lpdistill.program.average import MARGIN, price, rounding
from lpdistill.program.budgeted import BudgetUse
from lpdistill.program.rates import RateProgram
from lpdistill.program.steadily import Optimum, Terms

SAME = 1e-9
"""Relative distance of the ends of a range that counts as none."""

NO_PRICE = 1e-12
"""Price, relative to what the limit would be worth at it, that counts as none."""


def holding(optimum: Optimum, terms: Terms) -> tuple[BudgetUse, ...]:
    """What came of each budget: use, price, and the limits between which the price holds."""
    used = [
        float(optimum.process.amounts(budget.resource, optimum.columns) @ optimum.rates) for budget in terms.budgets
    ]
    return tuple(_held(optimum, terms, place, use) for place, use in enumerate(used))


def _held(optimum: Optimum, terms: Terms, place: int, used: float) -> BudgetUse:
    """What came of one budget."""
    budget, worth = terms.budgets[place], float(optimum.prices[place])
    if abs(worth) * max(used, NO_PRICE) <= NO_PRICE * abs(optimum.gain):
        least, most = (used, np.inf) if budget.most is not None else (-np.inf, used)
        return BudgetUse(budget, used, 0.0, least, most, degenerate=False)
    limit = float(budget.sides["most" if worth > 0 else "least"])
    least, most = (limit, limit) if terms.shares is not None else _ends(optimum, terms, place)
    least, most = min(least, limit), max(most, limit)
    narrow = SAME * max(abs(limit), 1.0)
    return BudgetUse(budget, used, worth, least, most, degenerate=limit - least <= narrow or most - limit <= narrow)


def _ends(optimum: Optimum, terms: Terms, place: int) -> tuple[float, float]:
    """What is used at least, and at most, of a resource by what is optimal at the prices and keeps the other limits.

    All such solutions are made of columns without reduced cost; a limit that has a price is used up.
    """
    face, resource = Face.of(optimum, terms), terms.budgets[place].resource
    others = tuple(budget for number, budget in enumerate(face.budgets) if number != place)
    ends = replace(face, budgets=others).extremes(resource)
    most = float(terms.budgets[place].ends[1])
    return most if ends[0] is None else ends[0], most if ends[1] is None else ends[1]


@dataclass(frozen=True)
class Face:
    """All solutions that earn as much: made of columns without reduced cost, with limits that have a price used up.

    Attributes
    ----------
    process
        All columns, which also pay the prices of limits.
    gain, values
        What is earned less these prices per unit of time, and what the future costs beyond, (configurations,).
    columns
        Those without reduced cost.
    budgets
        The limits.
    """

    process: Dynamics
    gain: float
    values: FloatArray
    columns: IntArray
    budgets: tuple[Budget, ...]

    @staticmethod
    def of(optimum: Optimum, terms: Terms) -> Face:
        """That of an optimum."""
        process, evaluation, values = optimum.process, optimum.evaluation, np.full(optimum.process.size, np.inf)
        values[optimum.policy.choice.configuration] = evaluation.values
        if optimum.dual is not None and optimum.found is not None:
            process, evaluation = terms.priced(process, optimum.found), optimum.dual.evaluation
            values = optimum.dual.values
        slack = MARGIN * rounding(process, evaluation.gain, values)
        columns = price(process, evaluation.gain, values, once=True).tied(process.live, slack)
        columns = np.union1d(columns, optimum.columns[optimum.rates > 0])
        budgets = tuple(map(_used_up, terms.budgets, optimum.prices.tolist()))
        return Face(process, evaluation.gain, values, columns, budgets)

    def extremes(self, resource: Resource) -> tuple[float | None, float | None]:
        """How much of a resource is used at least, and at most; None where there is no bound."""
        ends: list[float | None] = []
        for sign in (1.0, -1.0):
            counting = self.process.under(Tariff(0.0, ((resource, sign),)))
            extreme = RateProgram.of(counting, self.columns, self.budgets).solve()
            ends.append(None if extreme is None else -sign * extreme.gain)
        return ends[0], ends[1]


def _used_up(budget: Budget, worth: float) -> Budget:
    """A budget of which nothing may be left, if its limit has a price."""
    if not worth:
        return budget
    limit = budget.sides["most" if worth > 0 else "least"]
    return Budget(budget.resource, limit, least=limit)
