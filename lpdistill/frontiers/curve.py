"""What all frontiers are: a convex, piecewise linear curve of the waiting time against what it is traded for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.program.plan import Plan
from lpdistill.solution.answer import Answer
from lpdistill.solution.document import Question, measure, of_unit, question_in_words
from lpdistill.solution.policy import Policy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class Point:
    """A breakpoint of a frontier.

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


class Curve(Answer):
    """The least expected waiting time as a function of the limit on something, by its breakpoints."""

    problem: Question
    points: tuple[Point, ...]

    @property
    def _question(self) -> Question:
        return self.problem

    @property
    @abstractmethod
    def _limit(self) -> str:
        """What there is a limit on, in words."""

    @abstractmethod
    def _amount(self, point: Point) -> str:
        """What a breakpoint has besides its waiting time, in decimals."""

    @property
    @abstractmethod
    def _noun(self) -> str:
        """What that is, in words."""

    @property
    def _about(self) -> str:
        """What the breakpoints are for, in words."""
        return ""

    def _between(self, used: float) -> float:
        """The waiting time at a limit above the least workable one."""
        return float(
            np.interp(used, [point.used for point in self.points], [point.waiting_time for point in self.points])
        )

    @property
    def _breakpoints(self) -> str:
        """How many breakpoints there are, in words."""
        return f"{len(self.points)} {'breakpoint' if len(self.points) == 1 else 'breakpoints'}"

    def _lines(self) -> Iterable[tuple[str, str]]:
        first, last, unit = self.points[0], self.points[-1], of_unit(self.problem)
        yield "frontier", f"{self._breakpoints}{self._about}"
        yield "fastest", f"{last.waiting_time:.9g}{unit} with {self._amount(last)} {self._noun}"
        if first is not last:
            yield "other end", f"{first.waiting_time:.9g}{unit} with {self._amount(first)} {self._noun}"
            yield "price there", f"{first.price:.6g} a unit of the limit"

    def _content(self) -> dict[str, Any]:
        return {"points": list(self._cells())}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every breakpoint."""
        return ({"used": one.used, "waiting_time": one.waiting_time, "price": one.price} for one in self.points)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve with its breakpoints."""
        drawn = pictures.canvas(ax, question_in_words(self.problem))
        used, times = [point.used for point in self.points], [point.waiting_time for point in self.points]
        room = 0.1 * (used[-1] - used[0]) or 0.02 * used[-1] or 0.01
        start, end = max(used[0] - room, 0.0), used[-1] + room
        drawn.axvspan(start, used[0], color="0.92", lw=0)
        drawn.plot([*used, end], [*times, times[-1]], color=pictures.COLOURS[0], lw=1.8)
        drawn.plot(used, times, "o", color=pictures.COLOURS[1], ms=4, label=self._breakpoints)
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
        drawn.set_xlim(start, end)
        drawn.ticklabel_format(axis="x", useOffset=False)
        drawn.locator_params(axis="x", nbins=6)
        drawn.set_xlabel(self._limit)
        drawn.set_ylabel(f"least expected waiting time\n({measure(self.problem)})")
        drawn.legend(frameon=False)
        return drawn

    def __repr__(self) -> str:
        first, last = self.points[0], self.points[-1]
        return (
            f"{type(self).__name__}: {self._breakpoints}{self._about}, from {first.waiting_time:.6g} with "
            f"{self._amount(first)} {self._noun} to {last.waiting_time:.6g} with {self._amount(last)}"
        )
