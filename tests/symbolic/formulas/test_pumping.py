"""Pumping in closed form: every identity is proved by reducing a difference to zero."""

from fractions import Fraction

import oracle
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from lpdistill.errors import LimitError, ModelError, UnreachableTargetError
from symbolic import largest_gap, levels, pumping_level, pumping_limit, pumping_rate, pumping_rounds

F, N, X, Y = sympy.symbols("f0 n x y")
ROOT = sympy.sqrt(28 * F**2 - 26 * F + 7)
RAW = st.fractions(Fraction(51, 100), Fraction(99, 100), max_denominator=500)


def distilled(a, b):
    """Eq. 2 of arXiv:2606.14908."""
    return (10 * a * b - a - b + 1) / (8 * a * b - 2 * a - 2 * b + 5)


def with_power(expression: sympy.Expr) -> sympy.Expr:
    """An expression with ``q^n`` and the root as independent symbols: rational in ``f0``, ``power`` and ``root``."""
    power, root = sympy.symbols("power root")
    rate = pumping_rate(F)
    return expression.subs(rate ** (N + 1), rate * power).subs(rate**N, power).subs(ROOT, root)


def vanishes(expression: sympy.Expr) -> bool:
    """Whether a rational expression in ``f0``, ``power`` and ``root`` is zero, given the square of ``root``."""
    root = sympy.Symbol("root")
    numerator = sympy.numer(sympy.together(expression))
    return sympy.rem(sympy.expand(numerator), root**2 - ROOT**2, root).expand() == 0


def pumped(f0: Fraction, rounds: int) -> Fraction:
    """The level after some rounds, round by round through Werner parameters."""
    fidelity = f0
    for _ in range(rounds):
        fidelity = oracle.werner(fidelity, f0)[0]
    return fidelity


def test_the_limit_is_a_fixed_point():
    """``D(x, f0) - x`` vanishes at the pumping limit."""
    limit = pumping_limit(F)
    assert sympy.simplify(distilled(limit, F) - limit) == 0


def test_the_limit_is_that_of_the_paper():
    """The fixed point that is solved for is the formula printed as Eq. 7."""
    printed = (6 * F - 3 + ROOT) / (8 * F - 2)
    assert sympy.simplify(pumping_limit(F) - printed) == 0


def test_the_fixed_points_never_meet():
    """What is under the root has no real root itself, so one fixed point attracts at every raw fidelity."""
    assert sympy.discriminant(ROOT**2, F) < 0


def test_the_limit_in_numbers():
    """At f0 = 3/4 the limit is ``(3 + sqrt(13))/8`` = 0.825693909432998661636...."""
    limit = pumping_limit("3/4")
    assert limit == (3 + sympy.sqrt(13)) / 8
    assert str(limit.evalf(20)) == "0.82569390943299866164"


def test_the_rate_is_the_slope_at_the_limit():
    """The derivative of ``D(x, f0)`` with respect to ``x`` at the limit is the rate."""
    slope = sympy.diff(distilled(X, F), X).subs(X, pumping_limit(F))
    assert sympy.simplify(slope - pumping_rate(F)) == 0


def test_the_closed_form_begins_with_the_raw_pair():
    """After no round the closed form is ``f0``."""
    assert sympy.simplify(pumping_level(F, N).subs(N, 0) - F) == 0


def test_the_closed_form_advances_by_one_distillation():
    """For symbolic n, the level after n + 1 rounds is ``D`` of the level after n rounds and ``f0``: induction."""
    before, after = with_power(pumping_level(F, N)), with_power(pumping_level(F, N + 1))
    assert vanishes(distilled(before, F) - after)


def test_the_closed_form_tends_to_the_limit():
    """With ``q^n`` set to 0 the closed form is the pumping limit."""
    assert vanishes(with_power(pumping_level(F, N)).subs(sympy.Symbol("power"), 0) - with_power(pumping_limit(F)))


@pytest.mark.parametrize("rounds", range(5))
def test_the_closed_form_is_the_rational_function(rounds):
    """For a whole number of rounds the closed form is the level in lowest terms."""
    closed = pumping_level(F, N).subs(N, rounds)
    assert sympy.simplify(closed - pumping_level(F, rounds)) == 0


def test_levels_of_two_memories_are_pumping_levels():
    """The trees that need at most two memories make exactly the pumping levels."""
    assert list(levels(F, raw_pairs=9, memories=2).fidelities) == [pumping_level(F, n) for n in range(9)]


@given(RAW, st.integers(0, 30))
def test_levels_in_numbers(f0, rounds):
    """For numbers the level by matrix powers is the level made round by round."""
    assert pumping_level(f0, rounds) == sympy.Rational(*pumped(f0, rounds).as_integer_ratio())


def test_the_real_number_of_rounds_inverts_the_closed_form():
    """The closed form at the real number of rounds that reaches ``y`` is ``y``."""
    (rounds,) = pumping_rounds(F, Y).args
    assert sympy.simplify(pumping_level(F, N).subs(N, rounds) - Y) == 0


@given(RAW, st.fractions(0, 1, max_denominator=200))
def test_rounds_are_the_least(f0, part):
    """One round fewer falls short of the target; the rounds given reach it."""
    low, high = f0, f0 + (Fraction(1) - f0) * part
    try:
        rounds = int(pumping_rounds(low, high))
    except UnreachableTargetError as error:
        assert float(high) >= error.pumping_limit - 1e-15  # noqa: PT017 - either outcome is right, for its inputs
        return
    assert pumped(f0, rounds) >= high
    assert rounds == 0 or pumped(f0, rounds - 1) < high


def test_a_target_that_is_a_level_takes_its_rounds():
    """A target equal to the level after seven rounds takes seven, and one just above it takes eight."""
    target = pumped(Fraction(3, 4), 7)
    assert pumping_rounds("3/4", target) == 7
    assert pumping_rounds("3/4", target + Fraction(1, 10**40)) == 8


def test_symbolic_and_whole_rounds_agree():
    """The ceiling of the closed form is the number of rounds that integers decide."""
    closed = pumping_rounds(F, Y).subs({F: sympy.Rational(13, 20), Y: sympy.Rational(71, 100)})
    assert closed == pumping_rounds("0.65", "0.71") == 5


def test_the_largest_gap_is_a_double_root():
    """At the largest gap, the condition that the limit bridges it has a double root in ``f0``."""
    gap = sympy.Symbol("gap")
    condition = sympy.numer(sympy.together(distilled(F + gap, F) - (F + gap)))
    polynomial = largest_gap().gap.in_terms_of(gap)
    assert sympy.rem(sympy.discriminant(condition, F), polynomial.as_expr(), gap) == 0


@pytest.mark.parametrize(("above", "count"), [(True, 0), (False, 2)])
def test_no_larger_gap_can_be_bridged(above, count):
    """Just below the largest gap two raw fidelities have it as their limit's gap, just above it none has."""
    narrow = largest_gap().gap.refined(Fraction(1, 10**20))
    gap = sympy.Rational(*(narrow.high if above else narrow.low).as_integer_ratio())
    condition = sympy.Poly(sympy.numer(sympy.together(distilled(F + gap, F) - (F + gap))), F)
    assert condition.count_roots(sympy.Rational(1, 2), 1) == count


def test_where_the_largest_gap_is():
    """The gap is that of the limit at the raw fidelity given, to fifty digits."""
    where, gap = largest_gap().f0.expression, largest_gap().gap.expression
    assert abs((pumping_limit(where) - where - gap).evalf(50, maxn=200)) < sympy.Rational(1, 10**49)


@pytest.mark.parametrize("f0", [0.5, "1/2", 1.01, 0, -1, sympy.Rational(1, 3), sympy.sqrt(2), sympy.I, sympy.nan])
def test_numbers_out_of_range_are_refused(f0):
    """A number that is no fidelity above 1/2 is refused, however it is written, and named."""
    with pytest.raises(ModelError, match="f0"):
        pumping_limit(f0)


@pytest.mark.parametrize("rounds", [-1, 1.5, "many", sympy.Rational(1, 2)])
def test_rounds_must_be_whole(rounds):
    """Rounds that are negative or no whole number are refused by name."""
    with pytest.raises(ModelError, match="rounds"):
        pumping_level("3/4", rounds)


def test_irrational_numbers_have_no_exact_number_of_rounds():
    """An irrational raw fidelity is refused where integers decide."""
    with pytest.raises(ModelError, match="rational"):
        pumping_rounds(pumping_limit("3/4"), "0.85")


@pytest.mark.parametrize(("f0", "rounds"), [(F, 1000), ("3/4", 10**9)])
def test_levels_too_long_to_write_are_refused_first(f0, rounds):
    """A level of too high a degree, or of too many digits, is refused with that size before it is begun."""
    with pytest.raises(LimitError) as caught:
        pumping_level(f0, rounds)
    assert min(caught.value.size.values()) > rounds


def test_targets_at_the_limit_are_never_reached():
    """A target above the pumping limit is refused with both."""
    with pytest.raises(UnreachableTargetError, match=r"0\.825693909") as caught:
        pumping_rounds("3/4", "0.83")
    assert caught.value.target == 0.83
