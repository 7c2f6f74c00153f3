"""The greatest rate against what is used per unit of time."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from steady_numbers import FRONTIER

from lpdistill import Budget, Hardware, InfeasibleError, ModelError, Problem, key_rate, rate_frontier, throughput
from lpdistill.requests import frontier

LINK = Problem("1/2", 4, "3/4", "79/100")
KEY = Hardware(".1", 3, ".85")


def test_every_breakpoint_of_key_against_attempts():
    """They are those that the oracle found, from nothing for nothing on."""
    curve = rate_frontier(KEY, worth="bb84")
    assert [point.used for point in curve.points] == pytest.approx([used for used, _ in FRONTIER], abs=1e-9)
    assert [point.gain for point in curve.points] == pytest.approx([gain for _, gain in FRONTIER], abs=1e-11)


@pytest.mark.parametrize("resource", ["steps", "generation_attempts", "memory_time", "distillations"])
def test_the_curve_is_what_budgets_say(resource):
    """Within each of some limits the best rate is on the curve, and its price is the slope."""
    curve = rate_frontier(LINK, resource)
    for left, right in pairwise(curve.points):
        limit = Fraction((left.used + right.used) / 2).limit_denominator(10**6)
        found = throughput(LINK.with_constraints(Budget(resource, limit)))
        assert found.gain == pytest.approx(curve.gain(limit), rel=1e-9)
        assert found.budgets[resource].price == pytest.approx(left.price, rel=1e-6)
        assert curve.gain(limit) <= curve.upper_bound(limit) <= curve.gain(limit) * (1 + 1e-9)


def test_other_budgets_hold_along_the_curve():
    """With few distillations, the curve is that of both limits."""
    few = Problem(".1", 3, ".85", 1, budgets={"distillations": ".02"})
    curve = rate_frontier(few, "generation_attempts", "bb84")
    both = key_rate(few.with_constraints(Budget("generation_attempts", "2.4")))
    assert curve.gain("2.4") == pytest.approx(both.gain, rel=1e-9)
    assert all(point.rate.use.distillations <= 0.02 * (1 + 1e-9) for point in curve.points)


def test_a_curve_need_not_begin_with_nothing():
    """Raw pairs may be sold without distilling any."""
    first, last = rate_frontier(KEY, "distillations", "bb84").points
    assert (first.used, first.gain) == (0.0, pytest.approx(0.018602643846, rel=1e-9))
    assert last.gain == pytest.approx(FRONTIER[-1][1], rel=1e-9)


def test_past_the_limit_labels_are_refined_at_every_price():
    """What no policy exceeds is proved at every breakpoint, and every policy is one of true pairs."""
    problem = Problem(".1", 3, ".82", 1)
    curve = rate_frontier(problem, "distillations", "bb84")
    assert all(curve.upper_bound(one.used) - one.gain <= 1e-10 * curve.points[-1].gain for one in curve.points)
    middle = Fraction(sum(point.used for point in curve.points[-2:]) / 2).limit_denominator(10**6)
    found = key_rate(problem.with_constraints(Budget("distillations", middle)))
    assert curve.gain(middle) == pytest.approx(found.gain, rel=1e-8)


def test_the_policy_of_a_breakpoint_earns_and_uses_what_it_says():
    """From empty memories on, in one closed class."""
    for point in rate_frontier(LINK, "memory_time").points:
        assert point.rate.gain == pytest.approx(point.gain, rel=1e-12)
        assert point.rate.use.memory_time == pytest.approx(point.used, abs=1e-12)
        assert point.rate.lower_bound <= point.gain <= point.rate.upper_bound
        policy = point.rate.found.model.optimum.policy
        assert policy.at(policy.entered()).classes()[0] == 1


WRONG = {
    "resource": (lambda: rate_frontier(LINK, "energy"), ModelError, "energy"),
    "limited": (lambda: rate_frontier(LINK.with_constraints(Budget("steps", 1)), "steps"), ModelError, "budget"),
    "worthless": (lambda: rate_frontier(Hardware(".5", 2, ".6"), worth="bb84"), InfeasibleError, "raise f0"),
    "graph": (lambda: frontier(LINK.graph(), "steps", per_time=True), ModelError, "state graph"),
    "labels": (lambda: rate_frontier(KEY, "memory_time", "bb84"), ModelError, "memory_time"),
    "no rates": (lambda: frontier(LINK, "steps", protocol="bb84"), ModelError, "per-time"),
    "limit": (lambda: rate_frontier(LINK).upper_bound(-1), ModelError, "negative"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_said(name):
    """A wrong question has one clear message."""
    ask, error, said = WRONG[name]
    with pytest.raises(error, match=said):
        ask()
