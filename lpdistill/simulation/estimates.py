"""Estimates from independent runs, with confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt
from typing import Any

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.solution.document import finite


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number estimated from runs.

    Attributes
    ----------
    value
        The estimate; not a number where too few runs say anything.
    lower, upper
        The confidence interval.
    error
        Standard error of the estimate; not a number where the interval is not based on one.
    model
        What the undisturbed model says, exactly; None where that is not known.
    """

    value: float
    lower: float
    upper: float
    error: float = nan
    model: float | None = None

    @property
    def distance(self) -> float | None:
        """How many standard errors the estimate lies above the model's number."""
        if self.model is None or not isfinite(self.model) or not isfinite(self.error):
            return None
        if self.error == 0:
            return 0.0 if abs(self.value - self.model) <= UNSPREAD * abs(self.model) else None
        return (self.value - self.model) / self.error

    def to_dict(self) -> dict[str, float | None]:
        """The estimate as JSON data; None for what is infinite or not a number."""
        numbers: dict[str, Any] = {
            "value": self.value,
            "lower": self.lower,
            "upper": self.upper,
            "standard_error": self.error,
            "model": self.model,
            "standard_errors_away": self.distance,
        }
        return {name: finite(x) for name, x in numbers.items()}


UNSPREAD = 1e-9
"""Relative distance from the model at which an estimate without any spread counts as equal to it."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Means and sums of products of deviations of several quantities over runs.

    Attributes
    ----------
    count
        Number of runs.
    mean
        Mean of each quantity, (quantities,).
    scatter
        Sums over runs of products of deviations from the means, (quantities, quantities).
    """

    count: int
    mean: FloatArray
    scatter: FloatArray

    @staticmethod
    def of(values: FloatArray) -> Moments:
        """The moments of (runs, quantities)."""
        mean = values.mean(axis=0)
        apart = values - mean
        return Moments(len(values), mean, apart.T @ apart)

    def __add__(self, other: Moments) -> Moments:
        """The moments of all runs of both."""
        count = self.count + other.count
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        shift = np.outer(apart, apart) * (self.count * (other.count / count))
        return Moments(count, mean, self.scatter + other.scatter + shift)

    def mean_of(self, weights: FloatArray) -> tuple[float, float]:
        """Mean of a weighted sum of the quantities, and its standard error."""
        variance = float(weights @ self.scatter @ weights) / (self.count - 1)
        return float(weights @ self.mean), sqrt(max(0.0, variance) / self.count)

    def ratio_of(self, top: FloatArray, bottom: FloatArray) -> tuple[float, float]:
        r"""Ratio of the means of two weighted sums, and its standard error to first order.

        With :math:`r = \bar y / \bar x`, the standard error is that of the mean of :math:`(y - r x) / \bar x`.
        """
        below = float(bottom @ self.mean)
        if below == 0:
            return nan, nan
        ratio = float(top @ self.mean) / below
        return ratio, self.mean_of((top - ratio * bottom) / below)[1]


@dataclass(frozen=True, slots=True)
class Confidence:
    """Confidence intervals of one level.

    Attributes
    ----------
    level
        Probability that an interval covers what it estimates, in (0, 1).
    """

    level: float

    def around(self, estimate: tuple[float, float], count: int, model: float | None = None) -> Estimate:
        """The interval of an approximately normal estimate with its standard error, by Student's quantile."""
        from scipy import special  # noqa: PLC0415 - nobody needs it before there are runs

        value, error = estimate
        reach = float(special.stdtrit(max(1, count - 1), (1 + self.level) / 2)) * error
        return Estimate(value, value - reach, value + reach, error, model)

    def share(self, successes: int, count: int, model: float | None = None) -> Estimate:
        """A probability by the share of successes; the interval is exact (Clopper and Pearson 1934)."""
        from scipy import special  # noqa: PLC0415 - as above

        if count == 0:
            return Estimate(nan, 0.0, 1.0, nan, model)
        tail, value = (1 - self.level) / 2, successes / count
        lower = float(special.betaincinv(successes, count - successes + 1, tail)) if successes else 0.0
        upper = float(special.betaincinv(successes + 1, count - successes, 1 - tail)) if successes < count else 1.0
        return Estimate(value, lower, upper, sqrt(value * (1 - value) / count), model)

    def quantile(self, ordered: FloatArray, probability: float) -> Estimate:
        """The least value that a sample stays within with some probability; the interval holds for every law.

        Between two order statistics: the number of samples below the quantile is binomial.

        Parameters
        ----------
        ordered
            The sample, increasing; infinite where a value is beyond all that was seen.
        probability
            In (0, 1).
        """
        from scipy import stats  # noqa: PLC0415 - slow to import

        between = stats.quantile_test(ordered, p=probability).confidence_interval(self.level)
        value = ordered[max(0, int(np.ceil(probability * len(ordered) - UNSPREAD)) - 1)]
        low, high = np.where(np.isnan(between), [0.0, inf], between).tolist()
        return Estimate(float(value), low, high)

    def deviation(self, sample: FloatArray, model: float | None = None) -> Estimate:
        """The standard deviation of a sample; its standard error to first order, from the fourth moment."""
        count = len(sample)
        if count < 2:
            return Estimate(nan, 0.0, inf, nan, model)
        apart = sample - sample.mean()
        variance = float(apart @ apart) / (count - 1)
        if variance == 0:
            return self.around((0.0, 0.0), count, model)
        fourth = float(np.mean(apart**4))
        error = sqrt(max(0.0, fourth - variance**2 * (count - 3) / (count - 1)) / count)
        return self.around((sqrt(variance), error / (2 * sqrt(variance))), count, model)
