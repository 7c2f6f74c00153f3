r"""A policy within limits, or that serves several users, exactly: how often it takes its columns, and what limits earn.

What the policy takes in its closed class ``S`` is a basis of the program of rates: with moves ``P``, durations
:math:`\tau`, uses ``d``, and pairs ``z(l, u)`` of level ``l`` that are given to user ``u``,

.. math::

    \sum_a x_{sa} = \sum_{s', a} P(s | s', a)\, x_{s'a}, \quad \tau x = 1, \quad d_i x = b_i, \quad
    \textstyle\sum_u z_{lu} = x_l, \quad \sum_l z_{lu} = y_u \ (\text{or } = t)

and its transpose are square systems: rates and prices are rational.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from flint import fmpq_mat

from lpdistill.arrays import IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.problem.question import PROBLEM
from lpdistill.process.budgets import Budget
from lpdistill.process.names import action_as_json
from lpdistill.program.shares import Claims, Shares
from lpdistill.program.steadily import USED, Optimum
from symbolic.algebra.rational_function import fraction, rational
from symbolic.exact.charges import Amounts, Charges, ExactWorth
from symbolic.exact.labels import Counts, labels
from symbolic.exact.model import ExactModel, Parameters
from symbolic.exact.text import exact_text, shortened
from symbolic.steady.earning import ExactEarning
from symbolic.steady.gain import Prices

Name: TypeAlias = tuple[str, Any]
"""A variable, or a row, of the program."""

GIVEN = 1e-9
"""Rates and prices, relative to the greatest, from which they are not rounding."""


@dataclass(frozen=True)
class RateVertex:
    """A policy of the steady state, over the rationals.

    Attributes
    ----------
    earning
        What is earned.
    columns, rates
        The columns that the policy takes for ever, and how often it does per unit of time, (columns,).
    leading
        Columns that lead to these from wherever else runs from empty memories come.
    prices
        What a unit more of each limit of the problem earns, by name.
    given
        How many pairs of which level each user has per unit of time, by level and user.
    weights, claims
        What a pair for each user counts, and what one more that it is to have costs all that counts, (users,).
    gain
        What the policy earns per unit of time.
    """

    earning: ExactEarning
    columns: IntArray
    rates: tuple[Fraction, ...]
    leading: IntArray
    prices: dict[str, Fraction]
    given: dict[tuple[int, int], Fraction]
    weights: tuple[Fraction, ...]
    claims: tuple[Fraction, ...]
    gain: Fraction

    @staticmethod
    def of(model: ExactModel, optimum: Optimum, earning: ExactEarning, budgets: Sequence[Budget]) -> RateVertex:
        """The vertex that floating point found, solved again over the rationals.

        Raises
        ------
        NotCertifiedError
            If its columns do not determine prices, or do not keep what is asked.
        """
        taken = optimum.rates > USED * optimum.rates.max()
        columns = np.asarray(optimum.columns[taken])
        system = _System(model, earning, columns)
        binding = [
            (budget, budget.sides["most" if price > 0 else "least"])
            for budget, price in zip(budgets, optimum.prices.tolist(), strict=True)
            if abs(price) > GIVEN * float(np.abs(optimum.prices).max())
        ]
        for budget, limit in binding:
            system.limit(budget, limit)
        claims = None if optimum.found is None else optimum.found.claims
        if claims is not None:
            system.share(optimum, claims)
        rates, prices = system.solved()
        names = {budget.name: prices.get(("budget", budget.name), Fraction(0)) for budget in budgets}
        each = range(len(earning.earning.users))
        weights = tuple(-prices.get(("even", u), Fraction(0)) if earning.earning.even else Fraction(1) for u in each)
        vertex = RateVertex(
            earning,
            columns,
            tuple(rates["column", column] for column in columns.tolist()),
            _leading(model, optimum, columns),
            names,
            {key: rate for (kind, key), rate in rates.items() if kind == "given"},
            weights,
            tuple(-prices.get(("share", u), Fraction(0)) for u in each),
            sum((earned * rates[name] for name, earned in system.earned.items()), Fraction(0)),
        )
        vertex._require_feasible()
        return vertex

    def earned(self) -> Prices:
        """What a unit of each resource earns at the prices of limits."""
        each = tuple(weight + claim for weight, claim in zip(self.weights, self.claims, strict=True))
        worth = ((ExactWorth(self.earning.worth_of_levels(each)), Fraction(1)),) if self.earning.shared else ()
        priced = ((budget.resource, -self.prices[budget.name]) for budget in self._budgets if self.prices[budget.name])
        return (*worth, *self.earning.prices(), *priced)

    @property
    def granted(self) -> Fraction:
        """What limits are worth, less what claims cost."""
        priced = ((self.prices[budget.name], budget.sides) for budget in self._budgets)
        limits = (price * sides["most" if price > 0 else "least"] for price, sides in priced if price)
        users = self.earning.earning.users
        costs = (claim * user.share for claim, user in zip(self.claims, users, strict=True))
        return sum(limits, Fraction(0)) - sum(costs, Fraction(0))

    def used(self, budget: Budget) -> Fraction:
        """What is used of the resource of a budget per unit of time."""
        amounts = Amounts.of(self.earning.dynamics, budget.resource)
        each = zip(self.rates, amounts.whole(self.columns).tolist(), strict=True)
        return sum((rate * int(amount) for rate, amount in each), Fraction(0)) / amounts.unit

    def served(self) -> tuple[Fraction, ...]:
        """What each user has per unit of time."""
        users = range(len(self.weights))
        return tuple(sum((z for (_, to), z in self.given.items() if to == u), Fraction(0)) for u in users)

    def taken(self) -> dict[Counts, dict[Action, Fraction]]:
        """How often each action is taken per unit of time, by configuration."""
        found: dict[Counts, dict[Action, Fraction]] = {}
        for column, rate in zip(self.columns, self.rates, strict=True):
            ((_, counts, action),) = labels(self.earning.dynamics, column[None])
            found.setdefault(counts, {})[action] = rate
        return found

    def lines(self) -> Iterator[tuple[str, str]]:
        """What came of limits and users, in words."""
        for budget in self._budgets:
            price = self.prices[budget.name]
            worth = f"price {float(price):.12g} = {shortened(price)}" if price else "does not bind"
            yield "budget", f"{budget.name}: {float(self.used(budget)):.6g} used; {worth}"
        users = zip(self.earning.earning.users, self.served(), self.claims, strict=True)
        for user, rate, claim in users:
            costs = f"; one more costs all that counts {float(claim):.6g}" if claim else ""
            yield f"tenant {user.name}", f"{float(rate):.12g} = {shortened(rate)}{costs}"
        taken = self.taken()
        actions = sum(map(len, taken.values()))
        yield "policy", f"takes {actions:,} actions in {len(taken):,} configurations for ever"

    def to_dict(self) -> dict[str, Any]:
        """Prices, uses, and what the policy does, as JSON data, numbers as exact text."""
        levels, users = self.earning.dynamics.problem.levels, self.earning.earning.users
        shared = {
            user.name: {
                "weight": exact_text(self.weights[u]),
                "price": exact_text(self.claims[u]),
                "rate": exact_text(self.served()[u]),
                "given": {
                    exact_text(levels[level].fidelity): exact_text(z)
                    for (level, to), z in self.given.items()
                    if to == u
                },
            }
            for u, user in enumerate(users)
        }
        return {
            "budgets": {
                budget.name: {"price": exact_text(self.prices[budget.name]), "used": exact_text(self.used(budget))}
                for budget in self._budgets
            },
            **({"served": shared} if users else {}),
            "occupation": [
                {
                    "counts": list(counts),
                    "actions": [{**action_as_json(action), "rate": exact_text(x)} for action, x in taken.items()],
                }
                for counts, taken in self.taken().items()
            ],
            "leading": [
                {"counts": list(counts), "action": action_as_json(action)}
                for _, counts, action in labels(self.earning.dynamics, self.leading)
            ],
        }

    @property
    def _budgets(self) -> tuple[Budget, ...]:
        return PROBLEM.meant(self.earning.dynamics, "certificate").budgets

    def _require_feasible(self) -> None:
        """Refuse a vertex that is no policy, or exceeds a limit."""
        if min([*self.rates, *self.given.values(), *self.weights, *self.claims]) < 0:
            raise NotCertifiedError("the policy found in floating point takes a column less often than never, exactly")
        served, users = self.served(), self.earning.earning.users
        kept = all(has >= user.share for has, user in zip(served, users, strict=True))
        for budget in self._budgets:
            used = self.used(budget)
            low, high = budget.sides.get("least"), budget.sides.get("most")
            kept = kept and (low is None or used >= low) and (high is None or used <= high)
        if not kept or (self.earning.earning.even and min(served) < self.gain):
            raise NotCertifiedError(
                "budgets: the policy found in floating point keeps them but for rounding (the program is degenerate at "
                "these limits, or nearly so); change a limit a little"
            )


class _System:
    """The equations of a basis: what every variable adds to every row, and what it earns."""

    def __init__(self, model: ExactModel, earning: ExactEarning, columns: IntArray) -> None:
        self.earning, self.columns = earning, columns
        rows = model.rows(columns)
        chances, scale = rows.chances(Parameters.rational(model.dynamics))
        self.entries: dict[Name, dict[Name, Fraction]] = {("column", c): {} for c in columns.tolist()}
        names = list(self.entries)
        for name, here in zip(names, rows.configuration.tolist(), strict=True):
            self.entries[name]["flow", here] = Fraction(1)
        moves = zip(rows.row.tolist(), rows.following.tolist(), chances.tolist(), strict=True)
        for row, after, chance in moves:
            entry, own = self.entries[names[row]], scale[row]
            if chance != 0:
                entry["flow", after] = entry.get(("flow", after), Fraction(0)) - Fraction(int(chance), int(own))
        self.limits: dict[Name, Fraction] = {("flow", int(c)): Fraction(0) for c in np.unique(rows.configuration)[1:]}
        self.first: Name = ("flow", int(rows.configuration.min()))
        self._add(("time", None), Amounts.time(model.dynamics), Fraction(1))
        paid = Charges(model.dynamics, earning.prices(), Fraction(0))
        cost = [Fraction(-int(c), paid.unit) for c in paid.of(columns).tolist()]
        self.earned: dict[Name, Fraction] = dict(zip(names, cost, strict=True))

    def _add(self, row: Name, amounts: Amounts, limit: Fraction) -> None:
        """Another row: what columns use of something."""
        self.limits[row] = limit
        for column, amount in zip(self.columns.tolist(), amounts.whole(self.columns).tolist(), strict=True):
            self.entries["column", column][row] = Fraction(int(amount), amounts.unit)

    def limit(self, budget: Budget, limit: Fraction) -> None:
        """A budget that binds."""
        self._add(("budget", budget.name), Amounts.of(self.earning.dynamics, budget.resource), limit)

    def share(self, optimum: Optimum, claims: Claims) -> None:
        """Users, among whom what is delivered is shared as floating point does."""
        dynamics, earning = self.earning.dynamics, self.earning.earning
        shares = earning.shares(PROBLEM.meant(dynamics, "certificate").levels)
        removed = dynamics.numbering.describe(self.columns).discard
        delivered = {int(level): Fraction(0) for level in removed[removed >= 0]}
        for level in delivered:
            self.limits["level", level] = Fraction(0)
        for column, level in zip(self.columns.tolist(), removed.tolist(), strict=True):
            if level >= 0:
                self.entries["column", column]["level", level] = Fraction(1)
        assert shares is not None  # noqa: S101 - there are users
        for level, user in _given(shares, optimum):
            row = {("level", level): Fraction(-1), ("share", user): Fraction(1), ("even", user): Fraction(1)}
            self.entries["given", (level, user)] = row
            self.earned["given", (level, user)] = Fraction(0 if earning.even else 1)
        self.limits |= {
            ("share", u): user.share for u, user in enumerate(earning.users) if claims.price[u] > GIVEN and user.share
        }
        if earning.even:
            tight = [("even", u) for u in range(len(earning.users)) if claims.weight[u] > GIVEN]
            self.limits |= dict.fromkeys(tight, Fraction(0))
            self.entries["least", None] = dict.fromkeys(tight, Fraction(-1))
            self.earned["least", None] = Fraction(1)

    def solved(self) -> tuple[dict[Name, Fraction], dict[Name, Fraction]]:
        """Values of all variables, and prices of all rows.

        Raises
        ------
        NotCertifiedError
            If there are not as many of both, or they do not determine each other.
        """
        variables, rows = list(self.entries), list(self.limits)
        wide = {row for entry in self.entries.values() for row in entry if row[0] == "flow"}
        if len(variables) != len(rows) or wide - self.limits.keys() - {self.first}:
            raise _undetermined()
        table = [[rational(self.entries[name].get(row, Fraction(0))) for name in variables] for row in rows]
        matrix = fmpq_mat(table)
        try:
            values = matrix.solve(fmpq_mat([[rational(limit)] for limit in self.limits.values()]))
            duals = matrix.transpose().solve(fmpq_mat([[rational(self.earned[name])] for name in variables]))
        except ZeroDivisionError:
            raise _undetermined() from None
        found, prices = ([fraction(entry) for entry in some.entries()] for some in (values, duals))
        return dict(zip(variables, found, strict=True)), dict(zip(rows, prices, strict=True))


def _given(shares: Shares, optimum: Optimum) -> list[tuple[int, int]]:
    """Pairs of which level are given to whom, as floating point shares them."""
    removed = optimum.process.kernel.numbering.describe(optimum.columns).discard
    delivered = np.bincount(removed + 1, optimum.rates, minlength=len(shares.meets) + 1)[1:]
    _, given = shares.allocated(np.asarray(delivered, dtype=np.float64))
    return [(level, user) for level, user in np.argwhere(given > GIVEN * given.max()).tolist()]


def _leading(model: ExactModel, optimum: Optimum, columns: IntArray) -> IntArray:
    """The columns that the policy takes before it comes to some that it takes for ever, from empty memories on."""
    numbering = model.dynamics.numbering
    owners = np.unique(numbering.describe(columns).configuration)
    others = optimum.columns[~np.isin(numbering.describe(optimum.columns).configuration, owners)]
    policy = np.full(model.dynamics.size, -1, dtype=np.int64)
    policy[numbering.describe(others).configuration] = others
    seen, new = np.zeros(model.dynamics.size, dtype=bool), np.zeros(1, dtype=np.int64)
    seen[owners] = True
    found = []
    while len(new := new[~seen[new]]):
        seen[new] = True
        found.append(policy[new])
        rows = model.rows(policy[new])
        new = np.unique(rows.following[rows.chances(Parameters.rational(model.dynamics))[0] != 0])
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def _undetermined() -> NotCertifiedError:
    return NotCertifiedError(
        "budgets: the policy does not determine exact prices (the program is degenerate at these limits); change a "
        "limit, or a share, a little"
    )
