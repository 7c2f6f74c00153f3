"""The histogram of simulated waiting times: bins that hold equally many of the times at which runs can end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lpdistill import Deviations, Problem, simulate, solve
from lpdistill.simulation.histogram import BARS, binned

SLOW = Problem("0.02", 3, "3/4", "79/100")
UNEVEN = SLOW.replace(p="1/2", generation_time="3/10", distillation_time="11/10")
TINY = SLOW.replace(generation_time="1/10000000000000000000", distillation_time=1)


def times_in(edges: np.ndarray, unit: Fraction) -> set[int]:
    """How many whole numbers of units lie between neighbouring edges."""
    below = np.ceil(np.round(edges / float(unit), 6))
    return {int(count) for count in np.diff(below)}


@pytest.mark.parametrize("problem", [SLOW, UNEVEN], ids=["p = 0.02", "uneven durations"])
def test_every_bin_holds_equally_many_times(problem):
    """No bin holds more of the possible waiting times than another, so that no dip is an accident of the edges."""
    unit = Fraction(1, 10) if problem is UNEVEN else Fraction(1)
    samples = np.random.default_rng(1).integers(30, 700, 5_000) * float(unit)
    bins = binned(samples, problem, jitter=False)
    assert times_in(bins.edges, unit) == {bins.times}
    assert len(bins.counts) <= BARS
    assert bins.counts.sum() == np.count_nonzero(samples <= bins.edges[-1])


def test_equal_shares_make_equal_bars():
    """If every possible time is as frequent as any other, all whole bins are equally high."""
    samples = np.repeat(np.arange(5.0, 505.0), 3)
    bins = binned(samples, SLOW, jitter=False)
    assert set(bins.counts[:-1]) == {3.0 * bins.times}


def test_bins_hold_whole_generations():
    """Late runs end a whole number of generations after one another; wide bins hold whole numbers of them."""
    bins = binned(np.arange(25.0, 500.0) / 10, UNEVEN, jitter=False)
    assert bins.times is not None
    assert bins.times % 3 == 0
    assert bins.width == pytest.approx(bins.times / 10)


def test_few_times_have_a_bar_each():
    """Where few times are possible every bar is one of them."""
    bins = binned(np.array([5.0, 6.0, 8.0, 8.0]), SLOW, jitter=False)
    assert bins.times == 1
    assert ((bins.edges[:-1] + 0.5)[bins.counts > 0]).tolist() == [5.0, 6.0, 8.0]
    assert bins.counts[bins.counts > 0].tolist() == [1.0, 1.0, 2.0]


@pytest.mark.parametrize(("problem", "jitter"), [(SLOW, True), (TINY, False)], ids=["jitter", "tiny unit"])
def test_continuous_times_are_binned_evenly(problem, jitter):
    """Where runs can end at any time, or at more times than can be counted, bins only have the same width."""
    bins = binned(np.linspace(1.0, 9.0, 1_000), problem, jitter=jitter)
    assert bins.times is None
    assert np.ptp(np.diff(bins.edges)) < 1e-9


def test_the_picture_says_what_it_is_about():
    """The picture names the problem, what differs in reality, the unit of time, and what a bar stands for."""
    pytest.importorskip("matplotlib")
    real = Deviations(p="0.03")
    axes = simulate(solve(SLOW).policy, 2_000, seed=1, deviations=real).plot()
    title = axes.figure.get_suptitle()
    assert str(SLOW) in " ".join(title.split())
    assert str(real) in " ".join(title.split())
    assert "unit of the step durations" in axes.get_xlabel()
    assert axes.get_ylabel().startswith("share of the runs, per ")
