"""Costs and bounds of costs as waiting times: what is not charged taken off, roundings where they belong."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.numbers import downwards, upwards

ROUNDING = 1e-12
"""Share of a waiting time up to which a difference from it is rounding."""

LEFT = 1e-15
"""The same for a cost, of which what is not charged is taken off."""


def waited(cost: float, uncharged: Fraction) -> float:
    """A cost less what is not charged; 0 where that leaves nothing but the rounding of the cost.

    >>> waited(1 / 3, Fraction(1, 3)), waited(2.5, Fraction(2)), waited(math.inf, Fraction(2))
    (0.0, 0.5, inf)
    """
    if not uncharged or not math.isfinite(cost):
        return cost
    left = float(Fraction(cost) - uncharged)
    return left if abs(left) > LEFT * abs(cost) else 0.0


def all_waited(costs: FloatArray, uncharged: Fraction) -> FloatArray:
    """The same for many costs, (costs,)."""
    left = costs - float(uncharged)
    return np.where(np.isfinite(costs) & (np.abs(left) <= LEFT * np.abs(costs)), 0.0, left)


def slower(time: float, least: float) -> float:
    """By how much a time is longer than the least there is; 0 where that is rounding.

    >>> slower(6.5, 6.0), slower(6.000000000000002, 6.0), slower(math.inf, 6.0)
    (0.5, 0.0, inf)
    """
    return time - least if time - least > ROUNDING * least else 0.0


def below(cost: float, uncharged: Fraction) -> float:
    """The greatest number of double precision that is no more than a cost less what is not charged.

    >>> Fraction(below(2.0, Fraction(1, 3))) <= Fraction(5, 3)
    True
    """
    return downwards(Fraction(cost) - uncharged) if uncharged and math.isfinite(cost) else cost


def above(cost: float, uncharged: Fraction) -> float:
    """The least number of double precision that is no less than a cost less what is not charged.

    >>> Fraction(above(2.0, Fraction(1, 3))) >= Fraction(5, 3)
    True
    """
    return upwards(Fraction(cost) - uncharged) if uncharged and math.isfinite(cost) else cost
