"""Where an optimal policy gains most on a baseline: a search over parameters, coarse to fine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor, inf
from typing import Any

from joblib import delayed

from lpdistill.errors import LimitError, UnreachableTargetError
from lpdistill.policies.comparison import share_saved
from lpdistill.policies.named import OPTIMAL, waiting_times
from lpdistill.problem.problem import Problem, last_step_time
from lpdistill.problem.settings import FinalStep
from lpdistill.process.factored.baselines import BASELINES
from lpdistill.progress import Report, silent
from lpdistill.study.pool import in_one_thread, processes

FINER, ROUNDS = 5, 3
"""By how much a grid becomes finer from one round to the next, and how many rounds there are after the first."""

SEEDS = 3
"""Numbers of memories with gaps whose best points are refined, for each baseline."""

RAW_PAIRS = 6
"""Raw pairs of the trees whose jumps are looked for: more than five levels need, and one more."""

ASIDE = Fraction(1, 10**5)
"""Distance from a jump at which its two sides are computed."""

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

    Notes
    -----
    Waiting times jump in the raw fidelity where the levels change, and advantages are often greatest beside a jump.
    The coarse grid therefore has the two sides of every jump, and what lies between two of them.
    """

    name: str
    memories: Sequence[int]
    gaps: Sequence[Fraction]
    p: Interval
    f0: Interval
    most_levels: int

    def places(self, gap: Fraction) -> list[Fraction]:
        """Raw fidelities of the coarse grid: its own, and for the jumps of a gap both sides and the middles between."""
        from symbolic import changes  # noqa: PLC0415 - exact roots are symbolic's, and sympy is slow to import

        found = [change.f0.low for change in changes(gap=gap, raw_pairs=RAW_PAIRS) if any(change.finite)]
        edges = [self.f0.low, *(edge for edge in found if self.f0.low < edge < self.f0.high), self.f0.high]
        beside = {Fraction(floor(edge / ASIDE) + side) * ASIDE for edge in edges for side in (0, 1)}
        between = {Fraction(round((low + high) / 2 / ASIDE)) * ASIDE for low, high in pairwise(edges)}
        return sorted(f0 for f0 in {*self.f0.values, *beside, *between} if self.f0.low <= f0 <= self.f0.high)

    def holds(self, problem: Problem) -> bool:
        """Whether a problem lies in the region."""
        return (
            problem.memories in self.memories
            and problem.target - problem.f0 in self.gaps
            and self.p.low <= problem.p <= self.p.high
            and self.f0.low <= problem.f0 <= self.f0.high
            and len(problem.levels) <= self.most_levels
        )


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
        last = float(last_step_time(self.problem)) if final_step is FinalStep.CHARGED else 0.0
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
    except (UnreachableTargetError, LimitError):
        return None
    return Race(problem, waiting_times(problem))


def races(
    points: Sequence[Parameters],
    most_levels: int,
    *,
    jobs: int = 1,
    progress: Report = silent,
    doing: str = "points",
) -> list[Race | None]:
    """All policies at many points, on several cores."""
    found: list[Race | None] = []
    with processes(jobs) as parallel:
        for first in range(0, len(points), BATCH * jobs):
            progress(doing, first, len(points))
            batch = points[first : first + BATCH * jobs]
            found += parallel(delayed(in_one_thread)(race, point, most_levels) for point in batch)
    return found


def greatest(
    region: Region, known: Iterable[Race] = (), *, jobs: int = 1, progress: Report = silent
) -> dict[str, Race]:
    """Where the greatest advantage over each baseline is found, coarse to fine.

    A coarse grid over the whole region with the sides of its jumps, then finer and finer ones in ``p`` and ``f0``
    around the best points of each baseline.  Deadlocks are left out: the advantage there is all.

    Parameters
    ----------
    region
        Where to search.
    known
        Points that are known already; those in the region count.
    jobs
        Number of processes.
    progress
        Told how many points are done.
    """
    best: dict[tuple[str, int, Fraction], Race] = {}

    def enter(found: Iterable[Race | None]) -> None:
        for one in found:
            for name in BASELINES if one is not None else ():
                assert one is not None  # noqa: S101 - for the type checker
                where = name, one.problem.memories, one.problem.target - one.problem.f0
                if one.times[name] < inf and (where not in best or one.advantage(name) > best[where].advantage(name)):
                    best[where] = one

    def look(points: set[Parameters], doing: str) -> None:
        enter(races(sorted(points), region.most_levels, jobs=jobs, progress=progress, doing=f"{region.name}, {doing}"))

    def leaders(name: str) -> list[Race]:
        ours = [one for (baseline, *_), one in best.items() if baseline == name]
        return sorted(ours, key=lambda one: -one.advantage(name))[:SEEDS]

    enter(one for one in known if region.holds(one.problem))
    look(
        {
            (p, memories, f0, gap)
            for gap in region.gaps
            for f0 in region.places(gap)
            for memories in region.memories
            for p in region.p.values
        },
        "coarse",
    )
    steps = region.p.step, region.f0.step
    for number in range(ROUNDS):
        steps = steps[0] / FINER, steps[1] / FINER
        around = {
            (p, one.problem.memories, f0, one.problem.target - one.problem.f0)
            for name in BASELINES
            for one in leaders(name)
            for p in region.p.around(one.problem.p, steps[0])
            for f0 in region.f0.around(one.problem.f0, steps[1])
        }
        look(around, f"round {number + 1} of {ROUNDS}")
    return {name: leaders(name)[0] for name in BASELINES if leaders(name)}
