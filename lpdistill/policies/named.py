"""Policies by name: the optimum, and the baselines that it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.errors import ModelError, ModelTypeError, names_like
from lpdistill.hardware.actions import Attempts
from lpdistill.policies.ageing import CUTOFF, aged_baseline, parted
from lpdistill.policies.past_limit import own_levels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.process.factored.baselines import BASELINES, DELTA, Baseline, banded
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.progress import silent
from lpdistill.solution.bounds import waited
from lpdistill.solution.dead_ends import require_live
from lpdistill.solution.given import QuestionLike
from lpdistill.solution.policy import Policy
from lpdistill.solving import solve

if TYPE_CHECKING:
    import networkx as nx

OPTIMAL = "optimal"

POLICIES = (OPTIMAL, *BASELINES)
"""The policies that are compared unless others are named; there are also :data:`OTHERS`."""

OTHERS = ("banded:WIDTH", DELTA.name)
"""More policies, which are compared if they are named."""


def baseline_named(name: str) -> Baseline:
    """A baseline by name.

    Raises
    ------
    ModelError
        If there is none.
    """
    kind, cutoff = parted(name)
    if cutoff is not None and kind in BASELINES:
        return replace(BASELINES[kind], name=name)
    if name in BASELINES:
        return BASELINES[name]
    if name == DELTA.name:
        return DELTA
    kind, _, width = name.partition(":")
    if kind != "banded" or not width:
        raise ModelError("policy", f"must be one of {names_like([*POLICIES, *OTHERS], name)}", name)
    return banded(width)


def with_cutoff(name: str, cutoff: str | None) -> str:
    """The name of a baseline with a cutoff, if there is one.

    Raises
    ------
    ModelError
        If it is the optimum, which has cutoffs of its own.
    """
    if cutoff is None:
        return name
    if name == OPTIMAL:
        raise ModelError("cutoff", "is for baselines; the optimum has cutoffs of its own, which solve says", cutoff)
    return name if parted(name)[1] is not None else f"{name}{CUTOFF}{cutoff}"


def baseline(problem: QuestionLike, name: str) -> Policy:
    """A baseline policy, evaluated; it may be improper.

    Parameters
    ----------
    problem
        The problem; its rules hold, its budgets do not matter.
    name
        ``pumping``, ``nested``, ``greedy``, ``delta-purify``, or ``banded:WIDTH``
        (:mod:`lpdistill.process.factored.baselines`).

    Raises
    ------
    ModelError
        If there is no such baseline, or a rule forbids what it does.
    InfiniteLevelsError
        If it meets too many levels past the pumping limit.

    Examples
    --------
    Nested distillation with two memories and two rounds is trapped with one pair at each level:

    >>> nested = baseline(Problem("1/2", 2, "3/4", "79/100"), "nested")
    >>> nested.waiting_time, nested.deadlock
    (inf, ((1, 1),))
    """
    problem = QUESTION.meant(problem, "problem")
    chosen = baseline_named(name)
    if not isinstance(problem, Problem):
        raise ModelTypeError(
            "problem", f"must be a Problem for {name}: a state graph has no memories to distil", str(problem)
        )
    if problem.hardware.coherence_time is not None and problem.f0 < problem.target:
        return aged_baseline(problem, name)
    if parted(name)[1] is not None:
        raise ModelError("cutoff", "is for memories that forget; give a coherence_time, or leave the cutoff out", name)
    return _policy(chosen, Dynamics(own_levels(problem, chosen), Attempts.FULL))


def _policy(chosen: Baseline, dynamics: Dynamics) -> Policy:
    uses = dynamics.choose(chosen.columns(dynamics.kernel))
    return Policy(Plan.improper(uses, np.ones(dynamics.size)))


def waiting_times(problem: Problem) -> dict[str, float]:
    """Expected waiting times of the optimum and of the three baselines, for studies of many problems.

    The optimum is that of policy iteration with its proof; HiGHS is not asked.  The baselines share one dynamics, with
    as many attempts as there is room for; so does the optimum, unless a rule may make it worth while
    to attempt fewer.

    Raises
    ------
    ModelError
        If the problem has budgets, or a rule forbids what a baseline does.
    LpdistillError
        If the target cannot be reached within the rules, or the problem is too large.

    Examples
    --------
    >>> times = waiting_times(Problem("1/2", 4, "9/10", "94/100"))
    >>> {name: round(time, 6) for name, time in times.items()}
    {'optimal': 9.139081, 'pumping': 9.807119, 'nested': 9.714065, 'greedy': 9.625825}
    """
    _refuse_budgets(problem)
    dynamics = Dynamics(problem, Attempts.FULL)
    least = _least_time(dynamics if problem.attempts is Attempts.FULL else Dynamics(problem))
    found = {name: _policy(chosen, dynamics).waiting_time for name, chosen in BASELINES.items()}
    return {OPTIMAL: least, **found}


def least_time(problem: Problem) -> float:
    """Expected waiting time of the optimum alone, as :func:`waiting_times` has it.

    Raises
    ------
    ModelError
        If the problem has budgets.
    LpdistillError
        If the target cannot be reached within the rules, or the problem is too large.

    Examples
    --------
    >>> round(least_time(Problem("1/2", 4, "9/10", "94/100")), 6)
    9.139081
    """
    _refuse_budgets(problem)
    return _least_time(Dynamics(problem))


def _refuse_budgets(problem: Problem) -> None:
    if problem.budgets:
        raise ModelError(
            "budgets", "must be left out: baselines know none", [budget.name for budget in problem.budgets]
        )


def _least_time(process: Dynamics) -> float:
    require_live(process)
    optimum = policy_iteration(process, process.admission.proper())
    return waited(float(optimum.values[0]), process.durations.uncharged)


def policy_named(problem: Problem | nx.DiGraph[Any], name: str, progress: Callable[[str], None] = silent) -> Policy:
    """The optimal policy or a baseline, by name.

    Raises
    ------
    ModelError
        If there is no such policy.
    LpdistillError
        Whatever :func:`lpdistill.solve` raises.

    Examples
    --------
    >>> round(policy_named(Problem("1/2", 4, "9/10", "94/100"), "greedy").waiting_time, 6)
    9.625825
    """
    if name == OPTIMAL:
        return solve(problem, progress=progress).policy
    return baseline(problem, name)
