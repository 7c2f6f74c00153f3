r"""Levels on a grid: two finite label models of a lattice that is infinite, or larger than it need be.

A grid holds some exact fidelities below the target, that of a raw pair among them.  A distillation of two labels
succeeds with the probability that their fidelities have, and its result is relabelled:

- ``FLOOR``: the greatest label that is not above it; what meets the target is delivered.
- ``CEIL``: the least label that is not below it; where there is none, the label "just below the target", which computes
  with the fidelity of the target and does not meet it.

For a map whose success probability and result do not decrease in the fidelity of any pair, the least expected time
of the label models brackets the true one, in every configuration (:doc:`levels_without_limit`):

.. math:: V_{\mathrm{ceil}}(\lceil n \rceil) \le V^*(n) \le V_{\mathrm{floor}}(\lfloor n \rfloor).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any, Self, TypeAlias

from lpdistill.errors import LimitError, ModelError
from lpdistill.physics.imported import map_name, raw_of
from lpdistill.physics.levels import UNMADE, Level, Levels, Tree, names_of, needed
from lpdistill.physics.maps import Combination, DistillationMap, Pair, arrangements, consumes, everything

PLAIN = 2
"""Pairs of a distillation whose outcome does not depend on which of them is kept."""

MOST_COMBINED = 50_000
"""Distillations of fidelities beyond which exact arithmetic takes too long."""


class Rounding(StrEnum):
    """Which way results are relabelled."""

    FLOOR = "floor"
    CEIL = "ceil"


@dataclass(frozen=True, slots=True)
class Short:
    """The state of a label that nothing makes, such as that just below the target: it does not meet it.

    Attributes
    ----------
    fidelity
        That of the target.
    stands
        Where it stands, in words.
    """

    fidelity: Fraction
    stands: str = UNMADE


@dataclass(frozen=True)
class Labels(Levels):
    """Levels of a label model.

    Attributes
    ----------
    rounding
        Which way results are relabelled.
    results
        The fidelities of the results that were, by the labels that make them.
    memories
        The least number of memories with which the pairs of each label can be made.
    grid, useless
        The fidelities that they are labels of, and whether distillations stay whose label is not above those of both.
    """

    rounding: Rounding
    results: Mapping[tuple[int, ...], Fraction] = field(hash=False, repr=False)
    memories: tuple[int, ...]
    grid: Grid = field(hash=False, repr=False)
    useless: bool = False

    @property
    def told(self) -> str:
        """What they are, as a sentence for whoever reads a file of their model."""
        return self.grid.told(len(self), self.rounding)

    @property
    def least_memories(self) -> tuple[int, ...]:
        """The least number of memories with which the pairs of each label can be made."""
        return self.memories

    @property
    def exact(self) -> frozenset[int]:
        """The labels that are levels of the true lattice: all but the one just below the target."""
        return frozenset(level.index for level in self.levels if not isinstance(level.state, Short))


@dataclass(frozen=True)
class Grid:
    """Exact fidelities below the target, each with a tree that makes it.

    Attributes
    ----------
    distillation, f0, target
        The map, the fidelity of a raw pair, and the target.
    trees
        A tree for every fidelity, by increasing fidelity.
    """

    distillation: DistillationMap[Any]
    f0: Fraction
    target: Fraction
    trees: Mapping[Any, Tree]
    _combined: dict[tuple[Any, ...], Combination[Any]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, distillation: DistillationMap[Any], f0: Fraction, target: Fraction) -> Self:
        """The grid that holds nothing but raw pairs."""
        return cls(distillation, f0, target, {cls.key(raw_of(distillation, f0)): Tree()})

    @staticmethod
    def key(pair: Pair) -> Any:
        """What tells pairs apart: their fidelity."""
        return pair.fidelity

    def pair(self, key: Any) -> Any:
        """The pair of a key."""
        return self.distillation.raw(key)

    @property
    def order(self) -> Callable[[Any], Any]:
        """By which keys are in order."""
        return lambda fidelity: fidelity

    def told(self, labels: int, rounding: Rounding) -> str:
        """What so many labels are, as a sentence for whoever reads a file of their model."""
        way, bound = ("down", "above") if rounding is Rounding.FLOOR else ("up", "below")
        return (
            f"{labels} labels stand for the fidelity levels; results of distillation are rounded {way} to them, and "
            f"times bound those of the problem from {bound}"
        )

    def __len__(self) -> int:
        return len(self.trees)

    def with_results(self, distilled: Iterable[tuple[Any, ...]]) -> Self:
        """The grid with the results of distilling some of its fidelities together, the pair that is kept first.

        Those that meet the target are no labels.
        """
        found = dict(self.trees)
        for pairs in distilled:
            for place, (_, state) in enumerate(self._made(pairs).outcomes):
                if state.fidelity < self.target:
                    found.setdefault(self.key(state), Tree(tuple(self.trees[one] for one in pairs), place))
        return self._having(found)

    def _having(self, trees: Mapping[Any, Tree]) -> Self:
        """The grid with other fidelities."""
        ordered = {key: trees[key] for key in sorted(trees, key=self.order)}
        return replace(self, trees=ordered)

    def at(self, f0: Fraction) -> Self | None:
        """The grid for another raw fidelity: each fidelity goes along by its tree.

        None where one of them meets the target, or two meet each other.
        """
        grid = self.of(self.distillation, f0, self.target).made_by(self.trees.values())
        met = any(self.pair(key).fidelity >= self.target for key in grid.trees)
        return None if len(grid) < len(self) or met else grid

    def again(self) -> Self:
        """The same grid with every fidelity computed anew, from its tree."""
        return self.made_by(self.trees.values())

    def made_by(self, trees: Iterable[Tree]) -> Self:
        """The grid of the fidelities that some trees make."""
        grid, trees = self.of(self.distillation, self.f0, self.target), tuple(trees)
        found: dict[int, Any] = {}  # by identity: trees share parts, and to compare them may take exponentially long
        (raw,) = grid.trees

        def key(tree: Tree) -> Any:
            if tree.children is None:
                return raw
            if id(tree) not in found:
                made = grid._made(tuple(map(key, tree.children)))  # noqa: SLF001 - its own
                found[id(tree)] = self.key(made.outcomes[tree.outcome][1])
            return found[id(tree)]

        return grid._having({key(tree): tree for tree in trees})  # noqa: SLF001 - its own

    def _made(self, keys: tuple[Any, ...]) -> Combination[Any]:
        """What distilling some pairs gives, the first of which is kept: of two fidelities, the greater one."""
        if keys in self._combined:
            return self._combined[keys]
        if len(self._combined) >= MOST_COMBINED:
            raise LimitError(
                f"target: {len(self):,} labels have more than {MOST_COMBINED:,} distillations; take fewer protocols, "
                "or a lower target",
                size={"labels": len(self), "distillations": MOST_COMBINED + 1},
            )
        pairs = [self.pair(one) for one in keys]
        made = self.distillation.combine(*pairs)
        self._require(made, pairs)
        return self._combined.setdefault(keys, made)

    def _require(self, made: Combination[Any], pairs: list[Any]) -> None:
        """Refuse what no map makes that is monotone."""
        if made.others or (len(pairs) == PLAIN and made != self.distillation.combine(*reversed(pairs))):
            raise ModelError(
                "distillation",
                "must have one outcome, whichever pair is kept, where labels stand for levels: it is not monotone",
                map_name(self.distillation),
            )

    def labels(self, rounding: Rounding, memories: int, *, useless: bool = False) -> Labels:
        """The levels of a label model, those that so many memories can make.

        Parameters
        ----------
        rounding
            Which way results are relabelled.
        memories
            Number of memories.
        useless
            Whether distillations stay whose label is not above those of both pairs.  No optimum needs them, unless a
            step that distils may be shorter than one that only generates.
        """
        states: list[Pair] = [self.distillation.raw(fidelity) for fidelity in self.trees]
        if rounding is Rounding.CEIL:
            states.append(Short(self.target))
        made = self._rounded([state.fidelity for state in states], rounding, useless=useless)
        makes = needed(len(states), [(pairs, label) for pairs, (label, _) in made.items()], raw=0)
        kept = [number for number, least in enumerate(makes) if least <= memories]
        combinations, results = _among(states, made, {number: index for index, number in enumerate(kept)})
        levels, least = self._levels([states[number] for number in kept]), tuple(int(makes[number]) for number in kept)
        return Labels(self.target, levels, combinations, 0, rounding, results, least, self, useless)

    def unrounded(self, memories: int) -> Levels:
        """The fidelities as levels, no result rounded: whatever is none of them ends a run."""
        labels = self.labels(Rounding.FLOOR, memories, useless=True)
        made = {
            pairs: Combination(self.pair(labels.results[pairs]), one.success) if pairs in labels.results else one
            for pairs, one in labels.combinations.items()
        }
        return Levels(labels.target, labels.levels, made, labels.raw)

    def _rounded(self, fidelities: list[Fraction], rounding: Rounding, *, useless: bool) -> _Rounded:
        """The label that distilling some labels makes, and the true result; useless ones only if they are to stay.

        Of all orders of the same labels, those stay that no other one is as good as.
        """
        found: _Rounded = {}
        offers = getattr(self.distillation, "offers", everything)
        for size in consumes(self.distillation):
            for some in combinations_with_replacement(range(len(fidelities)), size):
                ways: _Rounded = {}
                for order in arrangements(self.distillation, some):
                    made = self._made(tuple(fidelities[one] for one in reversed(order)))
                    label = self._label(made.state.fidelity, fidelities, rounding)
                    stays = useless and offers(made, [self.distillation.raw(fidelities[one]) for one in order])
                    if label is None or stays or label > some[-1]:
                        _keep_best(ways, order, (label, made))
                found |= ways
        return found

    def _levels(self, states: list[Pair]) -> tuple[Level, ...]:
        """Labels as levels: with names, and with the trees that make them."""
        true = [state.fidelity for state in states if not isinstance(state, Short)]
        names = [*names_of(true, self.target), *[f"<{float(self.target):g}"] * (len(states) - len(true))]
        return tuple(
            Level(index, state.fidelity, self.trees.get(state.fidelity), state, name)
            for index, (state, name) in enumerate(zip(states, names, strict=True))
        )

    def _label(self, fidelity: Fraction, fidelities: list[Fraction], rounding: Rounding) -> int | None:
        """The label of a result; None for the target."""
        if fidelity >= self.target:
            return None
        if rounding is Rounding.FLOOR:
            return bisect_right(fidelities, fidelity) - 1
        return bisect_left(fidelities, fidelity)


_Way: TypeAlias = tuple[int | None, Combination[Any]]
"""The label that a distillation makes, None for the target, and the true result."""

_Rounded: TypeAlias = dict[tuple[int, ...], _Way]
"""What distilling labels makes, by these, that of the pair that is kept last."""


def _keep_best(ways: _Rounded, order: tuple[int, ...], way: _Way) -> None:
    """Add a way of distilling the same labels, unless another is as good; those that it is as good as go."""

    def as_good(one: _Way, other: _Way) -> bool:
        reached = one[0] is None or (other[0] is not None and one[0] >= other[0])
        return reached and one[1].success >= other[1].success

    if not any(as_good(known, way) for known in ways.values()):
        for worse in [known for known, other in ways.items() if as_good(way, other)]:
            del ways[worse]
        ways[order] = way


def _among(
    states: list[Pair], made: _Rounded, place: Mapping[int, int]
) -> tuple[dict[tuple[int, ...], Combination[Any]], dict[tuple[int, ...], Fraction]]:
    """What the labels that have a place make of each other, and the true fidelities of what was rounded."""
    combinations, results = dict[tuple[int, ...], Combination[Any]](), dict[tuple[int, ...], Fraction]()
    for order, (label, true) in made.items():
        if not all(one in place for one in order) or (label is not None and label not in place):
            continue
        pairs, state = tuple(place[one] for one in order), true.state if label is None else states[label]
        combinations[pairs] = Combination(state, true.success)
        if label is not None and true.state.fidelity != state.fidelity:
            results[pairs] = true.state.fidelity
    return combinations, results
