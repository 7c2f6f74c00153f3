"""The Lagrangian bound of column generation: what it proves is true, whatever was rounded."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from lpdistill import Budget, Dynamics, Problem, solve
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import Tariff
from lpdistill.program.column_generation import _priced_with_gains, lagrangian_bound
from lpdistill.program.differences import Twofold
from lpdistill.program.objective import FIRST_DELIVERY
from symbolic import certify

THREE = Problem("1/2", 3, "3/4", "79/100")
LIMITS = [Fraction(102, 10) + Fraction(k, 37) for k in range(30)]


def exact_total(values, grants):
    """What values at the start and grants add up to, without rounding."""
    return Fraction(float(values)) + sum(map(Fraction, grants))


def test_the_total_is_rounded_down():
    """The bound is no more than the exact sum less the rounding of every product that a grant is."""
    process = Dynamics(THREE)
    rng = np.random.default_rng(1)
    tariff = Tariff(1.0, ((RESOURCES["generation_attempts"], 0.5),))
    values = np.zeros(process.size)
    for _ in range(200):
        start, prices, limits = rng.uniform(5, 50), -rng.uniform(0, 5, 2), rng.uniform(0, 20, 2)
        values[:] = 0.0
        values[0] = start * 1e-3
        grants = (prices * limits).tolist()
        bound, excess = lagrangian_bound(process, tariff, Twofold.of(values), grants)
        exact = Fraction(float(values[0])) + sum(
            Fraction(float(price)) * Fraction(float(limit)) for price, limit in zip(prices, limits, strict=True)
        )
        assert excess <= 0
        assert Fraction(bound) < exact - sum(abs(Fraction(grant)) for grant in grants) * Fraction(1, 2**53)


@pytest.mark.parametrize("limit", LIMITS[:12])
def test_bounds_within_budgets_are_below_the_exact_optimum(limit):
    """Of an upper limit, the bound is no more than the optimum in exact arithmetic."""
    found = solve(THREE.with_constraints(Budget("generation_attempts", limit)))
    exact = certify(found).waiting_time
    assert Fraction(found.bound) <= exact
    assert Fraction(found.bound) > exact * (1 - Fraction(1, 10**9))


@pytest.mark.parametrize("limit", ["12", "25/2", "13", "27/2", "14", "29/2"])
def test_bounds_within_lower_limits_are_below_the_exact_optimum(limit):
    """The same of lower limits, under which some actions cost less than nothing."""
    found = solve(THREE.with_constraints(Budget("generation_attempts", least=limit)))
    exact = certify(found).waiting_time
    assert Fraction(found.bound) <= exact
    assert Fraction(found.bound) > exact * (1 - Fraction(1, 10**9))


def signed():
    """A process, a tariff with a gain, and values that are nearly feasible under it."""
    found = solve(THREE.with_constraints(Budget("generation_attempts", least=13)))
    process = found.process
    tariff = found.dual.policy.process.tariff
    assert tariff.signed
    grants = [use.price * use.limit for use in found.uses if use.price]
    return process, tariff, found.dual.floor.nearest, grants


@pytest.mark.parametrize("raised", [1e-3, 1e-6, 1e-9, 1e-12])
def test_values_that_are_too_high_prove_less(raised):
    """Where values exceed action values the bound is lowered by at least as much as they were raised."""
    process, tariff, values, grants = signed()
    honest, _ = lagrangian_bound(process, tariff, Twofold.of(values), grants)
    higher = values.copy()
    higher[0] += raised * abs(higher[0])
    bound, excess = lagrangian_bound(process, tariff, Twofold.of(higher), grants)
    assert excess >= raised * abs(values[0]) * 0.1  # a step from the start may lead back to it
    assert bound <= honest
    assert bound <= float(exact_total(higher[0], grants)) / (1 + excess / float(process.durations.per_column))


def test_rounding_alone_lowers_a_signed_bound():
    """Values that are feasible to rounding prove less than their sum, by what rounding may hide."""
    process, tariff, values, grants = signed()
    bound, excess = lagrangian_bound(process, tariff, Twofold.of(values), grants)
    assert excess >= 2 * process.rounding * np.abs(values).max()
    assert Fraction(bound) < exact_total(values[0], grants) * (1 - Fraction(1, 10**15))


def test_values_that_are_too_high_prove_nothing_without_gains():
    """Where no action gains anything, infeasible values are no bound at all."""
    process = Dynamics(THREE)
    found = solve(THREE)
    bound, excess = lagrangian_bound(process, process.tariff, Twofold.of(found.dual.lower * (1 + 1e-9)), [])
    assert (bound, excess > 0) == (-np.inf, True)


def test_steps_that_take_no_time_prove_nothing_with_gains():
    """With gains, and steps that take no time, there is no bound by the time that passes."""
    process = Dynamics(THREE.replace(generation_time=0))
    tariff = Tariff(1.0, ((RESOURCES["generation_attempts"], -0.1),))
    values = solve(THREE.replace(generation_time=0)).dual.lower
    assert process.durations.per_column == 0
    assert lagrangian_bound(process, tariff, Twofold.of(values), [1.0])[0] == -np.inf


def test_a_price_of_another_proof_is_not_taken():
    """A bound that counts a limit for more than its price does not verify."""
    found = solve(THREE.with_constraints(Budget("generation_attempts", 11)))
    (use,) = found.uses
    with pytest.raises(Exception, match="does not verify"):
        replace(found, uses=(replace(use, price=use.price * 0.99),)).verify()


def test_waiting_that_gains_is_accounted_for():
    """Where only waiting gains, values that are feasible for all else prove less by what it gains."""
    process = Dynamics(THREE, "all")
    tariff = Tariff(1.0, ((RESOURCES["memory_time"], -0.34),))
    gains = -process.under(tariff).choose(process.admission.waiting).cost.min()
    values = _priced_with_gains(process, tariff, process.admission.proper(), FIRST_DELIVERY).lower
    bound, excess = lagrangian_bound(process, tariff, Twofold.of(values), [])
    assert gains > 0.01
    assert excess >= gains
    assert bound <= float(values[0]) / (1 + gains / float(process.durations.per_column))
