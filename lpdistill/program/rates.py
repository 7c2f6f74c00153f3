r"""The program of the steady state: how often each column is taken per unit of time.

.. math::

    \min_x\ c\,x \quad\text{s.t.}\quad
    \sum_a x(s, a) - \sum_{s', a} P(s \mid s', a)\, x(s', a) = 0, \qquad \tau\,x = 1, \qquad
    l_i \le d_i\,x \le u_i, \qquad x \ge 0,

where costs are less than nothing where something is earned.  Its dual values are a gain, values of configurations, and
the price of each limit: what a unit more of it earns per unit of time.

Where several users are served, what is delivered of each level is shared: ``z(l, u)`` pairs of level ``l`` go to user
``u`` per unit of time, whose target it meets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import highspy
import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.hardware.actions import Action
from lpdistill.process.budgets import Budget
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program.average import Policy
from lpdistill.program.highs import FINEST
from lpdistill.program.solver import Solver

LEAST_LIMIT = 1e-6
"""Limits and claims are missed relative to themselves, but to no smaller number."""

OPTIMAL, INFEASIBLE = highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible


@dataclass(frozen=True)
class Shares:
    """Who is served with pairs of which level, and what for.

    Attributes
    ----------
    meets
        Whether a pair of a level meets the target of a user, (levels, users).
    least
        What each user is to have per unit of time at least, (users,).
    worth
        What a pair is worth for each user, (users,).
    names
        What they are called, (users,).
    even
        Whether the least of all rates counts instead of their worth.
    """

    meets: BoolArray
    least: FloatArray
    worth: FloatArray
    names: tuple[str, ...]
    even: bool = False

    @cached_property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """Levels and users of whom a pair of one meets the target of the other, (variables,) each."""
        level, user = np.nonzero(self.meets)
        return level, user

    @property
    def at_first(self) -> FloatArray:
        """What pairs of each level are taken to be worth to begin with, (levels,)."""
        return self.worth_of_levels(np.full(len(self.least), float(self.even)))

    def worth_of_levels(self, claims: FloatArray) -> FloatArray:
        """What a pair of each level is worth to whom it is worth most, (levels,), with what claims add to that."""
        each = (np.zeros(len(claims)) if self.even else self.worth) + claims
        return np.asarray(np.max(np.where(self.meets, each, 0.0), axis=1, initial=0.0))


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
    worth
        What delivering a pair of each level earns, (levels,), where users share them.
    served, claims
        What each user has per unit of time, and what a unit more of its claim costs, (users,) both.
    missed
        By how much limits of budgets, then claims, are missed, (budgets + users,): 0 unless relaxed.
    iterations
        Iterations of the simplex method.
    """

    gain: float
    rates: FloatArray
    prices: FloatArray
    worth: FloatArray
    served: FloatArray
    claims: FloatArray
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
    def amounts(self) -> FloatArray:
        """What each column uses of the resource of each budget, (budgets, columns)."""
        rows = [self.process.amounts(budget.resource, self.columns) for budget in self.budgets]
        return np.array(rows).reshape(len(rows), len(self.columns))

    @cached_property
    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limit of each budget, infinite where there is none, (budgets,)."""
        least, most = np.array([budget.ends for budget in self.budgets]).reshape(-1, 2).T.copy()
        return least, most

    @cached_property
    def scale(self) -> FloatArray:
        """What columns are divided by: how likely anything happens, and how long that takes."""
        return self.policy.choice.repetition.scale

    @cached_property
    def matrix(self) -> sparse.csc_array:
        """Flow, time, and use of columns, (configurations + 1 + budgets, columns)."""
        choice, size = self.policy.choice, self.process.size
        own = choice.repetition.flow(choice.configuration, size)
        rows = [sparse.csc_array(own - choice.moves.T), sparse.csc_array(self.policy.times[None, :])]
        if self.budgets:
            rows.append(sparse.csc_array(self.amounts))
        return sparse.csc_array(sparse.vstack(rows))

    def _shared(self) -> tuple[sparse.csc_array, FloatArray, FloatArray, FloatArray]:
        """Rows of levels and users with the variables of users: matrix, lower and upper ends, and costs of these."""
        shares = self.shares
        assert shares is not None  # noqa: S101 - asked only then
        (level, user), levels, users = shares.pairs, *shares.meets.shape
        removed = self.process.kernel.numbering.describe(self.columns).discard
        rows = np.flatnonzero(removed >= 0)
        delivered = sparse.csc_array((1 / self.scale[rows], (removed[rows], rows)), shape=(levels, len(self.columns)))
        one = np.ones(len(level))
        given = sparse.csc_array((-one, (level, np.arange(len(level)))), shape=(levels, len(level)))
        taken = sparse.csc_array((one, (user, np.arange(len(user)))), shape=(users, len(user)))
        least = sparse.csc_array(-np.ones((users, 1))) if shares.even else sparse.csc_array((users, 0))
        above = sparse.hstack([delivered, given, sparse.csc_array((levels, least.shape[1]))])
        below = sparse.hstack([sparse.csc_array((users, len(self.columns))), taken, least])
        cost = np.append(np.zeros(len(user)), -1.0) if shares.even else -shares.worth[user]
        ends = np.concatenate([np.zeros(levels), shares.least])
        tops = np.concatenate([np.zeros(levels), np.full(users, np.inf)])
        return sparse.csc_array(sparse.vstack([above, below])), ends, tops, cost

    def _missing(self, rows: int) -> tuple[sparse.csc_array, FloatArray]:
        """Variables of what is missed of each limit and claim, (rows, variables), and what a unit of each costs.

        Of a budget, whichever end it is; ends are never missed on both sides.
        """
        first = self.process.size + 1
        users = 0 if self.shares is None else self.shares.meets.shape[1]
        place = np.concatenate([np.arange(len(self.budgets)) + first, np.arange(users) + rows - users])
        one = sparse.csc_array((np.ones(len(place)), (place, np.arange(len(place)))), shape=(rows, len(place)))
        limits = [float(max(budget.sides.values())) for budget in self.budgets]
        cost = 1 / np.maximum(np.concatenate([limits, [] if self.shares is None else self.shares.least]), LEAST_LIMIT)
        return sparse.csc_array(sparse.hstack([one, -one])), np.concatenate([cost, cost])

    def solve(self, *, relaxed: bool = False) -> Found | None:
        """The greatest value, by the dual simplex method; None where no columns keep within the limits.

        Relaxed, nothing counts but what is missed of limits and claims, relative to each.

        Raises
        ------
        NotCertifiedError
            If HiGHS finds neither.
        """
        size, (least, most) = self.process.size, self.limits
        matrix = sparse.csc_array(self.matrix @ sparse.diags_array(1 / self.scale))
        cost = self.policy.choice.cost / self.scale
        lower = np.concatenate([np.zeros(size), [1.0], least])
        upper = np.concatenate([np.zeros(size), [1.0], most])
        if self.shares is not None:
            shared, ends, tops, more = self._shared()
            empty = sparse.csc_array((matrix.shape[0], shared.shape[1] - matrix.shape[1]))
            matrix = sparse.csc_array(sparse.vstack([sparse.hstack([matrix, empty]), shared]))
            lower, upper = np.concatenate([lower, ends]), np.concatenate([upper, tops])
            cost = np.concatenate([cost, more])
        if relaxed:
            missing, fines = self._missing(matrix.shape[0])
            cost = np.concatenate([np.zeros(matrix.shape[1]), fines])
            matrix = sparse.csc_array(sparse.hstack([matrix, missing]))
        unit = float(np.abs(cost).max(initial=0.0)) or 1.0
        solver = Solver(
            {
                "solver": "simplex",
                "small_matrix_value": FINEST.entry,
                "primal_feasibility_tolerance": FINEST.tolerance,
                "dual_feasibility_tolerance": FINEST.tolerance,
            }
        )
        solver.passModel(_model(matrix, cost / unit, lower, upper))
        solver.run()
        status = solver.getModelStatus()
        if status == INFEASIBLE:
            return None
        if status != OPTIMAL:
            raise NotCertifiedError(
                f"HiGHS ended with status {solver.modelStatusToString(status)!r} on the program of the steady state "
                "instead of an optimum; take another unit of time"
            )
        info, solution = solver.getInfo(), solver.getSolution()
        values, duals = np.maximum(np.array(solution.col_value), 0.0), -np.array(solution.row_dual) * unit
        columns, limits = len(self.columns), size + 1 + len(self.budgets)
        served, worth, claims, missed = np.zeros((4, 0))
        if relaxed:
            short, over = values[matrix.shape[1] - len(fines) :].reshape(2, -1)
            missed = short + over
        if self.shares is not None:
            levels, users = self.shares.meets.shape
            claims = np.maximum(-duals[limits + levels :], 0.0)
            if self.shares.even and not relaxed:
                claims = claims / claims.sum()
            free = replace(self.shares, worth=np.zeros(users)) if relaxed else self.shares
            worth = free.worth_of_levels(claims)
            given = values[columns : columns + len(self.shares.pairs[1])]
            served = np.asarray(np.bincount(self.shares.pairs[1], given, minlength=users), dtype=np.float64)
        return Found(
            gain=-float(info.objective_function_value) * unit,
            rates=values[:columns] / self.scale,
            prices=duals[size + 1 : limits],
            worth=worth,
            served=served,
            claims=claims,
            missed=missed,
            iterations=max(0, int(info.simplex_iteration_count)),
        )


def _model(matrix: sparse.csc_array, cost: FloatArray, lower: FloatArray, upper: FloatArray) -> highspy.HighsLp:
    """A program with variables that are not negative, as HiGHS takes it."""
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_ = cost, np.zeros(len(cost))
    model.col_upper_ = np.full(len(cost), highspy.kHighsInf)
    model.row_lower_, model.row_upper_ = lower, upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return model
