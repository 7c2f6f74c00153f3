"""Count vectors, ranked and unranked as array operations.

Memories are interchangeable, so a configuration is a vector of counts, and so are a set of distillations (counts of
kinds) and what a set of distillations produced (counts of levels).  One numbering serves all three.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np

from lpdistill.arrays import IntArray


@dataclass(frozen=True)
class CountVectors:
    r"""All vectors of ``kinds`` non-negative counts with sum at most ``most``, in order of their sum.

    With partial sums :math:`s_j = n_1 + \dots + n_j`, the combinatorial number system

    .. math:: \operatorname{rank}(n) = \sum_{j=1}^{k} \binom{s_j + j - 1}{j}

    numbers them from 0 without gaps, and every vector of sum at most ``t`` comes before every vector of greater sum:
    the vectors with sum at most ``t`` are the first :math:`\binom{t+k}{k}`.

    >>> pairs = CountVectors(most=2, kinds=2)
    >>> pairs.counts.tolist()
    [[0, 0], [0, 1], [1, 0], [0, 2], [1, 1], [2, 0]]
    >>> int(pairs.rank(np.array([1, 1])))
    4
    """

    most: int
    kinds: int

    @property
    def size(self) -> int:
        """Number of vectors, ``comb(most + kinds, kinds)``."""
        return self.up_to(self.most)

    def up_to(self, total: int) -> int:
        """Number of vectors with sum at most ``total``: they are the first ones."""
        return comb(total + self.kinds, self.kinds) if total >= 0 else 0

    @cached_property
    def steps(self) -> IntArray:
        """The table of binomials ``steps[j, s] = comb(s + j, j + 1)``, (kinds, most + 1)."""
        table = [[comb(s + j, j + 1) for s in range(self.most + 1)] for j in range(self.kinds)]
        return np.array(table, dtype=np.int64).reshape(self.kinds, self.most + 1)

    @cached_property
    def sums(self) -> IntArray:
        """Partial sums of all vectors, (kinds, size)."""
        return self.unrank_sums(np.arange(self.size))

    @cached_property
    def counts(self) -> IntArray:
        """All vectors, (size, kinds), row ``i`` being the vector of rank ``i``."""
        return self._counts(self.sums)

    @cached_property
    def totals(self) -> IntArray:
        """Sum of every vector, (size,)."""
        return self.sums[-1] if self.kinds else np.zeros(1, dtype=np.int64)

    def rank_sums(self, sums: IntArray) -> IntArray:
        """Ranks of vectors given by their partial sums, (kinds, ...) -> (...)."""
        ranks = np.zeros(sums.shape[1:], dtype=np.int64)
        for table, partial in zip(self.steps, sums, strict=True):
            ranks += table[partial]
        return ranks

    def rank(self, counts: IntArray) -> IntArray:
        """Ranks of count vectors, (..., kinds) -> (...).

        Raises
        ------
        ValueError
            If a vector has the wrong length, a negative count, or a sum above ``most``.
        """
        counts = np.asarray(counts, dtype=np.int64)
        if counts.shape[-1] != self.kinds or (counts < 0).any() or (counts.sum(axis=-1) > self.most).any():
            raise ValueError(f"count vectors must have {self.kinds} counts >= 0 that sum to at most {self.most}")
        return self.rank_sums(np.moveaxis(np.cumsum(counts, axis=-1), -1, 0))

    def unrank_sums(self, ranks: IntArray) -> IntArray:
        """Partial sums of the vectors of the given ranks, (...) -> (kinds, ...)."""
        rest = np.array(ranks, dtype=np.int64)
        sums = np.empty((self.kinds, *rest.shape), dtype=np.int64)
        for j in reversed(range(self.kinds)):
            sums[j] = np.searchsorted(self.steps[j], rest, side="right") - 1
            rest -= self.steps[j][sums[j]]
        return sums

    def unrank(self, ranks: IntArray) -> IntArray:
        """Count vectors of the given ranks, (...) -> (..., kinds)."""
        return self._counts(self.unrank_sums(ranks))

    @staticmethod
    def _counts(sums: IntArray) -> IntArray:
        return np.ascontiguousarray(np.moveaxis(np.diff(sums, axis=0, prepend=0), 0, -1))
