"""Which actions there are at all: the structure that rules leave."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.delivery import Delivery
from lpdistill.hardware.hardware import Hardware
from lpdistill.hardware.recipes import Duration, Recipe, deliveries, distillations
from lpdistill.hardware.rules import Rule
from lpdistill.numbers import member
from lpdistill.physics.levels import Levels


class Aimed(Protocol):
    """Hardware that works towards a target."""

    @property
    def hardware(self) -> Hardware:
        """What does the work."""

    @property
    def levels(self) -> Levels:
        """The fidelity levels below the target."""


@dataclass(frozen=True)
class Repertoire:
    """The actions of ``memories`` memories that the structure of all rules admits.

    Attributes
    ----------
    memories, levels
        Number of memories, and the fidelity levels.
    recipes
        What can be done with stored pairs.
    rules
        The rules.
    attempts
        Whether an action attempts generation on as many empty memories as it may, or on any number up to that.
    delivery
        What delivering a pair is.
    """

    memories: int
    levels: Levels
    recipes: tuple[Recipe, ...]
    rules: tuple[Rule, ...] = ()
    attempts: Attempts = Attempts.FULL
    delivery: Delivery = Delivery.FIRST

    def __post_init__(self) -> None:
        object.__setattr__(self, "attempts", member(Attempts, self.attempts, "attempts"))

    @staticmethod
    def of(problem: Aimed, attempts: Attempts, delivery: Delivery = Delivery.FIRST) -> Repertoire:
        """The actions of some hardware on the way to a target; who may deliver any pair need not discard one."""
        hardware, levels = problem.hardware, problem.levels
        made = distillations(levels)
        recipes = made + deliveries(levels) if delivery.chosen else hardware.recipes(levels)
        return Repertoire(hardware.memories, levels, recipes, hardware.rules, attempts, delivery)

    @cached_property
    def distillations(self) -> tuple[Recipe, ...]:
        """The distillations that every rule allows, and for which there are enough memories."""
        raw = -1 if self.levels.raw is None else self.levels.raw
        return tuple(
            recipe
            for recipe in self.recipes
            if recipe.duration is Duration.DISTILLATION
            and all(rule.allows_levels(recipe.consumed, raw) for rule in self.rules)
        )

    @cached_property
    def discards(self) -> tuple[Recipe, ...]:
        """The recipes that take no time, each a step of its own."""
        return tuple(recipe for recipe in self.recipes if recipe.duration is Duration.NONE)

    @property
    def most_distillations(self) -> int:
        """Greatest number of distillations in one step."""
        most = min((rule.most_distillations(self.memories) for rule in self.rules), default=self.memories)
        smallest = min((len(recipe.consumed) for recipe in self.distillations), default=self.memories + 1)
        return max(0, min(most, self.memories // smallest))

    def most_attempts(self, *, distilling: bool) -> int:
        """Greatest number of generation attempts in a step that distils, or in one that does not."""
        most = (rule.most_attempts(self.memories, distilling=distilling) for rule in self.rules)
        return max(0, min(self.memories, *most)) if self.rules else self.memories

    @property
    def predicates(self) -> tuple[Rule, ...]:
        """The rules that must be asked about every action."""
        return tuple(rule for rule in self.rules if rule.elementwise)
