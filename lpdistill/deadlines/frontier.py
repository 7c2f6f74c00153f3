"""The frontier of the least expected waiting time against the probability of being late, with all its breakpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.deadlines.window import MET, augmented, confidence_of, likely, opened_in_time, window_of
from lpdistill.frontiers.frontier import Point, breakpoints, breakpoints_in_words
from lpdistill.numbers import Number, as_float
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.process.time_augmented import LATE
from lpdistill.progress import silent
from lpdistill.solution.document import Document, headed, question_in_words, rational
from lpdistill.solution.given import QuestionLike

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class DeadlineFrontier(Document):
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

    problem: Problem | nx.DiGraph[Any]
    window: Fraction
    points: tuple[Point, ...]

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
        wanted = confidence_of(confidence)
        late = float(1 - wanted)
        used = [point.used for point in self.points]
        if late < used[0] * (1 - MET) and as_float(wanted) != 1.0 - used[0]:
            return float("inf")
        return float(np.interp(late, used, [point.waiting_time for point in self.points]))

    def to_dict(self) -> dict[str, Any]:
        """The frontier as JSON data (schema ``lpdistill.deadline-frontier/1``)."""
        return {
            **headed("deadline-frontier", self.problem),
            "window": rational(self.window),
            "points": [
                {
                    "probability": 1.0 - point.used,
                    "late": point.used,
                    "waiting_time": point.waiting_time,
                    "price": 0.0 - point.price,
                }
                for point in self.points
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """The breakpoints as a pandas DataFrame."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        return pd.DataFrame(self.to_dict()["points"])

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the least expected waiting time against the probability of being late, with its breakpoints."""
        drawn = pictures.canvas(axes, question_in_words(self.problem))
        late, times = [point.used for point in self.points], [point.waiting_time for point in self.points]
        beyond = min(late[-1] + (0.15 * (late[-1] - late[0]) or 0.1 * late[-1] or 0.01), 1.0)
        start = max(0.0, late[0] - max(0.075 * (late[-1] - late[0]), 0.02 * late[0]))
        drawn.axvspan(start, late[0], color="0.92", lw=0)
        drawn.plot([*late, beyond], [*times, times[-1]], color=pictures.COLOURS[0], lw=1.8)
        drawn.plot(late, times, "o", color=pictures.COLOURS[1], ms=3.5, label=breakpoints_in_words(self.points))
        drawn.plot(late[-1:], times[-1:], "s", color=pictures.COLOURS[2], ms=7, label="fastest on average")
        drawn.plot(late[:1], times[:1], "D", color=pictures.COLOURS[3], ms=7, label="most likely in time")
        drawn.annotate(
            "no policy", (start, times[-1]), (3, 0), textcoords="offset points", rotation=90, color=pictures.INK
        )
        drawn.set_xlim(start, max(beyond, start + 1e-9))
        drawn.set_xlabel(f"probability to need more than {float(self.window):g} ({pictures.UNIT})")
        drawn.set_ylabel(f"least expected waiting time\n({pictures.UNIT})")
        drawn.legend(frameon=False)
        return drawn

    def __repr__(self) -> str:
        first, last = self.points[0], self.points[-1]
        return (
            f"DeadlineFrontier: {breakpoints_in_words(self.points)} for a window of {float(self.window):g}, from "
            f"{first.waiting_time:.6g} with {likely(1.0 - first.used)} in time to "
            f"{last.waiting_time:.6g} with {likely(1.0 - last.used)}"
        )


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
    problem = QUESTION.meant(problem, "problem")
    process, budgets, lattice = opened_in_time(problem)
    within = window_of(window, lattice)
    timed = augmented(process, lattice, within)
    return DeadlineFrontier(problem, within, breakpoints(timed, budgets, LATE, progress))
