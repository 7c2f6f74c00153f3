"""The closure of raw pairs under distillation: every level below the target, and what distillation makes of levels."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations_with_replacement, permutations
from typing import Any, TypeAlias

from lpdistill.errors import LimitError
from lpdistill.physics.levels import Level, Levels, Tree, names_of
from lpdistill.physics.maps import Combination, DistillationMap, Pair, consumes, order_of
from lpdistill.shared import Shared, by_value

MOST_SHARED = 64
"""Sets of levels that are kept for the next problem that has the same map, raw fidelity and target."""

LARGEST_SHARED = 16
"""Levels of a set that is kept: finding more takes a small share of what is done with them, and much memory to keep."""

SHARED: Shared[Levels] = Shared(MOST_SHARED, largest=LARGEST_SHARED)
"""The levels of the maps that are made of plain values, which are the same whenever they are asked for."""


Allowed: TypeAlias = Callable[[Sequence[int]], bool]
"""Whether states may be distilled together, given by number: equal numbers are equal states, and 0 is a raw pair."""


def closure(  # noqa: PLR0913 - what shapes levels
    distillation: DistillationMap[Any],
    f0: Fraction,
    target: Fraction,
    *,
    most: int,
    memories: int,
    allowed: Allowed | None = None,
) -> Levels:
    """All levels below ``target`` that the map makes from raw pairs of fidelity ``f0``.

    Problems that differ in nothing that shapes levels have the same ones.  With ``allowed``, they are the levels that
    so many memories can make of what rules leave.

    Raises
    ------
    LimitError
        If there are more than ``most`` levels; the message advises for ``memories`` memories.

    Notes
    -----
    Two trees may give equal or nearly equal fidelities, so levels are compared exactly, as states.  The closure is
    explored by increasing number of raw pairs, so each level's tree is one that consumes the fewest.  Pairs are tried
    in every order: where it matters which of them is kept, all orders are there to choose from.
    """
    if f0 >= target:
        return Levels(target, (), {}, None)

    def admitted(number: int) -> None:
        if number > most:
            raise LimitError(
                f"target: more than {most:,} fidelity levels lie between f0 = {float(f0)} and the target "
                f"{float(target)}, too many for {memories:,} memories on this machine; take fewer memories, or a "
                "target further below the pumping limit",
                size={"levels": most + 1, "memories": memories},
            )

    known = _Known(distillation, allowed)
    key = by_value((distillation, f0, target)) if allowed is None else None
    if key is None:
        return _explored(known, f0, target, admitted, memories if allowed else None)
    levels = SHARED.of(key, lambda: _explored(known, f0, target, admitted, None))
    admitted(len(levels))
    return levels


def _explored(
    known: _Known, f0: Fraction, target: Fraction, admitted: Callable[[int], None], memories: int | None
) -> Levels:
    """The levels, found by distilling what is found; ``admitted`` is told of every further one."""
    distillation, found = known.distillation, dict[Pair, Tree]()
    # Ordered by raw pairs consumed, then memories; the serial number only keeps states from being compared.
    frontier: list[tuple[int, int, int, Pair, Tree]] = [(1, 1, 0, distillation.raw(f0), Tree())]
    serial = 0
    while frontier:
        *_, state, tree = heapq.heappop(frontier)
        if state in found:
            continue
        found[state] = tree
        admitted(len(found))
        for order, made in known.adding(state):
            for place, (_, result) in enumerate(made.outcomes):
                if result.fidelity < target and result not in found:
                    serial += 1
                    grown = Tree(tuple(found[known.states[number]] for number in reversed(order)), place)
                    if memories is None or grown.memories <= memories:
                        heapq.heappush(frontier, (grown.raw_pairs, grown.memories, serial, result, grown))
    order_by, states = order_of(distillation), known.states
    ordered = sorted(range(len(states)), key=lambda number: order_by(states[number]))
    names = names_of([states[number].fidelity for number in ordered], target)
    index = {number: level for level, number in enumerate(ordered)}
    levels = tuple(
        Level(level, states[number].fidelity, found[states[number]], states[number], names[level])
        for level, number in enumerate(ordered)
    )
    combinations = {tuple(index[number] for number in order): made for order, made in known.all_of(ordered)}
    return Levels(target, levels, combinations, index[0])


@dataclass(frozen=True)
class _Known:
    """States by number, in the order in which they were found, and what distilling them makes."""

    distillation: DistillationMap[Any]
    allowed: Allowed | None = None
    states: list[Pair] = field(default_factory=list)
    table: dict[tuple[int, ...], Combination[Any]] = field(default_factory=dict)

    def adding(self, state: Pair) -> Iterator[tuple[tuple[int, ...], Combination[Any]]]:
        """What a state makes together with those known before and itself."""
        number = len(self.states)
        self.states.append(state)
        for size in consumes(self.distillation):
            for others in combinations_with_replacement(range(number + 1), size - 1):
                yield from self._different((*others, number))

    def all_of(self, numbers: list[int]) -> Iterator[tuple[tuple[int, ...], Combination[Any]]]:
        """What states make of each other, in the order of the given numbers."""
        for size in consumes(self.distillation):
            for some in combinations_with_replacement(numbers, size):
                yield from self._different(some)

    def _different(self, numbers: Iterable[int]) -> Iterator[tuple[tuple[int, ...], Combination[Any]]]:
        """The orders of some states that make different things, the pair that is kept last, and what they make."""
        numbers = tuple(numbers)
        if self.allowed is not None and not self.allowed(numbers):
            return
        before: list[Combination[Any]] = []
        for order in dict.fromkeys(permutations(numbers)):
            made = self.table.get(order)
            if made is None:
                made = self.distillation.combine(*(self.states[number] for number in reversed(order)))
                # What is equal is the same, and is not compared again.
                made = self.table[order] = next((one for one in before if one == made), made)
            if not any(made is one for one in before):
                before.append(made)
                yield order, made
