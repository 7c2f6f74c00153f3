"""Generation: the expectation over how many attempts succeed, for every configuration."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.generation import Generation, binomial_table

CHANCES = [Fraction(1, 3), Fraction(1), Fraction(1, 10**6), 1 - Fraction(1, 10**6)]
every_chance = pytest.mark.parametrize("p", CHANCES, ids=str)


def generation(p, memories=4, kinds=2, raw=0):
    """Attempts in a few memories."""
    return Generation(CountVectors(memories, kinds), raw, float(p), float(1 - p))


def binomial(n, j, p):
    """Exact probability of ``j`` successes in ``n`` trials."""
    return comb(n, j) * p**j * (1 - p) ** (n - j)


def arbitrary(size):
    """Values that have nothing to do with each other."""
    return np.random.default_rng(5).uniform(0.5, 20, size)


@every_chance
def test_binomial_table_is_exact_to_rounding(p):
    """Every entry, however small, has the exact value to a few roundings."""
    table = binomial_table(float(p), float(1 - p), 9)
    expected = [[float(binomial(n, j, p)) if j <= n else 0.0 for j in range(10)] for n in range(10)]
    assert table == pytest.approx(np.array(expected), rel=1e-14, abs=0)


@pytest.mark.parametrize("p", [*CHANCES, Fraction(1, 10**20)], ids=str)
def test_leaving_loses_no_digits(p):
    """``1 - (1 - p)**g`` is right to a few roundings, also where the difference would cancel."""
    expected = [float(1 - (1 - p) ** g) for g in range(5)]
    assert generation(p).leaving == pytest.approx(expected, rel=1e-15, abs=0)


@every_chance
@pytest.mark.parametrize("raw", [0, 1])
def test_attempt_table_is_the_binomial_expectation(p, raw):
    """``W[c, g]`` is the exact expectation of ``V(c + j e)`` over ``j`` successes out of ``g``, to a few roundings."""
    some = generation(p, raw=raw)
    vectors, values = some.configurations, arbitrary(some.configurations.size)
    whole, _ = some.expect(values)
    for rank, counts in enumerate(vectors.counts):
        for g in range(vectors.most - counts.sum() + 1):
            exact = Fraction(0)
            for j in range(g + 1):
                after = counts.copy()
                after[raw] += j
                exact += binomial(g, j, p) * Fraction(values[vectors.rank(after)])
            assert whole[some.index(np.array(rank), np.array(g))] == pytest.approx(float(exact), rel=1e-14, abs=0)


@every_chance
def test_second_attempt_table_leaves_no_success_out(p):
    """The second table is the first without the outcome in which nothing succeeds, free of cancellation."""
    some = generation(p)
    vectors, values = some.configurations, arbitrary(some.configurations.size)
    _, rest = some.expect(values)
    for rank, counts in enumerate(vectors.counts):
        for g in range(vectors.most - counts.sum() + 1):
            exact = sum(
                binomial(g, j, p) * Fraction(values[vectors.rank(counts + np.array([j, 0]))]) for j in range(1, g + 1)
            )
            assert rest[some.index(np.array(rank), np.array(g))] == pytest.approx(float(exact), rel=1e-14, abs=0)


def test_success_at_the_target_contributes_nothing():
    """Where a raw pair meets the target, only the outcome without success is left in the table."""
    some = generation(Fraction(1, 3), memories=3, kinds=0, raw=None)
    whole, rest = some.expect(np.array([6.0]))
    assert whole[some.index(np.array(0), np.array(3))] == pytest.approx(6 * 8 / 27, rel=1e-15)
    assert rest[some.index(np.array(0), np.array(3))] == 0


@every_chance
def test_expanded_entries_reproduce_the_table(p):
    """Written out as configurations and probabilities, the entries of both tables give the same expectations."""
    some = generation(p)
    values = arbitrary(some.configurations.size)
    tables = np.concatenate(some.expect(values))
    entry, rank, probability = some.expand(np.arange(len(tables)))
    written = np.bincount(entry, weights=probability * values[rank], minlength=len(tables))
    assert written == pytest.approx(tables, rel=1e-14, abs=0)
