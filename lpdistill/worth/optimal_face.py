"""The optimal face: what policies without regret may do where their runs come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.repetition import Repetition
from lpdistill.solution.solution import Solution
from lpdistill.solution.tables import EVEN

KINK = 1e-9
"""Difference of one-sided derivatives, relative to the waiting time, from which they count as different."""


def optimal_columns(solution: Solution) -> tuple[IntArray, IntArray]:
    """The columns that some optimal policy takes, increasing, and the configurations in which it does.

    By complementary slackness they are those without regret, under the prices of budgets, in configurations that runs
    enter by such columns.
    """
    uses, dual = solution.plan.uses, solution.dual
    process = dual.policy.process
    priced = dual.priced or process.price(dual.values)
    taken = uses.columns[solution.plan.occupation > 0]
    slack, visited = EVEN * float(dual.values[0]), solution.plan.visits > 0
    while True:
        columns = np.union1d(taken, priced.tied(visited, slack))
        entered = visited.copy()
        entered[process.choose(columns).moves.indices] = True
        if (entered == visited).all():
            return columns, np.flatnonzero(visited)
        visited = entered


@dataclass(frozen=True)
class Face:
    """The optimal policies: all columns that tie, where some optimal policy comes.

    Attributes
    ----------
    columns, occupation
        The columns, and how often the solution's policy takes each, (columns,).
    row
        Position of the configuration of each among those visited, (columns,).
    following
        Probability of every next visited configuration, given that anything happens, (columns, visited).
    repetition
        How likely each changes nothing.
    unique
        Whether there is but one optimal policy in reachable configurations, so that derivatives are two-sided.
    """

    columns: IntArray
    occupation: FloatArray
    row: IntArray
    following: sparse.csr_array
    repetition: Repetition
    unique: bool

    @staticmethod
    def of(solution: Solution, process: Dynamics) -> Face:
        """The face of a solution; under budgets, what the policy takes stands for it."""
        uses = solution.plan.uses
        taken = uses.columns[solution.plan.occupation > 0]
        columns, ranks = np.unique(taken), np.flatnonzero(solution.plan.visits > 0)
        if not solution.uses:
            columns, ranks = optimal_columns(solution)
        choice = process.choose(columns)
        occupation = np.zeros(len(columns))
        occupation[np.searchsorted(columns, taken)] = solution.plan.occupation[solution.plan.occupation > 0]
        return Face(
            columns=columns,
            occupation=occupation,
            row=np.searchsorted(ranks, choice.configuration),
            following=sparse.csr_array(choice.conditional[:, ranks]),
            repetition=choice.repetition,
            unique=bool(solution.uses) or len(columns) == len(ranks),
        )

    def extremes(self, slopes: FloatArray) -> tuple[float, float]:
        """Greatest and least derivative of all optimal policies: those below and above.

        A slightly greater parameter makes the policy optimal whose time grows least, a smaller one that whose time
        falls most.
        """
        if self.unique:
            found = float(self.occupation @ slopes)
            return found, found
        return -self._least(-slopes), self._least(slopes)

    def _least(self, slopes: FloatArray) -> float:
        """Least expected sum of the slopes collected by a policy of the face."""
        local = self.repetition.until(slopes)
        order = np.lexsort((-self.occupation, self.row))
        chosen = order[np.searchsorted(self.row[order], np.arange(self.following.shape[1]))]
        while True:
            system = sparse.eye_array(len(chosen)) - self.following[chosen]
            values = splu(sparse.csc_array(system)).solve(local[chosen])
            found = local + self.following @ values
            order = np.lexsort((found, self.row))
            best = order[np.searchsorted(self.row[order], np.arange(len(chosen)))]
            better = found[best] < values - KINK * np.abs(values).max()
            if not better.any():
                return float(values[0])
            chosen = np.where(better, best, chosen)
