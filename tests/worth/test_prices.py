"""Prices of budgets: exact up to the ends of their range, others beyond, and those found there."""

import json
from fractions import Fraction
from itertools import pairwise

import pytest
from constrained_cases import hardware
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lpdistill import Budget, InfeasibleError, ModelError, Problem, solve
from lpdistill.frontiers.frontier import frontier
from lpdistill.worth.prices import neighbours

ATTEMPTS = "generation_attempts"
PROBLEM = Problem("1/2", 4, "9/10", "94/100")


def within(limit, problem=PROBLEM, name=ATTEMPTS):
    """The optimum within a limit."""
    return solve(problem.with_constraints(Budget(name, Fraction(limit))))


def test_price_holds_exactly_to_both_ends():
    """From one end of the range to the other the waiting time is linear in the limit, with the price as its slope."""
    here = within("10.2")
    use = here.budgets[ATTEMPTS]
    for limit in (use.valid_from, (use.valid_from + 10.2) / 2, use.valid_to):
        expected = here.waiting_time + use.price * (limit - 10.2)
        assert within(limit).waiting_time == pytest.approx(expected, rel=1e-12)


def test_price_fails_beyond_both_ends():
    """Beyond either end the waiting time is longer than the price would have it."""
    here = within("10.2")
    use = here.budgets[ATTEMPTS]
    for limit in (use.valid_from - 1e-3, use.valid_to + 1e-3):
        assert within(limit).waiting_time > here.waiting_time + use.price * (limit - 10.2) + 1e-6


@settings(max_examples=10)
@given(hardware(most_memories=3, discarding=False), st.integers(1, 9), st.sampled_from([ATTEMPTS, "memory_time"]))
def test_neighbours_are_the_pieces_of_the_frontier(problem, tenths, name):
    """The prices to both sides, and their breakpoints, are those of the whole frontier."""
    points = frontier(problem, name).points
    assume(len(points) > 1)
    limit = points[0].used + (points[-1].used - points[0].used) * tenths / 10
    assume(all(abs(limit - point.used) > 1e-6 * limit for point in points))
    gaps = [after.used - before.used for before, after in pairwise(points)]
    assume(min(gaps) > 1e-5 * limit)
    found = neighbours(within(limit, problem, name), name)
    left = max(i for i, point in enumerate(points) if point.used < limit)
    assert found.use.price == pytest.approx(points[left].price, rel=1e-6)
    assert (found.below.end, found.above.end) == pytest.approx((points[left].used, points[left + 1].used), rel=1e-8)
    if left:
        assert found.below.price == pytest.approx(points[left - 1].price, rel=1e-6)
        assert found.below.breakpoint == pytest.approx(points[left - 1].used, rel=1e-7)
    else:
        assert found.below.price is None
    assert found.above.price == pytest.approx(points[left + 1].price, rel=1e-6)
    if left + 2 < len(points):
        assert found.above.breakpoint == pytest.approx(points[left + 2].used, rel=1e-7)


def test_one_sided_prices_at_a_breakpoint():
    """At a breakpoint the price is not unique: the two prices are those of the pieces to both sides."""
    points = frontier(PROBLEM, ATTEMPTS).points
    found = neighbours(within(Fraction(points[3].used)), ATTEMPTS)
    assert found.use.degenerate
    assert (found.below.price, found.above.price) == pytest.approx((points[2].price, points[3].price), rel=1e-6)
    assert found.below.price <= found.use.price <= found.above.price


def test_a_budget_that_does_not_bind_has_no_price():
    """A limit beyond what is used has price 0 and says so; the next price is that of what is used."""
    found = neighbours(within(100), ATTEMPTS)
    points = frontier(PROBLEM, ATTEMPTS).points
    assert (found.use.price, found.above) == (0.0, None)
    assert "does not bind, so its price is 0" in repr(found)
    assert found.below.end == pytest.approx(points[-1].used)
    assert found.below.price == pytest.approx(points[-2].price, rel=1e-6)


def test_below_the_least_limit_there_is_no_policy():
    """Beyond the least workable limit no policy keeps within it, and the side says so."""
    least = frontier(PROBLEM, ATTEMPTS).points[0].used
    found = neighbours(within(least + 1e-4), ATTEMPTS)
    assert found.below.price is None
    assert "no policy keeps within such limits" in repr(found)
    with pytest.raises(InfeasibleError):
        within(least * (1 - 1e-6))


def test_lower_limits_have_neighbours_too():
    """Under a lower limit that binds, one more unit costs time, and the sides are ordered alike."""
    most = frontier(PROBLEM, "distillations").points[-1].used
    problem = PROBLEM.with_constraints(Budget("distillations", least=Fraction(most) + Fraction(1, 2)))
    found = neighbours(solve(problem), "distillations")
    assert found.use.price > 0
    assert found.below.end < float(problem.budgets[0].least) <= found.above.end
    assert found.below.price <= found.use.price <= found.above.price


def test_wrong_questions_are_refused():
    """Budgets that are not there, and state graphs, are refused."""
    with pytest.raises(ModelError, match="must be one of the solution's: generation_attempts"):
        neighbours(within("10.2"), "steps")
    with pytest.raises(ModelError, match="not of a state graph"):
        neighbours(solve(PROBLEM.graph()), ATTEMPTS)


def test_json():
    """The document has the price, its range, and both sides, without infinities."""
    document = json.loads(json.dumps(neighbours(within(100), ATTEMPTS).to_dict(), allow_nan=False))
    assert document["above"] is None
    assert document["below"]["price"] < 0
