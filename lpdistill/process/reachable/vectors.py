r"""Configurations that some memories can reach, numbered without gaps.

A pair whose making needs ``s`` memories leaves ``M - s`` for the pairs that were made before.  So configurations with
needs :math:`s_1 \ge s_2 \ge \dots` can be reached if and only if :math:`s_i + i - 1 \le M` for all ``i``: at most
``M - s + 1`` pairs may need ``s`` memories or more.  With levels in order of falling needs, these are bounds on partial
sums, and the combinatorial number system of :class:`~lpdistill.process.factored.configurations.CountVectors` numbers
what keeps them, with another table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import IntArray, ragged


@dataclass(frozen=True)
class ReachableVectors:
    """All count vectors that can be reached, in order of their sum.

    Inside, a vector is the row of its *places*: the positions of its pairs' levels in order of falling needs,
    increasing, filled up with the number of levels.

    Attributes
    ----------
    most
        Number of memories.
    needs
        The least number of memories with which pairs of each level can be made, (levels,).

    Examples
    --------
    >>> some = ReachableVectors(2, (1, 2))
    >>> some.counts.tolist()
    [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1]]
    >>> some.rank(np.array([[1, 1], [0, 2]])).tolist()
    [4, -1]
    """

    most: int
    needs: tuple[int, ...]

    @property
    def kinds(self) -> int:
        """Number of levels."""
        return len(self.needs)

    @cached_property
    def order(self) -> IntArray:
        """The levels in order of falling needs, (levels,)."""
        return np.argsort(-np.array(self.needs), kind="stable")

    @cached_property
    def place(self) -> IntArray:
        """The position of every level in that order, (levels,)."""
        return np.argsort(self.order, kind="stable")

    @cached_property
    def _steps(self) -> IntArray:
        """Vectors of the first levels whose partial sums keep the bounds and end below a sum, (levels, most + 2)."""
        ending, found = [1] + [0] * self.most, []
        for level in self.order.tolist():
            cap = self.most - self.needs[level] + 1
            ending = [sum(ending[: total + 1]) if total <= cap else 0 for total in range(self.most + 1)]
            found.append([sum(ending[:total]) for total in range(self.most + 2)])
        return np.array(found, dtype=np.int64).reshape(self.kinds, self.most + 2)

    @property
    def size(self) -> int:
        """Number of vectors."""
        return int(self._steps[-1, -1]) if self.kinds else 1

    @cached_property
    def _passed(self) -> IntArray:
        """What the first levels add to the rank where their partial sum is ``i``, (most + 1, levels + 1)."""
        found = np.zeros((self.most + 1, self.kinds + 1), dtype=np.int64)
        np.cumsum(self._steps[:, : self.most + 1].T, axis=1, out=found[:, 1:])
        return found

    def rank_places(self, places: IntArray) -> IntArray:
        """Ranks of vectors that can be reached, given by their places, (vectors, most) -> (vectors,)."""
        ranks = np.zeros(len(places), dtype=np.int64)
        for i in range(1, self.most + 1):
            passed = self._passed[i]
            ranks += (passed[places[:, i]] if i < self.most else passed[-1]) - passed[places[:, i - 1]]
        return ranks

    @cached_property
    def places(self) -> IntArray:
        """All vectors, as places, (size, most)."""
        rest, sums = np.arange(self.size), np.zeros((self.kinds, self.size), dtype=np.int64)
        for row in reversed(range(self.kinds)):
            sums[row] = np.searchsorted(self._steps[row], rest, side="right") - 1
            rest = rest - self._steps[row][sums[row]]
        counts = np.diff(sums, axis=0, prepend=0).T
        vector, entry = np.nonzero(counts)
        repeated, _ = ragged(counts[vector, entry])
        vector, entry = vector[repeated], entry[repeated]
        found = np.full((self.size, self.most), self.kinds)
        found[vector, np.arange(len(vector)) - np.searchsorted(vector, vector)] = entry
        return found

    @cached_property
    def totals(self) -> IntArray:
        """Sum of every vector, (size,)."""
        return totals_of(self.places, self.kinds)

    @cached_property
    def counts(self) -> IntArray:
        """All vectors, by level, (size, levels)."""
        return self.counts_of(self.places)

    def counts_of(self, places: IntArray) -> IntArray:
        """Vectors by level, given by their places, (vectors, most) -> (vectors, levels)."""
        return counted(places, self.kinds)[:, self.place]

    def rank(self, counts: IntArray) -> IntArray:
        """Ranks of count vectors, -1 for what cannot be reached, (vectors, levels) -> (vectors,).

        Raises
        ------
        ValueError
            If a vector has the wrong length, a negative count, or a sum above ``most``.
        """
        counts = checked(counts, self.kinds, self.most)
        sums = np.cumsum(counts[..., self.order], axis=-1)
        caps = self.most + 1 - np.array(self.needs)[self.order]
        ranks = np.take_along_axis(self._steps.T, sums.reshape(-1, self.kinds), axis=0).sum(axis=1)
        return np.where((sums <= caps).all(axis=-1), ranks.reshape(sums.shape[:-1]), -1)

    def rank_sums(self, sums: IntArray) -> IntArray:
        """Ranks of vectors given by their partial sums over levels, (levels, vectors) -> (vectors,)."""
        return self.rank(np.diff(sums, axis=0, prepend=0).T)


@dataclass(frozen=True)
class ExploredVectors:
    """Configurations that were found, the start first.

    Attributes
    ----------
    most, kinds
        Number of memories, and of levels.
    places
        The levels of the pairs of every configuration, increasing, filled up with the number of levels, (size, most).
    """

    most: int
    kinds: int
    places: IntArray

    @property
    def size(self) -> int:
        """Number of configurations."""
        return len(self.places)

    @property
    def order(self) -> IntArray:
        """The levels in the order of places, (levels,)."""
        return np.arange(self.kinds)

    @property
    def place(self) -> IntArray:
        """The position of every level in that order, (levels,)."""
        return np.arange(self.kinds)

    @cached_property
    def totals(self) -> IntArray:
        """Number of pairs of every configuration, (size,)."""
        return totals_of(self.places, self.kinds)

    @cached_property
    def counts(self) -> IntArray:
        """All count vectors, (size, levels)."""
        return self.counts_of(self.places)

    def counts_of(self, places: IntArray) -> IntArray:
        """Count vectors of configurations given by their places, (vectors, most) -> (vectors, levels)."""
        return counted(places, self.kinds)

    @cached_property
    def _codes(self) -> tuple[IntArray, IntArray]:
        """The configurations as numbers, increasing, and their ranks."""
        codes = codes_of(self.places, self.kinds)
        order = np.argsort(codes)
        return codes[order], order

    def rank_codes(self, codes: IntArray) -> IntArray:
        """Ranks of configurations given as numbers, -1 where there is none."""
        known, order = self._codes
        at = np.minimum(np.searchsorted(known, codes), len(known) - 1)
        return np.where(known[at] == codes, order[at], -1)

    def rank_places(self, places: IntArray) -> IntArray:
        """Ranks of configurations given by their places, -1 where there is none, (vectors, most) -> (vectors,)."""
        return self.rank_codes(codes_of(places, self.kinds))

    def rank_sums(self, sums: IntArray) -> IntArray:
        """Ranks of vectors given by their partial sums over levels, (levels, vectors) -> (vectors,)."""
        return self.rank(np.diff(sums, axis=0, prepend=0).T)

    def rank(self, counts: IntArray) -> IntArray:
        """Ranks of count vectors, -1 for what runs do not come by, (vectors, levels) -> (vectors,).

        Raises
        ------
        ValueError
            If a vector has the wrong length, a negative count, or a sum above ``most``.
        """
        counts = np.atleast_2d(checked(counts, self.kinds, self.most))
        places = np.full((len(counts), self.most), self.kinds)
        vector, level = np.nonzero(counts)
        repeated, within = ragged(counts[vector, level])
        start = np.cumsum(counts, axis=1)[vector, level] - counts[vector, level]
        places[vector[repeated], start[repeated] + within] = level[repeated]
        return self.rank_places(places)


def totals_of(places: IntArray, kinds: int) -> IntArray:
    """The number of pairs of every row of places, (vectors,)."""
    return np.asarray((places < kinds).sum(axis=1))


def counted(places: IntArray, kinds: int) -> IntArray:
    """How often every place stands in rows of places, (vectors, kinds)."""
    found = np.zeros((len(places), kinds + 1), dtype=np.int64)
    np.add.at(found, (np.arange(len(places))[:, None], places), 1)
    return found[:, :-1]


def checked(counts: IntArray, kinds: int, most: int) -> IntArray:
    """Count vectors, refused where they are none."""
    counts = np.asarray(counts, dtype=np.int64)
    if counts.shape[-1] != kinds or (counts < 0).any() or (counts.sum(axis=-1) > most).any():
        raise ValueError(f"count vectors must have {kinds} counts >= 0 that sum to at most {most}")
    return counts


def codes_of(places: IntArray, kinds: int) -> IntArray:
    """Rows of places as one number each."""
    found = np.zeros(len(places), dtype=np.int64)
    for digit in places.T:
        found = found * (kinds + 1) + digit
    return found
