"""The frontier of the least expected waiting time against the probability of being late, with all its breakpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lpdistill import pictures
from lpdistill.deadlines.window import (
    LATE_ROUNDING,
    attainable,
    augmented,
    confidence_of,
    likely,
    opened_in_time,
    question_and_optimistic,
    window_of,
)
from lpdistill.frontiers.breakpoints import breakpoints
from lpdistill.frontiers.curve import Curve, Point
from lpdistill.numbers import Number, as_float, at_least, decimals
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.process.time_augmented import BEING_LATE
from lpdistill.progress import silent
from lpdistill.solution.answer import SHOWN, Table
from lpdistill.solution.document import measure, rational
from lpdistill.solution.given import QuestionLike

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class DeadlineFrontier(Curve):
    """The least expected waiting time as a function of the probability of being late.

    Attributes
    ----------
    problem
        What was asked.
    window
        The window.
    points
        The breakpoints, by increasing probability of being late (``Point.used``).
    """

    _KIND = "deadline-frontier"

    problem: Problem | nx.DiGraph[Any]
    window: Fraction
    points: tuple[Point, ...]

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield from super()._lines()
        labels = labels_of(self.problem) if isinstance(self.problem, Problem) else None
        if labels is not None:
            yield "labels", labels.told

    def waiting_time(self, confidence: Number) -> float:
        """Least expected waiting time with a confidence; infinite above the greatest that is possible.

        Raises
        ------
        ModelError
            If the confidence is not between 0 and 1.

        Examples
        --------
        >>> curve = deadline_frontier(Problem("7/10", 3, "3/4", "79/100"), 12)
        >>> curve.waiting_time("0.8") == curve.points[-1].waiting_time, curve.waiting_time("0.999")
        (True, inf)
        """
        wanted, least = confidence_of(confidence), self.points[0].used
        late = float(1 - wanted)
        return (
            self._between(late)
            if late >= least * (1 - LATE_ROUNDING) or as_float(wanted) == 1.0 - least
            else float("inf")
        )

    @property
    def _limit(self) -> str:
        return f"probability to need more than {float(self.window):g} ({measure(self.problem)})"

    @property
    def _about(self) -> str:
        return f" for a window of {float(self.window):g}"

    def _amount(self, point: Point) -> str:
        return likely(1.0 - point.used)

    @property
    def _noun(self) -> str:
        return "in time"

    def _content(self) -> dict[str, Any]:
        return {"window": rational(self.window), **super()._content()}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every breakpoint, with the probability to be in time and what one more of it costs."""
        for one in self.points:
            chances = {"probability": 1.0 - one.used, "late": one.used}
            yield chances | {"waiting_time": one.waiting_time, "price": 0.0 - one.price}

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve with its breakpoints, and which of them are fastest and likeliest in time."""
        drawn, first, last = super().plot(ax), self.points[0], self.points[-1]
        drawn.plot(last.used, last.waiting_time, "s", color=pictures.COLOURS[2], ms=7, label="fastest on average")
        drawn.plot(first.used, first.waiting_time, "D", color=pictures.COLOURS[3], ms=7, label="most likely in time")
        drawn.legend(frameon=False)
        return drawn

    def shown(self, most: int | None = SHOWN) -> Table:
        """The breakpoints."""
        rows = [
            (attainable(one.used, 1.0 - one.used)[1], decimals(one.waiting_time), decimals(0.0 - one.price))
            for one in self.points[:most]
        ]
        headings = dict.fromkeys(("in time", "waiting time", "price of certainty"), "right")
        return Table(f"within {at_least(self.window)}", headings, rows)


def deadline_frontier(
    problem: QuestionLike, window: Number, *, progress: Callable[[str], None] = silent
) -> DeadlineFrontier:
    """All breakpoints of the least expected waiting time as a function of the probability of being late.

    Parameters
    ----------
    problem
        A problem or a state graph; its budgets hold along the curve.
    window
        The time within which the target is to be reached.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If the window is no number above 0 (0 is one where the last step is free).
    LimitError
        If the program, with a layer of configurations for every slot of the window, is too large.

    Examples
    --------
    >>> deadline_frontier(Problem("7/10", 3, "3/4", "79/100"), 12)
    DeadlineFrontier: 2 breakpoints for a window of 12, from 8.91002 with 0.814788 in time to 8.90502 with 0.814762
    """
    problem, _ = question_and_optimistic(problem, progress)
    process, budgets, lattice = opened_in_time(problem)
    within = window_of(window, lattice)
    timed = augmented(process, lattice, within)
    return DeadlineFrontier(problem, within, breakpoints(timed, budgets, BEING_LATE, progress))
