r"""The Pareto frontier of waiting time against a resource: all breakpoints of the curve, as the program has them.

The least waiting time within a limit is a convex, piecewise linear function of the limit.  Its breakpoints are
deterministic policies, each optimal when a unit of the resource costs some price.  Between two of them a chord has a
slope; the policy that is optimal at that price either lies below the chord, and is a breakpoint between them, or proves
that there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lpdistill.errors import ModelError
from lpdistill.frontiers.breakpoints import breakpoints
from lpdistill.frontiers.curve import Curve, Point
from lpdistill.numbers import Number, at_least, decimals, exact
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.process.budgets import MET
from lpdistill.process.tariff import Resource
from lpdistill.progress import silent
from lpdistill.solution.answer import SHOWN, Table
from lpdistill.solution.given import QuestionLike
from lpdistill.solving import process_and_budgets, resource_named

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, repr=False, eq=False)
class Frontier(Curve):
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

    _KIND = "frontier"

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
        return self._between(at) if at >= self.points[0].used * (1 - MET) else float("inf")

    @property
    def _noun(self) -> str:
        return self.resource.replace("_", " ")

    @property
    def _limit(self) -> str:
        return f"limit on the expected {self._noun}"

    def _amount(self, point: Point) -> str:
        return at_least(point.used, 6)

    def _content(self) -> dict[str, Any]:
        return {"resource": self.resource, **super()._content()}

    def shown(self, most: int | None = SHOWN) -> Table:
        """The breakpoints."""
        rows = [tuple(map(decimals, (one.used, one.waiting_time, one.price))) for one in self.points[:most]]
        return Table(self._noun, dict.fromkeys(("limit", "waiting time", "price of one more"), "right"), rows)


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
