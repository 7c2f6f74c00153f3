"""Verification finds every claim that is not true, of problems within budgets and of state graphs."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from lpdistill import Budget, NotCertifiedError, Problem, solve

THREE = Problem("1/2", 3, "3/4", "79/100")
MOST = Budget("generation_attempts", 11)
LEAST = Budget("generation_attempts", least=12)


def refused(solution, claim):
    """Check that a solution does not verify, for the reason given."""
    with pytest.raises(NotCertifiedError, match=f"does not verify: {claim}"):
        solution.verify()


@pytest.mark.parametrize("budget", [MOST, LEAST], ids=["most", "least"])
def test_a_budget_that_is_not_kept(budget):
    """The fastest policy of all, which exceeds the limit and owns up to it, is no solution within it."""
    found, free = solve(THREE.with_constraints(budget)), solve(THREE, attempts="all")
    (use,) = found.uses
    used = free.plan.used(budget.resource)
    assert (used > 11) if budget.most else (used < 12)
    refused(replace(found, plan=free.plan, uses=(replace(use, used=used),)), "a budget is not kept")


@pytest.mark.parametrize("share", [1.1e-9, 1e-8, 1e-3])
def test_a_limit_is_kept_to_a_billionth(share):
    """A use above the limit by more than a billionth of it is too much, whatever the policy uses."""
    found = solve(THREE.with_constraints(MOST))
    (use,) = found.uses
    refused(replace(found, uses=(replace(use, used=use.used * (1 + share)),)), "(uses are not|a budget is not)")


def test_a_use_that_is_not_the_policys():
    """Less use than the policy makes is not its use."""
    found = solve(THREE.with_constraints(MOST))
    (use,) = found.uses
    refused(replace(found, uses=(replace(use, used=use.used * 0.99),)), "uses are not the policy's")


def test_another_budget():
    """A solution within one budget is none within another."""
    found = solve(THREE.with_constraints(MOST))
    other = Budget("generation_attempts", 12)
    refused(replace(found, problem=THREE.with_constraints(other)), "its budgets are not those of the problem")
    refused(replace(found, problem=THREE), "its budgets are not those of the problem")


@pytest.mark.parametrize("factor", [0.99, 1.01, -1.0])
def test_a_price_that_is_not_that_of_the_proof(factor):
    """A price is what its budget's use is charged in the proof."""
    found = solve(THREE.with_constraints(MOST))
    (use,) = found.uses
    refused(replace(found, uses=(replace(use, price=use.price * factor),)), "the prices of budgets")


def test_a_bound_above_what_is_proved():
    """A bound within budgets that is higher than the prices prove is none, be it by a rounding."""
    found = solve(THREE.with_constraints(MOST))
    refused(replace(found, bound=float(np.nextafter(found.bound, np.inf))), "the lower bound is not feasible")


def test_a_last_step_that_is_charged_otherwise():
    """The solution with a free last step is none where it is charged."""
    free = THREE.replace(final_step="free")
    refused(replace(solve(free), problem=THREE), "its last step is charged otherwise")


def ring(exit_time=3.0, states=4):
    """A state graph: a ring of states, each with a step onwards and a way out."""
    graph = nx.DiGraph(start=0)
    graph.add_node("end", kind="target")
    for k in range(states):
        graph.add_node(k, kind="state")
        for name, time, to in ((f"on {k}", 1.0, (k + 1) % states), (f"out {k}", exit_time + k, "end")):
            graph.add_node(name, kind="action", time=time, fuel=1.0)
            graph.add_edge(k, name)
            graph.add_edge(name, to, probability=0.5)
            graph.add_edge(name, k if to == "end" else "end", probability=0.5)
    return graph


def test_a_solution_of_a_graph_verifies():
    """The graph is read anew, and everything holds."""
    found = solve(ring())
    assert found.verify().gap == found.upper_bound - found.lower_bound


def test_a_graph_that_has_changed_since():
    """A solution does not verify once the graph has other times, probabilities or actions."""
    for change in (
        lambda graph: graph.nodes["on 0"].update(time=1.5),
        lambda graph: graph.nodes["on 0"].update(time=0.5),
        lambda graph: (
            graph.edges["on 0", "end"].update(probability=0.6),
            graph.edges["on 0", 1].update(probability=0.4),
        ),
        lambda graph: graph.remove_node("on 3"),
    ):
        graph = ring()
        found = solve(graph)
        change(graph)
        with pytest.raises(NotCertifiedError, match="does not verify"):
            found.verify()


def test_a_cheaper_way_is_found():
    """A new action that is worth taking leaves the old bound unproved."""
    graph = ring()
    found = solve(graph)
    graph.nodes["out 0"]["time"] = 0.01
    refused(found, ".*")


@pytest.mark.parametrize("names", [("lower",), ("values",), ("upper",)])
def test_bounds_of_a_graph_that_are_wrong(names):
    """Bounds and values of a graph's solution are recomputed like those of a problem."""
    found = solve(ring())
    changed = {name: getattr(found.dual, name) * (1.001 if name == "lower" else 0.999) for name in names}
    with pytest.raises(NotCertifiedError, match="does not verify"):
        replace(found, dual=replace(found.dual, **changed)).verify()


def test_a_graph_within_a_budget():
    """A graph's budgets are read anew too, and a policy that exceeds one is found."""
    graph = ring(exit_time=1.0)
    graph.graph["budgets"] = {"fuel": solve(ring(exit_time=1.0)).plan.used(solve(ring()).process.resources["fuel"])}
    found = solve(graph)
    assert found.verify().gap >= 0
    graph.graph["budgets"] = {"fuel": 100}
    refused(found, "its budgets are not those of the problem")
