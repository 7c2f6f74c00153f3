"""A policy map drawn: the least expected waiting time, a line a piece, breakpoints marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.solution.document import measure
from symbolic.maps.sweep import Axis, Quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symbolic.maps.pieces import Piece, PolicyMap

SAMPLES = 400
LEAST_P = 0.05
"""Where the curve of waiting times in ``p`` begins, for it grows like ``1 / p``."""

ROOM = 0.03
"""Share of a picture's width that the label of a breakpoint takes; the legend has those that are too close, too."""

INSIDE = 10
"""Pieces up to which the legend stands inside the picture; that of more stands beside it."""

AXIS_LABELS = {
    Axis.P: "generation success probability p",
    Axis.RATIO: r"$\tau_d / \tau_g$: duration of distillation over that of generation",
}


def plot_map(found: PolicyMap, ax: Axes | None = None) -> Axes:
    """Draw a policy map.

    Parameters
    ----------
    found
        The map.
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    ModelError
        If matplotlib is not installed.
    """
    timed = found.quantity is Quantity.GAIN
    falling = (found.axis is Axis.P) is not timed
    drawn = pictures.canvas(ax, found.fixed, width=7.2, height=4.2)
    marks = [float(point.value) for point in found.breakpoints]
    ends = (0.0, 1.0 if found.axis is Axis.P else 1.5 * max(marks, default=2.0))
    if found.axis is Axis.P and not timed:
        ends = (min([LEAST_P, *(mark / 2 for mark in marks)]), 1.0)
    for number, piece in enumerate(found.pieces):
        x = np.linspace(max(float(piece.low), ends[0]), min(float(piece.high or ends[1]), ends[1]), SAMPLES)
        drawn.plot(x, _values(piece, x), **pictures.style(number), lw=2, label=_named(piece, number))
    # Labels stand above the curve, aslant and across it, so that close ones stay apart.
    note: dict[str, Any] = {
        "xytext": (3 if falling else -3, 4),
        "textcoords": "offset points",
        "rotation": 45 if falling else -45,
        "rotation_mode": "anchor",
        "horizontalalignment": "left" if falling else "right",
        "fontsize": 9,
    }
    free = ends[0]
    for number, (point, mark) in enumerate(zip(found.breakpoints, marks, strict=True)):
        height = float(_values(found.pieces[number], np.array([mark]))[0])
        drawn.plot([mark], [height], "o", color="black", markersize=5, zorder=3)
        if mark >= free:
            drawn.annotate(point.value.decimals(4), (mark, height), **note)
            free = mark + ROOM * (ends[1] - ends[0])
    if 0 < ends[0] < LEAST_P:
        drawn.set_yscale("log")
        pictures.mark(drawn.yaxis, *drawn.get_ylim())
    drawn.set(xlabel=AXIS_LABELS[found.axis], ylabel=_value_label(found))
    inside = {"loc": "upper right" if falling else "lower right"}
    beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "ncols": -(-len(found.pieces) // (2 * INSIDE))}
    place: dict[str, Any] = inside if len(found.pieces) <= INSIDE else beside
    drawn.legend(frameon=False, fontsize="small", title="optimal policies", title_fontsize="small", **place)
    return drawn


def _named(piece: Piece, number: int) -> str:
    """A piece in the legend: its number, and from where to where it goes."""
    low = piece.low.label(4)
    return f"{number + 1}: from {low}" + (" on" if piece.high is None else f" to {piece.high.label(4)}")


def _value_label(found: PolicyMap) -> str:
    """The label of the axis of values."""
    if found.quantity is Quantity.WAITING_TIME:
        return f"least expected waiting time\n({measure(found.problem)})"
    return f"greatest gain\n(pairs per {found.problem.hardware.unit or 'unit of time'})"


def _values(piece: Piece, x: np.ndarray) -> np.ndarray:
    """The waiting time of a piece: its exact values at the given floating-point numbers, rounded."""
    return np.array([float(piece.value(value)) for value in x.tolist()])
