"""The ways to solve the program of a process: policy iteration and HiGHS, each of which checks the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import ImproperPolicyError, NotCertifiedError
from lpdistill.process.budgets import Budget
from lpdistill.process.process import Process
from lpdistill.program.budgeted import Budgeted, solved_whole, within_budgets
from lpdistill.program.confirmation import Confirmation, confirm
from lpdistill.program.evaluation import frequented
from lpdistill.program.highs import Algorithm, LinearSolution, solve_program
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum, policy_iteration
from lpdistill.progress import silent

EXPLICIT_COLUMNS = 2_000
"""Columns up to which ``auto`` gives HiGHS the whole program."""

AGREEMENT = 1e-6
"""Relative difference between HiGHS and the proven optimum beyond which neither is believed."""

USED = 1e-9
"""Expected number of changes of a configuration above which HiGHS is taken to use a column."""

CONFIRMED = 300
"""Configurations that runs visit up to which HiGHS confirms a policy with all of them."""

RARE = 1e-8
"""Changes of a run, on average, that may be left out of that program beyond; it then ends where they begin."""


class Method(StrEnum):
    """How to solve the program."""

    AUTO = "auto"
    """Policy iteration, confirmed by HiGHS: on the whole program (``simplex``) where that is small, otherwise on the
    columns that it chose (``columns``)."""
    SIMPLEX = "simplex"
    """HiGHS' simplex method on the whole program, from nothing."""
    IPM = "ipm"
    """HiGHS' interior-point method on the whole program."""
    PDLP = "pdlp"
    """HiGHS' first-order method on the whole program."""
    COLUMNS = "columns"
    """Column generation: columns priced by the factored dynamics, the restricted master confirmed by HiGHS."""


def optimum_within(
    process: Process,
    budgets: tuple[Budget, ...],
    method: Method,
    progress: Callable[[str], None] = silent,
    start: IntArray | None = None,
) -> tuple[Budgeted, Method]:
    """The optimum within budgets, on which HiGHS agrees, and the way that ``auto`` was.

    Parameters
    ----------
    process, budgets
        All columns, and the limits.
    method
        How to solve it.
    progress
        Told what is being done.
    start
        A policy to start from, where policy iteration comes first: one column for every live configuration, in order.

    Raises
    ------
    InfeasibleError
        If no policy keeps within the budgets.
    NotCertifiedError
        If no proof is found, or HiGHS does not agree.
    """
    answer = _answer(process, budgets, method, progress, start)
    if method is Method.AUTO:
        method = Method.SIMPLEX if process.column_count <= EXPLICIT_COLUMNS else Method.COLUMNS
    return _confirmed(answer, budgets, method), method


def _answer(
    process: Process,
    budgets: tuple[Budget, ...],
    method: Method,
    progress: Callable[[str], None],
    start: IntArray | None,
) -> Budgeted:
    """The optimum within the budgets, and what HiGHS says of it."""
    small = process.column_count <= EXPLICIT_COLUMNS
    linear: LinearSolution | Confirmation
    if method is Method.AUTO and small and process.written is None:
        linear, optimum = _directly(process, progress, start)
    elif method is Method.COLUMNS or (method is Method.AUTO and not small):
        method = Method.COLUMNS
        linear, optimum = _by_columns(process, progress, start)
    else:
        method = Method.SIMPLEX if method is Method.AUTO else method
        linear, optimum = _explicitly(process, Algorithm(method), progress)
    if not budgets:
        return Budgeted.unlimited(optimum, linear)
    answer = within_budgets(process, budgets, optimum, progress)
    if method is Method.COLUMNS:
        return answer
    linear = solved_whole(process, budgets, Algorithm.SIMPLEX if method is Method.AUTO else Algorithm(method))
    return replace(answer, objective=linear.objective, iterations=linear.iterations)


def _confirmed(answer: Budgeted, budgets: tuple[Budget, ...], method: Method) -> Budgeted:
    """An answer on whose waiting time HiGHS agrees, asked again if need be.

    Raises
    ------
    NotCertifiedError
        If it does not.
    """
    plan = answer.plan
    if not _agree(answer.objective, plan):
        answer = replace(answer, objective=_asked_again(answer, budgets))
    if not _agree(answer.objective, plan):
        uncharged = float(plan.uses.process.durations.uncharged)
        raise NotCertifiedError(
            f"HiGHS ({method}) reports {answer.objective!r}, but the policy's waiting time is proved to lie between "
            f"{answer.bound!r} and {float(plan.upper[0])!r} (with {uncharged:g} not charged); "
            "use another method, or make runs shorter"
        )
    return answer


def _agree(objective: float, plan: Plan) -> bool:
    """Whether HiGHS and a policy agree on the waiting time."""
    found = float(plan.values[0]) - float(plan.uses.process.durations.uncharged)
    return abs(objective - found) <= AGREEMENT * float(plan.values[0])


def _asked_again(answer: Budgeted, budgets: tuple[Budget, ...]) -> float:
    """What HiGHS reports where it disagreed, asked with its strictest settings about the policy alone."""
    program = OccupationProgram.of(answer.plan.uses.process, answer.plan.uses.columns, budgets)
    return solve_program(program, Algorithm.SIMPLEX).objective


def _directly(
    process: Process, progress: Callable[[str], None], start: IntArray | None
) -> tuple[Confirmation, Optimum]:
    """Policy iteration over all columns of a small problem, which HiGHS confirms on the whole program."""
    progress("writing the whole program")
    optimum = policy_iteration(process, process.admission.proper() if start is None else start, progress)
    program = OccupationProgram.of(process)
    progress(f"confirming with HiGHS on {program.shape[1]:,} columns")
    return confirm(program, optimum.policy.columns), optimum


def _by_columns(
    process: Process, progress: Callable[[str], None], start: IntArray | None
) -> tuple[Confirmation, Optimum]:
    """Generate columns by block pivots, then have HiGHS confirm the policy as basis of the restricted master."""
    progress(f"writing {process.column_count:,} columns in factored form")
    optimum = policy_iteration(process, process.admission.proper() if start is None else start, progress)
    policy = optimum.policy
    rare = RARE if process.written is None else 0.0
    rows, changes = frequented(policy, optimum.objective.entered(process), rare / 1000)
    order = np.argsort(changes, kind="stable")
    dropped = rare if len(rows) > CONFIRMED else 0.0
    seen = np.sort(rows[order[np.cumsum(changes[order]) > dropped]])
    generated, visited = optimum.generated, policy.configuration[seen]
    if optimum.owners is not None:  # columns of other configurations need not be described
        inside = np.zeros(process.size, dtype=bool)
        inside[visited] = True
        generated = generated[inside[optimum.owners]]
    master = OccupationProgram.of(process, generated).within(visited, policy.columns[seen])
    progress(f"confirming with HiGHS on {master.shape[1]:,} of {len(optimum.generated):,} generated columns")
    return confirm(master, policy.columns[seen]), optimum


def _explicitly(
    process: Process, algorithm: Algorithm, progress: Callable[[str], None]
) -> tuple[LinearSolution, Optimum]:
    """Have HiGHS solve the whole program, then make its policy optimal in every configuration and prove it."""
    progress("writing the whole program")
    program = OccupationProgram.of(process)
    progress(f"solving {program.shape[1]:,} columns with HiGHS ({algorithm})")
    linear = solve_program(program, algorithm)
    try:
        optimum = policy_iteration(process, _most_used(program, linear), progress)
    except ImproperPolicyError:
        # An inexact answer may round to a policy that goes in circles; the proof then starts from scratch.
        optimum = policy_iteration(process, process.admission.proper(), progress)
    return linear, optimum


def _most_used(program: OccupationProgram, linear: LinearSolution) -> IntArray:
    """The column that a solution uses most in each configuration it visits, and one of a proper policy elsewhere."""
    process, choice = program.process, program.choice
    columns = np.full(process.size, -1)
    columns[process.live] = process.admission.proper()
    used = np.flatnonzero(choice.repetition.changes(linear.occupation) > USED)
    order = used[np.argsort(linear.occupation[used], kind="stable")]
    columns[choice.configuration[order]] = choice.columns[order]
    return columns[process.live]
