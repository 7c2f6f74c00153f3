"""Sets of parallel distillations: what each consumes, and the distribution of what it produces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray, ragged
from lpdistill.physics.levels import Kind, Levels
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.generation import binomial_slopes, binomial_table


@dataclass(frozen=True)
class Matchings:
    """All multisets of at most ``most`` distillations, grouped by what they consume.

    Matchings that consume the same pairs form a group and stand next to each other.  Matchings of fewer pairs come
    first, and among them the smaller groups, so that groups of equal size can be reduced together.

    Attributes
    ----------
    levels
        The fidelity levels.
    kinds
        The kinds of distillation that are allowed.
    most
        The greatest number of distillations in one step, at most ``M // 2``.
    """

    levels: Levels
    kinds: tuple[Kind, ...]
    most: int

    @cached_property
    def _sorted(self) -> tuple[IntArray, IntArray, IntArray]:
        """Counts of kinds, (matchings, kinds); rank of the consumed pairs, and rank of the counts, (matchings,)."""
        counts = CountVectors(self.most, len(self.kinds)).counts
        consumed = (counts.astype(np.float64) @ self.consumption).astype(np.int64)
        ranks = CountVectors(2 * self.most, len(self.levels)).rank(consumed)
        _, group, size = np.unique(ranks, return_inverse=True, return_counts=True)
        order = np.lexsort((ranks, size[group], counts.sum(axis=1)))
        return counts[order], ranks[order], order

    @cached_property
    def consumption(self) -> IntArray:
        """Pairs of each level that one distillation of each kind consumes, (kinds, levels)."""
        consumed = np.zeros((len(self.kinds), len(self.levels)), dtype=np.int64)
        for row, kind in enumerate(self.kinds):
            consumed[row, kind.low] += 1
            consumed[row, kind.high] += 1
        return consumed

    @property
    def counts(self) -> IntArray:
        """Distillations of each kind, (matchings, kinds)."""
        return self._sorted[0]

    @cached_property
    def pairs(self) -> IntArray:
        """Number of distillations, (matchings,)."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def _number(self) -> IntArray:
        """Number of the matching whose counts have a given rank, (matchings,)."""
        order = self._sorted[2]
        number = np.empty_like(order)
        number[order] = np.arange(len(order))
        return number

    def number(self, counts: IntArray) -> IntArray:
        """Number of the matchings with the given distillations of each kind, (..., kinds) -> (...)."""
        ranks = CountVectors(self.most, len(self.kinds)).rank(counts)
        return np.asarray(self._number[ranks])

    def distilled(self, matching: int) -> tuple[tuple[int, int], ...]:
        """The pairs of levels that a matching distils, each as often as it does."""
        return tuple(
            (kind.low, kind.high)
            for kind, count in zip(self.kinds, self.counts[matching].tolist(), strict=True)
            for _ in range(count)
        )

    @cached_property
    def groups(self) -> IntArray:
        """Where each run of matchings that consume the same pairs starts, with the end appended, (groups + 1,)."""
        ranks = self._sorted[1]
        return np.concatenate([[0], np.flatnonzero(np.diff(ranks)) + 1, [len(ranks)]])

    @cached_property
    def consumed_sums(self) -> IntArray:
        """Partial sums of the pairs that each group consumes, (levels, groups)."""
        return CountVectors(2 * self.most, len(self.levels)).unrank_sums(self._sorted[1][self.groups[:-1]])

    @cached_property
    def group_starts(self) -> IntArray:
        """First group of every number of distillations, with the end appended, (most + 2,)."""
        return np.searchsorted(self.pairs[self.groups[:-1]], np.arange(self.most + 2))

    @cached_property
    def success(self) -> tuple[FloatArray, FloatArray]:
        """Success and failure probability of each kind, each correctly rounded, (kinds,)."""
        exact = [kind.success for kind in self.kinds]
        return np.array([float(x) for x in exact]), np.array([float(1 - x) for x in exact])

    @cached_property
    def results(self) -> IntArray:
        """Level that each kind makes, -1 for the target, (kinds,)."""
        return np.array([-1 if k.result is None else k.result for k in self.kinds], dtype=np.int64)

    @cached_property
    def produced_levels(self) -> IntArray:
        """The levels that some distillation makes, increasing."""
        return np.unique(self.results[self.results >= 0])

    @cached_property
    def produced(self) -> CountVectors:
        """Numbering of what a matching may produce: counts of the produced levels."""
        return CountVectors(self.most, len(self.produced_levels))

    @cached_property
    def produced_sums(self) -> IntArray:
        """Partial sums over *all* levels of every producible vector, (levels, produced.size)."""
        sums = np.zeros((len(self.levels), self.produced.size), dtype=np.int64)
        for row, partial in enumerate(self.produced.sums):
            sums[self.produced_levels[row] :] = partial
        return sums

    @cached_property
    def failing(self) -> FloatArray:
        """Expected number of distillations of each matching that fail, (matchings,)."""
        return np.asarray(self.counts @ self.success[1])

    @cached_property
    def reaching(self) -> FloatArray:
        """Probability that at least one of a matching's distillations reaches the target, (matchings,)."""
        failure = np.where(self.results < 0, self.success[1], 1.0)
        return np.asarray(1.0 - np.prod(failure**self.counts, axis=1))

    @cached_property
    def outcomes(self) -> sparse.csr_array:
        r"""Probability of every outcome in which the target is not reached, (matchings, produced.size).

        Row ``X``, column ``u``: all distillations of ``X`` that could reach the target fail, and the others produce
        the counts ``u``.  Kinds are independent, so a row is a product of binomial distributions.
        """
        return self._outcomes(self.counts)

    def outcome_slopes(self, matchings: IntArray, kind: int) -> sparse.csr_array:
        """Derivatives of the outcomes of some matchings by the success probability of a kind, as :attr:`outcomes`."""
        return self._outcomes(self.counts[matchings], slope=kind)

    def _outcomes(self, counts: IntArray, slope: int | None = None) -> sparse.csr_array:
        """Outcomes of matchings with the given counts of kinds, or their derivative by one success probability."""
        success, failure = self.success
        final = self.results < 0
        probability = np.prod(np.where(final, failure, 1.0) ** counts, axis=1)
        if slope is not None and final[slope]:
            others = np.where(np.arange(len(final)) == slope, 1.0, np.where(final, failure, 1.0))
            tried = counts[:, slope]
            probability = -tried * failure[slope] ** np.maximum(tried - 1, 0) * np.prod(others**counts, axis=1)
        row = np.arange(len(counts))
        # Ranks are sums over partial sums, so a success at produced level i raises the partial sums from i on.
        sums = np.zeros((self.produced.kinds, len(row)), dtype=np.int64)
        for kind in np.flatnonzero(~final):
            table = binomial_table(success[kind], failure[kind], self.most)
            if kind == slope:
                table = binomial_slopes(table)
            trials = counts[row, kind]
            entry, made = ragged(trials + 1)
            probability = probability[entry] * table[trials[entry], made]
            row, sums = row[entry], sums[:, entry]
            sums[np.searchsorted(self.produced_levels, self.results[kind]) :] += made
        column = self.produced.rank_sums(sums)
        matrix = sparse.csr_array((probability, (row, column)), shape=(len(counts), self.produced.size))
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix
