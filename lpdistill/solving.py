"""From a problem to a proven optimum."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.errors import ModelError, NotCertifiedError, names_like
from lpdistill.hardware.actions import Attempts
from lpdistill.numbers import Number, exact, member
from lpdistill.physics.rounding import Rounding
from lpdistill.problem.labels import first_grid, wants_labels, without_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION, is_question, process_of_question
from lpdistill.process.budgets import Budget
from lpdistill.process.factored.dynamics import Dynamics, require_priced
from lpdistill.process.process import Process
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import Resource
from lpdistill.program.budgeted import Budgeted, within_budgets
from lpdistill.program.deterministic import deterministic as best_deterministic
from lpdistill.program.label_models import Model, labelled
from lpdistill.program.methods import Method, optimum_within
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.program.refining import refine
from lpdistill.progress import silent
from lpdistill.solution.dead_ends import require_live, require_reachable
from lpdistill.solution.given import SOLUTION, QuestionLike, SolutionLike
from lpdistill.solution.run import Run
from lpdistill.solution.solution import Bracket, Solution, Status
from lpdistill.units import Unit, moment

if TYPE_CHECKING:
    import networkx as nx

AS_FAST = 1e-11
"""Relative difference of waiting times that counts as none when ties are broken."""

PATIENCE = 60.0
"""Seconds in which labels are added where they are not limited otherwise."""

MOST_PATIENCE = 1e9
"""Seconds beyond which no limit of time is meant."""

AGED_GAP = Fraction(1, 10**5)
"""Relative gap that will do where pairs age and none is asked for: there is no end to their fidelities."""

TIE_WEIGHTS = (1e-6, 1e-8, 1e-10)
"""What the expected use of a resource counts, against the whole waiting time, when it breaks ties."""


def solve(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: QuestionLike,
    *,
    method: Method | str = Method.AUTO,
    attempts: Attempts | str | None = None,
    least: str | Resource | None = None,
    deterministic: bool = False,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    all_levels: bool = False,
    progress: Callable[[str], None] = silent,
) -> Solution:
    """The optimal policy of a problem or of a state graph, with a proof.

    Parameters
    ----------
    problem
        What to solve: a problem with its rules and budgets, or a state graph (see :meth:`Problem.graph`).
    method
        How (see :class:`Method`).  Every method ends with the same proof: policy iteration from its answer until no
        column of the program improves any configuration, and bounds recomputed from the model.
    attempts
        ``"full"`` attempts generation on as many empty memories as rules allow; ``"all"`` gives the program every
        number of attempts.  By default, all where a rule or a budget may make it worth while to attempt fewer.
    least
        A resource: among the policies of least waiting time, take one that uses least of it.
    deterministic
        Whether budgets may not make the policy randomise: the fastest deterministic policy is then found by branch and
        bound, which HiGHS claims to be the optimum; what it costs is in ``Solution.determinism``.
    within
        Relative gap of the bounds that will do where the levels below the target are infinitely many, or more than
        an optimum needs: labels of a grid then stand for them, and are added where the optimum needs them, until the
        optimum is found exactly, or the gap is within this, or the time is over (:doc:`levels_without_limit`); where
        pairs age, 1e-5 by default (:doc:`memory_decoherence`).
    time_limit
        Seconds after which no more labels are added; what is known by then is the answer.
    all_levels
        Whether all levels are to be told apart, however many, so that the policy and its values are those of every
        configuration.
    progress
        Told what is being done, for long work.

    Raises
    ------
    UnreachableTargetError
        If the target is out of reach.
    InfiniteLevelsError
        If infinitely many levels lie below it, and labels do not bracket the optimum, or are not wanted.
    InfeasibleError
        If the rules leave no policy that reaches the target, or no policy keeps within the budgets.
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
    problem = QUESTION.meant(problem, "problem")
    problem = without_labels(problem) if isinstance(problem, Problem) else problem
    asked = _Asked(member(Method, method, "method"), attempts, least, deterministic, progress)
    tolerance, seconds = precision(within, time_limit)
    if within is not None and (all_levels or not isinstance(problem, Problem)):
        what = "all levels are told apart" if all_levels else "a state graph has no levels"
        raise ModelError("within", f"is the gap of a bracket by labels; where {what}, there is none", within)
    if all_levels or not isinstance(problem, Problem) or not wants_labels(problem, asked=within is not None):
        return _solved(problem, asked)
    first = labelled(problem, first_grid(problem), Rounding.CEIL)
    # Refuses what rules or budgets make impossible, and knows which numbers of attempts are asked for.
    numbers = process_and_budgets(first, attempts, least)[0].names.attempts
    if tolerance is None and problem.hardware.coherence_time is not None:
        tolerance = AGED_GAP
    refinement = refine(problem, tolerance, seconds, progress, attempts=numbers)
    if refinement is None:
        return _solved(problem, asked)
    executable = _solved(refinement.upper.problem, asked, refinement.upper)
    optimistic = _solved(refinement.lower.problem, asked, refinement.lower)
    seconds = refinement.seconds + executable.run.seconds + optimistic.run.seconds
    if executable.upper_bound < optimistic.lower_bound:
        raise NotCertifiedError(
            f"labels bracket nothing: the bounds {optimistic.lower_bound!r} and {executable.upper_bound!r} contradict "
            "each other; is the map monotone, as it says?"
        )
    closed = executable.upper_bound - optimistic.lower_bound <= executable.plan.objective.gap * executable.upper_bound
    branching = executable.determinism
    if branching is not None and optimistic.determinism is not None:
        branching = replace(branching, lower_bound=optimistic.determinism.lower_bound)
    return replace(
        executable,
        determinism=branching,
        bracket=Bracket(optimistic, refinement),
        run=replace(executable.run, seconds=seconds),
        status=executable.status if closed else Status.BRACKETED,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a program is to be solved: arguments of :func:`solve`."""

    method: Method
    attempts: Attempts | str | None
    least: str | Resource | None
    deterministic: bool
    progress: Callable[[str], None]


def _solved(problem: Problem | nx.DiGraph[Any], asked: _Asked, near: Model | None = None) -> Solution:
    """The optimum of a problem with finitely many levels, or of a state graph; ``near`` is one of its policies."""
    began, least, progress = time.perf_counter(), asked.least, asked.progress
    process, budgets = process_and_budgets(problem, asked.attempts, least)
    if asked.deterministic and budgets and least is not None:
        raise ModelError("least", "breaks ties among randomised policies only; leave it or deterministic out", least)
    tie_breaker = None if least is None else resource_named(process, least, "least")
    start = None if near is None or near.process.column_count != process.column_count else near.columns
    answer, method = optimum_within(process, budgets, asked.method, progress, start)
    plan, determinism = answer.plan, None
    if asked.deterministic and budgets:
        plan, determinism = best_deterministic(process, budgets, answer, progress)
    elif tie_breaker is not None:
        plan = _breaking_ties(process, budgets, answer, tie_breaker, progress)
    run = Run(
        configurations=process.size,
        columns=process.column_count,
        method=str(method),
        iterations=answer.iterations,
        rounds=answer.rounds,
        objective=answer.objective,
        seconds=time.perf_counter() - began,
    )
    uses = tuple(replace(use, used=plan.used(use.budget.resource)) for use in answer.uses)
    status = Status.OPTIMAL if determinism is None else Status.CLAIMED
    return Solution(problem, plan, answer.dual, answer.bound, uses, run, status, determinism)


def solved_on_labels(problem: Problem) -> Solution:
    """The optimum of a problem on the labels that it has, whatever they are worth."""
    return _solved(problem, _Asked(Method.AUTO, None, None, deterministic=False, progress=silent))


def precision(within: Number | None, time_limit: Number) -> tuple[Fraction | None, float]:
    """The relative gap of a bracket that will do, None for none, and the seconds in which it is to be found.

    Raises
    ------
    ModelError
        If the gap does not lie between 0 and 1, or the time is none or beyond all patience.
    """
    gap, seconds = None if within is None else exact(within, "within"), moment(time_limit, "time_limit", Unit.SECONDS)
    if gap is not None and not 0 < gap < 1:
        raise ModelError("within", "must be a relative gap with 0 < within < 1, such as 0.001", within)
    if not 0 < seconds <= MOST_PATIENCE:
        raise ModelError("time_limit", f"must be a number of seconds above 0, at most {MOST_PATIENCE:g}", time_limit)
    return gap, float(seconds)


def process_and_budgets(
    problem: Problem | nx.DiGraph[Any],
    attempts: Attempts | str | None = None,
    least: str | Resource | None = None,
    *,
    sure: bool = True,
) -> tuple[Process, tuple[Budget, ...]]:
    """The decision process of a problem or a state graph, and its budgets; refused if too large or without a policy.

    Parameters
    ----------
    problem
        A problem or a state graph.
    attempts
        Which numbers of attempts the program has; by default, those that an optimum may need.
    least
        A resource that will be minimised.
    sure
        Whether some policy is to reach the target with probability 1; otherwise one that may reach it will do.

    Raises
    ------
    ModelError
        If it is neither, or a state graph with a mistake.
    LimitError
        If the program does not fit into this machine's memory.
    InfeasibleError
        If the rules leave no policy that reaches the target.
    """
    problem = QUESTION.meant(problem, "problem")
    if isinstance(problem, Problem):
        known = least if isinstance(least, Resource) or least is None else RESOURCES.get(least)
        if attempts is None and least is not None and (known is None or known.touches_generation):
            attempts = Attempts.ALL
        process = process_of_question(problem, None if attempts is None else member(Attempts, attempts, "attempts"))
        for budget in problem.budgets:
            process.amounts(budget.resource, np.zeros(0, dtype=np.int64))  # refuses configurations that do not exist
            require_priced(process, budget.resource)
        (require_live if sure else require_reachable)(process)
        return process, problem.budgets
    if attempts is not None:
        raise ModelError("attempts", "belong to problems; a state graph has the actions that it has", attempts)
    graph = process_of_question(problem)
    (require_live if sure else require_reachable)(graph)
    return graph, graph.problem.budgets


def on_labels(problem: QuestionLike, progress: Callable[[str], None] = silent) -> Problem | nx.DiGraph[Any]:
    """What is asked, with finitely many levels: where there are infinitely many, the labels of its optimum instead.

    These are rounded down, so that what is computed with them can be carried out, and bounds times from above.

    Raises
    ------
    LpdistillError
        Whatever :func:`solve` raises, where there are infinitely many levels.
    """
    problem = QUESTION.meant(problem, "problem")
    if not isinstance(problem, Problem) or problem.reach.finite or not wants_labels(problem):
        return problem
    return solve(problem, progress=progress).problem


def solution_of(given: SolutionLike, progress: Callable[[str], None] = silent, *, all_levels: bool = False) -> Solution:
    """A solution, or that of a problem or a state graph; with all levels told apart, if that is wanted and possible.

    Raises
    ------
    ModelTypeError
        If it is none of them.
    LpdistillError
        Whatever :func:`solve` raises.
    """
    if not is_question(given):
        return SOLUTION.meant(given, "solution")
    apart = all_levels and isinstance(given, Problem) and given.reach.finite
    return solve(given, all_levels=apart, progress=progress)


def factored(solution: Solution) -> Solution:
    """A solution with its columns in factored form, found anew where what labels can reach is written out.

    Raises
    ------
    LimitError
        If they do not fit into this machine's memory.
    """
    problem = solution.problem
    if not isinstance(problem, Problem) or isinstance(solution.process, Dynamics):
        return solution
    dynamics = Dynamics(problem, solution.process.names.attempts)
    require_live(dynamics)
    answer, _ = optimum_within(dynamics, problem.budgets, Method.AUTO)
    uses = tuple(replace(use, used=answer.plan.used(use.budget.resource)) for use in answer.uses)
    return replace(solution, plan=answer.plan, dual=answer.dual, bound=answer.bound, uses=uses)


def resource_named(process: Process, resource: str | Resource, where: str) -> Resource:
    """A resource of a process by name, or a user's own.

    Raises
    ------
    ModelError
        If the process has none of that name, or it is negative somewhere.
    """
    if isinstance(resource, Resource):
        return resource
    if resource not in process.resources:
        raise ModelError(where, f"must be a resource: {names_like(process.resources, resource)}", resource)
    found = process.resources[resource]
    if process.written is not None:
        amounts = process.amounts(found, np.arange(process.column_count))
        least = np.array([amounts.argmin()])
        if amounts[least] < 0:
            problem = f"must not be negative on an action node: {found.name} of {process.names.actions(least)[0]!r} is"
            raise ModelError(where, problem, float(amounts[least[0]]))
    return found


def _breaking_ties(
    process: Process,
    budgets: tuple[Budget, ...],
    answer: Budgeted,
    resource: Resource,
    progress: Callable[[str], None],
) -> Plan:
    """Among the policies as fast as the optimum, one that uses least of a resource.

    A policy that is optimal when the resource counts a little is such a policy if it is as fast: whatever is as fast
    uses no less, or it would have been preferred.
    """
    fastest, used = float(answer.plan.values[0]), answer.plan.used(resource)
    if not used:
        return answer.plan
    for weight in TIE_WEIGHTS:
        progress(f"breaking ties by {resource.name}")
        price = weight * (fastest or process.durations.greatest) / used
        perturbed = process.under(process.tariff.plus([(resource, price)]))
        optimum = policy_iteration(perturbed, answer.dual.policy.columns, progress)
        plan = within_budgets(perturbed, budgets, optimum, progress).plan if budgets else Plan.optimal(optimum)
        timed = Plan.of(process.choose(plan.uses.columns), plan.probability)
        # Without budgets the policy is to be optimal wherever it may be asked.
        reached = process.live & (np.arange(process.size) == 0) if budgets else process.live
        if (timed.values <= answer.plan.values * (1 + AS_FAST))[reached].all():
            return timed
    raise NotCertifiedError(
        f"{resource.name}: policies that use less of it are slower by so little that double precision cannot tell them "
        "from the fastest; give a budget instead"
    )
