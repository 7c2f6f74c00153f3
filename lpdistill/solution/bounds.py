"""Bounds of a cost as bounds of a waiting time: what is not charged taken off, and rounded outwards."""

from __future__ import annotations

import math
from fractions import Fraction


def below(cost: float, uncharged: Fraction) -> float:
    """The greatest number of double precision that is no more than a cost less what is not charged.

    >>> from fractions import Fraction
    >>> Fraction(below(2.0, Fraction(1, 3))) <= Fraction(5, 3)
    True
    """
    return _rounded(cost, uncharged, -math.inf)


def above(cost: float, uncharged: Fraction) -> float:
    """The least number of double precision that is no less than a cost less what is not charged.

    >>> from fractions import Fraction
    >>> Fraction(above(2.0, Fraction(1, 3))) >= Fraction(5, 3)
    True
    """
    return _rounded(cost, uncharged, math.inf)


def _rounded(cost: float, uncharged: Fraction, towards: float) -> float:
    """A difference, taken exactly and then rounded in one direction."""
    if not math.isfinite(cost):
        return cost
    exact = Fraction(cost) - uncharged
    nearest = float(exact)
    missed = nearest > exact if towards < 0 else nearest < exact
    return math.nextafter(nearest, towards) if missed else nearest
