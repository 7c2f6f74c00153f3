"""Prices of budgets, and changes in whole pieces, past the pumping limit."""

import pytest

from lpdistill import Budget, ModelError, Problem, frontier, solve
from lpdistill.worth.increments import increments
from lpdistill.worth.prices import neighbours

PAST = Problem("1/2", 4, "8/10", "88/100")


def test_prices_beyond_a_range_are_those_of_the_frontier():
    """Two searches for labels, by the prices around a limit and by all breakpoints, agree."""
    found = neighbours(PAST.with_constraints(Budget("generation_attempts", "18.3")), "generation_attempts")
    points = frontier(PAST, "generation_attempts").points
    here = next(place for place, point in enumerate(points) if point.used > 18.3) - 1
    assert found.use.price == pytest.approx(points[here].price, rel=1e-6)
    assert found.below.price == pytest.approx(points[here - 1].price, rel=1e-6)
    assert found.below.breakpoint == pytest.approx(points[here - 1].used, rel=1e-6)
    assert (found.above.end, found.above.price) == (pytest.approx(points[here + 1].used, rel=1e-6), 0)


def test_what_whole_pieces_save_is_solved_again():
    """One more memory is worth the difference of two exact optima."""
    saved = increments(PAST)["memories"]
    assert saved.waiting_time == pytest.approx(solve(PAST.replace(memories=5)).waiting_time, rel=1e-12)
    assert saved.saves == pytest.approx(16.0364059605 - saved.waiting_time, rel=1e-9)


@pytest.mark.parametrize(
    "asked", [increments, lambda solution: neighbours(solution, "steps")], ids=["pieces", "prices"]
)
def test_an_open_bracket_is_refused(asked):
    """Differences and prices of bounds are none of the optimum."""
    problem = PAST.replace(target="91/100").with_constraints(Budget("steps", 60))
    with pytest.raises(ModelError, match=r"needs proven optima, and .* allow more time"):
        asked(solve(problem, within=".1"))
