"""Real algebraic numbers against sympy's root isolation."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import sympy
from flint import fmpq, fmpz_poly
from hypothesis import assume, given
from hypothesis import strategies as st

from symbolic import AlgebraicNumber
from symbolic.algebra.algebraic_numbers import between, first_sign_change, isolate, real_roots

x = sympy.Symbol("x")
coefficients = st.lists(st.integers(-20, 20), min_size=2, max_size=7)


def sympy_roots(poly, low, high) -> list[sympy.Expr]:
    """Distinct real roots between two rationals, by sympy."""
    expression = sympy.Poly([int(c) for c in reversed(poly.coeffs())], x)
    return sorted({root for root in expression.real_roots() if low < root < high})


@given(coefficients)
def test_as_many_roots_as_sympy_finds(some):
    """Isolation finds each distinct real root of the square-free part in an interval once, in order."""
    poly = fmpz_poly(some)
    assume(poly.degree() > 0)
    square_free = poly // poly.gcd(poly.derivative())
    intervals = list(isolate(square_free, fmpq(-3), fmpq(5)))
    expected = sympy_roots(poly, -3, 5)
    assert len(intervals) == len(expected)
    for (low, high), root in zip(intervals, expected, strict=True):
        assert sympy.Rational(str(low)) <= root <= sympy.Rational(str(high))


@given(st.lists(coefficients, min_size=1, max_size=3))
def test_the_first_sign_change_is_the_least_root_of_odd_multiplicity(some):
    """Among several polynomials, the first sign change is the least root that some has with odd multiplicity."""
    polys = [fmpz_poly(one) for one in some]
    start = fmpq(-7, 3)
    assume(all(poly.degree() > 0 and poly(start) != 0 for poly in polys))
    roots = []
    for poly in polys:
        expression = sympy.Poly([int(c) for c in reversed(poly.coeffs())], x)
        every = expression.real_roots()
        roots += [root for root in set(every) if every.count(root) % 2 and sympy.Rational(-7, 3) < root < 2]
    found = first_sign_change(polys, start, AlgebraicNumber.rational(2))
    assert float(found) == pytest.approx(float(min(roots, default=2)), abs=1e-15)


def test_without_an_end_the_search_goes_to_infinity():
    """With no end, a far root is found, and None if there is none."""
    assert first_sign_change([fmpz_poly([-(10**9), 1])], fmpq(0), None) == AlgebraicNumber.rational(10**9)
    assert first_sign_change([fmpz_poly([1, 0, 1])], fmpq(0), None) is None


def test_roots_at_the_end_do_not_count():
    """A sign change exactly at an irrational end is the end itself."""
    end = AlgebraicNumber.root(fmpz_poly([-2, 0, 1]), fmpq(1), fmpq(2))
    assert first_sign_change([fmpz_poly([-2, 0, 1]) * fmpz_poly([-3, 1])], fmpq(1), end) is end


@given(st.integers(2, 60), st.integers(2, 60))
def test_comparisons_are_those_of_the_numbers(a, b):
    """Square roots compare as their squares do, and equal numbers are equal whatever their intervals."""
    assume(not all(round(n**0.5) ** 2 == n for n in (a, b)))

    def root_of(n: int) -> AlgebraicNumber:
        whole = int(n**0.5)
        poly = fmpz_poly([-n, 0, 1])
        exact = whole * whole == n
        return AlgebraicNumber.rational(whole) if exact else AlgebraicNumber.root(poly, fmpq(whole), fmpq(whole + 1))

    first, second = root_of(a), root_of(b)
    assert (first < second) == (a < b)
    assert (first > second) == (a > b)
    assert (first == second) == (a == b)
    assert first == first.refined(Fraction(1, 10**30))
    assert hash(first) == hash(first.refined(Fraction(1, 10**30)))


def test_conjugates_differ():
    """Two roots of one minimal polynomial are different numbers."""
    poly = fmpz_poly([-2, 0, 1])
    assert AlgebraicNumber.root(poly, fmpq(-2), fmpq(0)) != AlgebraicNumber.root(poly, fmpq(0), fmpq(2))
    assert AlgebraicNumber.rational(2) != "2"


@pytest.mark.parametrize("digits", [0, 1, 15, 60])
def test_decimals_are_those_of_sympy(digits):
    """Decimals are correctly rounded, to any number of digits, also of negative numbers."""
    root = AlgebraicNumber.root(fmpz_poly([-7, 0, 0, 1]), fmpq(1), fmpq(2))
    exact = sympy.cbrt(7)
    rounded = sympy.floor(exact * 10**digits + sympy.Rational(1, 2))
    text = f"{int(rounded) // 10**digits}" + (f".{int(rounded) % 10**digits:0{digits}d}" if digits else "")
    assert root.decimals(digits) == text
    assert root.negated().decimals(digits) == "-" + text


def test_rational_roots_are_rational_numbers():
    """A linear factor gives a rational number, which is labelled as a fraction."""
    half = AlgebraicNumber.root(fmpz_poly([-1, 2]), fmpq(0), fmpq(1))
    assert half == AlgebraicNumber.rational(Fraction(1, 2))
    assert (half.label(), half.degree, half.width) == ("1/2", 1, 0)
    assert half.formula("p") == "2*p - 1"


POLYNOMIALS = st.lists(st.integers(-9, 9), min_size=2, max_size=6).filter(lambda c: c[-1] != 0)
EVERYWHERE = AlgebraicNumber.rational(Fraction(-100)), AlgebraicNumber.rational(Fraction(100))


def roots(*coefficients: int) -> tuple[AlgebraicNumber, ...]:
    """All real roots of a polynomial given from its constant on."""
    return real_roots(fmpz_poly(list(coefficients)), *EVERYWHERE)


@given(POLYNOMIALS)
def test_roots_are_those_that_sympy_isolates(coefficients):
    """Number, order and value of the distinct real roots agree with sympy's continued fractions."""
    expected = sorted(set(sympy.Poly(coefficients[::-1], x).real_roots()))
    found = [sympy.rootof(root.in_terms_of(x), root.index) for root in roots(*coefficients)]
    assert found == expected


@given(POLYNOMIALS, st.fractions(-2, 2, max_denominator=9), st.fractions(-2, 2, max_denominator=9))
def test_roots_lie_strictly_between_the_bounds(coefficients, a, b):
    """Of all roots exactly those strictly between the bounds are given, rational bounds that are roots excluded."""
    lower, upper = (AlgebraicNumber.rational(end) for end in sorted((a, b)))
    inside = tuple(root for root in roots(*coefficients) if lower < root < upper)
    assert real_roots(fmpz_poly(coefficients), lower, upper) == inside


@given(st.integers(2, 10**12))
def test_floats_are_rounded_correctly(number):
    """The float of a square root is the one that the correctly rounded square root of the machine gives."""
    (root,) = real_roots(fmpz_poly([-number, 0, 1]), *map(AlgebraicNumber.rational, (Fraction(0), Fraction(number))))
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
    assert root < AlgebraicNumber.rational(between(root, near)) < near


def test_narrowed_bounds_keep_the_root():
    """However narrow the bounds are made, the polynomial changes sign between them."""
    narrow = roots(-2, 0, 1)[1].refined(Fraction(1, 10**40))
    assert narrow.width <= Fraction(1, 10**40)
    assert narrow.low**2 < 2 < narrow.high**2


def test_expressions():
    """Roots of degree up to 2 are given in radicals, others as roots of their polynomial."""
    assert roots(-2, 0, 1)[1].expression == sympy.sqrt(2)
    assert roots(1, -3, 0, 1)[0].expression == sympy.CRootOf(x**3 - 3 * x + 1, 0)


def test_as_data():
    """As JSON data a number has its value, decimals, its isolating interval and its minimal polynomial."""
    data = roots(-2, 0, 1)[1].to_dict("x")
    low, high = (Fraction(end) for end in data["interval"])
    assert (data["value"], data["polynomial"], low**2 < 2 < high**2) == (2**0.5, "x^2 - 2", True)
    assert data["decimals"] == "1.414213562373095048801688724210"


@given(st.fractions(-3, 3, max_denominator=9), st.fractions(-3, 3, max_denominator=9))
def test_rational_numbers_compare_and_hash_as_such(a, b):
    """A rational algebraic number equals, orders and hashes as the fraction does."""
    number = AlgebraicNumber.rational(a)
    assert (number == b, number < b, number > b, number <= b, number >= b) == (a == b, a < b, a > b, a <= b, a >= b)
    assert hash(number) == hash(a)
