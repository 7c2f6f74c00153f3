"""Limits at the edge of what is possible: what an error suggests works, as it is printed and as an object."""

from __future__ import annotations

import re

import pytest

from lpdistill import (
    Budget,
    InfeasibleError,
    NotCertifiedError,
    Problem,
    Resource,
    UnreachableTargetError,
    frontier,
    least_time_within,
    smallest_window,
    solve,
)
from lpdistill.process.resources import RESOURCES

PROBLEMS = {
    "two memories": Problem("1/2", 2, "3/4", "79/100"),
    "three memories, p = 1": Problem(1, 3, "3/4", "79/100"),
    "four memories": Problem("1/2", 4, "3/4", "79/100"),
    "rare generation": Problem("1/50", 3, "3/4", "79/100"),
    "three levels": Problem("9/10", 4, "9/10", "94/100"),
    "last step free": Problem("37/100", 3, "9/10", "94/100", final_step="free", generation_time="1/3"),
}
problems = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
resources = pytest.mark.parametrize("resource", RESOURCES)


def refused(problem, *budgets):
    """The error that says that no policy keeps within budgets."""
    with pytest.raises(InfeasibleError) as caught:
        solve(problem.with_constraints(*budgets))
    return caught.value


def printed(error):
    """The limit that a message suggests."""
    return re.search(r"workable limit is ([\d.e+-]+)", str(error))[1]


@problems
@resources
def test_the_least_workable_limit_works(problem, resource):
    """As it is printed, and as the error carries it, the least workable limit leads to a proven optimum.

    The printed one is above the other by less than its last digit.
    """
    error = refused(problem, Budget(resource, "1/5"))
    for limit in (printed(error), error.workable[resource]):
        found = solve(problem.with_constraints(Budget(resource, limit)))
        assert found.verify().gap >= 0
        assert found.budgets[resource].used <= float(limit) * (1 + 1e-12)
    assert 0 <= float(printed(error)) - error.workable[resource] <= 1.01e-8 * error.workable[resource]


@problems
@pytest.mark.parametrize("resource", ["distillations", "failed_distillations", "generation_attempts", "raw_pairs"])
def test_the_greatest_workable_limit_works(problem, resource):
    """So does the greatest one for a lower limit."""
    error = refused(problem, Budget(resource, least=10_000))
    for limit in (printed(error), error.workable[resource]):
        found = solve(problem.with_constraints(Budget(resource, least=limit)))
        assert found.verify().gap >= 0
        assert found.budgets[resource].used >= float(limit) * (1 - 1e-9)


@problems
def test_limits_that_go_together_work(problem):
    """Limits suggested for several budgets are met together, printed or as objects."""
    for names in (("steps", "raw_pairs"), ("distillations", "memory_time")):
        limits = {
            name: solve(problem, least=name).expected[name] * share
            for name, share in zip(names, (0.85, 0.93), strict=True)
        }
        error = refused(problem, *(Budget(name, limit) for name, limit in limits.items()))
        said = {name: limit for limit, name in re.findall(r"([\d.e+-]+) for (\w+)", str(error))} or error.workable
        for workable in (said, error.workable):
            budgets = [Budget(name, limit) for name, limit in workable.items()]
            solve(problem.replace(budgets=budgets)).verify()


@pytest.mark.parametrize(
    ("name", "method"), [*((name, "auto") for name in PROBLEMS), ("four memories", "columns"), ("three levels", "ipm")]
)
def test_breakpoints_of_a_frontier_are_workable_limits(name, method):
    """Within the limit of its own first and second breakpoint, the time is what the frontier says."""
    problem = PROBLEMS[name]
    curve = frontier(problem, "generation_attempts")
    for point in curve.points[:2]:
        found = solve(problem.with_constraints(Budget("generation_attempts", point.used)), method=method)
        assert found.waiting_time == pytest.approx(point.waiting_time, rel=1e-9)
        assert curve.waiting_time(point.used) == point.waiting_time


def test_the_time_at_the_edge_is_that_of_the_frugal():
    """At the least workable limit the time is that of the fastest policy that uses least, not of any that does."""
    problem = PROBLEMS["four memories"]
    edge = refused(problem, Budget("distillations", 1)).workable["distillations"]
    found = solve(problem.with_constraints(Budget("distillations", edge)))
    assert found.waiting_time == pytest.approx(frontier(problem, "distillations").points[0].waiting_time, rel=1e-9)
    assert found.budgets["distillations"].price == pytest.approx(-0.4514997421, rel=1e-6)


@pytest.mark.parametrize("share", [0, 1e-13, 1e-11, 1e-10, 3e-10, 1e-9, 1e-7])
def test_every_limit_about_the_edge_is_answered(share):
    """A little above the edge there is an answer; a little below it there is one too, or there is no policy."""
    problem = PROBLEMS["four memories"]
    edge = refused(problem, Budget("distillations", 1)).workable["distillations"]
    solve(problem.with_constraints(Budget("distillations", edge * (1 + share)))).verify()
    try:
        solve(problem.with_constraints(Budget("distillations", edge * (1 - share)))).verify()
    except InfeasibleError:
        assert share > 1e-10


def test_a_steep_edge_is_proved_as_closely_as_its_price_lets():
    """Where another attempt is worth two million steps, a limit in double precision says no more than it can."""
    problem = Problem("1/50", 5, "3/4", "79/100")
    first = frontier(problem, "generation_attempts").points[0]
    found = solve(problem.with_constraints(Budget("generation_attempts", first.used)))
    assert abs(found.budgets["generation_attempts"].price) > 1e4
    assert found.lower_bound <= found.waiting_time <= found.upper_bound
    assert found.upper_bound - found.lower_bound < 1e-6 * found.waiting_time


def test_a_deterministic_policy_at_the_edge():
    """The most frugal policy needs no lots, so it is found at the edge without them too."""
    problem = PROBLEMS["three levels"]
    edge = refused(problem, Budget("raw_pairs", 1)).workable["raw_pairs"]
    drawn, sure = (
        solve(problem.with_constraints(Budget("raw_pairs", edge)), deterministic=deterministic)
        for deterministic in (False, True)
    )
    assert sure.waiting_time == pytest.approx(drawn.waiting_time, rel=1e-8)


def test_a_budget_that_none_attains_is_named_as_it_was_given():
    """Limits that are approached and never attained are named with the limit that was asked for."""
    problem = Problem("1/2", 3, "3/4", "79/100")
    with pytest.raises(NotCertifiedError, match="10000 <= memory_time"):
        solve(problem.with_constraints(Budget("memory_time", least=10_000)))


def test_the_printed_range_of_a_price_holds_the_limit():
    """The range is rounded inwards, but never so far that the limit is left out."""
    for limit in ("10.0775219", "10.4", "10.17159"):
        problem = Problem("1/2", 4, "9/10", "94/100").with_constraints(Budget("generation_attempts", limit))
        (use,) = solve(problem).uses
        start, end = map(float, re.search(r"from ([\d.]+) to ([\d.]+)", str(use)).groups())
        assert use.valid_from <= start <= float(limit) <= end <= use.valid_to


def test_a_limit_of_nothing():
    """A resource that can be done without has a limit of 0, which is kept."""
    spare = Resource("spare", lambda step: len(step.distil) > 1)
    found = solve(PROBLEMS["four memories"].with_constraints(Budget(spare, 0)))
    assert found.budgets["spare"].used == pytest.approx(0, abs=1e-9)


SMALL = Problem("7/10", 3, "3/4", "79/100", generation_time="1/3")


@pytest.mark.parametrize("window", [5, "17/3"])
def test_the_greatest_confidence_works(window):
    """The confidence that an error suggests can be had, printed or as an object, and so does the window suffice."""
    with pytest.raises(InfeasibleError) as caught:
        least_time_within(SMALL, window, "0.95")
    said = re.search(r"greatest possible is ([\d.]+); take a window of at least ([\d.]+)", str(caught.value))
    for confidence in (said[1], caught.value.workable["confidence"]):
        assert least_time_within(SMALL, window, confidence).probability >= float(confidence) - 1e-12
    assert least_time_within(SMALL, said[2], "0.95").probability >= 0.95 - 1e-12


def test_no_confidence_is_suggested_where_there_is_none():
    """Within a window in which nothing can be done, only a longer window is suggested."""
    with pytest.raises(InfeasibleError, match=r"greatest possible is 0; take a window of at least [\d.]+$") as caught:
        least_time_within(SMALL, 1, "0.5")
    assert not caught.value.workable


@pytest.mark.parametrize("confidence", ["0.9", "0.99"])
def test_the_smallest_window_works_as_a_float(confidence):
    """The smallest window, given back as a float or as it is printed, is the same window."""
    found = smallest_window(SMALL, confidence)
    text = re.search(r"within ([\d.]+)", repr(found))[1]
    for window in (float(found.window), found.to_dict()["window"], text):
        assert least_time_within(SMALL, window, confidence).probability >= float(confidence) - 1e-12


@pytest.mark.parametrize("memories", [2, 3, 4])
@pytest.mark.parametrize("f0", ["0.55", "0.61", "0.75", "0.83", "0.9"])
def test_targets_below_the_printed_limit_are_reachable(memories, f0):
    """A target a little below the limit that an error prints is not out of reach."""
    with pytest.raises(UnreachableTargetError) as caught:
        _ = Problem("1/2", memories, f0, "0.9999").levels
    limit = re.search(r"stays below ([\d.]+) \(memory limit", str(caught.value))[1]
    assert Problem("1/2", memories, f0, float(limit) - 1e-12).reach.memories_needed <= memories
