"""Levels of which the best stands for all that is better: what a pair is worth may not depend on its fidelity there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from lpdistill.physics.levels import Level, Levels, Tree, together
from lpdistill.physics.maps import Combination, Pair
from lpdistill.physics.rounding import Labels
from lpdistill.physics.truncation import Other


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The state of a pair whose fidelity is taken to be a given one, which it is not below."""

    fidelity: Fraction


def capped(levels: Levels, *, apart: bool = False) -> Levels:
    """The same levels, with one on top for what meets their target, of which nothing is distilled any more.

    Where the label just below the target is one of them, that is taken for it: it stands for what comes closest; unless
    what meets the target is to be told apart.  Above the label "other" it stands for whatever pairs of that make, too:
    these are distilled as often as any, and make such pairs again.
    """
    known = {level.state for level in levels}
    beyond = [
        consumed
        for consumed, made in levels.combinations.items()
        if any(state not in known for _, state in made.outcomes)
    ]
    if not beyond and levels.raw is not None:
        return levels
    others = len(levels) > 0 and isinstance(levels[-1].state, Other)
    last = levels[-1] if not (apart or others) and len(levels) and levels[-1].made is None else None
    top = AtLeast(levels.target) if last is None else last.state

    def kept(made: Combination[Any]) -> Combination[Any]:
        others = tuple((chance, state if state in known else top) for chance, state in made.others)
        return Combination(made.state if made.state in known else top, made.success, others)

    combinations = {consumed: kept(made) for consumed, made in levels.combinations.items()}
    if last is not None:
        return replace(levels, combinations=combinations)
    least = [1] if levels.raw is None else [together(levels.least_memories[one] for one in pairs) for pairs in beyond]
    grown = [pairs for pairs in beyond if all(levels[one].made is not None for one in pairs)]
    made = min((_tree(levels, pairs) for pairs in grown), key=lambda tree: tree.memories, default=Tree())
    level = Level(len(levels), levels.target, made, top, f">={float(levels.target):g}")
    raw = len(levels) if levels.raw is None else levels.raw
    if others:
        combinations |= _again(levels, top)
    more = replace(levels, levels=(*levels.levels, level), combinations=combinations, raw=raw)
    return replace(more, memories=(*more.memories, min(least))) if isinstance(more, Labels) else more


def met(levels: Levels) -> int:
    """Index of the level of what meets the target; the number of levels where that is none of them."""
    return next((level.index for level in levels if isinstance(level.state, AtLeast)), len(levels))


def _again(levels: Levels, top: Pair) -> dict[tuple[int, ...], Combination[Any]]:
    """What is distilled with pairs on top: what may be with the label "other", any number of which they stand for."""
    other = len(levels) - 1
    return {
        (*consumed[: len(consumed) - count], *[other + 1] * count): Combination(top, made.success)
        for consumed, made in levels.combinations.items()
        for count in range(1, consumed.count(other) + 1)
    }


def _tree(levels: Levels, consumed: tuple[int, ...]) -> Tree:
    """The tree of distilling some levels, the last of which is kept."""
    return Tree(tuple(levels[one].tree for one in reversed(consumed)))
