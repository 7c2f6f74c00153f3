"""Breaking ties: among the fastest policies, the one that uses least."""

from fractions import Fraction

import networkx as nx
import pytest
from constrained_cases import hardware, ruled, structural
from constrained_oracle import STANDARD, course, draws_of, everything, filtered, least, living, occupation, standard
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import TARGET, Hardware

from lpdistill import Budget, Problem, Resource, solve


def fastest_only(chain):
    """The chain with the actions that some fastest policy takes: those whose action value is the least, by numpy."""
    values = least(chain)

    def kept(state, deed):
        step = chain.steps[state][deed]
        worth = float(step.cost) + sum(float(q) * values[after] for after, q in step.moves.items() if after != TARGET)
        return worth <= values[state] + 1e-9 * (1 + abs(values[state]))

    return living(filtered(chain, kept))


@settings(max_examples=40)
@given(hardware(discarding=False), st.sampled_from(STANDARD))
def test_least_use_among_the_fastest(problem, name):
    """The time is the optimum, and the use the least of any fastest policy, by policy iteration on those alone."""
    solution, free = solve(problem, least=name), solve(problem)
    total = free.waiting_time + float(problem.uncharged_time)
    assert abs(solution.waiting_time - free.waiting_time) <= 1e-12 * total
    parameters = Hardware.of(problem)
    chain, use = living(everything(parameters)), standard(parameters, name)
    fastest = fastest_only(chain)
    wanted = least(fastest, lambda counts, deed: float(use(counts, deed)))[chain.start]
    assert solution.expected[name] == pytest.approx(wanted, rel=1e-8, abs=1e-10)
    assert float(course(chain, draws_of(solution)).used(use)) == pytest.approx(wanted, rel=1e-8, abs=1e-10)


@settings(max_examples=30)
@given(hardware(most_memories=3, discarding=False), st.sampled_from(STANDARD))
def test_least_use_at_the_optimal_time(problem, name):
    """With the time fixed at the optimum, scipy finds no policy that uses less."""
    solution = solve(problem, least=name)
    parameters = Hardware.of(problem)
    chain, use = living(everything(parameters)), standard(parameters, name)
    time = solution.waiting_time + float(problem.uncharged_time)
    found = occupation(
        chain, ((lambda counts, deed: chain.steps[counts][deed].cost, Fraction(time * (1 + 1e-11)), None),), use
    )
    assert solution.expected[name] <= found.objective * (1 + 1e-6) + 1e-9
    assert solution.expected[name] >= found.objective * (1 - 1e-6) - 1e-9


@settings(max_examples=20)
@given(hardware(most_memories=4, discarding=False), st.data())
def test_ties_under_rules(problem, data):
    """Under a rule too, the least use is that of the fastest policies of the filtered model."""
    case = ruled(problem, [data.draw(structural(problem.memories))])
    if case.chain is None:
        return
    solution = solve(case.problem, least="generation_attempts")
    use = standard(case.hardware, "generation_attempts")
    wanted = least(fastest_only(case.chain), lambda counts, deed: float(use(counts, deed)))[case.chain.start]
    assert solution.waiting_time == pytest.approx(solve(case.problem).waiting_time, rel=1e-12, abs=1e-12)
    assert solution.expected.generation_attempts == pytest.approx(wanted, rel=1e-8)


TIED = Problem(1, 3, "3/4", "31/40")
"""Generation is certain and one round enough: every round starts with it, so a third attempt gains nothing."""


@pytest.mark.parametrize("method", ["auto", "columns", "simplex", "ipm"])
def test_attempts_that_gain_nothing_are_saved(method):
    """However the program is solved, two attempts a round are enough, and the tie-break makes no more."""
    solution = solve(TIED, least="generation_attempts", method=method)
    assert solution.expected.generation_attempts == pytest.approx(2 * solution.expected.distillations, rel=1e-12)
    assert solve(TIED).expected.generation_attempts > 2.1 * solution.expected.distillations


def test_ties_are_broken_by_a_users_resource():
    """A resource of the user's breaks ties too."""
    waste = Resource("waste", lambda step: step.generate**2)
    parameters = Hardware.of(TIED)
    chain = living(everything(parameters))
    wanted = least(fastest_only(chain), lambda _, deed: float(deed[1] ** 2))[chain.start]
    used = course(chain, draws_of(solve(TIED, least=waste))).used(lambda _, deed: Fraction(deed[1] ** 2))
    assert float(used) == pytest.approx(wanted, rel=1e-9)


def test_ties_are_broken_within_budgets():
    """Within a budget, the tie-break costs no time."""
    problem = Problem("1/2", 3, "3/4", "79/100").with_constraints(Budget("memory_time", "16.4"))
    chosen = solve(problem, least="generation_attempts")
    assert chosen.waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-11)
    assert chosen.budgets["memory_time"].used <= 16.4 * (1 + 1e-11)
    parameters = Hardware.of(problem)
    chain = living(everything(parameters))
    found = occupation(
        chain,
        (
            (standard(parameters, "memory_time"), Fraction("16.4"), None),
            (lambda c, d: chain.steps[c][d].cost, Fraction(chosen.waiting_time * (1 + 1e-11)), None),
        ),
        standard(parameters, "generation_attempts"),
    )
    assert chosen.expected.generation_attempts == pytest.approx(found.objective, rel=1e-6)


def test_ties_in_a_graph():
    """Of two roads of the same length, the cheaper."""
    graph = nx.DiGraph(start="a")
    graph.add_node("a", kind="state")
    graph.add_node("goal", kind="target")
    for name, toll in (("dear", 5), ("cheap", 1)):
        graph.add_node(name, kind="action", time=2, toll=toll)
        graph.add_edge("a", name)
        graph.add_edge(name, "goal", probability=1)
    solution = solve(graph, least="toll")
    assert (solution.waiting_time, solution.expected.toll) == (2, 1)


def test_no_tie_no_change():
    """Where the fastest policy is unique, the tie-break changes nothing."""
    problem = Problem("1/2", 2, "3/4", "31/40")
    assert solve(problem, least="distillations").waiting_time == solve(problem).waiting_time
    assert solve(problem, least="distillations").expected.distillations == pytest.approx(
        solve(problem).expected.distillations, rel=1e-12
    )
