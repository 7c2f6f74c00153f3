"""Derivatives of rates against difference quotients of exact rates, and against what they must add up to."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import isnan

import pytest
from rate_cases import problem_of
from steady_cases import CASES

from lpdistill import Budget, ModelError, Problem, key_rate, rate_sensitivity, throughput
from lpdistill.hardware.delivery import Delivery
from lpdistill.process.factored.dynamics import Continued
from symbolic import certify_rate
from symbolic.exact.model import ExactModel
from symbolic.steady.gain import ExactGain

STEP = Fraction(1, 10**8)
NAMED = ["two memories", "p = .9", "slow generation", "five levels", "noise", "crosstalk", "DEJMPS"]
PARAMETERS = ["p", "f0", "generation_time", "distillation_time"]
KINKED = Problem("1/2", 4, "3/4", "79/100")
LIMITED = Problem("1/2", 4, "3/4", "79/100", budgets=[Budget("generation_attempts", "1/2")])


@cache
def exactly(problem: Problem) -> Fraction:
    """The exact gain of a problem."""
    return certify_rate(throughput(problem)).gain


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("case", NAMED)
def test_derivatives_are_those_of_exact_gains(case, name):
    """Nothing cancels in a difference quotient of fractions: its error is of the order of the square of its step."""
    problem = problem_of(CASES[case])
    at = Fraction(getattr(problem, name))
    up, down = (exactly(problem.replace(**{name: at + step})) for step in (STEP, -STEP))
    slope = rate_sensitivity(throughput(problem)).derivatives[name]
    assert slope.value == pytest.approx(float((up - down) / (2 * STEP)), rel=1e-9, abs=1e-12)
    assert not slope.kink


@pytest.mark.parametrize("case", NAMED)
def test_the_gain_is_homogeneous_in_the_durations(case):
    """With all durations twice as long, half as many pairs are delivered."""
    problem = problem_of(CASES[case])
    found = rate_sensitivity(throughput(problem))
    total = sum(float(getattr(problem, name)) * found.derivatives[name].value for name in PARAMETERS[2:])
    assert total == pytest.approx(-found.gain, rel=1e-12)


@pytest.mark.parametrize("name", PARAMETERS)
def test_limits_stay_what_they_are(name):
    """Within budgets the derivative is that of the gain at the same limits."""
    at, step = Fraction(getattr(LIMITED, name)), Fraction(1, 10**5)
    up, down = (throughput(LIMITED.replace(**{name: at + change})).gain for change in (step, -step))
    slope = rate_sensitivity(throughput(LIMITED)).derivatives[name].value
    assert slope == pytest.approx((up - down) / float(2 * step), rel=1e-6, abs=1e-9)


def test_the_greatest_probability_has_one_side():
    """At p = 1 there is a derivative below, and none above."""
    slope = rate_sensitivity(throughput(problem_of(CASES["sure"]))).derivatives["p"]
    less = exactly(problem_of(CASES["sure"]).replace(p=1 - STEP))
    assert isnan(slope.above)
    assert slope.below == pytest.approx(float((exactly(problem_of(CASES["sure"])) - less) / STEP), rel=1e-6)


def line(duration: Fraction, other: Fraction) -> tuple[Fraction, Fraction]:
    """Time per pair of the policy that is best for a duration of distillation, there and for another duration."""
    best = certify_rate(throughput(KINKED.replace(distillation_time=duration)))
    there = Continued(KINKED.replace(distillation_time=other), delivery=Delivery.EVERY)
    return 1 / best.gain, 1 / ExactGain.of(ExactModel.rational(there), best.found.rows.columns).gain


def kink(low: Fraction, high: Fraction) -> Fraction:
    """Where one policy takes over from the other: the time per pair of each is linear in the duration."""
    for _ in range(20):
        (a, b), (d, c) = line(low, high), line(high, low)
        crossing = low + (high - low) * (c - a) / ((c - a) + (b - d))
        if exactly(KINKED.replace(distillation_time=crossing)) == 1 / (a + (b - a) * (crossing - low) / (high - low)):
            return crossing
        low = crossing
    raise AssertionError


def test_where_the_policy_changes_there_are_two_derivatives():
    """At the duration where another policy takes over, the gain has a kink, as exact gains on both sides say."""
    where, step = kink(Fraction(1), Fraction(3)), Fraction(1, 10**8)
    below, at, above = (exactly(KINKED.replace(distillation_time=where + change)) for change in (-step, 0, step))
    slope = rate_sensitivity(throughput(KINKED.replace(distillation_time=where))).derivatives["distillation_time"]
    assert slope.kink
    assert slope.below == pytest.approx(float((at - below) / step), rel=1e-6)
    assert slope.above == pytest.approx(float((above - at) / step), rel=1e-6)


def test_raw_pairs_that_meet_the_target_are_delivered_as_they_come():
    """Every attempt of three memories counts: the rate is 3 p, and jumps to less below the target."""
    found = rate_sensitivity(throughput(problem_of(CASES["raw pairs will do"])))
    assert found.derivatives["p"].value == pytest.approx(3, rel=1e-12)
    assert found.jump


def test_a_jump_is_said():
    """Where a tree meets the target exactly, there is no derivative by f0 below."""
    found = rate_sensitivity(throughput(Problem("1/2", 3, "3/4", "41/52")))
    assert found.jump
    assert isnan(found.derivatives["f0"].below)


@pytest.mark.parametrize(
    ("rate", "named"),
    [
        (lambda: key_rate(Problem("1/10", 2, "17/20", 1)), "worth"),
        (lambda: throughput(Problem("1/2", 2, "3/4", ".8"), tenants={"a": ".78"}), "tenants"),
        (lambda: throughput(Problem("1/2", 3, ".8", ".88")), "target"),
        (lambda: None, "rate"),
    ],
    ids=["key", "tenants", "labels", "nothing"],
)
def test_rates_of_other_kinds_are_refused_by_name(rate, named):
    """What is not of pairs that are counted on finitely many levels has no derivatives, and the message says why."""
    with pytest.raises(ModelError, match=named):
        rate_sensitivity(rate())
