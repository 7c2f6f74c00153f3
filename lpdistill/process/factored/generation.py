"""Generation on empty memories: the expectation over how many attempts succeed, for all configurations at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import FloatArray, IntArray, ragged
from lpdistill.process.factored.configurations import CountVectors


@dataclass(frozen=True)
class Generation:
    r"""``g`` attempts, each with success probability ``p``, on top of a configuration ``c``.

    For a function ``V`` of configurations, the *attempt table* holds

    .. math:: W[c, g] = \sum_j \binom{g}{j} p^j (1-p)^{g-j}\, V(c + j e_1)

    for all :math:`|c| + g \le M`, by the recursion :math:`W[c,g] = p\,W[c+e_1,g-1] + (1-p)\,W[c,g-1]`.  It is stored
    flat, ``g`` by ``g``; :meth:`index` finds an entry.  Where a raw pair already meets the target, a success
    contributes 0.

    Attributes
    ----------
    configurations
        All configurations of the memories.
    raw
        The level of a raw pair, or None where it meets the target.
    success, failure
        ``p`` and ``1 - p``, each correctly rounded.
    """

    configurations: CountVectors
    raw: int | None
    success: float
    failure: float

    @cached_property
    def offsets(self) -> IntArray:
        """Where the entries of each number of attempts start in a flat attempt table, (M + 2,)."""
        most = self.configurations.most
        sizes = [self.configurations.up_to(most - g) for g in range(most + 1)]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def index(self, ranks: IntArray, attempts: IntArray) -> IntArray:
        """Position in a flat attempt table of ``attempts`` attempts on the configurations of the given ranks."""
        return self.offsets[attempts] + ranks

    @cached_property
    def one_more(self) -> IntArray:
        """Rank of every configuration with one more raw pair, for configurations with an empty memory."""
        some = self.configurations
        sums = some.sums[:, : some.up_to(some.most - 1)].copy()
        if self.raw is not None:
            sums[self.raw :] += 1
        return some.rank_sums(sums)

    @cached_property
    def leaving(self) -> FloatArray:
        """Probability that at least one of ``g`` attempts succeeds, (M + 1,); computed without cancellation."""
        return leaving_table(self.success, self.failure, self.configurations.most)

    @cached_property
    def staying(self) -> FloatArray:
        """Probability that all of ``g`` attempts fail, (M + 1,)."""
        stay = np.ones(self.configurations.most + 1)
        for g in range(1, len(stay)):
            stay[g] = self.failure * stay[g - 1]
        return stay

    @cached_property
    def binomials(self) -> FloatArray:
        """``binomials[g, j]``: probability of ``j`` successes in ``g`` attempts, (M + 1, M + 1)."""
        return binomial_table(self.success, self.failure, self.configurations.most)

    def expect(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The attempt table of ``values``, and the same without the outcome in which no attempt succeeds.

        The second is what remains of a generation step once "nothing happened" is taken out: dividing by
        :attr:`leaving` gives the expectation given that something did.
        """
        whole, some = self.tables(values, self.success, self.failure)
        return whole, some

    def tables(self, values: FloatArray, success: float | FloatArray, failure: float | FloatArray) -> FloatArray:
        """The tables of :meth:`expect` for given probabilities, or some for each of the last axis, (2, table, ...)."""
        both = np.empty((2, self.offsets[-1], *values.shape[1:]))
        both[0, : len(values)], both[1, : len(values)] = values, 0.0
        fails = bool(np.any(failure))
        for g in range(1, len(self.offsets) - 1):
            start, end = self.offsets[g], self.offsets[g + 1]
            before, here = both[:, self.offsets[g - 1] :][:, : end - start], both[:, start:end]
            if fails:  # values may be infinite
                np.multiply(before, failure, out=here)
            else:
                here[:] = 0.0
            if self.raw is not None:
                here += success * both[0, self.offsets[g - 1] + self.one_more[: end - start]]
        return both

    def collect(self, whole: FloatArray, some: FloatArray) -> FloatArray:
        """The transpose of :meth:`expect`: weights on both tables as weights on configurations, (configurations,).

        Parameters
        ----------
        whole, some
            Weights on the two tables, (table,), which are overwritten.
        """
        for g in range(len(self.offsets) - 2, 0, -1):
            start, end, before = self.offsets[g], self.offsets[g + 1], self.offsets[g - 1]
            if self.raw is not None:
                gained = self.success * (whole[start:end] + some[start:end])
                whole[before + self.one_more[: end - start]] += gained  # no two have the same configuration after
            for table in (whole, some):
                table[before : before + end - start] += self.failure * table[start:end]
        return whole[: self.configurations.size]

    def slopes(self, values: FloatArray) -> FloatArray:
        r"""Derivative of the attempt table by ``p``, the same for both tables joined, (2 * table,).

        Another success instead of another failure changes the value, :math:`\partial W[c,g]/\partial p =
        g\,(W[c+e_1,g-1] - W[c,g-1])`.  Equations in which "nothing happened" is taken out have the same derivative:
        what they lack on one side, they lack on the other.
        """
        whole, _ = self.expect(values)
        slopes = np.zeros_like(whole)
        for g in range(1, len(self.offsets) - 1):
            start, end = self.offsets[g], self.offsets[g + 1]
            before = slice(self.offsets[g - 1], self.offsets[g - 1] + end - start)
            gained = whole[self.offsets[g - 1] + self.one_more[: end - start]] if self.raw is not None else 0.0
            slopes[start:end] = g * (gained - whole[before])
        return np.concatenate([slopes, slopes])

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Write entries of the joined attempt tables out: entry, rank of the configuration, its probability.

        Parameters
        ----------
        index
            Positions in the two tables that :meth:`expect` returns, joined, (entries,).
        """
        table = int(self.offsets[-1])
        within, least = np.where(index < table, index, index - table), (index >= table).astype(np.int64)
        attempts = np.searchsorted(self.offsets, within, side="right") - 1
        most = attempts if self.raw is not None else np.zeros_like(attempts)
        entry, j = ragged(np.maximum(most - least + 1, 0))
        j += least[entry]
        sums = self.configurations.sums[:, (within - self.offsets[attempts])[entry]]
        if self.raw is not None:
            sums[self.raw :] += j
        return entry, self.configurations.rank_sums(sums), self.binomials[attempts[entry], j]


def leaving_table(success: float | FloatArray, failure: float | FloatArray, most: int) -> FloatArray:
    """Probability of a success in ``g`` trials, ``[g]`` for ``g <= most``, with those of all points, if several."""
    leave = np.zeros((most + 1, *np.shape(success)))
    for g in range(1, most + 1):
        leave[g] = success + failure * leave[g - 1]
    return leave


def binomial_table(success: float | FloatArray, failure: float | FloatArray, most: int) -> FloatArray:
    """Probabilities of ``j`` successes in ``n`` trials, ``[n, j]`` for ``n, j <= most``, by positive recursion.

    With those of all points, if several.
    """
    table = np.zeros((most + 1, most + 1, *np.shape(success)))
    table[0, 0] = 1.0
    for n in range(most):
        table[n + 1] = failure * table[n]
        table[n + 1, 1:] += success * table[n, :-1]
    return table


def binomial_slopes(table: FloatArray) -> FloatArray:
    """Derivatives by the success probability of a binomial table: ``n (B[n-1, j-1] - B[n-1, j])``."""
    slopes = np.zeros_like(table)
    trials = np.arange(1, len(table))[:, None]
    slopes[1:] = -trials * table[:-1]
    slopes[1:, 1:] += trials * table[:-1, :-1]
    return slopes
