"""Budgets that no policy meets: which of them conflict, and what would be possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from lpdistill.errors import InfeasibleError
from lpdistill.numbers import at_least, at_most
from lpdistill.process.budgets import MET, Budget
from lpdistill.process.tariff import TIME
from lpdistill.program.column_generation import ColumnGeneration, feasible
from lpdistill.program.highs import irreducible
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum

LIMIT_DIGITS = 9
"""Significant digits of a limit in a message."""

USE_ROUNDING = 1e-13
"""Share by which the expected use of a policy may be rounded."""


def raise_infeasible(generation: ColumnGeneration, free: Optimum, progress: Callable[[str], None]) -> NoReturn:
    """Name the budgets that cannot be met together, and by how little they would have to give way.

    Parameters
    ----------
    generation
        Column generation that has ended without meeting its limits.
    free
        The optimum without budgets.
    progress
        Told what is being done.

    Raises
    ------
    InfeasibleError
        Always.
    """
    progress("finding the budgets that conflict")
    together = _workable(generation)
    narrowed = _irreducible(generation, free, progress)
    alone = _workable(narrowed)
    first, *others = narrowed.budgets
    if not others:
        limit = alone[first.name]
        extreme = "least" if limit.upper else "greatest"
        message = f"budget {first.name}: no policy keeps within {first}; the {extreme} workable limit is {limit}"
        if len(generation.budgets) > 1:
            message += "; all budgets are met, for example, with limits of " + _listed(together)
    else:
        message = (
            f"budgets: no policy keeps within {' and '.join(map(str, narrowed.budgets))} together, though within all "
            "but any one of them; together they are met, for example, with limits of "
            + _listed(together)
            + " (the least change, relative to the limits)"
        )
    workable = {name: limit.value for name, limit in together.items()}
    raise InfeasibleError(message, conflict=narrowed.budgets, workable=workable)


@dataclass(frozen=True, slots=True)
class _Limit:
    """A limit that can be met, and whether it is an upper one; printed, it is rounded to where it can be met."""

    value: float
    upper: bool

    def __str__(self) -> str:
        return at_least(self.value, LIMIT_DIGITS) if self.upper else at_most(self.value, LIMIT_DIGITS)

    def eased(self, share: float) -> _Limit:
        """The limit moved by a share of itself to where more policies meet it."""
        return _Limit(self.value * (1 + share if self.upper else 1 - share), self.upper)


def _listed(limits: dict[str, _Limit]) -> str:
    return ", ".join(f"{limit} for {name}" for name, limit in limits.items())


def _irreducible(generation: ColumnGeneration, free: Optimum, progress: Callable[[str], None]) -> ColumnGeneration:
    """Column generation, ended, for budgets that cannot be met together while all but any one of them can.

    HiGHS names an irreducible set of the restricted master.  More columns may meet that set, which sends the search
    back to a larger master; and budgets that only the restricted master needs for its conflict are left out.
    """
    process = free.policy.process
    while True:
        program = OccupationProgram.of(process, generation.columns, generation.budgets, generation.objective)
        narrowed = feasible(process, tuple(generation.budgets[i] for i in irreducible(program)), free, progress)
        if not narrowed.met:
            break
        generation.columns = np.union1d(generation.columns, narrowed.columns)
    for budget in narrowed.budgets:
        rest = tuple(other for other in narrowed.budgets if other != budget)
        if rest:
            fewer = feasible(process, rest, free, progress)
            narrowed = narrowed if fewer.met else fewer
    return narrowed


def _workable(generation: ColumnGeneration) -> dict[str, _Limit]:
    """Limits that can be met: those missed, moved by what they were missed, and by what that may be rounded."""
    budgets, shortfalls = generation.budgets, generation.linear.shortfalls
    if len(budgets) == 1 and shortfalls[1, 0] > 0:
        policy = generation.dual.policy
        plan = Plan.of(generation.dual.policy.process.under(TIME).choose(policy.columns), np.ones(len(policy.columns)))
        return {budgets[0].name: _Limit(plan.used(budgets[0].resource), upper=True).eased(USE_ROUNDING)}
    return {b.name: _moved(b, short, over) for b, short, over in zip(budgets, *shortfalls.tolist(), strict=True)}


def _moved(budget: Budget, short: float, over: float) -> _Limit:
    """The limit of a budget that was missed, moved to where it is met; or the limit it has."""
    upper = over > 0 or budget.least is None
    limit = _Limit(float(budget.sides["most" if upper else "least"]) + (over if upper else -short), upper)
    return limit.eased(MET) if over > 0 or short > 0 else limit
