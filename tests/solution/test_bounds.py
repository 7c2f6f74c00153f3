"""Bounds of a waiting time are rounded outwards, and what rounding leaves of nothing is nothing."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import Problem, least_time_within, robust, solve
from lpdistill.solution.bounds import above, all_waited, below, slower, waited

costs = st.floats(0, 1e6)
durations = st.fractions(0, 10, max_denominator=1000)


@given(costs, durations)
def test_bounds_are_rounded_outwards(cost, uncharged):
    """The lower one is no more than the exact difference, the upper one no less, and no number lies between."""
    exact = Fraction(cost) - uncharged
    low, high = below(cost, uncharged), above(cost, uncharged)
    assert Fraction(low) <= exact <= Fraction(high)
    assert Fraction(math.nextafter(low, math.inf)) > exact
    assert Fraction(math.nextafter(high, -math.inf)) < exact


def test_no_bound_stays_none():
    """What bounds nothing bounds nothing."""
    assert (below(-math.inf, Fraction(1)), above(math.inf, Fraction(1))) == (-math.inf, math.inf)


@given(costs, durations)
def test_a_waiting_time_is_the_nearest_number(cost, uncharged):
    """Apart from what is rounding, the waiting time is the exact difference, rounded."""
    exact = Fraction(cost) - uncharged
    found = waited(cost, uncharged)
    assert found in {float(exact), 0.0}
    assert found or abs(exact) <= Fraction(1, 10**15) * Fraction(cost)
    assert math.copysign(1, found) == 1 or found < 0


def test_many_waiting_times():
    """The same for many at once, infinite ones among them."""
    found = all_waited(np.array([1 / 3, 2.0, math.inf]), Fraction(1, 3))
    assert found.tolist() == [0.0, pytest.approx(5 / 3), math.inf]


@given(costs, st.floats(-1e-13, 1e-13))
def test_rounding_is_no_loss(least, share):
    """Times that differ by a rounding do not differ; those that differ by more do."""
    assert slower(least * (1 + share), least) == 0
    assert slower(least * 1.01, least) == least * 1.01 - least


FREE = Problem("7/10", 3, "3/4", "79/100", final_step="free", distillation_time="2/3")


@pytest.mark.parametrize("p", [f"{k}/40" for k in range(20, 40)])
@pytest.mark.parametrize("off", [Fraction(2, 3), Fraction(1, 10)])
def test_bounds_of_a_solution_are_those_of_its_proof(p, off):
    """What is not charged is taken off without rounding a bound inwards."""
    found = solve(FREE.replace(p=p, distillation_time=off))
    assert Fraction(found.lower_bound) <= Fraction(found.bound) - off
    assert Fraction(found.upper_bound) >= Fraction(float(found.plan.upper[0])) - off


@pytest.mark.parametrize("confidence", ["0.5", "0.6", "0.7", "0.75", "0.8"])
@pytest.mark.parametrize("off", [Fraction(2, 3), Fraction(1, 10)])
def test_bounds_of_a_service_level_are_those_of_its_proof(confidence, off):
    """The same where a window is to be met."""
    found = least_time_within(FREE.replace(distillation_time=off), 7, confidence)
    assert Fraction(found.lower_bound) <= Fraction(found.answer.bound) - off
    assert Fraction(found.upper_bound) >= Fraction(float(found.answer.plan.upper[0])) - off
    assert found.lower_bound <= found.waiting_time <= found.upper_bound


def test_the_robust_upper_bound_is_above_the_worst_case():
    """The bound over an interval is no less than the exact time at its worst end."""
    for p in range(20, 30):
        found = robust(FREE.replace(p=f"{p}/40"), (f"{p - 5}/40", f"{p}/40"))
        assert found.upper_bound >= found.worst.upper_bound
