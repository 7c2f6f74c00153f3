"""Rational functions and interpolation."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import sympy
from flint import fmpz_poly
from hypothesis import assume, given
from hypothesis import strategies as st

from lpdistill import ModelError
from symbolic import RationalFunction
from symbolic.algebra.rational_function import interpolate, polynomial_text, simplest_between

coefficients = st.lists(st.integers(-50, 50), min_size=1, max_size=6)
divisors = coefficients.filter(any)
P = sympy.Symbol("p", positive=True)
points = st.fractions(-3, 3, max_denominator=20)


def function_of(above, below) -> RationalFunction:
    """A quotient of polynomials with the given coefficients."""
    return RationalFunction.quotient(fmpz_poly(above), fmpz_poly(below), "p")


def parts_of(formula) -> tuple[sympy.Poly, sympy.Poly]:
    """Numerator and denominator of a formula of sympy."""
    above, below = sympy.fraction(sympy.together(formula))
    return sympy.Poly(above, P), sympy.Poly(below, P)


def parts(found) -> tuple[sympy.Poly, sympy.Poly]:
    """Numerator and denominator of a function, as polynomials of sympy."""
    return parts_of(found.to_sympy())


@given(st.lists(coefficients, min_size=1, max_size=3), st.integers(0, 4))
def test_interpolation_returns_the_polynomials(polys, more):
    """Polynomials are recovered from their values at as many integers as they have coefficients, or more."""
    at = list(range(-3, 3 + more))
    known = [fmpz_poly(poly) for poly in polys]
    assert interpolate(at, [[poly(x) for x in at] for poly in known]) == known


@given(coefficients, divisors, points)
def test_values_are_quotients(above, below, x):
    """The value at a rational point is the quotient of the polynomials' values."""
    value = sum(c * x**k for k, c in enumerate(below))
    found = function_of(above, below)
    assume(value != 0)
    assert found(x) == sum(c * x**k for k, c in enumerate(above)) / value


@given(coefficients, divisors, st.lists(st.integers(-5, 5), min_size=1, max_size=3))
def test_common_factors_cancel(above, below, factor):
    """Multiplying numerator and denominator by one polynomial changes nothing."""
    assume(any(factor))
    times = fmpz_poly(factor)
    found = function_of(above, below)
    assert RationalFunction.quotient(times * fmpz_poly(above), times * fmpz_poly(below), "p") == found
    assert hash(RationalFunction.quotient(times * fmpz_poly(above), times * fmpz_poly(below), "p")) == hash(found)


@given(coefficients, divisors)
def test_text_means_the_function(above, below):
    """The printed formula, read by sympy, is the function."""
    found = function_of(above, below)
    above, below = parts(found)
    read_above, read_below = parts_of(sympy.sympify(str(found).replace("^", "**"), {"p": P}))
    assert above * read_below == read_above * below


@given(coefficients, divisors)
def test_derivatives_are_those_of_sympy(above, below):
    """The derivative is the one that sympy computes."""
    found = function_of(above, below)
    (above, below), (rise, over) = parts(found), parts(found.derivative())
    assert rise * below**2 == (above.diff() * below - above * below.diff()) * over


def test_series_at_a_pole():
    """The Laurent series of a function with a double pole begins at order -2."""
    found = function_of([1, 3], [0, 0, 2, -1])  # (1 + 3p) / (2p^2 - p^3)
    assert found.series(0, terms=3) == (-2, (Fraction(1, 2), Fraction(7, 4), Fraction(7, 8)))
    assert found.limit(0) == math.inf
    assert found.limit(1) == 4
    assert function_of([-1], [0, 1]).limit(0) == -math.inf
    assert function_of([0, 1], [1]).limit(0) == 0


def test_zero_has_a_series():
    """The zero function has the series of zeros, and limit zero."""
    found = function_of([0], [1, 1])
    assert found.series(0, terms=2) == (0, (0, 0))
    assert found.limit("1/2") == 0


def test_poles_have_no_value():
    """The value at a pole is refused with the point."""
    with pytest.raises(ModelError, match="pole") as caught:
        function_of([1], [0, 1])(0)
    assert caught.value.value == 0


@pytest.mark.parametrize("point", [sympy.sqrt(2) / 2, sympy.Symbol("p"), "half", math.nan, 1j])
def test_irrational_points_are_refused(point):
    """A point must be a rational number: symbols, roots and text are refused."""
    with pytest.raises(ModelError, match=r"^p: must be"):
        function_of([1], [1, 1])(point)


def test_long_formulas_are_shortened():
    """A representation tells the degrees where the formula is long, and LaTeX has it all."""
    found = function_of([10**40, 0, 10**40 + 1], [1, 10**41])
    assert repr(found) == "rational function of p (degrees 2 / 1)"
    assert found.degree == 2
    assert str(10**41) in found._repr_html_()
    assert str(found).startswith("(1" + "0" * 39 + "1*p^2 + 1")


def test_polynomials_as_text():
    """Signs, powers and unit coefficients are written as in print."""
    assert polynomial_text(fmpz_poly([]), "p") == "0"
    assert polynomial_text(fmpz_poly([0, -1]), "p") == "-p"
    assert polynomial_text(fmpz_poly([1, 0, -3]), "p") == "-3*p^2 + 1"


@given(st.fractions(0, 5, max_denominator=60), st.fractions("1/300", 2, max_denominator=300))
def test_the_simplest_fraction_lies_between(low, width):
    """The simplest fraction lies strictly between, and no fraction of smaller denominator does."""
    found = simplest_between(low, low + width)
    assert low < found < low + width
    for denominator in range(1, found.denominator):
        least = math.floor(low * denominator) + 1
        assert Fraction(least, denominator) >= low + width
