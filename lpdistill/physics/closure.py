"""The closure of raw pairs under distillation: every level below the target, and what distillation makes of levels."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Any, TypeAlias

from lpdistill.errors import LimitError
from lpdistill.physics.imported import combined, map_name, raw_of
from lpdistill.physics.known import MAPS
from lpdistill.physics.levels import Level, Levels, Tree, names_of
from lpdistill.physics.limits import FEW_LEVELS, MOST_WORK, effort
from lpdistill.physics.maps import Combination, DistillationMap, Pair, arrangements, consumes, everything, order_of
from lpdistill.shared import Shared, by_value

MOST_SHARED = 64
"""Sets of levels that are kept for the next problem that has the same map, raw fidelity and target."""

LARGEST_SHARED = 16
"""Levels of a set that is kept: finding more takes a small share of what is done with them, and much memory to keep."""

MOST_OF_SEVERAL = 2_000
"""Distillations beyond which those of more than two pairs, whose number grows with a power of that of levels, end."""

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
        If there are more than ``most`` levels, or their exact arithmetic takes too long; the message advises for
        ``memories`` memories, and says that the map claims finitely many.

    Notes
    -----
    Two trees may give equal or nearly equal fidelities, so levels are compared exactly, as states.  The closure is
    explored by increasing number of raw pairs, so each level's tree is one that consumes the fewest.  Pairs are tried
    in every order: where it matters which of them is kept, all orders are there to choose from.
    """
    if f0 >= target:
        return Levels(target, (), {}, None)

    bounds = _Bounds(distillation, f0, target, most, memories, allowed)
    key = by_value((distillation, f0, target)) if allowed is None else None
    if key is None:
        return _explored(bounds)
    levels = SHARED.of(key, lambda: _explored(bounds))
    bounds.require(len(levels))
    return levels


@lru_cache(256)
def are_few(distillation: Any, f0: Fraction, target: Fraction, memories: int) -> bool:
    """Whether so few levels of a map, which has a hash, lie below a target that they are worth exploring."""
    with suppress(LimitError):
        closure(distillation, f0, target, most=FEW_LEVELS, memories=memories)
        return True
    return False


@dataclass(frozen=True)
class _Bounds:
    """The levels that are asked for, and how many there may be."""

    distillation: DistillationMap[Any]
    f0: Fraction
    target: Fraction
    most: int
    memories: int
    allowed: Allowed | None

    def require(self, count: int, work: int = 0) -> None:
        """Refuse more levels than there may be, and exact arithmetic that takes longer than any use of them."""
        if count <= self.most and work <= MOST_WORK:
            return
        between = f"lie between f0 = {float(self.f0)} and the target {float(self.target)}"
        ours = type(self.distillation) in map(type, MAPS.values())
        says = f"{map_name(self.distillation)} {'says' if hasattr(self.distillation, 'reach') else 'is taken to say'}"
        claim = f"the map {says} that they are finitely many (reach); correct it if they are not"
        if count > self.most:
            found = f"more than {self.most:,} fidelity levels {between}, too many for {self.memories:,} memories"
        else:
            found = f"more than {count:,} fidelity levels {between}, whose exact arithmetic takes too long"
        raise LimitError(
            f"target: {found} on this machine; take fewer memories, or a target further below the pumping limit"
            + ("" if self.allowed or ours else f"; {claim}"),
            size={"levels": min(count, self.most) + 1, "memories": self.memories},
        )


def _explored(bounds: _Bounds) -> Levels:
    """The levels, found by distilling what is found."""
    distillation, target, found = bounds.distillation, bounds.target, dict[Pair, Tree]()
    known = _Known(distillation, bounds.allowed)
    # Ordered by raw pairs consumed, then memories; the serial number only keeps states from being compared.
    frontier: list[tuple[int, int, int, Pair, Tree]] = [(1, 1, 0, raw_of(distillation, bounds.f0), Tree())]
    serial = 0
    while frontier:
        *_, state, tree = heapq.heappop(frontier)
        if state in found:
            continue
        found[state] = tree
        bounds.require(len(found))
        for order, made in known.adding(state):
            bounds.require(len(found), known.work)
            for place, (_, result) in enumerate(made.outcomes):
                if result.fidelity < target and result not in found:
                    serial += 1
                    grown = Tree(tuple(found[known.states[number]] for number in reversed(order)), place)
                    if bounds.allowed is None or grown.memories <= bounds.memories:
                        heapq.heappush(frontier, (grown.raw_pairs, grown.memories, serial, result, grown))
    order_by, states = order_of(distillation), known.states
    ordered = sorted(range(len(states)), key=lambda number: order_by(states[number]))
    ranked = [states[number] for number in ordered]
    names = names_of([state.fidelity for state in ranked], target, ranked)
    index = {number: level for level, number in enumerate(ordered)}
    levels = tuple(
        Level(level, states[number].fidelity, found[states[number]], states[number], names[level])
        for level, number in enumerate(ordered)
    )
    combinations = {tuple(index[number] for number in order): made for order, made in known.all_of(ordered)}
    return Levels(target, levels, combinations, index[0])


@dataclass
class _Known:
    """States by number, in the order in which they were found, what distilling them makes, and what that took."""

    distillation: DistillationMap[Any]
    allowed: Allowed | None = None
    states: list[Pair] = field(default_factory=list)
    table: dict[tuple[int, ...], Combination[Any]] = field(default_factory=dict)
    work: int = 0

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
        offers = getattr(self.distillation, "offers", everything)
        if len(numbers) > 2 and len(self.table) > MOST_OF_SEVERAL:
            raise LimitError(
                f"protocols: more than {MOST_OF_SEVERAL:,} distillations of several pairs lie below the target; take "
                "fewer protocols, or a lower target",
                size={"distillations": MOST_OF_SEVERAL + 1},
            )
        for order in arrangements(self.distillation, numbers):
            made = self.table.get(order)
            if made is None:
                made = combined(self.distillation, [self.states[number] for number in reversed(order)])
                self.work += effort(made.state.fidelity)
                # What is equal is the same, and is not compared again.
                made = self.table[order] = next((one for one in before if one == made), made)
            if not offers(made, [self.states[number] for number in order]):
                continue
            if not any(made is one for one in before):
                before.append(made)
                yield order, made
