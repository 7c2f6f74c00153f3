"""Readout errors make no POMDP: beliefs by Bayes' rule on hidden errors are the levels, and the optimum is the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product

import networkx as nx

from lpdistill import Problem, solve

P, MEMORIES, F0, TARGET = Fraction(1, 2), 3, Fraction(9, 10), Fraction(925, 1000)
GATES, RIGHT = Fraction(99, 100) ** 2, Fraction(99, 100) ** 2 + Fraction(1, 100) ** 2
"""Probabilities that neither node's gate fails, and that a comparison of two readouts of .99 is right."""

ERRORS = "IXYZ"
Joint = dict[tuple[str, ...], Fraction]
"""A belief: how likely it is that the stored pairs have which errors, which nobody sees."""


def raw(fidelity: Fraction) -> Joint:
    """The belief about a pair that has just been generated."""
    return {(error,): fidelity if error == "I" else (1 - fidelity) / 3 for error in ERRORS}


def together(one: Joint, other: Joint) -> Joint:
    """The belief about pairs that have never met."""
    return {a + b: p * q for (a, p), (b, q) in product(one.items(), other.items())}


def reported(belief: Joint, kept: int, measured: int) -> Iterator[tuple[Fraction, Joint]]:
    """Each report of a distillation: how likely it is, and the belief about the pairs that are left, by Bayes' rule."""
    agree, differ = defaultdict[tuple[str, ...], Fraction](Fraction), defaultdict[tuple[str, ...], Fraction](Fraction)
    for errors, chance in belief.items():
        a, b = errors[kept], errors[measured]
        same = (a in "XY") == (b in "XY")  # X and Y flip the bit that is compared
        flips = (a in "YZ") != (b in "YZ")  # the phase flip of either stays with the pair that is kept
        left = {(True, True): "Y", (True, False): "X", (False, True): "Z", (False, False): "I"}[a in "XY", flips]
        rest = [error for place, error in enumerate(errors) if place not in {kept, measured}]
        truly = RIGHT if same else 1 - RIGHT
        for error in ERRORS:
            twirled = (left == error) if left == "I" or error == "I" else Fraction(1, 3)
            likely = GATES * truly * twirled + (1 - GATES) / 8
            agree[*rest, error] += chance * likely
        differ[tuple(rest)] += chance * (GATES * (1 - truly) + (1 - GATES) / 2)
    for left in (agree, differ):
        total = sum(left.values())
        yield total, {errors: chance / total for errors, chance in left.items()}


def fidelities(belief: Joint) -> list[Fraction]:
    """The fidelity of each stored pair, whatever the others are."""
    return [sum(q for errors, q in belief.items() if errors[i] == "I") for i in range(len(next(iter(belief))))]


def is_product(belief: Joint) -> bool:
    """Whether the pairs are independent, exactly."""
    stored = range(len(next(iter(belief))))
    alone = [{e: sum(q for errors, q in belief.items() if errors[i] == e) for e in ERRORS} for i in stored]
    apart: Joint = {(): Fraction(1)}
    for one in alone:
        apart = together(apart, {(error,): chance for error, chance in one.items()})
    return apart == belief


def key(belief: Joint) -> tuple[object, ...]:
    """One name for beliefs that differ in the numbers of memories only."""
    orders = permutations(range(len(next(iter(belief)))))
    return min(tuple(sorted((tuple(errors[i] for i in order), q) for errors, q in belief.items())) for order in orders)


def process() -> nx.DiGraph:
    """The decision process of beliefs: every action, and what every report makes of them."""
    empty: Joint = {(): Fraction(1)}
    graph, waiting = nx.DiGraph(start=key(empty)), [empty]
    graph.add_node("target", kind="target")
    while waiting:
        belief = waiting.pop()
        state, stored = key(belief), len(next(iter(belief)))
        if graph.nodes.get(state):
            continue
        graph.add_node(state, kind="state", belief=belief)
        for pair in [(), *permutations(range(stored), 2)]:
            action, moves = (state, pair), defaultdict[object, Fraction](Fraction)
            for chance, after in reported(belief, *pair) if pair else [(Fraction(1), belief)]:
                for made in range(MEMORIES - stored + 1):
                    ways = [outcome for outcome in product((0, 1), repeat=MEMORIES - stored) if sum(outcome) == made]
                    found = after
                    for _ in range(made):
                        found = together(found, raw(F0))
                    delivered = any(fidelity >= TARGET for fidelity in fidelities(found))
                    waiting += [] if delivered else [found]
                    odds = len(ways) * P**made * (1 - P) ** (MEMORIES - stored - made)
                    moves["target" if delivered else key(found)] += chance * odds
            graph.add_node(action, kind="action", time=2 if pair else 1)
            graph.add_edge(state, action)
            graph.add_edges_from((action, after, {"probability": float(chance)}) for after, chance in moves.items())
    return graph


beliefs = process()
found = [belief for _, belief in beliefs.nodes(data="belief") if belief is not None]
problem = Problem(P, MEMORIES, F0, TARGET, gate="0.99", readout="0.99")
print(f"beliefs that can be met     {len(found)}")
print(f"products of single pairs    {sum(map(is_product, found))} of {len(found)}, exactly")
print(f"fidelities in beliefs       {', '.join(map(str, sorted({f for one in found for f in fidelities(one)})))}")
print(f"levels of the noisy map     {', '.join(str(level.fidelity) for level in problem.levels)}")
print(f"waiting time, beliefs       {solve(beliefs).waiting_time:.10f}")
print(f"waiting time, levels        {solve(problem).waiting_time:.10f}")

print("\nThree pairs of one source, whose fidelity is known, or 0.95 or 0.65 with equal chances:")
for name, source in {"known": {"0.8": 1}, "unknown": {"0.95": Fraction(1, 2), "0.65": Fraction(1, 2)}}.items():
    prior: Joint = defaultdict(Fraction)
    for fidelity, weight in source.items():
        one = raw(Fraction(fidelity))
        for errors, chance in together(together(one, one), one).items():
            prior[errors] += weight * chance
    (_, after), (_, failed) = reported(prior, 0, 1)
    told = [f"{float(fidelities(one)[place]):.4f}" for one, place in ((prior, 2), (after, 0), (failed, 0))]
    print(f"{name:8}  the third pair has {told[0]}; when the others agree {told[1]}, when they differ {told[2]}")
