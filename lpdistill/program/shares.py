"""Users who share what is delivered: whose target a pair of which level meets, and what each is to have."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import highspy
import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.process.budgets import MET
from lpdistill.program.highs import FINEST
from lpdistill.program.solver import Solver

OPTIMAL, INFEASIBLE = highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible

AGAIN: tuple[dict[str, bool | int | float | str], ...] = (
    {"presolve": "off"},
    {"presolve": "choose", "small_matrix_value": 1e-9},
)
"""Options with which HiGHS is asked again where it ends without an answer: rounding in what presolve leaves, and what
`findings/unknown.sh` shows."""


@dataclass(frozen=True)
class Claims:
    """What the program says of users.

    Attributes
    ----------
    served
        What each user has per unit of time, (users,).
    price
        What a unit more for each user costs all that counts, (users,): 0 unless it has no more than it is to have.
    weight
        What a pair for each user counts, (users,): its worth, or its share in the least of all rates.
    given
        How many pairs of each level each user has per unit of time, (levels, users).
    """

    served: FloatArray
    price: FloatArray
    weight: FloatArray
    given: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True)
class Shares:
    """Who is served with pairs of which level, and what counts.

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

    @cached_property
    def matrix(self) -> sparse.csc_array:
        """The rows of the program: what is left of each level, what each user has, and how much more than the least.

        Of shape (levels + users, or twice as many users where the least counts; variables): what pairs of which level
        are given to whom, then the least rate.
        """
        (level, user), (levels, users) = self.pairs, self.meets.shape
        one, place = np.ones(len(level)), np.arange(len(level))
        given = sparse.csc_array((-one, (level, place)), shape=(levels, len(level)))
        taken = sparse.csc_array((one, (user, place)), shape=(users, len(level)))
        if not self.even:
            return sparse.csc_array(sparse.vstack([given, taken]))
        least = np.concatenate([np.zeros(levels + users), -np.ones(users)])[:, None]
        return sparse.csc_array(sparse.hstack([sparse.vstack([given, taken, taken]), sparse.csc_array(least)]))

    @property
    def cost(self) -> FloatArray:
        """What the variables cost: less than nothing where they count, (variables,)."""
        user = self.pairs[1]
        return np.append(np.zeros(len(user)), -1.0) if self.even else -self.worth[user]

    @property
    def ends(self) -> FloatArray:
        """What each row is at least, (rows,), where nothing is delivered."""
        return np.concatenate([np.zeros(len(self.meets)), self.least, np.zeros(len(self.least) * self.even)])

    def claims(self, variables: FloatArray, duals: FloatArray, *, counts: bool = True) -> Claims:
        """What a solution says of users, given variables and rows' dual values; whether anything but claims counts."""
        levels, users = self.meets.shape
        given = np.zeros(self.meets.shape)
        given[self.pairs] = variables[: len(self.pairs[1])]
        price, weight = np.maximum(duals[levels : levels + users], 0.0), np.zeros(users)
        if counts and self.even:
            weight = np.maximum(duals[levels + users :], 0.0)
            weight = weight / weight.sum()
        elif counts:
            weight = self.worth
        return Claims(np.asarray(given.sum(axis=0)), price, weight, given)

    def worth_of_levels(self, each: FloatArray) -> FloatArray:
        """What a pair of each level is worth to whom it is worth most, (levels,), given what it is to each user."""
        return np.asarray(np.max(np.where(self.meets, each, 0.0), axis=1, initial=0.0))

    def assured(self, given: FloatArray, delivered: FloatArray) -> tuple[Fraction, ...]:
        """What each user has of some pairs, (levels, users), if no more are given than delivered of each level.

        Where more would be, all that are given of the level are fewer in proportion; without rounding.
        """
        found = [Fraction(0)] * len(self.least)
        for shared, most in zip(given.tolist(), delivered.tolist(), strict=True):
            total = sum(map(Fraction, shared), Fraction(0))
            part = min(Fraction(1), Fraction(most) / total) if total else Fraction(0)
            found = [has + part * Fraction(more) for has, more in zip(found, shared, strict=True)]
        return tuple(found)

    def counted(self, has: tuple[Fraction, ...]) -> Fraction:
        """What counts of what users have."""
        weighed = (Fraction(worth) * rate for worth, rate in zip(self.worth.tolist(), has, strict=True))
        return min(has) if self.even else sum(weighed, Fraction(0))

    def allocated(self, delivered: FloatArray) -> tuple[float, FloatArray]:
        """What pairs of each level, (levels,), are worth where they are shared best; who has them, (levels, users)."""
        ends = self.ends * (1 - MET)
        ends[: len(delivered)] = -delivered
        found = run(self.matrix, self.cost, ends, np.full(len(ends), np.inf))
        if found is None:
            return -np.inf, np.zeros(self.meets.shape)
        variables = np.maximum(np.array(found.getSolution().col_value), 0.0)
        given = self.claims(variables, np.zeros(len(ends)), counts=False).given
        return -float(found.getInfo().objective_function_value), given


def run(matrix: sparse.csc_array, cost: FloatArray, lower: FloatArray, upper: FloatArray) -> Solver | None:
    """HiGHS with the solution of a program of variables that are not negative; None if there is none.

    Raises
    ------
    NotCertifiedError
        If it finds neither.
    """
    solver = Solver(
        {
            "solver": "simplex",
            "small_matrix_value": FINEST.entry,
            "primal_feasibility_tolerance": FINEST.tolerance,
            "dual_feasibility_tolerance": FINEST.tolerance,
        }
    )
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_ = cost, np.zeros(len(cost))
    model.col_upper_ = np.full(len(cost), highspy.kHighsInf)
    model.row_lower_, model.row_upper_ = lower, upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    for options in AGAIN:
        if status in {OPTIMAL, INFEASIBLE}:
            break
        solver.clearSolver()
        solver.adjust(options)
        solver.run()
        status = solver.getModelStatus()
    if status == INFEASIBLE:
        return None
    if status != OPTIMAL:
        raise NotCertifiedError(
            f"HiGHS ended with status {solver.modelStatusToString(status)!r} on the program of rates instead of an "
            "optimum; take another unit of time"
        )
    return solver
