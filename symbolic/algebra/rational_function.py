"""Rational functions of one parameter with rational coefficients: values, limits, series, formulas."""

from __future__ import annotations

import copyreg
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flint import fmpq, fmpq_poly, fmpq_series, fmpz_mat, fmpz_poly

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact
from symbolic.algebra.limits import count, refuse_beyond

if TYPE_CHECKING:
    import sympy

MOST_TERMS = 10_000
"""Coefficients of a series that are computed."""


def _by_coefficients(poly: Any) -> tuple[type, tuple[list[int]]]:
    """How a FLINT integer polynomial is pickled and copied, which FLINT leaves open."""
    return fmpz_poly, ([int(coefficient) for coefficient in poly.coeffs()],)


copyreg.pickle(fmpz_poly, _by_coefficients)


def fraction(number: Any) -> Fraction:
    """A FLINT integer or rational as a fraction."""
    return Fraction(int(fmpq(number).p), int(fmpq(number).q))


def rational(number: Fraction | int) -> Any:
    """A fraction as a FLINT rational."""
    return fmpq(number.numerator, number.denominator)


def interpolate(points: Sequence[int], values: Sequence[Sequence[Any]]) -> list[Any]:
    r"""The integer polynomials of degree below ``len(points)`` that take some values at distinct integers.

    Lagrange's formula :math:`\sum_i y_i \prod_{j \ne i} \frac{x - x_j}{x_i - x_j}` for all of them is one product of
    integer matrices, divided by the least common multiple of its denominators.

    Parameters
    ----------
    points
        Distinct integers.
    values
        The values of each polynomial at the points, (polynomials, points).

    Examples
    --------
    >>> interpolate([0, 1, 2], [[1, 2, 5]])
    [x^2 + 1]
    """
    through_all = math.prod((fmpz_poly([-x, 1]) for x in points), start=fmpz_poly([1]))
    slopes = [through_all.derivative()(x) for x in points]
    common = math.lcm(*(int(slope) for slope in slopes))
    weights = [common // slope for slope in slopes]
    basis = fmpz_mat([(through_all // fmpz_poly([-x, 1])).coeffs() for x in points])
    weighted = fmpz_mat([[y * weight for y, weight in zip(row, weights, strict=True)] for row in values])
    return [fmpz_poly([entry // common for entry in row]) for row in (weighted * basis).tolist()]


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of least denominator strictly between two numbers that are not negative.

    >>> simplest_between(Fraction(3, 10), Fraction(7, 20))
    Fraction(1, 3)
    """
    whole = math.floor(low)
    if whole + 1 < high:
        return Fraction(whole + 1)
    if low == whole:
        return whole + Fraction(1, math.floor(1 / (high - whole)) + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))


VARIABLES = {"tau_d/tau_g": "r"}
"""Short names for parameters that are quotients themselves, in formulas."""


@dataclass(frozen=True, slots=True)
class RationalFunction:
    """A quotient of integer polynomials without common factor.

    Attributes
    ----------
    numerator, denominator
        FLINT integer polynomials; the leading coefficient of the denominator is positive.
    variable
        Name of the parameter.

    Examples
    --------
    >>> cost = RationalFunction.quotient(fmpq_poly([2, 2]), fmpq_poly([0, 1, 1]), "p")
    >>> cost, cost("1/3"), cost.limit(0)
    (2/p, Fraction(6, 1), inf)
    """

    numerator: Any
    denominator: Any
    variable: str

    @staticmethod
    def quotient(numerator: Any, denominator: Any, variable: str) -> RationalFunction:
        """The quotient of two polynomials with rational or integer coefficients, reduced."""
        above, below = fmpq_poly(numerator), fmpq_poly(denominator)
        common = above.gcd(below)
        above, below = above / common, below / common
        unit = fmpq(above.denom() * below.denom()) * (1 if below.leading_coefficient() > 0 else -1)
        above, below = (above * unit).numer(), (below * unit).numer()
        content = above.content().gcd(below.content())
        return RationalFunction(above // content, below // content, variable)

    @property
    def degree(self) -> int:
        """The greater of the degrees of numerator and denominator."""
        return max(int(self.numerator.degree()), int(self.denominator.degree()))

    def __call__(self, at: Number) -> Fraction:
        """The value at a rational point.

        Raises
        ------
        ModelError
            If the point is no rational number, or a pole.
        """
        x = rational(exact(at, self.variable))
        below = self.denominator(x)
        if below == 0:
            raise ModelError(self.variable, f"must not be a pole of {self.shortened()}", at)
        return fraction(self.numerator(x) / below)

    def limit(self, at: Number) -> Fraction | float:
        """The limit at a rational point; ``inf`` or ``-inf`` (approached from above) at a pole."""
        order, terms = self.series(at, terms=1)
        if order < 0:
            return float("inf") if terms[0] > 0 else float("-inf")
        return terms[0] if order == 0 else Fraction(0)

    def series(self, at: Number = 0, *, terms: int = 4) -> tuple[int, tuple[Fraction, ...]]:
        """The Laurent series about a rational point.

        Returns
        -------
        tuple
            The order and the coefficients: ``coefficients[i]`` belongs to ``(x - at)**(order + i)``; the first is not
            zero, unless the function is.

        Raises
        ------
        LimitError
            If there are too many terms.
        """
        terms = count(terms, "terms", least=1)
        refuse_beyond("terms", MOST_TERMS, coefficients=terms)
        shift = fmpq_poly([rational(exact(at, self.variable)), 1])
        above, below = fmpq_poly(self.numerator)(shift), fmpq_poly(self.denominator)(shift)
        if not above:
            return 0, (Fraction(0),) * terms
        orders = [next(i for i, c in enumerate(poly.coeffs()) if c != 0) for poly in (above, below)]
        tails = [
            fmpq_series(poly.coeffs()[order : order + terms], prec=terms)
            for poly, order in zip((above, below), orders, strict=True)
        ]
        found = tails[0] / tails[1]
        return orders[0] - orders[1], tuple(fraction(found[i]) for i in range(terms))

    def derivative(self) -> RationalFunction:
        """The derivative."""
        n, d = self.numerator, self.denominator
        return RationalFunction.quotient(n.derivative() * d - n * d.derivative(), d * d, self.variable)

    def __sub__(self, other: RationalFunction) -> RationalFunction:
        n, d = self.numerator, self.denominator
        return RationalFunction.quotient(
            n * other.denominator - other.numerator * d, d * other.denominator, self.variable
        )

    def squared(self) -> RationalFunction:
        """The square."""
        return RationalFunction(self.numerator**2, self.denominator**2, self.variable)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RationalFunction):
            return NotImplemented
        return bool(
            self.variable == other.variable
            and self.numerator == other.numerator
            and self.denominator == other.denominator
        )

    def __hash__(self) -> int:
        return hash((str(self.numerator), str(self.denominator), self.variable))

    @property
    def text(self) -> tuple[str, str]:
        """Numerator and denominator as text."""
        name = VARIABLES.get(self.variable, self.variable)
        return polynomial_text(self.numerator, name), polynomial_text(self.denominator, name)

    def __str__(self) -> str:
        above, below = self.text
        if below == "1":
            return above
        return "/".join(part if re.fullmatch(r"-?\w+(\^\d+)?", part) else f"({part})" for part in (above, below))

    def __repr__(self) -> str:
        return self.shortened()

    def shortened(self, most: int = 100) -> str:
        """The formula, or its degrees where it has more than ``most`` characters."""
        text = str(self)
        if len(text) <= most:
            return text
        degrees = " / ".join(str(poly.degree()) for poly in self._parts)
        return f"rational function of {self.variable} (degrees {degrees})"

    @property
    def _parts(self) -> tuple[Any, Any]:
        return self.numerator, self.denominator

    def to_latex(self) -> str:
        r"""The formula in LaTeX, factors taken out: ``\frac{6 p - 4}{p (2 - p)}``."""
        import sympy  # noqa: PLC0415 - takes half a second to import

        return str(sympy.latex(sympy.factor(self.to_sympy())))

    def to_sympy(self) -> sympy.Expr:
        """The function as a sympy expression."""
        import sympy  # noqa: PLC0415 - takes half a second to import

        x = sympy.Symbol(VARIABLES.get(self.variable, self.variable), positive=True)
        above, below = (sympy.Poly([int(c) for c in reversed(poly.coeffs())] or [0], x) for poly in self._parts)
        return above.as_expr() / below.as_expr()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"

    _repr_html_ = _repr_latex_


def polynomial_text(poly: Any, variable: str) -> str:
    """An integer polynomial as text.

    >>> polynomial_text(fmpz_poly([-720, -1, 385]), "p")
    '385*p^2 - p - 720'
    """
    text = ""
    for power, coefficient in reversed(list(enumerate(poly.coeffs()))):
        if coefficient == 0:
            continue
        symbol = "" if power == 0 else variable if power == 1 else f"{variable}^{power}"
        size = "" if abs(coefficient) == 1 and symbol else str(abs(coefficient))
        sign = "-" if coefficient < 0 else "+"
        text += (f" {sign} " if text else sign.strip("+")) + "*".join(part for part in (size, symbol) if part)
    return text or "0"
