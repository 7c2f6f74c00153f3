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
from lpdistill.frontiers.breakpoints import breakpoints, optima
from lpdistill.frontiers.curve import Curve, Point
from lpdistill.numbers import Number, at_least, decimals, exact
from lpdistill.physics.rounding import Rounding
from lpdistill.problem.labels import first_grid, not_bracketed, wants_labels, without_labels
from lpdistill.problem.problem import Problem
from lpdistill.problem.question import QUESTION
from lpdistill.process.budgets import MET, Budget
from lpdistill.process.labelled import require_memories
from lpdistill.process.process import Process
from lpdistill.process.tariff import Resource
from lpdistill.program.common_labels import on_common_labels
from lpdistill.program.label_models import Model, labelled
from lpdistill.progress import silent
from lpdistill.solution.answer import SHOWN, Table
from lpdistill.solution.given import QuestionLike
from lpdistill.solving import PATIENCE, process_and_budgets, resource_named

if TYPE_CHECKING:
    import networkx as nx

AS_ONE = 1e-9
"""Relative difference of limits, and of times, that counts as none where labels are rounded up and down."""


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
        If there are more breakpoints than anybody reads, or past the pumping limit more labels than are found in time.

    Notes
    -----
    Past the pumping limit labels are added until the policy of no breakpoint rounds a result
    (:doc:`levels_without_limit`).

    Examples
    --------
    >>> frontier(Problem(0.5, 3, "3/4", "79/100"), "generation_attempts")
    Frontier: 3 breakpoints, from 10.4878 with 10.1966 generation attempts to 10.0895 with 11.3134
    """
    problem = QUESTION.meant(problem, "problem")
    if not isinstance(problem, Problem) or problem.reach.finite or not wants_labels(problem):
        return _frontier(problem, resource, progress)[0]
    problem = without_labels(problem)
    grid = first_grid(problem)
    _, what = _resource(labelled(problem, grid, Rounding.CEIL), resource)
    reason = not_bracketed(problem.with_constraints(Budget(what, 1)))
    if reason is not None:
        raise ModelError(
            "resource",
            f"has no frontier past the pumping limit: {reason}, so that labels do not bracket it; take another "
            "resource, or a target below the pumping limit",
            what.name,
        )

    def answer(asked: Problem) -> tuple[Frontier, list[Model]]:
        found, process = _frontier(asked, what, progress)
        memories = require_memories(process, "problem", "needs memories")
        return found, optima(asked, memories, what, found.points)

    return on_common_labels(problem, answer, _same, grid=grid, seconds=PATIENCE, progress=progress)


def _resource(problem: Problem | nx.DiGraph[Any], resource: str | Resource) -> tuple[Process, Resource]:
    """The process of a problem, and a resource of it that has no budget."""
    process, budgets = process_and_budgets(problem, least=resource)
    what = resource_named(process, resource, "resource")
    if any(budget.resource == what for budget in budgets):
        raise ModelError("resource", "has a budget; leave it out to see the whole frontier", what.name)
    return process, what


def _frontier(
    problem: Problem | nx.DiGraph[Any], resource: str | Resource, progress: Callable[[str], None]
) -> tuple[Frontier, Process]:
    """The frontier on the levels that a problem has, and its process."""
    process, what = _resource(problem, resource)
    return Frontier(problem, what.name, breakpoints(process, process.problem.budgets, what, progress)), process


def _same(above: Frontier, below: Frontier) -> bool:
    """Whether a convex curve that is nowhere below another is nowhere above it, to rounding."""
    return all(
        below.waiting_time(point.used * (1 + AS_ONE)) <= point.waiting_time * (1 + AS_ONE) for point in above.points
    )
