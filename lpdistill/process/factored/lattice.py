"""What of the pricing of distillations depends on levels, memories and rules alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.library import library
from lpdistill.process.factored.compiled import CompiledLattice
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.groups import Groups
from lpdistill.process.factored.matchings import Matchings


@dataclass(frozen=True)
class Nodes:
    """All ``x``, each after the one that it is made of, so that tables can be overwritten.

    Attributes
    ----------
    counts
        How often each recipe of the first sort is carried out, (nodes, recipes of the first sort).
    recipe
        The recipe that was added last, -1 for the empty one, (nodes,).
    source, parent
        The table from which it is made: that of the recipe added before, 0 for ``W``; and the node that it is made of,
        -1 for none, (nodes,).
    consumed, pairs
        Pairs that it consumes, and its number of distillations, (nodes,).
    """

    counts: IntArray
    recipe: IntArray
    source: IntArray
    parent: IntArray
    consumed: IntArray
    pairs: IntArray

    @staticmethod
    def of(sizes: list[int], most: int, memories: int) -> Nodes:
        """All multisets of recipes of such sizes.

        Those with more of the recipe that was added last come after everything that is made of them: then their table
        may take the place of it.
        """
        found, stack = [], [((0,) * len(sizes), -1, 0, -1, 0, 0)]
        while stack:
            counts, last, _, _, consumed, pairs = node = stack.pop()
            found.append(node)
            for recipe in range(max(last, 0), len(sizes)):
                if consumed + sizes[recipe] <= memories and pairs < most:
                    grown = (*counts[:recipe], counts[recipe] + 1, *counts[recipe + 1 :])
                    stack.append((grown, recipe, last + 1, len(found) - 1, consumed + sizes[recipe], pairs + 1))
        counts, *rest = zip(*found, strict=True)
        return Nodes(np.array(counts, dtype=np.int64).reshape(len(found), -1), *np.array(rest, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.recipe)


@dataclass(frozen=True)
class Lattice:
    """What of the recursion depends on levels, memories and rules alone.

    Attributes
    ----------
    configurations, matchings
        All configurations, and the distillations.
    """

    configurations: CountVectors
    matchings: Matchings

    @cached_property
    def first(self) -> IntArray:
        """The recipes that may leave a pair short of the target."""
        return np.array([i for i, recipe in enumerate(self.matchings.recipes) if recipe.made], dtype=np.int64)

    @cached_property
    def second(self) -> IntArray:
        """The other recipes."""
        return np.setdiff1d(np.arange(len(self.matchings.recipes)), self.first)

    @cached_property
    def groups(self) -> Groups:
        """The sets of recipes of the second sort that may be least where failures have a price."""
        return Groups.of(self.matchings, self.second)

    def sizes(self, recipes: IntArray) -> list[int]:
        """The numbers of pairs that some recipes consume."""
        return [len(self.matchings.recipes[recipe].consumed) for recipe in recipes.tolist()]

    @cached_property
    def nodes(self) -> Nodes:
        """All matchings of recipes of the first sort."""
        return Nodes.of(self.sizes(self.first), self.matchings.most, self.configurations.most)

    @cached_property
    def node_consumption(self) -> IntArray:
        """Pairs of each level that every node consumes, (nodes, levels)."""
        return np.asarray(self.nodes.counts @ self.matchings.consumption[self.first])

    @cached_property
    def limited(self) -> bool:
        """Whether rules allow fewer distillations in one step than memories do."""
        smallest = min((len(recipe.consumed) for recipe in self.matchings.recipes), default=1)
        return self.matchings.most < self.configurations.most // smallest

    @cached_property
    def made(self) -> list[list[IntArray]]:
        """Rank of every configuration with what an outcome leaves on top, by recipe of the first sort and outcome.

        Of those with room for it, which are the first ones.
        """
        some, found = self.configurations, []
        for recipe in self.first.tolist():
            ranks = []
            for outcome in self.matchings.recipes[recipe].made:
                sums = some.sums[:, : some.up_to(some.most - len(outcome.produced))].copy()
                for level in outcome.produced:
                    sums[level:] += 1
                ranks.append(some.rank_sums(sums))
            found.append(ranks)
        return found

    @cached_property
    def below(self) -> IntArray:
        """Rank of every configuration without what a recipe of the second sort consumes, -1 for none.

        Of shape (recipes of the second sort, configurations).
        """
        some = self.configurations
        found = np.full((len(self.second), some.size), -1)
        for row, recipe in enumerate(self.second.tolist()):
            needed = self.matchings.consumption[recipe]
            fits = np.flatnonzero((some.counts >= needed).all(axis=1))
            found[row, fits] = some.rank_sums(some.sums[:, fits] - np.cumsum(needed)[:, None])
        return found

    def __getstate__(self) -> dict[str, Any]:
        """All but what is compiled, which is made anew."""
        return {name: value for name, value in vars(self).items() if name != "compiled"}

    @cached_property
    def compiled(self) -> CompiledLattice | None:
        """The same for the compiled recursion, where that is at hand."""
        return None if library() is None else CompiledLattice(self)

    def above(self, node: int) -> IntArray:
        """Rank of every configuration that leaves room for it with what a node consumes on top: of the first ones."""
        some = self.configurations
        sums = some.sums[:, : some.up_to(some.most - int(self.nodes.consumed[node]))]
        return some.rank_sums(sums + np.cumsum(self.node_consumption[node])[:, None])


@dataclass(frozen=True)
class Chances:
    """The probabilities of the recursion.

    Attributes
    ----------
    made
        Of each outcome that leaves a pair, by recipe of the first sort.
    lost, gained
        That a run goes on without a pair of a recipe of the first sort, and what it costs besides, (recipes,).
    missed, won
        The same for recipes of the second sort, (recipes,).
    """

    made: list[list[float]]
    lost: FloatArray
    gained: FloatArray
    missed: FloatArray
    won: FloatArray

    @staticmethod
    def of(lattice: Lattice, delivered: float, failed: float = 0.0) -> Chances:
        """Those of the recipes of a lattice, for what a delivery costs, and what a failure does if a run goes on."""
        recipes = lattice.matchings.recipes
        reaching = np.array([float(recipe.reaching) for recipe in recipes]) * delivered
        if failed:
            reaching = reaching + lattice.matchings.failure * failed
        failure = lattice.matchings.missed
        made = [[float(outcome.probability) for outcome in recipes[one].made] for one in lattice.first.tolist()]
        first, second = lattice.first, lattice.second
        return Chances(made, failure[first], reaching[first], failure[second], reaching[second])
