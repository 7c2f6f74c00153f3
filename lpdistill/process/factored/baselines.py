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
    makes_room
        Whether it discards the lowest pair where all memories are full and it distils nothing, if it may discard.
    """

    name: str
    order: Callable[[Levels, Sequence[Recipe]], list[Recipe]]
    makes_room: bool = False

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
        if self.makes_room and kernel.repertoire.discards:
            stuck = np.flatnonzero((empty == 0) & ~chosen.any(axis=1))
            lowest = (kernel.configurations.counts[stuck] > 0).argmax(axis=1)
            found[stuck] = kernel.numbering.find_discard(stuck, lowest)
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


def _improving(levels: Levels, recipes: Sequence[Recipe]) -> list[Recipe]:
    """In the order of greedy, what makes better pairs than the best that it takes."""

    def improves(recipe: Recipe) -> bool:
        best = max(levels[level].fidelity for level in recipe.consumed)
        return all(state.fidelity > best for _, state in levels.combinations[recipe.consumed].outcomes)

    return [recipe for recipe in _greedy(levels, recipes) if improves(recipe)]


PUMPING = Baseline("pumping", _pumping)
"""Each raw pair with the best unmatched pair of a higher level; raw pairs left over with each other."""

NESTED = Baseline("nested", _nested)
"""As many distillations as possible within each level, and nothing else."""

GREEDY = Baseline("greedy", _greedy)
"""Repeatedly the two unmatched pairs of smallest difference in fidelity, until fewer than two are left."""

DELTA = Baseline("delta-purify", _improving, makes_room=True)
r"""Greedy among pairs whose distillation makes a better pair than either (DeltaPurify, arXiv:2605.08771).

Of Werner pairs, without noise: those that differ by less than the tolerance :math:`\delta(F) = f_\infty(F) - F` of the
worse one, F, for pumping a pair x with pairs of F improves it as long as :math:`x < f_\infty(F)`,

.. math:: \delta(F) = \frac{6F - 3 + \sqrt{28F^2 - 26F + 7}}{8F - 2} - F \le 0.0760181597,

the greatest at F = 0.73466.  Where all memories are full and no two pairs improve, the worst one is discarded, if
discarding is allowed; that and the order are ours, for the rule was made for two memories.
"""

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
