"""Confidence intervals against their defining equations."""

from __future__ import annotations

from math import comb, inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from lpdistill.simulation.estimates import Confidence, Estimate, Moments

SAMPLES = arrays.arrays(np.float64, st.tuples(st.integers(2, 20), st.just(3)), elements=st.floats(-100, 100))


def binomial(count: int, p: float, most: int) -> float:
    """Probability of at most so many successes, term by term."""
    return sum(comb(count, k) * p**k * (1 - p) ** (count - k) for k in range(most + 1))


@pytest.mark.parametrize(("count", "successes"), [(10, 0), (10, 3), (10, 10), (40, 39)])
@pytest.mark.parametrize("level", [0.9, 0.99])
def test_a_share_has_the_interval_of_clopper_and_pearson(count, successes, level):
    """At either end of the interval the tail that was seen has probability (1 - level) / 2."""
    found = Confidence(level).share(successes, count)
    if successes:
        assert 1 - binomial(count, found.lower, successes - 1) == pytest.approx((1 - level) / 2, rel=1e-9)
    else:
        assert found.lower == 0
    if successes < count:
        assert binomial(count, found.upper, successes) == pytest.approx((1 - level) / 2, rel=1e-9)
    else:
        assert found.upper == 1


@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(0.5, 0.999))
def test_a_share_has_the_interval_of_a_binomial_test(count, share, level):
    """The interval is that of scipy's binomial test, which finds its ends with an absolute error of 2e-12."""
    successes = round(share * count)
    found, test = Confidence(level).share(successes, count), stats.binomtest(successes, count)
    assert (found.lower, found.upper) == pytest.approx(test.proportion_ci(level), abs=4e-12, rel=1e-14)


@pytest.mark.parametrize("count", [2, 5, 30, 200])
@pytest.mark.parametrize("probability", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_of_a_quantile_covers_it(count, probability, level):
    """Between its order statistics lies the quantile of any law with at least the level, and no closer pair would do.

    Of a continuous law, ``l`` of ``n`` samples lie below the quantile with binomial probability.
    """
    found = Confidence(level).quantile(np.arange(1.0, count + 1), probability)
    low, high = int(found.lower), count + 1 if found.upper == inf else int(found.upper)
    tail = (1 - level) / 2
    below = binomial(count, probability, low - 1) if low else 0.0
    assert below <= tail + 1e-12
    assert binomial(count, probability, low) > tail - 1e-12
    assert binomial(count, probability, high - 1) >= 1 - tail - 1e-12
    assert high == 1 or binomial(count, probability, high - 2) < 1 - tail + 1e-12
    assert found.lower <= found.value <= found.upper


def test_a_quantile_is_the_least_value_that_a_share_stays_within():
    """Of 100 values the 90 % quantile is the 90th, and half of 3 is the second."""
    confidence = Confidence(0.95)
    assert confidence.quantile(np.arange(1.0, 101), 0.9).value == 90
    assert confidence.quantile(np.array([1.0, 2.0, inf]), 0.5).value == 2
    assert confidence.quantile(np.array([1.0, 2.0, inf]), 0.9).value == inf


@given(SAMPLES, st.integers(1, 19))
def test_moments_add(values, cut):
    """The moments of two parts, added, are those of the whole."""
    cut = min(cut, len(values) - 1)
    whole, parts = Moments.of(values), Moments.of(values[:cut]) + Moments.of(values[cut:])
    assert parts.count == whole.count
    np.testing.assert_allclose(parts.mean, whole.mean, atol=1e-10)
    np.testing.assert_allclose(parts.scatter, whole.scatter, atol=1e-7)
    np.testing.assert_allclose(whole.scatter, np.cov(values.T) * (len(values) - 1), atol=1e-7)


def test_a_mean_has_the_standard_error_of_its_sample():
    """Mean and standard error are those of the weighted sums, and the interval is Student's."""
    values = np.random.default_rng(1).normal(size=(5, 2))
    summed = values @ [1.0, -2.0]
    mean, error = Moments.of(values).mean_of(np.array([1.0, -2.0]))
    assert mean == pytest.approx(summed.mean())
    assert error == pytest.approx(summed.std(ddof=1) / np.sqrt(5))
    found = Confidence(0.95).around((mean, error), 5)
    assert found.upper - mean == pytest.approx(2.7764451 * error, rel=1e-7)  # t with 4 degrees of freedom
    assert mean - found.lower == pytest.approx(found.upper - mean)


def test_a_ratio_has_the_error_of_its_linearisation():
    """The standard error of a ratio is the spread of the ratios of many samples."""
    rng = np.random.default_rng(2)
    bottom = rng.gamma(4, size=(2000, 400))
    values = np.stack([3 * bottom + rng.normal(size=bottom.shape), bottom], axis=2)
    weights = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    found = [Moments.of(sample).ratio_of(*weights) for sample in values]
    ratios, errors = np.array(found).T
    assert np.mean(errors) == pytest.approx(ratios.std(), rel=0.06)
    assert abs(ratios.mean() - 3) < 4 * ratios.std() / np.sqrt(2000)


def test_a_ratio_to_nothing_is_no_number():
    """Where the denominator is 0 there is no ratio."""
    assert isnan(Moments.of(np.zeros((3, 2))).ratio_of(np.array([1.0, 0.0]), np.array([0.0, 1.0]))[0])


def test_the_interval_of_a_deviation_covers_it():
    """Of many exponential samples about 95 % of the intervals cover the standard deviation 1."""
    draws = np.random.default_rng(3).exponential(size=(2000, 1000))
    covered = [found.lower <= 1 <= found.upper for found in map(Confidence(0.95).deviation, draws)]
    assert 0.92 < np.mean(covered) < 0.97


def test_a_deviation_needs_two_samples():
    """One sample has no spread, and two equal ones have none either, for sure."""
    assert isnan(Confidence(0.95).deviation(np.ones(1)).value)
    assert Confidence(0.95).deviation(np.ones(5)).value == 0


DISTANCES = {
    "above": (Estimate(3.0, 2, 4, 0.5, 2.0), 2.0),
    "below": (Estimate(1.0, 2, 4, 0.5, 2.0), -2.0),
    "exact without spread": (Estimate(1.0, 1, 1, 0.0, 1.0), 0.0),
    "wrong without spread": (Estimate(1.0, 1, 1, 0.0, 2.0), None),
    "no model": (Estimate(1.0, 0, 2, 0.5), None),
    "no error": (Estimate(1.0, 0, 2, nan, 1.0), None),
    "infinite model": (Estimate(1.0, 0, 2, 0.5, inf), None),
}


@pytest.mark.parametrize(("estimate", "distance"), DISTANCES.values(), ids=DISTANCES)
def test_distances_are_standard_errors(estimate, distance):
    """The distance from the model is counted in standard errors, where there are both."""
    assert estimate.distance == distance


def test_documents_hold_no_infinity():
    """What is infinite or no number is null in a document."""
    assert set(Estimate(nan, 0.0, inf).to_dict().values()) == {None, 0.0}
