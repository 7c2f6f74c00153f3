r"""The policy that is most likely done within a window, and the smallest window that is met with some confidence.

The fastest policy on average is not the one that most likely meets a deadline.  With ``w`` left of the window, the
greatest probability of reaching the target in time obeys a backward recursion over the lattice of times
(:mod:`lpdistill.deadlines.recursion`); the policy that attains it depends on the time left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from lpdistill.deadlines.recursion import DeadlineRecursion
from lpdistill.deadlines.window import (
    confidence_of,
    fastest_plan,
    grow,
    in_time,
    opened_in_time,
    question_and_optimistic,
    window_of,
)
from lpdistill.errors import ModelError
from lpdistill.numbers import Number
from lpdistill.problem.question import Question
from lpdistill.process.budgets import Budget
from lpdistill.process.slots import require_slots
from lpdistill.progress import counter, silent
from lpdistill.solution.given import QuestionLike
from lpdistill.solution.policy import Policy

if TYPE_CHECKING:
    pass

from lpdistill.deadlines.likeliest import Deadline


def deadline(problem: QuestionLike, window: Number, *, progress: Callable[[str], None] = silent) -> Deadline:
    r"""The policy that is most likely done within a window.

    It maximises :math:`P(T \le W)` over all policies, those that depend on the time that has passed and randomise
    among them, by backward recursion over the lattice of times.  Actions count as equally good if they differ by at
    most a share of 1e-12 of the probability of being late, or of being in time if that is smaller; among them it takes
    that of the fastest policy on average, so that it leaves that policy only where something is gained.  Over ``n``
    steps of a run the policy gives up ``n`` such shares at most.  Where there are dead ends, it may take the chance of
    one; no policy need reach the target for sure.

    Parameters
    ----------
    problem
        A problem or a state graph.
    window
        The time within which the target is to be reached.  Where the final step is free, so it is here.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the window is no number above 0 (0 is one where the last step is free), or the problem has budgets.
    LimitError
        If the window has more slots of time than can be gone through.
    InfeasibleError
        If no policy can reach the target.

    Examples
    --------
    >>> from lpdistill import Problem
    >>> found = deadline(Problem("7/10", 5, "3/4", "79/100"), 10)
    >>> round(found.probability, 6), round(found.probability_of_fastest_mean, 6)
    (0.909962, 0.873043)
    """
    problem, optimistic = question_and_optimistic(problem, progress)
    found = _within(problem, window, progress)
    return found if optimistic is None else replace(found, greatest=_within(optimistic, window, progress).probability)


def _within(problem: Question, window: Number, progress: Callable[[str], None]) -> Deadline:
    """The same with finitely many levels."""
    process, budgets, lattice = opened_in_time(problem, sure=False)
    within = window_of(window, lattice)
    _refuse(budgets)
    slots = max(lattice.within(within), 0)
    require_slots(slots + 1, process.size, process.column_count, layers=False)
    fastest = fastest_plan(process, progress) if process.live[0] else None
    recursion = DeadlineRecursion(process.unguarded(), fastest, lattice)
    told = counter(progress)
    for slot in range(slots + 1):
        told(f"pricing {process.column_count:,} columns, slot by slot", slot, slots + 1)
        recursion.advance()
    if fastest is None:
        return Deadline(problem, within, recursion, None, None)
    usual = in_time(fastest, lattice, slots + 1)
    return Deadline(problem, within, recursion, Policy(fastest), usual)


def smallest_window(problem: QuestionLike, confidence: Number, *, progress: Callable[[str], None] = silent) -> Deadline:
    r"""The smallest window that some policy meets with the given probability, and that policy.

    The recursion of :func:`deadline` grows slot by slot until the greatest probability is at least the confidence: for
    every smaller window it is less, whatever the policy.

    Parameters
    ----------
    problem
        A problem or a state graph.
    confidence
        The probability, between 0 and 1.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the confidence is not between 0 and 1, or the problem has budgets.
    LimitError
        If even the fastest policy on average takes more slots of time than can be gone through.
    InfeasibleError
        If the rules leave no policy that reaches the target for sure.

    Examples
    --------
    >>> from lpdistill import Problem
    >>> found = smallest_window(Problem("7/10", 5, "3/4", "79/100"), "0.99")
    >>> found.window, round(found.probability, 6)
    (Fraction(18, 1), 0.992508)
    """
    problem, optimistic = question_and_optimistic(problem, progress)
    wanted = confidence_of(confidence)
    found = _smallest(problem, wanted, progress)
    if optimistic is None:
        return found
    return replace(
        found,
        greatest=_within(optimistic, found.window, progress).probability,
        least_window=_smallest(optimistic, wanted, progress).window,
    )


def _smallest(problem: Question, wanted: Fraction, progress: Callable[[str], None]) -> Deadline:
    """The same with finitely many levels."""
    process, budgets, lattice = opened_in_time(problem)
    _refuse(budgets)
    fastest = fastest_plan(process, progress)
    recursion = DeadlineRecursion(process.unguarded(), fastest, lattice)
    slots = grow(recursion, fastest, wanted, progress)
    usual = in_time(fastest, lattice, slots + 1)
    return Deadline(problem, lattice.time(slots), recursion, Policy(fastest), usual, wanted)


def _refuse(budgets: tuple[Budget, ...]) -> None:
    if budgets:
        raise ModelError(
            "budgets",
            "cannot be kept by the policy that is most likely in time; leave them out, or ask for the least time "
            "within a window and with a confidence, which keeps them",
            ", ".join(map(str, budgets)),
        )
