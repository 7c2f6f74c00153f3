"""Configurations that memories can reach: which they are, and a numbering of them without gaps."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill.process.reachable.vectors import ReachableVectors


@st.composite
def vectors(draw):
    """All that so many memories reach, of levels that need any number of them."""
    most = draw(st.integers(1, 5))
    return ReachableVectors(most, tuple(draw(st.lists(st.integers(1, most), min_size=1, max_size=5))))


def reached(some):
    """The same by search: one more pair is made while enough memories are empty, and any pair may be lost."""
    start = (0,) * some.kinds
    found, waiting = {start}, [start]
    while waiting:
        counts = waiting.pop()
        for kind, need in enumerate(some.needs):
            change = np.arange(some.kinds) == kind
            for after in (counts + change, counts - change):
                key = tuple(after.tolist())
                possible = key[kind] >= 0 and (key[kind] < counts[kind] or need <= some.most - sum(counts))
                if possible and key not in found:
                    found.add(key)
                    waiting.append(key)
    return found


@given(vectors())
def test_rows_are_what_memories_reach(some):
    """Making one pair after the other, each in the memories that are left, gives the rows, and nothing else does."""
    assert {*map(tuple, some.counts.tolist())} == reached(some)


@given(vectors())
def test_needs_bound_how_many_there_may_be(some):
    """With needs in falling order, the i-th pair needs at most M - i + 1: this is what can be reached."""
    every = itertools.product(range(some.most + 1), repeat=some.kinds)
    needs = {
        counts: sorted(np.repeat(some.needs, counts), reverse=True) for counts in every if sum(counts) <= some.most
    }
    keep = {counts for counts, all_of in needs.items() if all(s + i <= some.most for i, s in enumerate(all_of))}
    assert {*map(tuple, some.counts.tolist())} == keep


@given(vectors())
def test_ranks_count_up(some):
    """Rank and row are each other's inverse."""
    assert some.rank(some.counts).tolist() == list(range(some.size))
    assert some.rank_places(some.places).tolist() == list(range(some.size))


@given(vectors())
def test_smaller_sums_come_first(some):
    """Rows are in order of their sums, and ``totals`` has these."""
    assert some.totals.tolist() == sorted(some.counts.sum(axis=1).tolist()) == some.counts.sum(axis=1).tolist()


@given(vectors(), st.data())
def test_what_cannot_be_reached_has_no_rank(some, data):
    """Its rank is -1."""
    counts = tuple(data.draw(st.lists(st.integers(0, some.most), min_size=some.kinds, max_size=some.kinds)))
    if sum(counts) <= some.most:
        assert (some.rank(np.array([counts]))[0] < 0) == (counts not in reached(some))


@pytest.mark.parametrize("counts", [[1], [-1, 0], [2, 1]])
def test_what_is_no_configuration_is_refused(counts):
    """Too few counts, a negative one, or more pairs than memories."""
    with pytest.raises(ValueError, match="2 counts >= 0 that sum to at most 2"):
        ReachableVectors(2, (1, 2)).rank(np.array([counts]))
