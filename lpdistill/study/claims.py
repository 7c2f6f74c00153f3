"""The headline claims of arXiv:2606.14908, and what is found for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lpdistill.policies.named import OPTIMAL, least_time, waiting_times
from lpdistill.problem.problem import Problem
from lpdistill.problem.settings import FinalStep
from lpdistill.process.factored.baselines import BASELINES
from lpdistill.progress import Report, silent
from lpdistill.study.race import Interval, Race, Region, greatest, races

GAP = Fraction(4, 100)
MOST_SEARCHED_LEVELS = 5
"""Greatest number of levels that is searched: towards the pumping limit they, and every advantage, grow on."""

PUBLISHED = Region(
    "published range",
    (4,),
    (GAP,),
    Interval.of("0.3", "0.9", "0.1"),
    Interval.of("0.62", "0.90", "0.01"),
    MOST_SEARCHED_LEVELS,
)
"""The range of the published points: four memories, gap 0.04."""

SAME_GAP = Region(
    "all p and f0",
    (4,),
    (GAP,),
    Interval.of("0.05", "1", "0.05"),
    Interval.of("0.58", "0.92", "0.01"),
    MOST_SEARCHED_LEVELS,
)
"""Four memories and the gap 0.04 wherever the target is below the pumping limit."""

WIDE_REGION = Region(
    "gaps 0.01 to 0.08, 2 to 6 memories",
    (2, 3, 4, 5, 6),
    tuple(Fraction(n, 100) for n in range(1, 9)),
    Interval.of("0.05", "1", "0.19"),
    Interval.of("0.51", "0.99", "0.08"),
    MOST_SEARCHED_LEVELS,
)
"""Gaps from 0.01 to 0.08 and two to six memories."""

ABOUT = 0.05
"""How far from a claimed share of one a finding still is about that."""

FAR = 0.1
"""What a policy may take more than the optimum, and be on the way to it."""

MANY_MEMORIES = {("0.75", "0.79"): (4, 8, 16, 32, 64), ("0.9", "0.94"): (4, 8, 16, 32)}
"""Numbers of memories on the way to many, by raw fidelity and target."""

TWO = Interval.of("0.1", "1", "0.1"), Interval.of("0.52", "0.98", "0.02")
"""Generation probabilities and raw fidelities at which two memories are examined."""

FINITE = Fraction("0.6"), Fraction("0.905")
"""Raw fidelities for which few levels lie below f0 + 0.04."""

SOME_P = "0.3", "0.5", "0.9"
"""Generation probabilities at which shapes and limits are examined."""

ASIDE, SAMPLES = Fraction(1, 10**9), 12
"""Distance from a jump at which its two sides are computed, and samples between two jumps."""


class Verdict(StrEnum):
    """What is found of a claim."""

    CONFIRMED = "confirmed"
    EXCEEDED = "confirmed in the published range, exceeded elsewhere"
    ELSEWHERE = "not found in the published range, exceeded elsewhere"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the paper, and what is found.

    Attributes
    ----------
    text
        What is claimed.
    verdict
        Whether it is found.
    finding
        What is found, in a sentence.
    evidence
        The numbers behind it, as JSON data.
    """

    text: str
    verdict: Verdict
    finding: str
    evidence: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The claim as JSON data."""
        return {
            "claim": self.text,
            "verdict": str(self.verdict),
            "finding": self.finding,
            "evidence": dict(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class Record:
    """The greatest advantage over a baseline in some range of parameters.

    Attributes
    ----------
    baseline, region
        Over which policy, and where it was searched.
    race
        The waiting times there.
    """

    baseline: str
    region: str
    race: Race

    @property
    def of_optimum(self) -> float:
        """``(T_b - T) / T``, the last step free."""
        return self.race.excess(self.baseline)

    @property
    def of_baseline(self) -> float:
        """``(T_b - T) / T_b``, the last step free."""
        return self.race.advantage(self.baseline)

    @property
    def charged(self) -> float:
        """``(T_b - T) / T_b``, every step charged."""
        return self.race.advantage(self.baseline, FinalStep.CHARGED)

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON data."""
        return {
            "baseline": self.baseline,
            "region": self.region,
            **self.race.to_dict(),
            "of_optimum": self.of_optimum,
            "of_baseline": self.of_baseline,
            "of_baseline_charged": self.charged,
        }

    @property
    def cells(self) -> tuple[str, ...]:
        """Over which policy and where, the problem, both times and all shares, in words."""
        problem, times = self.race.problem, self.race.times
        return (
            self.baseline,
            self.region,
            f"{float(problem.p):.6g}",
            str(problem.memories),
            f"{float(problem.f0):.5f} -> {float(problem.target):.5f}",
            str(len(problem.levels)),
            *(f"{times[policy]:.4f}" for policy in (OPTIMAL, self.baseline)),
            *(f"{share:.1%}" for share in (self.of_optimum, self.of_baseline, self.charged)),
        )

    def __str__(self) -> str:
        problem = self.race.problem
        return (
            f"{self.of_optimum:.1%} of the optimum ({self.of_baseline:.1%} of {self.baseline}) at p = "
            f"{float(problem.p):.6g}, M = {problem.memories}, {float(problem.f0):.5g} -> {float(problem.target):.5g}"
        )


def records(*, jobs: int = 1, progress: Report = silent) -> tuple[Record, ...]:
    """The greatest advantages found over each baseline, range by range, by a search coarse to fine."""
    found: list[Record] = []
    for region in (PUBLISHED, SAME_GAP, WIDE_REGION):
        best = greatest(region, [record.race for record in found], jobs=jobs, progress=progress)
        found += [Record(name, region.name, one) for name, one in best.items()]
    return tuple(found)


def claims(found: tuple[Record, ...], *, jobs: int = 1, progress: Report = silent) -> tuple[Claim, ...]:
    """The headline claims, each with what is found.

    Parameters
    ----------
    found
        The greatest advantages (:func:`records`).
    jobs
        Number of processes.
    progress
        Told how much of it is done.
    """
    return (
        *advantage_claims(found),
        _not_monotonic(progress),
        _pumping(jobs, progress),
        _nested(progress),
    )


def advantage_claims(found: tuple[Record, ...]) -> tuple[Claim, ...]:
    """The claims about greatest advantages, examined against those that were found."""
    return _advantage(found, "greedy", 0.5), _advantage(found, "nested", 0.8)


def _advantage(found: tuple[Record, ...], baseline: str, share: float) -> Claim:
    """The greatest advantage over a baseline."""
    ours = [record for record in found if record.baseline == baseline]
    verdict = Verdict.CONFIRMED if ours[0].of_optimum >= share - ABOUT else Verdict.NOT_FOUND
    if any(record.of_optimum > share + ABOUT for record in ours):
        verdict = Verdict.EXCEEDED if verdict is Verdict.CONFIRMED else Verdict.ELSEWHERE
    return Claim(
        f"the optimum gains up to about {share:.0%} on {baseline}",
        verdict,
        "; ".join(f"{record.region}: {record}" for record in ours),
        {record.region: record.to_dict() for record in ours},
    )


def jumps() -> tuple[Fraction, ...]:
    """Raw fidelities at which the levels below ``f0 + 0.04`` change, each within 1e-12."""
    from symbolic import changes  # noqa: PLC0415 - exact roots are symbolic's, and sympy is slow to import

    low, high = FINITE
    return tuple(c.f0.low for c in changes(gap=GAP, raw_pairs=4) if low < c.f0.low < high)


def _not_monotonic(progress: Report) -> Claim:
    """The optimal time against the raw fidelity, at fixed gap."""
    edges = [FINITE[0], *jumps(), FINITE[1]]
    sides: dict[str, list[float]] = {}
    falling = True
    for number, p in enumerate(SOME_P):
        progress("optimal time against the raw fidelity", number, len(SOME_P))
        for low, high in pairwise(edges):
            width = high - low - 2 * ASIDE
            inside = [low + ASIDE + width * Fraction(i, SAMPLES) for i in range(SAMPLES + 1)]
            times = [_optimum(p, f0.limit_denominator(10**12)) for f0 in inside]
            falling &= all(after < before for before, after in pairwise(times))
        for edge in edges[1:-1]:
            sides[f"p = {p}, f0 = {float(edge):.8f}"] = [_optimum(p, edge - ASIDE), _optimum(p, edge + ASIDE)]
    up = sum(after > before for before, after in sides.values())
    return Claim(
        "the waiting time is not monotonic in f0 at fixed gap",
        Verdict.CONFIRMED if up else Verdict.NOT_FOUND,
        f"it jumps where the levels change, f0 = {', '.join(f'{float(edge):.8f}' for edge in edges[1:-1])} (up in {up} "
        f"of {len(sides)} cases); between the jumps it {'falls' if falling else 'does not always fall'}",
        {"jumps": sides, "falls_between_jumps": falling},
    )


def _optimum(p: str, f0: Fraction) -> float:
    return least_time(Problem(p, 4, f0, gap=GAP, final_step=FinalStep.FREE))


def _pumping(jobs: int, progress: Report) -> Claim:
    """Two memories: pumping against the optimum."""
    points = [(p, 2, f0, gap) for p in TWO[0].values for f0 in TWO[1].values for gap in WIDE_REGION.gaps]
    found = [
        one for one in races(points, MOST_SEARCHED_LEVELS, jobs=jobs, progress=progress, doing="two memories") if one
    ]
    worst = max(abs(one.excess("pumping")) for one in found)
    return Claim(
        "pumping is optimal with two memories",
        Verdict.CONFIRMED if worst <= 1e-12 else Verdict.NOT_FOUND,
        f"no relative difference above {worst:.0e} at {len(found):,} points with several rounds or one; two memories "
        "never hold two distilled pairs, so every other distillation is impossible",
        {"points": len(found), "greatest_difference": worst},
    )


def _nested(progress: Report) -> Claim:
    """Many memories: nested, and the others, against the optimum."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (f0, target), many in MANY_MEMORIES.items():
        for number, p in enumerate(SOME_P):
            progress(f"many memories, {f0} -> {target}", number, len(SOME_P))
            problems = [Problem(p, memories, f0, target, final_step=FinalStep.FREE) for memories in many]
            ran = [Race(problem, waiting_times(problem)) for problem in problems]
            found[f"p = {p}, {f0} -> {target}"] = {
                name: {str(one.problem.memories): one.excess(name) for one in ran} for name in BASELINES
            }
    nested = [list(series["nested"].values()) for series in found.values()]
    most = ", ".join(f"{many[-1]} for {f0} -> {target}" for (f0, target), many in MANY_MEMORIES.items())
    falls = all(series[-1] < series[-2] and series[-1] < FAR for series in nested)
    rises = [where for where, series in zip(found, nested, strict=True) if series != sorted(series, reverse=True)]
    return Claim(
        "nested is optimal in the limit of many memories",
        Verdict.CONFIRMED if falls else Verdict.NOT_FOUND,
        f"over the optimum it takes up to {max(series[0] for series in nested):.1%} more with 4 memories, and up to "
        f"{max(series[-1] for series in nested):.1%} more with the most that were computed ({most})"
        + (f"; on the way it grows at first for {'; '.join(rises)}" if rises else ""),
        {"excess": found},
    )
