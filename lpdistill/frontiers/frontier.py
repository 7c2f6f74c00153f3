r"""The Pareto frontier of waiting time against a resource: all breakpoints of the curve, as the program has them.

The least waiting time within a limit is a convex, piecewise linear function of the limit.  Its breakpoints are
deterministic policies, each optimal when a unit of the resource costs some price.  Between two of them a chord has a
slope; the policy that is optimal at that price either lies below the chord, and is a breakpoint between them, or proves
that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.errors import LimitError, ModelError, NotCertifiedError
from lpdistill.numbers import Number, at_least, exact
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.process.budgets import Budget
from lpdistill.process.process import Process
from lpdistill.process.tariff import Resource
from lpdistill.program.budgeted import within_budgets
from lpdistill.program.column_generation import MET
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.progress import silent
from lpdistill.solution.bounds import waited
from lpdistill.solution.document import Document, headed, question_in_words
from lpdistill.solution.given import QuestionLike
from lpdistill.solution.policy import Policy
from lpdistill.solving import process_and_budgets, resource_named

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from matplotlib.axes import Axes

APART = 1e-10
"""Relative distance below a chord at which a policy counts as a breakpoint of its own."""

FASTEST, FRUGAL = (1e6, 1e8), (1e3, 1e6, 1e8, 1e10)
"""What the ends of the frontier weigh one of the two against the other, relative to their sizes."""

MOST_POINTS = 10_000
"""Breakpoints beyond which nobody reads a curve."""


@dataclass(frozen=True, slots=True)
class Point:
    """A breakpoint of the frontier.

    Attributes
    ----------
    used
        Expected use of the resource: the least limit for which the waiting time is the least.
    waiting_time
        Least expected waiting time within that limit.
    price
        d(waiting time)/d(limit) for limits just above; 0 at the last breakpoint.
    plan
        The policy.
    """

    used: float
    waiting_time: float
    price: float
    plan: Plan

    @property
    def policy(self) -> Policy:
        """What to do in each configuration."""
        return Policy(self.plan)


def breakpoints_in_words(points: Sequence[Point]) -> str:
    """How many breakpoints there are, in words."""
    return f"{len(points)} {'breakpoint' if len(points) == 1 else 'breakpoints'}"


@dataclass(frozen=True, repr=False, eq=False)
class Frontier(Document):
    """The least expected waiting time as a function of the limit on a resource.

    Attributes
    ----------
    problem
        What was asked.
    resource
        Name of the resource.
    points
        The breakpoints, by increasing limit.
    """

    problem: Problem | nx.DiGraph[Any]
    resource: str
    points: tuple[Point, ...]

    def waiting_time(self, limit: Number) -> float:
        """Least expected waiting time within a limit; infinite below the least workable one.

        >>> curve = frontier(Problem(0.5, 3, "3/4", "79/100"), "generation_attempts")
        >>> curve.waiting_time(1), curve.waiting_time(1000) == curve.points[-1].waiting_time
        (inf, True)
        """
        at = float(exact(limit, "limit"))
        used = [point.used for point in self.points]
        if at < used[0] * (1 - MET):
            return float("inf")
        return float(np.interp(at, used, [point.waiting_time for point in self.points]))

    def to_dict(self) -> dict[str, Any]:
        """The frontier as JSON data (schema ``lpdistill.frontier/1``)."""
        return {
            **headed("frontier", self.problem),
            "resource": self.resource,
            "points": [
                {"used": point.used, "waiting_time": point.waiting_time, "price": point.price} for point in self.points
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """The breakpoints as a pandas DataFrame."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        return pd.DataFrame(self.to_dict()["points"])

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the curve with its breakpoints."""
        drawn = pictures.canvas(axes, question_in_words(self.problem))
        used = [point.used for point in self.points]
        times = [point.waiting_time for point in self.points]
        beyond = used[-1] + max(0.1 * (used[-1] - used[0]), 0.02 * used[-1])
        drawn.axvspan(drawn.get_xlim()[0] if axes else used[0] - (beyond - used[-1]), used[0], color="0.92", lw=0)
        drawn.plot([*used, beyond], [*times, times[-1]], color=pictures.COLOURS[0], lw=1.8)
        drawn.plot(used, times, "o", color=pictures.COLOURS[1], ms=4, label=breakpoints_in_words(self.points))
        drawn.annotate(
            "no policy",
            (used[0], times[0]),
            (-4, 0),
            textcoords="offset points",
            ha="right",
            va="top",
            rotation=90,
            color=pictures.INK,
        )
        drawn.set_xlim(used[0] - (beyond - used[-1]), beyond)
        drawn.set_xlabel(f"limit on the expected {self.resource.replace('_', ' ')}")
        drawn.set_ylabel(f"least expected waiting time\n({pictures.UNIT})")
        drawn.legend(frameon=False)
        return drawn

    def __repr__(self) -> str:
        first, last = self.points[0], self.points[-1]
        return (
            f"Frontier: {breakpoints_in_words(self.points)}, from {first.waiting_time:.6g} with "
            f"{at_least(first.used, 6)} {self.resource.replace('_', ' ')} to "
            f"{last.waiting_time:.6g} with {at_least(last.used, 6)}"
        )


def frontier(
    problem: QuestionLike,
    resource: str | Resource,
    *,
    progress: Callable[[str], None] = silent,
) -> Frontier:
    """All breakpoints of the least expected waiting time as a function of the limit on a resource.

    Parameters
    ----------
    problem
        A problem or a state graph; its budgets hold along the curve.
    resource
        What to use less of.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If there is no such resource, or the problem has a budget for it.
    LimitError
        If there are more breakpoints than anybody reads.

    Examples
    --------
    >>> frontier(Problem(0.5, 3, "3/4", "79/100"), "generation_attempts")
    Frontier: 3 breakpoints, from 10.4878 with 10.1966 generation attempts to 10.0895 with 11.3134
    """
    problem = QUESTION.meant(problem, "problem")
    known = resource if isinstance(resource, Resource) else None
    process, budgets = process_and_budgets(problem, least=known or resource)
    what = resource_named(process, resource, "resource")
    if any(budget.resource == what for budget in budgets):
        raise ModelError("resource", "has a budget; leave it out to see the whole frontier", what.name)
    return Frontier(problem, what.name, breakpoints(process, budgets, what, progress))


def breakpoints(
    process: Process, budgets: tuple[Budget, ...], resource: Resource, progress: Callable[[str], None] = silent
) -> tuple[Point, ...]:
    """All breakpoints of the least expected time of a process as a function of the limit on a resource.

    Parameters
    ----------
    process, budgets
        The process, whose tariff is time, and the limits that hold along the curve.
    resource
        What to use less of.
    progress
        Told what is being done.

    Raises
    ------
    LimitError
        If there are more than anybody reads.
    """
    return _Search(process, budgets, resource, progress).points()


@dataclass(frozen=True, slots=True)
class _Corner:
    """A policy by its time and its use."""

    time: float
    used: float
    plan: Plan


@dataclass(slots=True)
class _Search:
    """The search for breakpoints."""

    process: Process
    budgets: tuple[Budget, ...]
    resource: Resource
    progress: Callable[[str], None]

    def at(self, time: float, use: float, near: Plan | None = None) -> _Corner:
        """The optimum when a unit of time and of the resource cost the given prices."""
        tariff = self.process.tariff
        charged = self.process.under(type(tariff)(time * tariff.time).plus([(self.resource, use)]))
        start = (
            self.process.proper()
            if near is None or len(near.uses.columns) != self.process.live.sum()
            else near.uses.columns
        )
        optimum = policy_iteration(charged, start, self.progress)
        plan = (
            within_budgets(charged, self.budgets, optimum, self.progress).plan
            if self.budgets
            else Plan.optimal(optimum)
        )
        timed = Plan.of(self.process.choose(plan.uses.columns), plan.probability)
        return _Corner(float(timed.values[0]), timed.used(self.resource), timed)

    def points(self) -> tuple[Point, ...]:
        """The breakpoints."""
        fastest, frugal = self._ends()
        found, open_chords = [fastest], [(frugal, fastest)]
        if frugal.used < fastest.used * (1 - APART):
            found.append(frugal)
        else:
            open_chords = []
        while open_chords:
            left, right = open_chords.pop()
            self.progress(f"{len(found)} breakpoints so far")
            slope = (left.time - right.time) / (right.used - left.used)
            corner = self.at(1.0, slope, right.plan)
            chord = right.time + slope * right.used
            inside = left.used < corner.used < right.used
            if inside and corner.time + slope * corner.used < chord * (1 - APART):
                found.append(corner)
                open_chords += [(left, corner), (corner, right)]
            if len(found) > MOST_POINTS:
                raise LimitError(
                    f"resource: the frontier of {self.resource.name} has more than {MOST_POINTS:,} breakpoints; take "
                    "fewer memories",
                    size={"breakpoints": len(found)},
                )
        corners = sorted(found, key=lambda corner: corner.used)
        return tuple(
            Point(
                corner.used,
                waited(corner.time, self.process.uncharged_time),
                0.0 if after is None else (after.time - corner.time) / (after.used - corner.used),
                corner.plan,
            )
            for corner, after in zip(corners, [*corners[1:], None], strict=True)
        )

    def _ends(self) -> tuple[_Corner, _Corner]:
        """The fastest policies' most frugal one, and the most frugal policies' fastest one."""
        start = self.at(1.0, 0.0)
        scale = (start.time or self.process.greatest_duration) / start.used if start.used else 0.0
        fastest = self._last([self.at(1.0, scale / weight, start.plan) for weight in FASTEST], start.time)
        frugal = start
        for weight in FRUGAL:
            try:
                tried = self.at(1.0 / weight, scale, frugal.plan)
            except NotCertifiedError:
                break  # time counts too little to be told from rounding
            if tried.used >= frugal.used * (1 - APART):
                break
            frugal = tried
        return fastest, frugal

    @staticmethod
    def _last(tried: Sequence[_Corner], time: float) -> _Corner:
        """The first policy that is as fast as possible."""
        return next((corner for corner in tried if corner.time <= time * (1 + APART)), tried[-1])
