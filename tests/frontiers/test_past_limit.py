"""Frontiers past the pumping limit: on labels that none of their breakpoints rounds."""

import pytest

from lpdistill import Budget, LimitError, ModelError, Problem, frontier, solve
from lpdistill.frontiers import frontier as frontiers
from lpdistill.physics.rounding import Rounding

PAST = Problem("1/2", 4, "8/10", "88/100")


@pytest.mark.parametrize(("resource", "limit"), [("generation_attempts", "18.3"), ("memory_time", 35)])
def test_limits_along_the_curve_have_its_times(resource, limit):
    """Between breakpoints, too, the least time within a limit is that of the curve, found on labels of its own."""
    problem = PAST.replace(discarding=resource == "memory_time")
    curve = frontier(problem, resource)
    within = solve(problem.with_constraints(Budget(resource, limit)))
    assert within.status == "optimal"
    assert len(curve.points) > 5
    assert curve.waiting_time(limit) == pytest.approx(within.waiting_time, rel=1e-9)


def test_the_curve_ends_with_the_optimum():
    """Beyond the last breakpoint nothing is gained."""
    assert frontier(PAST, "distillations").points[-1].waiting_time == pytest.approx(16.0364059605, rel=1e-10)


def test_the_policies_are_those_of_labels_rounded_down():
    """What is shown can be carried out."""
    assert frontier(PAST.replace(memories=3), "raw_pairs").problem.levels.rounding is Rounding.FLOOR


def test_memory_time_is_refused_without_discarding():
    """A better pair may then be worse, so that labels bracket nothing: one sentence says so, and what to do."""
    with pytest.raises(ModelError, match=r"has no frontier past the pumping limit: .* unless pairs may be discarded"):
        frontier(PAST, "memory_time")


def test_a_resource_with_a_budget_is_refused():
    """As it is below the limit."""
    with pytest.raises(ModelError, match="has a budget"):
        frontier(PAST.with_constraints(Budget("steps", 20)), "steps")


def test_the_time_for_labels_is_limited(monkeypatch):
    """Where labels are not enough in time, it is said, with a remedy."""
    monkeypatch.setattr(frontiers, "PATIENCE", 1e-9)
    with pytest.raises(LimitError, match=r"1 labels are not enough .* take a lower target"):
        frontier(PAST, "steps")
