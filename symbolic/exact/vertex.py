r"""The policy within budgets, exactly: how often it takes each of its columns, and what limits are worth.

The columns :math:`C` that the policy takes in the configurations :math:`S` that it visits are a basis of the program:
as many as there are configurations and binding budgets.  With their moves, uses ``d`` and durations ``c``,

.. math::

    \sum_a x_{sa} - \sum_{s', a} P(s | s', a)\, x_{s'a} = [s = \text{empty}], \quad \sum d_i x = b_i, \qquad
    V_s - \sum_{s'} P(s' | s, a)\, V_{s'} + \sum_i \mu_i d_i(s, a) = c(s, a)

are one square system and its transpose: occupation ``x``, times to go ``V`` and prices :math:`\mu` are rational.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpz, fmpz_mat

from lpdistill.arrays import IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import PROBLEM
from lpdistill.process.budgets import MET, Budget
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.names import action_as_json
from lpdistill.program.budgeted import BudgetUse
from lpdistill.program.plan import Plan
from symbolic.algebra.rational_function import fraction
from symbolic.exact.chain import require_small
from symbolic.exact.charges import Amounts, Charges
from symbolic.exact.labels import Counts, labels
from symbolic.exact.model import Elements, ExactModel, Parameters
from symbolic.exact.text import exact_text


@dataclass(frozen=True)
class ExactVertex:
    """A policy within budgets, over the rationals.

    Attributes
    ----------
    dynamics
        The columns of the problem.
    columns, times
        The columns that the policy takes, and the expected number of times that it does, (columns,).
    prices
        d(waiting time)/d(limit) of every budget of the problem, by name; 0 where it does not bind.
    """

    dynamics: Dynamics
    columns: IntArray
    times: tuple[Fraction, ...]
    prices: dict[str, Fraction]

    @staticmethod
    def of(model: ExactModel, plan: Plan, uses: Sequence[BudgetUse]) -> ExactVertex:
        """The vertex that floating point found, solved again over the rationals.

        Raises
        ------
        NotCertifiedError
            If its columns do not determine prices, or do not keep within the budgets.
        """
        dynamics = model.dynamics
        columns = _taken(model, plan)
        owners = np.unique(dynamics.numbering.describe(columns).configuration)
        require_small(len(columns))
        binding = _binding(uses, len(columns) - len(owners))
        matrix, scale = _system(model, columns, owners, binding)
        amounts = [Amounts.of(dynamics, budget.resource) for budget, _ in binding]
        time = Amounts.time(dynamics)
        limits = [limit * one.unit for (_, limit), one in zip(binding, amounts, strict=True)]
        grant = [Fraction(int(owner == 0)) for owner in owners.tolist()] + limits
        try:
            worth = _solved(matrix, [Fraction(int(c)) for c in scale * time.whole(columns)])
            times = _solved(matrix.transpose(), grant)
        except ZeroDivisionError:
            raise _undetermined() from None
        found = tuple(x * int(s) for x, s in zip(times, scale, strict=True))
        prices = {use.budget.name: Fraction(0) for use in uses}
        for (budget, _), one, price in zip(binding, amounts, worth[len(owners) :], strict=True):
            prices[budget.name] = price * one.unit / time.unit
        vertex = ExactVertex(dynamics, columns, found, prices)
        vertex._require_feasible()
        return vertex

    @property
    def problem(self) -> Problem:
        """The problem, with its budgets."""
        return PROBLEM.meant(self.dynamics, "vertex")

    @property
    def configurations(self) -> IntArray:
        """Ranks of the configurations that runs visit, increasing."""
        return np.unique(self.dynamics.numbering.describe(self.columns).configuration)

    @cached_property
    def charges(self) -> Charges:
        """What columns cost at the prices."""
        priced = ((budget.resource, self.prices[budget.name]) for budget in self.problem.budgets)
        return Charges(self.dynamics, tuple((resource, price) for resource, price in priced if price))

    def taken(self) -> dict[Counts, dict[Action, Fraction]]:
        """Expected number of times that each action is taken, by configuration."""
        found: dict[Counts, dict[Action, Fraction]] = {}
        for column, times in zip(self.columns, self.times, strict=True):
            ((_, counts, action),) = labels(self.dynamics, column[None])
            found.setdefault(counts, {})[action] = times
        return found

    def to_dict(self) -> dict[str, Any]:
        """Prices, uses and occupation as JSON data, numbers as exact text."""
        return {
            "budgets": {
                name: {"price": exact_text(price), "used": exact_text(self.used[name])}
                for name, price in self.prices.items()
            },
            "occupation": [
                {
                    "counts": list(counts),
                    "actions": [{**action_as_json(action), "times": exact_text(x)} for action, x in taken.items()],
                }
                for counts, taken in self.taken().items()
            ],
        }

    def total(self, amounts: Amounts) -> Fraction:
        """Expected total of something that columns use."""
        each = zip(self.times, amounts.whole(self.columns).tolist(), strict=True)
        return sum((times * int(amount) for times, amount in each), Fraction(0)) / amounts.unit

    @property
    def time(self) -> Fraction:
        """Expected time to the target, the last step charged."""
        return self.total(Amounts.time(self.dynamics))

    @cached_property
    def used(self) -> dict[str, Fraction]:
        """Expected use of the resource of every budget, by name."""
        return {b.name: self.total(Amounts.of(self.dynamics, b.resource)) for b in self.problem.budgets}

    @property
    def granted(self) -> Fraction:
        """What all limits are worth: the price of every unit of the limit that binds."""
        return sum((price * self.used[name] for name, price in self.prices.items()), Fraction(0))

    @property
    def priced(self) -> int:
        """Number of budgets with a price."""
        return sum(price != 0 for price in self.prices.values())

    def _require_feasible(self) -> None:
        """Refuse a vertex that is no policy, or exceeds a limit, or has a price where no limit binds."""
        if min(self.times) < 0:
            raise NotCertifiedError("the policy found in floating point takes a column less often than never, exactly")
        for budget in self.problem.budgets:
            used, price = self.used[budget.name], self.prices[budget.name]
            low, high = budget.least, budget.most
            kept = (low is None or used >= low) and (high is None or used <= high)
            if not kept or (price < 0 and used != high) or (price > 0 and used != low):
                raise NotCertifiedError(
                    f"budgets: the policy found in floating point keeps {budget} but for rounding (the program is "
                    "degenerate at these limits, or nearly so); change a limit a little"
                )


def _taken(model: ExactModel, plan: Plan) -> IntArray:
    """The columns that runs of a policy can take, by configuration."""
    seen, new = np.zeros(model.dynamics.size, dtype=bool), np.zeros(1, dtype=np.int64)
    at = Parameters.rational(model.dynamics)
    while len(new):
        seen[new] = True
        rows = model.rows(plan.uses.columns[np.isin(plan.uses.configuration, new)])
        following = np.unique(rows.following[rows.chances(at)[0] != 0])
        new = following[~seen[following]]
    return np.asarray(plan.uses.columns[seen[plan.uses.configuration]])


def _binding(uses: Sequence[BudgetUse], count: int) -> list[tuple[Budget, Fraction]]:
    """The budgets that bind, as many as are asked for, and the limits at which they do."""
    found: list[tuple[Budget, Fraction, float]] = []
    for use in uses:
        low, high = use.budget.least, use.budget.most
        near = [
            limit
            for limit, binds in ((high, use.price <= 0), (low, use.price >= 0))
            if limit is not None and binds and abs(use.used - float(limit)) <= MET * max(1.0, float(limit))
        ]
        if near:
            found.append((use.budget, near[0], use.price))
    priced = [(budget, limit) for budget, limit, price in found if price]
    chosen = priced if len(priced) == count else [(budget, limit) for budget, limit, _ in found]
    if len(chosen) != count:
        raise _undetermined()
    return chosen


def _undetermined() -> NotCertifiedError:
    return NotCertifiedError(
        "budgets: the policy does not determine exact prices (the program is degenerate at these limits); change a "
        "limit a little"
    )


def _system(
    model: ExactModel, columns: IntArray, owners: IntArray, binding: Sequence[tuple[Budget, Fraction]]
) -> tuple[Any, Elements]:
    """Flow and use of every column, (columns, configurations + budgets), times scales, and the scales."""
    rows = model.rows(columns)
    chances, scale = rows.chances(Parameters.rational(model.dynamics))
    matrix = np.zeros((len(columns), len(owners) + len(binding)), dtype=object)
    matrix[np.arange(len(columns)), np.searchsorted(owners, rows.configuration)] += scale
    possible = chances != 0
    place = np.searchsorted(owners, rows.following[possible])
    np.subtract.at(matrix, (rows.row[possible], place), chances[possible])
    for position, (budget, _) in enumerate(binding):
        matrix[:, len(owners) + position] = Amounts.of(model.dynamics, budget.resource).whole(columns) * scale
    return fmpz_mat(matrix.tolist()), scale


def _solved(matrix: Any, right: Sequence[Fraction]) -> list[Fraction]:
    """Solution of a square integer system with a rational right-hand side."""
    common = math.lcm(*(number.denominator for number in right))
    above, below = matrix.solve(fmpz_mat([[fmpz(int(number * common))] for number in right])).numer_denom()
    return [fraction(entry) / (int(below) * common) for entry in above.entries()]
