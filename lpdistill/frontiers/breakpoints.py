r"""The search for all breakpoints of the least waiting time as a function of the limit on a resource.

The least waiting time within a limit is a convex, piecewise linear function of the limit.  Its breakpoints are
deterministic policies, each optimal when a unit of the resource costs some price.  Between two of them a chord has a
slope; the policy that is optimal at that price either lies below the chord, and is a breakpoint between them, or proves
that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import LimitError, NotCertifiedError
from lpdistill.frontiers.curve import Point
from lpdistill.problem.problem import Problem
from lpdistill.process.budgets import Budget
from lpdistill.process.labelled import LabelProcess
from lpdistill.process.process import Choice, Process
from lpdistill.process.tariff import Resource
from lpdistill.program.budgeted import within_budgets
from lpdistill.program.evaluation import evaluate
from lpdistill.program.label_models import Model
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.progress import silent
from lpdistill.solution.bounds import waited

APART = 1e-10
"""Relative distance below a chord at which a policy counts as a breakpoint of its own."""

FASTEST, FRUGAL = (1e6, 1e8), (1e3, 1e6, 1e8, 1e10)
"""What the ends of the frontier weigh one of the two against the other, relative to their sizes."""

MOST_BREAKPOINTS = 10_000
"""Breakpoints beyond which nobody reads a curve."""


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


def optima(problem: Problem, process: LabelProcess, resource: Resource, points: Sequence[Point]) -> list[Model]:
    """The breakpoints as optima of a label model, with their values at the price of the resource just above each."""
    found = []
    for point in points:
        uses = point.plan.uses
        using = replace(uses, cost=process.amounts(resource, uses.columns)).mixed(point.plan.probability)
        amounts = evaluate(using, using.repetition.until(using.cost))
        values = np.where(process.live, point.plan.values - point.price * amounts, np.inf)
        found.append(Model(problem, process, uses.columns, point.plan, values))
    return found


@dataclass(frozen=True, slots=True)
class _Corner:
    """A policy, what it takes and what it uses, from every configuration."""

    uses: Choice
    probability: FloatArray
    times: FloatArray
    amounts: FloatArray

    @property
    def time(self) -> float:
        """Expected time."""
        return float(self.times[0])

    @property
    def used(self) -> float:
        """Expected use."""
        return float(self.amounts[0])


@dataclass(slots=True)
class _Search:
    """The search for breakpoints."""

    process: Process
    budgets: tuple[Budget, ...]
    resource: Resource
    progress: Callable[[str], None]

    def at(self, time: float, use: float, near: _Corner | None = None) -> _Corner:
        """The optimum when a unit of time and of the resource cost the given prices."""
        tariff = self.process.tariff
        charged = self.process.under(type(tariff)(time * tariff.time).plus([(self.resource, use)]))
        if near is None or len(near.uses.columns) != self.process.live.sum():
            optimum = policy_iteration(charged, self.process.admission.proper(), self.progress)
        else:
            values = time * near.times + use * near.amounts
            optimum = policy_iteration(charged, near.uses.columns, self.progress, near=values)
        if not self.budgets:
            return self._corner(optimum.policy.columns, np.ones(len(optimum.policy.columns)), near)
        plan = within_budgets(charged, self.budgets, optimum, self.progress).plan
        return self._corner(plan.uses.columns, plan.probability, near)

    def _corner(self, columns: IntArray, probability: FloatArray, near: _Corner | None) -> _Corner:
        """A policy with its expected time and use, found from those of one that is near, if there is any."""
        if near is not None and np.array_equal(columns, near.uses.columns) and (probability == near.probability).all():
            return near
        uses = self.process.choose(columns)
        using = replace(uses, cost=self.process.amounts(self.resource, columns))
        mixed = (one.mixed(probability) for one in (uses, using))
        times, amounts = (evaluate(one, one.repetition.until(one.cost)) for one in mixed)
        return _Corner(uses, probability, times, amounts)

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
            corner = self.at(1.0, slope, right)
            chord = right.time + slope * right.used
            inside = left.used < corner.used < right.used
            if inside and corner.time + slope * corner.used < chord * (1 - APART):
                found.append(corner)
                open_chords += [(left, corner), (corner, right)]
            if len(found) > MOST_BREAKPOINTS:
                raise LimitError(
                    f"resource: the frontier of {self.resource.name} has more than {MOST_BREAKPOINTS:,} breakpoints; "
                    "take fewer memories",
                    size={"breakpoints": len(found)},
                )
        corners = sorted(found, key=lambda corner: corner.used)
        return tuple(
            Point(
                corner.used,
                waited(corner.time, self.process.durations.uncharged),
                0.0 if after is None else (after.time - corner.time) / (after.used - corner.used),
                Plan.of(corner.uses, corner.probability),
            )
            for corner, after in zip(corners, [*corners[1:], None], strict=True)
        )

    def _ends(self) -> tuple[_Corner, _Corner]:
        """The fastest policies' most frugal one, and the most frugal policies' fastest one."""
        start = self.at(1.0, 0.0)
        scale = (start.time or self.process.durations.greatest) / start.used if start.used else 0.0
        fastest = self._last([self.at(1.0, scale / weight, start) for weight in FASTEST], start.time)
        frugal = start
        for weight in FRUGAL:
            try:
                tried = self.at(1.0 / weight, scale, frugal)
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
