"""Memories with names: what each holds, and what a step does to it.

Another model of the same system than the program's: memories are told apart, every attempt and every distillation is a
coin of its own, and nothing is taken from the program but what a policy decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpdistill.arrays import BoolArray, FloatArray, IntArray, ragged
from lpdistill.errors import LimitError
from lpdistill.physics.capped import met
from lpdistill.physics.maps import Pair, consumes, order_of
from lpdistill.physics.truncation import Truncation
from lpdistill.problem.labels import labels_of
from lpdistill.problem.problem import Problem
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.reachable.vectors import ExploredVectors, ReachableVectors
from lpdistill.simulation.aged_species import AgeingSpecies
from lpdistill.simulation.controller import Decisions
from lpdistill.simulation.deviations import Deviations
from lpdistill.simulation.tracked import EMPTY, TrackedSpecies

COUNTING_FROM = 20
"""Memories from which sorting their levels by counting is quicker."""

MOST_SPECIES = 1000
"""Different pairs beyond which the table of their distillations, two at a time, takes too much memory."""


@dataclass(frozen=True)
class Species:
    """Every pair that a memory may hold, told apart by what the controller believes and by what is true.

    In the order of the map, by what is believed.

    Attributes
    ----------
    nominal, real
        Fidelity by the heralded history, and in reality, (species,).
    level
        Nominal level, (species,); the number of levels for pairs that nominally meet the target.
    raw
        The species of a raw pair.
    success, result
        Probability that distilling some of them, the one that is kept first, has one of its first outcomes that leave a
        pair, up to each of them, and the species made, (outcomes, 1 + species, ..., 1 + species); the last of each axis
        stands for none.
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
        sizes, order, chosen = consumes(distillation), order_of(distillation), _told_apart(problem)
        raw = distillation.raw(problem.f0), distillation.raw(problem.f0 if f0 is None else f0)
        made: dict[tuple[tuple[Pair, Pair], ...], list[tuple[tuple[Pair, Pair], Fraction]]] = {}
        found, new = {raw}, {raw}
        while new:
            fresh = {pair for pair in new if pair[0].fidelity < target}
            held = {pair for pair in found if pair[0].fidelity < target}
            groups = ((a, *rest) for n in sizes for a in fresh for rest in combinations_with_replacement(held, n - 1))
            for pairs in {pairs for group in groups for pairs in permutations(group)}:
                if chosen is not None and tuple(pair[0] for pair in pairs) not in chosen:
                    continue
                believed, true = (distillation.combine(*states).outcomes for states in zip(*pairs, strict=True))
                made[pairs] = [((a, b), chance) for (_, a), (chance, b) in zip(believed, true, strict=True)]
            new = {result for outcomes in made.values() for result, _ in outcomes} - found
            found |= new
            if (len(found) + 1) ** max(sizes) > (MOST_SPECIES + 1) ** 2:
                raise LimitError(
                    f"real f0: pairs of equal nominal fidelity differ in more than {MOST_SPECIES:,} ways; simulate "
                    "with the nominal f0",
                    size={"species": len(found)},
                )
        ordered = sorted(found, key=lambda pair: (order(pair[0]), order(pair[1])))
        index = {pair: number for number, pair in enumerate(ordered)}
        levels: dict[Any, int] = {level.state: level.index for level in problem.levels}
        success = np.zeros((max(map(len, made.values()), default=0), *([len(ordered) + 1] * max(sizes))))
        result = np.full(success.shape, EMPTY)
        for pairs, outcomes in made.items():
            where, total = tuple(index[pair] for pair in pairs), Fraction(0)
            where += (EMPTY,) * (max(sizes) - len(where))
            for place, (state, chance) in enumerate(outcomes):
                total += chance
                success[(place, *where)], result[(place, *where)] = float(total), index[state]
        return Species(
            nominal=tuple(pair[0].fidelity for pair in ordered),
            real=tuple(pair[1].fidelity for pair in ordered),
            level=np.array([levels.get(pair[0], met(problem.levels)) for pair in ordered], dtype=np.int64),
            raw=index[raw],
            success=success,
            result=result,
        )

    def made(self, consumed: tuple[IntArray, ...], drawn: FloatArray) -> IntArray:
        """What distillations make of some species, given uniform numbers; EMPTY where they fail."""
        consumed += (np.array(EMPTY),) * (self.success.ndim - 1 - len(consumed))
        made = np.full(len(drawn), EMPTY)
        for success, result in zip(self.success[::-1], self.result[::-1], strict=True):
            made = np.where(drawn < success[consumed], result[consumed], made)
        return made

    def merit(self, species: IntArray) -> IntArray:
        """What orders pairs: they are in the order of the map."""
        return species


def _told_apart(problem: Problem) -> set[tuple[Pair, ...]] | None:
    """What is distilled, the pair that is kept first, where it is not everything that the map makes."""
    levels = problem.levels
    if labels_of(problem) is None:
        return None
    return {tuple(levels[one].state for one in reversed(consumed)) for consumed in levels.combinations}


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
    distilling, made
        Run, and the species made, EMPTY where the distillation failed, (distillations,).
    memories
        Memories whose pairs are distilled, the one that holds what is made first, (distillations, pairs); EMPTY for
        none, where other distillations take more.
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
    made: IntArray
    memories: IntArray
    trying: IntArray
    tried: IntArray
    generated: BoolArray
    discarding: IntArray
    discarded: IntArray
    stored: IntArray
    delivered: IntArray

    @property
    def failed(self) -> IntArray:
        """Run of every distillation that failed."""
        return np.asarray(self.distilling[self.made == EMPTY])


@dataclass(frozen=True)
class LabelledMemories:
    """The memories of many runs at once; each holds a species, or nothing.

    Of the pairs at one level, those in memories of lower number are taken first; what a distillation makes stays with
    the pair that is kept, the better one where it makes no difference (of two equal ones, in the memory of lower
    number).

    Attributes
    ----------
    problem
        Number of memories, levels, map and target.
    deviations
        The real ``p`` and ``f0``.
    known
        The numbering in which controllers know what is stored, where it is not that of all count vectors.
    """

    problem: Problem
    deviations: Deviations
    known: CountVectors | ReachableVectors | ExploredVectors | None = None

    @cached_property
    def species(self) -> Species | TrackedSpecies | AgeingSpecies:
        """What a memory may hold."""
        labels = labels_of(self.problem)
        apart = labels is not None and isinstance(labels.grid, Truncation)
        if not apart and (labels is not None or not self.problem.reach.finite):
            return TrackedSpecies(self.problem, self.deviations.f0)
        return Species.of(self.problem, self.deviations.f0)

    @cached_property
    def chance(self) -> float:
        """Real success probability of an attempt."""
        return float(self.problem.p if self.deviations.p is None else self.deviations.p)

    @cached_property
    def configurations(self) -> CountVectors | ReachableVectors | ExploredVectors:
        """The numbering in which controllers know what is stored."""
        return self.known or CountVectors(self.problem.memories, len(self.problem.levels))

    @cached_property
    def _level(self) -> NDArray[np.signedinteger[Any]]:
        """Level of every content, EMPTY included, shifted by one, (species + 1,).

        Eight bits are sorted by counting, which takes a table of 256 for every run: worth it for many memories only.
        """
        if isinstance(self.species, TrackedSpecies):
            return self.species.held
        small = self.problem.memories >= COUNTING_FROM and len(self.problem.levels) <= np.iinfo(np.int8).max
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

    def below(self, up_to: IntArray, levels: IntArray, runs: IntArray) -> IntArray:
        """How many memories of some runs hold less than some levels, from the second result of :meth:`up_to`."""
        return np.asarray(up_to[levels, runs])

    def lasting(self, up_to: IntArray) -> BoolArray:
        """Runs that are where they were after a step in which no attempt succeeds and that does nothing else, (runs,).

        From the second result of :meth:`up_to`.
        """
        return np.ones(up_to.shape[1], dtype=bool)

    def keep(self, contents: IntArray, kind: IntArray) -> None:
        """What becomes of the pairs that a step leaves alone, by which duration it has: nothing."""

    def wait(self, contents: IntArray, happened: Happened, time: FloatArray) -> Happened:  # noqa: ARG002 - where they age
        """What becomes of all pairs while a message is sent again: nothing."""
        return happened

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
        levels, each = decisions.levels[entry], run[:, None]
        taken = levels >= 0
        memories = order[each, np.where(taken, self.below(up_to, levels, each) + decisions.places[entry], 0)]
        memories = np.where(taken, memories, EMPTY)
        trying, place = ragged(decisions.attempts[decision])
        tried = order[trying, place]
        discarding = np.flatnonzero(decisions.discard[decision] >= 0)
        discarded = order[discarding, self.below(up_to, decisions.discard[decision[discarding]], discarding)]
        stored = self.problem.memories - self.below(
            up_to, np.zeros(len(contents), dtype=np.int64), np.arange(len(contents))
        )

        made, drawn = np.full(len(run), EMPTY), rng.random(len(run))
        if len(run):
            made = self.species.made(tuple(np.where(taken, contents[each, memories], EMPTY).T), drawn)
            contents[np.broadcast_to(each, taken.shape)[taken], memories[taken]] = EMPTY
        self.keep(contents, decisions.time[decision])
        if len(run):
            contents[run, memories[:, 0]] = made
        generated = rng.random(len(trying)) < self.chance
        if first is not None:
            generated = (generated & (place > first[trying])) | (place == first[trying])
        contents[trying[generated], tried[generated]] = self.species.raw
        contents[discarding, discarded] = EMPTY

        final = np.flatnonzero(self._level[made + 1] == self.configurations.kinds)
        final = final[np.argsort(self.species.merit(made[final]), kind="stable")]
        delivered[run[final]] = made[final]  # of several, the last stays
        if self.species.level[self.species.raw] == self.configurations.kinds:
            delivered[trying[generated]] = self.species.raw
        return Happened(
            distilling=run,
            made=made,
            memories=memories,
            trying=trying,
            tried=tried,
            generated=generated,
            discarding=discarding,
            discarded=discarded,
            stored=stored,
            delivered=delivered,
        )
