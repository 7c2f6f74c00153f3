"""The fidelity levels: the pairs below the target that memories may hold, in their order, with their names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, product
from math import inf
from typing import Any

from lpdistill.errors import ModelError
from lpdistill.physics.codes import Weights
from lpdistill.physics.dejmps import BellDiagonalPair
from lpdistill.physics.maps import Combination, Pair

FEWEST_DECIMALS = 3

FEWEST_DIGITS, MOST_DIGITS = 2, 6
"""Decimals of weights that tell levels of equal fidelity apart."""

UNMADE = "just below the target"
"""Where the label stands that has no tree."""

ANY_OTHER = "for any other level"
"""What the label stands for that has no tree where some levels are told apart."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A composition tree: a raw pair (no children), or the distillation of other trees.

    Attributes
    ----------
    children
        The trees distilled, the pair that is kept first; None for a raw pair.
    outcome
        Which of the pairs that the distillation may leave.
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

    children: tuple[Tree, ...] | None = None
    outcome: int = 0
    raw_pairs: int = field(init=False, default=1)
    memories: int = field(init=False, default=1)

    def __post_init__(self) -> None:
        if self.children is not None:
            # The child that needs most memories comes first; those made before it occupy one each.
            object.__setattr__(self, "raw_pairs", sum(child.raw_pairs for child in self.children))
            object.__setattr__(self, "memories", together(child.memories for child in self.children))

    @staticmethod
    def of(text: str) -> Tree:
        """The tree that a text names.

        Raises
        ------
        ValueError
            If it names none.

        Examples
        --------
        >>> Tree.of("D(f0, D(f0, f0))").raw_pairs
        3
        """
        open_trees: list[list[Tree]] = [[]]
        for word in re.findall(r"f0|D\(|\)(?:\[\d+\])?|,\s|.", text):
            if word == "f0":
                open_trees[-1].append(Tree())
            elif word == "D(":
                open_trees.append([])
            elif word[0] == ")" and len(open_trees) > 1 and len(open_trees[-1]) > 1:
                children = tuple(open_trees.pop())
                open_trees[-1].append(Tree(children, int(word[2:-1] or 0)))
            elif word != ", ":
                break
        else:
            if [len(trees) for trees in open_trees] == [1]:
                return open_trees[0][0]
        raise ValueError(f"no tree such as D(f0, f0): {text}")

    def __str__(self) -> str:
        if self.children is None:
            return "f0"
        return f"D({', '.join(map(str, self.children))})" + (f"[{self.outcome}]" if self.outcome else "")


def together(memories: Iterable[int]) -> int:
    """Memories needed to have some pairs at once, given those that each needs to be made.

    Those that need most come first, and those made before occupy one each.

    >>> together([1, 1]), together([3, 2, 2]), together([3, 3])
    (2, 4, 4)
    """
    return max(held + most for held, most in enumerate(sorted(memories, reverse=True)))


def needed(count: int, made: Sequence[tuple[tuple[int, ...], int | None]], raw: int) -> list[float]:
    """The least number of memories with which pairs of each of some levels can be made, infinite for none.

    Parameters
    ----------
    count
        Number of levels.
    made
        Some levels, and what distilling them makes; None for a pair that is not stored.
    raw
        The level of a raw pair.

    Examples
    --------
    >>> needed(3, [((0, 0), 1), ((0, 1), 1), ((1, 1), 2)], raw=0)
    [1, 2, 3]
    """
    least: list[float] = [inf] * count
    least[raw], changed = 1, True
    while changed:
        changed = False
        for pairs, level in made:
            if level is None or any(least[one] == inf for one in pairs):
                continue
            found = together(int(least[one]) for one in pairs)
            if found < least[level]:
                least[level], changed = found, True
    return least


@dataclass(frozen=True, slots=True)
class Level:
    """One level.

    Attributes
    ----------
    index
        Its index; 0 is the lowest.
    fidelity
        Exact fidelity.
    made
        A tree that makes it; None for the label just below the target (:mod:`~lpdistill.physics.rounding`), which
        nothing makes.
    state, name
        Its pair state, and its name.
    """

    index: int
    fidelity: Fraction
    made: Tree | None
    state: Pair
    name: str

    @property
    def tree(self) -> Tree:
        """The tree that makes it.

        Raises
        ------
        ModelError
            If nothing does.
        """
        if self.made is None:
            raise ModelError("level", f"has no tree: it stands {self.made_by}, and nothing makes it", self.name)
        return self.made

    @property
    def made_by(self) -> str:
        """What makes it, in words."""
        return self.stands if self.made is None else str(self.made)

    @property
    def stands(self) -> str:
        """Where it stands if nothing makes it."""
        return getattr(self.state, "stands", UNMADE)

    @property
    def weights(self) -> Weights | None:
        """Weights of Phi+, Psi+, Psi- and Phi-, of a Bell-diagonal pair."""
        return self.state.weights if isinstance(self.state, BellDiagonalPair) else None

    def stated(self) -> dict[str, Any]:
        """The fidelity and the weights as JSON data; with the name, where another level has the same fidelity."""
        named = {} if self.name[-1].isdigit() else {"name": self.name}
        weighed = {} if self.weights is None else {"weights": [float(weight) for weight in self.weights]}
        return {"fidelity": float(self.fidelity), "exact": str(self.fidelity), **weighed, **named}

    def to_dict(self) -> dict[str, Any]:
        """The level as JSON data."""
        made = {"stands": self.stands} if self.made is None else {"tree": self.made_by}
        return {"index": self.index, **self.stated(), **made}


@dataclass(frozen=True)
class Levels:
    """The pairs that a distillation map makes of raw ones, cut at the target: see :func:`~.closure.closure`.

    Attributes
    ----------
    levels
        All levels below the target, in the order of the map: by increasing fidelity, unless it has its own.
    combinations
        What distillation makes of levels, by their indices.  The pair that is kept stands last; indices increase
        where it makes no difference which pair that is.
    raw
        Index of the level of a raw pair, or None if a raw pair already meets the target.
    """

    target: Fraction
    levels: tuple[Level, ...]
    combinations: Mapping[tuple[int, ...], Combination[Any]] = field(hash=False)
    raw: int | None

    def __len__(self) -> int:
        return len(self.levels)

    def __iter__(self) -> Iterator[Level]:
        return iter(self.levels)

    def __getitem__(self, index: int) -> Level:
        return self.levels[index]

    @property
    def names(self) -> list[str]:
        """The name of every level."""
        return [level.name for level in self.levels]

    @property
    def least_memories(self) -> tuple[int, ...]:
        """The least number of memories with which the pairs of each level can be made."""
        return tuple(level.tree.memories for level in self.levels)


def reaches(levels: Levels, memories: int) -> bool:
    """Whether something that so many memories make of levels meets the target."""
    least, known = levels.least_memories, {level.state for level in levels}
    return any(
        together(least[level] for level in pairs) <= memories
        for pairs, made in reversed([*levels.combinations.items()])  # the best are the last
        if any(state not in known for _, state in made.outcomes)
    )


def names_of(
    fidelities: Sequence[Fraction | float], target: Fraction | None = None, states: Sequence[Pair] | None = None
) -> list[str]:
    """Names for levels: fidelities with as many decimals as tell them and the target apart, and at least three.

    Different levels of equal fidelity have a letter as well, or what tells the weights of Bell-diagonal ones apart.

    >>> names_of([Fraction(3, 4), Fraction(3, 4), Fraction(41, 52)], Fraction(79, 100))
    ['0.750a', '0.750b', '0.788']
    """
    exact = [float(fidelity) for fidelity in fidelities]
    different = len({*fidelities, *([] if target is None else [target])})
    for decimals in range(FEWEST_DECIMALS, 17):
        names = [f"{x:.{decimals}f}" for x in exact]
        if len({*names, *([] if target is None else [f"{float(target):.{decimals}f}"])}) >= different:
            break
    alike = defaultdict[str, list[int]](list)
    for place, name in enumerate(names):
        alike[name].append(place)
    for places in alike.values():
        ends = _apart([None if states is None else states[place] for place in places]) if len(places) > 1 else [""]
        for place, end in zip(places, ends, strict=True):
            names[place] += end
    return names


def _apart(states: Sequence[Pair | None]) -> list[str]:
    """What tells pairs of equal fidelity apart: the fewest weights that do, or letters."""
    weights = [state.weights for state in states if isinstance(state, BellDiagonalPair)]
    if len(weights) == len(states):
        for size, decimals in product(range(1, 4), range(FEWEST_DIGITS, MOST_DIGITS)):
            for errors in combinations(range(1, 4), size):
                told = [errors_in_words(pair, errors, decimals) for pair in weights]
                if len({*told}) == len(told):
                    return [f" ({one})" for one in told]
    return [_letters(number) for number in range(len(states))]


def errors_in_words(
    weights: Weights, errors: Iterable[int] = (1, 2, 3), decimals: int = FEWEST_DIGITS, *, between: str = " "
) -> str:
    """Some of the weights of a Bell-diagonal pair, by the names of their errors.

    >>> errors_in_words((Fraction(9, 10), Fraction(0), Fraction(1, 10), Fraction(0)))
    'X 0.00 Y 0.10 Z 0.00'
    """
    return between.join(f"{'IXYZ'[error]} {float(weights[error]):.{decimals}f}" for error in errors)


def _letters(number: int) -> str:
    """The letters a, b, ..., z, aa, ab, ... for 0, 1, ..., 25, 26, 27, ..."""
    more, letter = divmod(number, 26)
    return (_letters(more - 1) if more else "") + chr(ord("a") + letter)
