"""Prices of budgets beyond the range in which they hold: the next price and breakpoint on either side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from lpdistill.errors import InfeasibleError, ModelError, names_like
from lpdistill.problem.problem import Problem
from lpdistill.process.budgets import Budget
from lpdistill.program.budgeted import BudgetUse, within_budgets
from lpdistill.solution.given import SolutionLike
from lpdistill.solution.solution import Solution
from lpdistill.solving import solution_of

BEYOND = 1e-7
"""How far beyond the end of a range the next price is looked up, relative to the end."""


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
        last = self.breakpoint
        return {
            "end": self.end if np.isfinite(self.end) else None,
            "price": self.price,
            "breakpoint": None if last is None or not np.isfinite(last) else last,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Neighbours:
    """The price of a budget, and the prices to both sides of its range.

    Attributes
    ----------
    use
        What came of the budget: its price and range.
    below, above
        For limits below and above the range.  Where the price is not unique, the two one-sided prices at the limit.
        None where the range has no end on that side.
    """

    use: BudgetUse
    below: Side | None
    above: Side | None

    def to_dict(self) -> dict[str, Any]:
        """The prices as JSON data."""
        sides = {"below": self.below, "above": self.above}
        return {**self.use.to_dict(), **{name: side and side.to_dict() for name, side in sides.items()}}

    def __repr__(self) -> str:
        lines = [f"{self.use}"]
        for name, side in (("below", self.below), ("above", self.above)):
            lines.append(f"  {name}: " + ("no end" if side is None else f"from {side.end:.6g} on, {side}"))
        return "\n".join(lines)


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
        If the solution is one of a state graph, or has no such budget.

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
    use = solution.budgets[name]
    return Neighbours(use, _side(solution, use, below=True), _side(solution, use, below=False))


def _side(solution: Solution, use: BudgetUse, *, below: bool) -> Side | None:
    """The price beyond one end, or None where there is no end."""
    end = use.limit if use.degenerate else use.valid_from if below else use.valid_to
    if not np.isfinite(end) or (below and end <= 0):
        return None
    limit = Fraction(end) * (1 - Fraction(BEYOND) if below else 1 + Fraction(BEYOND))
    budget = use.budget
    least = budget.most is None or (use.price > 0 and budget.least is not None)
    # Only the limit that binds moves; the other one would contradict it.
    moved = Budget(budget.resource, least=limit) if least else Budget(budget.resource, limit)
    budgets = tuple(moved if other.budget is budget else other.budget for other in solution.uses)
    start = replace(solution.dual, values=solution.plan.values)
    try:
        found = within_budgets(solution.process, budgets, start)
    except InfeasibleError:
        return Side(end, None, None)
    beyond = next(other for other in found.uses if other.budget is moved)
    if not beyond.price:
        return Side(end, 0.0, 0.0 if below else float("inf"))
    return Side(end, beyond.price, beyond.valid_from if below else beyond.valid_to)
