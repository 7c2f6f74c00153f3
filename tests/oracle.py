"""An independent oracle: the model enumerated by brute force and solved over the rationals.

Nothing here is taken from the package under test. Configurations are listed by ``itertools``, every distillation and
every attempt of every action is a coin tossed on its own, and values come from Gaussian elimination with fractions.
States are count vectors (:func:`counted`) or memories with names (:func:`labelled`).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np
from scipy.optimize import linprog

TARGET = "target"
MOST_LEVELS = 40

Distilled = tuple[tuple[int, int], ...]


def werner(a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
    """Fidelity and success probability through Werner parameters: ``(w1 + w2 + 4 w1 w2) / (3 + 3 w1 w2)``."""
    w1, w2 = (4 * a - 1) / 3, (4 * b - 1) / 3
    w = (w1 + w2 + 4 * w1 * w2) / (3 * (1 + w1 * w2))
    return (3 * w + 1) / 4, (1 + w1 * w2) / 2


@dataclass(frozen=True)
class Hardware:
    """The parameters of a problem, all rational; ``combine`` gives fidelity and success probability of two pairs."""

    p: Fraction
    memories: int
    f0: Fraction
    target: Fraction
    generation_time: Fraction = Fraction(1)
    distillation_time: Fraction = Fraction(2)
    combine: Callable[[Fraction, Fraction], tuple[Fraction, Fraction]] = werner

    @staticmethod
    def of(problem: Any) -> Hardware:
        """The same numbers as a problem of the package."""
        names = ("p", "memories", "f0", "target", "generation_time", "distillation_time")
        return Hardware(*(getattr(problem, name) for name in names))


@cache
def levels(hardware: Hardware) -> tuple[Fraction, ...]:
    """The closure of the raw fidelity below the target, increasing, by trying all pairs until nothing is new."""
    found = {hardware.f0} if hardware.f0 < hardware.target else set()
    while True:
        made = {hardware.combine(a, b)[0] for a, b in itertools.product(found, repeat=2)}
        new = {f for f in made if f < hardware.target} - found
        if not new:
            return tuple(sorted(found))
        found |= new
        if len(found) > MOST_LEVELS:
            raise ValueError("more levels than can be enumerated")


@dataclass(frozen=True)
class Step:
    """One action in one state: its duration and the probability of every next state, :data:`TARGET` among them."""

    cost: Fraction
    moves: dict[Hashable, Fraction]

    def value(self, values: dict[Hashable, Fraction]) -> Fraction:
        """Expected time to go when this step is taken and ``values`` are collected afterwards."""
        return self.cost + sum(
            probability * values[state] for state, probability in self.moves.items() if state != TARGET
        )


@dataclass(frozen=True)
class Chain:
    """A decision process with one absorbing target: the steps that each state allows, by name."""

    start: Hashable
    steps: dict[Hashable, dict[Hashable, Step]]

    def evaluate(self, policy: dict[Hashable, Hashable]) -> dict[Hashable, Fraction]:
        """Exact expected time to go of a proper policy in every state: ``(I - P) V = c``."""
        states = list(self.steps)
        index = {state: i for i, state in enumerate(states)}
        rows = []
        for state in states:
            step = self.steps[state][policy[state]]
            row = [Fraction(int(state == other)) for other in states]
            for after, probability in step.moves.items():
                if after != TARGET:
                    row[index[after]] -= probability
            rows.append([*row, step.cost])
        return dict(zip(states, gauss(rows), strict=True))

    def visits(self, policy: dict[Hashable, Hashable]) -> dict[Hashable, Fraction]:
        """Exact expected number of steps that a run from the start takes in every state: ``(I - P^T) x = b``."""
        reached, queue = {self.start}, [self.start]
        while queue:
            state = queue.pop()
            new = set(self.steps[state][policy[state]].moves) - reached - {TARGET}
            reached |= new
            queue += new
        states = [state for state in self.steps if state in reached]
        index = {state: i for i, state in enumerate(states)}
        rows = [
            [*(Fraction(int(state == other)) for other in states), Fraction(int(state == self.start))]
            for state in states
        ]
        for state in states:
            for after, probability in self.steps[state][policy[state]].moves.items():
                if after != TARGET:
                    rows[index[after]][index[state]] -= probability
        return dict.fromkeys(self.steps, Fraction(0)) | dict(zip(states, gauss(rows), strict=True))

    def stuck(self, policy: dict[Hashable, Hashable]) -> set[Hashable]:
        """States from which a policy never reaches the target."""
        free: set[Hashable] = {TARGET}
        while True:
            more = {s for s in self.steps if s not in free and free & set(self.steps[s][policy[s]].moves)}
            if not more:
                return set(self.steps) - free
            free |= more

    def trapped(self, policy: dict[Hashable, Hashable]) -> set[Hashable]:
        """States that a policy never leaves for good, and from which it never reaches the target.

        From everywhere that it leads, it leads back.
        """
        after = {state: {state} for state in self.steps}
        for state, reached in after.items():
            queue = [state]
            while queue:
                at = queue.pop()
                new = set(self.steps[at][policy[at]].moves) - reached
                reached.update(new)
                queue += new - {TARGET}
        return {s for s, reached in after.items() if TARGET not in reached and all(s in after[t] for t in reached)}

    @cached_property
    def optimum(self) -> tuple[dict[Hashable, Hashable], dict[Hashable, Fraction]]:
        """An optimal policy and the least expected times to go, by exact policy iteration.

        It starts from the policy that takes, wherever it is, an action that may bring it a step nearer the target.
        """
        policy: dict[Hashable, Hashable] = {}
        near: set[Hashable] = {TARGET}
        while len(policy) < len(self.steps):
            found = {
                state: name
                for state, steps in self.steps.items()
                if state not in policy
                for name, step in steps.items()
                if near & set(step.moves)
            }
            if not found:
                raise ValueError("some state cannot reach the target")
            policy |= found
            near |= set(found)
        while True:
            values = self.evaluate(policy)
            better = {}
            for state, steps in self.steps.items():
                name, least = min(
                    ((name, step.value(values)) for name, step in steps.items()), key=lambda found: found[1]
                )
                if least < values[state]:
                    better[state] = name
            if not better:
                return policy, values
            policy |= better

    @property
    def time(self) -> Fraction:
        """Least expected time from the start to the target, the last step charged."""
        return self.optimum[1][self.start]

    def linear_program(self) -> float:
        """Least expected time by another route: the occupation program handed to scipy."""
        states = list(self.steps)
        index = {state: i for i, state in enumerate(states)}
        # A step that leads nowhere else is of no use, and would be an empty column.
        steps = [(s, step) for s, named in self.steps.items() for step in named.values() if set(step.moves) - {s}]
        matrix = np.zeros((len(states), len(steps)))
        for column, (state, step) in enumerate(steps):
            matrix[index[state], column] += 1
            for after, probability in step.moves.items():
                if after != TARGET:
                    matrix[index[after], column] -= float(probability)
        start = np.array([float(state == self.start) for state in states])
        found = linprog([float(step.cost) for _, step in steps], A_eq=matrix, b_eq=start, method="highs-ds")
        if found.status:
            raise ArithmeticError(found.message)
        return float(found.fun)


def gauss(rows: list[list[Fraction]]) -> list[Fraction]:
    """Solve a square rational system, given as rows with the right-hand side appended."""
    size = len(rows)
    for pivot in range(size):
        best = next(row for row in range(pivot, size) if rows[row][pivot])
        rows[pivot], rows[best] = rows[best], rows[pivot]
        scale = 1 / rows[pivot][pivot]
        rows[pivot] = [entry * scale if entry else entry for entry in rows[pivot]]
        for row in range(size):
            factor = rows[row][pivot]
            if row != pivot and factor:
                rows[row] = [a - factor * b if b else a for a, b in zip(rows[row], rows[pivot], strict=True)]
    return [row[-1] for row in rows]


def pairings(items: tuple[int, ...]) -> Iterator[tuple[tuple[int, int], ...]]:
    """All sets of disjoint pairs of the given items, the empty set among them."""
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    yield from pairings(rest)
    for i, other in enumerate(rest):
        for others in pairings(rest[:i] + rest[i + 1 :]):
            yield ((first, other), *others)


def configurations(memories: int, kinds: int) -> list[tuple[int, ...]]:
    """All count vectors that fit into the memories."""
    return [n for n in itertools.product(range(memories + 1), repeat=kinds) if sum(n) <= memories]


def matchings(counts: tuple[int, ...]) -> list[Distilled]:
    """All multisets of pairs of levels that can be distilled at once."""
    held = tuple(level for level, count in enumerate(counts) for _ in range(count))
    return sorted(
        {tuple(sorted((held[a], held[b]) for a, b in pairing)) for pairing in pairings(tuple(range(len(held))))}
    )


@cache
def counted(hardware: Hardware, *, full: bool = False) -> Chain:
    """The process on count vectors, with any number of attempts or, if ``full``, one on every empty memory."""
    kinds, memories = len(levels(hardware)), hardware.memories
    steps: dict[Hashable, dict[Hashable, Step]] = {}
    for counts in configurations(memories, kinds):
        empty = memories - sum(counts)
        steps[counts] = {
            (distilled, attempts): step(hardware, counts, distilled, attempts)
            for distilled in matchings(counts)
            for attempts in ([empty] if full else range(empty + 1))
        }
    return Chain((0,) * kinds, steps)


def step(hardware: Hardware, counts: tuple[int, ...], distilled: Distilled, attempts: int) -> Step:
    """One action on count vectors: every distillation and every attempt succeeds or fails on its own."""
    have = levels(hardware)
    made = [hardware.combine(have[a], have[b]) for a, b in distilled]
    left = list(counts)
    for pair in distilled:
        for level in pair:
            left[level] -= 1
    moves: dict[Hashable, Fraction] = defaultdict(Fraction)
    for coins in itertools.product((True, False), repeat=len(distilled) + attempts):
        probability, after, done = Fraction(1), list(left), False
        gained = [*made, *[(hardware.f0, hardware.p)] * attempts]
        for success, (fidelity, chance) in zip(coins, gained, strict=True):
            probability *= chance if success else 1 - chance
            if success and fidelity >= hardware.target:
                done = True
            elif success:
                after[have.index(fidelity)] += 1
        moves[TARGET if done else tuple(after)] += probability
    cost = hardware.distillation_time if distilled else hardware.generation_time
    return Step(cost, {state: probability for state, probability in moves.items() if probability})


@cache
def labelled(hardware: Hardware) -> Chain:
    """The process on memories with names: each is empty (None) or holds a fidelity, and actions name memories."""
    contents = (None, *levels(hardware))
    steps: dict[Hashable, dict[Hashable, Step]] = {}
    for state in itertools.product(contents, repeat=hardware.memories):
        stored = tuple(i for i, fidelity in enumerate(state) if fidelity is not None)
        empty = tuple(i for i, fidelity in enumerate(state) if fidelity is None)
        steps[state] = {
            (pairing, chosen): _named_step(hardware, state, pairing, chosen)
            for pairing in pairings(stored)
            for size in range(len(empty) + 1)
            for chosen in itertools.combinations(empty, size)
        }
    return Chain((None,) * hardware.memories, steps)


def _named_step(
    hardware: Hardware,
    state: tuple[Fraction | None, ...],
    pairing: tuple[tuple[int, int], ...],
    chosen: tuple[int, ...],
) -> Step:
    """One action on named memories; a distilled pair stays in the first of its two memories."""
    moves: dict[Hashable, Fraction] = defaultdict(Fraction)
    for coins in itertools.product((True, False), repeat=len(pairing) + len(chosen)):
        probability, after = Fraction(1), list(state)
        for success, (a, b) in zip(coins, pairing, strict=False):
            fidelity, chance = hardware.combine(state[a], state[b])
            probability *= chance if success else 1 - chance
            after[a], after[b] = (fidelity if success else None), None
        for success, memory in zip(coins[len(pairing) :], chosen, strict=True):
            probability *= hardware.p if success else 1 - hardware.p
            after[memory] = hardware.f0 if success else None
        done = any(fidelity is not None and fidelity >= hardware.target for fidelity in after)
        moves[TARGET if done else tuple(after)] += probability
    cost = hardware.distillation_time if pairing else hardware.generation_time
    return Step(cost, {after: probability for after, probability in moves.items() if probability})
