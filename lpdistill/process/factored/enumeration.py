"""The matchings whose expectations keep within limits, one by one, without going through the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.process.factored.recursion import Recursion

MOST_COUNTED = 256
"""Recipes of the second sort up to which the search is compiled."""


@dataclass(frozen=True)
class States:
    """Recipes of the second sort, chosen in order: what is left, and how what comes after counts, (states,)."""

    entry: IntArray
    rank: IntArray
    scale: FloatArray
    offset: FloatArray
    last: IntArray
    counts: IntArray

    @staticmethod
    def of(entry: IntArray, rank: IntArray, recipes: int) -> States:
        """None chosen yet."""
        ones, zeros = np.ones(len(entry)), np.zeros(len(entry))
        return States(entry, rank, ones, zeros, np.zeros_like(entry), np.zeros((len(entry), recipes), dtype=np.int64))

    def at(self, rows: IntArray) -> States:
        """Some of them."""
        return States(*(part[rows] for part in vars(self).values()))

    def grown(self, rows: IntArray, recipe: int) -> States:
        """Some of them with one more recipe, which is still to be carried out."""
        some = self.at(rows)
        counts = some.counts.copy()
        counts[:, recipe] += 1
        return replace(some, last=np.full(len(rows), recipe), counts=counts)

    def after(self, below: IntArray, missed: float, won: float) -> States:
        """The same with the last recipe carried out: where it leads, if nothing comes of it, and what it is worth."""
        return replace(self, rank=below[self.rank], scale=self.scale * missed, offset=self.offset + self.scale * won)

    @staticmethod
    def joined(parts: list[States]) -> States:
        """Several of them together."""
        return States(*map(np.concatenate, zip(*(vars(part).values() for part in parts), strict=True)))


@dataclass(frozen=True)
class Limits:
    """What expectations may be at most.

    Attributes
    ----------
    recursion
        The recursion, for the values after a step.
    configuration, attempts, most
        The entries, and what expectations may be at most in each, prices of distillations included, (entries,).
    """

    recursion: Recursion
    configuration: IntArray
    attempts: IntArray
    most: FloatArray

    def matchings(self) -> tuple[IntArray, IntArray, IntArray]:
        """All matchings whose expectations keep within the limits: configurations, attempts, and counts of recipes."""
        lattice = self.recursion.lattice
        if self.recursion.compiled is not None and len(lattice.second) <= MOST_COUNTED:
            limits = np.full(len(self.recursion.table), -np.inf)
            limits[self.recursion.offsets[self.attempts] + self.configuration] = self.most
            rank, attempts, nodes, others = self.recursion.compiled.within(limits)
            counts = np.zeros((len(rank), len(lattice.matchings.recipes)), dtype=np.int64)
            counts[:, lattice.first], counts[:, lattice.second] = lattice.nodes.counts[nodes], others
            return rank, attempts, counts
        some, recipes = lattice.configurations, len(lattice.matchings.recipes)
        found, entries = [np.zeros((0, recipes), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        possible = np.flatnonzero(self.most > -np.inf)
        for node, table in self.recursion.walk():
            left = some.counts[self.configuration[possible]] - lattice.node_consumption[node]
            fits = (left >= 0).all(axis=1)
            rows = possible[fits]
            if not len(rows):
                continue
            entry, second = self._completed(node, table, States.of(rows, some.rank(left[fits]), len(lattice.second)))
            counts = np.zeros((len(entry), recipes), dtype=np.int64)
            counts[:, lattice.first] = lattice.nodes.counts[node]
            counts[:, lattice.second] = second
            found.append(counts)
            entries.append(entry)
        every = np.concatenate(entries)
        return self.configuration[every], self.attempts[every], np.concatenate(found)

    def _completed(self, node: int, table: FloatArray, states: States) -> tuple[IntArray, IntArray]:
        """The ``y`` beside a node that keep within the limits: entries, and counts of recipes of the second sort."""
        recursion, lattice, price = self.recursion, self.recursion.lattice, self.recursion.price
        best, pairs = recursion.descended(table), int(lattice.nodes.pairs[node])
        room = lattice.matchings.most - pairs
        cheapest = price * lattice.matchings.most  # which no matching undercuts, where the price is negative
        entries, counts = [np.zeros(0, dtype=np.int64)], [np.zeros((0, len(lattice.second)), dtype=np.int64)]
        for used in range(room + 1):
            here = table[states.rank, self.attempts[states.entry]]
            total = times(states.scale, here) + states.offset + price * (pairs + used)
            kept = (total <= self.most[states.entry]) & np.isfinite(total)
            if pairs + used:
                entries.append(states.entry[kept])
                counts.append(states.counts[kept])
            if used == room:
                break
            grown = []
            for recipe, below in enumerate(lattice.below):
                missed, won = recursion.chances.missed[recipe], recursion.chances.won[recipe]
                more = states.grown(np.flatnonzero((states.last <= recipe) & (below[states.rank] >= 0)), recipe)
                more = more.after(below, missed, won)
                after = times(more.scale, best[more.rank, self.attempts[more.entry]])
                least = after + more.offset + (price * (pairs + used + 1) if price > 0 else cheapest)
                grown.append(more.at(np.flatnonzero(least <= self.most[more.entry])))
            if not sum(len(more.entry) for more in grown):
                break
            states = States.joined(grown)
        return np.concatenate(entries), np.concatenate(counts)


def times(scale: FloatArray, values: FloatArray) -> FloatArray:
    """Values times probabilities, 0 where these are, even of what is infinite."""
    found = np.zeros_like(values)
    np.multiply(scale, values, out=found, where=scale > 0)
    return found
