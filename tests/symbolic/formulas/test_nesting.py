"""Nesting and the limits of memories."""

from fractions import Fraction

import oracle
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from lpdistill.errors import LimitError, ModelError
from lpdistill.physics.werner import Werner, WernerPair, raw_fidelity_with_limit
from symbolic import memory_limit, nested_fixed_points, nested_level, pumping_limit
from symbolic.formulas.formula import distilled, formula_of
from symbolic.formulas.trees import trees

F, X = sympy.symbols("f0 x")
RAW = st.fractions(Fraction(51, 100), Fraction(99, 100), max_denominator=200)


def test_one_memory_keeps_the_raw_pair():
    """With one memory nothing can be distilled."""
    assert memory_limit(F, 1) == F


@pytest.mark.parametrize("memories", [2, 3, 4])
def test_each_memory_iterates_the_pumping_limit(memories):
    """The limit of M memories is the pumping limit of the limit of M - 1 memories."""
    assert memory_limit(F, memories) == pumping_limit(memory_limit(F, memories - 1))


def test_the_inverse_of_the_limit_is_rational():
    """The rational map that decides reachability is the inverse of the pumping limit."""
    assert sympy.simplify(raw_fidelity_with_limit(pumping_limit(F)) - F) == 0


@pytest.mark.parametrize("memories", [2, 3, 4, 5])
def test_limits_are_those_of_the_model(memories):
    """Evaluated, the nested radicals are the limits that the model iterates in floating point."""
    model = Werner().reach(WernerPair(Fraction(3, 4)), Fraction(4, 5), memories).memory_limit
    assert float(memory_limit("3/4", memories)) == pytest.approx(model, rel=1e-14)


def test_three_memories_exceed_every_level_they_make():
    """Every level of up to nine raw pairs that needs at most three memories lies below the limit of three."""
    limit = memory_limit("3/4", 3)
    made = [formula_of(tree).at(Fraction(3, 4)) for size in range(1, 10) for tree in trees(size, 3)]
    assert all(sympy.Rational(*fidelity.as_integer_ratio()) < limit for fidelity in made)


def test_a_perfect_raw_pair_stays_perfect():
    """At f0 = 1 every limit is 1."""
    assert memory_limit(1, 4) == 1


def test_nested_levels_are_those_of_full_trees():
    """Two rounds of nesting make the level of the balanced tree of four raw pairs."""
    (balanced,) = (tree for tree in trees(4, 3) if tree.memories == 3)
    assert nested_level(F, 2) == formula_of(balanced).expression(F)


@given(RAW, st.integers(0, 5))
def test_nested_levels_in_numbers(f0, rounds):
    """For numbers nesting is distillation of equal pairs, round by round through Werner parameters."""
    fidelity = f0
    for _ in range(rounds):
        fidelity = oracle.werner(fidelity, fidelity)[0]
    assert nested_level(f0, rounds) == sympy.Rational(*fidelity.as_integer_ratio())


def test_fixed_points_of_nesting():
    """The numerator of ``D(x, x) - x`` is a cubic that vanishes exactly at the three fixed points."""
    condition = sympy.Poly(sympy.numer(sympy.together(distilled(X, X) - X)), X)
    factors = sympy.prod(X - point.fidelity for point in nested_fixed_points())
    assert condition.degree() == 3
    assert condition.monic().as_expr() == sympy.expand(factors)


def test_slopes_at_the_fixed_points():
    """The multipliers satisfy the index formula of a rational map: the sum of ``1/(1 - slope)`` is 1."""
    assert sum(1 / (1 - point.slope) for point in nested_fixed_points()) == 1


def test_nesting_leads_away_from_one_half_and_towards_one():
    """One half repels and 1 attracts, so nesting raises every raw fidelity above 1/2 towards 1."""
    slopes = {point.fidelity: point.slope for point in nested_fixed_points()}
    assert slopes[sympy.Rational(1, 2)] > 1 > slopes[sympy.Integer(1)] > 0


@pytest.mark.parametrize("memories", [0, -1, 2.5, "some"])
def test_memories_must_be_a_number_of_memories(memories):
    """Anything but a whole number above 0 is refused by name."""
    with pytest.raises(ModelError, match="memories"):
        memory_limit("3/4", memories)


@pytest.mark.parametrize(
    "attempt",
    [lambda: memory_limit(F, 10**30), lambda: nested_level(F, 10**6), lambda: nested_level("3/4", 10**6)],
    ids=["radicals", "degree", "digits"],
)
def test_what_doubles_too_often_is_refused_first(attempt):
    """Lengths that double each time are refused by the number of doublings, before anything is begun."""
    with pytest.raises(LimitError) as caught:
        attempt()
    assert min(caught.value.size.values()) >= 10**6 - 1
