"""Real algebraic numbers: isolated, compared and rounded exactly."""

import math
from fractions import Fraction

import sympy
from flint import fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

from symbolic.algebraic import RealAlgebraic, between, real_roots

POLYNOMIALS = st.lists(st.integers(-9, 9), min_size=2, max_size=6).filter(lambda c: c[-1] != 0)
EVERYWHERE = RealAlgebraic.of(Fraction(-100)), RealAlgebraic.of(Fraction(100))
X = sympy.Symbol("x")


def roots(*coefficients: int) -> tuple[RealAlgebraic, ...]:
    """All real roots of a polynomial given from its constant on."""
    return real_roots(fmpz_poly(list(coefficients)), *EVERYWHERE)


@given(POLYNOMIALS)
def test_roots_are_those_that_sympy_isolates(coefficients):
    """Number, order and value of the distinct real roots agree with sympy's continued fractions."""
    expected = sorted(set(sympy.Poly(coefficients[::-1], X).real_roots()))
    found = [sympy.rootof(root.polynomial(X), root.index) for root in roots(*coefficients)]
    assert found == expected


@given(POLYNOMIALS, st.fractions(-2, 2, max_denominator=9), st.fractions(-2, 2, max_denominator=9))
def test_roots_lie_strictly_between_the_bounds(coefficients, a, b):
    """Of all roots exactly those strictly between the bounds are given, rational bounds that are roots excluded."""
    lower, upper = (RealAlgebraic.of(end) for end in sorted((a, b)))
    inside = tuple(root for root in roots(*coefficients) if lower < root < upper)
    assert real_roots(fmpz_poly(coefficients), lower, upper) == inside


@given(st.integers(2, 10**12))
def test_floats_are_rounded_correctly(number):
    """The float of a square root is the one that the correctly rounded square root of the machine gives."""
    (root,) = real_roots(fmpz_poly([-number, 0, 1]), *map(RealAlgebraic.of, (Fraction(0), Fraction(number))))
    assert float(root) == math.sqrt(number)


def test_the_same_root_of_different_polynomials_is_one_number():
    """Factors are taken out, so sqrt(2) is the same number as a root of x^2 - 2 and of (x^2 - 2)(x - 3)."""
    assert roots(-2, 0, 1)[1] == roots(6, -2, -3, 1)[1]


def test_close_numbers_are_told_apart():
    """Roots that agree in the first thirty digits are compared exactly."""
    ten = 10**30
    root, near = roots(-2, 0, 1)[1], roots(-2 * ten**2 - 1, 0, ten**2)[1]
    assert (root < near, near < root, root == near) == (True, False, False)


def test_between_is_between():
    """The rational number between two close roots lies strictly between them."""
    ten = 10**30
    root, near = roots(-2, 0, 1)[1], roots(-2 * ten**2 - 1, 0, ten**2)[1]
    assert root < RealAlgebraic.of(between(root, near)) < near


def test_narrowed_bounds_keep_the_root():
    """However narrow the bounds are made, the polynomial changes sign between them."""
    narrow = roots(-2, 0, 1)[1].within(Fraction(1, 10**40))
    assert narrow.width <= Fraction(1, 10**40)
    assert narrow.lower**2 < 2 < narrow.upper**2


def test_expressions():
    """Roots of degree up to 2 are given in radicals, others as roots of their polynomial."""
    assert roots(-2, 0, 1)[1].expression == sympy.sqrt(2)
    assert roots(1, -3, 0, 1)[0].expression == sympy.CRootOf(X**3 - 3 * X + 1, 0)


def test_as_data():
    """As JSON data a number has its value, its isolating interval and its polynomial."""
    data = roots(-2, 0, 1)[1].to_dict(X)
    low, high = (Fraction(end) for end in data["interval"])
    assert (data["value"], data["polynomial"], low**2 < 2 < high**2) == (2**0.5, "x**2 - 2", True)
