r"""All columns that distil, priced without listing one.

A matching is split into ``x``, of recipes that may leave a pair short of the target, and ``y``, of recipes that either
meet the target or leave nothing.  With the attempt table ``W`` and the probabilities :math:`f_t` that nothing comes of
a recipe, the expectation after a step is

.. math::

    F_\varnothing = W, \qquad
    F_{x+t}[c, g] = \sum_o p_{t,o}\, F_x[c + \mathrm{result}(o), g] + f_t\, F_x[c, g], \qquad
    H_x[c, g] = \min\bigl(F_x[c, g],\ \min_t\, f_t\, H_x[c - \mathrm{cons}(t), g] + r_t w\bigr),

``t`` of the first sort in the second equation and of the second sort in the third; ``w`` is the value after a delivery
(0 as a rule), and :math:`r_t` the probability of one.  :math:`H_x[n - \mathrm{cons}(x), g]` is the least expectation
over all ``y`` beside ``x`` in configuration ``n``: the minimum is exact, for multiplying by what is not negative
commutes with it, in floating point too.  Where ``x`` is empty a step still has to distil something.

Where every distillation has a price, or their number is limited, the second sort is counted:
:math:`G_0 = F_x`, :math:`G_{j+1}[c] = \min_t f_t\, G_j[c - \mathrm{cons}(t)] + r_t w`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.factored.compiled import CompiledRecursion
from lpdistill.process.factored.lattice import Chances, Lattice


@dataclass(frozen=True)
class Least:
    """The least expectations over all matchings that are not empty.

    Attributes
    ----------
    value
        By configuration, number of attempts by number of attempts; infinite where a step cannot distil, (entries,).
    node
        The ``x`` that attains it, -1 for none, (entries,).
    """

    value: FloatArray
    node: IntArray


@dataclass(frozen=True)
class Recursion:
    """The recursion for some values, in numpy: the reference for the compiled one, to the last digit.

    Attributes
    ----------
    lattice, chances
        The distillations, and their probabilities.
    table
        The attempt table: expected value by configuration and number of attempts, flat, number by number.
    offsets
        Where each number of attempts starts in it, (memories + 2,).
    wanted
        For every number of attempts, the least number of pairs of the configurations that are priced with it; more
        than there are for none, (memories + 1,).
    starts
        Where least expectations with each number of attempts start among all, (memories + 1,): 0 where every
        configuration is priced with one number only.
    price
        Price of a distillation.
    """

    lattice: Lattice
    chances: Chances
    table: FloatArray
    offsets: IntArray
    wanted: IntArray
    starts: IntArray
    price: float = 0.0

    @property
    def counted(self) -> bool:
        """Whether the number of distillations matters."""
        return bool(self.price) or self.lattice.limited

    @property
    def most(self) -> int:
        """Number of memories."""
        return self.lattice.configurations.most

    def _room(self, consumed: int) -> range:
        """The numbers of attempts beside which so many pairs can be consumed, and configurations are priced."""
        used = np.flatnonzero(self.wanted <= self.most - np.arange(self.most + 1))
        return range(min(int(used[-1]) + 1 if len(used) else 0, self.most - consumed + 1))

    @cached_property
    def _base(self) -> FloatArray:
        """The attempt table with configurations as rows and numbers of attempts as columns."""
        attempts = self._room(0)
        found = np.full((self.lattice.configurations.size, max(len(attempts), 1)), np.inf)
        for g in attempts:
            part = self.table[self.offsets[g] : self.offsets[g + 1]]
            found[: len(part), g] = part
        return found

    def _lifted(self, node: int, table: FloatArray) -> FloatArray:
        """The table of a node, made of that of the node that it is made of."""
        recipe = int(self.lattice.nodes.recipe[node])
        some, consumed = self.lattice.configurations, int(self.lattice.nodes.consumed[node])
        size, attempts = some.up_to(some.most - consumed), max(len(self._room(consumed)), 1)
        lost, gained = self.chances.lost[recipe], self.chances.gained[recipe]
        total: FloatArray | float = 0.0
        for ranks, chance in zip(self.lattice.made[recipe], self.chances.made[recipe], strict=True):
            if chance:
                total = total + chance * table[ranks[:size], :attempts]
        if lost:
            total = total + lost * table[:size, :attempts]
        return np.asarray(total + gained if gained else total) + np.zeros((size, attempts))

    def walk(self, needed: BoolArray | None = None) -> Iterator[tuple[int, FloatArray]]:
        """Every node with its table."""
        nodes, tables = self.lattice.nodes, {0: self._base}
        for node in range(len(nodes)):
            if node and not self._room(int(nodes.consumed[node])):
                continue
            level = int(nodes.recipe[node]) + 1
            if node:
                tables[level] = self._lifted(node, tables[int(nodes.source[node])])
            if needed is None or needed[node]:
                yield node, tables[level]

    def descended(self, table: FloatArray) -> FloatArray:
        """The least expectation with recipes of the second sort on top, any number of them."""
        best, some = table.copy(), self.lattice.configurations
        for total in range(some.most + 1):
            start, end = some.up_to(total - 1), min(some.up_to(total), len(table))
            for recipe, below in enumerate(self.lattice.below):
                rows = start + np.flatnonzero(below[start:end] >= 0)
                if len(rows):
                    best[rows] = np.minimum(best[rows], self._after(recipe, best[below[rows]]))
        return best

    def _after(self, recipe: int, values: FloatArray) -> FloatArray:
        """The expectation with one more recipe of the second sort, given that without it."""
        missed, won = self.chances.missed[recipe], self.chances.won[recipe]
        return np.asarray((missed * values if missed else np.zeros_like(values)) + won)

    def _more(self, values: FloatArray) -> FloatArray:
        """The least expectation with exactly one more recipe of the second sort."""
        best: FloatArray = np.full_like(values, np.inf)
        for recipe, below in enumerate(self.lattice.below):
            rows = np.flatnonzero(below[: len(values)] >= 0)
            best[rows] = np.minimum(best[rows], self._after(recipe, values[below[rows]]))
        return best

    def _rounds(self, node: int) -> range:
        """How many distillations of the second sort may come on top of a node."""
        pairs, nodes = int(self.lattice.nodes.pairs[node]), self.lattice.nodes
        sizes = self.lattice.sizes(self.lattice.second)
        room = (self.most - int(nodes.consumed[node])) // min(sizes) if sizes else 0
        return range(min(self.lattice.matchings.most - pairs, room) + 1)

    def _values(self, node: int, table: FloatArray) -> FloatArray:
        """The least expectation of every configuration without what a node consumes, any ``y`` on top."""
        if not self.counted:
            best = self.descended(table)
            return best if node else self._more(best)
        pairs, best, values = int(self.lattice.nodes.pairs[node]), np.full_like(table, np.inf), table
        for j in self._rounds(node):
            values = self._more(values) if j else values
            if pairs + j:
                best = np.minimum(best, values + self.price * (pairs + j) if self.price else values)
        return best

    def __getstate__(self) -> dict[str, Any]:
        """All but what is compiled, which is made anew."""
        return {name: value for name, value in vars(self).items() if name != "compiled"}

    @cached_property
    def compiled(self) -> CompiledRecursion | None:
        """The same compiled, where that is at hand."""
        lattice = self.lattice.compiled
        return None if lattice is None else CompiledRecursion(lattice, self)

    @property
    def entries(self) -> int:
        """Number of least expectations."""
        return int(self.starts[-1]) + (1 if self.starts[-1] else self.lattice.configurations.size)

    def least(self) -> Least:
        """The least expectation of every configuration with every number of attempts that is wanted."""
        if self.compiled is not None:
            return Least(*self.compiled.least())
        value, attained = np.full(self.entries, np.inf), np.full(self.entries, -1)
        some = self.lattice.configurations
        for node, table in self.walk():
            consumed = int(self.lattice.nodes.consumed[node])
            found, above = self._values(node, table), self.lattice.above(node)
            for g in self._room(consumed):
                here = slice(some.up_to(int(self.wanted[g]) - consumed - 1), some.up_to(some.most - consumed - g))
                place, new = self.starts[g] + above[here], found[here, g]
                better = new < value[place]
                value[place[better]], attained[place[better]] = new[better], node
        return Least(value, attained)

    def attaining(self, configuration: IntArray, attempts: IntArray, node: IntArray) -> IntArray:
        """How often the matchings that attain some least expectations carry each recipe out, (columns, recipes).

        Parameters
        ----------
        configuration, attempts
            The entries, (columns,).
        node
            The ``x`` that attains each, (columns,).
        """
        nodes, matchings = self.lattice.nodes, self.lattice.matchings
        counts = np.zeros((len(node), len(matchings.recipes)), dtype=np.int64)
        counts[:, self.lattice.first] = nodes.counts[node]
        left = self.lattice.configurations.counts[configuration] - self.lattice.node_consumption[node]
        rank = self.lattice.configurations.rank(left)
        if self.compiled is not None and not self.counted:
            counts[:, self.lattice.second] = self.compiled.traced(rank, attempts, node)
            return counts
        needed = np.zeros(len(nodes), dtype=bool)
        needed[node] = True
        for one, table in self.walk(needed):
            rows = np.flatnonzero(node == one)
            counts[np.ix_(rows, self.lattice.second)] = self._traced(one, table, rank[rows], attempts[rows])
        return counts

    def _traced(self, node: int, table: FloatArray, rank: IntArray, attempts: IntArray) -> IntArray:
        """How often a best ``y`` carries each recipe of the second sort out beside a node, (columns, recipes)."""
        tables = [table]
        if self.counted:
            for _ in self._rounds(node)[1:]:
                tables.append(self._more(tables[-1]))
            pairs = int(self.lattice.nodes.pairs[node])
            totals = np.array([t[rank, attempts] + self.price * (pairs + j) for j, t in enumerate(tables)])
            totals[0] = totals[0] if pairs else np.inf
            level = np.argmin(totals, axis=0)
        else:
            tables, level = [table, self.descended(table)], np.ones(len(rank), dtype=np.int64)
        counts, rank = np.zeros((len(rank), len(self.lattice.second)), dtype=np.int64), rank.copy()
        rows, must = np.arange(len(rank)), np.full(len(rank), not node)
        stacked = np.array(tables) if len(tables) > 1 else np.array([table, table])
        while True:
            here = stacked[level[rows], rank[rows], attempts[rows]]
            going = must[rows] | (here != table[rank[rows], attempts[rows]]) if not self.counted else level[rows] > 0
            rows = rows[going]
            if not len(rows):
                return counts
            before = level[rows] - 1 if self.counted else level[rows]
            options = np.full((len(self.lattice.second), len(rows)), np.inf)
            for recipe, below in enumerate(self.lattice.below):
                fits = np.flatnonzero(below[rank[rows]] >= 0)
                after = stacked[before[fits], below[rank[rows[fits]]], attempts[rows[fits]]]
                options[recipe, fits] = self._after(recipe, after)
            chosen = np.argmin(options, axis=0)
            counts[rows, chosen] += 1
            rank[rows], must[rows], level[rows] = self.lattice.below[chosen, rank[rows]], False, before
