"""Distillation as a state graph built from density matrices, and its labelled memories: nothing of it is lpdistill's.

A pair is its four weights; what a circuit makes of pairs is computed on their density matrices, states are counts of
the pairs that have been found so, and every set of distillations that do not overlap, in every order, is an action.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, product

import networkx as nx
import numpy as np
from density_matrices import carried_out

BILATERAL_CNOT = [(0, "Z", 1, "X")], [(1, "Z")]
"""BBPSSW: two-qubit gates at both nodes, from the pair that is kept, and the measurements of the other."""

ROTATED_CNOT = [(0, "Y", 1, "X")], [(1, "Y")]
"""DEJMPS: the same after rotations that exchange Y and Z, which the pair that is kept still has."""

DOUBLE_SELECTION = [(2, "Z", 1, "X"), (0, "Z", 1, "X")], [(1, "Z"), (2, "X")]
"""Three pairs: the second finds bit flips, the third phase flips of the second; with noise, the order matters."""

TARGET = "delivered"

Weights = tuple[float, float, float, float]


def werner(fidelity: float) -> Weights:
    """A Werner pair."""
    return fidelity, *3 * ((1 - fidelity) / 3,)


@dataclass(frozen=True)
class Link:
    """Two nodes, by what they do to density matrices.

    Attributes
    ----------
    p, memories, raw, target
        Probability of an attempt, memories, weights of a raw pair, fidelity to reach.
    circuits
        Gates and measurements, by the number of pairs that they take.
    frame
        Which weights of what the circuit leaves are those of the pair that is kept.
    twirls
        Whether what is left becomes a Werner pair.
    p2, readout
        Quality of gates and readout at both nodes.
    """

    p: float
    memories: int
    raw: Weights
    target: float
    circuits: dict[int, tuple[list, list]]
    frame: tuple[int, ...] = (0, 1, 2, 3)
    twirls: bool = False
    p2: tuple[float, float] = (1, 1)
    readout: tuple[float, float] = (1, 1)

    def made(self, pairs: tuple[Weights, ...]) -> tuple[float, Weights]:
        """Probability that a distillation succeeds, and the pair that it leaves."""
        gates, measured = self.circuits[len(pairs)]
        chance, weights = carried_out(gates, measured, 0, pairs, p2=self.p2, readout=self.readout)
        left = werner(weights[0]) if self.twirls else [weights[place] for place in self.frame]
        return chance, tuple(round(float(weight), 11) for weight in left)

    @cached_property
    def known(self) -> tuple[list[Weights], dict[tuple[int, ...], tuple[float, int]]]:
        """All pairs below the target, and of pairs in order: probability, and what is left (-1: the target)."""
        found, table = [tuple(float(weight) for weight in self.raw)], {}
        while True:
            before = len(found)
            for size in self.circuits:
                for order in product(range(before), repeat=size):
                    if order in table:
                        continue
                    chance, left = self.made(tuple(found[one] for one in order))
                    if left[0] >= self.target - 1e-12:
                        table[order] = chance, -1
                        continue
                    if not any(np.allclose(left, known, rtol=0, atol=1e-9) for known in found):
                        found.append(left)
                    alike = [np.allclose(left, known, rtol=0, atol=1e-9) for known in found]
                    table[order] = chance, alike.index(True)
            if len(found) == before:
                return found, table

    def actions(self, counts: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
        """All sets of distillations that some stored pairs allow, each in every order of its pairs."""
        orders = sorted(self.known[1])
        for number in range(sum(counts) // min(self.circuits) + 1):
            for chosen in combinations_with_replacement(orders, number):
                taken = Counter(pair for order in chosen for pair in order)
                if all(counts[pair] >= times for pair, times in taken.items()):
                    yield chosen

    def outcomes(self, counts: tuple[int, ...], chosen: tuple[tuple[int, ...], ...]) -> Counter:
        """Where a step leads: the distillations that are chosen, and an attempt on every memory that was empty."""
        held = Counter(dict(enumerate(counts)))
        for order in chosen:
            held.subtract(order)
        ways = [(1.0, tuple(held[pair] for pair in range(len(counts))))]
        coins = [self.known[1][order] for order in chosen] + [(self.p, 0)] * (self.memories - sum(counts))
        for chance, left in coins:
            better = []
            for weight, now in ways:
                grown = (
                    TARGET if TARGET in (now, left) or left < 0 else tuple(n + (i == left) for i, n in enumerate(now))
                )
                better += [(weight * chance, TARGET if now == TARGET else grown), (weight * (1 - chance), now)]
            ways = better
        found = Counter()
        for weight, after in ways:
            found[after] += weight
        return found

    def graph(self, generation: float = 1, distillation: float = 2) -> nx.DiGraph:
        """The state graph, as users make them."""
        start = (0,) * len(self.known[0])
        graph, waiting = nx.DiGraph(start=start), [start]
        graph.add_node(TARGET, kind="target")
        while waiting:
            state = waiting.pop()
            if graph.nodes.get(state):
                continue
            graph.add_node(state, kind="state")
            for chosen in self.actions(state):
                action = (state, chosen)
                graph.add_node(action, kind="action", time=distillation if chosen else generation)
                graph.add_edge(state, action)
                for after, chance in self.outcomes(state, chosen).items():
                    if chance > 0:
                        graph.add_edge(action, after, probability=chance)
                        waiting += [] if after == TARGET else [after]
        return graph

    def run(self, choice: dict[tuple[int, ...], tuple[tuple[int, ...], ...]], random: np.random.Generator) -> float:
        """How long numbered memories take to deliver a pair, each attempt and each distillation a coin tossed."""
        memories: list[int | None] = [None] * self.memories
        table, time, kinds = self.known[1], 0.0, len(self.known[0])
        while True:
            empty = [place for place, held in enumerate(memories) if held is None]
            chosen = choice[tuple(memories.count(kind) for kind in range(kinds))]
            time += 2 if chosen else 1
            used: set[int] = set()
            for order in chosen:
                places = []
                for kind in order:
                    places.append(next(i for i, held in enumerate(memories) if held == kind and i not in used))
                    used.add(places[-1])
                chance, left = table[order]
                for place in places:
                    memories[place] = None
                if random.random() < chance:
                    if left < 0:
                        return time
                    memories[places[0]] = left
            for place in empty:
                if random.random() < self.p:
                    memories[place] = 0
