"""Cycles that take no time: known answers in every door, also where a graph has more than a thousand states."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from exact_graphs import ExactGraph
from graph_cases import GOAL, copied, drawn, fuelled, gathering, ring

from lpdistill import (
    InfeasibleError,
    ModelError,
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
SIZES = [3, 40, 1500]


def close(value):
    """A number to ten digits."""
    return pytest.approx(float(value), rel=1e-10)


def chosen(policy, state):
    """The one action of a policy in a state."""
    (decision,) = policy[state]
    return decision.action[1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", SIZES)
def test_a_ring_has_the_value_of_its_way_out(size, method):
    """All round a ring of steps that take no time, the time to go is 3, that of the one way out; from the start 1."""
    solution = solve(ring(size), method=method)
    assert solution.waiting_time == 1
    assert dict(solution.values) == {"start": 1} | dict.fromkeys(range(size), close(3))
    assert solution.regrets["start"]["start", "enter"] == close(11)
    assert [chosen(solution.policy, k) for k in range(size)] == [
        "step" if k != size // 2 else "out" for k in range(size)
    ]
    assert solution.verify().gap >= 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", SIZES)
def test_bounds_hold_all_round_a_ring(size, method):
    """In every state of the ring the proved bounds enclose the time to go."""
    solution = solve(ring(size), method=method)
    lower, upper = solution.dual.lower, solution.dual.upper
    ranks = [solution.process.names.rank(k) for k in range(size)]
    assert (lower[ranks] <= 3).all()
    assert (upper[ranks] >= 3).all()
    assert (upper[ranks] - lower[ranks] <= 1e-9 * upper[ranks]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", SIZES)
def test_a_run_through_a_ring(size, method):
    """Where the ring is the only way, it takes 12, and a run goes half round it."""
    graph = ring(size)
    graph.remove_node(("start", "go"))
    solution = solve(graph, method=method)
    assert (solution.lower_bound, solution.upper_bound) == (close(12), close(12))
    assert solution.occupation.sum() == close(size // 2 + 2)
    law = distribution(solution.policy)
    assert (law.mean, law.cdf(11), law.cdf(12)) == (12, 0, 1)


@pytest.mark.parametrize("size", [3, 40, 150])
def test_deadlines_through_a_ring(size):
    """Where the ring is the only way, a window of 12 is met for sure, and none that is shorter."""
    graph = ring(size)
    graph.remove_node(("start", "go"))
    assert deadline(graph, 12).probability == 1
    assert deadline(graph, 11).probability == 0
    assert smallest_window(graph, "0.9").window == 12
    found = deadline(graph, 12)
    assert found.waiting_time == 12
    assert found.policy.at(size // 2, 3)[0].action[1] == "out"


@pytest.mark.parametrize("size", SIZES)
def test_a_ring_without_a_way_out_is_no_way(size):
    """Going round for ever takes no time and leads nowhere: values are infinite there, and entering is no choice."""
    graph = ring(size)
    graph.remove_node((size // 2, "out"))
    solution = solve(graph)
    assert dict(solution.values) == {"start": 1} | dict.fromkeys(range(size), math.inf)
    assert not any(solution.policy[k] for k in range(size))
    graph.remove_node(("start", "go"))
    with pytest.raises(InfeasibleError):
        solve(graph)


@pytest.mark.parametrize("method", METHODS)
def test_to_look_around_leads_nowhere(method):
    """The way out takes 3 and 2 of fuel, from everywhere; to look around for ever takes nothing, and is no policy."""
    solution = solve(fuelled(), method=method)
    assert (solution.lower_bound, solution.waiting_time, solution.upper_bound) == (close(3), 3, close(3))
    assert dict(solution.values) == dict.fromkeys("abc", close(3))
    assert chosen(solution.policy, "a") == "out"
    assert solution.expected["fuel"] == close(2)
    assert solution.verify().gap >= 0


@pytest.mark.parametrize("method", METHODS)
def test_to_look_around_many_times_leads_nowhere(method):
    """Through 400 copies, 1,200 states, the way takes 1200 and 800 of fuel."""
    solution = solve(copied(fuelled(), 400), method=method)
    assert (solution.lower_bound, solution.upper_bound) == (close(1200), close(1200))
    assert [solution.values[k, "b"] for k in range(400)] == [close(1200 - 3 * k) for k in range(400)]
    assert solution.expected["fuel"] == close(800)
    assert solution.verify().gap >= 0


@pytest.mark.parametrize("copies", [1, 400])
def test_the_frontier_of_one_way(copies):
    """Of one way there is one breakpoint: its fuel, and its time."""
    (point,) = frontier(copied(fuelled(), copies), "fuel").points
    assert (point.used, point.waiting_time) == (close(2 * copies), close(3 * copies))
    assert chosen(point.policy, (0, "a"))[1] == "out"


@pytest.mark.parametrize("window", [5, 3])
def test_the_way_out_is_in_time_for_sure(window):
    """Within 5, and within 3, the way out is there for sure, after 3; the fastest policy takes it too."""
    found = deadline(fuelled(), window)
    assert (found.probability, found.late, found.probability_of_fastest_mean, found.waiting_time) == (1, 0, 1, 3)
    (point,) = deadline_frontier(fuelled(), window).points
    assert (point.used, point.waiting_time) == (0, 3)
    level = least_time_within(fuelled(), window, "0.99")
    assert (level.waiting_time, level.probability) == (3, 1)


def test_the_way_out_is_never_in_time():
    """Within 2 nothing can be done, and the time is 3 all the same."""
    found = deadline(fuelled(), 2)
    assert (found.probability, found.late, found.waiting_time) == (0, 1, 3)
    (point,) = deadline_frontier(fuelled(), 2).points
    assert (point.used, point.waiting_time) == (1, 3)
    with pytest.raises(InfeasibleError):
        least_time_within(fuelled(), 2, "0.01")


@pytest.mark.parametrize("method", METHODS)
def test_a_budget_where_time_stands_still(method):
    """With 2 of fuel the way out takes 3; with less, there is none, and 2 is what would do."""
    solution = solve(fuelled(budgets={"fuel": 2}), method=method)
    assert (solution.waiting_time, solution.budgets["fuel"].used) == (3, 2)
    assert -math.inf < solution.lower_bound <= 3 <= solution.upper_bound
    assert solution.verify().gap >= 0
    with pytest.raises(InfeasibleError) as refused:
        solve(fuelled(budgets={"fuel": Fraction(19, 10)}), method=method)
    assert refused.value.workable == {"fuel": close(2)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("beside", [0, 600])
def test_a_budgeted_step_of_no_time_into_the_target(method, beside):
    """A jump takes no time and 3 of fuel, a walk 2 and none: with 1 of fuel, 4/3; in copies, 4/3 for all but one."""
    graph = drawn(
        {
            "a": {
                "jump": (0, {GOAL: 1}, {"fuel": 3}),
                "walk": (2, {GOAL: 1}, {"fuel": 0}),
                "turn": (0, {"b": 1}, {"fuel": 0}),
            },
            "b": {"turn": (0, {"a": 1}, {"fuel": 0})},
        },
        "a",
    )
    graph = copied(graph, 1 + beside)
    graph.graph["budgets"] = {"fuel": 1}
    solution = solve(graph, method=method)
    assert solution.waiting_time == close(Fraction(4, 3) + 2 * beside)
    assert Fraction(solution.lower_bound) <= Fraction(4, 3) + 2 * beside
    assert solution.upper_bound - solution.lower_bound <= 1e-9 * solution.upper_bound
    assert solution.budgets["fuel"].price == close(Fraction(-2, 3))
    assert solution.budgets["fuel"].used == close(1)
    assert solution.verify().gap >= 0


def test_everything_takes_no_time():
    """Where nothing takes time, the time is 0 in bounds that say so, and the policy still arrives."""
    graph = drawn({"a": {"turn": (0, {"b": 1})}, "b": {"turn": (0, {"a": 1}), "out": (0, {GOAL: 1})}}, "a")
    solution = solve(graph)
    assert (solution.waiting_time, solution.upper_bound) == (0, pytest.approx(0, abs=1e-300))
    assert chosen(solution.policy, "b") == "out"
    assert solution.verify().gap >= 0
    with pytest.raises(ModelError, match="takes time"):
        deadline(graph, 1)


def test_a_rare_way_out_of_a_cycle_of_no_time():
    """A cycle that is left once in a million rounds takes no time either: 5 behind it, from everywhere."""
    rare = Fraction(1, 10**6)
    graph = drawn(
        {
            "a": {"turn": (0, {"b": 1}), "out": (7, {GOAL: 1})},
            "b": {"turn": (0, {"a": 1 - rare, "c": rare})},
            "c": {"out": (5, {GOAL: 1})},
        },
        "a",
    )
    solution = solve(graph)
    assert dict(solution.values) == dict.fromkeys("abc", close(5))
    assert Fraction(solution.lower_bound) <= 5 <= Fraction(solution.upper_bound)
    assert solution.visits["a"] == pytest.approx(1e6, rel=1e-9)
    assert deadline(graph, 5).probability == pytest.approx(1, rel=1e-12)
    assert solution.verify().gap >= 0


@pytest.mark.parametrize("method", ["auto", "columns"])
def test_least_gold_of_a_resource_gathering(method):
    """Whoever brings home 3 gold and 3 gems brings at least 3 gold home, and need not bring more; wherever he starts.

    Time counts the gold that comes home: nearly all steps take none.  The time to go is the gold that is still asked
    for, in each of about a thousand states, from which the policy arrives.
    """
    graph = gathering(3, 3, count="gold")
    solution = solve(graph, method=method)
    assert dict(solution.values) == {state: pytest.approx(state[-2], rel=1e-10, abs=1e-12) for state in solution.values}
    assert np.isfinite(solution.occupation).all()
    assert Fraction(solution.lower_bound) <= 3 <= Fraction(solution.upper_bound)
    assert solution.verify().gap >= 0
    reached = arriving(graph, solution.policy)
    assert reached == set(solution.values)


def test_least_gold_from_other_starts():
    """From other starts, the gold that is still asked for comes home, and the policy arrives."""
    graph = gathering(3, 3, count="gold")
    states = [node for node, data in graph.nodes(data=True) if data["kind"] == "state"]
    for start in sorted(states, key=str)[:: len(states) // 12]:
        graph.graph["start"] = start
        solution = solve(graph)
        assert solution.waiting_time == pytest.approx(start[-2], rel=1e-10, abs=1e-12)
        assert np.isfinite(solution.occupation).all()
        assert dict(solution.values) == {
            state: pytest.approx(state[-2], rel=1e-10, abs=1e-12) for state in solution.values
        }
        assert arriving(graph, solution.policy) == set(states)


def arriving(graph, policy):
    """The states from which a policy may reach the target, and cannot come anywhere else."""
    reached = {GOAL}
    after = {state: {t for one in several for t in graph.successors(one.action)} for state, several in policy.items()}
    while True:
        more = {state for state in after if state not in reached and after[state] & reached}
        if not more:
            return reached - {GOAL}
        reached |= more


def test_fewest_steps_of_a_resource_gathering():
    """Three of each take 349/9 steps: a fifth of the 1745/9 that are published for fifteen."""
    exact = Fraction(349, 9)
    solution = solve(gathering(3, 3, count="steps"))
    assert Fraction(solution.lower_bound) <= exact <= Fraction(solution.upper_bound)
    assert solution.upper_bound - solution.lower_bound <= 1e-9 * exact


def test_what_may_vary_where_time_stands_still():
    """The way out is taken once, whoever is fastest; to look around first is possible as often as one likes."""
    exact = ExactGraph.of(fuelled())
    assert exact.taken(("a", "out")) == (1, 1)
    found = variability(solve(fuelled()))["a"]
    assert found["a", "out"] == (close(1), close(1))
    assert found["a", "look"] == (0, math.inf)
