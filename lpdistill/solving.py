"""From a problem to a proven optimum."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import ImproperPolicyError, ModelError, NotCertifiedError
from lpdistill.model.dynamics import Dynamics
from lpdistill.model.generation import Attempts
from lpdistill.model.numbers import member
from lpdistill.model.problem import Problem
from lpdistill.model.size import require
from lpdistill.program.highs import Algorithm, LinearSolution, solve_program
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.policy_iteration import Optimum, policy_iteration, silent
from lpdistill.solution.solution import Run, Solution

EXPLICIT_COLUMNS = 2_000
"""Columns up to which ``auto`` has HiGHS solve the whole program from nothing: an independent route for 20 ms."""

AGREEMENT = 1e-6
"""Relative difference between HiGHS and the proven optimum beyond which neither is believed."""


class Method(StrEnum):
    """How to solve the program."""

    AUTO = "auto"
    """``simplex`` where that is quick, otherwise ``columns``."""
    SIMPLEX = "simplex"
    """HiGHS' simplex method on the whole program."""
    IPM = "ipm"
    """HiGHS' interior-point method on the whole program."""
    PDLP = "pdlp"
    """HiGHS' first-order method on the whole program."""
    COLUMNS = "columns"
    """Column generation: columns priced by the factored dynamics, the restricted master confirmed by HiGHS."""


def solve(
    problem: Problem,
    *,
    method: Method | str = Method.AUTO,
    attempts: Attempts | str = Attempts.FULL,
    progress: Callable[[str], None] = silent,
) -> Solution:
    """The optimal policy of a problem, with a proof.

    Parameters
    ----------
    problem
        What to solve.
    method
        How (see :class:`Method`).  Every method ends with the same proof: policy iteration from its answer until no
        column of the program improves any configuration, and bounds recomputed from the model.
    attempts
        ``"full"`` attempts generation on every empty memory, which loses nothing here; ``"all"`` gives the program
        every number of attempts.
    progress
        Told what is being done, for long work.

    Raises
    ------
    UnreachableTargetError, InfiniteLevelsError
        If the target is out of reach, or infinitely many levels lie below it.
    LimitError
        If the program does not fit into this machine's memory; nothing has been built then.
    NotCertifiedError
        If no proof is found in double precision.

    Examples
    --------
    >>> solution = solve(Problem(p=0.9, memories=2, f0="3/4", target="79/100", final_step="free"))
    >>> abs(solution.waiting_time - 15650 / 1903) < 1e-12
    True
    """
    began = time.perf_counter()
    if not isinstance(problem, Problem):
        raise ModelError("problem", "must be a Problem", problem)
    method, attempts = member(Method, method, "method"), member(Attempts, attempts, "attempts")
    size = require(problem.memories, problem.levels, attempts, explicit=False)
    if method is Method.AUTO:
        method = Method.SIMPLEX if size.columns <= EXPLICIT_COLUMNS else Method.COLUMNS
    dynamics = Dynamics(problem, attempts)
    if method is Method.COLUMNS:
        linear, optimum = _by_columns(dynamics, progress)
    else:
        linear, optimum = _explicitly(dynamics, Algorithm(method), progress)
    found = float(optimum.values[0]) - float(problem.uncharged_time)
    if abs(linear.objective - found) > AGREEMENT * float(optimum.values[0]):
        raise NotCertifiedError(
            f"HiGHS ({method}) reports {linear.objective!r}, but the policy's waiting time is {found!r}; use another "
            "method"
        )
    run = Run(
        configurations=size.configurations,
        columns=size.columns,
        method=str(method),
        iterations=linear.iterations,
        rounds=optimum.rounds,
        objective=linear.objective,
        seconds=time.perf_counter() - began,
    )
    return Solution(problem, dynamics, optimum, run)


def _by_columns(dynamics: Dynamics, progress: Callable[[str], None]) -> tuple[LinearSolution, Optimum]:
    """Generate columns by block pivots, then have HiGHS confirm the policy as basis of the restricted master."""
    progress(f"writing {dynamics.numbering.size:,} columns in factored form")
    optimum = policy_iteration(dynamics, dynamics.greedy(), progress)
    progress(f"confirming with HiGHS on {len(optimum.generated):,} generated columns")
    master = OccupationProgram.of(dynamics, optimum.generated)
    basis = np.searchsorted(optimum.generated, optimum.policy.columns)
    return solve_program(master, Algorithm.SIMPLEX, basis=basis), optimum


def _explicitly(
    dynamics: Dynamics, algorithm: Algorithm, progress: Callable[[str], None]
) -> tuple[LinearSolution, Optimum]:
    """Have HiGHS solve the whole program, then make its policy optimal in every configuration and prove it."""
    progress("writing the whole program")
    program = OccupationProgram.of(dynamics)
    progress(f"solving {program.shape[1]:,} columns with HiGHS ({algorithm})")
    linear = solve_program(program, algorithm)
    try:
        optimum = policy_iteration(dynamics, _most_used(program, linear), progress)
    except ImproperPolicyError:
        # An inexact answer may round to a policy that goes in circles; the proof then starts from scratch.
        optimum = policy_iteration(dynamics, dynamics.greedy(), progress)
    return linear, optimum


def _most_used(program: OccupationProgram, linear: LinearSolution) -> IntArray:
    """The column that a solution uses most in each configuration it visits, and the greedy column elsewhere."""
    choice, columns = program.choice, program.dynamics.greedy()
    used = np.flatnonzero(linear.occupation * choice.leaving > 1e-9)
    order = used[np.argsort(linear.occupation[used], kind="stable")]
    columns[choice.configuration[order]] = choice.columns[order]
    return columns
