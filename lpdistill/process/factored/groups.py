r"""Sets of recipes of the second sort, grouped by what they consume: of each group, those that may be least.

A set ``y`` is priced by two numbers of it: the probability :math:`\varphi_y` that nothing comes of any of its recipes,
and the expected number :math:`a_y` of recipes that fail.  Of those that consume the same pairs, and are as many, the
least of :math:`\mu a_y + \varphi_y F` is attained at a vertex of the convex hull of the points
:math:`(\varphi_y, a_y)`, whatever :math:`\mu` and ``F`` are.  One more recipe of failure ``f`` takes
:math:`(\varphi, a)` to :math:`(f \varphi, a + f)`, an affine map, which takes vertices of a hull to vertices: so hulls
are made of hulls, recipe by recipe.  What is left out lies inside by more than rounding; a few more points are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.matchings import Matchings

CLEAR = 1e-13
"""Relative difference beyond which a point lies on one side of a line, whatever rounding does."""

TINY = float(np.finfo(np.float64).tiny)
"""What stands for probabilities below it that are not 0."""


@dataclass(frozen=True)
class Groups:
    """The sets of recipes that may be least, those that consume fewer pairs first.

    Attributes
    ----------
    counts
        How often each recipe of the second sort is carried out, (sets, recipes of the second sort).
    taken
        Pairs of each level consumed, (sets, levels).
    consumed, pairs
        Number of pairs consumed, and of distillations, (sets,).
    missed, won
        Probability that nothing comes of any recipe, and that some meets the target, (sets,).
    failures
        Expected number of recipes of which nothing comes, (sets,).
    lower, upper
        Whether the set may be least where failures have a positive price, or a negative one, (sets,).
    """

    counts: IntArray
    taken: IntArray
    consumed: IntArray
    pairs: IntArray
    missed: FloatArray
    won: FloatArray
    failures: FloatArray
    lower: BoolArray
    upper: BoolArray

    @staticmethod
    def of(matchings: Matchings, second: IntArray) -> Groups:
        """The vertices of all groups that fit, the empty set among them."""
        recipes, found = [matchings.recipes[recipe] for recipe in second.tolist()], Groups.empty(matchings, second)
        known = len(found)
        # Those of equal failure follow each other, so that what is as likely has the same bits.
        for place in sorted(range(len(recipes)), key=lambda place: recipes[place].failure):
            size, some, parts = len(recipes[place].consumed), found, [found]
            while len(some := some.at((some.consumed + size <= matchings.memories) & (some.pairs < matchings.most))):
                some = some.joined(place, matchings.consumption[second[place]], recipes[place].failure)
                parts.append(some)
            found = Groups(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Groups)))
            if len(found) > 2 * known:
                found = found.vertices(matchings)
                known = len(found)
        return found.vertices(matchings)

    @staticmethod
    def empty(matchings: Matchings, second: IntArray) -> Groups:
        """The empty set."""
        none = np.zeros(1, dtype=np.int64)
        taken, counts = np.zeros((2, 1, max(len(matchings.levels), len(second))), dtype=np.int64)
        rest = none, none, np.ones(1), np.zeros(1), np.zeros(1), none == 0, none == 0
        return Groups(counts[:, : len(second)], taken[:, : len(matchings.levels)], *rest)

    def joined(self, place: int, taken: IntArray, failure: Fraction) -> Groups:
        """All with one more recipe."""
        counts, lost = self.counts.copy(), float(failure)
        counts[:, place] += 1
        return replace(
            self,
            counts=counts,
            taken=self.taken + taken,
            consumed=self.consumed + int(taken.sum()),
            pairs=self.pairs + 1,
            missed=np.maximum(self.missed * lost, TINY * (self.missed > 0)) if lost else np.zeros(len(self)),
            won=self.won * lost + float(1 - failure),
            failures=self.failures + lost,
        )

    def vertices(self, matchings: Matchings) -> Groups:
        """The vertices of every group, and what cannot be told from them; one of each place."""
        rank = CountVectors(matchings.memories, self.taken.shape[1]).rank(self.taken)
        key = rank * (matchings.most + 1) + self.pairs
        order = np.lexsort((self.failures, self.missed, key))
        here = np.array([key, self.missed, self.failures])[:, order]
        order = order[np.flatnonzero((np.diff(here, prepend=-1.0) != 0).any(axis=0))]
        key, missed, failures = key[order], self.missed[order], self.failures[order]
        lower, upper = (_side(key, missed, sign * failures) for sign in (1, -1))
        found = replace(self.at(order), lower=lower, upper=upper)
        return found.at(lower | upper)

    def __len__(self) -> int:
        return len(self.pairs)

    def at(self, rows: IntArray | BoolArray) -> Groups:
        """Some of them."""
        return Groups(*(getattr(self, one.name)[rows] for one in fields(self)))

    def key(self, place: int) -> tuple[tuple[int, ...], int]:
        """What all of a group have in common: the pairs of each level that they consume, and how many they are."""
        return tuple(self.taken[place].tolist()), int(self.pairs[place])

    @cached_property
    def sums(self) -> IntArray:
        """Partial sums of what is consumed, (sets, levels)."""
        return np.cumsum(self.taken, axis=1)


def _side(key: IntArray, across: FloatArray, up: FloatArray) -> BoolArray:
    """The points of each group that are not clearly above a line between two others, for points in order."""
    kept = np.arange(len(key))
    while True:
        # Points of a path that turns to the right all the way lie above the line between its ends: they go together.
        first, middle, last = kept[:-2], kept[1:-1], kept[2:]
        wide, part = across[last] - across[first], across[middle] - across[first]
        high, step = up[last] - up[first], up[middle] - up[first]
        room = across[last] * (np.abs(high) + np.abs(step)) + (wide + part) * np.maximum(
            np.abs(up[last]), np.abs(up[first])
        )
        worse = (key[first] == key[last]) & (wide * step - high * part > CLEAR * room)
        if not worse.any():
            found: BoolArray = np.zeros(len(key), dtype=np.bool_)
            found[kept] = True
            return found
        kept = np.delete(kept, np.flatnonzero(worse) + 1)


def members(consumption: IntArray, taken: tuple[int, ...], pairs: int, first: int = 0) -> Iterator[tuple[int, ...]]:
    """All sets of so many recipes, as increasing recipes from ``first`` on, that consume exactly some pairs.

    Parameters
    ----------
    consumption
        Pairs of each level that every recipe consumes, (recipes, levels).
    taken, pairs
        Pairs of each level, and the number of recipes.
    first
        The first recipe of which there may be any.
    """
    if not pairs:
        if not any(taken):
            yield ()
        return
    for recipe in range(first, len(consumption)):
        left = tuple(n - less for n, less in zip(taken, consumption[recipe].tolist(), strict=True))
        if min(left) >= 0:
            yield from ((recipe, *others) for others in members(consumption, left, pairs - 1, recipe))
