"""The oracle for state graphs itself: against every deterministic policy of tiny graphs, tried one by one."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

from exact_graphs import TARGET, ExactGraph
from graph_cases import drawn, fuelled, graphs
from hypothesis import given, settings
from oracle import gauss

tiny = settings(max_examples=60)


def policies(graph):
    """All deterministic stationary policies."""
    for deeds in itertools.product(*graph.choices.values()):
        yield dict(zip(graph.choices, deeds, strict=True))


def reaching(graph, policy):
    """The probability that a policy reaches the target, in every state."""
    return stopping(graph, policy, dict.fromkeys(graph.choices, Fraction(0)))


def stopping(graph, policy, worth):
    """What a policy collects, in every state: 1 at the target, ``worth`` where it does nothing (None)."""
    moves = {s: graph.choices[s][a] if a is not None else {} for s, a in policy.items()}
    ends = {s for s in moves if policy[s] is None or TARGET in moves[s]}
    while True:
        more = {s for s in moves if s not in ends and not ends.isdisjoint(moves[s])}
        if not more:
            break
        ends |= more
    order = sorted(ends, key=str)
    rows = [
        [
            *(Fraction(s == t) - moves[s].get(t, 0) for t in order),
            worth[s] if policy[s] is None else moves[s].get(TARGET, Fraction(0)),
        ]
        for s in order
    ]
    return dict.fromkeys(moves, Fraction(0)) | dict(zip(order, gauss(rows), strict=True))


def total(graph, policy, cost):
    """The expected total cost of a policy in every state, infinite where it may miss the target."""
    chance = reaching(graph, policy)
    order = [s for s in policy if chance[s] == 1]
    rows = [
        [*(Fraction(s == t) - graph.choices[s][policy[s]].get(t, 0) for t in order), cost[policy[s]]] for s in order
    ]
    return dict.fromkeys(policy, math.inf) | dict(zip(order, gauss(rows), strict=True))


@tiny
@given(graphs(most=4))
def test_least_cost_is_that_of_the_best_policy(graph):
    """In every state, for time and for fuel, the least cost is that of the best policy, infinite where none is sure."""
    exact = ExactGraph.of(graph, "fuel")
    for cost in exact.amounts.values():
        totals = [total(exact, policy, cost) for policy in policies(exact)]
        values, best = exact.least(cost)
        assert values == {s: min(found[s] for found in totals) for s in exact.choices}
        assert exact.expected({s: {a: Fraction(1)} for s, a in best.items()}, cost) == values


@tiny
@given(graphs(most=4))
def test_reach_is_that_of_the_best_policy(graph):
    """The greatest probability to reach the target is the greatest of all policies, and 1 where the target is sure."""
    exact = ExactGraph.of(graph)
    chances = [reaching(exact, policy) for policy in policies(exact)]
    found = exact.reach()
    assert found == {s: max(chance[s] for chance in chances) for s in exact.choices}
    assert exact.sure() == {s for s in found if found[s] == 1}


@tiny
@given(graphs(most=3))
def test_deadlines_are_those_of_the_best_policy(graph):
    """Within every window, the probability is the greatest of all policies, one chosen anew for every slot."""
    exact, windows = ExactGraph.of(graph), [Fraction(k, 2) for k in range(5)]
    time = exact.amounts["time"]
    tables = []
    for left in windows:
        options = {}
        for state, named in exact.choices.items():
            later = [
                m.get(TARGET, 0)
                + sum(p * tables[windows.index(left - time[a])][t] for t, p in m.items() if t != TARGET)
                for a, m in named.items()
                if 0 < time[a] <= left
            ]
            options[state] = max(later, default=Fraction(0))
        free = {s: [None, *(a for a in named if not time[a])] for s, named in exact.choices.items()}
        found = [
            stopping(exact, dict(zip(free, deeds, strict=True)), options) for deeds in itertools.product(*free.values())
        ]
        tables.append({s: max(table[s] for table in found) for s in free})
    assert exact.within(windows) == tables


@tiny
@given(graphs(most=4))
def test_frontier_is_the_hull_of_all_policies(graph):
    """The vertices of the frontier are those of the lower hull of what all policies take and use."""
    exact = ExactGraph.of(graph, "fuel")
    if exact.start not in exact.sure():
        return
    time, fuel = exact.amounts["time"], exact.amounts["fuel"]
    found = {
        (total(exact, policy, fuel)[exact.start], total(exact, policy, time)[exact.start])
        for policy in policies(exact)
        if reaching(exact, policy)[exact.start] == 1
    }
    assert exact.frontier("fuel") == hull(found)


def hull(points):
    """The vertices of the convex hull of points where neither number can shrink unless the other grows."""
    best = []
    for used, time in sorted(points):
        if best and time >= best[-1][1]:
            continue
        while len(best) > 1 and (best[-1][1] - best[-2][1]) * (used - best[-2][0]) >= (time - best[-2][1]) * (
            best[-1][0] - best[-2][0]
        ):
            best.pop()
        best.append((used, time))
    return best


@tiny
@given(graphs(most=3))
def test_actions_are_taken_as_often_as_fastest_policies_do(graph):
    """How often an action is taken, least and most, is what the fastest policies do, unless they may go round."""
    exact = ExactGraph.of(graph)
    if exact.start not in exact.sure():
        return
    time, start = exact.amounts["time"], exact.start
    least = exact.least(time)[0][start]
    fastest = [p for p in policies(exact) if total(exact, p, time)[start] == least]
    for deed in time:
        once = {a: Fraction(a == deed) for a in time}
        counts = [total(exact, policy, once)[start] for policy in fastest]
        low, high = exact.taken(deed)
        assert low == min(counts)
        assert high == max(counts) or high == math.inf


def test_by_hand():
    """Looking around takes no time and leads nowhere: the way out takes 3, and 2 of fuel, from everywhere."""
    exact = ExactGraph.of(fuelled(), "fuel")
    assert set(exact.least(exact.amounts["time"])[0].values()) == {3}
    assert exact.frontier("fuel") == [(2, 3)]
    assert [table["a"] for table in exact.within([Fraction(k) for k in range(6)])] == [0, 0, 0, 1, 1, 1]
    assert exact.clocked(Fraction(2)).frontier("late") == [(1, 3)]
    assert exact.taken(("a", "out")) == (1, 1)
    assert exact.taken(("a", "look")) == (0, math.inf)


def test_a_clock_changes_no_time():
    """With a clock the least time is the same, and who has no time left is late."""
    graph = drawn({"a": {"quick": (1, {"goal": Fraction(1, 2), "a": Fraction(1, 2)}), "safe": (3, {"goal": 1})}}, "a")
    exact = ExactGraph.of(graph)
    assert exact.clocked(Fraction(2)).frontier("late") == [(Fraction(1, 4), 2)]
    assert exact.clocked(Fraction(3)).frontier("late") == [(0, 3), (Fraction(1, 8), 2)]
