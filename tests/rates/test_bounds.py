"""Bounds that follow from proved ones are rounded outwards: each is held against the fraction that it stands for."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import Budget, Problem, average_delivery, rate_frontier, standby
from lpdistill.numbers import downwards, upwards
from lpdistill.program.rates import Found
from lpdistill.program.shares import Claims, Shares
from lpdistill.program.steadily import Terms

LINK = Problem("1/2", 3, "3/4", "79/100")
SIZES = st.floats(1e-9, 1e3)


@given(st.fractions(max_denominator=10**40))
def test_fractions_are_rounded_one_way(number):
    """By less than the distance of two numbers of double precision."""
    below, above = downwards(number), upwards(number)
    assert Fraction(below) <= number <= Fraction(above)
    assert above <= np.nextafter(below, np.inf)


@given(
    SIZES, st.lists(st.tuples(SIZES, st.fractions("1/999", 100, max_denominator=999)), min_size=1, max_size=3), SIZES
)
def test_what_limits_and_claims_are_worth_is_rounded_up(upper, limits, claim):
    """The bound is no less than the exact sum of what no policy earns at the prices, and of what these are paid for."""
    names = ("steps", "distillations", "generation_attempts")
    share = Fraction(1, 3)
    budgets = tuple(Budget(name, most) for name, (_, most) in zip(names, limits, strict=False))
    shares = Shares(np.ones((1, 1), dtype=bool), np.array([float(share)]), np.ones(1), ("a",))
    claims = Claims(np.ones(1), np.array([claim]), np.ones(1))
    prices = np.array([price for price, _ in limits])
    found = Found(1.0, np.zeros(0), prices, claims, np.zeros(0), 0)
    exact = Fraction(upper) + sum(Fraction(price) * most for price, most in limits) - Fraction(claim) * share
    bound = Fraction(Terms(budgets, shares).bounded(upper, found))
    assert exact <= bound <= exact + Fraction(claim) * Fraction(1, 10**15) + abs(exact) * Fraction(1, 10**15)


@pytest.mark.parametrize("mean", ["31/40", "39/50", "79/100", "4/5"])
def test_times_are_turned_round_outwards(mean):
    """Of the rate of deliveries, whose bounds are the inverse of those of the waiting time."""
    found = average_delivery(Problem("1/2", 2, "3/4", average_fidelity=mean))
    assert Fraction(found.lower_bound) * Fraction(found.rate.upper_bound) <= 1
    assert Fraction(found.upper_bound) * Fraction(found.rate.lower_bound) >= 1


@pytest.mark.parametrize("demand", ["1/20", "3/70", "1/30"])
def test_services_are_divided_outwards(demand):
    """The share of demands is what is met, divided by how many there are."""
    found = standby(LINK, 1, demand)
    assert Fraction(found.lower_bound) * Fraction(demand) <= Fraction(found.found.lower)
    assert found.upper_bound == 1 or Fraction(found.upper_bound) * Fraction(demand) >= Fraction(found.upper)


@pytest.mark.parametrize("limit", ["1/3", "7/9", "11/10", "8/7"])
def test_supporting_lines_are_rounded_up(limit):
    """The least of all lines at a limit, and no line lies below it."""
    curve = rate_frontier(LINK, "generation_attempts")
    least = min(Fraction(most) + Fraction(price) * Fraction(limit) for price, most in curve.lines)
    assert least <= Fraction(curve.upper_bound(limit)) <= least * (1 + Fraction(1, 10**15))
