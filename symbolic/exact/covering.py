r"""Lower bounds on the action values of all columns at once, in integers, without listing the columns.

The recursion of :mod:`lpdistill.process.factored.recursion` in fixed point.  Values, costs and probabilities are whole
numbers of :math:`2^{-B}`, rounded down, and so is every sum of products once it is divided by :math:`2^B`.  A constant
``s`` is added to all values, and the target is worth ``s``, so that nothing that is multiplied is negative (prices of
budgets may make values negative).  Then every operation increases with each of its operands and is rounded down: by
induction every entry of a table is at most :math:`2^B` times the expectation that it stands for.  What comes out for a
column is a lower bound on :math:`2^B (c + P V + s)`, and the least over ``y`` is the least of these bounds.

A column whose bound is above :math:`2^B (V + s)`, rounded up, has a positive reduced cost.  Nothing else is concluded:
the others are *undecided*, and their reduced costs are computed in all digits.  They are few: each of at most ``2 M``
steps on the way to a bound, attempts and distillations, with ``k`` products each, loses less than
:math:`1 + k (s + \max V)` units of :math:`2^{-B}`, so that undecided are columns that are tight, or whose reduced cost
is below :math:`10^{-25}` of the values.

Where no value follows, in a dead end, a value beyond all others stands for it: columns that may lead there are not
allowed, so that nothing is claimed of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, starmap
from math import lcm, prod
from typing import Any

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.process.factored.charges import Charges, Entries
from lpdistill.process.factored.columns import Columns
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.groups import members
from lpdistill.process.factored.lattice import Lattice
from lpdistill.process.tariff import Tariff
from symbolic.exact.completions import BEYOND, DIGITS, Completions, Second, Table, chance_of
from symbolic.exact.model import DISCARDS, DISTILS, GENERATES, Elements, Parameters, elements

MOST_UNDECIDED = 1_000_000
"""Columns not separated from tight beyond which the values are far from optimal ones."""


def charged(dynamics: Dynamics, at: Parameters) -> Charges | None:
    """What columns cost, as the recursion needs it; None where all must be listed for it."""
    kernel, prices = dynamics.kernel, () if at.charges is None else at.charges.prices
    if kernel.repertoire.predicates or kernel.permitted is not None:
        return None
    return Charges.of(dynamics.under(Tariff(1.0, tuple((what, float(price)) for what, price in prices))))


def covers(dynamics: Dynamics, at: Parameters) -> bool:
    """Whether all columns can be bounded without being listed: what they cost must be as the recursion needs it."""
    return charged(dynamics, at) is not None


@dataclass(frozen=True)
class Beside:
    """Sets of recipes of the second sort beside a node, where failures have a price.

    Attributes
    ----------
    lattice
        All distillations.
    delivered
        What the target is worth.
    each, unit
        What every recipe costs, in units of ``1 / unit``.
    """

    lattice: Lattice
    delivered: int
    each: list[int]
    unit: int

    @cached_property
    def _failures(self) -> tuple[list[int], int]:
        """Failures of the recipes of the second sort as whole numbers over another."""
        failures = [self.lattice.matchings.recipes[one].failure for one in self.lattice.second.tolist()]
        whole = lcm(*(failure.denominator for failure in failures))
        return [int(failure * whole) for failure in failures], whole

    @cached_property
    def _known(self) -> dict[tuple[int, ...], tuple[int, int, int]]:
        return {}

    def numbers(self, node: int, counts: IntArray) -> tuple[int, int, int]:
        """The probability that nothing comes of a set, what its deliveries are worth, and what it costs with a node.

        All times :math:`2^B`, rounded down, the worth times :math:`2^B` once more.
        """
        key = tuple(counts.tolist())
        if key not in self._known:
            lost, whole = self._failures
            above, below = prod(map(pow, lost, key)), whole ** sum(key)
            worth = ((below - above << DIGITS) // below) * self.delivered
            cost = sum(n * self.each[one] for n, one in zip(key, self.lattice.second.tolist(), strict=True))
            self._known[key] = (above << DIGITS) // below, worth, cost
        missed, worth, cost = self._known[key]
        own = zip(self.lattice.nodes.counts[node].tolist(), self.lattice.first.tolist(), strict=True)
        return missed, worth, (cost + sum(n * self.each[one] for n, one in own) << DIGITS) // self.unit

    def members(self, place: int) -> list[IntArray]:
        """All sets that consume what a vertex does, and are as many: how often each recipe is carried out."""
        groups, consumption = self.lattice.groups, self.lattice.matchings.consumption[self.lattice.second]
        taken, pairs = groups.key(place)
        return [np.bincount(one, minlength=len(consumption)) for one in members(consumption, taken, pairs)]


@dataclass(frozen=True)
class Cover:
    """Lower bounds on all columns for some values.

    Attributes
    ----------
    dynamics
        The columns.
    at
        What they cost.
    low, high
        Values rounded down and up, not negative, (configurations,).
    delivered
        What the target is worth.
    """

    dynamics: Dynamics
    at: Parameters
    low: Elements
    high: Elements
    delivered: int

    @staticmethod
    def of(dynamics: Dynamics, at: Parameters, values: Elements, denominator: Any) -> Cover:
        """That for the values ``values / denominator``, (configurations,)."""
        low, high = (
            elements([int(sign * ((sign * value << DIGITS) // denominator)) for value in values.tolist()])
            for sign in (1, -1)
        )
        shift = max(0, -min(low))
        low, high = low + shift, high + shift
        low[~dynamics.live], high[~dynamics.live] = BEYOND, -BEYOND
        return Cover(dynamics, at, low, high, shift)

    @cached_property
    def _layers(self) -> list[slice]:
        """The configurations of so many pairs."""
        some = self.dynamics.configurations
        return list(starmap(slice, pairwise(some.up_to(total) for total in range(-1, some.most + 1))))

    def undecided(self) -> IntArray:
        """All columns whose bound is not above the value of their configuration, allowed or not, increasing.

        Raises
        ------
        NotCertifiedError
            If there are far too many.
        """
        return np.sort(np.concatenate([self._generating(), self._distilling(), self._discarding()]))

    def _charged(self, what: Columns, doing: int) -> Elements:
        """What columns cost, in units of ``1 / at.unit``, (columns,)."""
        if self.at.charges is None:
            return elements([self.at.durations[doing]] * len(what.attempts))
        return np.asarray(self.at.charges.of(what))

    def _floored(self, charged: Elements) -> Elements:
        """Charges rounded down, (columns,)."""
        return elements([int((cost << DIGITS) // self.at.unit) for cost in charged.tolist()])

    def _doing(self, entries: Entries, distillations: int, recipe: int = 0) -> Columns:
        """What steps do that carry a recipe out so often: that, failures apart, costs what so many of any do."""
        counts = np.zeros((len(entries.rank), len(self.dynamics.kernel.matchings.recipes)), dtype=np.int64)
        counts[:, recipe : recipe + 1] = distillations
        return Columns(entries.rank, counts, entries.rank, entries.attempts, np.full(len(entries.rank), -1))

    @cached_property
    def _attempted(self) -> Table:
        """The attempt table."""
        some, p, raw = self.dynamics.configurations, self.dynamics.problem.hardware.p, self.dynamics.problem.levels.raw
        won, lost = chance_of(p), chance_of(1 - p)
        table = [np.repeat(self.low[layer][:, None], some.most - t + 1, axis=1) for t, layer in enumerate(self._layers)]
        for g in range(1, some.most + 1):
            for total in range(some.most - g + 1):
                gained: Any = self.delivered
                if raw is not None:
                    sums = some.sums[:, self._layers[total]].copy()
                    sums[raw:] += 1
                    gained = table[total + 1][some.rank_sums(sums) - self._layers[total + 1].start, g - 1]
                table[total][:, g] = (won * gained + lost * table[total][:, g - 1]) >> DIGITS
        return table

    def _limits(self, entries: Entries, costs: Elements) -> Table:
        """What expectations may be, given their costs, for columns to be undecided, laid out as the attempt table."""
        totals, left = self.dynamics.configurations.totals[entries.rank], self.high[entries.rank] - costs
        found = []
        for total, layer in enumerate(self._layers):
            rows = np.flatnonzero(totals == total)
            found.append(np.full((layer.stop - layer.start, len(self._layers) - total), -BEYOND, dtype=object))
            found[-1][entries.rank[rows] - layer.start, entries.attempts[rows]] = left[rows]
        return found

    def _generating(self) -> IntArray:
        """Those that neither distil nor discard."""
        entries = Entries.of(self.dynamics.kernel, distilling=False)
        what = self._doing(entries, 0)
        limits = self._limits(entries, self._floored(self._charged(what, GENERATES)))
        found = [np.nonzero(here <= limit) for here, limit in zip(self._attempted, limits, strict=True)]
        rank = np.concatenate([layer.start + rows for layer, (rows, _) in zip(self._layers, found, strict=True)])
        attempts = np.concatenate([tried for _, tried in found])
        return self.dynamics.numbering.find(rank, np.zeros((len(rank), what.counts.shape[1]), dtype=np.int64), attempts)

    def _discarding(self) -> IntArray:
        """Those that discard."""
        columns = np.array(self.dynamics.numbering.discards, dtype=np.int64)
        what = self.dynamics.numbering.describe(columns)
        bounds = self._floored(self._charged(what, DISCARDS)) + self.low[what.rest]
        return columns[np.flatnonzero(bounds <= self.high[what.configuration])]

    def _distilling(self) -> IntArray:
        """Those that distil."""
        lattice, entries = self.dynamics.kernel.lattice, Entries.of(self.dynamics.kernel, distilling=True)
        once, twice = (self._charged(self._doing(entries, times), DISTILS) for times in (1, 2))
        limits = self._limits(entries, self._floored(2 * once - twice))
        charges = charged(self.dynamics, self.at)
        if charges is not None and charges.grouped and len(entries.rank):
            alone = (2 * once - twice)[0]
            first = [
                self._doing(entries, 1, one).at(np.zeros(1, dtype=np.int64))
                for one in range(len(lattice.matchings.recipes))
            ]
            each = [int(self._charged(one, DISTILS)[0] - alone) for one in first]
            undecided = self._grouped(Beside(lattice, self.delivered, each, int(self.at.unit)), limits)
        else:
            undecided = self._counted(int(self._floored((twice - once)[:1])[0]), limits)
        found = []
        for one in undecided:
            found.append(one)
            if len(found) > MOST_UNDECIDED:
                raise NotCertifiedError(
                    f"more than {MOST_UNDECIDED:,} columns are no worse than the values, which are far from optimal"
                )
        if not found:
            return np.zeros(0, dtype=np.int64)
        return self.dynamics.numbering.find(*map(np.array, zip(*found, strict=True)))

    def _tables(self) -> Iterator[tuple[int, Table]]:
        """Every node with its table."""
        nodes, tables = self.dynamics.kernel.lattice.nodes, {0: self._attempted}
        for node in range(len(nodes)):
            level, room = int(nodes.recipe[node]) + 1, self.dynamics.configurations.most - int(nodes.consumed[node])
            if node:
                tables[level] = self._lifted(level - 1, tables[int(nodes.source[node])], room)
            yield node, tables[level]

    def _counted(self, each: int, limits: Table) -> Iterator[tuple[int, IntArray, int]]:
        """Those that distil, where every distillation costs the same: configurations, counts of recipes, attempts."""
        lattice = self.dynamics.kernel.lattice
        second, nodes = Second.of(lattice, self._layers, self.delivered), lattice.nodes
        most, memories = lattice.matchings.most, self.dynamics.configurations.most
        smallest = min(lattice.sizes(lattice.second), default=memories + 1)
        for node, table in self._tables():
            consumed, pairs = int(nodes.consumed[node]), int(nodes.pairs[node])
            rounds = min(most - pairs, (memories - consumed) // smallest) if each or lattice.limited else None
            beside, above = Completions.of(second, self._layers, table, rounds), lattice.above(node)
            for stage in range(not pairs, rounds + 1) if rounds is not None else [1]:
                here = [limit - each * (pairs + stage) for limit in limits[consumed:]] if each else limits[consumed:]
                for rank, attempts, second_recipes in self._near(beside, stage, above, here):
                    if pairs or second_recipes:
                        counts = np.zeros(len(lattice.matchings.recipes), dtype=np.int64)
                        counts[lattice.first] = nodes.counts[node]
                        np.add.at(counts, lattice.second[list(second_recipes)], 1)
                        yield rank, counts, attempts

    def _grouped(self, beside: Beside, limits: Table) -> Iterator[tuple[int, IntArray, int]]:
        """Those that distil, where failures have a price: configurations, counts of recipes, attempts."""
        lattice, some, groups = beside.lattice, self.dynamics.configurations, beside.lattice.groups
        tried = [np.flatnonzero((limit > -BEYOND).any(axis=0)) for limit in limits]
        nodes, node_sums = lattice.nodes, np.cumsum(lattice.node_consumption, axis=1)
        for node, table in self._tables():
            pairs, seen = groups.pairs + int(nodes.pairs[node]), set()
            fits = (groups.consumed + int(nodes.consumed[node]) <= some.most) & (pairs > 0)
            for place in np.flatnonzero(fits & (pairs <= lattice.matchings.most)).tolist():
                missed, won, cost = beside.numbers(node, groups.counts[place])
                for total, layer in enumerate(
                    self._layers[: some.most - int(nodes.consumed[node] + groups.consumed[place]) + 1]
                ):
                    there = total + int(nodes.consumed[node] + groups.consumed[place])
                    sums = some.sums[:, layer] + (node_sums[node] + groups.sums[place])[:, None]
                    ranks, attempts = some.rank_sums(sums), tried[there]
                    here, most = (
                        table[total][:, attempts],
                        limits[there][ranks - self._layers[there].start][:, attempts],
                    )
                    near = np.nonzero(((missed * here + won) >> DIGITS) + cost <= most)
                    for row, column in zip(*map(np.ndarray.tolist, near), strict=True):
                        key = int(ranks[row]), int(attempts[column]), groups.key(place)
                        if key in seen:
                            continue
                        seen.add(key)
                        for counts in beside.members(place):
                            missed_by, won_by, cost_by = beside.numbers(node, counts)
                            if (missed_by * here[row, column] + won_by >> DIGITS) + cost_by <= most[row, column]:
                                every = np.zeros(len(lattice.matchings.recipes), dtype=np.int64)
                                every[lattice.first], every[lattice.second] = nodes.counts[node], counts
                                yield key[0], every, key[1]

    def _near(
        self, beside: Completions, stage: int, above: IntArray, limits: Table
    ) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        """The columns of a node whose bounds are within limits: configuration, attempts, recipes of the second sort.

        The limits are those of configurations from so many pairs on as the node consumes.
        """
        consumed = len(self._layers) - len(limits)
        for total, (here, limit) in enumerate(zip(beside.stages[stage], limits, strict=True)):
            first, ranks = self._layers[total].start, above[self._layers[total]]
            most = limit[ranks - self._layers[total + consumed].start]
            for row, attempts in zip(*map(np.ndarray.tolist, np.nonzero(here <= most)), strict=True):
                for recipes in beside.within(stage, (first + row, attempts), most[row, attempts]):
                    yield int(ranks[row]), attempts, recipes

    def _lifted(self, recipe: int, source: Table, room: int) -> Table:
        """The table with one more recipe of the first sort, on configurations that leave room for it."""
        lattice, found = self.dynamics.kernel.lattice, []
        one = lattice.matchings.recipes[lattice.first[recipe]]
        lost, gained = chance_of(one.failure), chance_of(one.reaching) * self.delivered
        for total in range(room + 1):
            layer, width = self._layers[total], room - total + 1
            after = lost * source[total][:, :width] + gained
            for ranks, outcome in zip(lattice.made[recipe], one.made, strict=True):
                there = total + len(outcome.produced)
                rows = ranks[layer] - self._layers[there].start
                after = after + chance_of(outcome.probability) * source[there][rows, :width]
            found.append(after >> DIGITS)
        return found
