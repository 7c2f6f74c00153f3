"""An independent oracle of the steady state: numbered memories, every action and every outcome listed.

Nothing here is taken from the package under test. A configuration says what each memory holds: 0 is empty, ``k`` a pair
of the ``k``-th level. A process is a list of columns; each has a configuration, a time, amounts that it uses or earns,
and the probability of every next configuration. Columns that take no time deliver a pair. ``steady_routes`` solves it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

Memories = tuple[int, ...]
Outcomes = dict[tuple[Memories, int], Fraction]


def distilled(a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
    """Fidelity and success probability of distilling two Werner pairs."""
    kept = 8 * a * b - 2 * a - 2 * b + 5
    return (10 * a * b - a - b + 1) / kept, kept / 9


class Levels(NamedTuple):
    """Fidelities from that of the raw pair to the last, which stands for all at or above it; what two others make."""

    fidelities: tuple[Fraction, ...]
    makes: dict[tuple[int, int], tuple[int, Fraction]]


def levels(
    f0: Fraction, top: Fraction, rounds: int | None = None, *, up: bool = False, combine: Any = distilled
) -> Levels:
    """The closure of the raw pair below ``top``; of so many rounds only, all else rounded down, or ``up``."""
    found = {f0} if f0 < top else set()
    while rounds is None or rounds > 0:
        new = {f for a, b in product(found, repeat=2) if (f := combine(a, b)[0]) < top} - found
        found |= new
        rounds = rounds and rounds - 1
        if not new:
            break
    kept = (*sorted(found), top)
    makes = {}
    for i, j in product(range(1, len(kept)), repeat=2):
        fidelity, success = combine(kept[i - 1], kept[j - 1])
        nearest = sum(level < fidelity for level in kept) + 1 if up else sum(level <= fidelity for level in kept)
        makes[i, j] = min(nearest, len(kept)), success
    return Levels(kept, makes)


@dataclass(frozen=True)
class Link:
    """Two nodes, and the times of their steps; empty memories may stay ``idle``, or must all be tried."""

    p: Fraction
    memories: int
    levels: Levels
    generation_time: Fraction = Fraction(1)
    distillation_time: Fraction = Fraction(2)
    idle: bool = True


class Column(NamedTuple):
    """One action in one configuration."""

    state: Any
    action: Any
    time: Fraction
    amounts: dict[str, Any]
    moves: dict[Any, Any]


def matchings(pairs: Sequence[int]) -> Iterator[tuple[tuple[int, int], ...]]:
    """All sets of disjoint couples of memories, the empty one among them."""
    if not pairs:
        yield ()
        return
    first, rest = pairs[0], pairs[1:]
    yield from matchings(rest)
    for k, other in enumerate(rest):
        for more in matchings((*rest[:k], *rest[k + 1 :])):
            yield ((first, other), *more)


def oriented(link: Link, held: Memories, couples: tuple[tuple[int, int], ...]) -> Iterator[tuple[Any, ...]]:
    """Every choice of which pair of each couple is kept, where that makes a difference."""
    makes = link.levels.makes
    sides = [{makes[held[a], held[b]]: (a, b) for a, b in ((j, i), (i, j))}.values() for i, j in couples]
    yield from product(*sides)


def steps(link: Link, held: Memories, *, leaves: bool) -> Iterator[tuple[Any, Fraction, dict[str, Any], Outcomes]]:
    """Every step: its action, time, use, and outcomes with the number of top pairs made, which leave or stay."""
    top = len(link.levels.fidelities)
    ready = [i for i, level in enumerate(held) if 0 < level < top]
    empty = [i for i, level in enumerate(held) if level == 0]
    for couples in (one for pairs in matchings(ready) for one in oriented(link, held, pairs)):
        for size in range(0 if link.idle else len(empty), len(empty) + 1):
            for tries in combinations(empty, size):
                coins = [(i, None, 1, link.p) for i in tries]
                coins += [(i, j, *link.levels.makes[held[i], held[j]]) for i, j in couples]
                outcomes: Outcomes = {(held, 0): Fraction(1)}
                for i, partner, made, chance in coins:
                    after: Outcomes = Counter()
                    for (memories, done), probability in outcomes.items():
                        base = list(memories)
                        if partner is not None:
                            base[i] = base[partner] = 0
                        after[tuple(base), done] += probability * (1 - chance)
                        base[i] = 0 if leaves and made == top else made
                        after[tuple(base), done + (made == top)] += probability * chance
                    outcomes = {key: probability for key, probability in after.items() if probability}
                time = link.distillation_time if couples else link.generation_time
                yield (couples, tries), time, {"attempts": size, "distillations": len(couples)}, outcomes


@dataclass(frozen=True)
class Process:
    """Columns as arrays; the first state is the start, and every state that can be reached from it is there."""

    columns: tuple[Column, ...]

    @staticmethod
    def reached(start: Any, expand: Callable[[Any], Iterator[Column]]) -> Process:
        """The columns of all states that can be reached, in the order in which they are found."""
        queue, seen, columns = deque([start]), {start}, []
        while queue:
            for column in expand(queue.popleft()):
                columns.append(column)
                new = [state for state in column.moves if state not in seen]
                seen.update(new)
                queue.extend(new)
        return Process(tuple(columns))

    @cached_property
    def states(self) -> dict[Any, int]:
        return {state: i for i, state in enumerate(dict.fromkeys(column.state for column in self.columns))}

    @cached_property
    def state(self) -> np.ndarray:
        return np.array([self.states[column.state] for column in self.columns])

    @cached_property
    def time(self) -> np.ndarray:
        return np.array([float(column.time) for column in self.columns])

    @cached_property
    def moves(self) -> csr_matrix:
        """Columns by next states."""
        entries = [(i, self.states[s], float(q)) for i, c in enumerate(self.columns) for s, q in c.moves.items()]
        rows, into, chances = zip(*entries, strict=True)
        return csr_matrix((chances, (rows, into)), shape=(len(self.columns), len(self.states)))

    def amount(self, name: str) -> np.ndarray:
        """How much of something each column uses or earns."""
        return np.array([float(column.amounts.get(name, 0)) for column in self.columns])


def counted(link: Link, *, restart: bool = False) -> Process:
    """Pairs that meet the target are delivered when a step ends; with ``restart`` all memories are emptied after each.

    By renewal, the gain with ``restart`` is one over the least expected time to the first delivery.
    """
    nothing = (0,) * link.memories

    def expand(held: Memories) -> Iterator[Column]:
        for action, time, use, outcomes in steps(link, held, leaves=True):
            moves, earned = Counter(), Fraction(0)
            for (after, made), probability in outcomes.items():
                moves[nothing if restart and made else after] += probability
                earned += probability * (min(made, 1) if restart else made)
            yield Column(held, action, time, use | {"delivered": earned}, dict(moves))

    return Process.reached(nothing, expand)


def sold(link: Link, worths: dict[str, Callable[[Fraction], Any]]) -> Process:
    """Pairs are delivered between steps, in no time, to any user to whom they are worth something."""

    def expand(held: Memories) -> Iterator[Column]:
        for action, time, use, outcomes in steps(link, held, leaves=False):
            moves = Counter()
            for (after, _), probability in outcomes.items():
                moves[after] += probability
            yield Column(held, action, time, use, dict(moves))
        for i, level in enumerate(held):
            for user, worth in worths.items() if level else ():
                if value := worth(link.levels.fidelities[level - 1]):
                    after = (*held[:i], 0, *held[i + 1 :])
                    yield Column(held, (user, i), Fraction(0), {user: value, f"{user} {level}": 1}, {after: 1})

    return Process.reached((0,) * link.memories, expand)


def standby(link: Link, slots: int, demand: Callable[[Fraction], Sequence[Any]]) -> Process:
    """A stock beside the memories; ``demand(time)`` has the probabilities of 0, 1, ... demands during a step.

    They are met from the stock at the start of the step. What a step makes arrives at its end, and overflow is lost.
    """

    def expand(state: tuple[Memories, int]) -> Iterator[Column]:
        held, stock = state
        for action, time, use, outcomes in steps(link, held, leaves=True):
            law, moves, served = demand(time), Counter(), 0
            for ((after, made), chance), (wanted, odds) in product(outcomes.items(), enumerate(law)):
                met = min(stock, wanted)
                moves[after, min(slots, stock - met + made)] += chance * odds
                served += chance * odds * met
            yield Column(state, action, time, use | {"served": served}, dict(moves))

    return Process.reached(((0,) * link.memories, 0), expand)
