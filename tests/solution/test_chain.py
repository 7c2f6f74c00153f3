"""The chain that a policy induces: its matrix against enumerated steps, its states, and its graph."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import oracle
import pytest
from cases import SMALL, dynamics_of, labels, solved
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import Budget, ModelError, Policy, Problem, baseline, solve
from lpdistill.program.plan import Plan

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)


@st.composite
def randomised(draw):
    """A policy that randomises between two actions wherever there are two, waiting among them."""
    problem = draw(st.sampled_from([SMALL[name] for name in ("two memories, two rounds", "three memories")]))
    dynamics = dynamics_of(problem, "all")
    columns = [
        draw(st.lists(st.sampled_from(dynamics.numbering.of_configuration(rank).tolist()), min_size=1, max_size=2))
        for rank in range(dynamics.size)
    ]
    taken = [sorted(set(some)) for some in columns]
    weights = [weight for some in taken for weight in ([1.0] if len(some) == 1 else [0.25, 0.75])]
    return problem, dynamics, np.concatenate(taken), np.array(weights)


@settings(max_examples=30, deadline=None)
@given(randomised())
def test_the_matrix_is_that_of_enumerated_steps(drawn):
    """Moves, target and duration of every state are those of its steps, each a product of coins, weighted."""
    problem, dynamics, columns, weights = drawn
    chain = Policy(Plan.improper(dynamics.choose(columns), weights)).to_chain(everywhere=True)
    steps = oracle.counted(oracle.Hardware.of(problem)).steps
    index = {state: i for i, state in enumerate(chain.states)}
    matrix, duration = np.zeros((chain.size, chain.size + 1)), np.zeros(chain.size)
    for (state, name), weight in zip(labels(dynamics, columns), weights.tolist(), strict=True):
        step = steps[state][name]
        duration[index[state]] += weight * float(step.cost)
        for after, probability in step.moves.items():
            matrix[index[state], index.get(after, -1)] += weight * float(probability)
    found = np.column_stack([chain.matrix.toarray(), chain.reaching])
    assert found == pytest.approx(matrix, rel=1e-13, abs=0)
    assert chain.durations == pytest.approx(duration, rel=1e-13)


@every_problem
def test_rows_sum_to_one(problem):
    """With the target, the probabilities of every row sum to 1."""
    chain = solved(problem).policy.to_chain(everywhere=True)
    assert chain.matrix.sum(axis=1) + chain.reaching == pytest.approx(np.ones(chain.size), rel=0, abs=1e-14)
    assert chain.size == solved(problem).process.size


@every_problem
def test_the_states_are_those_that_runs_enter(problem):
    """Without more being asked for, the states are those with visits, the start first."""
    policy = solved(problem).policy
    chain = policy.to_chain()
    assert chain.ranks.tolist() == np.flatnonzero(policy.plan.visits).tolist()
    assert chain.states[0] == policy.process.names.key(0)


@every_problem
def test_the_chain_takes_the_expected_time(problem):
    """Expected visits of the chain, times durations, are the waiting time of the policy."""
    policy = solved(problem).policy
    chain = policy.to_chain()
    if problem.p < Fraction(1, 1000):
        visits = policy.plan.visits[chain.ranks]  # 1 - P loses what the policy's own equations keep
    else:
        visits = np.linalg.solve(np.eye(chain.size) - chain.matrix.toarray().T, np.eye(chain.size)[0])
    time = float(visits @ chain.durations) - float(policy.process.durations.uncharged)
    assert time == pytest.approx(policy.waiting_time, rel=1e-12)


def test_steps_are_kept_apart_by_duration():
    """A policy that mixes generation and distillation in one configuration has both durations there."""
    problem = Problem("1/2", 4, "9/10", "94/100").with_constraints(Budget("generation_attempts", "10.5"))
    policy = solve(problem).policy
    chain = policy.to_chain()
    mixed = [chain.states.index(key) for key in policy.randomised if key in chain.states]
    assert [steps.time for steps in chain.steps] == [1, 2]
    assert sum(steps.matrix for steps in chain.steps).toarray() == pytest.approx(chain.matrix.toarray(), abs=1e-15)
    shares = np.array([steps.probability for steps in chain.steps])
    assert shares.sum(axis=0) == pytest.approx(np.ones(chain.size), rel=1e-14)
    for key, place in zip(policy.randomised, mixed, strict=True):
        busy = sum(decision.probability for decision in policy[key] if decision.action.distil)
        assert shares[1, place] == pytest.approx(busy, rel=1e-12)


@pytest.mark.parametrize(("p", "memories"), [("0.999", 4), ("0.99", 8)])
def test_staying_keeps_its_digits(p, memories):
    """The probability that no attempt succeeds has all its digits, though it is nothing beside 1."""
    chain = solve(Problem(p, memories, "3/4", "7/10")).policy.to_chain()
    assert chain.matrix.toarray() == pytest.approx(float((1 - Fraction(p)) ** memories), rel=1e-12, abs=0)


def test_an_improper_policy_has_a_chain():
    """Where a policy waits for ever, the chain stays with probability 1."""
    chain = baseline(Problem("1/2", 2, "3/4", "79/100"), "nested").to_chain()
    trap = chain.states.index((1, 1))
    assert chain.matrix.toarray()[trap].tolist() == np.eye(chain.size)[trap].tolist()
    assert not chain.reaching.any()


def test_a_state_graph_keeps_its_nodes():
    """The chain of a state graph names its nodes, and has the matrix of its problem."""
    problem = SMALL["four memories"]
    ours, graphs = solved(problem).policy.to_chain(), solve(problem.graph()).policy.to_chain()
    assert graphs.states == ours.states
    assert graphs.matrix.toarray() == pytest.approx(ours.matrix.toarray(), rel=1e-13)


def test_the_graph_is_the_chain():
    """Nodes are states and the target, edges their probabilities; networkx finds the target from everywhere."""
    chain = solved(SMALL["four memories, three levels"]).policy.to_chain()
    graph = chain.to_graph()
    assert set(graph) == {*chain.states, "target"}
    assert graph.graph["start"] == (0, 0, 0)
    assert nx.ancestors(graph, "target") == set(chain.states)
    weights = nx.to_scipy_sparse_array(graph, nodelist=chain.states, weight="probability")
    assert abs(weights - chain.matrix).max() == 0
    for state, reaching, duration in zip(chain.states, chain.reaching, chain.durations, strict=True):
        assert graph.nodes[state] == {"kind": "state", "duration": duration}
        assert graph.get_edge_data(state, "target", {"probability": 0})["probability"] == reaching


def test_a_state_named_target_is_refused():
    """The graph of a chain cannot have two nodes of one name."""
    graph = nx.DiGraph(start="target")
    graph.add_node("target", kind="state")
    graph.add_node("act", kind="action", time=1)
    graph.add_node("end", kind="target")
    graph.add_edge("target", "act")
    graph.add_edge("act", "end", probability=1.0)
    with pytest.raises(ModelError, match="rename"):
        solve(graph).policy.to_chain().to_graph()


def test_a_chain_is_a_line():
    """The representation counts states and moves."""
    shown = repr(baseline(Problem("1/2", 2, "3/4", "31/40"), "nested").to_chain())
    assert shown == "Chain: 3 states, 7 moves; steps take 1 or 2"
