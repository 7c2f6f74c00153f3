"""Random state graphs whose actions often take no time: every answer against exact ones, in every state."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from exact_graphs import ExactGraph, end_components
from graph_cases import GOAL, HALF, beside, copied, drawn, graphs
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from lpdistill import (
    InfeasibleError,
    LpdistillError,
    deadline,
    deadline_frontier,
    distribution,
    frontier,
    least_time_within,
    smallest_window,
    solve,
    variability,
)

METHODS = ["auto", "simplex", "columns", "ipm"]
WINDOW = Fraction(5, 2)
WINDOWS = [Fraction(k, 2) for k in range(6)]
often, some, few = (
    settings(
        max_examples=n,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    for n in (100, 40, 5)
)


def live(exact):
    """Skip graphs from whose start no policy surely reaches the target."""
    assume(exact.start in exact.sure() and any(exact.amounts["time"].values()))
    return exact


def tempted(exact):
    """Skip graphs in which no run can go round in no time where it is not yet done: many are left."""
    time = exact.amounts["time"]
    values, _ = exact.least(time)
    _, inside = end_components({s: {a: m for a, m in n.items() if not time[a]} for s, n in exact.choices.items()})
    assume(any(inside[state] and 0 < values[state] < math.inf for state in inside))
    return exact


def near(value, share=1e-9):
    """A number up to rounding; what is 0 is 0."""
    return pytest.approx(float(value), rel=share, abs=1e-13)


def followed(decisions):
    """What a policy does in every state, with probabilities that sum to 1."""
    chosen = {}
    for state, several in decisions.items():
        total = sum(Fraction(one.probability) for one in several)
        chosen[state] = {one.action: Fraction(one.probability) / total for one in several}
    return {state: lots for state, lots in chosen.items() if lots}


def right(solution, exact):
    """A solution without budgets is right in every state: value, bounds, policy, regrets, occupation, verification."""
    time = exact.amounts["time"]
    wanted, _ = exact.least(time)
    assert solution.status == "optimal"
    assert Fraction(solution.lower_bound) <= wanted[exact.start] <= Fraction(solution.upper_bound)
    assert solution.upper_bound - solution.lower_bound <= 1e-9 * float(wanted[exact.start]) + 1e-300
    assert dict(solution.values) == {state: near(value) for state, value in wanted.items()}
    dual, process = solution.dual, solution.process
    for state, value in wanted.items():
        if value < math.inf:
            rank = process.names.rank(state)
            assert Fraction(float(dual.lower[rank])) <= value <= Fraction(float(dual.upper[rank]))
    attained = exact.expected(followed(solution.policy), time)
    assert attained == {state: near(value) if value < math.inf else math.inf for state, value in wanted.items()}
    assert np.isfinite(solution.occupation).all()
    assert (solution.occupation >= 0).all()
    assert solution.verify().gap >= 0


@often
@given(graphs(), st.sampled_from(METHODS))
def test_solutions_are_right_in_every_state(graph, method):
    """Status, time, values and bounds in every state, a policy that attains them and ends, and a proof that holds."""
    exact = live(ExactGraph.of(graph))
    right(solve(graph, method=method), exact)


@some
@given(graphs())
def test_without_a_sure_way_there_is_no_solution(graph):
    """A graph is refused as infeasible exactly where no policy surely reaches the target from the start."""
    exact = ExactGraph.of(graph)
    if exact.start in exact.sure():
        assert solve(graph).waiting_time < math.inf
    else:
        with pytest.raises(InfeasibleError):
            solve(graph)


@some
@given(graphs())
def test_regrets_are_exact(graph):
    """In every state, every action that keeps the target sure has the regret that follows from exact values."""
    exact = live(ExactGraph.of(graph))
    time, regrets = exact.amounts["time"], solve(graph).regrets
    values = exact.least(time)[0] | {"the target": Fraction(0)}
    scale = max(1.0, *(float(value) for value in values.values() if value < math.inf))
    for state, named in exact.choices.items():
        for deed, moves in named.items():
            if values[state] < math.inf and all(values[t] < math.inf for t in moves):
                wanted = time[deed] + sum(p * values[t] for t, p in moves.items()) - values[state]
                assert regrets[state][deed] == pytest.approx(float(wanted), rel=1e-9, abs=1e-11 * scale)


@few
@given(graphs(rare=10), st.sampled_from(["auto", "columns"]))
def test_many_copies_are_right(graph, method):
    """Through more than a thousand states, one copy of a graph after another, values add up and are proved."""
    exact = tempted(live(ExactGraph.of(graph)))
    assume(exact.sure() == exact.choices.keys())
    copies = 1 + 1_000 // len(exact.choices)
    solution = solve(copied(graph, copies), method=method)
    values, start = exact.least(exact.amounts["time"])[0], exact.start
    for copy, (state, value) in itertools.product((0, copies // 2, copies - 1), values.items()):
        assert solution.values[copy, state] == near(value + (copies - 1 - copy) * values[start])
    assert Fraction(solution.lower_bound) <= copies * values[start] <= Fraction(solution.upper_bound)
    one = followed(solution.policy)
    for copy in (0, copies // 2, copies - 1):
        policy = {s: {deed[1]: p for deed, p in one[copy, s].items()} for s in exact.choices}
        assert exact.expected(policy, exact.amounts["time"]) == {s: near(v) for s, v in values.items()}
    assert np.isfinite(solution.occupation).all()
    assert solution.verify().gap >= 0


@few
@given(graphs(), graphs(rare=10))
def test_what_no_run_enters_changes_nothing(graph, other):
    """A thousand states beside a graph, entered by no run, leave its values, bounds and policy as they are."""
    exact, unseen = live(ExactGraph.of(graph)), tempted(live(ExactGraph.of(other)))
    solution = solve(beside(graph, copied(other, 1 + 1_000 // len(unseen.choices))))
    wanted = exact.least(exact.amounts["time"])[0]
    assert {state: solution.values[state] for state in wanted} == {s: near(value) for s, value in wanted.items()}
    assert Fraction(solution.lower_bound) <= wanted[exact.start] <= Fraction(solution.upper_bound)
    policy = {s: lots for s, lots in followed(solution.policy).items() if s in wanted}
    assert exact.expected(policy, exact.amounts["time"]) == {s: near(v) for s, v in wanted.items()}
    assert solution.verify().gap >= 0


@some
@given(graphs(rare=10))
def test_frontiers_are_exact(graph):
    """The breakpoints of time against fuel are the vertices of the exact curve."""
    exact = live(ExactGraph.of(graph, "fuel"))
    vertices = exact.frontier("fuel")
    points = frontier(graph, "fuel").points
    assert [(point.used, point.waiting_time) for point in points] == [(near(u), near(t)) for u, t in vertices]
    for point in points:
        for name, amount in (("time", point.waiting_time), ("fuel", point.used)):
            assert exact.expected(followed(point.policy), exact.amounts[name])[exact.start] == near(amount)


@some
@given(graphs(rare=10), st.sampled_from(METHODS), st.fractions(0, 1, max_denominator=4))
def test_budgets_are_exact(graph, method, share):
    """Within a budget, time, use and price are those of the exact curve, and the bounds hold."""
    exact = live(ExactGraph.of(graph, "fuel"))
    vertices = exact.frontier("fuel")
    (low, _), (high, _) = vertices[0], vertices[-1]
    limit = low + share * (high - low)
    wanted, slopes = interpolated(vertices, limit)
    graph.graph["budgets"] = {"fuel": limit}
    solution = solve(graph, method=method)
    assert solution.waiting_time == near(wanted)
    assert Fraction(solution.lower_bound) <= wanted
    assert solution.upper_bound >= float(wanted) * (1 - 1e-9)
    assert solution.upper_bound - solution.lower_bound <= 1e-9 * float(wanted) + 1e-300
    used = solution.budgets["fuel"]
    assert used.used <= float(limit) * (1 + 1e-9)
    assert min(slopes) - 1e-7 <= used.price <= max(slopes) + 1e-7
    drawn_lots = followed(solution.policy)
    assert exact.expected(drawn_lots, exact.amounts["time"])[exact.start] == near(wanted)
    assert exact.expected(drawn_lots, exact.amounts["fuel"])[exact.start] == near(used.used)
    assert solution.verify().gap >= 0


@some
@given(graphs(rare=10))
def test_budgets_below_the_least_use_are_refused(graph):
    """A budget below the least possible use is infeasible; what the error says would do, does."""
    exact = live(ExactGraph.of(graph, "fuel"))
    least = exact.frontier("fuel")[0][0]
    assume(least > 0)
    graph.graph["budgets"] = {"fuel": least * Fraction(9, 10)}
    with pytest.raises(InfeasibleError) as refused:
        solve(graph)
    assert refused.value.workable["fuel"] == near(least)
    graph.graph["budgets"] = dict(refused.value.workable)
    assert solve(graph).budgets["fuel"].used == near(least)


def interpolated(vertices, limit):
    """The least time within a limit, and the slopes of the curve on either side."""
    slopes = []
    for (before, slow), (after, fast) in itertools.pairwise(vertices):
        if before <= limit <= after:
            slopes.append((fast - slow) / (after - before))
            time = slow + slopes[-1] * (limit - before)
    if limit <= vertices[0][0]:
        slopes.append(Fraction(-(10**9)))
    if limit >= vertices[-1][0]:
        slopes.append(Fraction(0))
        time = vertices[-1][1]
    return time, slopes


@some
@given(graphs(rare=10))
def test_ties_are_broken_by_fuel(graph):
    """Among the fastest policies, one that uses least fuel is found."""
    exact = live(ExactGraph.of(graph, "fuel"))
    used, time = exact.frontier("fuel")[-1]
    solution = solve(graph, least="fuel")
    assert solution.waiting_time == near(time)
    assert solution.expected["fuel"] == near(used)


@some
@given(graphs(most=3, choices=2, rare=5, times=(HALF, 1, 2)))
def test_deterministic_policies_within_budgets(graph):
    """Without lots, the fastest policy within a budget is the best of all deterministic ones, tried one by one."""
    exact = live(ExactGraph.of(graph, "fuel"))
    limit = sum(used for used, _ in exact.frontier("fuel")[:2]) / len(exact.frontier("fuel")[:2])
    time, fuel, start = exact.amounts["time"], exact.amounts["fuel"], exact.start
    policies = [
        {state: {deed: Fraction(1)} for state, deed in zip(exact.choices, deeds, strict=True)}
        for deeds in itertools.product(*exact.choices.values())
    ]
    wanted = min(
        exact.expected(policy, time)[start] for policy in policies if exact.expected(policy, fuel)[start] <= limit
    )
    graph.graph["budgets"] = {"fuel": limit}
    solution = solve(graph, deterministic=True)
    assert solution.waiting_time == near(wanted)
    assert not solution.policy.randomised
    assert solution.verify().gap >= 0


@some
@given(graphs())
def test_deadlines_are_exact(graph):
    """For each window up to one, the greatest probability is exact; the policy attains it, in the time that it says."""
    exact = live(ExactGraph.of(graph))
    found = deadline(graph, WINDOW)
    wanted = exact.within(WINDOWS)
    for window, probability in found.curve.items():
        assert probability == near(wanted[math.floor(2 * window)][exact.start])
    assert found.probability == near(wanted[-1][exact.start])
    assert found.late == near(1 - wanted[-1][exact.start])

    def does(state, remaining):
        """What the policy does with so much time left, if anything."""
        return next((decision.action for decision in found.policy.at(state, remaining)), None)

    attained = exact.within(WINDOWS, does)[-1]
    assert attained[exact.start] == near(wanted[-1][exact.start])
    usual = {state: several[0].action for state, several in found.fastest.items() if several}
    fastest = exact.within(WINDOWS, lambda state, _: usual.get(state))[-1]
    assert found.probability_of_fastest_mean == near(fastest[exact.start])
    timed = exact.clocked(WINDOW)
    policy = {
        (state, passed): {((usual[state] if passed is None else does(state, WINDOW - passed)), passed): Fraction(1)}
        for state, passed in timed.choices
        if state in usual
    }
    mean = timed.expected(policy, timed.amounts["time"])[timed.start]
    assert found.waiting_time == (near(mean) if mean < math.inf else math.inf)


@some
@given(graphs(rare=10), st.sampled_from(["0.5", "0.9"]))
def test_smallest_windows_are_exact(graph, confidence):
    """The smallest window is met with the confidence, and one slot earlier none is."""
    exact = live(ExactGraph.of(graph))
    chances = [table[exact.start] for table in exact.within([Fraction(k, 2) for k in range(12)])]
    met = [chance >= Fraction(confidence) for chance in chances]
    assume(any(met) and not any(chance == Fraction(confidence) for chance in chances))
    assume(met.index(True) > 0)
    assert smallest_window(graph, confidence).window == Fraction(met.index(True), 2)


@some
@given(graphs(most=4, rare=10))
def test_deadline_frontiers_are_exact(graph):
    """The breakpoints of time against the probability of being late are the vertices of the exact curve."""
    exact = live(ExactGraph.of(graph)).clocked(Fraction(2))
    points = deadline_frontier(graph, 2).points
    assert [(point.used, point.waiting_time) for point in points] == [
        (near(late), near(time)) for late, time in exact.frontier("late")
    ]


@some
@given(graphs(most=4, rare=10), st.fractions(0, 1, max_denominator=4))
def test_service_levels_are_exact(graph, share):
    """The least time with a confidence is that of the exact curve, within bounds that hold."""
    vertices = live(ExactGraph.of(graph)).clocked(Fraction(2)).frontier("late")
    late = vertices[0][0] + share * (vertices[-1][0] - vertices[0][0])
    assume(0 < late < 1)
    wanted, _ = interpolated(vertices, late)
    found = least_time_within(graph, 2, 1 - late)
    assert found.waiting_time == near(wanted)
    assert Fraction(found.lower_bound) <= wanted
    assert found.upper_bound >= float(wanted) * (1 - 1e-9)
    assert found.probability >= float(1 - late) - 1e-9


@some
@given(graphs(rare=10), st.booleans())
def test_distributions_are_exact(graph, frugal):
    """The distribution of the time of a policy is exact at every time, and has the mean of the policy."""
    exact = live(ExactGraph.of(graph, "fuel"))
    policy = frontier(graph, "fuel").points[0].policy if frugal else solve(graph).policy
    chosen = {state: several[0].action for state, several in policy.items() if several}
    law = distribution(policy)
    for window, table in zip(WINDOWS, exact.within(WINDOWS, lambda state, _: chosen.get(state)), strict=True):
        assert law.cdf(window) == near(table[exact.start], 1e-10)
    mean = exact.expected(followed(policy), exact.amounts["time"])[exact.start]
    assert law.mean == near(mean)
    assert policy.waiting_time == near(mean)


@some
@given(graphs(most=4, rare=5))
def test_variability_is_exact(graph):
    """How often fastest policies take each action, least and most, is exact, without bound where runs may circle.

    Actions that only wait are left out.  Where some action may be taken without bound, to say so is an answer too.
    """
    exact = live(ExactGraph.of(graph))
    moving = {
        deed for state, named in exact.choices.items() for deed, moves in named.items() if moves.keys() != {state}
    }
    ends = {deed: exact.taken(deed) for deed in moving}
    solution = solve(graph)
    try:
        found = {row.action: row for row in variability(solution).rows}
    except LpdistillError:
        assert any(most == math.inf for _, most in ends.values())
        return
    for deed, (least, most) in ends.items():
        low, high = (found[deed].least, found[deed].greatest) if deed in found else (0.0, 0.0)
        assert low == pytest.approx(float(least), rel=1e-6, abs=1e-7)
        assert high == (math.inf if most == math.inf else pytest.approx(float(most), rel=1e-6, abs=1e-7))


def test_a_step_into_the_target_may_take_no_time():
    """Half of the runs may take the way that costs fuel and no time, the others that of 2: with 1 of 3, 4/3 in all."""
    graph = drawn(
        {"a": {"jump": (0, {GOAL: 1}, {"fuel": 3}), "walk": (2, {GOAL: 1}, {"fuel": 0})}}, "a", budgets={"fuel": 1}
    )
    for method in METHODS:
        solution = solve(graph, method=method)
        assert solution.waiting_time == near(Fraction(4, 3))
        assert Fraction(solution.lower_bound) <= Fraction(4, 3) <= Fraction(solution.upper_bound) + Fraction(1, 10**12)
        assert solution.budgets["fuel"].price == near(Fraction(-2, 3))
        assert solution.verify().gap >= 0
