"""What a two-to-one distillation does to pairs: the Werner map, behind a protocol other maps can meet.

Everything above this module sees a stored pair only as an object with a ``fidelity``, and a map only as something that
makes the raw pair and combines two pairs into one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

from lpdistill.physics.maps import Combination, Reach


@dataclass(frozen=True, slots=True)
class WernerPair:
    """A Werner state, fixed by its fidelity ``F``; its Werner parameter is ``w = (4F - 1)/3``."""

    fidelity: Fraction


def success_probability(a: Fraction, b: Fraction) -> Fraction:
    r"""Probability that distilling Werner pairs of fidelity ``a`` and ``b`` succeeds (arXiv:2606.14908, Eq. 3).

    .. math:: P(a, b) = \frac{8ab - 2a - 2b + 5}{9}

    >>> success_probability(Fraction(3, 4), Fraction(3, 4))
    Fraction(13, 18)
    """
    return (8 * a * b - 2 * a - 2 * b + 5) / 9


def distilled_fidelity(a: Fraction, b: Fraction) -> Fraction:
    r"""Fidelity after distilling Werner pairs of fidelity ``a`` and ``b`` with success (arXiv:2606.14908, Eq. 2).

    .. math:: D(a, b) = \frac{10ab - a - b + 1}{8ab - 2a - 2b + 5}

    >>> distilled_fidelity(Fraction(3, 4), Fraction(3, 4))
    Fraction(41, 52)
    """
    return (10 * a * b - a - b + 1) / (8 * a * b - 2 * a - 2 * b + 5)


def pumping_limit(f0: float) -> float:
    r"""The fixed point of pumping :math:`x \mapsto D(x, f_0)` (arXiv:2606.14908, Eq. 7).

    .. math:: f_\infty = \frac{6 f_0 - 3 + \sqrt{28 f_0^2 - 26 f_0 + 7}}{8 f_0 - 2}

    >>> round(pumping_limit(0.75), 6)
    0.825694
    """
    return (6 * f0 - 3 + math.sqrt(28 * f0 * f0 - 26 * f0 + 7)) / (8 * f0 - 2)


def raw_fidelity_with_limit(x: Fraction) -> Fraction:
    r"""The raw fidelity whose pumping limit is ``x``: the inverse of :func:`pumping_limit`, and rational.

    Solving :math:`(8f - 2)x^2 - (12f - 6)x + (f - 1) = 0` for :math:`f`:

    .. math:: f = \frac{2x^2 - 6x + 1}{8x^2 - 12x + 1}
    """
    return ((2 * x - 6) * x + 1) / ((8 * x - 12) * x + 1)


@dataclass(frozen=True, slots=True)
class Werner:
    """The map of arXiv:2606.14908 on Werner states (Eqs. 2 and 3): noiseless gates, twirled outcomes."""

    name: str = "werner"

    monotone: ClassVar[bool] = True

    def raw(self, fidelity: Fraction) -> WernerPair:
        """A Werner pair of the given fidelity."""
        return WernerPair(fidelity)

    def combine(self, a: WernerPair, b: WernerPair) -> Combination[WernerPair]:
        """Distil ``a`` with ``b``: fidelity ``D(a, b)`` with probability ``P(a, b)``."""
        x, y = a.fidelity, b.fidelity
        if type(x) is not Fraction or type(y) is not Fraction:  # elements of another field
            return Combination(WernerPair(distilled_fidelity(x, y)), success_probability(x, y))
        # Both formulas over the integers, times the denominators: two fractions are made instead of sixteen.
        n, d, m, e = x.numerator, x.denominator, y.numerator, y.denominator
        nm, mixed, de = n * m, n * e + m * d, d * e
        success = 8 * nm - 2 * mixed + 5 * de
        return Combination(WernerPair(Fraction(10 * nm - mixed + de, success)), Fraction(success, 9 * de))

    def reach(self, raw: WernerPair, target: Fraction, memories: int) -> Reach:
        r"""Limits of fidelity, and whether finitely many levels lie below the target.

        The closure below :math:`f_T` is finite iff :math:`f_T < f_\infty(f_0)`.  With ``M`` memories the supremum is
        :math:`f_\infty` iterated ``M - 1`` times (a composition tree whose two children need ``k`` memories each
        needs ``k + 1``).  Comparisons go through the rational inverse of :math:`f_\infty`, so that they are exact.
        """
        limit = float(raw.fidelity)
        for _ in range(memories - 1):
            limit, before = pumping_limit(limit), limit
            if limit <= before:
                break
        needed = _memories_needed(raw.fidelity, target)
        return Reach(
            pumping_limit=pumping_limit(float(raw.fidelity)),
            memory_limit=limit,
            finite=needed is not None and needed <= 2,
            memories_needed=needed,
        )


PRECISION = 1 << 4096
"""Denominator to which the inverse limit is rounded once its exact digits have outgrown every input."""


@lru_cache
def _memories_needed(f0: Fraction, target: Fraction) -> int | None:
    """Least number of memories that reach ``target`` from raw pairs of fidelity ``f0``, or None."""
    needed, required = 1, target
    while required > f0:
        if target >= 1:
            return None
        # Reaching x takes one memory more than reaching the raw fidelity whose pumping limit is x, beyond it.
        needed, required = needed + 1, raw_fidelity_with_limit(required)
        if required == f0:
            return needed + 1
        if required.denominator > PRECISION:
            required = Fraction(round(required * PRECISION), PRECISION)
    return needed
