"""The enumerated model with rules, discards and budgets: filtered by hand, solved by numpy and by scipy.

It extends :mod:`oracle` and, like it, takes nothing from the package under test.  An action, called a deed here, is a
triple ``(distilled, attempts, discarded)``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from oracle import TARGET, Chain, Distilled, Hardware, Step, configurations, counted, gauss, levels
from scipy import sparse
from scipy.optimize import linprog

Counts = tuple[int, ...]
Deed = tuple[Distilled, int, tuple[int, ...]]
Allowed = Callable[[Counts, Deed], bool]
Use = Callable[[Counts, Deed], Fraction]
Limits = tuple[Use, Fraction | None, Fraction | None]
"""What is limited, at most, and at least."""


@cache
def everything(hardware: Hardware, *, discarding: bool = False) -> Chain:
    """All deeds: any number of attempts, and discards of one pair that take no time if there are any."""
    plain = counted(hardware)
    steps: dict[Hashable, dict[Hashable, Step]] = {
        state: {(*name, ()): step for name, step in deeds.items()} for state, deeds in plain.steps.items()
    }
    if discarding:
        for counts in configurations(hardware.memories, len(levels(hardware))):
            for level, count in enumerate(counts):
                if count:
                    left = tuple(n - (other == level) for other, n in enumerate(counts))
                    steps[counts][((), 0, (level,))] = Step(Fraction(0), {left: Fraction(1)})
    return Chain(plain.start, steps)


def filtered(chain: Chain, allowed: Allowed) -> Chain:
    """Only what is allowed."""
    return Chain(
        chain.start,
        {state: {deed: s for deed, s in deeds.items() if allowed(state, deed)} for state, deeds in chain.steps.items()},
    )


def living(chain: Chain) -> Chain | None:
    """What never leaves the states from which the target can be reached for sure; None if the start is not one."""
    steps = {state: dict(deeds) for state, deeds in chain.steps.items()}
    while True:
        near: set[Hashable] = {TARGET}
        while True:
            more = {
                s for s, deeds in steps.items() if s not in near and any(near & set(d.moves) for d in deeds.values())
            }
            if not more:
                break
            near |= more
        kept = {
            state: {deed: step for deed, step in deeds.items() if set(step.moves) <= near}
            for state, deeds in steps.items()
            if state in near
        }
        if kept == steps:
            return Chain(chain.start, kept) if chain.start in kept else None
        steps = kept


def least(chain: Chain, cost: Callable[[Counts, Deed], float] | None = None) -> dict[Hashable, float]:
    """Least expected cost (time, unless told otherwise) to go from every state of a living chain, in floats."""
    states = list(chain.steps)
    index = {state: i for i, state in enumerate(states)}
    rows, names, costs = [], [], []
    entries: list[tuple[int, int, float]] = []
    for state, deeds in chain.steps.items():
        for deed, step in deeds.items():
            for after, probability in step.moves.items():
                if after != TARGET:
                    entries.append((len(rows), index[after], float(probability)))
            rows.append(index[state])
            names.append(deed)
            costs.append(float(step.cost) if cost is None else cost(state, deed))
    where, to, chances = zip(*entries, strict=True)
    moves = sparse.csr_array((chances, (where, to)), shape=(len(rows), len(states)))
    row, price = np.array(rows), np.array(costs)
    chosen = np.full(len(states), -1)
    near: set[Hashable] = {TARGET}
    while (chosen < 0).any():
        found = {
            index[state]: deed
            for state, deeds in chain.steps.items()
            if chosen[index[state]] < 0
            for deed, step in deeds.items()
            if near & set(step.moves)
        }
        if not found:
            raise ValueError("some state cannot reach the target")
        position = {(r, n): i for i, (r, n) in enumerate(zip(rows, names, strict=True))}
        for state, deed in found.items():
            chosen[state] = position[state, deed]
        near |= {states[state] for state in found}
    while True:
        values = np.linalg.solve(np.eye(len(states)) - moves[chosen].toarray(), price[chosen])
        worth = price + moves @ values
        better = worth < values[row] - 1e-11 * (1 + abs(values[row]))
        if not better.any():
            return dict(zip(states, values.tolist(), strict=True))
        order = np.lexsort((worth, row))
        first = order[np.searchsorted(row[order], np.arange(len(states)))]
        chosen = np.where(better[first], first, chosen)


def amount(hardware: Hardware, resource: str, counts: Counts, deed: Deed) -> Fraction:
    """What a deed uses of a standard resource."""
    distilled, attempts, discarded = deed
    have = levels(hardware)
    amounts = {
        "steps": Fraction(1),
        "generation_attempts": Fraction(attempts),
        "raw_pairs": hardware.p * attempts,
        "distillations": Fraction(len(distilled)),
        "failed_distillations": sum((1 - hardware.combine(have[a], have[b])[1] for a, b in distilled), Fraction(0)),
        "memory_time": sum(counts) * (hardware.distillation_time if distilled else hardware.generation_time),
    }
    return Fraction(0) if discarded else amounts[resource]


STANDARD = ("steps", "generation_attempts", "raw_pairs", "distillations", "failed_distillations", "memory_time")


def standard(hardware: Hardware, resource: str) -> Use:
    """A standard resource as a function of what is done where."""
    return lambda counts, deed: amount(hardware, resource, counts, deed)


@dataclass(frozen=True)
class Occupation:
    """An optimum of the occupation program: the time (last step charged), the objective, what is used, and where."""

    time: float
    objective: float
    used: tuple[float, ...]
    flow: Mapping[tuple[Hashable, Hashable], float]
    entered: frozenset[Hashable]

    @property
    def attainable(self) -> bool:
        """Whether every state with flow is entered: no circulation or waiting where a run never comes."""
        return {state for (state, _), x in self.flow.items() if x > 1e-9} <= self.entered


def entered(chain: Chain, flow: Mapping[tuple[Hashable, Hashable], float]) -> frozenset[Hashable]:
    """The states that a flow enters from the start."""
    found, queue = {chain.start}, [chain.start]
    while queue:
        state = queue.pop()
        for deed, step in chain.steps[state].items():
            if flow[state, deed] > 1e-9:
                new = set(step.moves) - found - {TARGET}
                found |= new
                queue += new
    return frozenset(found)


def occupation(chain: Chain, limits: tuple[Limits, ...], objective: Use | None = None) -> Occupation | None:
    """The least time (or least use of ``objective``) within limits, by scipy on the explicit program; None if none.

    Columns are as they are written out, waiting included.
    """
    states = list(chain.steps)
    index = {state: i for i, state in enumerate(states)}
    columns = [(state, deed, step) for state, deeds in chain.steps.items() for deed, step in deeds.items()]
    flow = sparse.lil_array((len(states), len(columns)))
    for j, (state, _, step) in enumerate(columns):
        flow[index[state], j] += 1
        for after, probability in step.moves.items():
            if after != TARGET:
                flow[index[after], j] -= float(probability)
    start = np.array([float(state == chain.start) for state in states])
    times = np.array([float(step.cost) for _, _, step in columns])
    uses = [np.array([float(use(state, deed)) for state, deed, _ in columns]) for use, _, _ in limits]
    upper = [(row, most) for row, (_, most, _) in zip(uses, limits, strict=True) if most is not None]
    lower = [(-row, -floor) for row, (_, _, floor) in zip(uses, limits, strict=True) if floor is not None]
    rows, sides = [row for row, _ in upper + lower], [float(side) for _, side in upper + lower]
    goal = times if objective is None else np.array([float(objective(s, d)) for s, d, _ in columns])
    found = linprog(
        goal,
        A_ub=np.array(rows) if rows else None,
        b_ub=sides or None,
        A_eq=flow.tocsr(),
        b_eq=start,
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status == 2:
        return None
    if found.status:
        raise ArithmeticError(found.message)
    x = {(state, deed): value for (state, deed, _), value in zip(columns, found.x.tolist(), strict=True)}
    return Occupation(
        float(times @ found.x), float(found.fun), tuple(float(row @ found.x) for row in uses), x, entered(chain, x)
    )


Draws = Mapping[Hashable, Mapping[Hashable, Fraction]]
"""What a policy does in every state that it visits, with exact probabilities."""


@dataclass(frozen=True)
class Course:
    """What a run under a policy is expected to do, exactly."""

    time: Fraction
    visits: Mapping[Hashable, Fraction]
    draws: Draws

    def used(self, use: Use) -> Fraction:
        """Expected use."""
        return sum(
            (
                visits * probability * use(state, deed)
                for state, visits in self.visits.items()
                for deed, probability in self.draws[state].items()
            ),
            Fraction(0),
        )


def draws_of(solution: Any) -> dict[Counts, dict[Deed, Fraction]]:
    """The policy of a solution in the oracle's words, its probabilities as fractions that sum to 1."""
    draws: dict[Counts, dict[Deed, Fraction]] = {}
    for counts, decisions in solution.policy.items():
        if not decisions:
            continue
        chances = [Fraction(decision.probability) for decision in decisions]
        total = sum(chances)
        if abs(total - 1) > Fraction(1, 10**12) or min(chances) <= 0:
            raise AssertionError(f"probabilities in {counts}: {decisions}")
        draws[counts] = {
            (tuple(sorted(d.action.distil)), d.action.generate, tuple(d.action.discard)): chance / total
            for d, chance in zip(decisions, chances, strict=True)
        }
    return draws


def course(chain: Chain, draws: Draws) -> Course:
    """Follow a policy from the start, exactly."""
    reached, queue = {chain.start}, [chain.start]
    while queue:
        state = queue.pop()
        new = {after for deed in draws[state] for after in chain.steps[state][deed].moves} - reached - {TARGET}
        reached |= new
        queue += new
    states = [state for state in chain.steps if state in reached]
    index = {state: i for i, state in enumerate(states)}
    rows = [
        [*(Fraction(int(state == other)) for other in states), Fraction(int(state == chain.start))] for state in states
    ]
    for state in states:
        for deed, probability in draws[state].items():
            for after, chance in chain.steps[state][deed].moves.items():
                if after != TARGET:
                    rows[index[after]][index[state]] -= probability * chance
    visits = dict(zip(states, gauss(rows), strict=True))
    time = sum(
        (
            visits[state] * probability * chain.steps[state][deed].cost
            for state in states
            for deed, probability in draws[state].items()
        ),
        Fraction(0),
    )
    return Course(time, visits, draws)
