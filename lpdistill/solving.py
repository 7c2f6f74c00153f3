"""From a problem to a proven optimum."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import ImproperPolicyError, ModelError, NotCertifiedError, names_like
from lpdistill.hardware.actions import Attempts
from lpdistill.numbers import member
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION, is_question, process_of_question
from lpdistill.process.budgets import Budget
from lpdistill.process.factored.dynamics import require_priced
from lpdistill.process.process import Process
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import Resource
from lpdistill.program.budgeted import Budgeted, solved_whole, within_budgets
from lpdistill.program.confirmation import Confirmation, confirm
from lpdistill.program.deterministic import deterministic as best_deterministic
from lpdistill.program.evaluation import frequented
from lpdistill.program.highs import Algorithm, LinearSolution, solve_program
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum, policy_iteration
from lpdistill.progress import silent
from lpdistill.solution.dead_ends import require_live, require_reachable
from lpdistill.solution.given import SOLUTION, QuestionLike, SolutionLike
from lpdistill.solution.solution import Run, Solution, Status

if TYPE_CHECKING:
    import networkx as nx

EXPLICIT_COLUMNS = 2_000
"""Columns up to which ``auto`` gives HiGHS the whole program."""

AGREEMENT = 1e-6
"""Relative difference between HiGHS and the proven optimum beyond which neither is believed."""

USED = 1e-9
"""Expected number of changes of a configuration above which HiGHS is taken to use a column."""

AS_FAST = 1e-11
"""Relative difference of waiting times that counts as none when ties are broken."""

CONFIRMED = 300
"""Configurations that runs visit up to which HiGHS confirms a policy with all of them."""

RARE = 1e-8
"""Changes of a run, on average, that may be left out of that program beyond; it then ends where they begin."""

TIE_WEIGHTS = (1e-6, 1e-8, 1e-10)
"""What the expected use of a resource counts, against the whole waiting time, when it breaks ties."""


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


def solve(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: QuestionLike,
    *,
    method: Method | str = Method.AUTO,
    attempts: Attempts | str | None = None,
    least: str | Resource | None = None,
    deterministic: bool = False,
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
    progress
        Told what is being done, for long work.

    Raises
    ------
    UnreachableTargetError, InfiniteLevelsError
        If the target is out of reach, or infinitely many levels lie below it.
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
    began = time.perf_counter()
    problem = QUESTION.meant(problem, "problem")
    method = member(Method, method, "method")
    process, budgets = process_and_budgets(problem, attempts, least)
    if deterministic and budgets and least is not None:
        raise ModelError("least", "breaks ties among randomised policies only; leave it or deterministic out", least)
    tie_breaker = None if least is None else resource_named(process, least, "least")
    answer = _answer(process, budgets, method, progress)
    if method is Method.AUTO:
        method = Method.SIMPLEX if process.column_count <= EXPLICIT_COLUMNS else Method.COLUMNS
    answer = _confirmed(answer, budgets, method)
    plan, determinism = answer.plan, None
    if deterministic and budgets:
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


def _answer(process: Process, budgets: tuple[Budget, ...], method: Method, progress: Callable[[str], None]) -> Budgeted:
    """The optimum within the budgets, and what HiGHS says of it."""
    small = process.column_count <= EXPLICIT_COLUMNS
    linear: LinearSolution | Confirmation
    if method is Method.AUTO and small and process.written is None:
        linear, optimum = _directly(process, progress)
    elif method is Method.COLUMNS or (method is Method.AUTO and not small):
        method = Method.COLUMNS
        linear, optimum = _by_columns(process, progress)
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


def solution_of(given: SolutionLike, progress: Callable[[str], None] = silent) -> Solution:
    """A solution, or that of a problem or a state graph.

    Raises
    ------
    ModelTypeError
        If it is none of them.
    LpdistillError
        Whatever :func:`solve` raises.
    """
    return solve(given, progress=progress) if is_question(given) else SOLUTION.meant(given, "solution")


def _directly(process: Process, progress: Callable[[str], None]) -> tuple[Confirmation, Optimum]:
    """Policy iteration over all columns of a small problem, which HiGHS confirms on the whole program."""
    progress("writing the whole program")
    optimum = policy_iteration(process, process.admission.proper(), progress)
    program = OccupationProgram.of(process)
    progress(f"confirming with HiGHS on {program.shape[1]:,} columns")
    return confirm(program, optimum.policy.columns), optimum


def _by_columns(process: Process, progress: Callable[[str], None]) -> tuple[Confirmation, Optimum]:
    """Generate columns by block pivots, then have HiGHS confirm the policy as basis of the restricted master."""
    progress(f"writing {process.column_count:,} columns in factored form")
    optimum = policy_iteration(process, process.admission.proper(), progress)
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
