"""Prices of cvxpy constraints: of what was solved, with one sign, and flagged where they are not unique."""

from __future__ import annotations

import math
import pickle

import cvxpy as cp
import numpy as np
import pytest

from lpdistill import Budget, InfeasibleError, ModelError, Problem, Resource, solve

THREE = Problem("1/2", 3, "3/4", "79/100")
PRICE = solve(THREE.with_constraints(Budget("generation_attempts", 11))).budgets["generation_attempts"].price
MOST = {
    "x <= b": lambda x: x <= 11,
    "b >= x": lambda x: cp.Constant(11) >= x,
    "x == b": lambda x: x == 11,
    "b == x": lambda x: cp.Constant(11) == x,
    "x - b == 0": lambda x: x - 11 == 0,
    "parameter == x": lambda x: cp.Parameter(value=11.0) == x,
    "2 x <= 2 b": lambda x: 2 * x <= 22,
}


@pytest.fixture
def program():
    """A program that nothing has been asked of yet."""
    return THREE.to_cvxpy()


@pytest.mark.parametrize("solver", [cp.HIGHS, cp.CLARABEL])
@pytest.mark.parametrize("form", MOST)
def test_one_sign_for_every_form(program, form, solver):
    """However a limit is written, its price is the derivative with respect to it."""
    limit = MOST[form](program.resources["generation_attempts"])
    program.solve([limit], solver=solver)
    assert program.price(limit) == pytest.approx(PRICE / (2 if form == "2 x <= 2 b" else 1), rel=1e-5)


def test_a_lower_limit_has_a_positive_price(program):
    """More than the optimum makes costs time."""
    for form in (lambda x: x >= 12, lambda x: cp.Constant(12) <= x, lambda x: x == 12, lambda x: cp.Constant(12) == x):
        limit = form(program.resources["generation_attempts"])
        program.solve([limit])
        assert program.price(limit) > 0


def test_both_sides_may_vary(program):
    """A share of the time has the price of the time that it leaves."""
    time, used = program.time, program.resources["distillations"]
    for share in (2 * used <= 0.5 * time, 0.5 * time >= 2 * used, 2 * used - 0.5 * time <= 0):
        program.solve([share])
        assert program.price(share) < 0


def test_a_constraint_of_no_program_has_no_price(program):
    """What was never solved, or is part of another program, is refused."""
    limit = program.resources["generation_attempts"] <= 11
    program.solve()
    with pytest.raises(ModelError, match="was not part of this program"):
        program.price(limit)
    other = THREE.to_cvxpy()
    other.solve([foreign := other.resources["generation_attempts"] <= 11])
    assert other.price(foreign) == pytest.approx(PRICE, rel=1e-6)
    with pytest.raises(ModelError, match="was not part of this program"):
        program.price(foreign)
    with pytest.raises(ModelError, match="was not part of this program"):
        _ = THREE.to_cvxpy().values


def test_an_infeasible_program_has_no_prices(program):
    """After a solve that found no policy nothing has a price, not even what had one before."""
    limit = program.resources["generation_attempts"] <= 11
    program.solve([limit])
    before = program.price(limit)
    with pytest.raises(InfeasibleError):
        program.solve([limit, impossible := program.resources["generation_attempts"] <= 5])
    for constraint in (limit, impossible, program.flow):
        with pytest.raises(ModelError, match="'infeasible'"):
            program.prices(constraint)
    program.solve([limit])
    assert program.price(limit) == before


def test_a_price_is_of_its_own_solve(program):
    """Solving within other constraints, or for other prices, changes no price that was found before."""
    limit = program.resources["generation_attempts"] <= 11
    program.solve([limit])
    value = float(program.time.value)
    price = program.price(limit)
    _ = price.degenerate
    assert float(program.time.value) == value
    assert limit.dual_value == pytest.approx(-PRICE, rel=1e-6)
    program.solve([program.resources["distillations"] <= 3.3])
    assert program.price(limit) == price


def test_a_problem_of_ones_own_solve_is_priced(program):
    """Constraints of the cvxpy problem that the user solves are priced too, and refused where that fails."""
    limit = program.resources["generation_attempts"] <= 11
    program.problem([limit]).solve(solver=cp.HIGHS)
    assert program.price(limit) == pytest.approx(PRICE, rel=1e-6)
    program.problem([limit, program.time <= 1]).solve(solver=cp.HIGHS)
    with pytest.raises(ModelError, match="'infeasible'"):
        program.price(limit)
    with pytest.raises(cp.error.SolverError):
        program.problem([limit]).solve(solver="NONE")
    with pytest.raises(ModelError, match="'error'"):
        program.price(limit)


def test_rows_of_a_vector_are_priced(program):
    """Several limits in one constraint have a price each; the price of all of them is no number."""
    used = cp.hstack([program.resources["generation_attempts"], program.resources["distillations"]])
    limit = used <= np.array([11.0, 100.0])
    program.solve([limit])
    assert program.prices(limit) == pytest.approx([PRICE, 0], rel=1e-6, abs=1e-9)
    with pytest.raises(ModelError, match="one price for each row"):
        program.price(limit)


def test_what_has_no_right_hand_side_has_no_price(program):
    """A cone is no inequality."""
    cone = cp.SOC(program.time, program.occupation[:2])
    program.solve([cone], solver=cp.CLARABEL)
    with pytest.raises(ModelError, match="inequality"):
        program.price(cone)


@pytest.mark.parametrize("solver", [cp.HIGHS, cp.CLARABEL])
def test_a_constraint_given_twice_is_flagged(program, solver):
    """Relaxing one of two equal limits gains nothing, tightening it costs all: the price is not unique, and says so."""
    used = program.resources["generation_attempts"]
    once, again = used <= 11, used <= 11
    program.solve([once, again], solver=solver)
    for limit in (once, again):
        price = program.price(limit)
        assert price.degenerate
        assert (price.below, price.above) == (pytest.approx(PRICE, rel=1e-4), pytest.approx(0, abs=1e-5))
        assert price.below - 1e-5 <= price <= price.above + 1e-5


def test_a_limit_that_another_implies_is_flagged(program):
    """So is a limit that is implied by another at the same place."""
    used = program.resources["generation_attempts"]
    scaled = 3 * used <= 33
    program.solve([scaled, used <= 11])
    assert program.price(scaled).degenerate


@pytest.mark.parametrize("form", ["x <= b", "b == x"])
def test_a_unique_price_is_not_flagged(program, form):
    """A single limit within its range has the same price to both sides."""
    limit = MOST[form](program.resources["generation_attempts"])
    program.solve([limit])
    price = program.price(limit)
    assert not price.degenerate
    assert (price.below, price.above) == (pytest.approx(PRICE, rel=1e-6), pytest.approx(PRICE, rel=1e-6))


def test_a_limit_that_does_not_bind_is_not_flagged(program):
    """Its price is 0 on both sides."""
    limit = program.resources["generation_attempts"] <= 100
    program.solve([limit])
    assert (program.price(limit), program.price(limit).degenerate) == (pytest.approx(0, abs=1e-9), False)


def test_a_price_at_the_edge_of_what_is_possible(program):
    """Where less cannot be kept, the price of less is infinite."""
    with pytest.raises(InfeasibleError) as refused:
        solve(THREE.with_constraints(Budget("generation_attempts", 1)))
    limit = program.resources["generation_attempts"] <= refused.value.workable["generation_attempts"] * (1 + 1e-7)
    program.solve([limit])
    assert program.price(limit).below == -math.inf
    assert program.price(limit).degenerate


def test_a_convex_objective_has_unique_prices():
    """A strictly convex objective changes its price with the limit, but not by a jump."""
    program = THREE.to_cvxpy()
    limit = program.resources["generation_attempts"] <= 11
    program.solve([limit], objective=cp.sum_squares(program.occupation), solver=cp.CLARABEL)
    assert not program.price(limit).degenerate


def test_a_price_is_a_number(program):
    """It is printed, added and pickled as the number that it is."""
    limit = program.resources["generation_attempts"] <= 11
    program.solve([limit])
    price = program.price(limit)
    assert pickle.loads(pickle.dumps(price)) == price == float(price)  # noqa: S301 - our own
    assert repr(price) == repr(float(price))


def test_a_budget_given_twice_is_flagged():
    """The same resource limited under two names has no unique price either, and each use says so."""
    mine = Resource("mine", lambda step: step.generate)
    found = solve(THREE.with_constraints(Budget("generation_attempts", 11), Budget(mine, 11)))
    binding = [use for use in found.budgets.values() if use.price]
    assert binding
    assert all(use.degenerate for use in binding)
    assert sum(use.price for use in binding) == pytest.approx(PRICE, rel=1e-6)
