"""Maps that are not the package's, and the processes that they make, enumerated by brute force."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from oracle import TARGET, Chain, Step, configurations

from lpdistill import Problem
from lpdistill.physics.maps import Combination, Reach

STEP = Fraction(1, 20)


@dataclass(frozen=True)
class Graded:
    """A pair of some fidelity, and of a sort that its fidelity does not tell."""

    fidelity: Fraction
    sort: str = "a"


@dataclass(frozen=True)
class Toy:
    """A map whose pairs gain a little fidelity from every distillation."""

    name: str = "toy"

    def raw(self, fidelity: Fraction) -> Graded:
        return Graded(fidelity)

    def reach(self, raw: Graded, target: Fraction, memories: int) -> Reach:
        return Reach(1.0, 1.0, finite=True, memories_needed=1 if raw.fidelity >= target else 2)


@dataclass(frozen=True)
class Threefold(Toy):
    """Two pairs become one; three become one of two, or of three where the best of them is a raw pair."""

    consumes: tuple[int, ...] = (2, 3)

    def combine(self, *pairs: Graded) -> Combination[Graded]:
        best = max(pair.fidelity for pair in pairs)
        if len(pairs) == 2:
            return Combination(Graded(best + STEP), Fraction(3, 5))
        third = () if best > Fraction(3, 5) else ((Fraction(1, 50), Graded(best + 3 * STEP)),)
        return Combination(Graded(best + 2 * STEP), best / 2, ((Fraction(1, 5), Graded(best + STEP)), *third))


@dataclass(frozen=True)
class Sided(Toy):
    """The pair that is kept gains from the one that is measured: it matters which is which."""

    def combine(self, kept: Graded, measured: Graded) -> Combination[Graded]:
        gain = STEP if measured.fidelity < kept.fidelity else 2 * STEP
        return Combination(Graded(kept.fidelity + gain), kept.fidelity**2 + measured.fidelity / 3)


@dataclass(frozen=True)
class Twins(Toy):
    """Pairs of equal fidelity may be of different sorts, which differ in how well they distil."""

    def combine(self, a: Graded, b: Graded) -> Combination[Graded]:
        alike = a.sort == b.sort
        made = Graded(max(a.fidelity, b.fidelity) + STEP, "b" if alike else "a")
        return Combination(made, Fraction(3, 5) if alike else Fraction(1, 2))

    def order(self, state: Graded) -> tuple[str, Fraction]:
        """By sort first: what comes first need not be of lower fidelity."""
        return state.sort, state.fidelity


@dataclass(frozen=True)
class Sure(Toy):
    """Equal pairs never fail; others do."""

    def combine(self, a: Graded, b: Graded) -> Combination[Graded]:
        gained = Graded(max(a.fidelity, b.fidelity) + STEP)
        return Combination(gained, Fraction(1) if a == b else Fraction(2, 5))


TOYS = {
    "three into one": Problem("1/2", 4, "3/5", "3/4", distillation=Threefold()),
    "three into one, five memories": Problem("2/3", 5, "3/5", "7/10", distillation=Threefold(), distillation_time=3),
    "only three into one": Problem("1/2", 4, "3/5", "3/4", distillation=Threefold(consumes=(3,))),
    "sided": Problem("1/3", 3, "3/5", "17/20", distillation=Sided()),
    "twins": Problem("1/2", 4, "3/5", "3/4", distillation=Twins()),
    "sure": Problem("1/2", 4, "3/5", "3/4", distillation=Sure()),
    "sided, discarding": Problem("1/3", 3, "3/5", "4/5", distillation=Sided(), discarding=True),
}


def states_of(problem: Problem) -> list[Graded]:
    """Everything that the map of a problem makes below the target."""
    maps, found = problem.distillation, {problem.distillation.raw(problem.f0)}
    while True:
        made = {
            state
            for size in getattr(maps, "consumes", (2,))
            for pairs in itertools.product(found, repeat=size)
            for _, state in outcomes_of(maps, pairs)
            if state.fidelity < problem.target
        }
        if made <= found:
            return sorted(found, key=getattr(maps, "order", lambda state: state.fidelity))
        found |= made


def outcomes_of(maps: Toy, pairs: tuple[Graded, ...]) -> list[tuple[Fraction, Graded]]:
    """The pairs that a distillation may leave, with their probabilities."""
    made = maps.combine(*pairs)
    return [(made.success, made.state), *made.others]


def enumerated(problem: Problem) -> Chain:
    """The process of a problem on count vectors, every attempt and every order of pairs on its own."""
    states, maps = states_of(problem), problem.distillation
    steps: dict[Hashable, dict[Hashable, Step]] = {}
    for counts in configurations(problem.memories, len(states)):
        here = steps.setdefault(counts, {})
        for chosen in _chosen(counts, getattr(maps, "consumes", (2,)), ()):
            for tried in range(problem.memories - sum(counts) + 1):
                here[chosen, tried] = _step(problem, states, counts, chosen, tried)
        for level, count in enumerate(counts) if problem.discarding else ():
            if count:
                here["discard", level] = Step(Fraction(0), {_taken(counts, (level,)): Fraction(1)})
    return Chain((0,) * len(states), steps)


def _chosen(counts, sizes, least) -> Iterator[tuple[tuple[int, ...], ...]]:
    """All multisets of orders of levels that fit, the pair that is kept first."""
    yield ()
    for size in sizes:
        for order in itertools.product(range(len(counts)), repeat=size):
            if order >= least and all(count >= order.count(level) for level, count in enumerate(counts)):
                yield from ((order, *more) for more in _chosen(_taken(counts, order), sizes, order))


def _taken(counts: tuple[int, ...], levels: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(count - levels.count(level) for level, count in enumerate(counts))


def _step(problem: Problem, states, counts, chosen, tried) -> Step:
    moves: dict[Hashable, Fraction] = {counts: Fraction(1)}
    for order in chosen:
        found = outcomes_of(problem.distillation, tuple(states[level] for level in order))
        moves = _after(
            {_taken(now, order) if now != TARGET else now: p for now, p in moves.items()}, found, problem, states
        )
    for _ in range(tried):
        moves = _after(moves, [(problem.p, problem.distillation.raw(problem.f0))], problem, states)
    cost = problem.distillation_time if chosen else problem.generation_time
    return Step(cost, {after: chance for after, chance in moves.items() if chance})


def _after(moves, outcomes, problem, states) -> dict[Hashable, Fraction]:
    found: dict[Hashable, Fraction] = defaultdict(Fraction)
    for counts, chance in moves.items():
        found[counts] += chance * (1 - sum(odds for odds, _ in outcomes))
        for odds, state in outcomes:
            if counts == TARGET or state.fidelity >= problem.target:
                found[TARGET] += chance * odds
            else:
                found[tuple(n + (states[i] == state) for i, n in enumerate(counts))] += chance * odds
    return found
