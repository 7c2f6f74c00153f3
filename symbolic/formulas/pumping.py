"""Pumping and nesting in closed form: everything follows from the map ``D`` by algebra that is carried out here."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from flint import fmpz, fmpz_mat, fmpz_poly

from lpdistill.errors import UnreachableTargetError
from lpdistill.physics.werner import Werner, WernerPair
from symbolic.algebra.algebraic_numbers import AlgebraicNumber, real_roots
from symbolic.algebra.limits import count, refuse_beyond
from symbolic.formulas.formula import Formula, distilled
from symbolic.formulas.moebius import moebius
from symbolic.formulas.parameters import F0, HIGHEST_DEGREE, MOST_DIGITS, fidelity, rational


def pumping_limit(f0: Any = F0) -> sympy.Expr:
    r"""The fidelity that pumping approaches: the attracting fixed point of :math:`x \mapsto D(x, f_0)`.

    Source: arXiv:2606.14908, Eq. 7, here solved for.  Pumping with pairs of any other level ``L`` in place of raw pairs
    approaches ``pumping_limit(L)``, which is quadratic over the numbers that ``L`` is made of.

    Parameters
    ----------
    f0
        Raw fidelity: a symbol, an expression, or a number in (1/2, 1].

    Raises
    ------
    ModelError
        If ``f0`` is a number outside (1/2, 1], or no number at all.

    Examples
    --------
    >>> pumping_limit()
    (6*f0 + sqrt(28*f0**2 - 26*f0 + 7) - 3)/(8*f0 - 2)
    >>> pumping_limit("3/4")
    3/8 + sqrt(13)/8
    """
    solved = moebius()
    return solved.limit.subs(solved.f0, fidelity(f0))


def pumping_rate(f0: Any = F0) -> sympy.Expr:
    r"""Factor by which a round of pumping shrinks the distance to the limit, in the end.

    It is the slope of :math:`x \mapsto D(x, f_0)` at its fixed point, and the ratio of the eigenvalues of its matrix:

    .. math:: q = \frac{4 f_0 + 2 - r}{4 f_0 + 2 + r}, \qquad r = \sqrt{28 f_0^2 - 26 f_0 + 7}

    Raises
    ------
    ModelError
        If ``f0`` is a number outside (1/2, 1], or no number at all.

    Examples
    --------
    >>> pumping_rate(1), pumping_rate("3/4").evalf(6)
    (1/3, 0.469988)
    """
    solved = moebius()
    return solved.rate.subs(solved.f0, fidelity(f0))


def pumping_level(f0: Any, rounds: Any) -> sympy.Expr:
    r"""The fidelity after ``rounds`` rounds of pumping, each with one more raw pair.

    For a symbolic number of rounds it is the closed form

    .. math::

        x_n = \frac{r f_0 (1 + q^n) + (6 f_0^2 - 4 f_0 + 1)(1 - q^n)}{r (1 + q^n) + (8 f_0^2 - 8 f_0 + 3)(1 - q^n)}

    with ``q`` and ``r`` of :func:`pumping_rate`; for a whole number of rounds the rational function of ``f0`` that it
    equals, in lowest terms; for numbers the rational number.

    Parameters
    ----------
    f0
        Raw fidelity: a symbol, an expression, or a number in (1/2, 1].
    rounds
        Number of distillations, a symbol or a whole number; 0 is the raw pair itself.

    Raises
    ------
    ModelError
        If ``f0`` is a number outside (1/2, 1] or ``rounds`` is negative or no whole number.
    LimitError
        If the result would be too long to write out.

    Examples
    --------
    >>> pumping_level(F0, 1)
    (10*f0**2 - 2*f0 + 1)/(8*f0**2 - 4*f0 + 5)
    >>> pumping_level("3/4", 2), pumping_level("3/4", 1000).evalf(12)
    (559/692, 0.825693909433)
    """
    raw = fidelity(f0)
    if isinstance(rounds, sympy.Expr) and not rounds.is_number:
        solved = moebius()
        return solved.after(rounds).subs(solved.f0, raw)
    number = count(rounds, "rounds", least=0)
    if raw.is_Rational:
        digits = number * len(str(raw.q * 16))
        refuse_beyond("rounds", MOST_DIGITS, digits=digits)
        numerator, denominator = _pumped(_whole_matrix(raw), raw, number)
        return sympy.Rational(int(numerator), int(denominator))
    refuse_beyond("rounds", HIGHEST_DEGREE, degree=number + 1)
    level = Formula.raw()
    for _ in range(number):
        level = level.distilled_with(Formula.raw())
    return level.expression(raw)


def pumping_rounds(f0: Any, target: Any) -> sympy.Expr:
    """The least number of rounds of pumping that reaches a target.

    For rational numbers it is decided in integers; otherwise it is the ceiling of the closed form.

    Raises
    ------
    ModelError
        If one of the two is a number outside (1/2, 1], or no number at all.
    UnreachableTargetError
        If the target, a number, is not below the pumping limit: no number of rounds reaches it.

    Examples
    --------
    >>> pumping_rounds("3/4", "0.79"), pumping_rounds("3/4", "0.8256939094")
    (2, 29)
    """
    raw, aim = fidelity(f0), fidelity(target, "target")
    if not (raw.is_number and aim.is_number):
        solved = moebius()
        return sympy.ceiling(solved.rounds(aim).subs(solved.f0, raw))
    start, end = rational(raw, "f0"), rational(aim, "target")
    if start >= end:
        return sympy.Integer(0)
    reach = Werner().reach(WernerPair(start), end, 2)
    if not reach.finite:
        raise UnreachableTargetError(
            f"target: pumping raw pairs of {float(start):g} never reaches {float(end):g}: its limit is "
            f"{reach.pumping_limit:.9f}; lower the target or raise f0",
            target=float(end),
            pumping_limit=reach.pumping_limit,
            memory_limit=reach.memory_limit,
        )
    matrix = _whole_matrix(raw)

    def short(rounds: int) -> bool:
        numerator, denominator = _pumped(matrix, raw, rounds)
        return bool(numerator * aim.q < denominator * aim.p)

    high = 1
    while short(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if short(middle) else (low, middle)
    return sympy.Integer(high)


@dataclass(frozen=True, slots=True)
class LargestGap:
    """The largest gap between target and raw fidelity that pumping approaches, and the raw fidelity where it is."""

    f0: AlgebraicNumber
    gap: AlgebraicNumber

    def __str__(self) -> str:
        return f"gap {self.gap} at f0 = {self.f0}"

    def to_dict(self) -> dict[str, Any]:
        """Both numbers as JSON data."""
        return {"f0": self.f0.to_dict(str(F0)), "gap": self.gap.to_dict("gap")}


@cache
def largest_gap() -> LargestGap:
    r"""The maximum over ``f0`` of the gap :math:`f_\infty(f_0) - f_0` that pumping can bridge.

    The gap ``g`` is a root of ``F(f0, g)``, the numerator of :math:`D(f_0 + g, f_0) - (f_0 + g)`.  At a maximum the
    derivative of ``F`` with respect to ``f0`` vanishes as well; eliminating ``g`` or ``f0`` leaves one polynomial each.
    One root in question is a gap, and at one raw fidelity the slope of the gap changes from positive to negative.

    >>> str(largest_gap())
    'gap 0.07601815968 at f0 = 0.734661326'
    """
    gap, solved = sympy.Symbol("gap"), moebius()
    condition = sympy.numer(sympy.together(distilled(F0 + gap, F0) - (F0 + gap)))
    derivative = sympy.diff(condition, F0)
    zero, half, one = (AlgebraicNumber.rational(Fraction(n, 2)) for n in range(3))
    (widest,) = _roots(sympy.resultant(condition, derivative, F0), gap, (zero, half))
    slope = sympy.diff(solved.limit - F0, F0)
    (where,) = (
        root
        for root in _roots(sympy.resultant(condition, derivative, gap), F0, (half, one))
        if slope.subs(F0, _rational(root.low)) > 0 > slope.subs(F0, _rational(root.high))
    )
    return LargestGap(where, widest)


def _whole_matrix(f0: sympy.Rational) -> fmpz_mat:
    """The matrix of pumping, scaled to integers."""
    solved = moebius()
    entries = solved.matrix.subs(solved.f0, f0) * f0.q
    return fmpz_mat([[int(entry) for entry in row] for row in entries.tolist()])


def _pumped(matrix: fmpz_mat, f0: sympy.Rational, rounds: int) -> tuple[fmpz, fmpz]:
    """Numerator and denominator of the level after some rounds, by repeated squaring."""
    power = matrix**rounds * fmpz_mat([[int(f0.p)], [int(f0.q)]])
    return power[0, 0], power[1, 0]


def _roots(
    polynomial: sympy.Expr, symbol: sympy.Symbol, bounds: tuple[AlgebraicNumber, AlgebraicNumber]
) -> tuple[AlgebraicNumber, ...]:
    """The real roots of a sympy polynomial with integer coefficients strictly between two bounds."""
    return real_roots(fmpz_poly([int(c) for c in reversed(sympy.Poly(polynomial, symbol).all_coeffs())]), *bounds)


def _rational(number: Fraction) -> sympy.Rational:
    """A fraction as sympy has it."""
    return sympy.Rational(number.numerator, number.denominator)
