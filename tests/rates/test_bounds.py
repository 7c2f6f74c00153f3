"""Bounds that follow from proved ones are rounded outwards: each is held against the fraction that it stands for."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import Budget, Problem, average_delivery, rate_frontier, standby, throughput
from lpdistill.numbers import downwards, upwards
from lpdistill.program.rates import Found
from lpdistill.program.shares import Claims, Shares
from lpdistill.program.steadily import Terms
from lpdistill.rates.average import _assured
from lpdistill.rates.fairness import Balance, _bound, geometric_mean
from lpdistill.rates.models import Earning, exact_levels
from symbolic import certify_rate

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


@pytest.mark.parametrize("fair", ["sum", "max-min", "proportional"])
@pytest.mark.parametrize("targets", [{"a": ".78", "b": ".80"}, {"a": ".78", "b": (".80", "1/40"), "c": ".75"}])
def test_bounds_of_what_tenants_have_hold_the_exact_rates(fair, targets):
    """The fraction that a certificate proves lies between them; the geometric mean, above that of proved rates."""
    found = throughput(LINK, tenants=targets, fair=fair)
    assert found.lower_bound <= found.gain <= found.upper_bound <= found.lower_bound * (1 + 1e-9)
    assured = found.found.model.optimum.assured
    vertex = [Fraction(one.rate) for one in found.tenants.values()]
    assert all(abs(least - rate) <= Fraction(1, 10**10) for least, rate in zip(assured, vertex, strict=True))
    if fair == "proportional":
        assert Fraction(found.lower_bound) ** len(assured) <= math.prod(assured)
    else:
        assert found.lower_bound <= certify_rate(found).gain <= found.upper_bound


@given(st.lists(st.fractions("1/999", 1000, max_denominator=999), min_size=1, max_size=5))
def test_geometric_means_are_rounded_down(rates):
    """The power of the mean is no more than the product of the rates, by less than rounding."""
    mean = Fraction(geometric_mean(rates))
    assert mean ** len(rates) <= math.prod(rates) <= (mean * (1 + Fraction(1, 10**15))) ** len(rates)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=4))
def test_sums_of_logarithms_are_bounded_from_above(rates):
    """At the rates themselves the bound is their sum of logarithms, rounded up."""
    weights = 1 / np.array(rates)
    most = upwards(sum(Fraction(w) * Fraction(r) for w, r in zip(weights.tolist(), rates, strict=True)))
    bound = Balance(np.array(rates), 0.0, _bound(weights, most)).most
    assert Fraction(bound) ** len(rates) >= math.prod(map(Fraction, rates))
    assert bound <= geometric_mean([Fraction(rate) for rate in rates]) * (1 + 1e-14)


def test_no_more_is_given_than_delivered():
    """Of a level of which less is proved to be delivered than is given, everybody has less in proportion."""
    shares = Shares(np.ones((2, 2), dtype=bool), np.zeros(2), np.array([1.0, 2.0]), ("a", "b"))
    has = shares.assured(np.array([[1.0, 3.0], [0.5, 0.0]]), np.array([2.0, 1.0]))
    assert has == (Fraction(1), Fraction(3, 2))
    assert shares.counted(has) == 4


@pytest.mark.parametrize(("memories", "mean"), [(2, "31/40"), (2, "41/52"), (3, "39/50"), (3, "79/100"), (2, "3/4")])
def test_the_time_to_a_mean_fidelity_is_that_of_a_policy_that_has_it(memories, mean):
    """Whether the policy lacks as little of the mean as rounding may leave, or delivers one fidelity: bounds meet."""
    found = average_delivery(Problem("1/2", memories, "3/4", average_fidelity=mean))
    assert found.lower_bound <= found.waiting_time <= found.upper_bound <= found.lower_bound * (1 + 1e-9)


def test_runs_make_up_for_what_a_policy_lacks():
    """A policy for less fidelity than the mean is made one for the mean: slower by what its price says, and no less."""
    found = average_delivery(Problem("1/2", 2, "3/4", average_fidelity="79/100"))
    more = Fraction("79/100") + Fraction(1, 10**6)
    exact = average_delivery(Problem("1/2", 2, "3/4", average_fidelity=more)).waiting_time
    made = _assured(found.rate.found.model, more)
    assert exact <= made <= exact + 1e-3
    assert float(made - found.assured) == pytest.approx(found.price * 1e-6, rel=0.3)


def test_what_is_short_of_the_mean_is_rounded_down():
    """No policy that delivers the mean is left out by the row for it."""
    earning = Earning(average=Fraction("79/101"))
    levels = exact_levels(Problem("1/2", 3, "3/4", "79/100"), earning)
    short = earning.budgets(levels)[-1].resource.values
    for value, level in zip(short.tolist(), levels.levels, strict=True):
        assert Fraction(value) <= Fraction("79/101") - level.fidelity
