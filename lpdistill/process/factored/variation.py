"""The same columns on other hardware: what does not depend on the parameters that change is shared."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.hardware.repertoire import Aimed
from lpdistill.numbers import exact
from lpdistill.physics.closure import closure
from lpdistill.physics.levels import Levels
from lpdistill.physics.rounding import Labels, Rounding
from lpdistill.process.factored.dynamics import Dynamics

SHARED = ("actions", "repertoire", "permitted")
"""What depends on the levels and rules alone."""

LATTICE_PROBES = 64
"""Fidelities at which the levels are looked at, between a raw fidelity and the end of its range, before bisection."""

HALVINGS = 50
"""Halvings of the distance to a raw fidelity at which the levels change: to double precision."""


def varied(dynamics: Dynamics, **changes: Any) -> Dynamics:
    """The same columns for other values of ``p``, ``f0``, ``generation_time`` or ``distillation_time``.

    Raises
    ------
    ModelError
        If a value is out of range, or with another ``f0`` the levels are not those of the problem: then configurations
        and actions do not mean the same.

    Examples
    --------
    >>> from lpdistill import Problem
    >>> here = Dynamics(Problem(0.5, 4, "3/4", "79/100"))
    >>> varied(here, p="0.6").kernel.matchings is here.kernel.matchings
    True
    """
    problem = dynamics.problem.replace(**changes)
    other = replace(dynamics, problem=problem)
    if "f0" not in changes:
        problem.__dict__["levels"] = dynamics.problem.levels
        other.kernel.__dict__.update({name: getattr(dynamics.kernel, name) for name in SHARED})
        return other
    levels = levels_at(dynamics.problem, problem.hardware.f0)
    if levels is None:
        low, high = same_levels(dynamics.problem)
        raise ModelError(
            "f0",
            f"must keep the levels of the problem, so that its configurations mean the same: between {float(low):.9g} "
            f"and {float(high):.9g}",
            changes["f0"],
        )
    problem.__dict__["levels"] = levels
    return other


def without(dynamics: Dynamics, columns: IntArray) -> Dynamics:
    """The same columns with some of them forbidden.

    >>> from lpdistill import Problem
    >>> here = Dynamics(Problem(0.5, 2, "3/4", "78/100"))
    >>> len(here.columns), len(without(here, np.array([2])).columns)
    (4, 3)
    """
    other = replace(dynamics)
    known = dynamics.kernel.permitted
    kept = np.ones(dynamics.numbering.size, dtype=bool) if known is None else known.copy()
    kept[columns] = False
    other.__dict__["kernel"] = dynamics.kernel.changed(permitted=kept)
    return other


def levels_at(problem: Aimed, f0: Fraction) -> Levels | None:
    """The levels for another raw fidelity, or None where they are not made by the same trees, with the same results."""
    known, hardware = problem.levels, problem.hardware
    if isinstance(known, Labels):
        return _labels_at(known, f0, hardware.memories)
    try:
        levels = closure(hardware.distillation, f0, known.target, most=max(len(known), 1), memories=hardware.memories)
    except LimitError:
        return None
    return levels if _structure(levels) == _structure(known) else None


def _labels_at(known: Labels, f0: Fraction, memories: int) -> Labels | None:
    """The labels for another raw fidelity, or None where results are rounded otherwise, up or down."""
    grid, found = known.grid.at(f0), {}
    for rounding in Rounding if grid is not None else ():
        assert grid is not None  # noqa: S101 - or none is looked at
        here, there = (one.labels(rounding, memories, useless=known.useless) for one in (known.grid, grid))
        if _structure(here) != _structure(there):
            return None
        found[rounding] = there
    return found.get(known.rounding)


def _structure(levels: Levels) -> tuple[object, ...]:
    """What a set of levels is, apart from fidelities: trees, results, and the raw level."""
    index = {level.state: level.index for level in levels}
    results = [[index.get(state) for _, state in made.outcomes] for made in levels.combinations.values()]
    rounded = (levels.memories, list(levels.results)) if isinstance(levels, Labels) else None
    return levels.raw, [level.made for level in levels], list(levels.combinations), results, rounded


def same_levels(problem: Aimed) -> tuple[Fraction, Fraction]:
    """The raw fidelities around that of a problem between which its levels stay the same, to double precision.

    Both ends have the levels of the problem; a little beyond, levels differ, or fidelities end.

    >>> from lpdistill import Problem
    >>> low, high = same_levels(Problem(0.5, 4, "3/4", "79/100"))
    >>> round(float(low), 6), round(float(high), 6)
    (0.732817, 0.751496)
    """
    ends = Fraction(1, 2) + Fraction(1, 10**12), Fraction(1)
    return _last(problem, ends[0]), _last(problem, ends[1])


def _last(problem: Aimed, end: Fraction) -> Fraction:
    """The raw fidelity furthest towards an end up to which the levels are the same."""
    inside, outside, here = problem.hardware.f0, end, problem.hardware.f0
    for step in range(1, LATTICE_PROBES + 1):
        # Closer together near the problem's own fidelity, where a change must not be missed.
        tried = here + (end - here) * Fraction(step, LATTICE_PROBES) ** 2
        if levels_at(problem, tried) is None:
            outside = tried
            break
        inside = tried
    else:
        return end
    for _ in range(HALVINGS):
        middle = exact(float((inside + outside) / 2), "f0")
        if levels_at(problem, middle) is None:
            outside = middle
        else:
            inside = middle
    return inside
