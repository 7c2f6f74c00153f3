"""HiGHS: the occupation program solved by simplex, interior points or PDLP, and a policy certified as a basis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import highspy
import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray, PlaceArray
from lpdistill.errors import NotCertifiedError
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.solver import Solver


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What is asked of HiGHS: it drops matrix entries below ``entry``, and takes ``tolerance`` for feasible."""

    entry: float
    tolerance: float


FINEST = Accuracy(entry=1e-12, tolerance=1e-10)
"""For solving without help: the finest that HiGHS offers."""

CONFIRMING = Accuracy(entry=1e-10, tolerance=1e-7)
"""For confirming a policy that is already proved optimal; no reported number is read off this run."""


DUAL, PRIMAL = 1, 4
"""Strategies of HiGHS' simplex method: primal where columns were added to an optimal basis."""

SMALL = 2_000
"""Columns up to which presolving and scaling take longer than the simplex method does."""

SMALLEST_LIMIT = 1e-6
"""Budget rows are scaled by their limits, but by no smaller number."""


class Algorithm(StrEnum):
    """The algorithms of HiGHS for linear programs."""

    SIMPLEX = "simplex"
    IPM = "ipm"
    PDLP = "pdlp"


@dataclass(frozen=True, slots=True)
class Basis:
    """Which variables of a program are basic.

    Attributes
    ----------
    columns
        Numbers of the basic columns, increasing.
    budgets
        Whether the slack of each budget is basic, (budgets,); the rows of configurations have none.
    shortfalls
        Whether the relaxation of each budget's lower and upper limit is basic, (2, budgets).
    """

    columns: IntArray
    budgets: BoolArray
    shortfalls: BoolArray

    @staticmethod
    def of_policy(columns: IntArray, budgets: int) -> Basis:
        """The basis that a proper policy is: one column per configuration, and the slack of every budget."""
        return Basis(np.sort(columns), np.ones(budgets, dtype=bool), np.zeros((2, budgets), dtype=bool))


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
        Dual value of each configuration's row, d(objective)/d(right-hand side), (configurations,).
    prices
        The same for each budget, d(objective)/d(limit), (budgets,).
    shortfalls
        By how much the lower and the upper limit of each budget is missed, (2, budgets); 0 unless relaxed.
    iterations
        Iterations of the algorithm.
    basis
        The optimal basis; nothing is basic where the algorithm has none.
    """

    objective: float
    occupation: FloatArray
    duals: FloatArray
    prices: FloatArray
    shortfalls: FloatArray
    iterations: int
    basis: Basis


def solve_program(
    program: OccupationProgram, algorithm: Algorithm, *, basis: Basis | None = None, relaxed: bool = False
) -> LinearSolution:
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
        Where to start.  If it is optimal, the simplex method needs no iteration.
    relaxed
        Whether limits of budgets may be missed, at a cost of 1 for every unit of the greatest limit.

    Raises
    ------
    NotCertifiedError
        If HiGHS does not report an optimum.
    """
    confirming = basis is not None and not program.budgets
    accuracy = CONFIRMING if confirming else FINEST
    plain = basis is not None or (program.shape[1] <= SMALL and algorithm is Algorithm.SIMPLEX)
    scaling = _Scaling.of(program, relaxed=relaxed)
    solver = Solver(
        {
            "solver": str(algorithm),
            "small_matrix_value": accuracy.entry,
            "primal_feasibility_tolerance": accuracy.tolerance,
            "dual_feasibility_tolerance": accuracy.tolerance,
            "presolve": "off" if plain else "choose",
            "simplex_scale_strategy": 0 if plain else 2,
            "simplex_strategy": PRIMAL if basis is not None and not confirming else DUAL,
        }
    )
    solver.passModel(_model(program, scaling, accuracy.entry))
    if basis is not None:
        solver.setBasis(_status(program, basis, relaxed=relaxed))
    solver.run()
    if plain and solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        solver.adjust({"presolve": "choose", "simplex_scale_strategy": 2, "simplex_strategy": DUAL})
        solver.clearSolver()
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
    rows, columns = program.shape
    found = np.maximum(np.array(solution.col_value), 0.0)
    duals = np.array(solution.row_dual) * scaling.unit
    return LinearSolution(
        objective=float(info.objective_function_value) * scaling.unit + program.offset,
        occupation=found[:columns] / scaling.columns,
        duals=duals[:rows],
        prices=duals[rows:] / scaling.budgets,
        shortfalls=found[columns:].reshape(2, -1) * scaling.budgets if relaxed else np.zeros((2, len(program.budgets))),
        iterations=max(0, int(counts[algorithm])),
        basis=_basis(program, solver.getBasis(), relaxed=relaxed),
    )


@dataclass(frozen=True, slots=True)
class _Scaling:
    """How a program is scaled for HiGHS: columns divided, costs and budget rows divided by their units."""

    columns: FloatArray
    unit: float
    budgets: FloatArray
    relaxed: bool

    @staticmethod
    def of(program: OccupationProgram, *, relaxed: bool) -> _Scaling:
        columns = program.choice.repetition.scale
        unit = 1.0 if relaxed else float((program.cost / columns).max()) or 1.0
        finite = np.array([np.where(np.isfinite(limit), limit, 0.0) for limit in program.limits])
        return _Scaling(columns, unit, np.maximum(finite.max(axis=0, initial=0.0), SMALLEST_LIMIT), relaxed)


def scaled_flow(
    program: OccupationProgram, scale: FloatArray, smallest: float
) -> tuple[PlaceArray, PlaceArray, FloatArray]:
    """The flow matrix, columns divided by a scale, without entries that HiGHS would drop.

    Returns
    -------
    tuple
        Where entries of each column begin, with the end, (columns + 1,); their rows, and values, (entries,).
    """
    flow = program.matrix.copy()
    columns = np.diff(flow.indptr)
    flow.data /= np.repeat(scale, columns)
    # A dropped probability goes back to the column's own row: as if that outcome led nowhere, not to the target.
    column = np.repeat(np.arange(len(columns)), columns)
    dropped = np.where(np.abs(flow.data) <= smallest, flow.data, 0.0)
    lost = np.bincount(column, weights=dropped, minlength=len(columns))
    flow.data[dropped != 0] = 0.0
    flow.data += np.where(flow.indices == program.owner[column], lost[column], 0.0)
    flow.eliminate_zeros()
    return flow.indptr, flow.indices, flow.data


def _model(program: OccupationProgram, scaling: _Scaling, smallest: float) -> highspy.HighsLp:
    """The program as HiGHS takes it."""
    rows, columns = program.shape
    begin, index, value = scaled_flow(program, scaling.columns, smallest)
    flow = sparse.csc_array((value, index, begin), shape=(rows, columns))
    matrix, cost = sparse.csc_array(flow), program.cost / scaling.columns / scaling.unit
    if program.budgets:
        amounts = program.amounts / scaling.columns / scaling.budgets[:, None]
        matrix = sparse.csc_array(sparse.vstack([flow, sparse.csc_array(amounts)]))
    if scaling.relaxed:
        missed = sparse.csc_array(sparse.eye_array(len(program.budgets)))
        empty = sparse.csc_array((rows, 2 * len(program.budgets)))
        matrix = sparse.csc_array(sparse.hstack([matrix, sparse.vstack([empty, sparse.hstack([missed, -missed])])]))
        cost = np.concatenate([cost, np.ones(2 * len(program.budgets))])
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = cost
    model.col_lower_ = np.zeros(len(cost))
    model.col_upper_ = np.full(len(cost), highspy.kHighsInf)
    least, most = (limit / scaling.budgets for limit in program.limits)
    model.row_lower_ = np.concatenate([program.start, least])
    model.row_upper_ = np.concatenate([program.start, most])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return model


def _status(program: OccupationProgram, basis: Basis, *, relaxed: bool) -> highspy.HighsBasis:
    """A basis as HiGHS takes it."""
    basic, at_bound = highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kLower
    columns = np.isin(program.choice.columns, basis.columns)
    if relaxed:
        columns = np.concatenate([columns, basis.shortfalls.ravel()])
    least, most = program.limits
    nonbasic = [
        highspy.HighsBasisStatus.kUpper if np.isinf(low) and np.isfinite(high) else at_bound
        for low, high in zip(least, most, strict=True)
    ]
    status = highspy.HighsBasis()
    status.col_status = [basic if is_basic else at_bound for is_basic in columns.tolist()]
    status.row_status = [at_bound] * program.shape[0] + [
        basic if is_basic else bound for is_basic, bound in zip(basis.budgets.tolist(), nonbasic, strict=True)
    ]
    status.valid, status.alien = True, False
    return status


def _basis(program: OccupationProgram, status: highspy.HighsBasis, *, relaxed: bool) -> Basis:
    """The basis that HiGHS reports."""
    rows, columns = program.shape
    basic = highspy.HighsBasisStatus.kBasic
    size = columns + 2 * len(program.budgets) * relaxed, rows + len(program.budgets)
    states = (status.col_status, status.row_status) if status.valid else ([None] * size[0], [None] * size[1])
    chosen = np.array([state == basic for state in states[0]], dtype=bool)
    slack = np.array([state == basic for state in states[1][rows:]], dtype=bool)
    missed = chosen[columns:].reshape(2, -1) if relaxed else np.zeros((2, len(slack)), dtype=bool)
    return Basis(program.choice.columns[chosen[:columns]], slack, missed)


def scaled_model(program: OccupationProgram) -> tuple[highspy.HighsLp, FloatArray]:
    """A program as HiGHS takes it, costs as they are, and what its columns are divided by, (columns,)."""
    scaling = replace(_Scaling.of(program, relaxed=False), unit=1.0)
    return _model(program, scaling, FINEST.entry), scaling.columns


def unscaled_model(program: OccupationProgram) -> highspy.HighsLp:
    """A program as HiGHS takes it, in its own units and with the constant of the objective."""
    unit = _Scaling(np.ones(program.shape[1]), 1.0, np.ones(len(program.budgets)), relaxed=False)
    model = _model(program, unit, FINEST.entry)
    model.offset_ = program.offset
    return model


def irreducible(program: OccupationProgram) -> list[int]:
    """Positions of the budgets in an irreducible infeasible subsystem of a program that has no solution."""
    solver = Solver({"iis_strategy": int(highspy.IisStrategy.kIisStrategyFromLp)})
    solver.passModel(_model(program, _Scaling.of(program, relaxed=False), FINEST.entry))
    solver.run()
    _, found = solver.getIis()
    rows = program.shape[0]
    return [row - rows for row in sorted(found.row_index_) if row >= rows] or list(range(len(program.budgets)))
