"""HiGHS: the occupation program solved by simplex, interior points or PDLP, and a policy certified as a basis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import highspy
import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.program.occupation import OccupationProgram


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What is asked of HiGHS: it drops matrix entries below ``entry``, and takes ``tolerance`` for feasible."""

    entry: float
    tolerance: float


ALONE = Accuracy(entry=1e-12, tolerance=1e-10)
"""For solving without help: the finest that HiGHS offers."""

CONFIRMING = Accuracy(entry=1e-10, tolerance=1e-7)
"""For confirming a policy that is already proved optimal; no reported number is read off this run."""


class Algorithm(StrEnum):
    """The algorithms of HiGHS for linear programs."""

    SIMPLEX = "simplex"
    IPM = "ipm"
    PDLP = "pdlp"


@dataclass(frozen=True, slots=True)
class LinearSolution:
    """What HiGHS answers.

    Attributes
    ----------
    objective
        Optimal value, the constant of the objective included.
    occupation
        Expected uses of each column, (columns,).
    duals
        Dual value of each row, d(objective)/d(right-hand side), (rows,).
    iterations
        Iterations of the algorithm.
    """

    objective: float
    occupation: FloatArray
    duals: FloatArray
    iterations: int


def solve_program(program: OccupationProgram, algorithm: Algorithm, *, basis: IntArray | None = None) -> LinearSolution:
    """Solve an occupation program with HiGHS.

    Columns are scaled by their probability of leaving, and costs by the greatest, so that rare generation means neither
    tiny coefficients nor huge costs.

    Parameters
    ----------
    program
        The program.
    algorithm
        The algorithm; only the simplex method uses a basis.
    basis
        Positions of the columns of a proper policy, one per row: the basis to start from.  If the policy is optimal,
        the simplex method needs no iteration.

    Raises
    ------
    NotCertifiedError
        If HiGHS does not report an optimum.
    """
    accuracy = ALONE if basis is None else CONFIRMING
    scale = np.where(program.choice.leaving > 0, program.choice.leaving, 1.0)
    unit = float((program.cost / scale).max()) or 1.0
    solver = highspy.Highs()
    for option, value in {
        "output_flag": False,
        "solver": str(algorithm),
        "small_matrix_value": accuracy.entry,
        "primal_feasibility_tolerance": accuracy.tolerance,
        "dual_feasibility_tolerance": accuracy.tolerance,
        "presolve": "off" if basis is not None else "choose",
        "simplex_scale_strategy": 0 if basis is not None else 2,
    }.items():
        solver.setOptionValue(option, value)
    solver.passModel(_model(program, scale, unit, accuracy.entry))
    if basis is not None:
        solver.setBasis(_basis(program, basis))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise NotCertifiedError(
            f"HiGHS ({algorithm}) ended with status {solver.modelStatusToString(solver.getModelStatus())!r} on the "
            "program instead of an optimum; use another method"
        )
    info, solution = solver.getInfo(), solver.getSolution()
    counts = {
        Algorithm.SIMPLEX: info.simplex_iteration_count,
        Algorithm.IPM: info.ipm_iteration_count,
        Algorithm.PDLP: info.pdlp_iteration_count,
    }
    return LinearSolution(
        objective=float(info.objective_function_value) * unit + program.offset,
        occupation=np.maximum(np.array(solution.col_value), 0.0) / scale,
        duals=np.array(solution.row_dual) * unit,
        iterations=max(0, int(counts[algorithm])),
    )


def _model(program: OccupationProgram, scale: FloatArray, unit: float, smallest: float) -> highspy.HighsLp:
    """The program as HiGHS takes it: every column divided by its scale, every cost by the unit of time."""
    rows, columns = program.shape
    matrix = program.matrix.copy()
    matrix.data /= np.repeat(scale, np.diff(matrix.indptr))
    # A dropped probability goes back to the column's own row: as if that outcome led nowhere, not to the target.
    column = np.repeat(np.arange(columns), np.diff(matrix.indptr))
    dropped = np.where(np.abs(matrix.data) < smallest, matrix.data, 0.0)
    lost = np.bincount(column, weights=dropped, minlength=columns)
    matrix.data[dropped != 0] = 0.0
    matrix.data += np.where(matrix.indices == program.choice.configuration[column], lost[column], 0.0)
    matrix.eliminate_zeros()
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = rows, columns
    model.col_cost_ = program.cost / scale / unit
    model.col_lower_ = np.zeros(columns)
    model.col_upper_ = np.full(columns, highspy.kHighsInf)
    model.row_lower_ = model.row_upper_ = program.start
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return model


def _basis(program: OccupationProgram, basic: IntArray) -> highspy.HighsBasis:
    """The basis in which the given columns are basic and all rows are not."""
    rows, columns = program.shape
    status = np.full(columns, highspy.HighsBasisStatus.kLower, dtype=object)
    status[basic] = highspy.HighsBasisStatus.kBasic
    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status = status.tolist(), [highspy.HighsBasisStatus.kLower] * rows
    basis.valid, basis.alien = True, False
    return basis
