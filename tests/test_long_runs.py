"""State graphs whose runs are long: right values within tight bounds, from closed forms and other routes."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from exact_graphs import ExactGraph
from graph_cases import GOAL, beside, consensus, drawn, heralded, king_walk, line, two_ladders, walk
from scipy import sparse
from scipy.sparse.linalg import splu

from lpdistill import NotCertifiedError, deadline, distribution, frontier, solve, variability

RARE = [Fraction(1, 10**k) for k in range(1, 7)]
METHODS = ["auto", "simplex", "columns"]


def proved(solution, value):
    """The value lies within bounds that are together to nine digits, and everything holds when it is checked again."""
    value = Fraction(value)
    assert Fraction(solution.lower_bound) <= value <= Fraction(solution.upper_bound)
    assert solution.upper_bound - solution.lower_bound <= 1e-9 * value
    assert solution.waiting_time == pytest.approx(float(value), rel=1e-10)
    assert solution.status == "optimal"
    assert solution.verify().gap >= 0


def close(value):
    """A number to ten digits."""
    return pytest.approx(float(value), rel=1e-10)


def least_times(graph):
    """Least expected times by a third route: sweeps over all states, then policies, each by a sparse factorisation."""
    states = [node for node, data in graph.nodes(data=True) if data["kind"] == "state"]
    rank = {state: i for i, state in enumerate(states)}
    deeds = [deed for state in states for deed in graph.successors(state)]
    moves = sparse.lil_array((len(deeds), len(states)))
    for row, deed in enumerate(deeds):
        for after, edge in graph.adj[deed].items():
            if after in rank:
                moves[row, rank[after]] = float(edge["probability"])
    moves, cost = moves.tocsr(), np.array([float(graph.nodes[deed]["time"]) for deed in deeds])
    first = np.cumsum([0, *(graph.out_degree(state) for state in states)])
    values = np.zeros(len(states))
    for _ in range(300):
        values = np.minimum.reduceat(cost + moves @ values, first[:-1])
    while True:
        worth = cost + moves @ values
        policy = [a + int(np.argmin(worth[a:b])) for a, b in itertools.pairwise(first.tolist())]
        factors = splu(sparse.eye_array(len(states), format="csc") - moves[policy].tocsc())
        before, values = values, factors.solve(cost[policy])
        if np.allclose(values, before, rtol=1e-13, atol=0):
            return dict(zip(states, values.tolist(), strict=True))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("p", RARE, ids=str)
def test_rare_heralds(p, method):
    """Attempts that are heralded as good with probability p take 3/(2p), however small that is."""
    solution = solve(heralded(p), method=method)
    proved(solution, Fraction(3, 2) / p)
    assert solution.values["herald"] == close(Fraction(3, 2) / p - 1)
    assert solution.occupation.tolist() == [close(1 / p), close(1 / p)]


@pytest.mark.parametrize("p", [1e-3, 1e-4, 1e-5, 1e-6])
def test_rare_heralds_in_floating_point(p):
    """The same with probabilities as floats, of which that of failure is rounded."""
    solution = solve(heralded(p))
    assert solution.waiting_time == pytest.approx(1.5 / p, rel=1e-9)
    assert solution.upper_bound - solution.lower_bound <= 1e-9 * solution.waiting_time
    assert solution.verify().gap >= 0


@pytest.mark.parametrize("size", [50, 200, 999, 1500])
def test_random_walks(size):
    """A fair walk reflected at 0 takes ``size ** 2`` steps, and from k on ``size ** 2 - k ** 2``: 40000 for 200."""
    solution = solve(walk(size))
    proved(solution, size**2)
    assert solution.values[size // 2] == close(size**2 - (size // 2) ** 2)
    assert solution.values[size - 1] == close(2 * size - 1)


UNSEEN = {
    "rare heralds": heralded(Fraction(1, 10**6)),
    "a walk of 300": walk(300),
    "a walk of 1500": walk(1500),
    "ladders of 40": two_ladders(40),
}


@pytest.mark.parametrize("unseen", UNSEEN.values(), ids=UNSEEN)
def test_long_runs_that_no_run_comes_to(unseen):
    """Ten sure steps take 10, whatever lies beside them in unreachable configurations."""
    solution = solve(beside(line(10), unseen))
    proved(solution, 10)
    assert [solution.values[k] for k in range(10)] == [10 - k for k in range(10)]


@pytest.mark.parametrize("rounds", [2, 16, 32, 64, 128])
def test_randomised_consensus(rounds):
    """Two processes with barriers at K agree after ``12 K ** 2`` steps: 49152 for K = 64."""
    proved(solve(consensus(rounds)), 12 * rounds**2)


@pytest.mark.parametrize("size", [2, 8, 14, 17, 20])
def test_two_ladders(size):
    """Ladders of N rungs take ``3 * 2 ** (N - 1) - 2`` steps: 1572862 for N = 20."""
    solution = solve(two_ladders(size))
    proved(solution, 3 * 2 ** (size - 1) - 2)
    exact = ExactGraph.of(two_ladders(size))
    values, _ = exact.least(exact.amounts["time"])
    assert dict(solution.values) == {state: close(value) for state, value in values.items()}


@pytest.mark.parametrize("size", [30, 40, 60, 100])
def test_longer_ladders_are_right_or_refused(size):
    """Up to 1901475900342344102245054808062 steps: the answer is right, or there is none."""
    try:
        solution = solve(two_ladders(size))
    except NotCertifiedError:
        return
    proved(solution, 3 * 2 ** (size - 1) - 2)


@pytest.mark.parametrize("p", RARE, ids=str)
def test_budgets_on_long_runs(p):
    """Half of the fuel that rare attempts use is for half of the runs; the others take five times as long."""
    graph = drawn(
        {
            "a": {
                "attempt": (1, {GOAL: p, "a": 1 - p}, {"fuel": 1}),
                "walk": (5 / p, {GOAL: 1}, {"fuel": 0}),
            }
        },
        "a",
    )
    points = frontier(graph, "fuel").points
    assert [(point.used, point.waiting_time) for point in points] == [(0, close(5 / p)), (close(1 / p), close(1 / p))]
    graph.graph["budgets"] = {"fuel": Fraction(1, 2) / p}
    solution = solve(graph)
    assert solution.waiting_time == close(3 / p)
    assert Fraction(solution.lower_bound) <= 3 / p
    assert solution.budgets["fuel"].price == close(-4)
    assert solution.verify().gap >= 0


@pytest.mark.parametrize("p", RARE, ids=str)
def test_deadlines_on_long_runs(p):
    """Within 15, ten attempts are made: one of them is good with a probability that is exact, however small."""
    found = deadline(heralded(p), 15)
    assert found.probability == pytest.approx(float(1 - (1 - p) ** 10), rel=1e-12)
    assert found.late == pytest.approx(float((1 - p) ** 10), rel=1e-12)
    assert found.waiting_time == close(Fraction(3, 2) / p)


def test_the_distribution_of_a_long_run():
    """Geometric attempts of 3/2 with p = 1/1000: the mean, the standard deviation and the median are known."""
    p = Fraction(1, 1000)
    policy = solve(heralded(p)).policy
    law = distribution(policy)
    assert law.mean == close(1500)
    assert law.standard_deviation == close(1.5 * float((1 - p) / p**2) ** 0.5)
    assert policy.standard_deviation == close(1.5 * float((1 - p) / p**2) ** 0.5)
    assert law.quantile("0.5") == 1.5 * np.ceil(np.log(0.5) / np.log1p(-float(p)))


@pytest.mark.parametrize("method", ["auto", "columns"])
@pytest.mark.parametrize("size", [12, 21, 30, 32])
def test_walks_on_a_board(size, method):
    """On boards up to 32 x 32, with eight moves in each place, times are those of another route, in every place."""
    graph = king_walk(size, Fraction(7, 10))
    solution, wanted = solve(graph, method=method), least_times(graph)
    assert dict(solution.values) == pytest.approx(wanted, rel=1e-11)
    assert solution.upper_bound - solution.lower_bound <= 1e-9 * solution.waiting_time
    assert solution.lower_bound * (1 - 1e-12) <= wanted[0, 0] <= solution.upper_bound * (1 + 1e-12)
    assert solution.run.objective == pytest.approx(wanted[0, 0], rel=1e-8)
    assert solution.verify().gap >= 0


def test_a_walk_that_often_goes_astray():
    """Where half of all steps go astray, a policy that only may come nearer would never arrive; the best one does."""
    graph = king_walk(21, Fraction(1, 2))
    assert dict(solve(graph).values) == pytest.approx(least_times(graph), rel=1e-11)


@pytest.mark.parametrize("slack", [0, Fraction(1, 100)])
def test_variability_on_a_board(slack):
    """Every one of 1,144 actions has its range, within which the optimum takes it; without slack, none varies."""
    solution = solve(king_walk(12, Fraction(7, 10)))
    for row in variability(solution, slack).rows:
        assert row.least <= row.taken * (1 + 1e-6) + 1e-7
        assert row.taken <= row.greatest * (1 + 1e-6) + 1e-7
        if not slack:
            assert row.least == pytest.approx(row.greatest, rel=1e-6, abs=1e-7)
