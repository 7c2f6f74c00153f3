"""Problems that several tests share, and random ones."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from hypothesis import strategies as st
from oracle import Distilled, Hardware

from lpdistill import Dynamics, Problem, Solution, solve
from lpdistill.hardware.recipes import Recipe
from lpdistill.physics.maps import Combination, Reach
from lpdistill.physics.werner import WernerPair

SMALL = {
    "one memory, target below f0": Problem("1/3", 1, "3/4", "7/10"),
    "three memories, target equal to f0": Problem("1/3", 3, "3/4", "3/4"),
    "two memories, one round": Problem("1/2", 2, "3/4", "31/40"),
    "two memories, two rounds": Problem("1/3", 2, "3/4", "79/100"),
    "two memories, four levels": Problem("7/10", 2, "9/10", "0.942"),
    "three memories": Problem("9/10", 3, "3/4", "79/100"),
    "three memories, three levels": Problem("3/10", 3, "9/10", "94/100"),
    "four memories, one level": Problem("1/2", 4, "3/4", "31/40"),
    "four memories": Problem("1/2", 4, "3/4", "79/100"),
    "four memories, three levels": Problem("7/10", 4, "9/10", "94/100"),
    "certain generation": Problem(1, 4, "3/4", "79/100"),
    "rare generation": Problem("1e-6", 3, "3/4", "79/100"),
    "target exactly a level": Problem("2/5", 3, "3/4", "41/52"),
    "target just above a level": Problem("2/5", 3, "3/4", Fraction(41, 52) + Fraction(1, 10**30)),
    "target just above f0": Problem("2/5", 3, "3/4", Fraction(3, 4) + Fraction(1, 10**30)),
    "last step free": Problem("1/2", 3, "3/4", "79/100", final_step="free"),
    "times in thirds and sevenths": Problem("2/3", 4, "3/4", "79/100", generation_time="3/7", distillation_time="5/3"),
    "distillation quicker than generation": Problem(
        "2/3", 4, "3/4", "79/100", generation_time=3, distillation_time="1/10"
    ),
    "generation takes no time": Problem("1/2", 4, "3/4", "79/100", generation_time=0),
    "distillation takes no time": Problem("1/2", 4, "3/4", "79/100", distillation_time=0),
}
"""Problems small enough to be enumerated, each with what is special about it."""

REACHED_BY_DISTILLATION = {name: problem for name, problem in SMALL.items() if problem.target > problem.f0}


@cache
def solved(problem: Problem, **options: str) -> Solution:
    """The solution of a problem, computed once for all tests."""
    return solve(problem, **options)


@cache
def dynamics_of(problem: Problem, attempts: str = "full") -> Dynamics:
    """The columns of a problem, written once for all tests."""
    return solved(problem, attempts=attempts).process


def labels(
    dynamics: Dynamics, columns: np.ndarray | None = None
) -> list[tuple[tuple[int, ...], tuple[Distilled, int]]]:
    """Columns in the oracle's words: the configuration, and the pairs distilled with the number of attempts."""
    what = dynamics.numbering.describe(np.arange(dynamics.numbering.size) if columns is None else columns)
    counts = dynamics.configurations.unrank(what.configuration)
    return [
        (tuple(here), (tuple(sorted(dynamics.kernel.matchings.distilled(matching))), attempts))
        for here, matching, attempts in zip(counts.tolist(), what.counts, what.attempts.tolist(), strict=True)
    ]


@st.composite
def problems(draw: st.DrawFn, *, most_memories: int = 4, least_p: str = "1/20") -> Problem:
    """Problems with two to ``most_memories`` memories and one to four levels, every run ending in a distillation."""
    f0 = Fraction(draw(st.integers(55, 95)), 100)
    first = Hardware(Fraction(1), 2, f0, Fraction(1)).combine(f0, f0)[0]
    # Up to 1.5 times the gain of a first distillation stays below the pumping limit, with at most a few levels.
    target = f0 + (first - f0) * Fraction(draw(st.integers(1, 15)), 10)
    return Problem(
        p=draw(st.fractions(Fraction(least_p), 1, max_denominator=20)),
        memories=draw(st.integers(2, most_memories)),
        f0=f0,
        target=target,
        generation_time=draw(st.fractions("1/4", 4, max_denominator=7)),
        distillation_time=draw(st.fractions("1/4", 4, max_denominator=7)),
        final_step=draw(st.sampled_from(["charged", "free"])),
    )


@dataclass(frozen=True)
class Additive:
    """A map that is not Werner's: the excess over fidelity 1/2 adds up, and success depends on both pairs."""

    name: str = "additive"

    def raw(self, fidelity: Fraction) -> WernerPair:
        """A pair of the given fidelity."""
        return WernerPair(fidelity)

    def combine(self, a: WernerPair, b: WernerPair) -> Combination[WernerPair]:
        """Distil ``a`` with ``b``."""
        fidelity, success = additive(a.fidelity, b.fidelity)
        return Combination(WernerPair(fidelity), success)

    def reach(self, raw: WernerPair, target: Fraction, memories: int) -> Reach:
        """Pumping reaches everything."""
        return Reach(1.0, 1.0, finite=True, memories_needed=1 if raw.fidelity >= target else 2)


def result(recipe: Recipe) -> int | None:
    """The level that a distillation with one way to succeed makes; None for the target."""
    return recipe.made[0].produced[0] if recipe.made else None


def additive(a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
    """Fidelity and success probability of :class:`Additive`."""
    return a + b - Fraction(1, 2), 1 - a * b / 2
