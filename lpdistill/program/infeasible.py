"""Budgets that no policy meets: which of them conflict, and what would be possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import numpy as np

from lpdistill.errors import InfeasibleError
from lpdistill.model.budgets import Budget
from lpdistill.model.resources import TIME
from lpdistill.program.column_generation import ColumnGeneration, feasible
from lpdistill.program.highs import irreducible
from lpdistill.program.occupation import OccupationProgram
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum


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
    workable = _workable(narrowed)
    first, *others = narrowed.budgets
    if not others:
        side = "most" if first.least is None or narrowed.linear.shortfalls[1, 0] > 0 else "least"
        extreme = "least" if side == "most" else "greatest"
        message = (
            f"budget {first.name}: no policy keeps within {first}; the {extreme} workable limit is "
            f"{workable[first.name]:.9g}"
        )
        if len(generation.budgets) > 1:
            message += "; all budgets are met, for example, with limits of " + _listed(together)
    else:
        message = (
            f"budgets: no policy keeps within {' and '.join(map(str, narrowed.budgets))} together, though within all "
            "but any one of them; together they are met, for example, with limits of "
            + _listed(together)
            + " (the least change, relative to the limits)"
        )
    raise InfeasibleError(message, conflict=narrowed.budgets, workable=together)


def _listed(limits: dict[str, float]) -> str:
    return ", ".join(f"{limit:.9g} for {name}" for name, limit in limits.items())


def _irreducible(generation: ColumnGeneration, free: Optimum, progress: Callable[[str], None]) -> ColumnGeneration:
    """Column generation, ended, for budgets that cannot be met together while all but any one of them can.

    HiGHS names an irreducible set of the restricted master.  More columns may meet that set, which sends the search
    back to a larger master; and budgets that only the restricted master needs for its conflict are left out.
    """
    process = free.policy.process
    while True:
        program = OccupationProgram.of(process, generation.columns, generation.budgets)
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


def _workable(generation: ColumnGeneration) -> dict[str, float]:
    """Limits that can be met: those missed, moved by what they were missed."""
    if len(generation.budgets) == 1 and generation.linear.shortfalls[1, 0] > 0:
        policy = generation.dual.policy
        plan = Plan.of(generation.dual.policy.process.under(TIME).choose(policy.columns), np.ones(len(policy.columns)))
        return {generation.budgets[0].name: plan.used(generation.budgets[0].resource)}
    found = {}
    for budget, short, over in zip(generation.budgets, *generation.linear.shortfalls.tolist(), strict=True):
        found[budget.name] = _moved(budget, short, over)
    return found


def _moved(budget: Budget, short: float, over: float) -> float:
    """The limit of a budget that was missed, moved to where it is met; or the limit it has."""
    if over > 0 or budget.least is None:
        return float(budget.most or 0) + over
    return float(budget.least) - short
