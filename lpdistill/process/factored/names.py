"""Configurations as counts of pairs, and actions as what they distil, generate and discard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import index as whole_number
from typing import Any, Literal

import numpy as np

from lpdistill.arrays import BoolArray, IntArray
from lpdistill.errors import quoted
from lpdistill.hardware.actions import Action, Attempts
from lpdistill.physics.levels import Levels
from lpdistill.process.factored.columns import Columns, Numbering


@dataclass(frozen=True, slots=True)
class Counts:
    """Names of the columns of a problem (:class:`~lpdistill.process.names.Names`).

    Attributes
    ----------
    numbering
        Which column is which.
    permitted
        Computes which columns rules allow, (columns,); None for all.
    """

    numbering: Numbering
    permitted: Callable[[], BoolArray | None]

    @property
    def levels(self) -> Levels:
        """The levels whose pairs configurations count."""
        return self.numbering.repertoire.levels

    @property
    def memories(self) -> int:
        """The most pairs that a configuration counts."""
        return self.numbering.configurations.most

    @property
    def attempts(self) -> Attempts:
        """Which numbers of generation attempts actions have."""
        return self.numbering.repertoire.attempts

    @property
    def _removing(self) -> Literal["discard", "deliver"]:
        """What becomes of pairs that are taken out of their memory."""
        return "deliver" if self.numbering.repertoire.delivery.chosen else "discard"

    @property
    def named(self) -> Sequence[int]:
        """All configurations."""
        return range(self.numbering.configurations.size)

    def key(self, rank: int) -> tuple[int, ...]:
        """The counts of a configuration."""
        return tuple(self.numbering.configurations.counts[rank].tolist())

    def rank(self, key: Any) -> int:
        """Rank of the configuration that a user names; KeyError if there is none."""
        known = self.numbering.configurations
        try:
            return int(known.rank(np.array([whole_number(n) for n in key], dtype=np.int64)))
        except (ValueError, TypeError, OverflowError):
            raise KeyError(
                f"no configuration {quoted(key)}: give {known.kinds} counts, one per level, that sum to at most "
                f"{known.most}"
            ) from None

    def actions(self, columns: IntArray) -> list[Action]:
        """The actions of the given columns."""
        return list(self.described(self.numbering.describe(columns)))

    def described(self, what: Columns) -> Iterator[Action]:
        """The actions of columns that are taken apart, one after the other."""
        matchings = self.numbering.matchings
        numbers = np.stack(matchings.number(what.counts))
        _, first, which = np.unique(numbers, axis=1, return_index=True, return_inverse=True)
        distilled = [matchings.distilled(what.counts[row]) for row in first.tolist()]
        for matching, attempts, level in zip(
            which.ravel().tolist(), what.attempts.tolist(), what.discard.tolist(), strict=True
        ):
            removed = (level,) if level >= 0 else ()
            yield Action(distilled[matching], attempts, **{self._removing: removed})

    def find(self, configuration: IntArray, actions: Sequence[Action]) -> IntArray:
        """The columns in which the given configurations take the given actions, -1 where they cannot, (columns,)."""
        matchings = self.numbering.matchings
        recipes = {recipe.consumed: position for position, recipe in enumerate(matchings.recipes)}
        chosen = np.zeros((len(actions), len(recipes)), dtype=np.int64)
        known = np.ones(len(actions), dtype=bool)
        for row, action in enumerate(actions):
            for pair in action.distil:
                position = recipes.get(tuple(pair), recipes.get(tuple(sorted(pair)), -1))
                known[row] &= position >= 0
                chosen[row, position] += position >= 0
            known[row] &= len(action.distil) <= matchings.most and not (action.discard or action.deliver)
        counts = np.where(known[:, None], chosen, 0)
        attempts = np.array([action.generate for action in actions], dtype=np.int64)
        found = np.where(known, self.numbering.find(configuration, counts, attempts), -1)
        for row, action in enumerate(actions):
            removed = getattr(action, self._removing)
            if len(removed) == 1 and not action.distil and not action.generate:
                found[row] = self.numbering.find_discard(configuration[[row]], np.array(removed))[0]
        permitted = self.permitted()
        return found if permitted is None else np.where(permitted[found] | (found < 0), found, -1)
