"""The optimal face: what policies without regret may do where their runs come."""

from __future__ import annotations

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.solution.solution import Solution
from lpdistill.solution.tables import EVEN


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
