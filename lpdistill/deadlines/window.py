"""What all questions about a window of time share: the window, the confidence, and how far a recursion must grow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.deadlines.recursion import DeadlineRecursion, Slot
from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import Number, as_float, at_most, exact
from lpdistill.problem.labels import labels_of, wants_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION, Question, is_problem
from lpdistill.process.budgets import Budget
from lpdistill.process.process import Process
from lpdistill.process.slots import most_slots, require_slots
from lpdistill.process.time_augmented import TimeAugmented
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.progress import counter, silent
from lpdistill.solution.given import QuestionLike, is_solution
from lpdistill.solution.policy import Policy
from lpdistill.solving import process_and_budgets, solve
from lpdistill.times.distribution import FIRST_TIMES
from lpdistill.times.propagation import Law, propagate
from lpdistill.times.renewal import Renewal

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

CURVE_STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
"""Lines that are told apart without colour."""

NEAR = 1e-6
"""Distance of a probability from 1 below which it is written as such."""

LATE_ROUNDING = 1e-9
"""Share of the least probability of being late by which a limit may lie below it, for rounding."""

ALMOST_ONE = math.nextafter(1.0, 0.0)
"""The greatest number of double precision below 1."""

ROUNDED = 1 + 1e-12
"""Factor by which the smaller of the probabilities of being late and in time may miss what is asked, for rounding."""


def grow(
    recursion: DeadlineRecursion, fastest: Plan, confidence: Fraction, progress: Callable[[str], None] = silent
) -> int:
    """Let a recursion grow until it meets a confidence, and return the slots that this takes.

    Raises
    ------
    LimitError
        If the fastest policy, which meets it no sooner, takes more slots than can be gone through.
    """
    lattice, size, columns = recursion.lattice, recursion.process.size, recursion.process.column_count
    progress("bounding the window by that of the fastest policy")
    most = most_slots(size, columns, layers=False)
    renewal = Renewal.of(Policy(fastest).to_chain(), lattice)
    needed = None
    for slots in (min(FIRST_TIMES, most), most):
        needed = needed or _slots_needed(propagate(renewal, slots, min(float(1 - confidence), 1 / 2)), confidence)
    if needed is None:
        raise LimitError(
            f"confidence: the fastest policy on average is in time with probability {float(confidence):.12g} only "
            f"after more than {most:,} slots of time, each with {columns:,} columns; take a lower confidence, a larger "
            "p, fewer memories, or times with a larger common divisor",
            size={"most_slots": most, "configurations": size, "columns": columns},
        )
    told = counter(progress)
    while not recursion.slots or not _meets(recursion.slots[-1], confidence):
        told(f"pricing {columns:,} columns, slot by slot", len(recursion.slots), needed, "or fewer")
        recursion.advance()
    return len(recursion.slots) - 1


def _slots_needed(law: Law, confidence: Fraction) -> int | None:
    """How many slots a run takes to end with a probability; None if more than are known."""
    if confidence <= 1 / 2:
        met = np.cumsum(law.pmf) >= float(confidence) / ROUNDED
        return int(np.argmax(met)) + 1 if met.any() else None
    return len(law.pmf) if law.later <= float(1 - confidence) * ROUNDED else None


def _meets(slot: Slot, confidence: Fraction) -> bool:
    """Whether a slot is enough for a confidence: the smaller probability says, as it has the digits.

    A float has no more digits than the greater one, so that is enough then.
    """
    given = as_float(confidence)
    if confidence <= 1 / 2 or (given is not None and slot.done[0] >= given):
        return bool(slot.done[0] >= float(confidence) / ROUNDED)
    return bool(slot.late[0] <= float(1 - confidence) * ROUNDED)


def window_of(window: Number, lattice: TimeLattice) -> Fraction:
    """The window that a user means.

    Raises
    ------
    ModelError
        If it is no number above 0; 0 is a window where a step is not charged, which may then end in no time.
    """
    within = lattice.moment(window, "window")
    if within < 0 or (within == 0 and not lattice.uncharged):
        raise ModelError("window", "must be at least 0" if lattice.uncharged else "must be above 0", window)
    return within


def slots_left(lattice: TimeLattice, remaining: Number) -> int:
    """How many whole slots are left with so much time left; -1 for none."""
    return lattice.within(lattice.moment(remaining, "remaining"))


def confidence_of(confidence: Number) -> Fraction:
    """The confidence that a user means.

    Raises
    ------
    ModelError
        If it is no number between 0 and 1.
    """
    wanted = exact(confidence, "confidence")
    if not 0 < wanted < 1:
        raise ModelError("confidence", "must be a probability between 0 and 1, such as 0.99", confidence)
    return wanted


WORD = 0.08, 0.18
"""Width and height of a word written upwards, as shares of a picture."""


def question_and_optimistic(given: QuestionLike, progress: Callable[[str], None]) -> tuple[Question, Question | None]:
    """What is asked, and None; where labels stand for levels, both label models, to carry out and to bound it.

    Labels are those of a solution, or of the optimum of a problem with infinitely many levels.

    Raises
    ------
    LpdistillError
        Whatever :func:`lpdistill.solve` raises, where labels have to be found.
    """
    solution = given if is_solution(given) and given.bracket is not None else None
    problem = QUESTION.meant(given, "problem")
    if solution is None and is_problem(problem) and labels_of(problem) is None and not problem.reach.finite:
        solution = solve(problem, progress=progress) if wants_labels(problem) else None
    if solution is None or solution.bracket is None:
        return problem, None
    return solution.problem, solution.bracket.optimistic.problem


def opened_in_time(
    problem: Problem | nx.DiGraph[Any], *, sure: bool = True
) -> tuple[Process, tuple[Budget, ...], TimeLattice]:
    """The decision process of a problem or a state graph, its budgets, and its lattice of times.

    Parameters
    ----------
    problem
        A problem or a state graph.
    sure
        Whether some policy is to reach the target with probability 1; otherwise one that may reach it will do.

    Raises
    ------
    ModelError
        If no step takes time.
    """
    process, budgets = process_and_budgets(problem, sure=sure)
    if not any(process.durations.times):
        raise ModelError("graph", "must have an action that takes time, for a window to mean anything", None)
    return process, budgets, TimeLattice.of(process)


def fastest_plan(process: Process, progress: Callable[[str], None] = silent) -> Plan:
    """The policy of least expected waiting time."""
    return Plan.optimal(policy_iteration(process, process.admission.proper(), progress))


def in_time(plan: Plan, lattice: TimeLattice, slots: int) -> FloatArray:
    """Probability that a stationary policy is done by the end of each slot, (slots,)."""
    found = np.cumsum(propagate(Renewal.of(Policy(plan).to_chain(), lattice), slots, 0.0).pmf)
    return np.pad(found, (0, slots - len(found)), mode="edge")


def draw_until(drawn: Axes, times: Sequence[float], curves: Mapping[str, FloatArray]) -> None:
    """Draw probabilities of being done up to the end of a window, with their last values written beside it."""
    last = times[-1] if times[-1] > 0 else 1.0
    for i, (name, curve) in enumerate(curves.items()):
        colour, style = pictures.COLOURS[i % len(pictures.COLOURS)], CURVE_STYLES[i % len(CURVE_STYLES)]
        drawn.step(times, curve, where="post", color=colour, ls=style, lw=1.8 if i < 2 else 1.3, label=name)
        drawn.plot(times[-1:], curve[-1:], "o", ms=5, color=colour)
    # Values that lie close together are written one above the other.
    heights = sorted(((float(curve[-1]), i) for i, curve in enumerate(curves.values())), reverse=True)
    below = 1.06
    for value, i in heights:
        below = min(value, below - 0.06)
        colour = pictures.COLOURS[i % len(pictures.COLOURS)]
        drawn.annotate(f"{value:.3f}", (last, below), (8, 0), textcoords="offset points", va="center", color=colour)
    drawn.axvline(last, color=pictures.INK, lw=0.8, ls=":")
    start = max(0.0, times[0])
    end = np.array(times) >= last - WORD[0] * (last - start)
    height = _clear([curve[np.maximum(np.flatnonzero(end)[0] - 1, 0) :] for curve in curves.values()])
    drawn.annotate(
        "window", (last, height), (-4, 0), textcoords="offset points", rotation=90, ha="right", color=pictures.INK
    )
    drawn.set_xlim(start, last + 0.14 * (last - start or 1.0))
    drawn.set_ylim(0, 1.04)
    explain(drawn)


def explain(drawn: Axes) -> None:
    """The legend, above the curves, which may run anywhere."""
    drawn.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize="small")


def _clear(ends: Sequence[FloatArray]) -> float:
    """The height at which a word before the end of the window is crossed by none of the curves, or by few."""
    heights = np.arange(0.02, 1.04 - WORD[1], 0.08)
    crossed = [sum(end.min() < height + WORD[1] and end.max() > height - 0.02 for end in ends) for height in heights]
    return float(heights[int(np.argmin(crossed))])


def likely(probability: float) -> str:
    """A probability with six decimals, or by its distance from 1 where those would hide it.

    >>> likely(0.25), likely(1 - 2.5e-9)
    ('0.250000', '1 - 2.5e-09')
    """
    left = 1.0 - probability
    return f"{probability:.6f}" if left >= NEAR or not left else f"1 - {left:.2g}"


def attainable(late: float, done: float) -> tuple[float, str]:
    """A confidence that can be asked for, as a number and in decimals that are no more.

    Parameters
    ----------
    late, done
        The probabilities of being late and in time; each accurate relative to its own size.

    Examples
    --------
    >>> attainable(1 / 3, 2 / 3), attainable(2.5e-9, 1 - 2.5e-9), attainable(0.75, 0.25)
    ((0.6666666666666666, '0.666666'), (0.9999999975, '0.9999999975'), (0.25, '0.25'))
    """
    most = min(1 - Fraction(late * (1 - LATE_ROUNDING)), exact(ALMOST_ONE, "confidence"))
    number = min(done, ALMOST_ONE)
    while exact(number, "confidence") > most:
        number = math.nextafter(number, 0.0)
    if done < 1 / 2:
        return number, at_most(number, 6)
    places = min(max(6, 1 - math.floor(math.log10(max(late, 1e-15)))), 16)
    return number, f"{Decimal(math.floor(most * 10**places)).scaleb(-places):f}"


def augmented(process: Process, lattice: TimeLattice, window: Fraction) -> TimeAugmented:
    """The process with time in its configurations; refused if it is too large."""
    slots = max(lattice.within(window), 0)
    require_slots(slots + 2, process.size, process.column_count, layers=True)
    return TimeAugmented(process, slots)
