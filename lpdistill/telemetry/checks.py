r"""Tests of what a link reports against what is predicted, each with a false-alarm rate of its own.

A count k of n with chance q is tested by its binomial tails: alarm where either is at most :math:`\alpha / 2`.
Distillations of all levels together have the law of a sum of binomial numbers.  The sum of waiting times is tested by
its exact law (:mod:`lpdistill.telemetry.sums`) in the same way, and at some times it is counted how many waits were
longer.  All laws are discrete: false alarms are no more frequent than stated, and usually less.  The probability of an
alarm where something has changed is computed from the same laws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import signal, special

from lpdistill.acceptance.binomials import at_least, at_most, compared
from lpdistill.arrays import IntArray
from lpdistill.simulation.estimates import Confidence, Estimate
from lpdistill.telemetry.link import Link
from lpdistill.telemetry.records import Levels, Waits
from lpdistill.telemetry.sums import ROUNDING, SumLaw

SPREADS, LEAST_REACH = 9, 40
"""Standard deviations, and successes besides, beyond which a binomial number is not (Bernstein: below 1e-17)."""


class Quantity(StrEnum):
    """What is tested."""

    P = "p"
    DISTILLATION = "distillation"
    WAITING_TIME = "waiting time"
    LONGER_WAITS = "longer waits"


@dataclass(frozen=True, slots=True)
class Check:
    """A test.

    Attributes
    ----------
    quantity, what
        What is tested, and what it is called: with the levels, or the time.
    count
        How much was seen.
    estimate
        The estimate with its interval, which leaves out what is predicted where there is an alarm.
    p_value, alpha
        Probability of something as unlikely, at most; and how small it may be.
    side
        1 where more was seen than predicted, -1 where less.
    power
        Probability of an alarm if that had changed by the drift that was asked about.
    """

    quantity: Quantity
    what: str
    count: int
    estimate: Estimate
    p_value: float
    alpha: Fraction
    side: int
    power: float

    @property
    def alarm(self) -> bool:
        """Whether what was seen contradicts what was predicted."""
        return self.p_value <= self.alpha

    def to_dict(self) -> dict[str, Any]:
        """It as JSON data."""
        told = self.estimate
        return {
            "quantity": str(self.quantity),
            "what": self.what,
            "count": self.count,
            "predicted": told.model,
            "estimate": told.value,
            "lower": told.lower,
            "upper": told.upper,
            "p_value": self.p_value,
            "alpha": float(self.alpha),
            "alarm": self.alarm,
            "power": self.power,
        }


def share(  # noqa: PLR0913, PLR0917 - a count, its law, and what is asked of it
    quantity: Quantity, what: str, seen: tuple[int, int], chance: Fraction, alpha: Fraction, drifted: Fraction
) -> Check:
    """The test of so many of so many against a chance; its power is at another."""
    successes, count = seen
    tails = [float(tail(np.array(successes), np.array(count), float(chance))) for tail in (at_most, at_least)]
    p_value, half = min(1.0, 2 * min(tails)), alpha / 2
    if abs(p_value - float(alpha)) < ROUNDING:  # decided exactly
        below = compared(successes, count, chance, half) <= 0
        above = compared(count - successes, count, 1 - chance, half) <= 0
        p_value = float(alpha) if below or above else float(np.nextafter(float(alpha), 1.0)) + ROUNDING
    estimate = Confidence(float(1 - alpha)).share(successes, count, float(chance))
    power = float(alpha) if drifted == chance else _power(count, float(chance), float(half), float(drifted))
    side = 1 if successes > count * chance else -1
    return Check(quantity, what, count, estimate, p_value, alpha, side, power)


def _power(count: int, chance: float, half: float, drifted: float) -> float:
    """Probability that a binomial number of another chance has a tail of at most a limit, to either side."""
    few = _last(lambda k: at_most(k, np.array(count), chance) <= half, count)
    many = _last(lambda k: at_least(count - k, np.array(count), chance) <= half, count)
    low, high = at_most(few, np.array(count), drifted), at_least(count - many, np.array(count), drifted)
    return min(float(low + high), 1.0)


def _last(holds: Callable[[Any], Any], count: int) -> IntArray:
    """The greatest of 0, ..., count at which a condition holds that holds for all smaller ones; -1 for none."""
    low, high = -1, count
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if bool(holds(np.array(middle))) else (low, middle - 1)
    return np.array(low)


def waits(link: Link, seen: Waits, alpha: Fraction, drift: Fraction) -> list[Check]:
    """The tests of waiting times: half of the rate for their sum, the other half for how many were longer than some."""
    cuts = link.cuts(None if seen.listed else seen.ends)
    part = alpha / 2 if cuts else alpha
    found = [_mean(link, seen, part, drift)]
    for cut in cuts:
        longer = seen.count - seen.at_most(cut)
        chance, drifted = (Fraction(link.law.survival(time)) for time in (cut, cut / float(1 + drift)))
        what, each = f"waits longer than {cut:g}", alpha / (2 * len(cuts))
        found.append(share(Quantity.LONGER_WAITS, what, (longer, seen.count), chance, each, drifted))
    return found


def _mean(link: Link, seen: Waits, alpha: Fraction, drift: Fraction) -> Check:
    """The test of the sum of waiting times; its interval is that of laws that are only shifted."""
    law, count = link.sum_of(seen.count), seen.count
    total = link.slots(seen.total, count)
    half = float(alpha / 2)
    low, high = law.below(half), law.above(half)
    p_value = min(1.0, 2 * (min(law.at_most(total), law.at_least(total)) + ROUNDING))
    mean, shorter = seen.total / count, link.time(low, count) / count
    predicted, longer = link.time(law.mean, count) / count, link.time(high, count) / count
    estimate = Estimate(mean, max(mean - (longer - predicted), 0.0), mean + (predicted - shorter), model=predicted)
    stretched = [link.slots(link.time(edge, count) / float(1 + drift), count) for edge in (low, high)]
    power = law.at_most(stretched[0]) + law.at_least(stretched[1])
    side = 1 if mean > predicted else -1
    return Check(Quantity.WAITING_TIME, "mean waiting time", count, estimate, p_value, alpha, side, min(power, 1.0))


def distillations(link: Link, seen: Mapping[Levels, tuple[int, int]], alpha: Fraction, drift: Fraction) -> list[Check]:
    """The tests of distillations that the policy makes: half of the rate for all together, the other half for each."""
    met = {levels: seen[levels] for levels in link.chances if seen.get(levels, (0, 0))[0]}
    together = len(link.chances) > 1
    found = [_together(link, met, alpha / 2, drift)] if together else []
    part = (alpha / 2 if together else alpha) / len(link.chances)
    for levels, (tried, done) in met.items():
        what, chance = f"distillation of levels {', '.join(map(str, levels))}", link.chances[levels]
        found.append(share(Quantity.DISTILLATION, what, (done, tried), chance, part, chance * (1 - drift)))
    return found


def _together(link: Link, seen: Mapping[Levels, tuple[int, int]], alpha: Fraction, drift: Fraction) -> Check:
    """The test of all distillations that succeeded, by the law of a sum of binomial numbers of different chances."""
    tried, done = (sum(one[place] for one in seen.values()) for place in (0, 1))
    law, half = successes(link, seen, Fraction(0)), float(alpha / 2)
    low, high = law.below(half), law.above(half)
    p_value = min(1.0, 2 * (min(law.at_most(done), law.at_least(done)) + ROUNDING))
    value, model = done / tried, law.mean / tried
    ends = max(value - (high / tried - model), 0.0), min(value + (model - low / tried), 1.0)
    drifted = successes(link, seen, drift) if drift else law
    power = min(drifted.at_most(low) + drifted.at_least(high), 1.0)
    side = 1 if done > law.mean else -1
    estimate = Estimate(value, *ends, model=model)
    return Check(Quantity.DISTILLATION, "all distillations", tried, estimate, p_value, alpha, side, power)


def successes(link: Link, seen: Mapping[Levels, tuple[int, int]], drift: Fraction) -> SumLaw:
    """The law of how many distillations succeed, of so many of each, if all do that much more rarely than predicted."""
    first, mean, pmf = 0, 0.0, np.ones(1)
    for levels, (tried, _) in seen.items():
        chance = float(link.chances[levels] * (1 - drift))
        reach = SPREADS * np.sqrt(tried * chance * (1 - chance)) + LEAST_REACH
        low, high = max(0, int(tried * chance - reach)), min(tried, int(tried * chance + reach) + 1)
        k = np.arange(low, high + 1)
        ways = special.gammaln(tried + 1) - special.gammaln(k + 1) - special.gammaln(tried - k + 1)
        part = np.exp(ways + special.xlogy(k, chance) + special.xlog1py(tried - k, -chance))
        pmf = np.maximum(signal.fftconvolve(pmf, part / part.sum()), 0.0)
        first, mean = first + low, mean + tried * chance
    return SumLaw(first, np.cumsum(pmf), mean)
