r"""Sets of recipes of the second sort, grouped by what they consume: of each group, those that may be least.

A set ``y`` is priced by two numbers of it: the probability :math:`\varphi_y` that nothing comes of any of its recipes,
and the expected number :math:`a_y` of recipes that fail.  Of those that consume the same pairs, and are as many, the
least of :math:`\mu a_y + \varphi_y F` is attained at a vertex of the convex hull of the points
:math:`(\varphi_y, a_y)`, whatever :math:`\mu` and ``F`` are.  One more recipe of failure ``f`` takes
:math:`(\varphi, a)` to :math:`(f \varphi, a + f)`, an affine map, which takes vertices of a hull to vertices: so hulls
are made of hulls, recipe by recipe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import lcm
from typing import TypeAlias

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.factored.matchings import Matchings

Point: TypeAlias = tuple[int, int, tuple[int, ...]]
"""Whole multiples of :math:`\\varphi_y` and :math:`a_y`, the same of a group, and how often each recipe is in ``y``."""


def hull(points: list[Point]) -> list[Point]:
    """The vertices of the convex hull of some points, one of each place."""
    places = {point[:2]: point for point in reversed(points)}
    ordered = [places[place] for place in sorted(places)]
    if len(ordered) < 3:
        return ordered
    lower, upper = _chain(ordered), _chain(ordered[::-1])
    return lower[:-1] + upper[:-1]


def _chain(points: list[Point]) -> list[Point]:
    """The vertices on one side of a hull, for points in order."""
    found: list[Point] = []
    for point in points:
        while len(found) > 1 and not _turns(found[-2], found[-1], point):
            found.pop()
        found.append(point)
    return found


def _turns(first: Point, second: Point, third: Point) -> bool:
    """Whether a path through three points turns to the left."""
    along = (second[0] - first[0]) * (third[1] - first[1])
    return along > (third[0] - first[0]) * (second[1] - first[1])


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
        Probability that nothing comes of any recipe, and that some meets the target, correctly rounded, (sets,).
    failures
        Expected number of recipes of which nothing comes, correctly rounded, (sets,).
    """

    counts: IntArray
    taken: IntArray
    consumed: IntArray
    pairs: IntArray
    missed: FloatArray
    won: FloatArray
    failures: FloatArray

    @staticmethod
    def of(matchings: Matchings, second: IntArray) -> Groups:
        """The vertices of all groups that fit, the empty set among them."""
        recipes = [matchings.recipes[recipe] for recipe in second.tolist()]
        consumption = [tuple(matchings.consumption[recipe].tolist()) for recipe in second.tolist()]
        whole = lcm(*(recipe.failure.denominator for recipe in recipes))
        layers: list[dict[tuple[int, ...], list[Point]]] = [{} for _ in range(matchings.memories + 1)]
        layers[0][(0,) * (1 + len(matchings.levels))] = [(1, 0, (0,) * len(recipes))]
        for place, (recipe, taken) in enumerate(zip(recipes, consumption, strict=True)):
            lost, size = int(recipe.failure * whole), len(recipe.consumed)
            for total in range(matchings.memories - size + 1):
                for (number, *group), points in layers[total].items():
                    if number < matchings.most:
                        grown = [
                            (lost * missed, failed + lost, (*counts[:place], counts[place] + 1, *counts[place + 1 :]))
                            for missed, failed, counts in points
                        ]
                        after = (number + 1, *(n + more for n, more in zip(group, taken, strict=True)))
                        there = layers[total + size]
                        there[after] = hull([*there.get(after, ()), *grown])
        found = [(key, point) for layer in layers for key, points in layer.items() for point in points]
        keys = np.array([key for key, _ in found], dtype=np.int64)
        scales = [whole ** key[0] for key, _ in found]
        points = [point for _, point in found]
        return Groups(
            np.array([counts for _, _, counts in points], dtype=np.int64).reshape(len(found), -1),
            keys[:, 1:],
            keys[:, 1:].sum(axis=1),
            keys[:, 0],
            np.array([missed / scale for (missed, _, _), scale in zip(points, scales, strict=True)]),
            np.array([(scale - missed) / scale for (missed, _, _), scale in zip(points, scales, strict=True)]),
            np.array([failed / whole for _, failed, _ in points]),
        )

    def __len__(self) -> int:
        return len(self.pairs)

    def at(self, rows: IntArray | BoolArray) -> Groups:
        """Some of them."""
        counts, taken, consumed, pairs = self.counts[rows], self.taken[rows], self.consumed[rows], self.pairs[rows]
        return Groups(counts, taken, consumed, pairs, self.missed[rows], self.won[rows], self.failures[rows])

    def key(self, place: int) -> tuple[tuple[int, ...], int]:
        """What all of a group have in common: the pairs of each level that they consume, and how many they are."""
        return tuple(self.taken[place].tolist()), int(self.pairs[place])

    @cached_property
    def sums(self) -> IntArray:
        """Partial sums of what is consumed, (sets, levels)."""
        return np.cumsum(self.taken, axis=1)


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
