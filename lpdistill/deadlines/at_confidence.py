r"""The least expected time of policies that are within a window with some confidence, and the frontier of the two.

The program over time-augmented occupation measures (:mod:`lpdistill.process.time_augmented`) has one row more,

.. math:: \min_x \sum_{s,t,a} \tau_a\, x(s,t,a) \quad\text{s.t. balance, and}\quad
    \sum_{t + \tau_a > W} x(s,t,a) \le 1 - c ,

so that the optimum is a policy that depends on the time left, randomises in one configuration at most, and comes with
the price of the confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.deadlines.recursion import DeadlineRecursion
from lpdistill.deadlines.window import (
    ALMOST_ONE,
    LATE_ROUNDING,
    attainable,
    augmented,
    confidence_of,
    draw_until,
    explain,
    fastest_plan,
    grow,
    in_time,
    likely,
    opened_in_time,
    question_and_optimistic,
    slots_left,
    window_of,
)
from lpdistill.errors import InfeasibleError, LimitError
from lpdistill.numbers import Number, as_float, at_least, at_most, decimals
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import Question
from lpdistill.process.budgets import Budget
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.process.process import Process
from lpdistill.process.time_augmented import BEING_LATE, TimeAugmented
from lpdistill.program.budgeted import Budgeted, BudgetUse, within_budgets
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.progress import counter, silent
from lpdistill.solution.answer import SHOWN, Answer, Block
from lpdistill.solution.bounds import above, below, waited
from lpdistill.solution.document import measure, of_unit, question_in_words, rational
from lpdistill.solution.given import QuestionLike
from lpdistill.solution.policy import Deciding, Decision, Policy
from lpdistill.solution.tables import Key
from lpdistill.solution.wording import outwards, words_of

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

MOST_LOTS = 3
"""Configurations in which lots are drawn that are named."""


class TimedPolicy(Deciding):
    """What to do in every configuration, by the time left of the window; it may randomise.

    Attributes
    ----------
    plan
        Columns of the time-augmented process that it uses, with their probabilities.
    """

    def __init__(self, plan: Plan, process: TimeAugmented) -> None:
        self.plan, self._process, self._policy = plan, process, Policy(plan)

    @property
    def process(self) -> Process:
        """The columns that it chooses from."""
        return self._process.base

    def _decisions(self, rank: int, remaining: Number | None) -> tuple[Decision, ...]:
        left = self._process.window if remaining is None else slots_left(self._process.layers.lattice, remaining)
        layer = self._process.window - left if left >= 0 else self._process.window + 1
        return self._policy.of_rank(max(layer, 0) * self._process.base.size + rank)

    @property
    def randomised(self) -> tuple[tuple[Key, Fraction | None], ...]:
        """Where it randomises: configurations, and the time left of the window (None once it is late)."""
        return tuple(
            (counts, None if passed is None else self._process.layers.remaining(passed))
            for counts, passed in self._policy.randomised
        )

    def __repr__(self) -> str:
        lots = len(self.randomised)
        kind = f"randomises in {lots}" if lots else "deterministic"
        return f"TimedPolicy: {self._process.base.size:,} configurations by the time left, {kind}"


@dataclass(frozen=True, repr=False)
class ServiceLevel(Answer):
    """The least expected waiting time of policies that are within a window with some confidence.

    Attributes
    ----------
    problem
        What was asked.
    window, confidence
        The window, and the probability with which it is to be met.
    greatest
        The greatest probability with which it can be met, without other budgets.
    fastest
        The policy of least expected waiting time, without any limit.
    of_fastest
        The probability that it is within the window.
    process
        The time-augmented process.
    answer
        The optimum within the budgets, with its proof.
    optimistic
        The same by labels that round up, which bounds it, where labels stand for levels.
    """

    _KIND = "service-level"

    problem: Problem | nx.DiGraph[Any]
    window: Fraction
    confidence: Fraction
    greatest: float
    fastest: Policy
    of_fastest: float
    process: TimeAugmented
    answer: Budgeted
    optimistic: ServiceLevel | None = None

    @property
    def waiting_time(self) -> float:
        """Least expected waiting time."""
        return waited(float(self.answer.plan.values[0]), self.process.durations.uncharged)

    @property
    def lower_bound(self) -> float:
        """No policy that meets the window with the confidence, and keeps the budgets, is faster."""
        if self.optimistic is not None:
            return self.optimistic.lower_bound
        found = below(self.answer.bound, self.process.durations.uncharged)
        return max(found, 0.0) if isinstance(self.problem, Problem) else found

    @property
    def upper_bound(self) -> float:
        """The policy is no slower."""
        return above(float(self.answer.plan.upper[0]), self.process.durations.uncharged)

    @cached_property
    def late(self) -> BudgetUse:
        """What came of the limit on the probability of being late."""
        return next(use for use in self.answer.uses if use.budget.resource == BEING_LATE)

    @property
    def probability(self) -> float:
        """Probability that the policy is within the window."""
        return 1.0 - self.late.used

    @property
    def price(self) -> float:
        """d(waiting time)/d(confidence): 0 unless the confidence binds."""
        return 0.0 - self.late.price

    @property
    def valid(self) -> tuple[float, float]:
        """Confidences between which the price holds, at least."""
        return max(0.0, 1.0 - self.late.valid_to), min(1.0, 1.0 - self.late.valid_from)

    def details(self, most: int | None = SHOWN) -> Iterable[Block]:  # noqa: ARG002 - as every answer has it
        """None: what the policy does depends on the time left."""
        return ()

    @cached_property
    def policy(self) -> TimedPolicy:
        """What to do, by the time left."""
        return TimedPolicy(self.answer.plan, self.process)

    @property
    def budgets(self) -> dict[str, BudgetUse]:
        """What came of the budgets of the problem."""
        return {use.budget.name: use for use in self.answer.uses if use.budget.resource != BEING_LATE}

    @property
    def _question(self) -> Process:
        return self.process.base

    def _content(self) -> dict[str, Any]:
        start, end = self.valid
        return {
            "window": rational(self.window),
            "confidence": rational(self.confidence),
            "waiting_time": self.waiting_time,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            "probability": self.probability,
            "greatest_probability": self.greatest,
            "waiting_time_of_fastest_mean": self.fastest.waiting_time,
            "probability_of_fastest_mean": self.of_fastest,
            "price": self.price,
            "valid_from": start,
            "valid_to": end,
            "budgets": {name: use.to_dict() for name, use in self.budgets.items()},
            "policy": self._rows(),
        }

    def _rows(self) -> list[dict[str, Any]]:
        """What the policy does in every reachable configuration before they are late."""
        plan, rows = self.answer.plan, dict[int, dict[str, Any]]()
        uses = plan.uses
        timed = self.process.base.size * (self.process.window + 1)
        kept = np.flatnonzero((plan.visits[uses.configuration] > 0) & (uses.configuration < timed))
        actions = self.process.names.actions(uses.columns[kept])
        for use, action in zip(kept.tolist(), actions, strict=True):
            rank = int(uses.configuration[use])
            counts, passed = self.process.names.key(rank)
            row = rows.setdefault(
                rank,
                {
                    "remaining": rational(self.process.layers.remaining(passed or Fraction(0))),
                    "counts": node_as_json(counts),
                    "visits": float(plan.visits[rank]),
                    "actions": [],
                },
            )
            row["actions"].append({**action_as_json(action), "probability": float(plan.probability[use])})
        return list(rows.values())

    def _cells(self) -> Iterable[dict[str, Any]]:
        """The policy: a row for every action, time left and configuration that runs come to."""
        rows = [(row, row.pop("actions")) for row in self._rows()]
        return ({**row, **action} for row, actions in rows for action in actions)

    def _lines(self) -> Iterable[tuple[str, str]]:
        (start, end), unit = self.valid, of_unit(self._question)
        yield "window", f"{at_least(self.window)}{unit} with confidence {float(self.confidence):g}"
        yield "waiting time", f"{decimals(self.waiting_time, 9)}{unit}"
        yield "proved", "between {} and {}{}".format(*outwards(self.lower_bound, self.upper_bound), unit)
        yield "in time", f"{likely(self.probability)}, at most {likely(self.greatest)}"
        yield "fastest", f"{decimals(self.fastest.waiting_time, 9)}{unit}, {likely(self.of_fastest)} in time"
        if self.price:
            worth = f"{self.price / 100:.6g} for one percent more confidence"
            yield "price", f"{worth}, at least from {at_least(start, 6)} to {at_most(end, 6)}"
        else:
            yield "price", "0: the fastest policy does"
        for use in self.budgets.values():
            yield "budget", str(use)
        words = words_of(self.process.base)
        lots = [(key, left) for key, left in self.policy.randomised if left is not None]
        for key, left in lots[:MOST_LOTS]:
            yield "randomises", f"{words.configuration(key)}, {float(left):g} left"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the probability to be done against the time, beside that of the fastest policy."""
        drawn = pictures.canvas(ax, question_in_words(self.problem))
        lattice, slots = self.process.layers.lattice, range(self.process.window + 1)
        times = [float(lattice.time(slot)) for slot in slots]
        usual = in_time(self.fastest.plan, lattice, len(times))
        draw_until(drawn, times, {"fastest with that confidence": self.done, "fastest on average": usual})
        note = f"confidence {float(self.confidence):g}"
        drawn.axhline(float(self.confidence), color=pictures.INK, lw=0.8, label=note)
        explain(drawn)
        drawn.set_xlabel(f"time ({measure(self._question)})")
        drawn.set_ylabel("probability to be done")
        return drawn

    @cached_property
    def done(self) -> FloatArray:
        """Probability that a run of the policy is done by the end of each slot of the window, (slots,)."""
        plan, process = self.answer.plan, self.process
        uses = plan.uses
        layer = uses.configuration // process.base.size
        slots = layer + process.layers.lattice.slots[process.durations.kind(uses.columns)]
        timed = (layer <= process.window) & (slots <= process.window)
        reached = np.bincount(slots[timed], (plan.occupation * uses.reaching)[timed], minlength=process.window + 1)
        return np.asarray(np.cumsum(reached))


def least_time_within(
    problem: QuestionLike,
    window: Number,
    confidence: Number,
    *,
    progress: Callable[[str], None] = silent,
) -> ServiceLevel:
    r"""The least expected waiting time of policies with :math:`P(T \le W) \ge c`, with a proof.

    Parameters
    ----------
    problem
        A problem or a state graph; its budgets hold as well.
    window, confidence
        The window, and the probability with which it is to be met.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the window is no number above 0 (0 is one where the last step is free), or the confidence not between 0
        and 1.
    InfeasibleError
        If no policy meets the window with this confidence; the message states the greatest that is possible, and the
        window that would do.
    LimitError
        If the program, with a layer of configurations for every slot of the window, is too large.
    NotCertifiedError
        If no proof is found in double precision.

    Examples
    --------
    >>> found = least_time_within(Problem("7/10", 5, "3/4", "79/100"), 10, "0.9")
    >>> round(found.waiting_time, 6), round(found.probability, 9), round(found.price, 4)
    (7.156212, 0.9, 27.2632)
    """
    problem, optimistic = question_and_optimistic(problem, progress)
    bound = None if optimistic is None else _least_within(optimistic, window, confidence, progress)
    try:
        found = _least_within(problem, window, confidence, progress)
    except InfeasibleError as error:
        if bound is None:
            raise
        raise InfeasibleError(
            f"{error}; that is on labels, by which fidelities are rounded down: up to {likely(bound.greatest)} a "
            "smaller gap may help (--within)",
            conflict=error.conflict,
            workable=error.workable,
        ) from None
    return found if bound is None else replace(found, optimistic=bound, greatest=bound.greatest)


def _least_within(
    problem: Question, window: Number, confidence: Number, progress: Callable[[str], None]
) -> ServiceLevel:
    """The same with finitely many levels."""
    process, budgets, lattice = opened_in_time(problem)
    within, wanted = window_of(window, lattice), confidence_of(confidence)
    timed = augmented(process, lattice, within)
    fastest = fastest_plan(process, progress)
    least, greatest = _require_possible(timed, fastest, within, wanted, progress)
    free = policy_iteration(timed, timed.layers.everywhere(fastest.uses.columns), progress)
    answer = within_budgets(timed, (*budgets, Budget(BEING_LATE, max(1 - wanted, Fraction(least)))), free, progress)
    usual = float(in_time(fastest, lattice, timed.window + 1)[-1])
    return ServiceLevel(problem, within, wanted, greatest, Policy(fastest), usual, timed, answer)


def _require_possible(
    timed: TimeAugmented, fastest: Plan, window: Fraction, confidence: Fraction, progress: Callable[[str], None]
) -> tuple[float, float]:
    """The least probability of being late and the greatest to be in time, which must be no less than the confidence."""
    recursion = DeadlineRecursion(timed.base, fastest, timed.layers.lattice)
    told = counter(progress)
    for slot in range(timed.window + 1):
        told(f"pricing {timed.base.column_count:,} columns, slot by slot", slot, timed.window + 1)
        recursion.advance()
    least, greatest = float(recursion.slots[-1].late[0]), float(recursion.slots[-1].done[0])
    if least * (1 - LATE_ROUNDING) <= float(1 - confidence) or as_float(confidence) == greatest:
        return least, greatest
    lower = ", or a lower confidence" if greatest else ""
    try:
        needed = at_least(timed.layers.lattice.time(grow(recursion, fastest, confidence, progress)))
        remedy = f"take a window of at least {needed}{lower}"
    except LimitError:
        remedy = "take a lower confidence" if greatest else "take a longer window"
    wanted = repr(float(confidence)) if confidence <= Fraction(ALMOST_ONE) else f"1 - {float(1 - confidence):g}"
    possible, printed = attainable(least, greatest)
    raise InfeasibleError(
        f"confidence: no policy is done within {at_least(window)} with probability {wanted}; the greatest possible is "
        f"{printed}; {remedy}",
        conflict=(Budget(BEING_LATE, 1 - confidence),),
        workable={"confidence": possible} if possible else {},
    )
