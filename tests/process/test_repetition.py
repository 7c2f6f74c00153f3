"""What a step does in which nothing happens, in one place."""

import re
from fractions import Fraction
from math import log
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import lpdistill
from lpdistill.process.repetition import After, Repetition, decay, drawn, leaving_by_success

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


def test_all_that_may_happen_is_moves_and_staying():
    """With what changes something, staying makes a row of a stochastic matrix; zeros are left out."""
    moves = sparse.csr_array(np.array([[0, 0, 0], [0, 0.25, 0], [0, 0.5, 0.5]]))
    whole = SOME.whole(moves, np.array([0, 1, 2]))
    assert whole.toarray().tolist() == [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]
    assert whole.nnz == 4


def test_given_that_anything_happens_the_rows_sum_to_1():
    """Moves are divided by the probability that anything happens; those that wait have none."""
    moves = sparse.csr_array(np.array([[0, 0, 0], [0.125, 0, 0.125], [0, 1.0, 0]]))
    assert SOME.given(moves).toarray().tolist() == [[0, 0, 0], [0.5, 0, 0.5], [0, 1, 0]]


def test_reduced_costs_vanish_for_the_value_of_repeating():
    """``c + P V - leaving V`` is 0 for the ``V`` that collects until anything happens."""
    some, total = SOME.at(np.array([1, 2])), np.array([3.0, 7.0])
    assert some.reduced(total, some.until(total)).tolist() == [0, 0]


def test_a_column_takes_out_what_leaves():
    """The diagonal part of the flow matrix has the probability of leaving in the row of the configuration."""
    assert SOME.flow(np.array([2, 0, 0]), 3).toarray().tolist() == [[0, 0.25, 1], [0, 0, 0], [0, 0, 0]]


def test_growth_loses_no_digits():
    """``1 - (1 + g) staying`` keeps its digits where leaving is tiny, and where what is done takes no time."""
    rare = Repetition(np.array([1e-20]), np.array([1.0]))
    assert rare.grown(0.0).tolist() == [1e-20]
    assert SOME.grown(-1.0).tolist() == [1, 1, 1]


def test_what_passes_and_what_repeats_are_the_whole():
    """Steps that change nothing either repeat or pass, with all of their probability."""
    passes = np.array([True, False, True])
    assert (SOME.within(passes).staying + SOME.passing(passes).staying).tolist() == SOME.staying.tolist()


def test_parts_of_a_step_add_up():
    """Parts of a step that are taken with probabilities have these in sum."""
    half = SOME.mixed(sparse.csr_array(0.5 * np.eye(3)))
    assert half.probability.tolist() == [0.5, 0.5, 0.5]
    assert (Repetition.none(3) + half + half).leaving.tolist() == SOME.leaving.tolist()


def test_the_decay_of_a_geometric_law():
    """Steps of duration ``d`` change nothing ``n`` times with probability ``q**n``: the rate is ``-log(q) / d``."""
    assert decay(np.array([2.0]), [SOME.at(np.array([1, 2]))]) == pytest.approx([-log(0.75) / 2, np.inf], rel=1e-15)


def test_the_decay_of_steps_of_two_durations():
    """``q e^s + q e^(2 s) = 1`` is a quadratic equation; steps of no duration do not count as time."""
    part = Repetition(np.array([0.25]), np.array([0.25]))
    root = (-1 + np.sqrt(1 + 4 / 0.25)) / 2
    assert decay(np.array([1.0, 2.0]), [part, part]) == pytest.approx([log(root)], rel=1e-15)
    sure = Repetition(np.array([0.5]), np.array([0.0]))
    assert decay(np.array([0.0, 1.0]), [part, sure]).tolist() == [np.inf]


def test_repetitions_are_drawn_from_their_law():
    """All attempts fail with probability ``(1 - p)**g``; the first success has a truncated geometric law."""
    repeats, failing = drawn(0.5, np.full(40_000, 2), np.random.default_rng(1))
    assert repeats.mean() == pytest.approx(1 / 3, abs=5 * (4 / 9 / 40_000) ** 0.5)
    assert failing.mean() == pytest.approx(1 / 3, abs=5 * (2 / 9 / 40_000) ** 0.5)


def test_leaving_over_any_ring():
    """``(1 - (1 - p)**g) / p``, in integers and in fractions."""
    p = Fraction(1, 4)
    exact = leaving_by_success([(1 - p) ** k for k in range(4)], [Fraction(1)] * 4, 4)
    assert exact == (1 - (1 - p) ** 4) / p == Fraction(leaving_by_success([1, 3, 9, 27], [1, 4, 16, 64], 4), 64)
    assert leaving_by_success([1], [1], 0) == 0


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


def test_nobody_else_computes_with_these_probabilities():
    """Only this module reads them; the others ask it.  Steps and tables of attempts have names of their own alike."""
    home = Path(lpdistill.__file__).parents[1]
    alike = re.compile(r"(after|attempts|edges|generation)\.(leaving|staying)\b")
    own = {"process/repetition.py", "process/process.py"}
    found = [
        f"{path.name}:{number}"
        for room in ("lpdistill", "symbolic")
        for path in sorted((home / room).rglob("*.py"))
        if path.relative_to(home / room).as_posix() not in own
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\.(leaving|staying)\b", alike.sub("", line)) and "`" not in line
    ]
    assert found == []
