"""Sums of waiting times: the cyclic convolution against the plain one."""

import numpy as np
import pytest

from lpdistill import LimitError
from lpdistill.telemetry import sums
from lpdistill.telemetry.sums import SumLaw

LAWS = [
    np.array([0.0, 0.2, 0.5, 0.3]),
    np.array([0.0, 0.0, 1.0]),
    np.concatenate([np.zeros(3), 0.3 * 0.7 ** np.arange(100)]),
]


@pytest.mark.parametrize("pmf", LAWS, ids=["short", "certain", "geometric"])
@pytest.mark.parametrize("count", [1, 2, 7, 300])
def test_tails_are_those_of_the_plain_convolution(pmf, count):
    """Both tails at every sum within reach, to far less than what tests add for rounding."""
    plain = np.array([1.0])
    for _ in range(count):
        plain = np.convolve(plain, pmf / pmf.sum())
    law = SumLaw.of(pmf, count)
    below = np.cumsum(plain)
    for total in range(max(law.first, 0), min(law.first + len(law.cumulative), len(plain))):
        assert law.at_most(total) == pytest.approx(below[total], abs=1e-11)
        assert law.at_least(total) == pytest.approx(1 - (below[total - 1] if total else 0), abs=1e-11)


def test_the_mean_is_that_of_the_law():
    """The mean of the sum is so many times that of one."""
    assert SumLaw.of(LAWS[0], 10).mean == pytest.approx(21)


@pytest.mark.parametrize("limit", [0.001, 0.01, 0.2])
def test_limits_have_no_larger_tails(limit):
    """The sums at which a test begins to reject are as far out as they must be, and no farther."""
    law = SumLaw.of(LAWS[2], 50)
    low, high = law.below(limit), law.above(limit)
    assert law.at_most(low) <= limit < law.at_most(low + 1)
    assert law.at_least(high) <= limit < law.at_least(high - 1)


def test_many_waits_need_a_window_and_not_their_range():
    """A million waits are known from a window of a few standard deviations."""
    law = SumLaw.of(LAWS[2], 1_000_000)
    assert len(law.cumulative) < 200_000
    assert law.at_most(law.mean) == pytest.approx(0.5, abs=1e-3)


def test_a_window_that_is_too_long_is_refused(monkeypatch):
    """With the size it would have."""
    monkeypatch.setattr(sums, "MOST_SLOTS", 64)
    with pytest.raises(LimitError, match="spreads over"):
        SumLaw.of(LAWS[2], 1000)
