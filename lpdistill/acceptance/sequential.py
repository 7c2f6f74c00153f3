r"""Wald's sequential test: pairs are measured until what was seen decides.

After k passes and f failures the likelihood ratio is

.. math:: L = (q_1/q_0)^k \left(\frac{1 - q_1}{1 - q_0}\right)^f ;

the test certifies once :math:`L \ge A`, and gives up once :math:`L \le B`.  At the limit L is a martingale of mean 1,
so it ever reaches :math:`A = 1/\delta` with a probability of at most :math:`\delta` (Ville), and 1/L in truth falls to
:math:`B = 1 - \text{power}` with at most that: bounds that hold for sure.  Wald's own,
:math:`A = \text{power}/\delta` and :math:`B = (1 - \text{power})/(1 - \delta)`, take L to end exactly on them, which
it does not: his errors may be a little larger than asked for.

What a test with given bounds does is computed exactly.  With f failures it goes on for k passes with
:math:`R_f < k < K_f`, and the expected visits there are

.. math:: v_f(k) = q\, v_f(k - 1) + (1 - q)\, v_{f-1}(k), \qquad v_{-1} = 0,

from :math:`v_0(0) = 1`, a sum of non-negative numbers.  Their total is the mean number of pairs, and
:math:`\sum_f q\, v_f(K_f - 1)` the probability to certify.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, floor, inf, log
from typing import NamedTuple

import numpy as np
from scipy import signal

from lpdistill.acceptance.binomials import NEAR, compared_logarithms
from lpdistill.acceptance.fixed import Hypotheses
from lpdistill.arrays import FloatArray
from lpdistill.errors import LimitError

NEGLIGIBLE = 1e-13
"""Visits of all that are still to come, at which a test counts as ended."""

MOST_WORK = 5 * 10**8
"""Places beyond which the exact mean is not computed."""


class Course(NamedTuple):
    """What becomes of a sequential test.

    Attributes
    ----------
    pairs
        How many it takes on average.
    certified
        The probability that it certifies.
    """

    pairs: float
    certified: float


@dataclass(frozen=True)
class Sequential:
    """A sequential test.

    Attributes
    ----------
    asked
        What is to be told apart.
    above, below
        The likelihood ratios at which it certifies and gives up, A and B.
    """

    asked: Hypotheses
    above: Fraction
    below: Fraction

    @staticmethod
    def sure(asked: Hypotheses) -> Sequential:
        """The test whose errors are no larger than asked for."""
        return Sequential(asked, 1 / asked.delta, 1 - asked.power)

    @staticmethod
    def wald(asked: Hypotheses) -> Sequential:
        """The test with Wald's own bounds."""
        return Sequential(asked, asked.power / asked.delta, (1 - asked.power) / (1 - asked.delta))

    @cached_property
    def _steps(self) -> tuple[float, float]:
        """What a pass adds to the logarithm of the likelihood ratio, and what a failure takes from it."""
        null, true = self.asked.null, self.asked.true
        return log(true / null), inf if true == 1 else log((1 - null) / (1 - true))

    def compared(self, passes: int, failures: int, bound: Fraction) -> int:
        """The sign of the difference of the likelihood ratio and a bound, exactly: in balls, or in integers."""
        null, true = self.asked.null, self.asked.true
        powers = ((true / null, passes), ((1 - true) / (1 - null), failures))
        beyond = compared_logarithms(powers, bound)
        if beyond:
            return beyond
        ratio = powers[0][0] ** passes * powers[1][0] ** failures
        return (ratio > bound) - (ratio < bound)

    def certifies_at(self, failures: int) -> float:
        """With so many failures it certifies after so many passes, infinite for never: the K of the theory."""
        found = self._passes(self.above, failures)
        if found != inf and abs(found - round(found)) <= NEAR * max(1.0, found):
            return float(round(found) + (self.compared(round(found), failures, self.above) < 0))
        return found if found == inf else float(ceil(found))

    def gives_up_at(self, failures: int) -> float:
        """With so many failures it gives up if there are only so many passes, -1 for never: the R of the theory."""
        found = self._passes(self.below, failures)
        if found < 0:
            return -1.0
        if found != inf and abs(found - round(found)) <= NEAR * max(1.0, found):
            return float(round(found) - (self.compared(round(found), failures, self.below) > 0))
        return found if found == inf else float(floor(found))

    def _passes(self, bound: Fraction, failures: int) -> float:
        """How many passes take the ratio to a bound, beside some failures."""
        gained, lost = self._steps
        return (log(bound) + (failures * lost if failures else 0.0)) / gained

    def wald_mean(self) -> float:
        """The mean number of pairs in truth by Wald's approximation, in which nothing runs over the bounds.

        >>> asked = Hypotheses(Fraction(14, 15), Fraction(29, 30), Fraction(1, 20), Fraction(9, 10))
        >>> round(Sequential.wald(asked).wald_mean(), 2)
        219.68
        """
        gained, lost = self._steps
        power, true = float(self.asked.power), float(self.asked.true)
        drift = gained * true - (lost * (1 - true) if self.asked.true < 1 else 0.0)
        return (power * log(self.above) + (1 - power) * log(self.below)) / drift

    def course(self, chance: Fraction) -> Course:
        """What becomes of it if pairs pass with some probability: the recursion above.

        Raises
        ------
        LimitError
            If that takes too long.

        Examples
        --------
        >>> asked = Hypotheses(Fraction(14, 15), Fraction(29, 30), Fraction(1, 20), Fraction(9, 10))
        >>> [round(number, 4) for number in Sequential.sure(asked).course(asked.true)]
        [239.9684, 0.9246]
        """
        passing, pairs, certified = float(chance), 0.0, 0.0
        for visits in self._rows(passing):
            pairs += float(visits.sum())
            certified += passing * float(visits[-1])
        return Course(pairs, certified)

    def _rows(self, passing: float) -> Iterator[FloatArray]:
        """Expected visits with 0, 1, ... failures; another pass after the last of them certifies."""
        low, entering, work, failures = 0, np.ones(1), 0, 0
        while len(entering):
            high = self.certifies_at(failures)
            row = np.zeros(int(high) - low)
            row[: len(entering)] = entering[: len(row)]
            work += len(row)
            if work > MOST_WORK:
                raise LimitError(
                    f"pairs: the mean of a sequential test is computed over up to {MOST_WORK:,} places, which do not "
                    "suffice; ask for a true fidelity further above the certified one",
                    size={"places": work},
                )
            visits = np.asarray(signal.lfilter([1.0], [1.0, -passing], row))
            yield visits
            failures += 1
            failed, given_up = (1.0 - passing) * visits, self.gives_up_at(failures)
            start = min(max(given_up + 1.0 - low, 0.0), float(len(failed)))
            entering, low = failed[int(start) :], low + int(start)
            if entering.sum() * (1.0 / max(1.0 - passing, NEGLIGIBLE)) < NEGLIGIBLE:
                return
