"""The optimum within budgets: a policy, what it uses, and what every limit is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from lpdistill.errors import ImproperPolicyError, NotCertifiedError
from lpdistill.numbers import at_least, at_most
from lpdistill.process.budgets import MET, Budget
from lpdistill.process.process import Process
from lpdistill.program.column_generation import ColumnGeneration, feasible
from lpdistill.program.confirmation import Confirmation
from lpdistill.program.highs import Algorithm, LinearSolution, solve_program
from lpdistill.program.infeasible import raise_infeasible
from lpdistill.program.objective import FIRST_DELIVERY, Objective
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.program.vertex import Vertex
from lpdistill.progress import silent

WIDER = (2 * MET, 1e-6)
"""Shares of limits at the edge of what is possible by which wider ones are solved for in their place."""


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What came of a budget.

    Attributes
    ----------
    budget
        The budget.
    used
        Expected use.
    price
        d(waiting time)/d(limit): 0 unless the budget binds.
    valid_from, valid_to
        Limits between which the price holds (at least: further, if ties let it); what is used marks the end for a
        budget that does not bind.
    degenerate
        Whether more than one price would do: then ``price`` is one of them, and the range is not known.
    """

    budget: Budget
    used: float
    price: float
    valid_from: float
    valid_to: float
    degenerate: bool

    @property
    def side(self) -> str:
        """Which limit binds, ``most`` or ``least``; the upper one, if there is one, where none does."""
        return "least" if self.budget.most is None or (self.price > 0 and self.budget.least is not None) else "most"

    @property
    def limit(self) -> float:
        """The limit of that side."""
        return float(self.budget.sides[self.side])

    def kept(self) -> str:
        """What is used within which limits."""
        return f"{self.budget}: {self.used:.6g} used"

    def __str__(self) -> str:
        if not self.price:
            return f"{self.kept()}; does not bind, so its price is 0"
        worth = f"{self.kept()}; one more changes the waiting time by {self.price:.6g}"
        if self.valid_from == self.valid_to:
            return worth + ", over a range that is not known"
        if self.degenerate:
            worth += " (to one side only)"
        return worth + f", for limits at least from {self._from()} to {self._to()}"

    def _from(self) -> str:
        """Where the range begins, with digits enough that the limit is in it."""
        few = at_least(self.valid_from, 6)
        return few if float(few) <= self.limit else at_least(self.valid_from)

    def _to(self) -> str:
        """Where the range ends, likewise."""
        few = at_most(self.valid_to, 6)
        return few if float(few) >= self.limit else at_most(self.valid_to)

    def to_dict(self) -> dict[str, float | bool | None]:
        """The use as JSON data; null where a range has no end."""
        ends = (self.valid_from, self.valid_to)
        start, end = (float(limit) if np.isfinite(limit) else None for limit in ends)
        return {
            "limit": self.limit,
            "used": self.used,
            "price": self.price,
            "valid_from": start,
            "valid_to": end,
            "degenerate": self.degenerate,
        }


def granted(uses: Iterable[BudgetUse]) -> list[float]:
    """What the limit of each budget is worth: its price for every unit of it."""
    return [use.price * use.limit for use in uses if use.price]


def most_apart(upper: float, dual: Optimum) -> float:
    """The distance of bounds within budgets up to which an optimum is claimed.

    The bounds of the optimum under the prices leave open what is rounded.  Near the edge of what is possible prices may
    be of any size, and so may that be, beside the waiting time.
    """
    return dual.objective.gap * upper + float(dual.upper[0] - dual.lower[0])


@dataclass(frozen=True)
class Budgeted:
    """The optimum within budgets, with its proof.

    Attributes
    ----------
    plan
        The policy, randomised where it must be.
    dual
        The optimum under the tariff of the prices: its lower bounds are feasible for the dual program.
    bound
        What that proves: no policy within the budgets has a lower expected cost.
    uses
        What came of each budget.
    objective
        The optimum as HiGHS reports it, for comparison only.
    iterations, masters, rounds
        Iterations of HiGHS, restricted masters, and times that all columns were priced.
    """

    plan: Plan
    dual: Optimum
    bound: float
    uses: tuple[BudgetUse, ...]
    objective: float
    iterations: int
    masters: int
    rounds: int

    @staticmethod
    def unlimited(optimum: Optimum, found: LinearSolution | Confirmation) -> Budgeted:
        """The optimum without budgets."""
        return Budgeted(
            plan=Plan.optimal(optimum),
            dual=optimum,
            bound=float(optimum.lower[0]),
            uses=(),
            objective=found.objective,
            iterations=found.iterations,
            masters=0,
            rounds=optimum.rounds,
        )


def within_budgets(
    process: Process, budgets: tuple[Budget, ...], free: Optimum, progress: Callable[[str], None] = silent
) -> Budgeted:
    """The least expected cost of a policy that keeps within budgets.

    Parameters
    ----------
    process
        All columns.
    budgets
        The limits.
    free
        The optimum of the objective without them: where to start.
    progress
        Told what is being done.

    Raises
    ------
    InfeasibleError
        If no policy keeps within the budgets.
    NotCertifiedError
        If no proof is found.
    """
    generation = feasible(process, budgets, free, progress)
    if not generation.met:
        raise_infeasible(generation, free, progress)
    try:
        return _result(generation.run(process, progress))
    except NotCertifiedError as error:
        progress("approaching limits that are at the edge of what is possible")
        for share in WIDER:
            with suppress(NotCertifiedError, ImproperPolicyError):
                return _result(_at_the_edge(process, budgets, free, share, progress))
        with suppress(NotCertifiedError, ImproperPolicyError):
            return _result(feasible(process, budgets, free, progress).run(process, progress, proposed=True))
        raise error from None


def solved_whole(
    process: Process, budgets: tuple[Budget, ...], algorithm: Algorithm, objective: Objective = FIRST_DELIVERY
) -> LinearSolution:
    """What HiGHS answers for all columns, within wider limits where it finds no policy within those at an edge.

    Raises
    ------
    NotCertifiedError
        If it reports no optimum.
    """
    try:
        return solve_program(OccupationProgram.of(process, None, budgets, objective), algorithm)
    except NotCertifiedError:
        wider = tuple(budget.widened(WIDER[0]) for budget in budgets)
        return solve_program(OccupationProgram.of(process, None, wider, objective), algorithm)


def _at_the_edge(
    process: Process, budgets: tuple[Budget, ...], free: Optimum, share: float, progress: Callable[[str], None]
) -> ColumnGeneration:
    """Column generation, ended, for limits at the edge of what is possible, where HiGHS takes roundings for conflicts.

    The basis that is optimal for limits a little wider is so up to the edge.  Its vertex is taken at the limits
    themselves.
    """
    wider = tuple(budget.widened(share) for budget in budgets)
    generation = feasible(process, wider, free, progress).run(process, progress)
    generation.budgets, original, vertex = budgets, dict(zip(wider, budgets, strict=True)), generation.vertex
    binding = tuple(original[budget] for budget in vertex.budgets)
    sides = ["most" if upper else "least" for upper in _uppers(vertex)]
    limits = [float(budget.sides[side]) for budget, side in zip(binding, sides, strict=True)]
    generation.vertex = replace(vertex, budgets=binding, limits=np.array(limits))
    generation.bound = np.inf
    return generation


def _uppers(vertex: Vertex) -> list[bool]:
    """Which of the limits that bind are upper ones."""
    return [budget.ends[1] == limit for budget, limit in zip(vertex.budgets, vertex.limits.tolist(), strict=True)]


def _bound(generation: ColumnGeneration, plan: Plan) -> float:
    """What is proved of the least cost, for what the policy uses where that is beyond a limit by a rounding.

    It holds within the limits all the more.
    """
    vertex = generation.vertex
    used = np.array([plan.used(budget.resource) for budget in vertex.budgets])
    beyond = np.where(_uppers(vertex), np.maximum(used, vertex.limits), np.minimum(used, vertex.limits))
    return min(generation.bound, generation.bound_within(beyond))


def _result(generation: ColumnGeneration) -> Budgeted:
    """The optimum of the last vertex, which must be one.

    Raises
    ------
    NotCertifiedError
        If its policy exceeds the bound, or misses a limit.
    """
    try:
        plan = generation.vertex.plan
    except ImproperPolicyError:
        raise _unattained(generation.vertex.budgets) from None
    bound = _bound(generation, plan)
    uses = tuple(_use(generation.vertex, generation.budgets, budget, plan) for budget in generation.budgets)
    for use in uses:
        if not use.budget.kept(use.used):
            raise _unattained((use.budget,))
    if plan.upper[0] - bound > most_apart(float(plan.upper[0]), generation.dual):
        raise NotCertifiedError(
            f"the bounds within budgets, {bound!r} and {plan.upper[0]!r}, are more than {plan.objective.gap:g} apart, "
            "relative to their size; make runs shorter (a larger p does), or take limits that are not at the edge of "
            "what is possible"
        )
    return Budgeted(
        plan=plan,
        dual=generation.dual,
        bound=bound,
        uses=uses,
        objective=generation.linear.objective,
        iterations=generation.iterations,
        masters=generation.masters,
        rounds=generation.rounds,
    )


def _unattained(budgets: tuple[Budget, ...]) -> NotCertifiedError:
    return NotCertifiedError(
        f"budgets: the least waiting time within {' and '.join(map(str, budgets))} is approached by policies that wait "
        "ever longer, ever more rarely, and attained by none; lower the least limit, or forbid waiting with a rule"
    )


def _use(vertex: Vertex, budgets: tuple[Budget, ...], budget: Budget, plan: Plan) -> BudgetUse:
    """What came of one budget."""
    used = plan.used(budget.resource)
    if budget not in vertex.budgets:
        start, end = (used, np.inf) if budget.most is not None else (0.0, used)
        return BudgetUse(budget, used, 0.0, start, end, degenerate=False)
    row = vertex.budgets.index(budget)
    price, limit = float(vertex.prices[row]), float(vertex.limits[row])
    if not vertex.regular:
        return BudgetUse(budget, used, price, limit, limit, degenerate=True)
    others = tuple((other.resource, *other.ends) for other in budgets if other not in vertex.budgets)
    start, end = vertex.price_range(row, others)
    return BudgetUse(budget, used, price, start, end, degenerate=min(end - limit, limit - start) <= MET * limit)
