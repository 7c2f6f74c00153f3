"""The decision process of a problem written out, and handed to other people's solvers.

The state after the last configuration is the target: absorbing, and free of cost.  An action that may change nothing
leads back to its own state, and waiting does so with probability one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement, pairwise
from math import comb
from typing import Any, Generic, TypeVar

import networkx as nx
import numpy as np
from cases import result
from scipy import sparse

from lpdistill import Dynamics, Problem

N = TypeVar("N", float, Fraction)
NEARLY_ONE = 1 - 1e-12
"""Discount for tools that need one: it shortens the waiting times of these tests by less than 1e-10."""


@dataclass(frozen=True)
class Written(Generic[N]):
    """A decision process, written out row by row, the rows of each state together.

    Attributes
    ----------
    states
        State of every row, (rows,).
    costs
        Duration of every row's step, (rows,).
    rows, following, probabilities
        Row, next state and probability of every transition, by row and next state, (transitions,).
    """

    states: list[int]
    costs: list[N]
    rows: list[int]
    following: list[int]
    probabilities: list[N]

    @property
    def target(self) -> int:
        """The target, which is the last state."""
        return self.states[-1]

    @cached_property
    def groups(self) -> list[int]:
        """First row of every state, and the number of rows."""
        return np.searchsorted(self.states, np.arange(self.target + 2)).tolist()

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """Probabilities as a matrix, (rows, states)."""
        shape = len(self.states), self.target + 1
        return sparse.csr_matrix((np.array(self.probabilities, float), (self.rows, self.following)), shape=shape)


def written(problem: Problem, *, waiting: bool = True) -> Written[float]:
    """Every column that the package makes of a problem, by configuration, with or without those that only wait."""
    dynamics = Dynamics(problem)
    choice = dynamics.choose(np.arange(dynamics.numbering.size))
    order = np.argsort(choice.configuration, kind="stable")
    if not waiting:
        order = order[choice.leaving[order] > 0]
    rows, target = len(order), dynamics.size
    staying = sparse.csr_array(
        (1 - choice.leaving[order], (np.arange(rows), choice.configuration[order])), shape=(rows, target)
    )
    reaching = sparse.csr_array(choice.reaching[order][:, None])
    absorbing = sparse.csr_array(([1.0], ([0], [target])), shape=(1, target + 1))
    matrix = sparse.vstack([sparse.hstack([choice.moves[order] + staying, reaching]), absorbing], format="csr")
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return Written(
        states=[*choice.configuration[order].tolist(), target],
        costs=[*choice.cost[order].tolist(), 0.0],
        rows=np.repeat(np.arange(rows + 1), np.diff(matrix.indptr)).tolist(),
        following=matrix.indices.tolist(),
        probabilities=matrix.data.tolist(),
    )


def exactly(problem: Problem) -> Written[Fraction]:
    """The same process over the rationals, from the rules of the model and the distillation table alone."""
    levels, memories, p = problem.levels, problem.memories, problem.p
    kinds = {recipe.consumed: recipe for recipe in problem.recipes}
    counts = _counts(len(levels), memories)
    index = {vector: state for state, vector in enumerate(counts)}
    target = len(counts)
    binomials = [
        [comb(g, j) * p**j * (1 - p) ** (g - j) for j in range(g + 1)] for g in range(memories + 1)
    ]  # chance of j successes in g attempts
    found: Written[Fraction] = Written([], [], [], [], [])
    outcomes: dict[Any, dict[Any, Fraction]] = {(): {(0,) * len(levels): Fraction(1)}}
    for state, vector in enumerate(counts):
        for matching in _matchings(tuple(kinds), vector):
            made = _outcomes(matching, kinds, outcomes)
            rest = [n - sum(pair.count(level) for pair in matching) for level, n in enumerate(vector)]
            chances: dict[int, Fraction] = defaultdict(Fraction)
            for after, chance in made.items():
                for gained, odds in enumerate(binomials[memories - sum(vector)]):
                    if after is None:
                        chances[target] += chance * odds
                    else:
                        both = [a + b for a, b in zip(rest, after, strict=True)]
                        both[0] += gained
                        chances[index[tuple(both)]] += chance * odds
            _add(found, state, problem.distillation_time if matching else problem.generation_time, chances)
    _add(found, target, Fraction(0), {target: Fraction(1)})
    return found


def drawn_up(graph: nx.DiGraph[Any]) -> Written[Fraction]:
    """A state graph, written out over the rationals; its target has no name of its own."""
    kinds = nx.get_node_attributes(graph, "kind")
    start = graph.graph["start"]
    states = [start, *(node for node, kind in kinds.items() if kind == "state" and node != start)]
    index = {state: i for i, state in enumerate(states)}
    found: Written[Fraction] = Written([], [], [], [], [])
    for state in states:
        for action in graph.successors(state):
            chances: dict[int, Fraction] = defaultdict(Fraction)
            for after, edge in graph.adj[action].items():
                chances[index.get(after, len(states))] += Fraction(edge["probability"])
            _add(found, index[state], Fraction(graph.nodes[action]["time"]), chances)
    _add(found, len(states), Fraction(0), {len(states): Fraction(1)})
    return found


def rationally(process: Written[float]) -> Written[Fraction]:
    """The same columns over the rationals: each number is what its digits say, and each row sums to one.

    What rounding left of the sum is made up by the row's greatest probability.
    """
    probabilities = [Fraction(value) for value in process.probabilities]
    ends = np.searchsorted(process.rows, np.arange(len(process.states) + 1)).tolist()
    for first, last in pairwise(ends):
        greatest = max(range(first, last), key=probabilities.__getitem__)
        probabilities[greatest] += 1 - sum(probabilities[first:last])
    costs = [Fraction(cost) for cost in process.costs]
    return Written(process.states, costs, process.rows, process.following, probabilities)


def _add(found: Written[Fraction], state: int, cost: Fraction, chances: dict[int, Fraction]) -> None:
    """Append a row."""
    for following in sorted(chances):
        if chances[following]:
            found.rows.append(len(found.states))
            found.following.append(following)
            found.probabilities.append(chances[following])
    found.states.append(state)
    found.costs.append(cost)


def _counts(kinds: int, most: int) -> list[tuple[int, ...]]:
    """All vectors of counts with sum at most ``most``, the empty one first."""
    chosen = (c for size in range(most + 1) for c in combinations_with_replacement(range(kinds), size))
    return [tuple(c.count(kind) for kind in range(kinds)) for c in chosen]


def _matchings(kinds: tuple[tuple[int, int], ...], vector: tuple[int, ...]) -> list[tuple[tuple[int, int], ...]]:
    """All multisets of kinds of distillation that fit the pairs of a configuration."""
    if not kinds:
        return [()]
    (low, high), *others = kinds
    found, prefix, left = [], (), list(vector)
    while min(left) >= 0:
        found += [prefix + rest for rest in _matchings(tuple(others), tuple(left))]
        prefix += ((low, high),)
        left[low] -= 1
        left[high] -= 1
    return found


def _outcomes(matching: Any, kinds: dict[Any, Any], known: dict[Any, dict[Any, Fraction]]) -> dict[Any, Fraction]:
    """Chance of each vector of pairs that a matching may make; None is the target."""
    if matching not in known:
        *before, pair = matching
        chances: dict[Any, Fraction] = defaultdict(Fraction)
        for made, chance in _outcomes(tuple(before), kinds, known).items():
            success, made_of = kinds[pair].success, result(kinds[pair])
            if made is None:
                chances[None] += chance
                continue
            grown = None if made_of is None else tuple(n + (level == made_of) for level, n in enumerate(made))
            chances[grown] += chance * success
            chances[made] += chance * (1 - success)
        known[matching] = dict(chances)
    return known[matching]


def storm_model(process: Written[N], number: type[Any]) -> Any:
    """A sparse Storm model whose reward ``time`` is the duration of each step; ``number`` makes its numbers."""
    from stormpy import datastructures, models  # noqa: PLC0415 - optional

    builder = datastructures.SparseMatrixBuilder[number](
        rows=len(process.states),
        columns=process.target + 1,
        entries=len(process.rows),
        has_custom_row_grouping=True,
        row_groups=process.target + 1,
    )
    values = [number(value) for value in process.probabilities]
    builder.add_next_values(process.rows, process.following, values, process.groups[:-1])
    labels = models.StateLabeling(process.target + 1)
    for label, state in (("init", 0), ("target", process.target)):
        labels.add_label(label)
        labels.add_label_to_state(label, state)
    time = models.SparseRewardModel[number](
        optional_state_action_reward_vector=[number(cost) for cost in process.costs]
    )
    parts = models.SparseModelComponents[number](
        transition_matrix=builder.build(), state_labeling=labels, reward_models={"time": time}
    )
    return models.SparseMdp[number](parts)


def storm_solve(model: Any) -> Any:
    """Least expected time to the target by Storm's policy iteration, with what is proved, as a bounded value."""
    from stormpy import environments, model_checking, parse_properties  # noqa: PLC0415 - optional

    environment = environments.exact() if model.is_exact else environments.sound()
    solver = environment.solver().min_max()
    solver.method = environments.MinMaxMethod.POLICY_ITERATION
    solver.precision = type(solver.precision)(Fraction(1, 10**12))
    (formula,) = parse_properties('R{"time"}min=? [F "target"]')
    return model_checking(model, formula, environment=environment)[0]


def quantecon_model(process: Written[float]) -> Any:
    """A QuantEcon decision process by state-action pairs; it must not contain waiting."""
    from quantecon.markov import DiscreteDP  # noqa: PLC0415 - optional

    states = np.array(process.states)
    actions = np.arange(len(states)) - np.array(process.groups)[states]
    return DiscreteDP(-np.array(process.costs), process.matrix, NEARLY_ONE, states, actions)


def quantecon_solve(model: Any) -> float:
    """Least expected time by QuantEcon's policy iteration."""
    return -float(model.solve(method="policy_iteration").v[0])


def mdpsolver_model(process: Written[float]) -> Any:
    """An MDPSolver model with sparse transitions."""
    import mdpsolver  # noqa: PLC0415 - optional

    ends = np.searchsorted(process.rows, np.arange(len(process.states) + 1)).tolist()
    groups = process.groups

    def nested(entries: list[Any]) -> list[list[list[Any]]]:
        return [[entries[ends[row] : ends[row + 1]] for row in range(first, last)] for first, last in pairwise(groups)]

    model = mdpsolver.model()
    model.mdp(
        discount=NEARLY_ONE,
        rewards=[[-cost for cost in process.costs[first:last]] for first, last in pairwise(groups)],
        tranMatProbs=nested(process.probabilities),
        tranMatColumns=nested(process.following),
    )
    return model


def mdpsolver_solve(model: Any) -> float:
    """Least expected time by MDPSolver's modified policy iteration with Gauss-Seidel updates, its quickest method."""
    model.solve(algorithm="mpi", update="gs", tolerance=1e-9)
    return -float(model.getValue(0))
