"""Every door for state graphs: what works has the right value, and what cannot work says so in one sentence."""

from __future__ import annotations

import json
import math
import pickle
from fractions import Fraction

import networkx as nx
import pytest

from lpdistill import (
    Budget,
    Decision,
    ImproperPolicyError,
    ModelError,
    Policy,
    Problem,
    Resource,
    Visits,
    baseline,
    compare,
    deadline,
    deadline_frontier,
    differences,
    distribution,
    forbid,
    frontier,
    history,
    increments,
    least_time_within,
    neighbours,
    read_policy,
    regret_curve,
    robust,
    sensitivity,
    simulate,
    smallest_window,
    solve,
    validity,
    variability,
    write_policy,
)
from symbolic import certify

HERE, THERE = frozenset({"here", "now"}), Fraction(1, 3)
WALK, RIDE, ON = (HERE, "walk"), (HERE, "ride"), Fraction(2, 7)
PROBLEM = Problem("1/2", 3, "3/4", "79/100")


def road(**attributes):
    """To walk halves the way with 1/2, and then leads home with 9/10; to ride is sure and takes 3.

    By hand: walking takes ``T = 2 + S`` with ``S = 1/2 + T/10``, so ``T = 25/9`` and ``S = 7/9``, in ``V = 20/9`` steps
    here and ``10/9`` there, which use ``V + 2 V / 2 = 40/9`` of energy; a ride uses none.
    """
    graph = nx.DiGraph(start=HERE, **attributes)
    graph.add_node(HERE, kind="state", height=math.inf)
    graph.add_node(THERE, kind="state", height=0)
    graph.add_node(("the", "end"), kind="target")
    steps = ((HERE, WALK, 1, {THERE: 0.5, HERE: 0.5}, 1), (HERE, RIDE, 3, {("the", "end"): 1}, 0))
    steps += ((THERE, ON, Fraction(1, 2), {("the", "end"): 0.9, HERE: 0.1}, 2),)
    for state, action, time, outcomes, energy in steps:
        graph.add_node(action, kind="action", time=time, energy=energy, reward=-energy, speed=math.inf)
        graph.add_edge(state, action)
        graph.add_edges_from((action, after, {"probability": chance}) for after, chance in outcomes.items())
    return graph


def document(found):
    """The JSON document of a result, read by a reader that knows no infinite numbers."""
    return json.loads(found.to_json(), parse_constant=pytest.fail)


def test_a_solution_on_any_nodes_is_a_document():
    """Sets, fractions and tuples as nodes, and infinite numbers as attributes, make plain JSON."""
    entries = document(solve(road()))["policy"]
    assert [entry["counts"] for entry in entries] == [["here", "now"], "1/3"]
    assert entries[0]["actions"] == [{"action": [["here", "now"], "walk"], "probability": 1.0}]
    assert entries[0]["value"] == pytest.approx(25 / 9, rel=1e-13)


@pytest.mark.parametrize(
    "found",
    [
        lambda: deadline(road(), 5),
        lambda: smallest_window(road(), "9/10"),
        lambda: deadline_frontier(road(), 5),
        lambda: least_time_within(road(), 5, "95/100"),
        lambda: frontier(road(), "energy"),
        lambda: variability(solve(road()), "1/2"),
        lambda: compare(road(), {"ride": {HERE: RIDE}}),
        lambda: distribution(solve(road()).policy),
        lambda: solve(road()).explain(HERE),
    ],
    ids=[
        "deadline",
        "smallest_window",
        "deadline_frontier",
        "least_time_within",
        "frontier",
        "variability",
        "compare",
        "distribution",
        "explain",
    ],
)
def test_every_answer_about_a_graph_is_a_document_and_prints(found):
    """What can be asked of a graph is JSON without infinite numbers, and has a short text."""
    answer = found()
    assert document(answer)
    assert len(repr(answer).splitlines()) <= 13


def test_tables_call_nodes_what_files_call_them():
    """Texts name nodes as files do: sets in order, so that they are the same in every run."""
    assert repr(solve(road()).explain(HERE)).startswith("{'here', 'now'}: expected time to go 2.777778")
    assert "({'here', 'now'}, 'ride')" in repr(deadline(road(), 5))


def test_a_solution_of_a_graph_is_pickled():
    """A solution of a graph comes back from pickle with its numbers."""
    solution = solve(road())
    assert pickle.loads(pickle.dumps(solution)).waiting_time == solution.waiting_time  # noqa: S301


def test_policies_of_ones_own_are_evaluated():
    """To ride takes 3, to walk 25/9; to randomise between them obeys ``T = 3/2 + (1 + (T + S) / 2) / 2``."""
    ride = Policy.of(road(), {HERE: RIDE})
    walk = Policy.of(road(), lambda state: WALK if state == HERE else ON)
    lots = Policy.of(road(), {HERE: [Decision(RIDE, 0.5), Decision(WALK, 0.5)], THERE: ON})
    assert ride.waiting_time == 3
    assert walk.waiting_time == pytest.approx(25 / 9, rel=1e-13)
    assert walk.expected.energy == pytest.approx(40 / 9, rel=1e-13)
    # T = 2 + T/4 + S/4 with S = 1/2 + T/10.
    assert lots.waiting_time == pytest.approx((2 + 1 / 8) / (1 - 1 / 4 - 1 / 40), rel=1e-13)
    assert lots.randomised == (HERE,)


def test_the_graph_of_a_problem_takes_the_policies_of_the_problem():
    """A policy of the problem, its actions written as action nodes, takes as long on the graph."""
    policy = baseline(PROBLEM, "greedy")
    chosen = {key: (key, decisions[0].action) for key, decisions in policy.items()}
    assert Policy.of(PROBLEM.graph(), chosen).waiting_time == pytest.approx(policy.waiting_time, rel=1e-12)


WRONG_POLICIES = {
    "an action of another state": ({HERE: ON}, "action node"),
    "no action": ({HERE: "fly"}, "action node"),
    "a list": ({HERE: [WALK]}, "action node"),
    "no such state": ({"nowhere": WALK}, "no state node"),
    "nothing about the start": ({THERE: ON}, "says nothing"),
    "nothing about a state that runs enter": ({HERE: WALK}, "says nothing"),
    "probabilities that do not sum to 1": ({HERE: [Decision(RIDE, 0.5)]}, "sum to 1"),
}


@pytest.mark.parametrize(("choose", "named"), WRONG_POLICIES.values(), ids=WRONG_POLICIES)
def test_a_wrong_policy_has_one_clear_error(choose, named):
    """What a graph cannot do is refused with what is wrong."""
    with pytest.raises(ModelError, match=named):
        Policy.of(road(), choose)


def test_policies_that_never_arrive_are_named():
    """A circle is a deadlock that can be accepted; a state without actions is named, and what to do about it."""
    graph = road()
    graph.add_node("wait", kind="action", time=1, energy=0, reward=0, speed=0)
    graph.add_edge(HERE, "wait")
    graph.add_edge("wait", HERE, probability=1)
    with pytest.raises(ImproperPolicyError) as caught:
        Policy.of(graph, {HERE: "wait"})
    assert caught.value.deadlock == (HERE,)
    stuck = Policy.of(graph, {HERE: "wait"}, improper=True)
    assert (stuck.waiting_time, stuck.deadlock) == (math.inf, (HERE,))
    assert document(compare(graph, {"wait": stuck}))["policies"]["wait"]["deadlock"] == [["here", "now"]]
    graph.remove_node(ON)
    with pytest.raises(ImproperPolicyError, match="no action") as caught:
        Policy.of(graph, {HERE: WALK}, improper=True)
    assert caught.value.deadlock == (THERE,)


def test_policies_of_a_graph_are_compared():
    """The optimum saves (3 - 25/9) / 3 = 2/27 of a ride, nothing of itself, whatever form the policies have."""
    walk = {HERE: WALK, THERE: ON}
    found = compare(road(), {"ride": Policy.of(road(), {HERE: RIDE}), "walk": walk, "again": walk.__getitem__})
    assert found.advantage("ride") == pytest.approx(2 / 27, rel=1e-12)
    assert found.advantage("walk") == found.advantage("again") == pytest.approx(0, abs=1e-12)
    assert list(compare(road()).policies) == ["optimal"]
    assert "last" not in repr(found)


@pytest.mark.parametrize(
    "resource",
    [
        Resource("generation_attempts", lambda step: 2 * step.generate),
        Resource("energy", lambda step: step.generate + 5 * len(step.distil)),
        Visits([(2, 0), (1, 1)]),
    ],
    ids=lambda resource: resource.name,
)
def test_resources_of_ones_own_count_the_same_on_the_graph_of_a_problem(resource):
    """A resource is what its function says, on a problem and on its graph, also under the name of another number."""
    graph, problem = PROBLEM.graph(), PROBLEM
    for node, data in graph.nodes(data=True):
        if data["kind"] == "action":
            graph.nodes[node].update(energy=1000.0)
    one, other = frontier(problem, resource), frontier(graph, resource)
    assert [point.used for point in one.points] == pytest.approx([point.used for point in other.points], rel=1e-9)
    assert [p.waiting_time for p in one.points] == pytest.approx([p.waiting_time for p in other.points], rel=1e-9)
    limit = (one.points[0].used + one.points[-1].used) / 2
    limited = solve(problem.with_constraints(Budget(resource, limit)))
    assert solve(graph, least=resource).policy.plan.used(resource) == pytest.approx(one.points[-1].used, rel=1e-9)
    assert limited.budgets[resource.name].used == pytest.approx(limit, rel=1e-6)


def test_resources_that_a_graph_cannot_have_are_refused():
    """A function of a step, or visits of configurations, mean nothing where nodes carry no configurations."""
    with pytest.raises(ModelError, match="counts"):
        frontier(road(), Resource("energy", lambda step: step.generate))
    with pytest.raises(ModelError, match="no state node"):
        solve(road(), least=Visits([(2, 1)]))
    with pytest.raises(ModelError, match="energy, reward"):
        solve(road(), least="steps")


def test_numbers_that_no_budget_names_may_be_negative_or_infinite():
    """Rewards below 0 are added up as they are; infinite numbers are no resource; neither can be limited."""
    solution = solve(road())
    assert solution.expected.to_dict() == pytest.approx({"energy": 40 / 9, "reward": -40 / 9}, rel=1e-13)
    for name in ("reward", "speed"):
        with pytest.raises(ModelError, match=name):
            solve(road(budgets={name: 1}))
        with pytest.raises(ModelError, match=name):
            solve(road(), least=name)
        with pytest.raises(ModelError, match=name):
            frontier(road(), name)


def test_a_budget_beside_negative_numbers_is_kept():
    """At 1 of energy instead of 40/9 a run walks now and then: time is linear between 25/9 and 3."""
    found = solve(road(budgets={"energy": 1}))
    assert found.waiting_time == pytest.approx(3 - 9 / 40 * (3 - 25 / 9), rel=1e-12)


REFUSED = {
    "sensitivity": (sensitivity, "parameters"),
    "regret_curve": (lambda s: regret_curve(s, "p"), "parameters"),
    "validity": (validity, "problem"),
    "robust": (lambda s: robust(s.problem, p=("1/2", "3/4")), "parameters"),
    "increments": (increments, "memories"),
    "neighbours": (lambda s: neighbours(s, "energy"), "problem"),
    "forbid": (lambda s: forbid(s, HERE, WALK), "removing its node"),
    "differences": (lambda s: differences(s.policy, s.policy), "problem"),
    "simulate": (lambda s: simulate(s.policy, 10), "memories"),
    "simulate a deadline": (lambda s: simulate(deadline(s.problem, 5).policy, 10, horizon=9), "memories"),
    "history": (lambda s: history(s.policy), "memories"),
    "baseline": (lambda s: baseline(s.problem, "greedy"), "memories"),
    "compare with a baseline": (lambda s: compare(s.problem, ["greedy"]), "memories"),
    "plot": (lambda s: s.policy.plot(), "memories"),
    "write_policy": (lambda s: write_policy(s.policy, "policy.json"), "counts"),
    "read_policy": (lambda s: read_policy(s.problem, "policy.json"), "memories"),
    "certify": (certify, "exact"),
}


@pytest.mark.parametrize(("asked", "named"), REFUSED.values(), ids=REFUSED)
def test_what_means_nothing_on_a_graph_is_one_sentence(asked, named):
    """What needs memories or parameters says so, in one line without the address of an object."""
    with pytest.raises(ModelError, match=named) as caught:
        asked(solve(road()))
    assert "\n" not in str(caught.value)
    assert " at 0x" not in str(caught.value)


def test_variability_of_a_graph():
    """Within the optimum a ride is never taken and walking always 20/9 times; with a slack of 8 % both may vary."""
    solution = solve(road())
    rows = {row.action: (row.least, row.greatest) for row in variability(solution).rows}
    assert rows[RIDE] == (0, 0)
    assert rows[WALK] == pytest.approx((20 / 9, 20 / 9), rel=1e-9)
    slack = {row.action: (row.least, row.greatest) for row in variability(solution, "8/100").rows}
    assert slack[WALK] == pytest.approx((0, 20 / 9), rel=1e-9, abs=1e-9)
    assert slack[RIDE] == pytest.approx((0, 1), rel=1e-9, abs=1e-9)
