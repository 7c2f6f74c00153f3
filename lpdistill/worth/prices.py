"""Prices of budgets beyond the range in which they hold: the next price and breakpoint on either side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, isclose
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.errors import InfeasibleError, ModelError, names_like
from lpdistill.problem.labels import labels_of, without_labels
from lpdistill.problem.problem import Problem
from lpdistill.process.budgets import Budget
from lpdistill.process.labelled import require_memories
from lpdistill.process.process import Process
from lpdistill.program.budgeted import BudgetUse, within_budgets
from lpdistill.program.common_labels import on_common_labels
from lpdistill.program.label_models import Model
from lpdistill.program.plan import Plan
from lpdistill.solution.answer import SHOWN, Answer, Table
from lpdistill.solution.document import finite, question_in_words
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.solution import Solution
from lpdistill.solving import PATIENCE, solution_of, solved_on_labels
from lpdistill.worth.regret_curve import proven

if TYPE_CHECKING:
    from matplotlib.axes import Axes

JUST_BEYOND = 1e-7
"""How far beyond the end of a range the next price is looked up, relative to the end."""


AS_ONE = 1e-6
"""Relative difference of prices and limits that counts as none where labels are rounded up and down."""


@dataclass(frozen=True, slots=True)
class Side:
    """The price beyond one end of a range.

    Attributes
    ----------
    end
        Where the present price ends: the limit itself, where it marks the end of a price.
    price
        d(waiting time)/d(limit) beyond it; None where no policy keeps within such limits.
    breakpoint
        Where that price ends in turn: the next breakpoint, infinite or 0 if there is none.
    """

    end: float
    price: float | None
    breakpoint: float | None

    def __str__(self) -> str:
        if self.price is None:
            return "no policy keeps within such limits"
        if not self.price:
            return "does not bind: the price is 0"
        return f"price {self.price:.6g}, up to the limit {self.breakpoint:.6g}"

    def to_dict(self) -> dict[str, float | None]:
        """The side as JSON data; null where there is no price, or no end."""
        return {"end": finite(self.end), "price": self.price, "breakpoint": finite(self.breakpoint)}


@dataclass(frozen=True, slots=True, repr=False)
class Neighbours(Answer):
    """The price of a budget, and the prices to both sides of its range.

    Attributes
    ----------
    process
        The process whose optimum it is.
    use
        What came of the budget: its price and range.
    below, above
        For limits below and above the range.  Where the price is not unique, the two one-sided prices at the limit.
        None where the range has no end on that side.
    """

    _KIND = "prices"

    process: Process
    use: BudgetUse
    below: Side | None
    above: Side | None

    @property
    def _question(self) -> Process:
        return self.process

    @property
    def _sides(self) -> Mapping[str, Side | None]:
        return {"below": self.below, "above": self.above}

    def _lines(self) -> Iterable[tuple[str, str]]:
        yield "budget", str(self.use)
        for name, side in self._sides.items():
            yield name, "no end" if side is None else f"from {side.end:.6g} on, {side}"

    def _content(self) -> dict[str, Any]:
        sides = {name: side and side.to_dict() for name, side in self._sides.items()}
        return {"budget": self.use.budget.name, **self.use.to_dict(), **sides}

    def section(self) -> dict[str, Any]:
        """The prices as part of the document of a solution, by the name of whose budget they stand."""
        return {name: value for name, value in self._content().items() if name != "budget"}

    def _cells(self) -> Iterable[dict[str, Any]]:
        """A row for every price, by increasing limit."""
        return ({"from": low, "to": high, "price": price} for low, high, price in self.steps())

    def steps(self) -> list[tuple[float, float, float | None]]:
        """The limits between which each price holds."""
        use = self.use
        here = (use.limit, use.limit) if use.degenerate else (use.valid_from, use.valid_to)
        found: list[tuple[float, float, float | None]] = [] if use.degenerate else [(*here, use.price)]
        if self.below is not None:
            found.insert(0, (self.below.breakpoint or 0.0, self.below.end, self.below.price))
        if self.above is not None:
            last = self.above.breakpoint
            found.append((self.above.end, np.inf if last is None else last, self.above.price))
        return found

    def shown(self, most: int | None = SHOWN) -> Table:
        """What there is beyond both ends of the range."""
        _, *lines = self._lines()
        rows = [(self.use.budget.name.replace("_", " "), name, text) for name, text in lines]
        return Table(
            "prices beyond the ranges of budgets", dict.fromkeys(("budget", "side", "price"), "left"), rows[:most]
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the price against the limit, as a step for every range, and the limit that there is."""
        drawn = pictures.canvas(ax, question_in_words(self.process))
        steps = [(low, high, price) for low, high, price in self.steps() if price is not None]
        ends = [end for low, high, _ in steps for end in (low, high) if 0 < end < np.inf]
        ends.append(self.use.limit)
        room = 0.1 * (max(ends) - min(ends)) or 0.1 * max(ends)
        for place, (low, high, price) in enumerate(steps):
            span = max(low, min(ends) - room), min(high, max(ends) + room)
            drawn.plot(span, [price, price], color=pictures.COLOURS[0], lw=2.5)
            if place:
                drawn.plot([low, low], [steps[place - 1][2], price], ":", color=pictures.COLOURS[0], lw=1)
        drawn.axvline(self.use.limit, color=pictures.COLOURS[1], lw=1.2, ls="--", label=f"limit {self.use.limit:g}")
        drawn.set_xlabel(f"limit on the expected {self.use.budget.name.replace('_', ' ')}")
        drawn.set_ylabel("change of the waiting time for one more")
        drawn.legend(frameon=False)
        return drawn

    def __repr__(self) -> str:
        (_, first), *others = self._lines()
        return "\n".join([first, *(f"  {name}: {text}" for name, text in others)])


def neighbours(solution: SolutionLike, name: str) -> Neighbours:
    """The prices of a budget just beyond both ends of the range of its present price, with their own breakpoints.

    The program is solved again a little beyond each end, starting from the columns of the solution.

    Parameters
    ----------
    solution
        An optimum within budgets.
    name
        The budget, by the name of its resource.

    Raises
    ------
    ModelError
        If the solution is one of a state graph, has no such budget, or is not proved to be optimal on its labels.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> problem = Problem(0.5, 4, "9/10", "94/100").with_constraints(Budget("generation_attempts", "10.2"))
    >>> neighbours(solve(problem), "generation_attempts")
    generation_attempts <= 10.2: 10.2 used; one more changes the waiting time by -1.19308, for limits at least \
from 10.1716 to 10.2181
      below: from 10.1716 on, price -2.91892, up to the limit 10.1292
      above: from 10.2181 on, price -1.13581, up to the limit 10.2337
    """
    solution = solution_of(solution)
    if not isinstance(solution.problem, Problem):
        raise ModelError("neighbours", "needs the solution of a problem, not of a state graph", str(solution.problem))
    if name not in solution.budgets:
        known = names_like(solution.budgets, name) or "none"
        raise ModelError("budget", f"must be one of the solution's: {known}", name)
    bracket = proven(solution, "neighbours").bracket
    if bracket is None:
        return _neighbours(solution, name)[0]

    def answer(asked: Problem) -> tuple[Neighbours, list[Model]]:
        return _neighbours(solved_on_labels(asked), name)

    problem, grid = without_labels(solution.problem), bracket.refinement.grid
    return on_common_labels(problem, answer, _same, grid=grid, seconds=PATIENCE)


def _neighbours(solution: Solution, name: str) -> tuple[Neighbours, list[Model]]:
    """The prices, and on labels the optima that have them."""
    use = solution.budgets[name]
    found = [Optimal(solution.plan, solution.dual.values)]
    sides = [_side(solution, use, found, below=below) for below in (True, False)]
    problem, process, columns = solution.problem, solution.process, solution.plan.uses.columns
    if not isinstance(problem, Problem) or labels_of(problem) is None:
        return Neighbours(process, use, *sides), []
    memories = require_memories(process, "neighbours", "needs memories")
    return Neighbours(process, use, *sides), [Model(problem, memories, columns, *one) for one in found]


def _same(above: Neighbours, below: Neighbours) -> bool:
    """Whether prices and the ends of their ranges are the same."""
    one, other = (
        [-inf if number is None else number for step in found.steps() for number in step] for found in (above, below)
    )
    return len(one) == len(other) and all(
        isclose(*pair, rel_tol=AS_ONE, abs_tol=AS_ONE) for pair in zip(one, other, strict=True)
    )


class Optimal(NamedTuple):
    """An optimal plan, and the least values to go under its prices."""

    plan: Plan
    values: FloatArray


def _side(solution: Solution, use: BudgetUse, optima: list[Optimal], *, below: bool) -> Side | None:
    """The price beyond one end, or None where there is no end; its optimum is added to others."""
    end = use.limit if use.degenerate else use.valid_from if below else use.valid_to
    if not np.isfinite(end) or (below and end <= 0):
        return None
    limit = Fraction(end) * (1 - Fraction(JUST_BEYOND) if below else 1 + Fraction(JUST_BEYOND))
    # Only the limit that binds moves; the other one would contradict it.
    moved = Budget(use.budget.resource, **{use.side: limit})
    budgets = tuple(moved if other.budget is use.budget else other.budget for other in solution.uses)
    start = replace(solution.dual, values=solution.plan.values)
    try:
        found = within_budgets(solution.process, budgets, start)
    except InfeasibleError:
        return Side(end, None, None)
    optima.append(Optimal(found.plan, found.dual.values))
    beyond = next(other for other in found.uses if other.budget is moved)
    if not beyond.price:
        return Side(end, 0.0, 0.0 if below else float("inf"))
    return Side(end, beyond.price, beyond.valid_from if below else beyond.valid_to)
