r"""Evidence against a probability, from counts alone: what an alerting rule can compute, with an error that is proved.

Of trials that succeed with probability ``p``, whatever decides how many there are, ``K`` succeed and ``L`` fail.  The
likelihood ratio against another probability ``q``,

.. math:: R = (q/p)^K \left(\tfrac{1-q}{1-p}\right)^L ,

is a martingale of mean 1, so that :math:`P(R \ge 1/\alpha) \le \alpha` at any moment, also where the number of trials
depends on what came before (Ville, 1939), as it does under a policy.  Its logarithm is linear in the counts, and sums
of logarithms are evidence against several probabilities at once.

``q`` is chosen for the ``n`` trials that a window is expected to hold, :math:`n\,D(q \,\|\, p) = \ln 1/\alpha`, at
which no other probability makes more counts an alarm.  How often counts of exactly ``n`` trials are one follows from
the binomial law.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, inf, log, log1p, nextafter

from scipy.special import bdtr, bdtrc

DIGITS = 9
"""Decimals of weights and thresholds as they are written, rounded against an alarm."""

POWER = 0.9
"""The probability with which a drift is found that is said to be found."""

HALVINGS = 60
"""Bisections of an interval of probabilities."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Weights of counts as evidence that a probability has changed.

    Attributes
    ----------
    expected, drifted
        The probability predicted, and that against which it is held.
    alpha
        An alarm is false with at most this probability.
    success, failure
        What each success and each failure adds to the evidence.
    """

    expected: float
    drifted: float
    alpha: float
    success: float
    failure: float

    @property
    def threshold(self) -> float:
        """Evidence of more than this is an alarm."""
        return rounded(log(1 / self.alpha), up=True)

    @property
    def lower(self) -> bool:
        """Whether it is evidence that the probability has fallen."""
        return self.drifted < self.expected

    def alarms(self, successes: int, failures: int) -> bool:
        """Whether counts are an alarm."""
        return self.success * successes + self.failure * failures > self.threshold

    def critical(self, trials: int) -> int:
        """The number of successes, of so many trials, from which on or down to which there is an alarm.

        -1, or one more than the trials, where none is.
        """
        step = (self.threshold - self.failure * trials) / (self.success - self.failure)
        if self.lower:
            found = max(min(ceil(step), trials), -1)
            while found >= 0 and not self.alarms(found, trials - found):
                found -= 1
            return found
        found = min(max(floor(step), 0), trials + 1)
        while found <= trials and not self.alarms(found, trials - found):
            found += 1
        return found

    def power(self, trials: int, actual: float) -> float:
        """The probability of an alarm after so many trials that succeed with an actual probability: binomial, exact."""
        found = self.critical(trials)
        if self.lower:
            return 0.0 if found < 0 else float(bdtr(found, trials, actual))
        return 0.0 if found > trials else 1.0 if found == 0 else float(bdtrc(found - 1, trials, actual))

    def false_alarm(self, trials: int) -> float:
        """The probability of an alarm where nothing has changed: binomial, exact; at most ``alpha``."""
        return self.power(trials, self.expected)

    def found(self, trials: int, power: float = POWER) -> float | None:
        """The drifted probability nearest to the one predicted that is found so often; None if none is."""
        near, far = self.expected, 0.0 if self.lower else 1.0
        if self.power(trials, far) < power:
            return None
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            near, far = (near, middle) if self.power(trials, middle) >= power else (middle, far)
        return far


def evidence(expected: float, trials: float, alpha: float, *, lower: bool = True) -> Evidence | None:
    """Evidence for a window that is expected to hold so many trials; None if no counts of it would be an alarm.

    Examples
    --------
    >>> found = evidence(0.5, 1000, 1e-6)
    >>> round(found.drifted, 4), found.critical(1000), found.false_alarm(1000) <= 1e-6
    (0.4171, 417, True)
    >>> evidence(0.5, 10, 1e-6) is None
    True
    """
    wanted, far = log(1 / alpha) / trials if trials > 0 else inf, 0.0 if lower else 1.0
    if not 0 < expected < 1 or divergence(far, expected) <= wanted:
        return None
    near = expected
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if divergence(middle, expected) > wanted else (middle, far)
    success, failure = log(far / expected), log1p(-far) - log1p(-expected)
    return Evidence(expected, far, alpha, rounded(success, up=False), rounded(failure, up=False))


def divergence(one: float, other: float) -> float:
    r"""The Kullback-Leibler divergence :math:`D(q \,\|\, p)` of one coin from another, in nats."""
    found = one * log(one / other) if one else 0.0
    return found + ((1 - one) * (log1p(-one) - log1p(-other)) if one < 1 else 0.0)


def rounded(number: float, *, up: bool) -> float:
    """A number to as many decimals as are written, rounded up or down; exact ones are moved, too."""
    shifted = number * 10**DIGITS
    whole: int = ceil(nextafter(shifted, inf)) if up else floor(nextafter(shifted, -inf))
    return float(whole / 10**DIGITS)
