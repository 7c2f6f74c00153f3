"""Configurations and actions in words."""

from decimal import Decimal
from fractions import Fraction

import pytest
from cases import SMALL
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import Action, Problem
from lpdistill.solution.wording import Wording, outwards


def words_of(problem):
    """The words of a problem."""
    return Wording(problem.levels, problem.memories)


@pytest.fixture
def words():
    """Words for four memories and two levels, 0.750 and 0.788."""
    return words_of(SMALL["four memories"])


def test_fidelities_have_three_decimals(words):
    """Levels are named by their fidelity."""
    assert words.names == ["0.750", "0.788"]


def test_fidelities_have_as_many_decimals_as_tell_them_apart():
    """A level that is close to the target is not printed as the target."""
    problem = Problem(0.5, 2, "3/4", "0.78847")
    assert words_of(problem).names == ["0.75000", "0.78846"]


def test_fidelities_beyond_double_precision_still_have_names():
    """A level 1e-30 below the target has a name, though no number of decimals tells it from the target."""
    names = words_of(SMALL["target just above a level"]).names
    assert [float(name) for name in names] == pytest.approx([0.75, 41 / 52], rel=1e-15)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((0, 0), "4 empty"),
        ((2, 1), "2 x 0.750 + 1 x 0.788, 1 empty"),
        ((0, 4), "4 x 0.788"),
    ],
)
def test_configurations_in_words(words, counts, text):
    """A configuration says what is stored, and how many memories are empty."""
    assert words.configuration(counts) == text


@pytest.mark.parametrize("counts", [(1,), (1, 1, 1)])
def test_wrong_counts_have_no_words(words, counts):
    """Counts of the wrong length are an error."""
    with pytest.raises(ValueError, match="zip"):
        words.configuration(counts)


@pytest.mark.parametrize(
    ("distil", "text"),
    [
        ((), "-"),
        (((0, 0),), "0.750, 0.750 -> 0.788"),
        (((0, 0), (0, 0)), "2 x (0.750, 0.750 -> 0.788)"),
        (((0, 0), (1, 1)), "0.750, 0.750 -> 0.788; 0.788, 0.788 -> target"),
    ],
    ids=str,
)
def test_distillations_in_words(words, distil, text):
    """A distillation says what it consumes and what it makes."""
    assert words.distillation(Action(distil, 0)) == text


@pytest.mark.parametrize(("attempts", "text"), [(0, "-"), (1, "on 1 memory"), (3, "on 3 memories")])
def test_attempts_in_words(words, attempts, text):
    """Attempts say on how many memories."""
    assert words.generation(Action((), attempts)) == text


def test_words_without_levels():
    """Where a raw pair meets the target, memories are only ever empty."""
    assert words_of(SMALL["three memories, target equal to f0"]).configuration(()) == "3 empty"


def test_actions_are_values():
    """Equal actions are equal, hash alike and can be sorted."""
    assert {Action(((0, 0),), 1), Action(((0, 0),), 1)} == {Action(((0, 0),), 1)}
    assert sorted([Action(((0, 0),), 1), Action()]) == [Action(), Action(((0, 0),), 1)]


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_bounds_are_rounded_outwards(a, b):
    """What is printed of two bounds encloses them, and costs less than 1e-11 of them."""
    lower, upper = sorted((a, b))
    down, up = (Fraction(Decimal(text)) for text in outwards(lower, upper))
    assert down <= Fraction(lower) <= down * (1 + Fraction(1, 10**11))
    assert up * (1 - Fraction(1, 10**11)) <= Fraction(upper) <= up


@pytest.mark.parametrize("bound", [-1.0 / 3, 0.0, 1.0 / 3])
def test_bounds_of_any_sign_are_rounded_outwards(bound):
    """The same for a bound below zero, as a free last step may have, and for zero."""
    down, up = (Fraction(Decimal(text)) for text in outwards(bound, bound))
    assert down <= Fraction(bound) <= up
