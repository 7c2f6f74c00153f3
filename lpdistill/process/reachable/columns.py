"""The columns of configurations that can be reached, listed: what each distils, generates and discards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import prod

import numpy as np

from lpdistill.arrays import FloatArray, IntArray, ragged
from lpdistill.errors import LimitError
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.process.factored.columns import MOST_LISTED
from lpdistill.process.reachable.vectors import ExploredVectors, ReachableVectors


def partitions(members: Sequence[int], sizes: Sequence[int], most: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """All sets of at most ``most`` disjoint blocks of the given sizes.

    >>> [*partitions(range(3), [2], 2)]
    [(), ((0, 1),), ((0, 2),), ((1, 2),)]
    """
    yield ()
    if not most:
        return
    for start, first in enumerate(members):
        for size in sizes:
            for others in combinations(members[start + 1 :], size - 1):
                left = [one for one in members[start + 1 :] if one not in others]
                for rest in partitions(left, sizes, most - 1):
                    yield (first, *others), *rest


@dataclass(frozen=True)
class ListedColumns:
    """All columns, in order of configuration.

    Attributes
    ----------
    configurations
        The configurations.
    repertoire
        Which actions there are.
    """

    configurations: ReachableVectors | ExploredVectors
    repertoire: Repertoire

    @property
    def most(self) -> int:
        """The greatest number of distillations in one step."""
        return self.repertoire.most_distillations

    @cached_property
    def sizes(self) -> list[int]:
        """The numbers of pairs that distillations consume."""
        return sorted({len(recipe.consumed) for recipe in self.repertoire.distillations})

    @cached_property
    def consumed(self) -> IntArray:
        """Places of what each distillation consumes, filled up, (recipes + 1, pairs); the last is none at all."""
        recipes, kinds = self.repertoire.distillations, self.configurations.kinds
        found = np.full((len(recipes) + 1, max(self.sizes, default=1)), kinds)
        for row, recipe in enumerate(recipes):
            found[row, : len(recipe.consumed)] = np.sort(self.configurations.place[list(recipe.consumed)])
        return found

    @cached_property
    def _listed(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Configuration, distillations, attempts, and what is discarded, of every column."""
        owner, distil = self._sets()
        owner, distil, attempts = self._attempted(owner, distil)
        discard = np.full(len(owner), self.configurations.kinds)
        if not self.repertoire.discards:
            return owner, distil, attempts, discard
        loser, lost = self._discarding()
        none = np.full((len(loser), self.most), len(self.repertoire.distillations))
        owner, discard = np.append(owner, loser), np.append(discard, lost)
        distil, attempts = np.concatenate([distil, none]), np.append(attempts, np.zeros(len(loser), dtype=np.int64))
        order = np.argsort(owner, kind="stable")
        return owner[order], distil[order], attempts[order], discard[order]

    def _sets(self) -> tuple[IntArray, IntArray]:
        """Every set of distillations in every configuration: the configuration, and the set in increasing order."""
        some, none = self.configurations, len(self.repertoire.distillations)
        if some.size * (none + 1) ** self.most > np.iinfo(np.int64).max:
            raise LimitError(
                f"memories: {some.most} memories and {some.kinds} levels make too many columns for a list of them; "
                "take fewer memories",
                size={"configurations": some.size, "most_actions": MOST_LISTED},
            )
        keys = []
        for total in range(some.most + 1):
            rows = np.flatnonzero(some.totals == total)
            places = np.full((len(rows), some.most + 1), some.kinds)
            places[:, :-1] = some.places[rows]
            for blocks in partitions(range(total), self.sizes, self.most):
                found, chosen = self._matching(places, blocks)
                keys.append(np.unique(_code(np.column_stack([rows[found], chosen]), none)))
        owner = np.unique(np.concatenate(keys))
        distil = np.empty((len(owner), self.most), dtype=np.int64)
        for slot in reversed(range(self.most)):
            owner, distil[:, slot] = np.divmod(owner, none + 1)
        return owner, distil

    def _matching(self, places: IntArray, blocks: tuple[tuple[int, ...], ...]) -> tuple[IntArray, IntArray]:
        """The configurations whose pairs may be distilled block by block, and the distillations, increasing.

        Where several distil the same pairs, the configuration is there once for each.
        """
        none, (codes, order) = len(self.repertoire.distillations), self._codes
        found, chosen = np.arange(len(places)), np.full((len(places), self.most), none)
        for slot, block in enumerate(blocks):
            filled = [*block, *[places.shape[1] - 1] * (self.consumed.shape[1] - len(block))]
            code = _code(places[found][:, filled], self.configurations.kinds)
            first = np.searchsorted(codes, code)
            row, place = ragged(np.searchsorted(codes, code, side="right") - first)
            found, chosen = found[row], chosen[row]
            chosen[:, slot] = order[first[row] + place]
        return found, np.sort(chosen, axis=1)

    @cached_property
    def _codes(self) -> tuple[IntArray, IntArray]:
        """What the distillations consume, as increasing numbers, and which these are."""
        codes = _code(self.consumed[:-1], self.configurations.kinds)
        order = np.argsort(codes, kind="stable")
        return codes[order], order

    def _attempted(self, owner: IntArray, distil: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Sets of distillations with the numbers of attempts beside them: as many as allowed, or all up to that."""
        empty = self.configurations.most - self.configurations.totals[owner]
        caps = np.array([self.repertoire.most_attempts(distilling=distils) for distils in (False, True)])
        distils = (distil < len(self.repertoire.distillations)).any(axis=1)
        attempts = np.minimum(empty, caps[distils.astype(np.int64)])
        if self.repertoire.attempts is not Attempts.ALL:
            return owner, distil, attempts
        row, attempts = ragged(attempts + 1)
        return owner[row], distil[row], attempts

    def _discarding(self) -> tuple[IntArray, IntArray]:
        """Every discard in every configuration: the configuration, and the place of what is discarded."""
        some = self.configurations
        allowed = np.zeros(some.kinds + 1, dtype=bool)
        allowed[some.place[[recipe.consumed[0] for recipe in self.repertoire.discards]]] = True
        first = np.diff(some.places, axis=1, prepend=-1) > 0
        owner, slot = np.nonzero(first & allowed[some.places])
        return owner, some.places[owner, slot]

    @property
    def configuration(self) -> IntArray:
        """Rank of the configuration of every column, (columns,)."""
        return self._listed[0]

    @property
    def distil(self) -> IntArray:
        """The distillations of every column, increasing, filled up with their number, (columns, most)."""
        return self._listed[1]

    @property
    def attempts(self) -> IntArray:
        """Number of generation attempts of every column, (columns,)."""
        return self._listed[2]

    @property
    def discard(self) -> IntArray:
        """Place of what every column discards, the number of levels for nothing, (columns,)."""
        return self._listed[3]

    @cached_property
    def kind(self) -> IntArray:
        """Whether the step does not distil (0), distils (1) or discards (2), (columns,)."""
        distils = (self.distil < len(self.repertoire.distillations)).any(axis=1)
        return np.where(self.discard < self.configurations.kinds, 2, distils).astype(np.int64)

    @cached_property
    def pairs(self) -> IntArray:
        """Number of distillations of every column, (columns,)."""
        return np.asarray((self.distil < len(self.repertoire.distillations)).sum(axis=1))

    def summed(self, amounts: FloatArray) -> FloatArray:
        """The sum of something over the distillations of every column, given it by recipe, (columns,)."""
        return np.asarray(np.append(amounts, 0.0)[self.distil].sum(axis=1))

    def multiplied(self, chances: FloatArray) -> FloatArray:
        """The product of something over the distillations of every column, given it by recipe, (columns,)."""
        return np.asarray(np.append(chances, 1.0)[self.distil].prod(axis=1))

    @cached_property
    def left(self) -> IntArray:
        """Places of the pairs that every column leaves alone, (columns, most)."""
        kinds, places = self.configurations.kinds, self.configurations.places[self.configuration]
        taken = [self.consumed[self.distil[:, slot]].T for slot in range(self.most)]
        for place in (self.discard, *(one for block in taken for one in block)):
            rows = np.flatnonzero(place < kinds)
            places[rows, np.argmax(places[rows] == place[rows, None], axis=1)] = kinds
        return np.sort(places, axis=1)

    def carried(self, columns: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """What columns distil: column and distillation, (entries,); and what is left alone, (columns, levels)."""
        row, slot = np.nonzero(self.distil[columns] < len(self.repertoire.distillations))
        left = self.configurations.counts_of(self.left[columns])
        return row, self.distil[columns[row], slot], left

    def decided(self, columns: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """What columns do: column and distillation, (entries,); attempts, and level discarded or -1, (columns,)."""
        row, slot = np.nonzero(self.distil[columns] < len(self.repertoire.distillations))
        discard = np.append(self.configurations.order, -1)[self.discard[columns]]
        return row, self.distil[columns[row], slot], self.attempts[columns], discard

    def outcomes(self, binomials: FloatArray) -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
        """What may come of columns short of the target, if anything happens: column, configuration, probability.

        Parameters
        ----------
        binomials
            Probabilities of numbers of successes in numbers of attempts, (most + 1, most + 1).
        """
        recipes, some = self.repertoire.distillations, self.configurations
        ways = 1 + max((len(recipe.made) for recipe in recipes), default=0)
        width = max((recipe.most_produced for recipe in recipes), default=1)
        chances, produced = np.zeros((len(recipes) + 1, ways)), np.full((len(recipes) + 1, ways, width), some.kinds)
        chances[-1, 0] = 1.0
        for row, recipe in enumerate(recipes):
            chances[row, 0] = float(recipe.failure)
            for way, outcome in enumerate(recipe.made, 1):
                chances[row, way] = float(outcome.probability)
                produced[row, way, : len(outcome.produced)] = some.place[list(outcome.produced)]
        raw = self.repertoire.levels.raw
        place = some.kinds if raw is None else int(some.place[raw])
        for chosen in product(range(ways), repeat=self.most):
            factors = [chances[self.distil[:, slot], one] for slot, one in enumerate(chosen)]
            probability = np.asarray(prod(factors, start=np.ones(len(self.distil))))
            rows = np.flatnonzero(probability)
            made = [produced[self.distil[rows, slot], one] for slot, one in enumerate(chosen)]
            after = np.sort(np.column_stack([self.left[rows], *made]), axis=1)[:, : some.most]
            held = (after < some.kinds).sum(axis=1)
            for j in range(some.most + 1):
                # Without a distillation or a discard, no success means that nothing happens.
                tried = (self.attempts[rows] >= j) & ((j > 0) | (self.kind[rows] > 0))
                here = np.flatnonzero(tried if raw is not None or not j else np.zeros_like(tried))
                if not len(here):
                    continue
                new = after[here]
                if j:
                    filled = np.arange(some.most) - held[here, None]
                    new[(filled >= 0) & (filled < j)] = place
                weight = probability[rows[here]] * binomials[self.attempts[rows[here]], j]
                yield rows[here], some.rank_places(new), weight


def _code(digits: IntArray, most: int) -> IntArray:
    """Rows of digits of at most ``most`` as one number each, the first digit the most significant, (rows,)."""
    found = np.zeros(len(digits), dtype=np.int64)
    for digit in digits.T:
        found = found * (most + 1) + digit
    return found
