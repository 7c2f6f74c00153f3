"""Bounds on all columns in integers, against the exact reduced cost of every column listed."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement
from operator import itemgetter

import numpy as np
import pytest
from constrained_cases import hardware, structural
from flint import fmpz
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from toy_maps import TOYS

from lpdistill import Dynamics, EqualLevelsOnly, MaxDistillations, NotCertifiedError, Problem
from lpdistill.hardware.actions import Attempts
from lpdistill.process.resources import RESOURCES, Visits
from symbolic.checking import covering as checking
from symbolic.checking.budgets import Charges as CheckedCharges
from symbolic.checking.budgets import Limited
from symbolic.checking.model import Hardware as CheckedHardware
from symbolic.exact import covering
from symbolic.exact.charges import Charges
from symbolic.exact.covering import Cover, covers
from symbolic.exact.labels import labels
from symbolic.exact.model import ExactModel, Parameters, elements

CHANCES = st.sampled_from([Fraction(1, 10**6), Fraction(1, 10), Fraction(1, 2), Fraction(999_999, 10**6), Fraction(1)])
PRICED = st.sampled_from(list(RESOURCES.values()))


@st.composite
def columns_with_values(draw: st.DrawFn):
    """The columns of a problem, what they cost, and values that need not be anybody's."""
    problem = draw(hardware(most_memories=5)).replace(p=draw(CHANCES))
    rules = draw(st.lists(structural(problem.memories), max_size=2))
    problem = problem.with_constraints(*(rule for rule, _ in rules))
    dynamics = Dynamics(problem, Attempts.ALL if draw(st.booleans()) else problem.attempts)
    at = Parameters.rational(dynamics)
    prices = draw(
        st.lists(st.tuples(PRICED, st.fractions(-3, 3, max_denominator=8)), max_size=2, unique_by=itemgetter(0))
    )
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


@settings(max_examples=40)
@given(columns_with_values())
def test_the_checker_bounds_the_same_columns(case):
    """For any values, the checker's own recursion leaves the same columns undecided, and counts as many."""
    _, at, _, _ = case
    assume(at.charges is None or all(what.name in RESOURCES for what, _ in at.charges.prices))
    same(*case)


@pytest.mark.parametrize("most", [1, 2, None])
@pytest.mark.parametrize("price", ["0", "-1/3", "2"])
def test_counted_distillations_are_bounded(most, price):
    """Where distillations have a price or a limit they are counted, by the checker too."""
    problem = Problem("1/3", 5, "9/10", "94/100")
    dynamics = Dynamics(problem if most is None else problem.with_constraints(MaxDistillations(most)))
    at = Parameters.rational(dynamics)
    at = at.charging(Charges(dynamics, ((RESOURCES["distillations"], Fraction(price)),)))
    values = elements([fmpz(int(value)) for value in np.random.default_rng(1).integers(0, 12, dynamics.size)])
    agree(dynamics, at, values, fmpz(1))
    same(dynamics, at, values, fmpz(1))


def same(dynamics: Dynamics, at: Parameters, values, weight) -> None:
    """The checker leaves the same columns undecided, but for some that may lead to dead ends, and counts as many."""
    columns, first = dynamics.columns, dynamics.numbering.discards.start
    undecided = Cover.of(dynamics, at, values, weight * at.unit).undecided()
    its = checkers(dynamics, at, values, weight)
    found = [(its.hardware.counts(code), act[0], act[1]) for code, act in its.undecided()]
    assert len(found) == len(set(found))
    assert named(dynamics, columns[columns < first]) & set(found) == named(
        dynamics, np.intersect1d(undecided[undecided < first], columns)
    )
    if not dynamics.admission.guarded:
        assert its.columns + len(dynamics.numbering.discards) == len(columns)


def named(dynamics: Dynamics, columns) -> set:
    """Columns by counts, distillations and attempts."""
    return {(counts, tuple(sorted(does.distil)), does.generate) for _, counts, does in labels(dynamics, columns)}


def checkers(dynamics: Dynamics, at: Parameters, values, weight) -> checking.Cover:
    """The checker's bounds for the same values and prices."""
    found = CheckedHardware.of({**dynamics.problem.to_dict(), "attempts": str(dynamics.attempts)})
    prices = {} if at.charges is None else {what.name: price for what, price in at.charges.prices}
    budgets = {name: Limited(None, None, price, Fraction(0), None) for name, price in prices.items()}
    powers = [(found.memories + 1) ** level for level in range(found.levels)]
    layers = [list(map(sum, combinations_with_replacement(powers, n))) for n in range(found.memories + 1)]
    claimed = {
        sum(n * power for n, power in zip(counts, powers, strict=True)): Fraction(int(value), int(weight * at.unit))
        for counts, value, live in zip(dynamics.configurations.counts.tolist(), values, dynamics.live, strict=True)
        if live
    }
    return checking.Cover(found, CheckedCharges(found, budgets), layers, claimed)


@pytest.mark.parametrize("rules", [(), (MaxDistillations(1),), (MaxDistillations(2),), (EqualLevelsOnly(),)], ids=str)
@pytest.mark.parametrize("price", ["-1/3", "2", "-7"])
@pytest.mark.parametrize("attempts", ["full", "all"])
def test_prices_of_failures_are_bounded(rules, price, attempts):
    """Where failures have a price, of either sign and beside one of distillations, no bound is missed, by neither."""
    dynamics = Dynamics(Problem("1/3", 5, "9/10", "94/100").with_constraints(*rules), attempts)
    prices = (RESOURCES["failed_distillations"], Fraction(price)), (RESOURCES["distillations"], Fraction(1, 7))
    at = Parameters.rational(dynamics).charging(Charges(dynamics, prices))
    assert covers(dynamics, at)
    for seed in range(3):
        least = [0, -12][seed % 2]
        numbers = np.random.default_rng(seed).integers(least, 12, dynamics.size)
        values = elements([fmpz(int(value)) for value in numbers])
        agree(dynamics, at, values, fmpz(1))
        same(dynamics, at, values, fmpz(1))


@pytest.mark.parametrize("price", ["-1/3", "2"])
@pytest.mark.parametrize("name", TOYS)
def test_failures_of_other_maps_are_bounded(name, price):
    """Recipes with several outcomes, of three pairs, or that never fail are bounded where failures have a price."""
    dynamics = Dynamics(TOYS[name], "all")
    at = Parameters.rational(dynamics)
    at = at.charging(Charges(dynamics, ((RESOURCES["failed_distillations"], Fraction(price)),)))
    values = elements([fmpz(int(value)) for value in np.random.default_rng(1).integers(0, 9, dynamics.size)])
    agree(dynamics, at, values, fmpz(1))


def test_values_far_from_optimal_are_refused(monkeypatch):
    """Where too many columns are undecided, the values prove nothing."""
    monkeypatch.setattr(covering, "MOST_UNDECIDED", 3)
    dynamics = Dynamics(Problem("1/2", 4, "3/4", "79/100"))
    values = elements([fmpz(1000 * rank) for rank in range(dynamics.size)])
    with pytest.raises(NotCertifiedError, match="far from optimal"):
        Cover.of(dynamics, Parameters.rational(dynamics), values, fmpz(1)).undecided()
