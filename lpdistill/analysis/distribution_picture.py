"""Pictures of waiting times: how probably a run is done by a time, or is not."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from lpdistill import pictures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lpdistill.analysis.distribution import Distribution

QUANTILES = ("0.5", "0.9", "0.99")
"""The quantiles that are marked."""

SHOWN = {"cdf": 1e-3, "survival": 1e-8}
"""Probability of ending later at which a picture ends."""

LAW = "law"
"""What marks the line of a distribution, by which they are counted."""


class View(StrEnum):
    """What a picture of a distribution shows."""

    CDF = "cdf"
    """Probability of being done by a time, with that of ending just then."""
    SURVIVAL = "survival"
    """Probability of not being done by a time on a logarithmic scale, with the slope of the tail."""


def drawn(found: Distribution, axes: Axes | None, label: str | None, view: View) -> Axes:
    """Draw a distribution on some axes, in the next of the colours; single probabilities only on new axes."""
    here = pictures.axes() if axes is None else axes
    before = sum(line.get_gid() == LAW for line in here.lines)
    colour = pictures.COLOURS[before % len(pictures.COLOURS)]
    ended = found.surviving - found.never <= SHOWN[view]
    last = int(np.argmax(ended)) if ended.any() else len(found.pmf) - 1
    if view is View.CDF:
        if axes is None:
            _bars(found, here, colour, last)
        for _, time, probability in _marks(found):
            here.plot([time], [probability], "o", color=colour, ms=5)
        values = found.cumulative
        here.set_ylim(0, 1.03)
        here.set_ylabel(
            "probability of being done by then" + (" (line)\nand of ending just then (bars)" * (axes is None))
        )
    else:
        values = found.surviving - (found.never if found.never < 1 else 0)
        _slope(found, here, colour, last)
        here.set_yscale("log")
        here.set_ylim(SHOWN[view] / 2, 1.5)
        here.set_ylabel("probability of not being done by then")
    here.plot(found.times, values, drawstyle="steps-post", color=colour, lw=1.8, gid=LAW, label=label or "_law")
    if axes is None and view is View.CDF:
        _named(found, here)
    here.set_xlabel("waiting time (in the unit of the durations)")
    here.set_xlim(0, max(found.times[last], here.get_xlim()[1] if before else 0, float(found.unit)))
    if label is not None:
        here.legend(frameon=False, loc="center right" if view is View.CDF else "upper right")
    return here


def _bars(found: Distribution, here: Axes, colour: str, last: int) -> None:
    """A bar for every time at which a run may end."""
    times, chances = found.times[: last + 1], found.pmf[: last + 1]
    tall = chances > 1e-3 * chances.max(initial=0.0)
    width = float(np.clip(200 / max(1, tall.sum()), 1.5, 6))
    here.vlines(times[tall], 0, chances[tall], color=colour, lw=width, alpha=0.35)


def _slope(found: Distribution, here: Axes, colour: str, last: int) -> None:
    """The slope of the tail, through the middle of what is shown."""
    middle = last // 2
    if math.isfinite(found.tail_rate):
        times = found.times[middle // 2 : last + 1]
        through = found.surviving[middle] - (found.never if found.never < 1 else 0)
        here.plot(times, through * np.exp(-found.tail_rate * (times - found.times[middle])), ":", color=colour, lw=1.2)


def _marks(found: Distribution) -> list[tuple[str, float, float]]:
    """The quantiles that were computed: their names, times and probabilities."""
    known = [q for q in QUANTILES if found.cumulative[-1] >= float(q)]
    times = [(q, found.quantile(q)) for q in known]
    places = [int(np.searchsorted(found.times, time)) for _, time in times]
    return [(q, time, float(found.cumulative[place])) for (q, time), place in zip(times, places, strict=True)]


def _named(found: Distribution, here: Axes) -> None:
    """The quantiles in words."""
    for q, time, probability in _marks(found):
        words = f"{float(q):.0%} by {time:.6g}"
        here.annotate(words, (time, probability), (6, -12), textcoords="offset points", color=pictures.INK)
