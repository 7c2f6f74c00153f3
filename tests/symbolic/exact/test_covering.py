"""Bounds on all columns in integers, against the exact reduced cost of every column listed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from constrained_cases import hardware, structural
from flint import fmpz
from hypothesis import assume, given
from hypothesis import strategies as st
from toy_maps import TOYS

from lpdistill import Dynamics, NotCertifiedError, Problem
from lpdistill.process.resources import RESOURCES, Visits
from symbolic.exact import covering
from symbolic.exact.charges import Charges
from symbolic.exact.covering import Cover, covers
from symbolic.exact.model import ExactModel, Parameters, elements

CHANCES = st.sampled_from([Fraction(1, 10**6), Fraction(1, 10), Fraction(1, 2), Fraction(999_999, 10**6), Fraction(1)])
PRICED = st.sampled_from([RESOURCES[name] for name in RESOURCES if name != "failed_distillations"])


@st.composite
def columns_with_values(draw: st.DrawFn):
    """The columns of a problem, what they cost, and values that need not be anybody's."""
    problem = draw(hardware(most_memories=5)).replace(p=draw(CHANCES))
    rules = draw(st.lists(structural(problem.memories), max_size=2))
    dynamics = Dynamics(problem.with_constraints(*(rule for rule, _ in rules)), draw(st.sampled_from(["full", "all"])))
    at = Parameters.rational(dynamics)
    prices = draw(st.lists(st.tuples(PRICED, st.fractions(-3, 3, max_denominator=8)), max_size=2))
    if draw(st.booleans()):
        prices.append((Visits([draw(st.sampled_from(dynamics.configurations.counts.tolist()))]), Fraction(-2)))
    assume(dynamics.live.any())
    if prices:
        at = at.charging(Charges(dynamics, tuple(prices)))
    least = draw(st.sampled_from([0, -40]))
    values = draw(st.lists(st.integers(least, 60), min_size=dynamics.size, max_size=dynamics.size))
    return dynamics, at, elements([fmpz(value) for value in values]), fmpz(draw(st.sampled_from([1, 7])))


def agree(dynamics: Dynamics, at: Parameters, values, weight) -> None:
    """What is undecided has no reduced cost worth speaking of, and contains all columns with none."""
    undecided = Cover.of(dynamics, at, values, weight * at.unit).undecided()
    found = undecided[dynamics.admission.allows(undecided)]
    expected = [
        column
        for some in ExactModel.rational(dynamics).reduced_costs(values, weight, at)
        for column, value in zip(some.columns.tolist(), some.value, strict=True)
        if value <= 0
    ]
    assert found.tolist() == sorted(expected)


@given(columns_with_values())
def test_only_columns_without_a_positive_reduced_cost_are_undecided(case):
    """For any values, under rules and prices, the undecided columns are those whose reduced cost is not positive."""
    agree(*case)


@pytest.mark.parametrize("attempts", ["full", "all"])
@pytest.mark.parametrize("name", TOYS)
def test_recipes_of_other_maps_are_bounded(name, attempts):
    """Recipes with several outcomes, of three pairs, or that leave nothing are bounded as those of two pairs are."""
    dynamics = Dynamics(TOYS[name], attempts)
    values = elements([fmpz(int(value)) for value in np.random.default_rng(1).integers(0, 30, dynamics.size)])
    agree(dynamics, Parameters.rational(dynamics), values, fmpz(1))


def test_prices_of_failures_are_not_covered():
    """Where failures have a price, a sum beside a product, columns are listed."""
    dynamics = Dynamics(Problem("1/2", 4, "3/4", "79/100"))
    at = Parameters.rational(dynamics)
    assert covers(dynamics, at)
    assert not covers(dynamics, at.charging(Charges(dynamics, ((RESOURCES["failed_distillations"], Fraction(-1, 3)),))))


def test_values_far_from_optimal_are_refused(monkeypatch):
    """Where too many columns are undecided, the values prove nothing."""
    monkeypatch.setattr(covering, "MOST_UNDECIDED", 3)
    dynamics = Dynamics(Problem("1/2", 4, "3/4", "79/100"))
    values = elements([fmpz(1000 * rank) for rank in range(dynamics.size)])
    with pytest.raises(NotCertifiedError, match="far from optimal"):
        Cover.of(dynamics, Parameters.rational(dynamics), values, fmpz(1)).undecided()
