"""The figures of arXiv:2606.14908 in its ranges and beyond: optimal times, advantages, many memories.

Times leave the last step out (``final_step="free"``), as the published ones do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.policies.named import OPTIMAL, waiting_times
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import FinalStep
from lpdistill.process.factored.baselines import BASELINES
from lpdistill.progress import Report, silent
from lpdistill.simulation.history import history
from lpdistill.solving import solve
from lpdistill.study.claims import GAP, MOST_SEARCHED_LEVELS, jumps
from lpdistill.study.published_numbers import published
from lpdistill.study.race import Interval, races

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh

P = Interval.of("0.05", "1", "0.05")
RAW_FIDELITIES = Interval.of("0.59", "0.906", "0.004")
SHOWN_P, FEW_P = ("0.3", "0.5", "0.7", "0.9"), ("0.3", "0.9")
FIGURE_MARKERS = "osD^"
MEMORIES = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32)
STYLES = {"pumping": ("--", "s"), "nested": ("-.", "D"), "greedy": (":", "^")}

EXAMPLE, EXAMPLE_SEED = Problem("0.5", 4, "0.9", "0.94", final_step=FinalStep.FREE), 52
"""The problem, and the seed, of the example policy and history: three levels, as in the published point."""

TIME_LABEL = f"expected waiting time\n({pictures.UNIT})"

CONVENTION = "times 1 (generation) and 2 (distillation), last step free"
COMMON = f"M = 4, target f0 + {float(GAP):g}, {CONVENTION}"
"""What the problems of a figure have in common."""

FAINT = 0.1
"""By how many percent a policy is slower at the lower end of the colours."""


@dataclass(frozen=True)
class Atlas:
    """The waiting times of all policies of four memories with gap 0.04, over raw fidelity and generation probability.

    Attributes
    ----------
    f0, p
        The coordinates, (points,) each.
    times
        Waiting time by policy, (p, f0); NaN where there is none.
    """

    f0: FloatArray
    p: FloatArray
    times: dict[str, FloatArray]

    @staticmethod
    def computed(*, jobs: int = 1, progress: Report = silent) -> Atlas:
        """Compute it."""
        points = [(p, 4, f0, GAP) for p in P.values for f0 in RAW_FIDELITIES.values]
        found = races(points, MOST_SEARCHED_LEVELS + 1, jobs=jobs, progress=progress, doing="atlas")
        shape = len(P.values), len(RAW_FIDELITIES.values)
        return Atlas(
            np.array(RAW_FIDELITIES.values, dtype=np.float64),
            np.array(P.values, dtype=np.float64),
            {
                name: np.array([np.nan if one is None else one.times[name] for one in found]).reshape(shape)
                for name in (OPTIMAL, *BASELINES)
            },
        )


def optimal_time(atlas: Atlas) -> Axes:
    """Least waiting time over raw fidelity and generation probability, with the jumps marked."""
    from matplotlib.colors import LogNorm  # noqa: PLC0415 - an extra, and slow to import

    left, right = pictures.panels(2, width=10.5, height=4.5, about=f"{COMMON}; vertical lines: the levels change")
    points = [point for point in published() if point.table == "grid" and point.policy == OPTIMAL]
    for p, colour, marker in zip(SHOWN_P, pictures.COLOURS, FIGURE_MARKERS, strict=False):
        row = atlas.times[OPTIMAL][np.argmin(np.abs(atlas.p - float(p)))]
        left.plot(*_broken(atlas.f0, row), color=colour, lw=1.5)
        ours = [point for point in points if point.problem.p == Fraction(p)]
        places = [float(point.problem.f0) for point in ours]
        left.plot(places, [point.waiting_time for point in ours], marker, color=colour, ms=5, label=f"p = {p}")
    _mark(left, text=True)
    left.set(xlabel="raw fidelity f0 (target f0 + 0.04)", ylabel=f"least {TIME_LABEL}", yscale="log")
    left.set_ylim(top=1.6 * left.get_ylim()[1])  # room for what the lines are
    pictures.mark(left.yaxis, *left.get_ylim())
    left.legend(frameon=False, title="published values, on", title_fontsize="small", fontsize="small")
    seen = atlas.times[OPTIMAL][np.isfinite(atlas.times[OPTIMAL])]
    mesh = _map(right, atlas, atlas.times[OPTIMAL], norm=LogNorm(float(seen.min()), float(seen.max())))
    _beside([right], mesh, f"least {TIME_LABEL}", (float(seen.min()), float(seen.max())))
    return left


def advantages(atlas: Atlas) -> Axes:
    """By what share of the optimum each baseline takes longer, over raw fidelity and generation probability."""
    from matplotlib.colors import LogNorm  # noqa: PLC0415 - an extra, and slow to import

    drawn = pictures.panels(len(BASELINES), width=12.0, height=4.1, share=True, about=COMMON)
    excesses = {name: 100 * (atlas.times[name] / atlas.times[OPTIMAL] - 1) for name in BASELINES}
    most = max(float(np.nanmax(excess)) for excess in excesses.values())
    for panel, (name, excess) in zip(drawn, excesses.items(), strict=True):
        mesh = _map(panel, atlas, excess, norm=LogNorm(FAINT, most, clip=True))
        panel.set_title(name, loc="left")
    _beside(drawn, mesh, "longer than the optimum (%)", (FAINT, most), extend="min")
    for panel in drawn[1:]:
        panel.set_ylabel("")
    return drawn[0]


def many_memories(progress: Report = silent) -> Axes:
    """Waiting times of all policies against the number of memories, and by how much baselines are slower."""
    left, right = pictures.panels(2, width=10.5, height=4.5, about=f"0.75 -> 0.79, {CONVENTION}")
    found = {}
    for p in FEW_P:
        for number, memories in enumerate(MEMORIES):
            progress(f"many memories, p = {p}", number, len(MEMORIES))
            problem = Problem(p, memories, "0.75", "0.79", final_step=FinalStep.FREE)
            found[p, memories] = waiting_times(problem)
    for p, colour in zip(FEW_P, pictures.COLOURS, strict=False):
        left.plot(MEMORIES, [found[p, m][OPTIMAL] for m in MEMORIES], "-", color=colour, lw=1.5)
        known = [one for one in published() if one.table == "memories" and one.problem.p == Fraction(p)]
        places, times = [one.problem.memories for one in known], [one.waiting_time for one in known]
        left.plot(places, times, "o", color=colour, ms=5, label=f"p = {p}, published up to 6")
        for name, (dash, marker) in STYLES.items():
            excess = [100 * (found[p, m][name] / found[p, m][OPTIMAL] - 1) for m in MEMORIES]
            right.plot(MEMORIES, excess, dash, marker=marker, ms=3.5, lw=1.3, color=colour, label=f"{name}, p = {p}")
    left.axhline(3, color="0.6", lw=0.8)
    left.annotate("limit of many memories", (2, 3), (0, 3), textcoords="offset points", color=pictures.INK)
    left.set(ylabel=f"least {TIME_LABEL}", yscale="log")
    pictures.mark(left.yaxis, *left.get_ylim())
    right.set(ylabel="longer than the optimum (%)")
    for panel in (left, right):
        panel.set(xlabel="memories M", xscale="log")
        panel.set_xticks([2, 4, 8, 16, 32], ["2", "4", "8", "16", "32"])
        panel.xaxis.set_ticks([], minor=True)
    left.legend(frameon=False, fontsize="small")
    trapped = "nested with two memories\nis trapped for ever"
    right.legend(frameon=False, fontsize="small", title=trapped, title_fontsize="small")
    return left


def example_policy() -> Axes:
    """The optimal policy of the example: what it does in the configurations that runs visit most."""
    return solve(EXAMPLE).policy.plot(most=12)


def example_history() -> Axes:
    """One run of the optimal policy of the example."""
    return history(solve(EXAMPLE).policy, seed=EXAMPLE_SEED).plot()


def _broken(f0: FloatArray, row: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A curve that is interrupted where it jumps."""
    at = np.searchsorted(f0, [float(jump) for jump in jumps()])
    return np.insert(f0, at, np.nan), np.insert(row, at, np.nan)


def _mark(drawn: Axes, *, text: bool = False) -> None:
    """Mark the raw fidelities at which the levels change."""
    for jump in jumps():
        drawn.axvline(float(jump), color=pictures.INK if text else "white", lw=0.8, ls=":")
        if text:
            drawn.annotate(
                f"{float(jump):.5f}",
                (float(jump), 1.0),
                (2, -2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                rotation=90,
                va="top",
                fontsize="x-small",
                color=pictures.INK,
            )


def _map(drawn: Axes, atlas: Atlas, values: FloatArray, **how: Any) -> QuadMesh:
    mesh = drawn.pcolormesh(atlas.f0, atlas.p, np.ma.masked_invalid(values), cmap="cividis", shading="nearest", **how)
    drawn.set_facecolor("0.85")
    _mark(drawn)
    drawn.set(xlabel="raw fidelity f0 (target f0 + 0.04)", ylabel="generation probability p")
    return mesh


def _beside(
    drawn: Sequence[Axes], mesh: QuadMesh, label: str, span: tuple[float, float], extend: str = "neither"
) -> None:
    """The logarithmic scale of colours beside the maps that have it."""
    bar = pictures.figure_of(drawn[0]).colorbar(mesh, ax=list(drawn), label=label, extend=extend)
    pictures.mark(bar.ax.yaxis, *span)
