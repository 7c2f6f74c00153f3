"""Policies that people use without optimising (arXiv:2606.14908, section IV), in count form.

Each carries recipes out in a fixed order, each as often as it can, and attempts generation on every empty memory.
Rules are kept: recipes that a rule forbids are left out, and the order decides what is done where a step may not distil
everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import ForbiddenActionError, ModelError
from lpdistill.hardware.recipes import Recipe
from lpdistill.numbers import whole
from lpdistill.physics.levels import Levels
from lpdistill.process.factored.kernel import Kernel


@dataclass(frozen=True)
class Baseline:
    """A policy that distils in an order that does not depend on the configuration.

    Attributes
    ----------
    name
        How commands and tables call it.
    order
        Which of the recipes that rules allow it carries out, first choice first.
    """

    name: str
    order: Callable[[Levels, Sequence[Recipe]], list[Recipe]]

    def columns(self, kernel: Kernel) -> IntArray:
        """Column of the policy in every configuration, (configurations,).

        Raises
        ------
        ForbiddenActionError
            If a rule that is asked about every action forbids what the policy does somewhere.
        """
        matchings, left = kernel.matchings, kernel.configurations.counts.copy()
        room = np.full(kernel.configurations.size, matchings.most)
        chosen = np.zeros((kernel.configurations.size, len(matchings.recipes)), dtype=np.int64)
        for recipe in self.order(kernel.problem.levels, matchings.recipes):
            position = matchings.recipes.index(recipe)
            needed = matchings.consumption[position]
            some = needed > 0
            taken = np.minimum((left[:, some] // needed[some]).min(axis=1), room)
            chosen[:, position] = taken
            room -= taken
            left -= np.outer(taken, needed)
        most = [kernel.repertoire.most_attempts(distilling=distilling) for distilling in (False, True)]
        empty = kernel.problem.hardware.memories - kernel.configurations.totals
        attempts = np.minimum(empty, np.array(most)[chosen.any(axis=1).astype(np.int64)])
        found = kernel.numbering.find(np.arange(kernel.configurations.size), chosen, attempts)
        if kernel.permitted is not None and not kernel.permitted[found].all():
            rank = int(np.flatnonzero(~kernel.permitted[found])[0])
            raise ForbiddenActionError(
                f"policy {self.name} at {kernel.names.key(rank)}",
                "must take an action that every rule allows",
                kernel.names.actions(found[[rank]])[0],
            )
        return found


def _pumping(levels: Levels, recipes: Sequence[Recipe]) -> list[Recipe]:
    """Every raw pair with the best other pair; raw pairs left over with each other."""
    return sorted((recipe for recipe in recipes if levels.raw in recipe.consumed), key=lambda recipe: -recipe.high)


def _nested(levels: Levels, recipes: Sequence[Recipe]) -> list[Recipe]:  # noqa: ARG001 - for orders of all kinds
    """Pairs of equal level, the best first."""
    return sorted((recipe for recipe in recipes if recipe.low == recipe.high), key=lambda recipe: -recipe.high)


def _greedy(levels: Levels, recipes: Sequence[Recipe]) -> list[Recipe]:
    """The pairs of smallest difference in fidelity, the best first where differences are equal."""

    def apart(recipe: Recipe) -> Fraction:
        fidelities = [levels[level].fidelity for level in recipe.consumed]
        return max(fidelities) - min(fidelities)

    return sorted(recipes, key=lambda recipe: (apart(recipe), -recipe.high))


PUMPING = Baseline("pumping", _pumping)
"""Each raw pair with the best unmatched pair of a higher level; raw pairs left over with each other."""

NESTED = Baseline("nested", _nested)
"""As many distillations as possible within each level, and nothing else."""

GREEDY = Baseline("greedy", _greedy)
"""Repeatedly the two unmatched pairs of smallest difference in fidelity, until fewer than two are left."""

BASELINES = {baseline.name: baseline for baseline in (PUMPING, NESTED, GREEDY)}


def banded(width: int | str) -> Baseline:
    """Greedy among pairs at most ``width`` levels apart (Van Meter et al., IEEE/ACM Trans. Netw. 17, 1002 (2009)).

    Width 0 is nested; with a width of all levels it is greedy.

    Raises
    ------
    ModelError
        If the width is no whole number, or negative.
    """
    most = whole(width, "policy banded")
    if most < 0:
        raise ModelError("policy banded", "must have a width of at least 0 levels", width)

    def order(levels: Levels, recipes: Sequence[Recipe]) -> list[Recipe]:
        return [recipe for recipe in _greedy(levels, recipes) if recipe.high - recipe.low <= most]

    return Baseline(f"banded:{most}", order)
