"""Count vectors: a numbering without gaps, by increasing sum."""

from math import comb

import numpy as np
import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill.process.factored.configurations import CountVectors

SHAPES = [(0, 0), (0, 3), (1, 0), (3, 0), (1, 1), (4, 1), (2, 2), (4, 3), (3, 5)]


@pytest.mark.parametrize(("most", "kinds"), SHAPES)
def test_every_vector_has_a_row(most, kinds):
    """The rows are all vectors of counts that sum to at most ``most``, each once."""
    found = [tuple(row) for row in CountVectors(most, kinds).counts.tolist()]
    assert sorted(found) == sorted(oracle.configurations(most, kinds))


@pytest.mark.parametrize(("most", "kinds"), SHAPES)
def test_size_is_the_number_of_rows(most, kinds):
    """``size`` is ``comb(most + kinds, kinds)``, and the number of rows there are."""
    vectors = CountVectors(most, kinds)
    assert vectors.size == len(vectors.counts) == comb(most + kinds, kinds)


@pytest.mark.parametrize(("most", "kinds"), SHAPES)
def test_ranks_count_up(most, kinds):
    """The vector in row ``i`` has rank ``i``."""
    vectors = CountVectors(most, kinds)
    assert vectors.rank(vectors.counts).tolist() == list(range(vectors.size))


@given(st.integers(0, 60), st.integers(1, 6), st.data())
def test_unrank_inverts_rank(most, kinds, data):
    """Any vector, also of a numbering too large to be listed, comes back from its rank."""
    cuts = sorted(data.draw(st.lists(st.integers(0, most), min_size=kinds, max_size=kinds)))
    counts = np.diff([0, *cuts])
    vectors = CountVectors(most, kinds)
    assert vectors.unrank(vectors.rank(counts)).tolist() == counts.tolist()


@given(st.integers(0, 60), st.integers(1, 6), st.data())
def test_rank_inverts_unrank(most, kinds, data):
    """Any rank comes back from its vector."""
    vectors = CountVectors(most, kinds)
    rank = data.draw(st.integers(0, vectors.size - 1))
    assert vectors.rank(vectors.unrank(np.array(rank))) == rank


@pytest.mark.parametrize(("most", "kinds"), SHAPES)
def test_smaller_sums_come_first(most, kinds):
    """The vectors with sum at most ``t`` are the first ``up_to(t)``."""
    vectors = CountVectors(most, kinds)
    for total in range(-1, most + 1):
        assert (vectors.totals <= total).tolist() == [i < vectors.up_to(total) for i in range(vectors.size)]


@pytest.mark.parametrize(("most", "kinds"), SHAPES)
def test_totals_are_sums(most, kinds):
    """``totals`` holds the sum of every vector."""
    vectors = CountVectors(most, kinds)
    assert vectors.totals.tolist() == vectors.counts.sum(axis=1).tolist()


def test_ranks_do_not_depend_on_the_greatest_sum():
    """A vector has the same rank in every numbering that holds it."""
    counts = CountVectors(3, 4).counts
    assert CountVectors(7, 4).rank(counts).tolist() == list(range(len(counts)))


@pytest.mark.parametrize("counts", [[1, 1, 1], [3, 0], [-1, 1], [0], [[0, 0], [2, 1]]], ids=str)
def test_what_is_no_vector_has_no_rank(counts):
    """A wrong length, a negative count or too great a sum is a ValueError."""
    with pytest.raises(ValueError, match="sum to at most 2"):
        CountVectors(2, 2).rank(np.array(counts))
