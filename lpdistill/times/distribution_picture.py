"""Pictures of waiting times: how probably a run is done by a time, or is not."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill import pictures
from lpdistill.solution.document import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lpdistill.times.distribution import Distribution

QUANTILES = ("0.5", "0.9", "0.99")
"""The quantiles that are marked."""

PICTURE_ENDS = {"cdf": 1e-3, "survival": 1e-8}
"""Probability of ending later at which a picture ends."""

TALLEST = 2.5
"""Height of a picture over its tallest bar."""

WIDTH = 250.0
"""Width of all bars side by side, in points."""

FAR_RIGHT = 0.8
"""Share of the time axis beyond which words stand to the left of their mark."""

LAW = "law"
"""What marks the line of a distribution, by which they are counted."""


class View(StrEnum):
    """What a picture of a distribution shows."""

    CDF = "cdf"
    """Probability of being done by a time, with that of ending just then."""
    SURVIVAL = "survival"
    """Probability of not being done by a time on a logarithmic scale, with the slope of the tail."""


def drawn(found: Distribution, ax: Axes | None, label: str | None, view: View) -> Axes:
    """Draw a distribution on some axes, in the next of the colours; single probabilities only on new axes.

    Single probabilities have a scale of their own, at the right: they are small where there are many.
    """
    here = pictures.canvas(ax, str(found.policy.process.problem))
    before = sum(line.get_gid() == LAW for line in here.lines)
    style = pictures.style(before)
    ended = found.surviving - found.never <= PICTURE_ENDS[view]
    last = int(np.argmax(ended)) if ended.any() else len(found.pmf) - 1
    if view is View.CDF:
        if ax is None:
            _bars(found, here, last)
        values = found.cumulative
        here.set_ylim(0, 1.03)
        here.set_ylabel("probability of being done by then")
    else:
        values = found.surviving - (found.never if found.never < 1 else 0)
        _slope(found, here, last, named=label is None)
        here.set_yscale("log")
        here.set_ylim(PICTURE_ENDS[view] / 2, 1.5)
        here.set_ylabel("probability of not being done by then")
    here.plot(found.times, values, drawstyle="steps-post", **style, lw=1.8, gid=LAW, label=label or "_law")
    here.set_xlabel(f"waiting time ({measure(found.policy.process)})")
    here.set_xlim(0, max(found.times[last], here.get_xlim()[1] if before else 0, float(found.unit)))
    if view is View.CDF:
        for words, time, probability in _marks(found):
            here.plot([time], [probability], "o", color=style["color"], ms=5)
            if ax is None:
                _name(here, words, (time, probability))
    if here.get_legend_handles_labels()[0]:
        here.legend(frameon=False, loc="center right" if view is View.CDF else "upper right")
    return here


def _bars(found: Distribution, here: Axes, last: int) -> None:
    """A bar for every time at which a run may end, in the lower part of the picture, on a scale of its own."""
    times, chances = found.times[: last + 1], found.pmf[: last + 1]
    tallest = chances.max(initial=0.0)
    beside = here.twinx()
    tall = chances > 1e-3 * tallest
    width = float(np.clip(WIDTH / (last + 1), 0.8, 6))
    beside.vlines(times[tall], 0, chances[tall], color=pictures.COLOURS[5], lw=width)
    beside.set_ylim(0, TALLEST * tallest or 1.0)
    beside.set_yticks([tick for tick in beside.get_yticks() if tick <= 1.1 * tallest])
    beside.set_ylabel("ending just then (bars)", loc="bottom")
    beside.spines["top"].set_visible(False)
    here.set_zorder(beside.get_zorder() + 1)
    here.patch.set_visible(False)


def _slope(found: Distribution, here: Axes, last: int, *, named: bool) -> None:
    """The slope of the tail, through the middle of what is shown."""
    middle = last // 2
    if math.isfinite(found.tail_rate):
        times = found.times[middle // 2 : last + 1]
        through = found.surviving[middle] - (found.never if found.never < 1 else 0)
        tail = through * np.exp(-found.tail_rate * (times - found.times[middle]))
        # Above the steps, which would hide it.
        label = f"tail, exp(-{found.tail_rate:.4g} t)" if named else "_tail"
        here.plot(times, tail, ":", color=pictures.INK, lw=1.2, zorder=3, label=label)


def _marks(found: Distribution) -> list[tuple[str, float, float]]:
    """The times of the quantiles that were computed: in words, the time, and the probability of being done by then."""
    known = [q for q in QUANTILES if found.cumulative[-1] >= float(q)]
    times: dict[float, list[str]] = {}
    for q in known:
        times.setdefault(found.quantile(q), []).append(f"{float(q):.0%}")
    places = [int(np.searchsorted(found.times, time)) for time in times]
    return [
        (f"{' and '.join(names)} by {time:.6g}", time, float(found.cumulative[place]))
        for (time, names), place in zip(times.items(), places, strict=True)
    ]


def _name(here: Axes, words: str, place: tuple[float, float]) -> None:
    """Words beside a mark, below the curve, and left of the edge of the picture."""
    late = place[0] > FAR_RIGHT * here.get_xlim()[1]
    side: dict[str, Any] = {"xytext": (-6, -12), "ha": "right"} if late else {"xytext": (6, -12)}
    here.annotate(words, place, textcoords="offset points", color=pictures.INK, **side)
