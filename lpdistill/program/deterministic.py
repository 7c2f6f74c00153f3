r"""Deterministic policies within budgets: a mixed-integer program.

Budgets may randomise a policy; without lots to draw, binary variables ``z`` choose one action for each configuration:

.. math:: x(s, a) \le U(s, a)\, z(s, a), \qquad \sum_a z(s, a) \le 1 .

``U`` comes from the time itself.  A policy of expected time ``T`` takes an action of duration :math:`\tau` at most
:math:`T / \tau` times, and one of regret :math:`\rho` under the prices of the randomised optimum :math:`T^*` at most
:math:`(T - T^*) / \rho` times.  So programs for growing ``T`` are solved until one has a solution: the optimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import InfeasibleError, LimitError, ModelError, NotCertifiedError
from lpdistill.process.budgets import Budget
from lpdistill.process.process import Process
from lpdistill.program.budgeted import Budgeted
from lpdistill.program.highs import scaled_model
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.solver import Solver

MOST_BINARY = 20_000
"""Columns up to which the mixed-integer program is tried."""

HORIZONS = (1.01, 1.1, 2.0, 10.0, 100.0, 1000.0)
"""Times, relative to the randomised optimum, below which a deterministic policy is looked for, one after the other."""

INTEGER_TOLERANCE = 1e-9
"""How closely the solver keeps to constraints, integrality and the gap."""

NO_REGRET = 1e-9
"""Regrets below this, relative to the time, are taken for none."""

CHOSEN = 0.5
"""Value of a binary variable from which it counts as 1."""


@dataclass(frozen=True, slots=True)
class Determinism:
    """What came of forbidding lots.

    Attributes
    ----------
    lower_bound
        What HiGHS proves of every deterministic policy's expected duration, to its tolerance.
    randomised
        Expected duration of the randomised optimum.
    nodes
        Nodes of the branch-and-bound tree.
    """

    lower_bound: float
    randomised: float
    nodes: int


def deterministic(
    process: Process, budgets: tuple[Budget, ...], drawn: Budgeted, progress: Callable[[str], None]
) -> tuple[Plan, Determinism]:
    """The fastest deterministic policy within budgets, and what is known of it.

    Parameters
    ----------
    process, budgets
        All columns, and the limits.
    drawn
        The randomised optimum.
    progress
        Told what is being done.

    Raises
    ------
    LimitError
        If the program has too many columns.
    ModelError
        If an action takes no time, which leaves the number of times it is taken unbounded.
    InfeasibleError
        If no deterministic policy keeps within the budgets, or only far slower ones.
    NotCertifiedError
        If HiGHS ends without an optimum.
    """
    if process.column_count > MOST_BINARY:
        raise LimitError(
            f"deterministic: {process.column_count:,} actions are more than the {MOST_BINARY:,} up to which the "
            "mixed-integer program is tried; take fewer memories, or rules that leave fewer actions",
            size={"columns": process.column_count, "most_columns": MOST_BINARY},
        )
    if process.durations.least <= 0:
        raise ModelError("deterministic", "needs every step to take time (no discarding, no duration of 0)", None)
    program = OccupationProgram.of(process, None, budgets, drawn.dual.objective)
    time = float(drawn.plan.values[0])
    regrets = drawn.dual.policy.process.choose(program.choice.columns).regrets(drawn.dual.values)
    for horizon in HORIZONS:
        progress(f"branch and bound on {program.shape[1]:,} actions, up to {horizon:g} times the randomised optimum")
        slack = horizon * time - drawn.bound + NO_REGRET * time
        taken = np.minimum(horizon * time / program.cost, slack / np.maximum(regrets, NO_REGRET * time))
        found = _solve(program, taken, horizon * time)
        if found is not None:
            columns, bound, nodes = found
            plan = _plan(process, columns, drawn)
            _require_kept(plan, budgets)
            return plan, Determinism(bound, time, nodes)
    raise InfeasibleError(
        "deterministic: no deterministic policy keeps within " + " and ".join(map(str, budgets)) + f" in less than "
        f"{HORIZONS[-1]:g} times the randomised optimum {time:.6g}; raise a limit, or let the policy randomise",
        conflict=budgets,
    )


def _solve(program: OccupationProgram, taken: FloatArray, horizon: float) -> tuple[IntArray, float, int] | None:
    """Columns used by the optimum among policies of expected time ``horizon`` at most, its bound, and nodes.

    None if there is no such policy; ``taken`` bounds how often each column is taken, (columns,).
    """
    model, scale = scaled_model(program)
    columns, rows = program.shape[1], program.shape[0]
    # Waiting for ever is no policy, so waiting is taken never.
    most = np.where(program.choice.repetition.waits, 0.0, taken * scale)
    model.col_upper_ = most
    solver = Solver(
        {
            "mip_rel_gap": INTEGER_TOLERANCE,
            "mip_abs_gap": 0.0,
            "mip_feasibility_tolerance": INTEGER_TOLERANCE,
            "primal_feasibility_tolerance": INTEGER_TOLERANCE,
        }
    )
    solver.passModel(model)
    nothing = np.zeros(columns)
    solver.addCols(columns, nothing, nothing, np.ones(columns), 0, np.zeros(columns, dtype=np.int32), [], [])
    binary = np.arange(columns, 2 * columns)
    solver.changeColsIntegrality(columns, binary, np.full(columns, int(highspy.HighsVarType.kInteger), dtype=np.uint8))
    one_action = sparse.csr_array((np.ones(columns), (program.choice.configuration, binary)), shape=(rows, 2 * columns))
    link = sparse.csr_array(sparse.hstack([sparse.eye_array(columns), -sparse.diags_array(most)]))
    duration = sparse.csr_array(np.concatenate([program.cost / scale, nothing])[None, :])
    for matrix, limit in ((one_action, 1.0), (link, 0.0), (duration, horizon)):
        upper = np.full(matrix.shape[0], limit)
        lower = np.full(matrix.shape[0], -highspy.kHighsInf)
        solver.addRows(len(upper), lower, upper, matrix.nnz, matrix.indptr[:-1], matrix.indices, matrix.data)
    solver.run()
    status = solver.getModelStatus()
    if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise NotCertifiedError(
            f"HiGHS ended with status {solver.modelStatusToString(status)!r} on the mixed-integer program instead of "
            "an optimum"
        )
    info, found = solver.getInfo(), np.array(solver.getSolution().col_value)
    used = (found[columns:] > CHOSEN) & (found[:columns] > INTEGER_TOLERANCE)
    return program.choice.columns[used], float(info.mip_dual_bound), int(info.mip_node_count)


def _plan(process: Process, columns: IntArray, drawn: Budgeted) -> Plan:
    """The policy that takes the given columns, and that of the prices wherever they say nothing."""
    chosen = np.full(process.size, -1)
    chosen[process.live] = drawn.dual.policy.columns
    chosen[process.choose(columns).configuration] = columns
    policy = chosen[process.live]
    return Plan.of(process.choose(policy), np.ones(len(policy)), drawn.dual.objective)


def _require_kept(plan: Plan, budgets: tuple[Budget, ...]) -> None:
    for budget in budgets:
        used = plan.used(budget.resource)
        if not budget.kept(used):
            raise NotCertifiedError(
                f"deterministic: the policy that HiGHS reports uses {used!r} where {budget} was asked; move the limit "
                "away from the edge of what a policy uses"
            )
