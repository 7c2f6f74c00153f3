"""Memories with names: what each holds, and what a step does to it.

Another model of the same system than the program's: memories are told apart, every attempt and every distillation is a
coin of its own, and nothing is taken from the program but what a policy decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpdistill.arrays import BoolArray, FloatArray, IntArray, ragged
from lpdistill.errors import LimitError
from lpdistill.physics.maps import Pair
from lpdistill.problem.problem import Problem
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.simulation.controller import Decisions
from lpdistill.simulation.deviations import Deviations

EMPTY = -1
"""What a memory holds that holds nothing."""

MANY = 20
"""Memories from which sorting their levels by counting is quicker."""

MOST_SPECIES = 1000
"""Different pairs beyond which the table of their distillations takes too much memory."""


@dataclass(frozen=True)
class Species:
    """Every pair that a memory may hold, told apart by what the controller believes and by what is true.

    In increasing order of nominal fidelity.

    Attributes
    ----------
    nominal, real
        Fidelity by the heralded history, and in reality, (species,).
    level
        Nominal level, (species,); the number of levels for pairs that nominally meet the target.
    raw
        The species of a raw pair.
    success, result
        Probability that distilling two of them succeeds, and the species made, (species, species); EMPTY where one of
        the two meets the target already.
    """

    nominal: tuple[Fraction, ...]
    real: tuple[Fraction, ...]
    level: IntArray
    raw: int
    success: FloatArray
    result: IntArray

    @staticmethod
    def of(problem: Problem, f0: Fraction | None) -> Species:
        """The pairs that a problem's map makes of raw pairs of another real fidelity.

        Raises
        ------
        LimitError
            If there are too many.
        """
        distillation, target = problem.distillation, problem.target
        raw = distillation.raw(problem.f0), distillation.raw(problem.f0 if f0 is None else f0)
        made: dict[tuple[tuple[Pair, Pair], tuple[Pair, Pair]], tuple[tuple[Pair, Pair], Fraction]] = {}
        found, new = {raw}, {raw}
        while new:
            fresh = {pair for pair in new if pair[0].fidelity < target}
            held = {pair for pair in found if pair[0].fidelity < target}
            for a, b in {(a, b) for a in fresh for b in held}:
                believed, true = distillation.combine(a[0], b[0]), distillation.combine(a[1], b[1])
                made[a, b] = made[b, a] = (believed.state, true.state), true.success
            new = {result for result, _ in made.values()} - found
            found |= new
            if len(found) > MOST_SPECIES:
                raise LimitError(
                    f"real f0: pairs of equal nominal fidelity differ in more than {MOST_SPECIES:,} ways; simulate "
                    "with the nominal f0",
                    size={"species": len(found)},
                )
        ordered = sorted(found, key=lambda pair: (pair[0].fidelity, pair[1].fidelity))
        index = {pair: number for number, pair in enumerate(ordered)}
        levels: dict[Any, int] = {level.state: level.index for level in problem.levels}
        success = np.zeros((len(ordered), len(ordered)))
        result = np.full(success.shape, EMPTY)
        for (a, b), (state, chance) in made.items():
            success[index[a], index[b]], result[index[a], index[b]] = float(chance), index[state]
        return Species(
            nominal=tuple(pair[0].fidelity for pair in ordered),
            real=tuple(pair[1].fidelity for pair in ordered),
            level=np.array([levels.get(pair[0], len(levels)) for pair in ordered], dtype=np.int64),
            raw=index[raw],
            success=success,
            result=result,
        )


@dataclass(frozen=True, slots=True)
class Coins:
    """The coins of one step.

    Attributes
    ----------
    rng
        What tosses them.
    first
        Which attempt of a run, counted from 0, is known to be the first that succeeds, (runs,): below 0 where that is
        not known, as many as there are attempts where none succeeds.  None if nothing is known of any run.
    """

    rng: np.random.Generator
    first: IntArray | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """What one step did, operation by operation, each in the order of runs.

    Attributes
    ----------
    distilling, freed, kept, made
        Run, memory that is emptied, memory that holds what is made, and whether the distillation succeeded,
        (distillations,).
    trying, tried, generated
        Run, memory, and whether the attempt succeeded, (attempts,).
    discarding, discarded
        Run and memory, (discards,).
    stored
        Pairs stored at the start of the step, (runs,).
    delivered
        The species that meets the target, EMPTY for none, (runs,); the best by nominal fidelity if there are several.
    """

    distilling: IntArray
    freed: IntArray
    kept: IntArray
    made: BoolArray
    trying: IntArray
    tried: IntArray
    generated: BoolArray
    discarding: IntArray
    discarded: IntArray
    stored: IntArray
    delivered: IntArray


@dataclass(frozen=True)
class LabelledMemories:
    """The memories of many runs at once; each holds a species, or nothing.

    Of the pairs at one level, those in memories of lower number are taken first; what a distillation makes stays with
    the better pair (of two equal ones, in the memory of lower number).

    Attributes
    ----------
    problem
        Number of memories, levels, map and target.
    deviations
        The real ``p`` and ``f0``.
    """

    problem: Problem
    deviations: Deviations

    @cached_property
    def species(self) -> Species:
        """What a memory may hold."""
        return Species.of(self.problem, self.deviations.f0)

    @cached_property
    def chance(self) -> float:
        """Real success probability of an attempt."""
        return float(self.problem.p if self.deviations.p is None else self.deviations.p)

    @cached_property
    def configurations(self) -> CountVectors:
        """The numbering in which controllers know what is stored."""
        return CountVectors(self.problem.memories, len(self.problem.levels))

    @cached_property
    def _level(self) -> NDArray[np.signedinteger[Any]]:
        """Level of every content, EMPTY included, shifted by one, (species + 1,).

        Eight bits are sorted by counting, which takes a table of 256 for every run: worth it for many memories only.
        """
        small = self.problem.memories >= MANY and len(self.problem.levels) <= np.iinfo(np.int8).max
        return np.concatenate([[EMPTY], self.species.level]).astype(np.int8 if small else np.int32)

    def empty(self, runs: int) -> IntArray:
        """The contents of empty memories, (runs, memories)."""
        return np.full((runs, self.problem.memories), EMPTY)

    def up_to(self, contents: IntArray) -> tuple[IntArray, IntArray]:
        """Memories in order of level, (runs, memories), and how many hold at most each level, (1 + levels, runs).

        Row 0 counts the empty ones.
        """
        level = self._level[contents + 1]
        order = np.argsort(level, axis=1, kind="stable")
        rows = [np.count_nonzero(level <= most, axis=1) for most in range(EMPTY, self.configurations.kinds)]
        return order, np.array(rows)

    def ranks(self, up_to: IntArray) -> IntArray:
        """Rank of the configuration of every run, (runs,), from the second result of :meth:`up_to`."""
        return self.configurations.rank_sums(up_to[1:] - up_to[0])

    def step(
        self,
        contents: IntArray,
        places: tuple[IntArray, IntArray],
        decisions: Decisions,
        decision: IntArray,
        coins: Coins,
    ) -> Happened:
        """Carry a decision out in every run.

        Parameters
        ----------
        contents
            What every memory holds, (runs, memories); changed in place.
        places
            The result of :meth:`up_to`.
        decisions, decision
            What decisions do, and the one of every run, (runs,).
        coins
            What tosses the coins.
        """
        order, up_to = places
        rng, first = coins.rng, coins.first
        delivered = np.full(len(contents), EMPTY)
        # Memories are chosen before anything changes: one that is freed in this step cannot generate in it.
        run, place = ragged(decisions.pairs[decision])
        entry = decisions.first[decision[run]] + place
        freed = order[run, up_to[decisions.low[entry], run] + decisions.low_place[entry]]
        kept = order[run, up_to[decisions.high[entry], run] + decisions.high_place[entry]]
        trying, place = ragged(decisions.attempts[decision])
        tried = order[trying, place]
        discarding = np.flatnonzero(decisions.discard[decision] >= 0)
        discarded = order[discarding, up_to[decisions.discard[decision[discarding]], discarding]]

        low, high = contents[run, freed], contents[run, kept]
        made = rng.random(len(run)) < self.species.success[low, high]
        result = np.where(made, self.species.result[low, high], EMPTY)
        contents[run, freed], contents[run, kept] = EMPTY, result
        generated = rng.random(len(trying)) < self.chance
        if first is not None:
            generated = (generated & (place > first[trying])) | (place == first[trying])
        contents[trying[generated], tried[generated]] = self.species.raw
        contents[discarding, discarded] = EMPTY

        final = self._level[result + 1] == self.configurations.kinds
        np.maximum.at(delivered, run[final], result[final])
        if self.species.level[self.species.raw] == self.configurations.kinds:
            np.maximum.at(delivered, trying[generated], self.species.raw)
        return Happened(
            distilling=run,
            freed=freed,
            kept=kept,
            made=made,
            trying=trying,
            tried=tried,
            generated=generated,
            discarding=discarding,
            discarded=discarded,
            stored=self.problem.memories - up_to[0],
            delivered=delivered,
        )
