"""A policy map drawn: the least expected waiting time, one colour a piece, breakpoints marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from symbolic.sweep import Axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symbolic.policy_maps import Piece, PolicyMap

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
SAMPLES = 400
LEAST_P = 0.05
"""Where the curve in ``p`` begins, for it grows like ``1 / p``."""


def plot_map(found: PolicyMap, axes: Axes | None = None) -> Axes:
    """Draw a policy map.

    Parameters
    ----------
    found
        The map.
    axes
        Where to draw; a new figure by default.
    """
    axes = axes if axes is not None else plt.subplots(figsize=(7.2, 3.8), layout="constrained")[1]
    marks = [float(point.value) for point in found.breakpoints]
    if found.axis is Axis.P:
        ends = min([LEAST_P, *(mark / 2 for mark in marks)]), 1.0
    else:
        ends = 0.0, 1.5 * max(marks, default=2.0)
    for number, piece in enumerate(found.pieces):
        x = np.linspace(max(float(piece.low), ends[0]), min(float(piece.high or ends[1]), ends[1]), SAMPLES)
        axes.plot(x, _values(piece, x), color=COLOURS[number % len(COLOURS)], linewidth=2)
    # Labels stand above the curve, aslant and across it, so that close ones stay apart.
    falling = found.axis is Axis.P
    note: dict[str, Any] = {
        "xytext": (3 if falling else -3, 4),
        "textcoords": "offset points",
        "rotation": 45 if falling else -45,
        "rotation_mode": "anchor",
        "horizontalalignment": "left" if falling else "right",
        "fontsize": 9,
    }
    for number, (point, mark) in enumerate(zip(found.breakpoints, marks, strict=True)):
        height = float(_values(found.pieces[number], np.array([mark]))[0])
        axes.plot([mark], [height], "o", color="black", markersize=5, zorder=3)
        axes.annotate(point.value.decimals(4), (mark, height), **note)
    if found.axis is Axis.P:
        axes.set(xlabel="p", yscale="log" if ends[0] < LEAST_P else "linear")
    else:
        axes.set(xlabel=r"$\tau_d / \tau_g$")
    axes.set(ylabel="least expected waiting time")
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _values(piece: Piece, x: np.ndarray) -> np.ndarray:
    """The waiting time of a piece: its exact values at the given floating-point numbers, rounded."""
    return np.array([float(piece.waiting_time(value)) for value in x.tolist()])
