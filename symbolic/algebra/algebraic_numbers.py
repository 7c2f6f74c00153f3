r"""Real algebraic numbers: isolated roots of integer polynomials, compared exactly.

Roots are isolated by bisection with Descartes' rule of signs: :math:`f` has as many roots in :math:`(a, b)`, or fewer
by an even number, as the coefficients of :math:`(1 + x)^n f\!\left(\frac{a + b x}{1 + x}\right)` have changes of sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from flint import fmpq, fmpq_poly, fmpz_poly

from symbolic.algebra.limits import count, refuse_beyond
from symbolic.algebra.rational_function import fraction, polynomial_text, rational, simplest_between

if TYPE_CHECKING:
    import sympy

NARROW = Fraction(1, 1 << 40)
"""Length to which isolating intervals are refined at first, so that few other roots lie in them."""

SLACK = Fraction(65, 64)
"""Factor within which an end of a search may be moved outwards to a simpler number."""

MOST_DECIMALS = 4_000
"""Decimals of a number that are written; Python refuses to write longer integers."""


def sign_changes(poly: Any, low: Any, high: Any | None) -> int:
    """A bound on the number of roots of a polynomial between two rationals (None: infinity), exact if 0 or 1.

    >>> sign_changes(fmpz_poly([-2, 0, 1]), fmpq(1), fmpq(2))
    1
    """
    if high is None:
        moved = fmpq_poly(poly)(fmpq_poly([low, 1])).numer()
    else:
        stretched = fmpq_poly(poly)(fmpq_poly([low, high - low])).numer()
        coefficients = stretched.coeffs()
        turned = fmpz_poly([0] * (poly.degree() - len(coefficients) + 1) + coefficients[::-1])
        moved = turned(fmpz_poly([1, 1]))
    signs = [coefficient > 0 for coefficient in moved.coeffs() if coefficient != 0]
    return sum(a != b for a, b in pairwise(signs))


def isolate(poly: Any, low: Any, high: Any) -> Iterator[tuple[Any, Any]]:
    """Intervals with one root each, in order, of all roots of a square-free polynomial between two rationals.

    A rational root that bisection meets has an interval of length zero; otherwise the ends are no roots.

    >>> [(str(a), str(b)) for a, b in isolate(fmpz_poly([1, -3, 1]), fmpq(0), fmpq(4))]
    [('0', '2'), ('2', '4')]
    """
    changes = sign_changes(poly, low, high)
    if changes == 0:
        return
    if changes == 1 and poly(low) != 0 and poly(high) != 0:
        yield low, high
        return
    middle = (low + high) / 2
    yield from isolate(poly, low, middle)
    if poly(middle) == 0:
        yield middle, middle
    yield from isolate(poly, middle, high)


def root_bound(poly: Any) -> Any:
    """Cauchy's bound: no root is greater in absolute value."""
    *others, leading = poly.coeffs()
    return 1 + max((fmpq(abs(c), abs(leading)) for c in others), default=fmpq(0))


def first_sign_change(polynomials: Iterable[Any], start: Any, end: AlgebraicNumber | None) -> AlgebraicNumber | None:
    """The least point between ``start`` and ``end`` where some polynomial changes sign, or ``end`` if there is none.

    Parameters
    ----------
    polynomials
        Integer polynomials, not zero at ``start``.
    start, end
        A rational, and an algebraic number or None (infinity).
    """
    first, bound = end, None if end is None else _beyond(start, end)
    for poly in polynomials:
        if sign_changes(poly, start, bound) == 0:
            continue
        for factor, exponent in poly.factor()[1]:
            limit = start + root_bound(factor) if bound is None else bound
            interval = next(isolate(factor, start, limit), None) if exponent % 2 else None
            if interval is None:
                continue
            root = AlgebraicNumber.root(factor, *interval).refined(NARROW)
            if first is None or root < first:
                first, bound = root, _beyond(start, root)
    return first


def real_roots(poly: Any, low: AlgebraicNumber, high: AlgebraicNumber) -> tuple[AlgebraicNumber, ...]:
    """All distinct real roots of an integer polynomial strictly between two numbers, increasing.

    >>> ends = AlgebraicNumber.rational(-2), AlgebraicNumber.rational(Fraction(3, 2))
    >>> [str(root) for root in real_roots(fmpz_poly([0, 2, -1, -2, 1]), *ends)]
    ['-1', '0', '1']
    """
    if sign_changes(poly, rational(low.low), rational(high.high)) == 0:
        return ()
    found = [root for factor, _ in poly.factor()[1] for root in _roots_of_irreducible(factor)]
    return tuple(sorted(root for root in found if low < root < high))


def _roots_of_irreducible(factor: Any) -> list[AlgebraicNumber]:
    """The real roots of an irreducible polynomial, enclosed in disjoint narrow balls."""
    if factor.degree() == 1:
        return [AlgebraicNumber.root(factor, fmpq(0), fmpq(0))]
    balls = [ball.real for ball, _ in factor.complex_roots() if ball.imag == 0]
    return [AlgebraicNumber.root(factor, _dyadic(ball.lower()), _dyadic(ball.upper())) for ball in balls]


def _dyadic(end: Any) -> Any:
    """A dyadic number that FLINT holds exactly."""
    mantissa, exponent = end.man_exp()
    return rational(Fraction(int(mantissa)) * Fraction(2) ** int(exponent))


def between(a: AlgebraicNumber, b: AlgebraicNumber) -> Fraction:
    """A rational number strictly between two numbers ``a < b``."""
    while a.high >= b.low:
        a, b = a.refined(a.width / 2**16), b.refined(b.width / 2**16)
    return (a.high + b.low) / 2


def value(poly: Any, at: Fraction) -> Fraction:
    """Value of an integer polynomial at a rational number."""
    return fraction(poly(rational(at)))


def _beyond(start: Any, end: AlgebraicNumber) -> Any:
    """A rational a little above a number, of few digits, so that evaluating polynomials there is quick."""
    begin = fraction(start)
    return rational(begin + simplest_between(end.high - begin, (end.high - begin) * SLACK))


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class AlgebraicNumber:
    """A real algebraic number: the only root of its minimal polynomial in an interval.

    Attributes
    ----------
    polynomial
        The minimal polynomial, a FLINT integer polynomial without common factor, of positive leading coefficient.
    low, high
        Rational ends of the isolating interval, which are no roots; equal if the number is rational.

    Examples
    --------
    >>> root = AlgebraicNumber.root(fmpz_poly([-2, 0, 1]), fmpq(1), fmpq(2))
    >>> root.decimals(30), float(root), root > Fraction(7, 5)
    ('1.414213562373095048801688724210', 1.4142135623730951, True)
    """

    polynomial: Any
    low: Fraction
    high: Fraction

    @staticmethod
    def rational(number: Fraction | int) -> AlgebraicNumber:
        """A rational number."""
        exact = Fraction(number)
        return AlgebraicNumber(fmpz_poly([-exact.numerator, exact.denominator]), exact, exact)

    @staticmethod
    def root(factor: Any, low: Any, high: Any) -> AlgebraicNumber:
        """The only root of an irreducible polynomial between two rationals that are no roots."""
        if factor.degree() == 1:
            return AlgebraicNumber.rational(fraction(fmpq(-factor[0], factor[1])))
        return AlgebraicNumber(factor * (1 if factor.leading_coefficient() > 0 else -1), fraction(low), fraction(high))

    @property
    def degree(self) -> int:
        """Degree of the minimal polynomial."""
        return int(self.polynomial.degree())

    @property
    def width(self) -> Fraction:
        """Length of the isolating interval."""
        return self.high - self.low

    @property
    def index(self) -> int:
        """Position among the real roots of the minimal polynomial, the least being 0."""
        return sum(1 for _ in isolate(self.polynomial, -root_bound(self.polynomial), rational(self.low)))

    @property
    def expression(self) -> sympy.Expr:
        """The number as a sympy expression: in radicals up to degree 2, else as a root of its polynomial."""
        import sympy  # noqa: PLC0415 - takes half a second to import

        return sympy.rootof(self.in_terms_of(sympy.Dummy("x")), self.index, radicals=self.degree <= 2)

    def in_terms_of(self, symbol: sympy.Symbol) -> sympy.Poly:
        """The minimal polynomial as a sympy polynomial."""
        import sympy  # noqa: PLC0415 - takes half a second to import

        return sympy.Poly([int(coefficient) for coefficient in reversed(self.polynomial.coeffs())], symbol)

    def refined(self, width: Fraction) -> AlgebraicNumber:
        """The same number with an isolating interval no longer than ``width``."""
        low, high = rational(self.low), rational(self.high)
        rising = self.polynomial(high) > 0
        while fraction(high - low) > width:
            middle = (low + high) / 2
            if (self.polynomial(middle) > 0) == rising:
                high = middle
            else:
                low = middle
        return AlgebraicNumber(self.polynomial, fraction(low), fraction(high))

    def negated(self) -> AlgebraicNumber:
        """The number with its sign changed."""
        mirrored = self.polynomial(fmpz_poly([0, -1]))
        return AlgebraicNumber(mirrored * (1 if mirrored.leading_coefficient() > 0 else -1), -self.high, -self.low)

    def decimals(self, digits: int = 20) -> str:
        """The number in decimals, rounded to ``digits`` places after the point.

        Raises
        ------
        LimitError
            If there are too many.
        """
        digits = count(digits, "digits", least=0)
        refuse_beyond("digits", MOST_DECIMALS, decimals=digits)
        unit = Fraction(1, 10**digits)
        number = self.refined(unit / 4)
        while round(number.low / unit) != round(number.high / unit):
            number = number.refined(number.width / 16)
        units = round(number.high / unit)
        whole, part = divmod(abs(units), 10**digits)
        return f"{'-' if units < 0 else ''}{whole}" + (f".{part:0{digits}d}" if digits else "")

    def is_root_of(self, poly: Any) -> bool:
        """Whether the number is a root of an integer polynomial."""
        return bool(fmpq_poly(poly) % fmpq_poly(self.polynomial) == 0)

    def __float__(self) -> float:
        number = self
        while float(number.low) != float(number.high):
            number = number.refined(number.width / 2**16)
        return float(number.low)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AlgebraicNumber | Fraction | int):
            return NotImplemented
        there = _number(other)
        if self.polynomial != there.polynomial:
            return False
        low, high = max(self.low, there.low), min(self.high, there.high)
        if low >= high:
            return low == high and self.width == 0
        return bool(self.polynomial(rational(low)) * self.polynomial(rational(high)) < 0)

    def __hash__(self) -> int:
        return hash(str(self.polynomial) if self.width else self.low)

    def __lt__(self, other: AlgebraicNumber | Fraction | int) -> bool:
        a, b = self, _number(other)
        if a == b:
            return False
        while a.low < b.high and b.low < a.high:
            a, b = a.refined(a.width / 2**8), b.refined(b.width / 2**8)
        return a.high <= b.low

    def label(self, digits: int = 9) -> str:
        """The number itself if it is rational with few digits, otherwise its decimals."""
        text = str(self.low)
        return text if self.width == 0 and len(text) <= digits else self.decimals(digits)

    def formula(self, variable: str) -> str:
        """The minimal polynomial as text."""
        return polynomial_text(self.polynomial, variable)

    def __repr__(self) -> str:
        return self.decimals(12)

    def __str__(self) -> str:
        return f"{float(self):.10g}"

    def _repr_latex_(self) -> str:
        r"""The number as a fraction or a root, and of a higher degree as decimals and its minimal polynomial."""
        import sympy  # noqa: PLC0415 - takes half a second to import

        if self.degree <= 2:
            return f"$\\displaystyle {sympy.latex(self.expression)}$"
        zero = sympy.latex(self.in_terms_of(sympy.Symbol("x")).as_expr())
        return rf"$x \approx {self.decimals(12)}, \quad {zero} = 0$"

    def to_dict(self, variable: str) -> dict[str, Any]:
        """Value, decimals, isolating interval and minimal polynomial as JSON data."""
        return {
            "value": float(self),
            "decimals": self.decimals(30),
            "interval": [str(self.low), str(self.high)],
            "polynomial": self.formula(variable),
        }


def _number(number: AlgebraicNumber | Fraction | int) -> AlgebraicNumber:
    """A number of either kind as an algebraic one."""
    return number if isinstance(number, AlgebraicNumber) else AlgebraicNumber.rational(number)
