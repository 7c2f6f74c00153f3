"""What is traded for a resource: the waiting time of the first pair, or the rate of the steady state."""

from __future__ import annotations

from collections.abc import Callable

from lpdistill.errors import ModelError
from lpdistill.frontiers.frontier import Frontier
from lpdistill.frontiers.frontier import frontier as frontier_of
from lpdistill.numbers import Number
from lpdistill.problem.problem import Problem
from lpdistill.progress import silent
from lpdistill.rates.frontier import RateFrontier, rate_frontier
from lpdistill.solution.given import QuestionLike
from lpdistill.solving import PATIENCE


def frontier(  # noqa: PLR0913 - one keyword for each thing that may be asked
    problem: QuestionLike,
    resource: str,
    *,
    per_time: bool = False,
    protocol: str | None = None,
    time_limit: Number = PATIENCE,
    progress: Callable[[str], None] = silent,
) -> Frontier | RateFrontier:
    """All breakpoints of the least waiting time against a resource, or of the greatest rate.

    Parameters
    ----------
    problem
        A problem; for waiting times, or a state graph.
    resource
        What to use less of.
    per_time
        Whether pairs per unit of time are sought instead of the time of the first.
    protocol
        What pairs are worth, if key per unit of time is.
    time_limit
        The seconds after which no more labels are added, per unit of time.
    progress
        Told what is being done.

    Raises
    ------
    ModelError
        If rates of a state graph are asked for, or a protocol without rates.
    """
    if not per_time:
        if protocol is not None:
            raise ModelError("protocol", "is for rates per unit of time: ask for these, too (--per-time)", protocol)
        return frontier_of(problem, resource, progress=progress)
    if not isinstance(problem, Problem):
        raise ModelError("per_time", "is about hardware, not about a state graph; describe the problem", None)
    return rate_frontier(problem, resource, protocol, time_limit=time_limit, progress=progress)
