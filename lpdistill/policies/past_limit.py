"""Baselines past the pumping limit, each on the levels that it meets itself, as far as these are finitely many."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np

from lpdistill.errors import InfiniteLevelsError
from lpdistill.hardware.actions import Attempts
from lpdistill.physics.aged import AgedGrid
from lpdistill.physics.closure import closure
from lpdistill.physics.limits import most_levels
from lpdistill.physics.maps import consumes
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.physics.truncation import Truncation
from lpdistill.problem.labels import first_grid, with_labels, without_labels
from lpdistill.problem.problem import Problem
from lpdistill.process.factored.baselines import NESTED, PUMPING, Baseline, banded
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program.plan import Plan

PUMPED = 4
"""Levels of pumping that are told apart where it never reaches the target."""

MOST_CONFIGURATIONS = 1_000
"""Configurations of the levels that a baseline may meet, to be evaluated past the pumping limit."""


def own_levels(problem: Problem, chosen: Baseline) -> Problem:
    """The problem with the levels that a baseline meets, where infinitely many lie below the target.

    Nested distillation meets the chain of equal levels.  Pumping two pairs at a time never reaches such a target: its
    higher levels are rounded down.  What others meet is found by following them; the width of a band counts the levels
    that are met.

    Raises
    ------
    InfiniteLevelsError
        If these are more than can be told apart.
    """
    problem = without_labels(problem)
    needed = problem.reach.memories_needed
    out_of_reach = needed is None or needed > problem.memories
    if out_of_reach or problem.reach.finite or any(rule.separable for rule in problem.rules):
        return problem
    raw, target, memories = problem.f0, problem.target, problem.memories
    if chosen.name in (NESTED.name, banded(0).name):
        most = most_levels(memories)
        levels = closure(problem.distillation, raw, target, most=most, memories=memories, allowed=_equal)
        return with_labels(problem, levels)
    grid = first_grid(problem)
    if isinstance(grid, AgedGrid):
        return problem
    never_ends = consumes(problem.distillation) == (2,) and not isinstance(grid, Truncation)
    if chosen.name != PUMPING.name or not never_ends:
        return _followed(problem, chosen, grid)
    for _ in range(PUMPED - 1):
        grid = grid.with_results([(max(grid.trees), raw)])
    return with_labels(problem, grid.labels(Rounding.FLOOR, memories, useless=True))


def _equal(numbers: Sequence[int]) -> bool:
    """Whether states are all the same."""
    return len(set(numbers)) == 1


def _followed(problem: Problem, chosen: Baseline, grid: Grid) -> Problem:
    """The problem with the levels that a baseline meets, found by following it on those found so far."""
    while comb(problem.memories + len(grid), len(grid)) <= MOST_CONFIGURATIONS:
        here, known = with_labels(problem, grid.unrounded(problem.memories)), len(grid)
        dynamics, keys = Dynamics(here, Attempts.FULL), [grid.key(level.state) for level in here.levels]
        columns = chosen.columns(dynamics.kernel)
        entered = Plan.improper(dynamics.choose(columns), np.ones(len(columns))).entered
        actions = dynamics.names.actions(columns[entered])
        distilled = sorted({levels for action in actions for levels in action.distil})
        grid = grid.with_results(tuple(keys[level] for level in reversed(levels)) for levels in distilled)
        if len(grid) == known:
            return here
    reach = problem.reach
    raise InfiniteLevelsError(
        f"policy {chosen.name}: meets more fidelity levels ({len(grid)}, or more) than {MOST_CONFIGURATIONS:,} "
        f"configurations hold, on the way to {float(problem.target):g}, which is not below "
        f"{problem.hardware.endless(reach)}; compare with nested, or take a target below the pumping limit",
        target=float(problem.target),
        pumping_limit=reach.pumping_limit,
        memory_limit=reach.memory_limit,
    )
