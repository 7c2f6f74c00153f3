r"""The program of the steady state: how often each column is taken per unit of time.

.. math::

    \min_x\ c\,x \quad\text{s.t.}\quad
    \sum_a x(s, a) - \sum_{s', a} P(s \mid s', a)\, x(s', a) = 0, \qquad \tau\,x = 1, \qquad
    l_i \le d_i\,x \le u_i, \qquad x \ge 0,

where costs are less than nothing where something is earned.  Its dual values are a gain, values of configurations, and
the price of each limit: what a unit more of it earns per unit of time.

Where several users are served, what is delivered of each level is shared: ``z(l, u)`` pairs of level ``l`` go to user
``u`` per unit of time, whose target it meets (:mod:`lpdistill.program.shares`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.hardware.actions import Action
from lpdistill.process.budgets import Budget
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program.average import Policy
from lpdistill.program.shares import Claims, Shares, run

LEAST_LIMIT = 1e-6
"""Limits and claims are missed relative to themselves, but to no smaller number."""


@dataclass(frozen=True)
class Found:
    """What HiGHS answers.

    Attributes
    ----------
    gain
        The greatest value per unit of time.
    rates
        How often each column is taken per unit of time, (columns,).
    prices
        What a unit more of each limit earns, (budgets,).
    claims
        What it says of users; None without any.
    missed
        By how much limits of budgets, then claims, are missed, (budgets + users,): 0 unless relaxed.
    iterations
        Iterations of the simplex method.
    """

    gain: float
    rates: FloatArray
    prices: FloatArray
    claims: Claims | None
    missed: FloatArray
    iterations: int


@dataclass(frozen=True)
class RateProgram:
    """The program over some columns of a process, whose tariff has no price of time.

    Attributes
    ----------
    process, policy
        All columns, and those of the program.
    budgets
        Limits on what is used per unit of time.
    shares
        Who is served; None where all that is delivered counts alike.
    """

    process: Dynamics
    policy: Policy
    budgets: tuple[Budget, ...] = ()
    shares: Shares | None = None

    @staticmethod
    def of(
        process: Dynamics,
        columns: IntArray | None = None,
        budgets: tuple[Budget, ...] = (),
        shares: Shares | None = None,
    ) -> RateProgram:
        """The program over the given columns, or over all that are allowed.

        Raises
        ------
        LimitError
            If all columns, written out, do not fit into this machine's memory.
        """
        if columns is None:
            process.everything()  # refused if they are too many
            columns = process.columns
        return RateProgram(process, Policy.of(process, columns), budgets, shares)

    @property
    def columns(self) -> IntArray:
        """Numbers of the columns."""
        return self.policy.choice.columns

    def mixed(self, rows: IntArray, rates: FloatArray) -> Policy:
        """Some of the columns, each of a configuration as often as its share of what is done there."""
        owner = self.policy.choice.configuration[rows]
        order = np.argsort(owner, kind="stable")
        rows, rates, owner = rows[order], rates[order], owner[order]
        return Policy.of(self.process, self.columns[rows], rates / np.bincount(owner, rates)[owner])

    def alone(self, kept: IntArray) -> RateProgram:
        """The program of runs that stay in some configurations, where they may also wait."""
        inside = np.zeros(self.process.size, dtype=bool)
        inside[kept] = True
        choice = self.policy.choice.at(inside[self.policy.choice.configuration])
        stays = choice.columns[choice.expect((~inside).astype(np.float64)) == 0]
        waits = self.process.names.find(kept, [Action()] * len(kept))
        return replace(self, policy=Policy.of(self.process, np.union1d(stays, waits[waits >= 0])))

    @cached_property
    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limit of each budget, infinite where there is none, (budgets,)."""
        least, most = np.array([budget.ends for budget in self.budgets]).reshape(-1, 2).T.copy()
        return least, most

    @cached_property
    def scale(self) -> FloatArray:
        """What columns are divided by: how likely anything happens."""
        return self.policy.choice.repetition.scale

    @cached_property
    def matrix(self) -> sparse.csc_array:
        """Flow, time, and use of columns, (configurations + 1 + budgets, columns)."""
        choice, size = self.policy.choice, self.process.size
        own = choice.repetition.flow(choice.configuration, size)
        rows = [sparse.csc_array(own - choice.moves.T), sparse.csc_array(self.policy.times[None, :])]
        amounts = [self.process.amounts(budget.resource, self.columns) for budget in self.budgets]
        return sparse.csc_array(sparse.vstack([*rows, *(sparse.csc_array(row[None, :]) for row in amounts)]))

    def delivered(self, rates: FloatArray) -> FloatArray:
        """How many pairs of each level are delivered as a decision per unit of time, (levels,)."""
        return np.asarray(self._delivering @ rates)

    @property
    def _delivering(self) -> sparse.csc_array:
        """How many pairs of each level each column delivers as a decision, (levels, columns)."""
        removed = self.process.kernel.numbering.describe(self.columns).discard
        rows = np.flatnonzero(removed >= 0)
        shape = len(self.process.problem.levels), len(self.columns)
        return sparse.csc_array((np.ones(len(rows)), (removed[rows], rows)), shape=shape)

    def solve(self, *, relaxed: bool = False) -> Found | None:
        """The greatest value, by the dual simplex method; None where no columns keep within the limits.

        Relaxed, nothing counts but what is missed of limits and claims, relative to each.

        Raises
        ------
        NotCertifiedError
            If HiGHS finds neither.
        """
        size, (least, most), columns = self.process.size, self.limits, len(self.columns)
        matrix, cost = self.matrix @ sparse.diags_array(1 / self.scale), self.policy.choice.cost / self.scale
        lower = np.concatenate([np.zeros(size), [1.0], least])
        upper = np.concatenate([np.zeros(size), [1.0], most])
        limits = len(lower)
        if self.shares is not None:
            shared, ends = self.shares.matrix, self.shares.ends
            levels = len(self.shares.meets)
            delivered = self._delivering @ sparse.diags_array(1 / self.scale)
            below = sparse.vstack([delivered, sparse.csc_array((len(ends) - levels, columns))])
            beside = sparse.csc_array((limits, shared.shape[1]))
            matrix = sparse.vstack([sparse.hstack([matrix, beside]), sparse.hstack([below, shared])])
            lower = np.concatenate([lower, ends])
            upper = np.concatenate([upper, np.full(len(ends), np.inf)])  # what is nobody's is thrown away
            cost = np.concatenate([cost, self.shares.cost])
        variables = matrix.shape[1]
        if relaxed:
            missing, fines = self._missing(len(lower))
            matrix, cost = sparse.hstack([matrix, missing]), np.concatenate([np.zeros(variables), fines])
        unit = float(np.abs(cost).max(initial=0.0)) or 1.0
        solver = run(sparse.csc_array(matrix), cost / unit, lower, upper)
        if solver is None:
            return None
        info, solution = solver.getInfo(), solver.getSolution()
        values, duals = np.maximum(np.array(solution.col_value), 0.0), np.array(solution.row_dual) * unit
        claims = None
        if self.shares is not None:
            claims = self.shares.claims(values[columns:variables], duals[limits:], counts=not relaxed)
        return Found(
            gain=-float(info.objective_function_value) * unit,
            rates=values[:columns] / self.scale,
            prices=-duals[size + 1 : limits],
            claims=claims,
            missed=np.asarray(values[variables:].reshape(2, -1).sum(axis=0)) if relaxed else np.zeros(0),
            iterations=max(0, int(info.simplex_iteration_count)),
        )

    def _missing(self, rows: int) -> tuple[sparse.csc_array, FloatArray]:
        """Variables of what is missed of each limit and claim, (rows, variables), and what a unit of each costs."""
        first = self.process.size + 1
        claims = np.zeros(0) if self.shares is None else self.shares.least
        begins = first + len(self.budgets) + (0 if self.shares is None else len(self.shares.meets))
        place = np.concatenate([np.arange(first, first + len(self.budgets)), begins + np.arange(len(claims))])
        one = sparse.csc_array((np.ones(len(place)), (place, np.arange(len(place)))), shape=(rows, len(place)))
        limits = np.array([float(max(budget.sides.values())) for budget in self.budgets])
        cost = 1 / np.maximum(np.concatenate([limits, claims]), LEAST_LIMIT)
        return sparse.csc_array(sparse.hstack([one, -one])), np.concatenate([cost, cost])
