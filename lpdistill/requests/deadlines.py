"""Windows of time: most likely in time, the smallest window, the fastest at a confidence, or every trade of the two."""

from __future__ import annotations

from collections.abc import Callable

from lpdistill.deadlines.at_confidence import ServiceLevel, least_time_within
from lpdistill.deadlines.frontier import DeadlineFrontier, deadline_frontier
from lpdistill.deadlines.likeliest import Deadline
from lpdistill.deadlines.most_likely import deadline as most_likely_within
from lpdistill.deadlines.most_likely import smallest_window
from lpdistill.errors import ModelError
from lpdistill.numbers import Number
from lpdistill.progress import silent
from lpdistill.requests.nearness import near
from lpdistill.solution.given import QuestionLike
from lpdistill.solving import PATIENCE


def deadline(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: QuestionLike,
    *,
    window: Number | None = None,
    confidence: Number | None = None,
    frontier: bool = False,
    within: Number | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> Deadline | ServiceLevel | DeadlineFrontier:
    """What a window, a confidence, or both ask for.

    Parameters
    ----------
    problem
        A problem or a state graph.
    window, confidence
        The window alone: the policy most likely done within it.  The confidence alone: the smallest window that some
        policy meets with it.  Both: the least expected time of policies that do.
    frontier
        With a window: all breakpoints of the expected time against the probability of being late.
    within, time_limit
        How near labels come to levels, where they stand for them, as for :func:`lpdistill.solve`.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If neither is given, or a frontier is wanted without a window, or at a confidence.
    """
    if frontier and (window is None or confidence is not None):
        raise ModelError("frontier", "needs a window, and no confidence", None)
    problem = near(problem, within, time_limit, progress)
    if frontier and window is not None:
        return deadline_frontier(problem, window, progress=progress)
    if window is not None and confidence is not None:
        return least_time_within(problem, window, confidence, progress=progress)
    if window is not None:
        found = most_likely_within(problem, window, progress=progress)
    elif confidence is not None:
        found = smallest_window(problem, confidence, progress=progress)
    else:
        raise ModelError("window", "must be given, or a confidence, or both", None)
    progress("comparing with the fastest policy")
    found.departures  # noqa: B018 - computed here, while progress is told
    return found
