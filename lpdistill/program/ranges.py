"""The least and greatest number of times that each column is taken by any policy that is nearly optimal.

One model is handed to HiGHS once; between two questions only its objective changes, so that the simplex method starts
from the last answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.program.highs import FINEST, PRIMAL, scaled_model
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.solver import Solver
from lpdistill.progress import Report, silent

COST_ROUNDING = 1e-12
"""Share of the greatest cost by which costs may be exceeded, so that rounding does not exclude the optimum itself."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Least and greatest expected number of times that columns are taken.

    Attributes
    ----------
    columns
        Numbers of the columns, (columns,).
    least, greatest
        The two ends, (columns,); infinite for what may be repeated for nothing.
    iterations
        Iterations of HiGHS.
    """

    columns: IntArray
    least: FloatArray
    greatest: FloatArray
    iterations: int


def ranges(program: OccupationProgram, most: float, taken: BoolArray, *, progress: Report = silent) -> Ranges:
    r"""Minimise and maximise :math:`x(s, a)` subject to the program and :math:`\sum c\, x \le` ``most``.

    Parameters
    ----------
    program
        The program; its columns are those that may be taken.
    most
        Greatest expected cost.
    taken
        Whether some policy that costs no more takes each column, (columns,): what it never takes has the least 0.
    progress
        Told how many actions have one end, of all their ends.

    Raises
    ------
    NotCertifiedError
        If HiGHS does not report an optimum.
    """
    model, unit = scaled_model(program)
    solver = Solver(
        {
            "presolve": "off",
            "simplex_strategy": PRIMAL,
            "small_matrix_value": FINEST.entry,
            "primal_feasibility_tolerance": FINEST.tolerance,
            "dual_feasibility_tolerance": FINEST.tolerance,
        }
    )
    cost = np.array(model.col_cost_)
    model.col_cost_ = np.zeros(len(cost))
    solver.passModel(model)
    scale = max(most, np.finfo(float).tiny)
    spent = np.flatnonzero(cost)
    solver.addRow(-highspy.kHighsInf, 1.0 + COST_ROUNDING, len(spent), spent.astype(np.int32), cost[spent] / scale)
    solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
    solver.run()
    solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), np.zeros(len(cost)))
    # Neighbours in this order have much in common, so that each answer is a good start for the next question.
    order = np.argsort(program.choice.configuration, kind="stable").tolist()
    ends, iterations = np.zeros((2, program.shape[1])), 0
    merged = program.process.merged
    endless = np.isin(program.choice.columns, [] if merged is None else merged.inner.columns)
    for end, sense in enumerate((highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize)):
        solver.changeObjectiveSense(sense)
        for number, column in enumerate(order):
            progress("two linear programs for each action", end * len(order) + number, 2 * len(order))
            if sense is highspy.ObjSense.kMinimize and not taken[column]:
                continue
            solver.changeColCost(column, 1.0)
            solver.run()
            status = solver.getModelStatus()
            if end and endless[column] and status == highspy.HighsModelStatus.kUnbounded:
                ends[end, column] = np.inf
                solver.changeColCost(column, 0.0)
                continue
            if status != highspy.HighsModelStatus.kOptimal:
                raise NotCertifiedError(
                    f"HiGHS ended with status {solver.modelStatusToString(status)!r} on column "
                    f"{program.column_label(column)}; take a larger slack"
                )
            info = solver.getInfo()
            ends[end, column] = info.objective_function_value
            iterations += max(0, int(info.simplex_iteration_count))
            solver.changeColCost(column, 0.0)
    found = np.maximum(ends, 0.0) / unit
    return Ranges(program.choice.columns, found[0], found[1], iterations)
