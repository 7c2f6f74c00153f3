"""The fidelity levels: everything that distillation can make below the target, exactly."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from lpdistill.errors import LimitError, ModelError
from lpdistill.physics.maps import Combination, DistillationMap, Pair


@dataclass(frozen=True, slots=True)
class Tree:
    """A composition tree: a raw pair (no children), or the distillation of two trees.

    Attributes
    ----------
    children
        The trees distilled, or None for a raw pair.
    raw_pairs
        Raw pairs that the tree consumes if every distillation succeeds.
    memories
        Memories needed to carry the tree out, one pair after the other (its Sethi-Ullman number).

    Examples
    --------
    >>> pumped = Tree((Tree(), Tree((Tree(), Tree()))))
    >>> str(pumped), pumped.raw_pairs, pumped.memories
    ('D(f0, D(f0, f0))', 3, 2)
    """

    children: tuple[Tree, Tree] | None = None
    raw_pairs: int = field(init=False, default=1)
    memories: int = field(init=False, default=1)

    def __post_init__(self) -> None:
        if self.children is not None:
            low, high = sorted(child.memories for child in self.children)
            object.__setattr__(self, "raw_pairs", sum(child.raw_pairs for child in self.children))
            object.__setattr__(self, "memories", low + 1 if low == high else high)

    def __str__(self) -> str:
        return "f0" if self.children is None else f"D({self.children[0]}, {self.children[1]})"


@dataclass(frozen=True, slots=True)
class Level:
    """One fidelity level: its index (0 is the lowest), exact fidelity, a tree that makes it, its pair state."""

    index: int
    fidelity: Fraction
    tree: Tree
    state: Pair


class Kind(NamedTuple):
    """One kind of distillation: the levels ``low <= high`` it consumes, its success probability, what it makes.

    ``result`` is the index of the level made, or None when success reaches the target.
    """

    low: int
    high: int
    success: Fraction
    result: int | None


@dataclass(frozen=True)
class Levels:
    """The closure of the raw pair under a distillation map, cut at the target.

    Attributes
    ----------
    levels
        All levels below the target, by increasing fidelity.
    kinds
        All unordered pairs of levels, with success probability and result: the distillation table.
    raw
        Index of the level of a raw pair, or None if a raw pair already meets the target.

    Notes
    -----
    Two trees may give equal or nearly equal fidelities, so levels are rational numbers, compared exactly.  The closure
    is explored by increasing number of raw pairs, so each level's tree is one that consumes the fewest.
    """

    target: Fraction
    levels: tuple[Level, ...]
    kinds: tuple[Kind, ...]
    raw: int | None

    @staticmethod
    def closure(
        distillation: DistillationMap[Any], f0: Fraction, target: Fraction, *, most: int, memories: int
    ) -> Levels:
        """All levels below ``target`` that the map makes from raw pairs of fidelity ``f0``.

        Raises
        ------
        LimitError
            If there are more than ``most`` levels.
        ModelError
            If the map makes two pairs into something else when they change places: which is which would be arbitrary.
        """
        raw = distillation.raw(f0)
        if f0 >= target:
            return Levels(target, (), (), None)
        found: dict[Pair, Tree] = {}
        table: dict[frozenset[Pair], Combination[Any]] = {}
        # Ordered by raw pairs consumed, then memories; the serial number only keeps states from being compared.
        frontier: list[tuple[int, int, int, Pair, Tree]] = [(1, 1, 0, raw, Tree())]
        serial = 0
        while frontier:
            *_, state, tree = heapq.heappop(frontier)
            if state in found:
                continue
            found[state] = tree
            if len(found) > most:
                raise LimitError(
                    f"target: more than {most:,} fidelity levels lie between f0 = {float(f0)} and the target "
                    f"{float(target)}, too many for {memories:,} memories on this machine; take fewer memories, or a "
                    "target further below the pumping limit",
                    size={"levels": len(found), "memories": memories},
                )
            for other, other_tree in list(found.items()):
                made = distillation.combine(state, other)
                if state is not other and made != distillation.combine(other, state):
                    raise _asymmetric(distillation, tree, other_tree)
                table[frozenset((state, other))] = made
                if made.state.fidelity < target and made.state not in found:
                    serial += 1
                    grown = Tree((tree, other_tree))
                    heapq.heappush(frontier, (grown.raw_pairs, grown.memories, serial, made.state, grown))
        ordered = sorted(found.items(), key=lambda item: item[0].fidelity)
        levels = tuple(Level(i, state.fidelity, tree, state) for i, (state, tree) in enumerate(ordered))
        index = {level.state: level.index for level in levels}
        kinds = tuple(
            Kind(a.index, b.index, made.success, index.get(made.state))
            for i, a in enumerate(levels)
            for b in levels[i:]
            for made in (table[frozenset((a.state, b.state))],)
        )
        return Levels(target, levels, kinds, index[raw])

    def __len__(self) -> int:
        return len(self.levels)

    def __iter__(self) -> Iterator[Level]:
        return iter(self.levels)

    def __getitem__(self, index: int) -> Level:
        return self.levels[index]

    def to_dict(self) -> dict[str, Any]:
        """Levels and distillation table as JSON data."""
        return {
            "levels": [
                {
                    "index": level.index,
                    "fidelity": float(level.fidelity),
                    "exact": str(level.fidelity),
                    "tree": str(level.tree),
                }
                for level in self.levels
            ],
            "distillation": [
                {
                    "levels": [kind.low, kind.high],
                    "success": float(kind.success),
                    "result": "target" if kind.result is None else kind.result,
                }
                for kind in self.kinds
            ],
        }


def _asymmetric(distillation: DistillationMap[Any], one: Tree, other: Tree) -> ModelError:
    """The error about a map for which it matters which of two pairs comes first."""
    return ModelError(
        f"distillation {distillation.name!r}",
        "must make the same of two pairs, with the same success, whichever comes first; let `combine` put them in the "
        "order in which they are to be distilled, such as by fidelity",
        f"{one} and {other}",
    )
