r"""Binomial tails and limits on them, decided exactly.

With X binomial of n trials that succeed with probability q,

.. math:: P(X \le k) = I_{1-q}(n - k, k + 1) ,

which is computed in floating point; where it is so near to a limit that rounding could decide, it is summed with
more digits and bounds on their rounding, and in integers where these do not suffice.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
from scipy import special

from lpdistill.arrays import FloatArray, IntArray

NEAR = 1e-9
"""Relative distance of a tail from its limit within which floating point does not decide."""

DIGITS = 256
"""Binary digits of what decides then, unless integers have to."""


def at_most(successes: IntArray, trials: IntArray, chance: float) -> FloatArray:
    """Probability of so many successes at most, element by element.

    >>> at_most(np.array([0, 1, 2]), np.array([2, 2, 2]), 0.5).tolist()
    [0.25, 0.75, 1.0]
    """
    within = np.maximum(trials - successes, 1)
    inside = special.betaincc(np.maximum(successes, 0) + 1.0, within, chance)
    return np.asarray(np.where(successes < 0, 0.0, np.where(successes >= trials, 1.0, inside)))


def at_least(successes: IntArray, trials: IntArray, chance: float) -> FloatArray:
    """Probability of so many successes at least, accurate relative to its own size."""
    within = np.maximum(trials - successes + 1, 1)
    inside = special.betainc(np.maximum(successes, 1), within, chance)
    return np.asarray(np.where(successes <= 0, 1.0, np.where(successes > trials, 0.0, inside)))


def tail(successes: int, trials: int, chance: Fraction) -> Fraction:
    """Probability of so many successes at most, as the fraction that it is.

    >>> tail(1, 3, Fraction(1, 3))
    Fraction(20, 27)
    """
    yes, whole = chance.numerator, chance.denominator
    no = whole - yes
    summed = sum(comb(trials, k) * yes**k * no ** (trials - k) for k in range(min(successes, trials) + 1))
    return Fraction(summed, whole**trials)


def compared(successes: int, trials: int, chance: Fraction, limit: Fraction) -> int:
    """The sign of the difference of a tail and a limit, exactly: in floating point, in balls, or in integers.

    >>> compared(0, 2, Fraction(1, 2), Fraction(1, 4)), compared(0, 2, Fraction(1, 2), Fraction(249, 1000))
    (0, 1)
    """
    found = float(at_most(np.array(successes), np.array(trials), float(chance)))
    if abs(found - float(limit)) > NEAR * float(limit):
        return 1 if found > float(limit) else -1
    if 0 <= successes < trials:
        beyond = _in_balls(successes, trials, chance) - _ball(limit)
        if not beyond.contains(0):
            return 1 if beyond > 0 else -1
    exactly = tail(successes, trials, chance)
    return (exactly > limit) - (exactly < limit)


def _ball(number: Fraction) -> Any:
    """A rational number with bounds on its rounding."""
    from flint import arb, fmpq  # noqa: PLC0415 - only where rounding could decide

    return arb(fmpq(number.numerator, number.denominator))


def _in_balls(successes: int, trials: int, chance: Fraction) -> Any:
    """A tail with bounds on its rounding, of many digits: its last term, and every other from the one after it."""
    from flint import arb, ctx  # noqa: PLC0415 - as above

    with ctx.workprec(DIGITS):
        odds = _ball((1 - chance) / chance)
        term = arb(comb(trials, successes)) * _ball(chance) ** successes * _ball(1 - chance) ** (trials - successes)
        summed = term
        for k in range(successes, 0, -1):
            term = term * odds * k / (trials - k + 1)
            summed += term
        return summed


def compared_logarithms(powers: Sequence[tuple[Fraction, int]], bound: Fraction) -> int:
    """The sign of the difference of a product of powers and a bound; 0 where many digits do not tell them apart."""
    from flint import arb, ctx  # noqa: PLC0415 - as above

    with ctx.workprec(DIGITS):
        beyond = sum((exponent * _ball(base).log() for base, exponent in powers if exponent), -_ball(bound).log())
        return 0 if beyond.contains(0) else 1 if beyond > arb(0) else -1


def is_within(successes: int, trials: int, chance: Fraction, limit: Fraction) -> bool:
    """Whether no more than so many successes have a probability of at most a limit, exactly.

    >>> is_within(0, 2, Fraction(1, 2), Fraction(1, 4)), is_within(0, 2, Fraction(1, 2), Fraction(249, 1000))
    (True, False)
    """
    return compared(successes, trials, chance, limit) <= 0
