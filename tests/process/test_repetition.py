"""What a step does in which nothing happens, in one place."""

import numpy as np
import pytest
from scipy import sparse

from lpdistill.process.repetition import After, Repetition

SOME = Repetition(np.array([0.0, 0.25, 1.0]), np.array([1.0, 0.75, 0.0]))
"""Waiting, a step that succeeds every fourth time, and one that always changes something."""


def test_a_step_is_repeated_until_anything_happens():
    """The expected number of repetitions is geometric, 1 / leaving; waiting is for ever."""
    assert SOME.waits.tolist() == [True, False, False]
    assert SOME.until(np.array([2.0, 2.0, 2.0])).tolist() == [np.inf, 8.0, 2.0]
    assert SOME.changes(np.array([5.0, 8.0, 2.0])).tolist() == [0.0, 2.0, 2.0]


def test_once_and_until_agree_on_the_value_of_staying():
    """The value ``v`` of a step that is repeated is that of one step after which it is worth ``v`` again."""
    total = np.array([3.0, 7.0])
    some = SOME.at(np.array([1, 2]))
    value = some.until(total)
    assert some.once(total, value) == pytest.approx(value, rel=1e-15)


def test_its_moves_lead_back():
    """Written out, nothing happens with the probability of staying, in place."""
    loops = SOME.loops(np.array([2, 0, 1]), (3, 3))
    assert loops.toarray().tolist() == [[0, 0, 1.0], [0.75, 0, 0], [0, 0, 0]]


def test_where_time_passes_something_always_happens():
    """In another slot of time a step that changes nothing has led elsewhere all the same."""
    passed = SOME.within(np.array([True, True, False]))
    assert passed.leaving.tolist() == [1.0, 1.0, 1.0]
    assert passed.staying.tolist() == [0.0, 0.0, 0.0]


def test_mixtures_change_nothing_as_often_as_their_parts():
    """A mixture of columns is a column."""
    mixed = SOME.mixed(sparse.csr_array(np.array([[0.0, 0.5, 0.5]])))
    assert (mixed.leaving.tolist(), mixed.staying.tolist()) == ([0.625], [0.375])


def test_what_comes_after_may_be_the_same_always():
    """Only then is one table of values enough."""
    always = After.always(np.array([1.0, 2.0]), 3)
    assert always.plain
    assert not After(always.values, np.array([0.0, 1.0, 0.0]), always.staying).plain
