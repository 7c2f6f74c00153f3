"""Sets of parallel distillations: what each consumes, and the distribution of what it produces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray, ragged
from lpdistill.errors import ModelError
from lpdistill.hardware.recipes import Recipe
from lpdistill.physics.levels import Levels
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.generation import binomial_slopes, binomial_table


@dataclass(frozen=True)
class Matchings:
    """All multisets of at most ``most`` distillations, grouped by what they consume.

    Matchings that consume the same pairs by equally many distillations form a group and stand next to each other.
    Matchings of fewer distillations come first, among them those of fewer pairs, and then the smaller groups, so that
    groups of equal size can be reduced together.

    Attributes
    ----------
    levels
        The fidelity levels.
    recipes
        The distillations that are allowed.
    most
        The greatest number of distillations in one step.
    memories
        The greatest number of pairs that all of them may consume.
    """

    levels: Levels
    recipes: tuple[Recipe, ...]
    most: int
    memories: int

    @cached_property
    def _sorted(self) -> tuple[IntArray, IntArray, IntArray]:
        """Counts of recipes, (matchings, recipes); consumed pairs, and rank of the counts, (matchings,).

        The consumed pairs are a number: their rank, with the number of distillations as its last digit.
        """
        counts = CountVectors(self.most, len(self.recipes)).counts
        consumed = (counts.astype(np.float64) @ self.consumption).astype(np.int64)
        fits = np.flatnonzero(consumed.sum(axis=1) <= self.memories)
        if len(fits) < len(counts):
            counts, consumed = counts[fits], consumed[fits]
        number = counts.sum(axis=1)
        key = self._consumable.rank(consumed) * (self.most + 1) + number
        _, group, size = np.unique(key, return_inverse=True, return_counts=True)
        order = np.lexsort((key, size[group], consumed.sum(axis=1), number))
        return counts[order], key[order], fits[order]

    @cached_property
    def _consumable(self) -> CountVectors:
        """Numbering of what a matching may consume."""
        widest = max((len(recipe.consumed) for recipe in self.recipes), default=0)
        return CountVectors(min(widest * self.most, self.memories), len(self.levels))

    @cached_property
    def consumption(self) -> IntArray:
        """Pairs of each level that every recipe consumes, (recipes, levels)."""
        consumed = np.zeros((len(self.recipes), len(self.levels)), dtype=np.int64)
        for row, recipe in enumerate(self.recipes):
            np.add.at(consumed[row], list(recipe.consumed), 1)
        return consumed

    @property
    def counts(self) -> IntArray:
        """How often each recipe is carried out, (matchings, recipes)."""
        return self._sorted[0]

    @cached_property
    def pairs(self) -> IntArray:
        """Number of distillations, (matchings,)."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def _number(self) -> IntArray:
        """Number of the matching whose counts have a given rank, -1 where they consume too much, (counts,)."""
        order = self._sorted[2]
        number = np.full(CountVectors(self.most, len(self.recipes)).size, -1)
        number[order] = np.arange(len(order))
        return number

    def number(self, counts: IntArray) -> IntArray:
        """Number of the matchings with the given counts of recipes, -1 for none, (..., recipes) -> (...)."""
        ranks = CountVectors(self.most, len(self.recipes)).rank(counts)
        return np.asarray(self._number[ranks])

    def distilled(self, matching: int) -> tuple[tuple[int, ...], ...]:
        """The levels that a matching distils with each other, each as often as it does."""
        return tuple(
            recipe.consumed
            for recipe, count in zip(self.recipes, self.counts[matching].tolist(), strict=True)
            for _ in range(count)
        )

    @cached_property
    def groups(self) -> IntArray:
        """Where each run of matchings that consume the same pairs starts, with the end appended, (groups + 1,)."""
        ranks = self._sorted[1]
        return np.concatenate([[0], np.flatnonzero(np.diff(ranks)) + 1, [len(ranks)]])

    @cached_property
    def consumed_sums(self) -> IntArray:
        """Partial sums of the pairs that each group consumes, (levels, groups)."""
        return self._consumable.unrank_sums(self._sorted[1][self.groups[:-1]] // (self.most + 1))

    @cached_property
    def sizes(self) -> list[tuple[int, int, range]]:
        """Numbers of distillations and of pairs consumed, and the groups that have them, in order."""
        first, consumed = self.groups[:-1], self.consumed_sums[-1] if len(self.levels) else np.zeros(1, dtype=np.int64)
        number = self.pairs[first]
        edges = np.flatnonzero(np.diff(number * (self.memories + 1) + consumed, prepend=-1, append=-1)).tolist()
        return [(int(number[a]), int(consumed[a]), range(a, b)) for a, b in pairwise(edges)]

    @cached_property
    def failure(self) -> FloatArray:
        """Probability that nothing comes of each recipe, correctly rounded, (recipes,)."""
        return np.array([float(recipe.failure) for recipe in self.recipes])

    @cached_property
    def produced_levels(self) -> IntArray:
        """The levels that some distillation makes, increasing."""
        made = {level for recipe in self.recipes for outcome in recipe.made for level in outcome.produced}
        return np.array(sorted(made), dtype=np.int64)

    @cached_property
    def most_produced(self) -> int:
        """The greatest number of pairs that one distillation makes."""
        return max((recipe.most_produced for recipe in self.recipes), default=1)

    @cached_property
    def produced(self) -> CountVectors:
        """Numbering of what a matching may produce: counts of the produced levels."""
        return CountVectors(self.most * self.most_produced, len(self.produced_levels))

    def producible(self, number: int, consumed: int) -> int:
        """How many vectors may be produced, at most, by so many distillations of so many pairs: the first ones."""
        return self.produced.up_to(min(number * self.most_produced, consumed))

    @cached_property
    def produced_sums(self) -> IntArray:
        """Partial sums over *all* levels of every producible vector, (levels, produced.size)."""
        sums = np.zeros((len(self.levels), self.produced.size), dtype=np.int64)
        for row, partial in enumerate(self.produced.sums):
            sums[self.produced_levels[row] :] = partial
        return sums

    @cached_property
    def failing(self) -> FloatArray:
        """Expected number of distillations of each matching that fail, (matchings,)."""
        return np.asarray(self.counts @ self.failure)

    @cached_property
    def reaching(self) -> FloatArray:
        """Probability that at least one of a matching's distillations reaches the target, (matchings,)."""
        missing = np.array([float(1 - recipe.reaching) for recipe in self.recipes])
        return np.asarray(1.0 - np.prod(missing**self.counts, axis=1))

    @cached_property
    def most_outcomes(self) -> int:
        """A number of outcomes that no matching has more of, before equal ones merge."""
        found = np.ones(len(self.counts))
        for column, recipe in enumerate(self.recipes):
            for place in range(len(recipe.made)):
                found *= 1 + self.counts[:, column] / (place + 1)
        return round(float(found.max()))

    @cached_property
    def outcomes(self) -> sparse.csr_array:
        r"""Probability of every outcome in which the target is not reached, (matchings, produced.size).

        Row ``X``, column ``u``: all distillations of ``X`` that could reach the target fail, and the others produce
        the counts ``u``.  Recipes are independent, so a row is a product of multinomial distributions.
        """
        return self._outcomes(self.counts)

    def outcome_slopes(self, matchings: IntArray, recipe: int) -> sparse.csr_array:
        """Derivatives of the outcomes of some matchings by the success probability of a recipe, as :attr:`outcomes`.

        Raises
        ------
        ModelError
            If success is not one outcome.
        """
        require_one_success(self.recipes[recipe])
        return self._outcomes(self.counts[matchings], slope=recipe)

    def _outcomes(self, counts: IntArray, slope: int | None = None) -> sparse.csr_array:
        """Outcomes of matchings with the given counts of recipes, or their derivative by one success probability."""
        failure, final = self.failure, np.array([not recipe.made for recipe in self.recipes], dtype=bool)
        probability = np.prod(np.where(final, failure, 1.0) ** counts, axis=1)
        if slope is not None and final[slope]:
            others = np.where(np.arange(len(final)) == slope, 1.0, np.where(final, failure, 1.0))
            tried = counts[:, slope]
            probability = -tried * failure[slope] ** np.maximum(tried - 1, 0) * np.prod(others**counts, axis=1)
        row = np.arange(len(counts))
        # Ranks are sums over partial sums, so a success at produced level i raises the partial sums from i on.
        sums = np.zeros((self.produced.kinds, len(row)), dtype=np.int64)
        for recipe in np.flatnonzero(~final).tolist():
            trials, made = counts[row, recipe], self.recipes[recipe].made
            # A multinomial is one binomial after the other, of what is left; failures come in with the last.
            for place, (chance, levels, _) in enumerate(made):
                missed = failure[recipe] if place == len(made) - 1 else 1.0
                table = binomial_table(float(chance), missed, self.most)
                if recipe == slope:
                    table = binomial_slopes(table)
                entry, times = ragged(trials + 1)
                probability = probability[entry] * table[trials[entry], times]
                row, sums, trials = row[entry], sums[:, entry], trials[entry] - times
                for level in np.searchsorted(self.produced_levels, levels).tolist():
                    sums[level:] += times
        column = self.produced.rank_sums(sums)
        matrix = sparse.csr_array((probability, (row, column)), shape=(len(counts), self.produced.size))
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix


def require_one_success(recipe: Recipe) -> None:
    """Raise ModelError unless success of a recipe is one outcome, which has one derivative."""
    if len(recipe.outcomes) - any(not (outcome.produced or outcome.target) for outcome in recipe.outcomes) > 1:
        raise ModelError(
            f"recipe {recipe.name}",
            "has several ways to succeed, so that there is no derivative by its success; leave f0 out",
            recipe.outcomes,
        )
