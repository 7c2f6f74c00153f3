r"""Tests of a fixed number of pairs: how many have to pass, and how many pairs suffice.

A pair passes with probability q.  That q exceeds :math:`q_0` is certified if no more than f of n pairs fail, where f
is the greatest number with :math:`P_{q_0}(\text{failures} \le f) \le \delta`: among tests of n pairs that decide by
counting it has the greatest power (Neyman and Pearson), :math:`P_{q_1}(\text{failures} \le f)` at the true
:math:`q_1`.  For given f both fall with n, so f failures certify enough from the least n at which the one is at most
:math:`\delta`, :math:`a_f`, to the greatest at which the other is the power, :math:`b_f`.
Both grow with f, and n pairs suffice if and only if some :math:`a_f \le n \le b_f`: a sawtooth in n.

**Where a search may stop.**  For every t between :math:`q_0` and :math:`q_1`, asking for a share t of passes has, by
Chernoff's bound, errors of at most :math:`e^{-n D(t \| q_0)}` and :math:`e^{-n D(t \| q_1)}`.  Where both are small
enough for n they are for every larger n, and the greatest f loses no power against that test: from the least such n on,
over t, all n suffice.  (Hoeffding's :math:`D(t \| q) \ge 2 (t - q)^2` makes of it the usual formula.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, inf, log, log1p, sqrt
from typing import NamedTuple, Self

import numpy as np
from scipy import special

from lpdistill.acceptance.binomials import NEAR, at_most, compared, is_within
from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import LimitError

MOST_FAILURES = 30_000
"""Failures beyond which the exact number of pairs is not searched for."""

FIRST = 64
"""Numbers of failures that are looked at first."""

NARROW = Fraction(1, 10_000)
"""Share of the failures at the limit that are none in truth, below which there are too many for certain.

At least :math:`1.3 / 10^{-8}` failures are expected then, and divergences would be differences of rounded numbers."""

ALWAYS = 2**62
"""The greatest number of pairs, where every number will do."""


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """What is to be told apart, and how surely.

    Attributes
    ----------
    null, true
        Probability that a pair passes, at the limit and in truth; null < true.
    delta
        The greatest probability of certifying what is not above the limit.
    power
        The least probability of certifying what is true.
    """

    null: Fraction
    true: Fraction
    delta: Fraction
    power: Fraction


class FixedTest(NamedTuple):
    """A test of a fixed number of pairs.

    Attributes
    ----------
    pairs, passes
        How many are measured, and how many of them have to pass.
    false, power
        Probability to certify at the limit, and in truth.
    """

    pairs: int
    passes: int
    false: float
    power: float


def hoeffding(asked: Hypotheses) -> int:
    r"""Pairs that suffice by Hoeffding's inequality.

    .. math:: n = \frac{(\sqrt{\ln 1/\delta} + \sqrt{\ln 1/\beta})^2}{2 (q_1 - q_0)^2}

    >>> hoeffding(Hypotheses(Fraction(14, 15), Fraction(29, 30), Fraction(1, 20), Fraction(9, 10)))
    4748
    """
    roots = sqrt(-log(asked.delta)) + sqrt(-log(1 - asked.power))
    return ceil(Fraction(roots) ** 2 / (2 * (asked.true - asked.null) ** 2))


def divergence(share: float, chance: float) -> float:
    """Kullback-Leibler divergence of two coins, in nats."""
    found = 0.0
    for one, other in ((share, chance), (1.0 - share, 1.0 - chance)):
        if one > 0:
            found += one * log1p((one - other) / other) if other > 0 else inf
    return found


def chernoff(asked: Hypotheses) -> int:
    """Pairs from which on every number suffices, by Chernoff's bound at the best share of passes.

    >>> chernoff(Hypotheses(Fraction(14, 15), Fraction(29, 30), Fraction(1, 20), Fraction(9, 10)))
    881
    """
    low, high = float(asked.null), float(asked.true)
    null, true, sure, miss = low, high, -log(asked.delta), -log(1 - asked.power)
    if asked.true == 1:
        return ceil(sure / divergence(1.0, null)) + 1
    while (middle := (low + high) / 2) not in {low, high}:
        if sure * divergence(middle, true) > miss * divergence(middle, null):
            low = middle
        else:
            high = middle
    needed = max(sure / divergence(high, null), miss / divergence(high, true))
    return ceil(needed * (1 + NEAR)) + 1


def _least(holds: Callable[[IntArray], BoolArray], low: IntArray, guess: IntArray) -> IntArray:
    """The least numbers, from some on, at which a condition holds that holds for all greater ones."""
    guess, step = np.maximum(guess, low), 1
    high = guess
    while not (done := holds(high)).all():
        low, high, step = np.where(done, low, high + 1), np.where(done, high, high + step), 2 * step
    below, step = np.maximum(low, high - 1), 1
    while (good := holds(below) & (below > low)).any():
        high, below, step = np.where(good, below, high), np.where(good, np.maximum(low, below - step), below), 2 * step
    low = np.where(holds(below), low, below + 1)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        good = holds(middle)
        high, low = np.where(open_ & good, middle, high), np.where(open_ & ~good, middle + 1, low)
    return high


def _guessed(failures: IntArray, chance: float, limit: float) -> IntArray:
    """About how many pairs there are of which so few fail with some probability."""
    about = np.ceil(special.bdtrin(failures, limit, chance))
    return np.asarray(np.where(np.isfinite(about), about, 0), dtype=np.int64)


def _told(count: int) -> str:
    """A number of pairs, of which only the size matters where nobody could measure them."""
    return f"{count:,}" if count < 10**15 else f"{Decimal(count):.2e}"


@dataclass(frozen=True, eq=False)
class Sawtooth:
    """Which numbers of pairs suffice.

    Attributes
    ----------
    asked
        What is to be told apart.
    first, last
        From how many pairs on, and up to how many, so many failures certify enough, (failures,), from none on.
    """

    asked: Hypotheses
    first: IntArray
    last: IntArray

    @classmethod
    def of(cls, asked: Hypotheses) -> Self:
        """The sawtooth, as far as it is one.

        Raises
        ------
        LimitError
            If more failures would have to be looked at than can be.
        """
        narrow = asked.true - asked.null < NARROW * (1 - asked.null)
        enough, whose = (hoeffding(asked), "Hoeffding") if narrow else (chernoff(asked), "Chernoff")
        failures = ceil(enough * (1 - asked.null))
        if narrow or failures > MOST_FAILURES:
            raise LimitError(
                f"pairs: exact numbers are found for up to {MOST_FAILURES:,} failures, and about {_told(failures)} of "
                f"{_told(enough)} pairs fail at the limit; {_told(enough)} pairs suffice by {whose}'s bound. Ask for a "
                "true fidelity further above the certified one, a larger delta or less power",
                size={"pairs": enough, "failures": failures},
            )
        first = last = np.zeros(0, dtype=np.int64)
        while not len(first) or first[-1] <= enough:
            more = np.arange(len(first), max(2 * len(first), FIRST))
            first, last = np.append(first, _from(asked, more)), np.append(last, _until(asked, more))
        return cls(asked, first, last)

    @property
    def least(self) -> FixedTest:
        """The fewest pairs that suffice."""
        return self.test(int(self.first[np.argmax(self.first <= self.last)]))

    @property
    def always(self) -> FixedTest:
        """The fewest pairs from which on every number suffices."""
        gaps = np.flatnonzero(self.last[:-1] < self.first[1:] - 1)
        return self.test(int(self.first[gaps[-1] + 1] if len(gaps) else self.first[0]))

    def failures(self, pairs: IntArray) -> IntArray:
        """How many of some numbers of pairs may fail, -1 where even none would not certify, (pairs,)."""
        return np.searchsorted(self.first, pairs, side="right") - 1

    def powers(self, pairs: IntArray) -> FloatArray:
        """The power of tests of some numbers of pairs, (pairs,)."""
        return at_most(self.failures(pairs), pairs, float(1 - self.asked.true))

    def test(self, pairs: int) -> FixedTest:
        """The test of so many pairs, of those that the search has looked at."""
        fails = int(self.failures(np.array(pairs)))
        chances = float(1 - self.asked.null), float(1 - self.asked.true)
        false, power = (float(at_most(np.array(fails), np.array(pairs), chance)) for chance in chances)
        return FixedTest(pairs, pairs - fails, false, power)


def _from(asked: Hypotheses, failures: IntArray) -> IntArray:
    """The least numbers of pairs of which so few fail at the limit with a probability of at most delta."""
    chance, limit = 1 - asked.null, float(asked.delta)
    guess = _guessed(failures, float(chance), limit)
    found = _least(lambda pairs: at_most(failures, pairs, float(chance)) <= limit, failures + 1, guess)
    for place in _undecided(found, failures, float(chance), limit):
        fails, pairs = int(failures[place]), max(int(found[place]) - 1, int(failures[place]) + 1)
        while not is_within(fails, pairs, chance, asked.delta):
            pairs += 1
        found[place] = pairs
    return found


def _until(asked: Hypotheses, failures: IntArray) -> IntArray:
    """The greatest numbers of pairs of which so few fail in truth with a probability of at least the power."""
    chance, limit = 1 - asked.true, float(asked.power)
    if chance == 0:
        return np.full(len(failures), ALWAYS)
    guess = _guessed(failures, float(chance), limit)
    found = _least(lambda pairs: at_most(failures, pairs, float(chance)) < limit, failures + 1, guess)
    for place in _undecided(found, failures, float(chance), limit):
        fails, pairs = int(failures[place]), int(found[place])
        while compared(fails, pairs, chance, asked.power) < 0:
            pairs -= 1
        found[place] = pairs + 1
    return found - 1


def _undecided(pairs: IntArray, failures: IntArray, chance: float, limit: float) -> list[int]:
    """Where rounding may have decided between some numbers of pairs and those before them."""
    near = [abs(at_most(failures, number, chance) - limit) for number in (pairs - 1, pairs)]
    return [int(place) for place in np.flatnonzero(np.minimum(*near) <= NEAR * limit)]
