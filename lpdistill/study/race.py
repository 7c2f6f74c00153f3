"""Where an optimal policy gains most on a baseline: a search over parameters, coarse to fine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from joblib import Parallel, delayed

from lpdistill.analysis.baselines import OPTIMAL, waiting_times
from lpdistill.analysis.comparison import share_saved
from lpdistill.errors import InfiniteLevelsError, UnreachableTargetError
from lpdistill.model.baselines import BASELINES
from lpdistill.model.problem import FinalStep, Problem
from lpdistill.progress import Counter, uncounted

FINER, ROUNDS = 5, 3
"""By how much a grid becomes finer from one round to the next, and how many rounds there are after the first."""

BATCH = 32
"""Points that are computed between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Values of a parameter, both ends included.

    Attributes
    ----------
    low, high, step
        The ends, and the distance of neighbours on the coarse grid.
    """

    low: Fraction
    high: Fraction
    step: Fraction

    @staticmethod
    def of(low: str, high: str, step: str) -> Interval:
        """An interval with exact ends."""
        return Interval(Fraction(low), Fraction(high), Fraction(step))

    @property
    def values(self) -> list[Fraction]:
        """The coarse grid."""
        return [self.low + i * self.step for i in range(int((self.high - self.low) / self.step) + 1)]

    def around(self, value: Fraction, step: Fraction) -> list[Fraction]:
        """Values a small step apart, up to a coarser step around one of them, within the interval."""
        near = [value + i * step for i in range(1 - FINER, FINER)]
        return [x for x in near if self.low <= x <= self.high]


@dataclass(frozen=True, slots=True)
class Region:
    """Parameters among which to search.

    Attributes
    ----------
    name
        What to call it.
    memories, gaps
        Numbers of memories, and gaps between target and raw fidelity.
    p, f0
        Generation probabilities, and raw fidelities.
    most_levels
        Greatest number of fidelity levels: close to the pumping limit it grows without limit.
    """

    name: str
    memories: Sequence[int]
    gaps: Sequence[Fraction]
    p: Interval
    f0: Interval
    most_levels: int


@dataclass(frozen=True, slots=True)
class Race:
    """The waiting times of all policies for one problem, without the last step as in the published numbers.

    Attributes
    ----------
    problem
        The parameters.
    times
        Expected waiting time by policy, the last step free.
    """

    problem: Problem
    times: dict[str, float]

    def advantage(self, baseline: str, final_step: FinalStep = FinalStep.FREE) -> float:
        """How much shorter the optimum is, relative to the baseline: ``(T_b - T) / T_b``."""
        last = float(self.problem.last_step_time) if final_step is FinalStep.CHARGED else 0.0
        ours, theirs = self.times[OPTIMAL] + last, self.times[baseline] + last
        return share_saved(theirs, ours)

    def excess(self, baseline: str) -> float:
        """How much longer the baseline is, relative to the optimum: ``(T_b - T) / T``."""
        return self.times[baseline] / self.times[OPTIMAL] - 1

    def to_dict(self) -> dict[str, Any]:
        """The race as JSON data."""
        problem = self.problem
        return {
            "p": str(problem.p),
            "memories": problem.memories,
            "f0": str(problem.f0),
            "target": str(problem.target),
            "levels": len(problem.levels),
            "waiting_times": {name: None if time == float("inf") else time for name, time in self.times.items()},
        }


Parameters = tuple[Fraction, int, Fraction, Fraction]
"""Generation probability, memories, raw fidelity and gap."""


def race(parameters: Parameters, most_levels: int) -> Race | None:
    """All policies at one point; None where the target is out of reach or there are too many levels."""
    p, memories, f0, gap = parameters
    if f0 + gap > 1:
        return None
    problem = Problem(p, memories, f0, gap=gap, final_step=FinalStep.FREE)
    try:
        if len(problem.levels) > most_levels:
            return None
    except (InfiniteLevelsError, UnreachableTargetError):
        return None
    return Race(problem, waiting_times(problem))


def races(
    points: Sequence[Parameters],
    most_levels: int,
    *,
    jobs: int = 1,
    progress: Counter = uncounted,
    doing: str = "points",
) -> list[Race | None]:
    """All policies at many points, on several cores."""
    found: list[Race | None] = []
    with Parallel(n_jobs=jobs) as parallel:
        for first in range(0, len(points), BATCH * jobs):
            progress(doing, first, len(points))
            batch = points[first : first + BATCH * jobs]
            found += parallel(delayed(race)(point, most_levels) for point in batch)
    return found


def greatest(region: Region, *, jobs: int = 1, progress: Counter = uncounted) -> dict[str, Race]:
    """Where the advantage over each baseline is greatest, coarse to fine.

    A coarse grid over the whole region, then finer and finer ones around the best point of each baseline, in ``p`` and
    ``f0``.  Deadlocks are left out: the advantage there is all.

    Parameters
    ----------
    region
        Where to search.
    jobs
        Number of processes.
    progress
        Told how many points are done.
    """
    best: dict[str, tuple[Race, Parameters]] = {}

    def enter(points: Iterable[Parameters], doing: str) -> None:
        wanted = list(dict.fromkeys(points))
        for point, found in zip(
            wanted, races(wanted, region.most_levels, jobs=jobs, progress=progress, doing=doing), strict=True
        ):
            for name in BASELINES if found is not None else ():
                assert found is not None  # noqa: S101 - for the type checker
                if found.times[name] < float("inf") and (
                    name not in best or found.advantage(name) > best[name][0].advantage(name)
                ):
                    best[name] = found, point

    enter(product(region.p.values, region.memories, region.f0.values, region.gaps), f"{region.name}, coarse")
    steps = region.p.step, region.f0.step
    for number in range(ROUNDS):
        steps = steps[0] / FINER, steps[1] / FINER
        around = {
            (p, memories, f0, gap)
            for _, (there_p, memories, there_f0, gap) in best.values()
            for p in region.p.around(there_p, steps[0])
            for f0 in region.f0.around(there_f0, steps[1])
        }
        enter(sorted(around), f"{region.name}, round {number + 1} of {ROUNDS}")
    return {name: found for name, (found, _) in best.items()}
