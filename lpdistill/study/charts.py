"""Pictures of sweeps: lines over one axis, maps over two."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError, names_like
from lpdistill.numbers import member
from lpdistill.policies.named import OPTIMAL
from lpdistill.solution.document import measure
from lpdistill.study.grid import Axis, Grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lpdistill.study.result import Sweep

WIDE = 20.0
"""Ratio of the greatest to the least number from which a scale is logarithmic."""

SPREAD = 4.0
"""Ratio of the greatest number to the middle one from which the colours of a map are logarithmic."""

DEPTH = 1000.0
"""Ratio of the greatest to the least number that logarithmic colours tell apart."""

POLICY_MARKERS = "osD^vP"
POLICY_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))

AXIS_NAMES = {
    "p": "generation success probability p",
    "f0": "raw fidelity f0",
    "memories": "memories M",
    "gap": "gap, target - f0",
    "target": "target fidelity",
    "generation_time": "duration of generation",
    "distillation_time": "duration of distillation",
    "distance": "distance of the nodes (in m)",
    "signal_speed": "speed of signals (in m/s)",
}


class Quantity(StrEnum):
    """What is drawn."""

    WAITING_TIME = "waiting_time"
    """Expected waiting time."""
    ADVANTAGE = "advantage"
    """The share of a policy's waiting time that the optimum saves."""


TITLES = {
    Quantity.WAITING_TIME: "expected waiting time",
    Quantity.ADVANTAGE: "advantage of the optimum, (T - T_opt) / T",
}


def varying(grid: Grid) -> list[Axis]:
    """The axes with several values.

    Raises
    ------
    ModelError
        If there are more than a picture has.
    """
    several = [axis for axis in grid.axes if len(axis.values) > 1]
    if len(several) > 2:
        names = ", ".join(axis.name for axis in several)
        raise ModelError("plot", f"must have at most two axes with several values, not {names}; fix some", None)
    return several


def chart(sweep: Sweep, ax: Axes | None, quantity: Quantity | str, policy: str | None) -> Axes:
    """Draw a sweep."""
    what = member(Quantity, quantity, "quantity")
    several = varying(sweep.grid)
    names = drawable(sweep.policies, what, policy)
    if len(several) < 2:
        drawn = pictures.canvas(ax, sweep.grid.common)
        _lines(sweep, drawn, what, names)
        return drawn
    drawn = pictures.canvas(ax, sweep.grid.common, width=7.4, height=5.2)
    _map(sweep, drawn, what, names[0])
    return drawn


def drawable(policies: tuple[str, ...], quantity: Quantity, policy: str | None) -> tuple[str, ...]:
    """The policies that have a quantity.

    Raises
    ------
    ModelError
        If there is none, or the policy that is asked for has not.
    """
    names = policies
    if quantity is Quantity.ADVANTAGE:
        names = tuple(name for name in policies if name != OPTIMAL) if OPTIMAL in policies else ()
        if not names:
            raise ModelError("quantity", "advantage needs the optimal and another policy", ", ".join(policies))
    if policy is not None and policy not in names:
        raise ModelError("policy", f"must be one of {names_like(names, policy)}", policy)
    return names if policy is None else (policy,)


def _of(sweep: Sweep, quantity: Quantity, policy: str) -> FloatArray:
    """A quantity of one policy in the order of the grid, NaN where there is none, (points,)."""
    found = [row.advantage if quantity is Quantity.ADVANTAGE else row.waiting_time for row in sweep[policy]]
    return np.array([np.nan if value is None else value for value in found])


def _lines(sweep: Sweep, drawn: Axes, quantity: Quantity, names: tuple[str, ...]) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - an extra, and slow to import

    axis = next((axis for axis in sweep.grid.axes if len(axis.values) > 1), None)
    axis = axis or (sweep.grid.axes[0] if sweep.grid.axes else None)
    across, labels = _positions(axis)
    order = np.argsort(across, kind="stable")
    every = np.concatenate([_of(sweep, quantity, name) for name in names])
    seen = every[np.isfinite(every)]
    for i, name in enumerate(names):
        values = _of(sweep, quantity, name)[order]
        colour, marker = pictures.COLOURS[i % len(pictures.COLOURS)], POLICY_MARKERS[i % len(POLICY_MARKERS)]
        dash = POLICY_DASHES[i % len(POLICY_DASHES)] if labels is None else "none"
        missing = np.count_nonzero(~np.isfinite(values))
        label = f"{name} ({missing} of {len(values)} without)" if missing else name
        # Later lines are thinner, so that lines that coincide are all seen.
        width, size = max(1.2, 3.2 - 0.7 * i), max(3.5, 8.0 - 1.5 * i)
        drawn.plot(across[order], values, ls=dash, lw=width, ms=size, label=label, color=colour, marker=marker)
    if labels is not None:
        drawn.set_xticks(across, labels)
        drawn.set_xlim(-0.5, len(across) - 0.5)
    elif axis is not None and axis.name == "memories":
        drawn.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(seen) and seen.min() > 0 and seen.max() / seen.min() > WIDE and quantity is Quantity.WAITING_TIME:
        drawn.set_yscale("log")
        pictures.mark(drawn.yaxis, *drawn.get_ylim())
    elif len(seen):
        low, high = min(0.0, float(seen.min())), max(0.0, float(seen.max()))
        drawn.set_ylim(low, high + 0.1 * (high - low or 1.0))
    drawn.set_xlabel("" if axis is None else _name(axis, sweep))
    drawn.set_ylabel(_title(quantity, sweep))
    if len(names) > 1:
        drawn.legend(frameon=False)
    else:
        drawn.set_title(str(drawn.lines[-1].get_label()), loc="left", fontsize="medium")


def _positions(axis: Axis | None) -> tuple[FloatArray, tuple[str, ...] | None]:
    """Where the values of an axis lie, and their labels if they are not numbers."""
    if axis is None:
        return np.zeros(1), ("",)
    if axis.numeric:
        return np.array([float(value) for value in axis.values if not isinstance(value, tuple)]), None
    return np.arange(len(axis.values), dtype=float), axis.labels


def _name(axis: Axis, sweep: Sweep) -> str:
    """What an axis is, with its unit."""
    named = AXIS_NAMES.get(axis.name, axis.name.replace("_", " "))
    return f"{named} ({_measure(sweep)})" if axis.name.endswith("_time") else named


def _title(quantity: Quantity, sweep: Sweep) -> str:
    """What is drawn, with its unit."""
    return f"{TITLES[quantity]}\n({_measure(sweep)})" if quantity is Quantity.WAITING_TIME else TITLES[quantity]


def _measure(sweep: Sweep) -> str:
    """What times are measured in: alike in all problems."""
    problem = next((point.problem for point in sweep.points if point.problem is not None), None)
    return pictures.UNIT if problem is None else measure(problem)


def _map(sweep: Sweep, drawn: Axes, quantity: Quantity, policy: str) -> None:
    from matplotlib.colors import LogNorm, Normalize  # noqa: PLC0415 - an extra, and slow to import

    across, up = varying(sweep.grid)
    values = _of(sweep, quantity, policy).reshape(len(across.values), len(up.values)).T
    columns, rows = (np.argsort(_positions(axis)[0], kind="stable") for axis in (across, up))
    values = values[np.ix_(rows, columns)]
    seen = values[np.isfinite(values)]
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    wide = high > SPREAD * max(0.0, float(np.median(seen))) if len(seen) else False
    least = max(low, high / DEPTH) if wide else low
    drawn.set_facecolor("0.85")
    mesh = drawn.pcolormesh(
        np.arange(len(across.values) + 1),
        np.arange(len(up.values) + 1),
        np.ma.masked_invalid(values),
        cmap="cividis",
        norm=LogNorm(least, high, clip=True) if wide else Normalize(low, high),
    )
    for axis, order, set_ticks in ((across, columns, drawn.set_xticks), (up, rows, drawn.set_yticks)):
        labels = [_tick(axis, int(i)) for i in order]
        step = -(-len(labels) // 12)
        set_ticks(np.arange(len(labels))[::step] + 0.5, labels[::step])
    below = "min" if low < least else "neither"
    bar = pictures.figure_of(drawn).colorbar(mesh, ax=drawn, label=_title(quantity, sweep), extend=below)
    if wide:
        pictures.mark(bar.ax.yaxis, least, high)
    missing = f"; grey: {values.size - len(seen)} without" if len(seen) < values.size else ""
    drawn.set_title(policy + missing, loc="left", fontsize="medium")
    drawn.set_xlabel(_name(across, sweep))
    drawn.set_ylabel(_name(up, sweep))


def _tick(axis: Axis, i: int) -> str:
    value = axis.values[i]
    return axis.labels[i] if isinstance(value, tuple) else f"{float(value):.6g}"
