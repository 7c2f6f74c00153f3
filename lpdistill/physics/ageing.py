r"""Memories that forget: stored Werner pairs depolarise while they are kept.

A pair of Werner parameter :math:`w` has

.. math:: w \, e^{-t / T_c}

after a time :math:`t` in a pair of memories with coherence time :math:`T_c`, that of both memories together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import inf, nextafter
from typing import NamedTuple

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact, member

BITS = 120
"""Binary digits to which bounds of the exponential are computed."""


class Products(StrEnum):
    """Whether what a distillation makes ages during the step that makes it."""

    AGE = "age"
    """It does: it is stored while the other memory's outcome travels, and is heralded at the end of the step."""
    FRESH = "fresh"
    """It does not: it is made at the end of the step."""


@dataclass(frozen=True)
class Coherence:
    """How long memories keep pairs.

    Parameters
    ----------
    time
        Coherence time of both memories of a pair together, in the user's unit of time.
    products
        Whether the result of a distillation ages during the step that makes it (``"age"``), or is fresh at its end.

    Raises
    ------
    ModelError
        If the time is not above 0.

    Examples
    --------
    >>> Coherence(100).kept(Fraction(1))
    (0.990049833749168, 0.9900498337491681)
    """

    time: Fraction
    products: Products

    def __init__(self, time: Number, products: Products | str = Products.AGE) -> None:
        number = exact(time, "coherence_time")
        if number <= 0:
            raise ModelError("coherence_time", "must be above 0; leave it out for memories that keep for ever", time)
        object.__setattr__(self, "time", number)
        object.__setattr__(self, "products", member(Products, products, "products"))

    def kept(self, duration: Fraction) -> tuple[float, float]:
        """Bounds of the share of a Werner parameter that is left after a time: two numbers of double precision."""
        return decay(duration / self.time)

    def made(self, duration: Fraction) -> tuple[float, float]:
        """The same of what a distillation makes that takes so long."""
        return self.kept(duration) if self.products is Products.AGE else (1.0, 1.0)


class Clock(NamedTuple):
    """What passes in a step: durations without and with a distillation, and the shares that are kept meanwhile."""

    coherence: Coherence
    generation: Fraction
    distillation: Fraction


@lru_cache(maxsize=1 << 14)
def decay(x: Fraction) -> tuple[float, float]:
    r"""Bounds of :math:`e^{-x}`, :math:`x \ge 0`, next to each other in double precision.

    >>> decay(Fraction(0)), decay(Fraction(1))
    ((1.0, 1.0), (0.3678794411714423, 0.36787944117144233))
    """
    if not x:
        return 1.0, 1.0
    halvings = max(0, (x.numerator // x.denominator).bit_length() + 1)
    lower, upper = _series(x / 2**halvings)
    one = 1 << BITS
    for _ in range(halvings):
        lower, upper = lower * lower // one, -(-upper * upper // one)
    return bounded(Fraction(lower, one))[0], bounded(Fraction(upper, one))[1]


def _series(x: Fraction) -> tuple[int, int]:
    """Bounds of the alternating series of the exponential of ``-x``, 0 <= x <= 1/2, in units of the last digit."""
    low = high = term_low = term_high = 1 << BITS
    number = 0
    while term_high > 1:
        number += 1
        factor = x / number
        term_low = term_low * factor.numerator // factor.denominator
        term_high = -(-term_high * factor.numerator // factor.denominator)
        less = bool(number % 2)
        low, high = (low - term_high, high - term_low) if less else (low + term_low, high + term_high)
    return low - term_high, min(high + term_high, 1 << BITS)


def bounded(number: Fraction) -> tuple[float, float]:
    """The greatest number of double precision that is not above a number, and the least that is not below it.

    >>> bounded(Fraction(1, 2)), bounded(Fraction(1, 10))
    ((0.5, 0.5), (0.09999999999999999, 0.1))
    """
    nearest = float(number)
    if nearest == number:
        return nearest, nearest
    return (nearest, nextafter(nearest, inf)) if nearest < number else (nextafter(nearest, -inf), nearest)
