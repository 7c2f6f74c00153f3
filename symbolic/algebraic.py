"""Real algebraic numbers: roots of integer polynomials, isolated by rational intervals and compared exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import total_ordering
from itertools import pairwise
from typing import Any

import sympy
from flint import fmpq, fmpz_poly


@total_ordering
@dataclass(frozen=True, slots=True)
class RealAlgebraic:
    """One real root of an irreducible integer polynomial.

    Attributes
    ----------
    coefficients
        Coefficients of the polynomial, the constant first; without common factor, the last one positive.
    index
        Position among the real roots of the polynomial, the least being 0.
    lower, upper
        Rational bounds between which this root, and no other, lies; equal where the root is rational.

    >>> ends = RealAlgebraic.of(Fraction(0)), RealAlgebraic.of(Fraction(2))
    >>> (root,) = real_roots(fmpz_poly([-2, 0, 1]), *ends)
    >>> float(root), root.expression
    (1.4142135623730951, sqrt(2))
    """

    coefficients: tuple[int, ...]
    index: int
    lower: Fraction = field(compare=False)
    upper: Fraction = field(compare=False)

    @staticmethod
    def of(number: Fraction) -> RealAlgebraic:
        """A rational number as an algebraic one."""
        return RealAlgebraic((-number.numerator, number.denominator), 0, number, number)

    def within(self, width: Fraction) -> RealAlgebraic:
        """The same number with bounds at most ``width`` apart, by bisection with exact signs."""
        lower, upper = self.lower, self.upper
        polynomial = fmpz_poly(list(self.coefficients))
        rising = value(polynomial, upper) > 0
        while upper - lower > width:
            middle = (lower + upper) / 2
            if (value(polynomial, middle) > 0) == rising:
                upper = middle
            else:
                lower = middle
        return RealAlgebraic(self.coefficients, self.index, lower, upper)

    @property
    def width(self) -> Fraction:
        """Distance between the bounds."""
        return self.upper - self.lower

    @property
    def expression(self) -> sympy.Expr:
        """The number as a sympy expression: in radicals up to degree 2, else as a root of its polynomial."""
        return sympy.rootof(self.polynomial(sympy.Dummy("x")), self.index, radicals=len(self.coefficients) <= 3)

    def polynomial(self, symbol: sympy.Symbol) -> sympy.Poly:
        """The irreducible polynomial that vanishes here."""
        return sympy.Poly(self.coefficients[::-1], symbol)

    def __float__(self) -> float:
        number = self
        while float(number.lower) != float(number.upper):
            number = number.within(number.width / 2**16)
        return float(number.lower)

    def __lt__(self, other: RealAlgebraic) -> bool:
        if self == other:
            return False
        a, b = self, other
        while a.lower <= b.upper and b.lower <= a.upper:
            a, b = a.within(a.width / 2**16), b.within(b.width / 2**16)
        return a.upper < b.lower

    def __str__(self) -> str:
        return f"{float(self):.10g}"

    def to_dict(self, symbol: sympy.Symbol) -> dict[str, Any]:
        """Value, isolating interval and polynomial as JSON data."""
        return {
            "value": float(self),
            "interval": [str(self.lower), str(self.upper)],
            "polynomial": str(self.polynomial(symbol).as_expr()),
        }


def value(polynomial: fmpz_poly, at: Fraction) -> fmpq:
    """Value of an integer polynomial at a rational number."""
    return fmpq(polynomial(fmpq(at.numerator, at.denominator)))


def real_roots(polynomial: fmpz_poly, lower: RealAlgebraic, upper: RealAlgebraic) -> tuple[RealAlgebraic, ...]:
    """All distinct real roots strictly between two numbers, increasing, each proved to be one.

    The polynomial is factored over the integers and the roots of each factor are enclosed in disjoint balls.

    >>> ends = RealAlgebraic.of(Fraction(-2)), RealAlgebraic.of(Fraction(3, 2))
    >>> [str(root) for root in real_roots(fmpz_poly([0, 2, -1, -2, 1]), *ends)]
    ['-1', '0', '1']
    """
    if not _may_vanish(polynomial, lower.lower, upper.upper):
        return ()
    found = [root for factor, _ in polynomial.factor()[1] for root in _roots_of_irreducible(factor)]
    return tuple(sorted(root for root in found if lower < root < upper))


def between(a: RealAlgebraic, b: RealAlgebraic) -> Fraction:
    """A rational number strictly between two algebraic numbers ``a < b``."""
    while a.upper >= b.lower:
        a, b = a.within(a.width / 2**16), b.within(b.width / 2**16)
    return (a.upper + b.lower) / 2


def _may_vanish(polynomial: fmpz_poly, lower: Fraction, upper: Fraction) -> bool:
    """Whether Descartes' rule of signs leaves room for a root strictly between two rational numbers.

    The number of sign changes in the coefficients of ``(1 + t)^n polynomial((lower + upper t) / (1 + t))`` bounds the
    number of roots in the interval.
    """
    if polynomial.degree() < 1:
        return False
    a, b = (end.numerator * other.denominator for end, other in ((lower, upper), (upper, lower)))
    scale = lower.denominator * upper.denominator
    numerator, denominator = fmpz_poly([a, b]), fmpz_poly([scale, scale])
    moved, power = fmpz_poly([0]), fmpz_poly([1])
    for coefficient in reversed(polynomial.coeffs()):
        moved = moved * numerator + power * coefficient
        power *= denominator
    signs = [coefficient > 0 for coefficient in moved.coeffs() if coefficient]
    return any(before != after for before, after in pairwise(signs))


def _roots_of_irreducible(factor: fmpz_poly) -> list[RealAlgebraic]:
    """The real roots of an irreducible polynomial with positive leading coefficient."""
    coefficients = tuple(int(coefficient) for coefficient in factor.coeffs())
    if len(coefficients) == 2:
        return [RealAlgebraic.of(Fraction(-coefficients[0], coefficients[1]))]
    enclosures: Any = factor.complex_roots()  # with multiplicities, which FLINT's annotation leaves out
    balls = [ball.real for ball, _ in enclosures if ball.imag == 0]
    bounds = sorted((_exact(ball.lower()), _exact(ball.upper())) for ball in balls)
    return [RealAlgebraic(coefficients, index, *bound) for index, bound in enumerate(bounds)]


def _exact(end: Any) -> Fraction:
    """A dyadic number that FLINT holds exactly."""
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
