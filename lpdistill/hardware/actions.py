"""Actions, and actions in a configuration: what users, rules and resources see of a column."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, order=True, slots=True)
class Action:
    """What is done in one step: the pairs of levels that are distilled, and the number of generation attempts.

    Levels are indices from 0, the lowest fidelity; ``Action(((0, 0), (0, 1)), 1)`` distils two raw pairs with each
    other and a raw pair with a level-1 pair, and attempts generation on one empty memory.  Of the pairs distilled with
    each other, that which is kept stands last.  ``Action(discard=(0,))`` empties a memory that holds a raw pair; it
    takes no time, and nothing else happens meanwhile; so does ``Action(deliver=(0,))``, where delivering is decided.
    """

    distil: tuple[tuple[int, ...], ...] = ()
    generate: int = 0
    discard: tuple[int, ...] = ()
    deliver: tuple[int, ...] = ()

    def __repr__(self) -> str:
        parts = [f"{name}={getattr(self, name)!r}" for name in ("distil", "generate", "discard")]
        return f"Action({', '.join(parts + ([f'deliver={self.deliver!r}'] if self.deliver else []))})"


def word(action: Action) -> str:
    """An action as one word: ``d0_1_g2`` distils a pair of levels 0 and 1 and attempts generation twice."""
    parts = ["d" + "_".join(map(str, levels)) for levels in action.distil]
    parts += [f"x{level}" for level in action.discard] + [f"y{level}" for level in action.deliver]
    parts += [f"g{action.generate}"] if action.generate else []
    return "_".join(parts) or "wait"


@dataclass(frozen=True, slots=True)
class Step:
    """An action in a configuration: what a rule allows or forbids, and what a resource measures.

    Attributes
    ----------
    counts
        Pairs stored at each level at the start of the step.
    memories
        Number of memories.
    fidelities
        Fidelity of each level.
    raw
        Level of a raw pair; None where a raw pair meets the target.
    distil
        Levels of the pairs that are distilled with each other; that which is kept stands last.
    generate
        Number of generation attempts.
    discard, deliver
        Levels of the pairs that are discarded, and of those whose delivery is a decision.
    """

    counts: tuple[int, ...]
    memories: int
    fidelities: tuple[float, ...]
    raw: int | None
    distil: tuple[tuple[int, ...], ...] = ()
    generate: int = 0
    discard: tuple[int, ...] = ()
    deliver: tuple[int, ...] = ()

    @property
    def stored(self) -> int:
        """Number of pairs stored."""
        return sum(self.counts)

    @property
    def empty(self) -> int:
        """Number of empty memories."""
        return self.memories - sum(self.counts)

    @property
    def waiting(self) -> bool:
        """Whether nothing is done."""
        return not (self.distil or self.generate or self.discard or self.deliver)

    def __str__(self) -> str:
        does = {"distils": self.distil, "generates on": self.generate}
        does |= {"discards": self.discard, "delivers": self.deliver}
        return f"{self.counts}: " + (", ".join(f"{verb} {what}" for verb, what in does.items() if what) or "waits")


class Attempts(StrEnum):
    """Which numbers of generation attempts an action may make."""

    FULL = "full"
    """On every empty memory: enough for an optimum when nothing prices, limits or delays generation."""
    ALL = "all"
    """Any number from zero to the number of empty memories."""
