"""The histogram of simulated waiting times.

Without jitter every run ends at a whole number of units, the greatest common divisor of the durations.  Bins hold
equally many of these times each, or else the picture would have peaks and dips that the runs have not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from lpdistill import pictures
from lpdistill.arrays import FloatArray
from lpdistill.problem.problem import Problem
from lpdistill.solution.document import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lpdistill.simulation.simulated import Simulation

BARS = 60
"""Bars of a histogram, at most."""

MOST_UNITS = 2**53
"""Units that a float counts one by one; beyond, times are as good as continuous."""

SHOWN_SHARE = 0.995
"""Share of the runs that a histogram shows; the longest would leave no room for the others."""


@dataclass(frozen=True, slots=True)
class Bins:
    """How many runs end in intervals of one length.

    Attributes
    ----------
    edges
        The ends of the intervals, increasing, (bins + 1,).
    counts
        The runs in each, (bins,).
    times
        The possible waiting times in each interval; None where runs may end at any time.
    """

    edges: FloatArray
    counts: FloatArray
    times: int | None

    @property
    def width(self) -> float:
        """The length of an interval."""
        return float(self.edges[1] - self.edges[0])


def binned(samples: FloatArray, problem: Problem, *, jitter: bool) -> Bins:
    """Waiting times in at most :data:`BARS` intervals of one length, the longest times left out.

    Parameters
    ----------
    samples
        Finite waiting times, at least one, (runs,) in the user's unit of time.
    problem
        Whose durations say when runs can end.
    jitter
        Whether durations vary, so that runs can end at any time.
    """
    end = np.sort(samples)[int(SHOWN_SHARE * (len(samples) - 1))]
    unit = _common(problem.generation_time, problem.distillation_time) or Fraction(1)
    if jitter or end > MOST_UNITS * unit:
        counts, edges = np.histogram(samples[samples <= end], BARS)
        return Bins(edges, counts.astype(np.float64), None)
    slots = np.rint(samples / float(unit))
    first, last = int(slots.min()), round(end / float(unit))
    times = -(-(last - first + 1) // BARS)
    # Late runs end a whole number of generations after one another: bins hold equally many of their times.
    generation = int(problem.generation_time / unit)
    if times > generation > 0:
        times = -(-times // generation) * generation
    filled = -(-(last - first + 1) // times)
    # The last bin is as wide as the others: all runs that end in it count.
    places = (slots[slots < first + filled * times] - first) // times
    counts = np.bincount(places.astype(np.int64), minlength=filled)
    edges = float(unit) * (first - 0.5 + times * np.arange(len(counts) + 1, dtype=np.float64))
    return Bins(edges, counts.astype(np.float64), times)


def _common(one: Fraction, other: Fraction) -> Fraction:
    """Greatest common divisor of two durations.

    >>> _common(Fraction(3, 10), Fraction(11, 10))
    Fraction(1, 10)
    """
    below = one.denominator * other.denominator
    return Fraction(math.gcd(one.numerator * other.denominator, other.numerator * one.denominator), below)


def draw_histogram(found: Simulation, ax: Axes | None = None) -> Axes:
    """Draw the waiting times of simulated runs with their mean, and the model's mean where all were delivered."""
    about = f"{found.problem}" + (f"; in reality {found.deviations}" if found.deviations else "")
    drawn = pictures.canvas(ax, about)
    drawn.set_xlabel(f"waiting time ({measure(found.problem)})")
    drawn.set_ylabel("share of the runs")
    delivered = found.samples[np.isfinite(found.samples)]
    if not len(delivered):
        drawn.set_title(f"none of {found.runs:,} simulated runs was delivered", loc="left", fontsize="medium")
        return drawn
    whole = len(delivered) == found.runs
    bins = binned(delivered, found.problem, jitter=bool(found.deviations.jitter))
    single = bins.times == 1
    filled = bins.counts > 0
    drawn.bar(
        (bins.edges[:-1] + bins.width / 2)[filled],
        bins.counts[filled] / found.runs,
        bins.width * (0.8 if single else 1.0),
        color=pictures.COLOURS[5],
        edgecolor=None if single else "white",
        lw=0.0 if single else 0.3,
        label=f"{found.runs:,} simulated runs" if whole else f"{len(delivered):,} of {found.runs:,} runs, delivered",
    )
    if not single:
        drawn.set_ylabel(f"share of the runs, per {bins.width:.3g} of time")
    mean, promised = found.waiting_time.value, found.policy.waiting_time if whole and found.policy else math.inf
    drawn.axvline(mean, color=pictures.COLOURS[0], lw=1.8, label=f"their mean, {mean:.4g}")
    if math.isfinite(promised):
        model = f"mean by the model, {promised:.4g}"
        drawn.axvline(promised, color=pictures.COLOURS[1], lw=1.8, ls="--", label=model)
    drawn.set_ylim(top=1.25 * drawn.get_ylim()[1])  # room for the legend
    drawn.legend(frameon=False)
    return drawn
