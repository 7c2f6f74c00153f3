"""Sets of parallel distillations: what each consumes, and the distribution of what it produces.

A matching is a multiset of recipes, given by how often each is carried out.  Matchings are numbered, and never listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import ceil, comb, prod

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray, ragged
from lpdistill.errors import ModelError
from lpdistill.hardware.delivery import Delivery
from lpdistill.hardware.recipes import Recipe
from lpdistill.physics.levels import Levels
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.generation import binomial_slopes, binomial_table


@dataclass(frozen=True, slots=True)
class Kind:
    """Matchings with the same number of recipes of every size.

    Attributes
    ----------
    numbers
        Number of recipes of each size, in the order of :attr:`Matchings.sizes`.
    pairs, consumed
        Number of distillations, and of the pairs that they consume.
    size
        Number of matchings.
    """

    numbers: tuple[int, ...]
    pairs: int
    consumed: int
    size: int


@dataclass(frozen=True)
class Matchings:
    """All multisets of at most ``most`` distillations, numbered kind by kind.

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
    delivery
        What comes after a pair that meets the target: nothing, or what comes after a failure.
    """

    levels: Levels
    recipes: tuple[Recipe, ...]
    most: int
    memories: int
    delivery: Delivery = Delivery.FIRST

    @cached_property
    def sizes(self) -> list[tuple[int, IntArray]]:
        """The numbers of pairs that recipes consume, and the recipes that consume so many, (recipes of the size,)."""
        consumed = np.array([len(recipe.consumed) for recipe in self.recipes], dtype=np.int64)
        return [(size, np.flatnonzero(consumed == size)) for size in np.unique(consumed).tolist()]

    @cached_property
    def kinds(self) -> list[Kind]:
        """The kinds of matchings: those of fewer distillations first, and among them those of fewer pairs."""
        ranges = [range(min(self.most, self.memories // size) + 1) for size, _ in self.sizes]
        found = []
        for numbers in product(*ranges):
            pairs, consumed = sum(numbers), sum(k * size for k, (size, _) in zip(numbers, self.sizes, strict=True))
            if pairs <= self.most and consumed <= self.memories:
                ways = (comb(k + len(of) - 1, k) for k, (_, of) in zip(numbers, self.sizes, strict=True))
                found.append(Kind(numbers, pairs, consumed, prod(ways)))
        return sorted(found, key=lambda kind: (kind.pairs, kind.consumed, kind.numbers))

    @cached_property
    def _kind_of(self) -> IntArray:
        """The kind with the given numbers of recipes of every size, -1 for none."""
        found = np.full([numbering.most + 1 for numbering in self._numberings], -1)
        for position, kind in enumerate(self.kinds):
            found[kind.numbers] = position
        return found

    @cached_property
    def _numberings(self) -> list[CountVectors]:
        """Numbering of the multisets of recipes of every size, those of fewer recipes first."""
        return [CountVectors(min(self.most, self.memories // size), len(of)) for size, of in self.sizes]

    def counts(self, kind: IntArray, within: IntArray) -> IntArray:
        """How often each recipe is carried out, given kinds and numbers within them, (matchings, recipes)."""
        found, rest = np.zeros((len(within), len(self.recipes)), dtype=np.int64), within.copy()
        numbers = np.array([one.numbers for one in self.kinds], dtype=np.int64).reshape(len(self.kinds), -1)[kind]
        for position, (numbering, (_, of)) in enumerate(zip(self._numberings, self.sizes, strict=True)):
            first = np.array([numbering.up_to(k - 1) for k in range(numbering.most + 2)])
            k = numbers[:, position]
            rest, rank = np.divmod(rest, (first[1:] - first[:-1])[k])
            found[:, of] = numbering.unrank(first[k] + rank)
        return found

    def number(self, counts: IntArray) -> tuple[IntArray, IntArray]:
        """Kinds, -1 for none, and numbers within them, of matchings with such counts of recipes, (matchings,)."""
        within, scale = np.zeros((2, len(counts)), dtype=np.int64)
        scale += 1
        numbers, fits = [], np.ones(len(counts), dtype=bool)
        for numbering, (_, of) in zip(self._numberings, self.sizes, strict=True):
            k = counts[:, of].sum(axis=1)
            fits &= k <= numbering.most
            first = np.array([numbering.up_to(k - 1) for k in range(numbering.most + 2)])
            k = np.where(fits, k, 0)
            rank = numbering.rank(np.where(fits[:, None], counts[:, of], 0)) - first[k]
            within += scale * rank
            scale *= (first[1:] - first[:-1])[k]
            numbers.append(k)
        kind = self._kind_of[tuple(numbers)] if numbers else np.zeros(len(counts), dtype=np.int64)
        return np.where(fits, kind, -1), within

    @property
    def size(self) -> int:
        """Number of matchings."""
        return sum(kind.size for kind in self.kinds)

    @cached_property
    def listed(self) -> IntArray:
        """All matchings, in the order of their numbers, (matchings, recipes): for who goes through each of them."""
        return np.concatenate(
            [self.counts(np.full(kind.size, row), np.arange(kind.size)) for row, kind in enumerate(self.kinds)]
        )

    @cached_property
    def consumption(self) -> IntArray:
        """Pairs of each level that every recipe consumes, (recipes, levels)."""
        consumed = np.zeros((len(self.recipes), len(self.levels)), dtype=np.int64)
        for row, recipe in enumerate(self.recipes):
            np.add.at(consumed[row], list(recipe.consumed), 1)
        return consumed

    def distilled(self, counts: IntArray) -> tuple[tuple[int, ...], ...]:
        """The levels that a matching with such counts of recipes distils with each other, each as often as it does."""
        return tuple(
            recipe.consumed for recipe, count in zip(self.recipes, counts.tolist(), strict=True) for _ in range(count)
        )

    @cached_property
    def failure(self) -> FloatArray:
        """Probability that nothing comes of each recipe, correctly rounded, (recipes,)."""
        return np.array([float(recipe.failure) for recipe in self.recipes])

    @cached_property
    def missed(self) -> FloatArray:
        """Probability that a run goes on without a pair of each recipe, correctly rounded, (recipes,)."""
        if self.delivery.ends:
            return self.failure
        return np.array([float(recipe.failure + recipe.reaching) for recipe in self.recipes])

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

    @cached_property
    def produced_sums(self) -> IntArray:
        """Partial sums over *all* levels of every producible vector, (levels, produced.size)."""
        sums = np.zeros((len(self.levels), self.produced.size), dtype=np.int64)
        for row, partial in enumerate(self.produced.sums):
            sums[self.produced_levels[row] :] = partial
        return sums

    def failing(self, counts: IntArray) -> FloatArray:
        """Expected number of distillations that fail, for matchings with such counts of recipes, (matchings,)."""
        return np.asarray(counts.astype(np.float64) @ self.failure)

    def reaching(self, counts: IntArray) -> FloatArray:
        """Probability that any distillation reaches the target, or how many do if a run goes on, (matchings,)."""
        if not self.delivery.ends:
            return np.asarray(counts.astype(np.float64) @ np.array([float(recipe.reaching) for recipe in self.recipes]))
        missing = np.array([float(1 - recipe.reaching) for recipe in self.recipes])
        return 1.0 - powers(missing, counts)

    @cached_property
    def most_outcomes(self) -> int:
        """A number of outcomes that no matching has more of, before equal ones merge.

        A recipe with ``o`` outcomes that leave a pair has ``comb(k + o, o) <= (1 + k) ** o`` of them in ``k``
        distillations; over all recipes the product is largest where distillations are spread evenly.
        """
        outcomes = [len(recipe.made) for recipe in self.recipes if recipe.made]
        if not outcomes:
            return 1
        kinds, most = len(outcomes), max(outcomes)
        return ceil((1 + self.most / kinds) ** (kinds * most))

    def outcomes(self, counts: IntArray) -> sparse.csr_array:
        r"""Probability of every outcome after which a run goes on, (matchings, produced.size).

        Row ``X``, column ``u``: the distillations of ``X`` produce the counts ``u``, and a run that the target ends has
        not reached it.  Recipes are independent, so a row is a product of multinomial distributions.
        """
        return self._outcomes(counts)

    def outcome_slopes(self, counts: IntArray, recipe: int) -> sparse.csr_array:
        """Derivatives of :meth:`outcomes` by the success probability of a recipe, (matchings, produced.size).

        Raises
        ------
        ModelError
            If success is not one outcome.
        """
        require_one_success(self.recipes[recipe])
        return self._outcomes(counts, slope=recipe)

    def _outcomes(self, counts: IntArray, slope: int | None = None) -> sparse.csr_array:
        """Outcomes of matchings with the given counts of recipes, or their derivative by one success probability."""
        failure, final = self.missed, np.array([not recipe.made for recipe in self.recipes], dtype=bool)
        probability = powers(np.where(final, failure, 1.0), counts)
        if slope is not None and final[slope]:
            others = np.where(np.arange(len(final)) == slope, 1.0, np.where(final, failure, 1.0))
            tried = counts[:, slope] if self.delivery.ends else 0 * counts[:, slope]  # what is delivered leaves nothing
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


def powers(chances: FloatArray, counts: IntArray) -> FloatArray:
    """The product of some probabilities, each as often as it counts, (rows,), for counts of shape (rows, chances)."""
    found = np.ones(len(counts))
    rows, columns = np.nonzero(counts)
    if len(rows):
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        found[rows[starts]] = np.multiply.reduceat(chances[columns] ** counts[rows, columns], starts)
    return found


def require_one_success(recipe: Recipe) -> None:
    """Raise ModelError unless success of a recipe is one outcome, which has one derivative."""
    if len(recipe.outcomes) - any(not (outcome.produced or outcome.target) for outcome in recipe.outcomes) > 1:
        raise ModelError(
            f"recipe {recipe.name}",
            "has several ways to succeed, so that there is no derivative by its success; leave f0 out",
            recipe.outcomes,
        )
