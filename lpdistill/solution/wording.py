"""Configurations and actions in a physicist's words."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from functools import cached_property
from typing import Protocol, cast

from lpdistill.hardware.actions import Action
from lpdistill.hardware.recipes import Recipe, by_consumed, distillation_of_aged, distillations
from lpdistill.numbers import DIGITS
from lpdistill.physics.aged import AgedLabels
from lpdistill.physics.levels import Levels
from lpdistill.process.graph.node_names import name_of
from lpdistill.process.process import Process

NOTHING = "-"
"""What an action does that does nothing of a kind."""


def outwards(lower: float, upper: float) -> tuple[str, str]:
    """Two bounds in decimals, rounded away from each other, so that what is printed is still proved.

    >>> outwards(8.640493238435169, 8.640493238437489)
    ('8.64049323843', '8.64049323844')
    """
    down, up = Context(DIGITS, ROUND_FLOOR), Context(DIGITS, ROUND_CEILING)
    return f"{down.create_decimal(lower):g}", f"{up.create_decimal(upper):g}"


class Words(Protocol):
    """How configurations and actions are called in tables."""

    @property
    def headings(self) -> tuple[str, ...]:
        """Headings of the columns that an action takes."""
        ...

    def configuration(self, key: Hashable) -> str:
        """A configuration."""
        ...

    def action(self, action: Hashable) -> tuple[str, ...]:
        """An action, a text for every heading."""
        ...


def words_of(process: Process) -> Words:
    """The words for a process."""
    names = process.names
    return NodeNames() if names.levels is None else Wording(names.levels, names.memories)


def phrase(words: Words, action: Hashable) -> str:
    """An action in short: what it distils, and where it generates."""
    (done, *others), (_, *headings) = words.action(action), words.headings
    named = [
        done,
        *(text if text == NOTHING else f"{name} {text}" for name, text in zip(headings, others, strict=True)),
    ]
    return ", ".join(text for text in named if text != NOTHING) or "wait"


@dataclass(frozen=True)
class NodeNames:
    """The nodes of a state graph, called what the user calls them."""

    headings: tuple[str, ...] = ("action",)

    def configuration(self, key: Hashable) -> str:
        """A state node."""
        return name_of(key)

    def action(self, action: Hashable) -> tuple[str, ...]:
        """An action node."""
        return (name_of(action),)


def results(recipe: Recipe, names: Sequence[str]) -> str:
    """What success of a recipe makes: ``0.788``, or ``target``; the names are those of levels."""
    ends = [outcome for outcome in recipe.outcomes if outcome.target or outcome.produced]
    return " or ".join("target" if end.target else " + ".join(names[level] for level in end.produced) for end in ends)


@dataclass(frozen=True)
class Wording:
    """Words for the configurations and actions of ``memories`` memories.

    Attributes
    ----------
    levels
        The levels, which have names of their own.
    memories
        Number of memories.
    """

    levels: Levels
    memories: int
    headings: tuple[str, ...] = ("distil", "generate")

    @cached_property
    def _recipes(self) -> dict[tuple[int, ...], Recipe]:
        """The distillations by what they consume."""
        return by_consumed(distillations(self.levels))

    def _recipe(self, consumed: tuple[int, ...]) -> Recipe:
        """What distils pairs of some levels."""
        if isinstance(self.levels, AgedLabels):
            return distillation_of_aged(self.levels, min(consumed), max(consumed))
        return self._recipes[consumed]

    @property
    def names(self) -> list[str]:
        """The name of every level."""
        return self.levels.names

    def configuration(self, key: Hashable) -> str:
        """A configuration: ``2 x 0.750 + 1 x 0.788, 1 empty``."""
        names, counts = self.names, cast("Sequence[int]", key)
        stored = " + ".join(f"{n} x {name}" for n, name in zip(counts, names, strict=True) if n)
        empty = self.memories - sum(counts)
        return ", ".join(part for part in (stored, f"{empty} empty" if empty else "") if part)

    def action(self, action: Hashable) -> tuple[str, ...]:
        """What an action distils, discards or delivers, and where it generates."""
        done = cast("Action", action)
        return (self.removing(done) or self.distillation(done), self.generation(done))

    def removing(self, action: Action) -> str:
        """What an action takes out of a memory: ``discard 0.750``, or ``deliver 0.750``."""
        names, verbs = self.names, (("discard", action.discard), ("deliver", action.deliver))
        return "; ".join(f"{verb} {names[level]}" for verb, levels in verbs for level in levels)

    def distillation(self, action: Action) -> str:
        """The distillations of an action: ``2 x (0.750, 0.750 -> 0.788)``."""
        names = self.names
        parts = []
        for consumed in dict.fromkeys(action.distil):
            times, made = action.distil.count(consumed), results(self._recipe(consumed), names)
            word = f"{', '.join(names[level] for level in consumed)} -> {made}"
            parts.append(word if times == 1 else f"{times} x ({word})")
        return "; ".join(parts) or "-"

    def generation(self, action: Action) -> str:
        """The generation attempts of an action: ``on 2 memories``."""
        if not action.generate:
            return "-"
        return f"on {action.generate} {'memory' if action.generate == 1 else 'memories'}"

    def phrase(self, action: Action) -> str:
        """An action in one phrase: ``distil 0.750, 0.750 -> 0.788, generate on 1 memory``."""
        parts = [self.removing(action)] if action.discard or action.deliver else []
        parts += [f"distil {self.distillation(action)}"] if action.distil else []
        parts += [f"generate {self.generation(action)}"] if action.generate else []
        return ", ".join(parts) or "wait"
