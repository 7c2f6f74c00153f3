"""Nesting in closed form: levels made of equal pairs, and the limit of a number of memories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy

from symbolic.algebra.limits import count, refuse_beyond
from symbolic.formulas.formula import Formula, distilled
from symbolic.formulas.moebius import moebius
from symbolic.formulas.parameters import HIGHEST_DEGREE, MOST_DIGITS, fidelity

MOST_RADICALS = 5
"""Radicals inside one another in the longest limit that is written out: each makes it four times as long."""


def memory_limit(f0: Any, memories: Any) -> sympy.Expr:
    r"""The supremum of fidelity that a number of memories can make: the pumping limit iterated.

    With one memory it is ``f0``.  With ``M`` memories one can hold a pair near ``memory_limit(f0, M - 1)`` again and
    again, so the supremum is the limit of pumping with such pairs (the Sethi-Ullman numbers of composition trees).

    Raises
    ------
    ModelError
        If ``f0`` is a number outside (1/2, 1], or ``memories`` is no whole number above 0.
    LimitError
        If the nested radical would be too long to write out.

    Examples
    --------
    >>> memory_limit("3/4", 3).evalf(12)
    0.891085067395
    """
    limit, number = fidelity(f0), count(memories, "memories", least=1)
    if limit == 1:
        return limit
    refuse_beyond("memories", MOST_RADICALS, nested_radicals=number - 1)
    solved = moebius()
    for _ in range(number - 1):
        limit = solved.limit.subs(solved.f0, limit)
    return limit


def nested_level(f0: Any, rounds: Any) -> sympy.Expr:
    """The fidelity after ``rounds`` rounds of nesting: two pairs of the level before are distilled in each.

    It is a rational function of degree ``2**rounds`` in ``f0``, and needs ``rounds + 1`` memories.

    Raises
    ------
    ModelError
        If ``f0`` is a number outside (1/2, 1], or ``rounds`` is negative or no whole number.
    LimitError
        If the result would be too long to write out.

    Examples
    --------
    >>> nested_level("3/4", 2)
    1525/1844
    """
    raw, number = fidelity(f0), count(rounds, "rounds", least=0)
    if raw.is_Rational:
        doublings = (MOST_DIGITS // len(str(raw.q * 16))).bit_length() - 1
        refuse_beyond("rounds", doublings, doublings_of_digits=number)
        for _ in range(number):
            raw = distilled(raw, raw)
        return raw
    refuse_beyond("rounds", HIGHEST_DEGREE.bit_length() - 1, doublings_of_degree=number)
    level = Formula.raw()
    for _ in range(number):
        level = level.distilled_with(level)
    return level.expression(raw)


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """A fidelity that a map keeps, and the slope of the map there: below 1 in size it attracts, above it repels."""

    fidelity: sympy.Expr
    slope: sympy.Expr


@cache
def nested_fixed_points() -> tuple[FixedPoint, ...]:
    r"""The fixed points of nesting :math:`x \mapsto D(x, x)`, a quadratic rational map, increasing.

    They do not depend on ``f0``: nesting, unlike pumping, leads from any raw fidelity above 1/2 towards 1.

    >>> [(point.fidelity, point.slope) for point in nested_fixed_points()]
    [(1/4, 2/3), (1/2, 6/5), (1, 2/3)]
    """
    x = sympy.Symbol("x")
    image = distilled(x, x)
    points = sorted(sympy.solve(image - x, x))
    return tuple(FixedPoint(point, sympy.diff(image, x).subs(x, point)) for point in points)
