"""Recipes: everything that can be done with stored pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from math import lcm
from numbers import Rational
from typing import Any, NamedTuple

from lpdistill.errors import ModelError
from lpdistill.physics.aged import AgedLabels
from lpdistill.physics.closure import MOST_SHARED
from lpdistill.physics.levels import Levels
from lpdistill.physics.werner import werner_parameter
from lpdistill.shared import Same, Shared


def total(probabilities: Iterable[Fraction]) -> Fraction:
    """The sum of some probabilities, in one addition of integers."""
    all_of = [*probabilities]
    if len(all_of) == 1:
        return all_of[0]
    common = lcm(*(one.denominator for one in all_of))
    return Fraction(sum(one.numerator * (common // one.denominator) for one in all_of), common)


class Duration(StrEnum):
    """Which of the hardware's times a recipe takes."""

    DISTILLATION = "distillation_time"
    NONE = "none"


class Outcome(NamedTuple):
    """What may become of the pairs that a recipe consumes: levels produced, and whether a pair meets the target."""

    probability: Fraction
    produced: tuple[int, ...] = ()
    target: bool = False


@dataclass(frozen=True)
class Recipe:
    """Some pairs are consumed; others, or none, come of it.

    Attributes
    ----------
    consumed
        Levels of the pairs consumed.  The pair that is kept stands last; levels increase where it makes no difference
        which pair that is, so that levels in another order are another recipe for the same pairs.
    outcomes
        What may become of them; probabilities sum to 1.
    duration
        Which of the hardware's times it takes.

    Raises
    ------
    ModelError
        If probabilities do not sum to 1, or more pairs are produced than consumed.

    Examples
    --------
    >>> third = Fraction(1, 3)
    >>> recipe = Recipe((0, 0, 1), (Outcome(third, (2,)), Outcome(third, target=True), Outcome(third)))
    >>> recipe.name, recipe.failure
    ('d0_0_1', Fraction(1, 3))
    """

    consumed: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    duration: Duration = Duration.DISTILLATION

    def __post_init__(self) -> None:
        if total(outcome.probability for outcome in self.outcomes) != 1 or any(
            outcome.probability.numerator < 0 for outcome in self.outcomes
        ):
            raise ModelError(f"recipe {self.name}", "must have probabilities that sum to 1", self.outcomes)
        if self.most_produced > len(self.consumed):
            raise ModelError(f"recipe {self.name}", "must not produce more pairs than it consumes", self.outcomes)

    @property
    def name(self) -> str:
        """The recipe as one word: ``d0_1`` distils pairs of levels 0 and 1, ``x0`` discards, ``y0`` delivers one."""
        kind = "d" if self.duration is Duration.DISTILLATION else "y" if self.reaching else "x"
        return kind + "_".join(map(str, self.consumed))

    @property
    def low(self) -> int:
        """The lowest level consumed."""
        return min(self.consumed)

    @property
    def high(self) -> int:
        """The highest level consumed."""
        return max(self.consumed)

    @cached_property
    def made(self) -> tuple[Outcome, ...]:
        """The outcomes short of the target that leave a pair."""
        return tuple(outcome for outcome in self.outcomes if outcome.produced and not outcome.target)

    @cached_property
    def most_produced(self) -> int:
        """The greatest number of pairs that an outcome leaves."""
        return max(len(outcome.produced) for outcome in self.outcomes)

    @cached_property
    def reaching(self) -> Fraction:
        """Probability that a pair meets the target."""
        return total(outcome.probability for outcome in self.outcomes if outcome.target)

    @cached_property
    def failure(self) -> Fraction:
        """Probability that nothing comes of it."""
        return total(one.probability for one in self.outcomes if not (one.target or one.produced))

    @property
    def success(self) -> Fraction:
        """Probability that something comes of it."""
        return 1 - self.failure

    def to_dict(self) -> dict[str, Any]:
        """A distillation as JSON data: its result, or where there are several, its outcomes."""
        results = [
            {"probability": float(outcome.probability), "result": "target" if outcome.target else outcome.produced[0]}
            for outcome in self.outcomes
            if outcome.target or outcome.produced
        ]
        told = {"result": results[0]["result"]} if len(results) == 1 else {"outcomes": results}
        return {"levels": list(self.consumed), "success": float(self.success), **told}


LARGEST_SHARED = 150
"""Distillations of a set that is kept: as many as the largest set of levels has that is kept, if two are distilled."""

SHARED: Shared[tuple[Recipe, ...]] = Shared(MOST_SHARED, largest=LARGEST_SHARED)
"""The distillations of levels that several problems have."""


def distillations(levels: Levels) -> tuple[Recipe, ...]:
    """Every distillation of levels; problems with the same levels have the same ones."""
    if isinstance(levels, AgedLabels):
        raise ModelError(
            "coherence_time",
            "leaves no table of distillations, on which this is computed: pairs age; leave it out",
            float(levels.aging.clock.coherence.time),
        )
    return SHARED.of(Same(levels), lambda: _distillations(levels))


def distillation_of_aged(labels: AgedLabels, low: int, high: int) -> Recipe:
    """What distilling pairs of two labels does that stand for pairs which age."""
    label = int(labels.made[0][low, high])
    a, b = (werner_parameter(labels[one].fidelity) for one in (low, high))
    success = (1 + a * b) / 2
    made = Outcome(success, target=True) if label == len(labels) else Outcome(success, (label,) if label >= 0 else ())
    return Recipe((low, high), (made, Outcome(1 - success)))


def _distillations(levels: Levels) -> tuple[Recipe, ...]:
    index = {level.state: level.index for level in levels}
    found = []
    for consumed, made in levels.combinations.items():
        chances: dict[int | None, Fraction] = {}
        for probability, state in made.outcomes:
            if not isinstance(probability, Rational):
                raise ModelError("distillation", "must have exact probabilities, such as Fraction(1, 2)", probability)
            result = index.get(state)
            chances[result] = chances[result] + probability if result in chances else probability
        outcomes = [
            Outcome(chance, target=True) if result is None else Outcome(chance, (result,))
            for result, chance in chances.items()
        ]
        found.append(Recipe(consumed, (*outcomes, Outcome(1 - total(chances.values())))))
    return tuple(found)


def discards(levels: Levels) -> tuple[Recipe, ...]:
    """Discarding a pair of each level."""
    return tuple(Recipe((level.index,), (Outcome(Fraction(1)),), Duration.NONE) for level in levels)


def deliveries(levels: Levels) -> tuple[Recipe, ...]:
    """Delivering a pair of each level, as a decision."""
    return tuple(Recipe((level.index,), (Outcome(Fraction(1), target=True),), Duration.NONE) for level in levels)


def by_consumed(recipes: Iterable[Recipe]) -> dict[tuple[int, ...], Recipe]:
    """Recipes by the levels that they consume, which tell them apart: how actions name them."""
    return {recipe.consumed: recipe for recipe in recipes}


def tables(levels: Levels) -> dict[str, Any]:
    """Levels and their distillations as JSON data."""
    return {
        "levels": [level.to_dict() for level in levels],
        "distillation": [recipe.to_dict() for recipe in distillations(levels)],
    }
