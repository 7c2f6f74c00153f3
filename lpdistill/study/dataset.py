"""A sweep as labelled arrays: a dimension for every axis, and everything that says what was computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from lpdistill.errors import ModelError
from lpdistill.numbers import UNIT_OF_TIME, exact
from lpdistill.problem.settings import SETTINGS, numeric
from lpdistill.process.resources import RESOURCES
from lpdistill.solution.document import in_common
from lpdistill.study.outcome import RESULTS, numbers

if TYPE_CHECKING:
    import xarray as xr

    from lpdistill.problem.problem import Problem
    from lpdistill.study.grid import Grid, Point

Variable: TypeAlias = tuple[Any, Any, dict[str, str]]
"""Dimensions, values, attributes."""

TIMES = ("waiting_time", "lower_bound", "upper_bound", "std")
"""Numbers of an outcome that are in the user's unit of time."""

UNITS = {
    **dict.fromkeys(TIMES, UNIT_OF_TIME),
    **{name: setting.unit for name, setting in SETTINGS.items() if setting.unit},
    **{name: resource.unit for name, resource in RESOURCES.items() if resource.unit},
    "seconds": "s",
}
"""Units of what is not a pure number."""


class Swept(Protocol):
    """What a dataset is made of (:class:`lpdistill.Sweep`)."""

    @property
    def grid(self) -> Grid:
        """What was swept."""
        ...

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the policies."""
        ...

    @property
    def points(self) -> tuple[Point, ...]:
        """The problems."""
        ...

    @property
    def rows(self) -> Sequence[Any]:
        """All points with their outcomes."""
        ...


def dataset_of(sweep: Swept) -> xr.Dataset:
    """The dataset of :meth:`Sweep.to_dataset <lpdistill.Sweep.to_dataset>`."""
    try:
        import xarray as xr  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise ModelError("to_dataset", "needs xarray; install lpdistill[arrays]", None) from None
    policies = ("policy", list(sweep.policies))
    return xr.Dataset(_variables(sweep), {**_axes(sweep), **_settings(sweep), "policy": policies}, _about(sweep))


def _variables(sweep: Swept) -> dict[str, Variable]:
    """What came of every policy on every problem."""
    names = [*(axis.name for axis in sweep.grid.axes), "policy"]
    shape = [*(len(axis.values) for axis in sweep.grid.axes), len(sweep.policies)]
    rows = [numbers(row.outcome) | {"advantage": row.advantage} | dict(row.outcome.expected) for row in sweep.rows]
    expected = dict.fromkeys(name for row in sweep.rows for name in row.outcome.expected)
    found: dict[str, Variable] = {}
    for name in (*TIMES, "advantage", "relative_gap", "levels", "labels", "seconds", *expected):
        values = [np.nan if row.get(name) is None else row[name] for row in rows]
        found[name] = names, np.array(values, dtype=float).reshape(shape), _attributes(name, sweep)
    for name in ("status", "message"):
        found[name] = names, np.array([row[name] for row in rows], dtype=object).reshape(shape), {}
    return found


def _axes(sweep: Swept) -> dict[str, Variable]:
    """The coordinates along which the sweep runs."""
    return {
        axis.name: (
            axis.name,
            [axis.coordinate(value) for value in axis.values],
            {"exact": ", ".join(axis.labels), **_units(axis.name, sweep)},
        )
        for axis in sweep.grid.axes
    }


def _settings(sweep: Swept) -> dict[str, Variable]:
    """The other numbers of the problems: one for all, and target or gap along the axes that they follow."""
    grid, one = sweep.grid, _problems(sweep)[0]
    swept = {axis.name: axis.values for axis in grid.axes}
    rows = [SETTINGS[name] for name in swept if name in SETTINGS]
    follows = {name for row in rows for name in (row.instead_of, *row.derives)}
    found: dict[str, Variable] = {
        name: (
            (),
            SETTINGS[name].cell(one),
            {"exact": SETTINGS[name].exact(one), **_units(name, sweep)},
        )
        for name in numeric()
        if name not in {"target", *swept, *follows}
    }
    given, other = ("gap", "target") if "gap" in {*swept, *grid.fixed} else ("target", "gap")
    raw = swept.get("f0", (one.f0,))
    aims = swept.get(given, (exact(grid.fixed.get(given, one.target), given),))
    sign = 1 if given == "gap" else -1
    follow = [[sign * f0 + aim for aim in aims] for f0 in raw]  # type: ignore[operator]  # both are numbers
    dimensions = [name for name in ("f0", given) if name in swept]
    shape = [len(swept[name]) for name in dimensions]
    found[other] = dimensions, np.array(follow, dtype=float).reshape(shape), {}
    if given not in swept:
        found[given] = (), float(aims[0]), {"exact": str(aims[0])}  # type: ignore[arg-type]  # a number
    return found


def _problems(sweep: Swept) -> list[Problem]:
    """The problems of all points; of those beyond fidelity 1, all but their target."""
    return [point.problem or sweep.grid.nearest(point.at) for point in sweep.points]


def _about(sweep: Swept) -> dict[str, str]:
    """What the dataset is about: settings as they were given, and all that is the same at every point, exactly."""
    problems = _problems(sweep)
    return {
        "title": "Expected waiting times of distillation policies",
        "source": RESULTS,
        "final_step": str(problems[0].final_step),
        **{name: str(value) for name, value in sweep.grid.fixed.items()},
        "problem": json.dumps(in_common(problems)),
    }


def _units(name: str, sweep: Swept) -> dict[str, str]:
    """The unit of a number that has one; of times that of the problems, if it is known."""
    if name not in UNITS:
        return {}
    first = sweep.points[0]
    unit = (first.problem or sweep.grid.nearest(first.at)).hardware.unit
    return {"units": UNITS[name] if unit is None else UNITS[name].replace(UNIT_OF_TIME, unit)}


def _attributes(name: str, sweep: Swept) -> dict[str, str]:
    return {
        "units": "1",
        **_units(name, sweep),
        **({"long_name": "(T - T_optimal) / T"} if name == "advantage" else {}),
    }
