"""The frontier of waiting time against a resource: every breakpoint and every segment, against explicit programs."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from cases import solved
from constrained_cases import hardware
from constrained_oracle import everything, living, occupation, standard
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from oracle import Hardware

from lpdistill import (
    Budget,
    InfeasibleError,
    LimitError,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    Resource,
    solve,
)
from lpdistill.frontiers.frontier import frontier

ENERGY = Resource("energy", lambda step: 2 * step.generate + 5 * len(step.distil))
FOUR = Problem("1/2", 4, "3/4", "79/100")
CASES = {
    "attempts": (FOUR, "generation_attempts"),
    "memory time": (FOUR, "memory_time"),
    "energy": (FOUR.replace(memories=3), ENERGY),
    "last step free": (FOUR.replace(memories=3, final_step="free"), "generation_attempts"),
    "three levels": (Problem("7/10", 4, "9/10", "94/100"), "distillations"),
    "discarding": (FOUR.replace(memories=3, discarding=True), "memory_time"),
    "rules": (
        FOUR.replace(memories=5).with_constraints(MaxDistillations(1), NoGenerationWhileDistilling()),
        "generation_attempts",
    ),
    "within another budget": (FOUR.with_constraints(Budget("memory_time", "166/10")), "generation_attempts"),
    "above a low limit": (FOUR.with_constraints(Budget("steps", least="13/2")), "generation_attempts"),
    "above a lower limit": (FOUR.with_constraints(Budget("steps", least=8)), "generation_attempts"),
}
some = pytest.mark.parametrize(("problem", "resource"), CASES.values(), ids=CASES)
curves = {}


def curve(problem, resource):
    """The frontier, computed once for all tests."""
    key = problem, getattr(resource, "name", resource)
    if key not in curves:
        curves[key] = frontier(problem, resource)
    return curves[key]


def within(problem, resource, limit):
    """The solution within a limit."""
    return solve(problem.with_constraints(Budget(resource, limit)))


def just_above(number):
    """A limit that a float reaches for certain."""
    return number * (1 + 1e-13)


def explicit(problem, resource):
    """The least time within a limit, and the least use, as scipy finds them on the enumerated program."""
    parameters = Hardware.of(problem)
    chain, use = living(everything(parameters, discarding=problem.discarding)), standard(parameters, resource)
    offset = float(problem.uncharged_time)

    def time(limit):
        return occupation(chain, ((use, limit, None),)).time - offset

    return time, occupation(chain, ((use, None, None),), use).used[0]


def bends(time, low, high, found):
    """Breakpoints of a convex piecewise linear function between two limits, by chords of bisected segments.

    ``found`` collects ``(limit, value)``; a chord whose end tangents meet on the curve is a breakpoint.
    """
    (a, at_a), (b, at_b) = low, high
    step = 1e-4 * (b - a)
    left, right = (time(a + step) - at_a) / step, (at_b - time(b - step)) / step
    if abs(left - right) < 1e-6 * (1 + abs(left)):
        return
    meet = (at_b - at_a + left * a - right * b) / (left - right)
    value = time(meet)
    if abs(value - (at_a + left * (meet - a))) < 1e-7 * (1 + abs(value)):
        found.append((meet, value))
        return
    bends(time, low, (meet, value), found)
    found.append((meet, value))
    bends(time, (meet, value), high, found)


@some
def test_breakpoints_are_optima(problem, resource):
    """At the limit of every breakpoint the least waiting time is the one stated."""
    for point in curve(problem, resource).points:
        found = within(problem, resource, just_above(point.used)).waiting_time
        assert found == pytest.approx(point.waiting_time, rel=1e-8)


@some
def test_breakpoints_are_attained_by_their_policies(problem, resource):
    """The policy of every breakpoint takes the time and uses the amount that the breakpoint states."""
    for point in curve(problem, resource).points:
        assert point.policy.waiting_time == pytest.approx(point.waiting_time, rel=1e-12)
        name = getattr(resource, "name", resource)
        if name in point.policy.expected:
            assert point.policy.expected[name] == pytest.approx(point.used, rel=1e-11)


@some
def test_segments_are_optima_in_between(problem, resource):
    """Halfway between two breakpoints the least waiting time lies on the chord."""
    for one, other in pairwise(curve(problem, resource).points):
        found = within(problem, resource, (one.used + other.used) / 2).waiting_time
        assert found == pytest.approx((one.waiting_time + other.waiting_time) / 2, rel=1e-8)


@some
def test_prices_are_slopes_and_prices_of_budgets(problem, resource):
    """The price at a breakpoint is the slope of the segment after it, and what a budget there is told."""
    for one, other in pairwise(curve(problem, resource).points):
        slope = (other.waiting_time - one.waiting_time) / (other.used - one.used)
        budget = within(problem, resource, (one.used + other.used) / 2).budgets[getattr(resource, "name", resource)]
        assert one.price == pytest.approx(slope, rel=1e-6)
        assert budget.price == pytest.approx(one.price, rel=1e-6, abs=1e-8)


@some
def test_the_curve_falls_and_is_convex(problem, resource):
    """Limits increase, times decrease, and prices increase to the 0 of the last breakpoint."""
    points = curve(problem, resource).points
    for one, other in pairwise(points):
        assert one.used < other.used
        assert one.waiting_time > other.waiting_time
        assert one.price < other.price
    assert points[-1].price == 0


@some
def test_the_last_breakpoint_is_the_fastest_policy_and_its_least_use(problem, resource):
    """The curve ends in the optimum without the limit, at the least use among the policies as fast."""
    last, free = curve(problem, resource).points[-1], solve(problem, least=resource)
    assert last.waiting_time == pytest.approx(free.waiting_time, rel=1e-10)
    name = getattr(resource, "name", resource)
    if name in free.expected:
        assert last.used == pytest.approx(free.expected[name], rel=1e-8)


@some
def test_the_first_breakpoint_is_the_least_workable_limit(problem, resource):
    """Below the first breakpoint no policy is left, and an infeasible budget is told its limit."""
    first = curve(problem, resource).points[0]
    with pytest.raises(InfeasibleError) as caught:
        within(problem, resource, first.used * (1 - 1e-6))
    if not problem.budgets:
        assert caught.value.workable[getattr(resource, "name", resource)] == pytest.approx(first.used, rel=1e-8)


RANDOM = {
    "attempts": (Problem("3/10", 3, "4/5", "84/100", distillation_time="1/2"), "generation_attempts"),
    "memory time": (Problem("2/5", 4, "3/4", "79/100", generation_time="1/3"), "memory_time"),
    "raw pairs": (Problem("4/5", 3, "9/10", "94/100", distillation_time=3), "raw_pairs"),
}


@pytest.mark.parametrize(("problem", "resource"), RANDOM.values(), ids=RANDOM)
def test_no_breakpoint_is_missing(problem, resource):
    """Bisecting the optimum of the enumerated program, as scipy finds it, gives the same breakpoints and no others."""
    time, least = explicit(problem, resource)
    points = curve(problem, resource).points
    assert points[0].used == pytest.approx(least, rel=1e-8)
    ends = [(p.used, p.waiting_time) for p in (points[0], points[-1])]
    found = []
    bends(lambda limit: time(just_above(limit)), *ends, found)
    for point in points[1:-1]:
        assert min(abs(limit - point.used) for limit, _ in found) < 1e-4 * point.used
    for limit, value in found:
        assert curve(problem, resource).waiting_time(limit) == pytest.approx(value, rel=1e-7)


@settings(max_examples=8, phases=[Phase.generate])
@given(
    hardware(most_memories=3, most_levels=2),
    st.sampled_from(["generation_attempts", "memory_time", "steps", "distillations", "failed_distillations"]),
    st.floats(0, 1),
)
def test_random_curves_are_the_optima_of_explicit_programs(problem, resource, share):
    """Anywhere on the curve of a random problem, scipy finds the same on the enumerated program."""
    points = frontier(problem, resource).points
    assume(len(points) > 1)
    time, least = explicit(problem, resource)
    limit = points[0].used + share * (points[-1].used - points[0].used)
    assert points[0].used == pytest.approx(least, rel=1e-8)
    assert frontier(problem, resource).waiting_time(limit) == pytest.approx(time(just_above(limit)), rel=1e-7, abs=1e-7)


def test_waiting_time_is_infinite_where_nothing_works():
    """Below the first breakpoint the waiting time is infinite."""
    assert curve(*CASES["attempts"]).waiting_time(1) == float("inf")


def test_waiting_time_is_flat_after_the_last_breakpoint():
    """Above the last breakpoint more of the resource changes nothing."""
    found = curve(*CASES["attempts"])
    assert found.waiting_time(10**6) == found.points[-1].waiting_time


def test_waiting_time_is_that_of_the_breakpoints_at_them():
    """At a breakpoint the curve has its waiting time."""
    found = curve(*CASES["attempts"])
    assert [found.waiting_time(p.used) for p in found.points] == pytest.approx([p.waiting_time for p in found.points])


def test_a_resource_that_cannot_be_traded_has_one_breakpoint():
    """Where the fastest policy is the most frugal one, the curve is a point."""
    (point,) = frontier(Problem("1/2", 2, "3/4", "31/40"), "generation_attempts").points
    assert point.waiting_time == pytest.approx(solved(Problem("1/2", 2, "3/4", "31/40")).waiting_time, rel=1e-12)
    assert point.price == 0


def test_state_graphs_have_frontiers():
    """The curve of a problem's state graph has the breakpoints of the problem."""
    problem = FOUR.replace(memories=3).with_constraints(Budget("generation_attempts", 1000))
    graph = problem.graph()
    del graph.graph["budgets"]
    found, wanted = frontier(graph, "generation_attempts"), frontier(FOUR.replace(memories=3), "generation_attempts")
    assert [p.used for p in found.points] == pytest.approx([p.used for p in wanted.points], rel=1e-9)
    assert [p.waiting_time for p in found.points] == pytest.approx([p.waiting_time for p in wanted.points], rel=1e-9)


@pytest.mark.parametrize("resource", ["energy", "time", "", 3], ids=repr)
def test_an_unknown_resource_is_refused(resource):
    """What is no resource is one error that repeats it and lists those there are."""
    with pytest.raises(ModelError, match="generation_attempts") as caught:
        frontier(FOUR, resource)
    assert caught.value.value == resource


def test_a_resource_with_a_budget_is_refused():
    """A resource that the problem limits already is one error that names it."""
    with pytest.raises(ModelError) as caught:
        frontier(FOUR.with_constraints(Budget("steps", 9)), "steps")
    assert caught.value.value == "steps"


def test_other_budgets_that_cannot_be_kept_are_infeasible():
    """Where the other budgets leave no policy there is no curve, and the error names the budget."""
    with pytest.raises(InfeasibleError, match="memory_time"):
        frontier(FOUR.with_constraints(Budget("memory_time", 1)), "generation_attempts")


def test_a_problem_too_large_is_refused_with_its_size():
    """A program that fits no memory is refused before it is built."""
    with pytest.raises(LimitError) as caught:
        frontier(Problem("1/2", 300, "9/10", "94/100"), "steps")
    assert caught.value.size["columns"] > 10**12


def test_json_has_every_breakpoint():
    """The JSON document names schema and resource, repeats the problem, and lists limits, times and prices."""
    found = curve(*CASES["attempts"])
    document = json.loads(found.to_json())
    assert (document["schema"], document["resource"]) == ("lpdistill.frontier/1", "generation_attempts")
    assert document["problem"] == solved(FOUR).to_dict()["problem"]
    assert document["points"] == [
        {"used": p.used, "waiting_time": p.waiting_time, "price": p.price} for p in found.points
    ]


def test_the_table_has_every_breakpoint():
    """The DataFrame has a row for every breakpoint with the numbers of the JSON document."""
    found = curve(*CASES["attempts"])
    assert found.to_frame().to_dict("records") == found.to_dict()["points"]


def test_it_reads_in_one_line():
    """Its representation is one line with the number of breakpoints."""
    found = curve(*CASES["attempts"])
    assert f"{len(found.points)} breakpoints" in repr(found)
    assert "\n" not in repr(found)


def test_one_breakpoint_is_singular():
    """A curve of one breakpoint does not speak of breakpoints."""
    assert "1 breakpoint," in repr(frontier(Problem("1/2", 2, "3/4", "31/40"), "generation_attempts"))


def test_the_plot_says_what_its_axes_are():
    """The picture names the resource along the limit, and the waiting time."""
    pytest.importorskip("matplotlib")
    axes = curve(*CASES["memory time"]).plot()
    assert "memory time" in axes.get_xlabel()
    assert "waiting time" in axes.get_ylabel()


def test_the_plot_passes_through_every_breakpoint():
    """Every breakpoint lies on a line or marker of the picture."""
    pytest.importorskip("matplotlib")
    found = curve(*CASES["memory time"])
    drawn = {(float(x), float(y)) for line in found.plot().lines for x, y in zip(*line.get_data(), strict=True)}
    assert {(p.used, p.waiting_time) for p in found.points} <= drawn
