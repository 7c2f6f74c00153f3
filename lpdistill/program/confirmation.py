"""HiGHS asked whether a policy that is proved optimal is an optimal basis: a program each, a HiGHS object a thread."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

import highspy
import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.program.highs import CONFIRMING, FINEST, PRIMAL, Accuracy, Algorithm, Basis, scaled_flow, solve_program
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.solver import THREADS, Solver

COLUMNWISE, MINIMISED = 1, 1
"""How HiGHS numbers the format of a matrix and the sense of an objective."""

BASIC, AT_BOUND = highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kLower


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What HiGHS answers.

    Attributes
    ----------
    objective
        Optimal value, the constant of the objective included.
    iterations
        Iterations of the simplex method: none where the policy is an optimal basis.
    """

    objective: float
    iterations: int


class _Kept(threading.local):
    """The HiGHS object of a thread: making one takes longer than confirming a small policy."""

    solver: Solver | None = None
    made_for: tuple[int, int, Accuracy] | None = None

    def take(self, accuracy: Accuracy) -> Solver:
        """The object, for whoever gives it back; made anew in another process or with other settings."""
        wanted = os.getpid(), THREADS.get(), accuracy
        found, self.solver = self.solver, None
        if found is not None and self.made_for == wanted:
            return found
        self.made_for = wanted
        return Solver(
            {
                "solver": str(Algorithm.SIMPLEX),
                "small_matrix_value": accuracy.entry,
                "primal_feasibility_tolerance": accuracy.tolerance,
                "dual_feasibility_tolerance": accuracy.tolerance,
                "presolve": "off",
                "simplex_scale_strategy": 0,
                "simplex_strategy": PRIMAL,
            }
        )


_KEPT = _Kept()


def confirm(program: OccupationProgram, policy: IntArray) -> Confirmation:
    """Have HiGHS solve a program without budgets from the basis that a policy is.

    Parameters
    ----------
    program
        The program: all columns, with the strictest tolerances, or a part of them.
    policy
        Columns of the policy, one for every row.

    Raises
    ------
    NotCertifiedError
        If HiGHS does not report an optimum.
    """
    accuracy = FINEST if program.whole else CONFIRMING
    rows, columns = program.shape
    scale = program.choice.repetition.scale
    listed = program.choice.following.listed if program.whole else None
    flow = None if listed is None else listed.flow(accuracy.entry)
    begin, index, value = scaled_flow(program, scale, accuracy.entry) if flow is None else flow
    cost = program.cost / scale
    unit = float(cost.max()) or 1.0
    solver = _KEPT.take(accuracy)
    none, integers = np.zeros(0, dtype=np.int32), np.zeros(columns, dtype=np.int32)
    least, most, start = np.zeros(columns), np.full(columns, np.inf, dtype=np.float64), program.start
    # fmt: off
    solver.passModel(
        columns, rows, len(value), 0, COLUMNWISE, COLUMNWISE, MINIMISED, 0.0,
        cost / unit, least, most, start, start,
        begin, index, value, none, none, np.zeros(0), integers,
    )
    # fmt: on
    basis, statuses = highspy.HighsBasis(), [AT_BOUND] * columns
    for place in np.searchsorted(program.choice.columns, policy).tolist():
        statuses[place] = BASIC
    basis.col_status, basis.row_status = statuses, [AT_BOUND] * rows
    basis.valid, basis.alien = True, False
    solver.setBasis(basis)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        found = solve_program(program, Algorithm.SIMPLEX, basis=Basis.of_policy(policy, 0))
        return Confirmation(found.objective, found.iterations)
    _, objective = solver.getInfoValue("objective_function_value")
    _, iterations = solver.getInfoValue("simplex_iteration_count")
    solver.clearModel()
    _KEPT.solver = solver
    return Confirmation(float(objective) * unit + program.offset, max(0, int(iterations)))
