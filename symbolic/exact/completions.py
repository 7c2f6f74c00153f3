"""Recipes that end a run or leave nothing, on top of bounds in integers: the least of them, and those within limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.process.factored.lattice import Lattice
from symbolic.exact.model import Elements

DIGITS = 96
"""Binary digits after the point, ``B``."""

BEYOND = 1 << 2048
"""The value of a dead end: far beyond what is found in double precision, times :math:`2^B`."""

Table: TypeAlias = list[Elements]
"""Integers by number of pairs: for the configurations of so many, and the numbers of attempts, (rows, attempts)."""


def chance_of(probability: Fraction) -> int:
    """A probability rounded down to a multiple of :math:`2^{-B}`."""
    return (probability.numerator << DIGITS) // probability.denominator


@dataclass(frozen=True)
class Second:
    """Recipes of the second sort on top of a table.

    Attributes
    ----------
    steps
        For every number of pairs the recipes that fit somewhere, with rows that they fit and where they lead.
    below
        Rank of every configuration without what a recipe consumes, -1 for none, (recipes, configurations).
    missed, won
        Probability that nothing comes of each recipe, and what its deliveries are worth, times :math:`2^B`.
    """

    steps: list[list[tuple[int, int, IntArray, IntArray]]]
    below: IntArray
    missed: list[int]
    won: list[int]

    @staticmethod
    def of(lattice: Lattice, layers: list[slice], delivered: int) -> Second:
        """Those of a lattice."""
        steps: list[list[tuple[int, int, IntArray, IntArray]]] = [[] for _ in layers]
        for recipe, size in enumerate(lattice.sizes(lattice.second)):
            for total in range(size, len(layers)):
                below = lattice.below[recipe, layers[total]]
                rows = np.flatnonzero(below >= 0)
                if len(rows):
                    steps[total].append((recipe, total - size, rows, below[rows] - layers[total - size].start))
        recipes = [lattice.matchings.recipes[recipe] for recipe in lattice.second.tolist()]
        missed, won = ([chance_of(getattr(one, name)) for one in recipes] for name in ("failure", "reaching"))
        return Second(steps, lattice.below, missed, [chance * delivered for chance in won])

    def _one_more(self, best: Table, source: Table) -> Table:
        """The least of a table and of what one more recipe makes of another, which may be the same."""
        for here, steps in zip(best, self.steps, strict=False):
            for recipe, total, rows, below in steps:
                after = self.missed[recipe] * source[total][below, : here.shape[1]] + self.won[recipe]
                here[rows] = np.minimum(here[rows], after >> DIGITS)
        return best

    def least(self, table: Table) -> Table:
        """The least with any number of recipes on top."""
        best = [here.copy() for here in table]
        return self._one_more(best, best)

    def more(self, table: Table) -> Table:
        """The least with exactly one more recipe on top."""
        return self._one_more([np.full(here.shape, BEYOND, dtype=object) for here in table], table)

    def most(self, recipe: int, limit: int) -> int:
        """What a number may be at most if it is to be within a limit with a recipe on top."""
        room = (limit + 1 << DIGITS) - self.won[recipe] - 1
        return room // self.missed[recipe] if self.missed[recipe] else BEYOND if room >= 0 else -1


@dataclass(frozen=True)
class Completions:
    """All ``y`` beside an ``x``.

    Attributes
    ----------
    second
        The recipes.
    layers
        The configurations of so many pairs.
    stages
        The table of the ``x``, and the least with any number of recipes on top, or tables with exactly 1, 2, ....
    counted
        Whether the number of recipes matters.
    """

    second: Second
    layers: list[slice]
    stages: list[Table]
    counted: bool

    @staticmethod
    def of(second: Second, layers: list[slice], table: Table, rounds: int | None) -> Completions:
        """Those beside the ``x`` that has a table, at most so many; None for any number."""
        stages = [table]
        for _ in range(1 if rounds is None else rounds):
            stages.append((second.least if rounds is None else second.more)(stages[-1]))
        return Completions(second, layers, stages, rounds is not None)

    def _at(self, stage: int, rank: int, attempts: int) -> int:
        total = next(total for total, layer in enumerate(self.layers) if rank < layer.stop)
        return int(self.stages[stage][total][rank - self.layers[total].start, attempts])

    def within(self, stage: int, entry: tuple[int, int], limit: int, first: int = 0) -> Iterator[tuple[int, ...]]:
        """The ``y`` of a stage, as increasing recipes, whose bounds in a configuration are within a limit."""
        rank, attempts = entry
        if not stage or (not self.counted and self._at(0, rank, attempts) <= limit):
            yield ()
        before = stage - 1 if self.counted else stage
        for recipe in range(first, len(self.second.missed) if stage else 0):
            below, most = int(self.second.below[recipe, rank]), self.second.most(recipe, limit)
            if below >= 0 and self._at(before, below, attempts) <= most:
                more = self.within(before, (below, attempts), most, recipe)
                yield from ((recipe, *others) for others in more)
