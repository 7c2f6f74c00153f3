r"""The recursion where failed distillations have a price: recipes of the second sort by what they consume.

All recipes of a step are carried out at once, and those that fail are paid for even if another delivers: beside a node
``x``, a set ``y`` of the second sort costs

.. math:: \mu\,(a_x + a_y) + \varphi_y\, F_x[n - \mathrm{cons}(x) - \mathrm{cons}(y), g] + (1 - \varphi_y)\, w,

a sum beside a product, of which the least over all ``y`` is not made of least parts.  Of the ``y`` that consume the
same pairs, though, the least is attained at a vertex of a hull (:mod:`lpdistill.process.factored.groups`); there are
few of these, and they are gone through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.process.factored.compiled_groups import CompiledGroups
from lpdistill.process.factored.groups import Groups, members
from lpdistill.process.factored.recursion import Least, Recursion

CLEAR = 1e-9
"""Relative difference beyond which what is worse is worse whatever rounding does."""


@dataclass(frozen=True)
class GroupedRecursion(Recursion):
    """The recursion for some values, with a price on failures.

    Attributes
    ----------
    fine
        Price of a distillation that fails.
    delivered
        The value after a delivery.
    slack
        By how much matchings that are named may be worse than the best of their configuration.
    """

    fine: float = 0.0
    delivered: float = 0.0
    slack: float = 0.0

    @cached_property
    def groups(self) -> Groups:
        r"""The sets of the second sort that can be within the slack of the least.

        Taking a recipe of failure ``f`` out of a set that has others saves :math:`\mu f` (and the price of a
        distillation), and changes what follows from :math:`\varphi F` to :math:`(\varphi / f) F'`: a set is left out
        where that is always better, by more than the slack.
        """
        every, table = self.lattice.groups, self.table
        every = every.at(every.lower if self.fine >= 0 else every.upper)
        least, most = min(float(table.min()), 0.0), max(float(table.max()), 0.0)
        if self.delivered or not np.isfinite([least, most]).all():
            return every
        failure = self.lattice.matchings.failure[self.lattice.second]
        saved = self.fine * failure + self.price - self.slack
        known = (failure > 0) & (every.counts > 0) & (every.pairs > 1)[:, None]
        without = np.divide(every.missed[:, None], failure, out=np.full(known.shape, np.inf), where=known)
        risked = np.where(known, without, 0.0) * most - every.missed[:, None] * least
        worse = np.asarray((known & (saved > risked * (1 + CLEAR))).any(axis=1))
        return every.at(~worse)

    @cached_property
    def beside(self) -> tuple[FloatArray, FloatArray]:
        """What nodes cost beside what follows, and sets of the second sort, (nodes,) and (sets,)."""
        nodes, some = self.lattice.nodes, self.groups
        failing = nodes.counts @ self.lattice.matchings.failure[self.lattice.first]
        cost = self.fine * some.failures + self.price * some.pairs
        return self.fine * failing + self.price * nodes.pairs, cost + self.delivered * some.won

    @cached_property
    def compiled(self) -> CompiledGroups | None:
        """The same compiled, where that is at hand."""
        lattice = self.lattice.compiled
        return None if lattice is None else CompiledGroups(lattice, self)

    def _entries(self, consumed: int) -> tuple[IntArray, IntArray]:
        """The configurations left alone beside so many pairs consumed that are priced, with their attempts."""
        some, found = self.lattice.configurations, []
        for g in self._room(consumed):
            rows = np.arange(some.up_to(int(self.wanted[g]) - consumed - 1), some.up_to(some.most - consumed - g))
            found.append((rows, np.full(len(rows), g)))
        nothing = np.zeros(0, dtype=np.int64)
        rows, attempts = zip((nothing, nothing), *found, strict=True)
        return np.concatenate(rows), np.concatenate(attempts)

    def _priced(self) -> Iterator[tuple[int, IntArray, IntArray, FloatArray]]:
        """Every node with a set: their number, and configurations with attempts and expectations."""
        nodes, some, (nodes_cost, cost) = self.lattice.nodes, self.groups, self.beside
        entries = [self._entries(consumed) for consumed in range(self.most + 1)]
        configurations, node_sums = self.lattice.configurations, np.cumsum(self.lattice.node_consumption, axis=1)
        for node, table in self.walk():
            fits = some.consumed + int(nodes.consumed[node]) <= self.most
            pairs = some.pairs + int(nodes.pairs[node])
            for place in np.flatnonzero(fits & (pairs > 0) & (pairs <= self.lattice.matchings.most)).tolist():
                rows, attempts = entries[int(nodes.consumed[node] + some.consumed[place])]
                if len(rows):
                    sums = configurations.sums[:, rows] + (node_sums[node] + some.sums[place])[:, None]
                    missed = float(some.missed[place])
                    after = missed * table[rows, attempts] if missed else np.zeros(len(rows))
                    values = after + (nodes_cost[node] + cost[place])
                    yield node * len(some) + place, configurations.rank_sums(sums), attempts, values

    def least(self) -> Least:
        """The least expectation of every configuration with every number of attempts that is wanted, prices included.

        In place of a node, the result has its number times that of sets of the second sort, and that of the set.
        """
        if self.compiled is not None:
            return Least(*self.compiled.least())
        value, attained = np.full(self.entries, np.inf), np.full(self.entries, -1)
        for number, rank, attempts, found in self._priced():
            place = self.starts[attempts] + rank
            better = found < value[place]
            value[place[better]], attained[place[better]] = found[better], number
        return Least(value, attained)

    def attaining(self, configuration: IntArray, attempts: IntArray, node: IntArray) -> IntArray:  # noqa: ARG002
        """How often the matchings with such numbers carry each recipe out, (columns, recipes)."""
        node, place = np.divmod(node, len(self.groups))
        return self._counts(node, self.groups.counts[place])

    def _counts(self, node: IntArray, second: IntArray) -> IntArray:
        """How often matchings carry each recipe out, (columns, recipes)."""
        counts = np.zeros((len(node), len(self.lattice.matchings.recipes)), dtype=np.int64)
        counts[:, self.lattice.first], counts[:, self.lattice.second] = self.lattice.nodes.counts[node], second
        return counts

    def within(self, configuration: IntArray, attempts: IntArray, most: FloatArray) -> tuple[IntArray, ...]:
        """All matchings of groups that keep within limits somewhere: configurations, attempts, and counts of recipes.

        Parameters
        ----------
        configuration, attempts, most
            The entries, and what expectations may be at most in each, (entries,).
        """
        limits = np.full(len(self.table), -np.inf)
        limits[self.offsets[attempts] + configuration] = most
        if self.compiled is not None:
            rank, tried, number, _ = self.compiled.within(limits)
        else:
            parts = [(np.zeros(0, dtype=np.int64),) * 3]
            for one, some, g, found in self._priced():
                near = (found <= limits[self.offsets[g] + some]) & np.isfinite(found)
                parts.append((some[near], g[near], np.full(int(near.sum()), one)))
            rank, tried, number = map(np.concatenate, zip(*parts, strict=True))
        node, place = np.divmod(number, len(self.groups))
        # Vertices of one group follow each other; the first one stands for it.
        same = (np.diff(self.groups.taken, axis=0) == 0).all(axis=1) & (np.diff(self.groups.pairs) == 0)
        first = np.concatenate([[0], np.flatnonzero(~same) + 1])
        group = np.searchsorted(first, place, side="right") - 1
        rank, tried, node, group = np.unique(np.array([rank, tried, node, group]), axis=1)
        every = [self._members(int(first[one])) for one in np.unique(group).tolist()]
        entry = np.searchsorted(np.unique(group), group)
        sizes = np.array([len(one) for one in every], dtype=np.int64)
        rows = np.repeat(np.arange(len(group)), sizes[entry])
        nothing = np.zeros((0, len(self.lattice.second)), dtype=np.int64)
        second = np.concatenate([nothing, *(every[one] for one in entry.tolist())])
        return rank[rows], tried[rows], self._counts(node[rows], second)

    def _members(self, place: int) -> IntArray:
        """All sets that consume what one of them does, and are as many, (sets, recipes of the second sort)."""
        consumption = self.lattice.matchings.consumption[self.lattice.second]
        taken, pairs = tuple(self.groups.taken[place].tolist()), int(self.groups.pairs[place])
        kinds = len(consumption)
        return np.array([np.bincount(one, minlength=kinds) for one in members(consumption, taken, pairs)]).reshape(
            -1, kinds
        )
