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
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, starmap
from typing import Any, TypeAlias

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import NotCertifiedError
from lpdistill.process.factored.charges import Charges, Entries
from lpdistill.process.factored.columns import Columns
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.factored.lattice import Lattice
from lpdistill.process.tariff import Tariff
from symbolic.exact.model import DISCARDS, DISTILS, GENERATES, Elements, Parameters, elements

DIGITS = 96
"""Binary digits after the point, ``B``."""

BEYOND = 1 << 2048
"""The value of a dead end: far beyond what is found in double precision, times :math:`2^B`."""

MOST_UNDECIDED = 1_000_000
"""Columns not separated from tight beyond which the values are far from optimal ones."""

Table: TypeAlias = list[Elements]
"""Integers by number of pairs: for the configurations of so many, and the numbers of attempts, (rows, attempts)."""


def covers(dynamics: Dynamics, at: Parameters) -> bool:
    """Whether all columns can be bounded without being listed: what they cost must be as the recursion needs it."""
    kernel, prices = dynamics.kernel, () if at.charges is None else at.charges.prices
    if kernel.repertoire.predicates or kernel.permitted is not None:
        return False
    return Charges.of(dynamics.under(Tariff(1.0, tuple((what, float(price)) for what, price in prices)))) is not None


@dataclass(frozen=True)
class Second:
    """Recipes of the second sort on top of a table.

    Attributes
    ----------
    steps
        For every number of pairs the recipes that fit somewhere, with rows that they fit and where they lead.
    below
        Rank of every configuration without what a recipe consumes, -1 for none, (recipes, configurations).
    missed, won
        Probability that nothing comes of each recipe, and what its deliveries are worth, times :math:`2^B`.
    """

    steps: list[list[tuple[int, int, IntArray, IntArray]]]
    below: IntArray
    missed: list[int]
    won: list[int]

    @staticmethod
    def of(lattice: Lattice, layers: list[slice], delivered: int) -> Second:
        """Those of a lattice."""
        steps: list[list[tuple[int, int, IntArray, IntArray]]] = [[] for _ in layers]
        for recipe, size in enumerate(lattice.sizes(lattice.second)):
            for total in range(size, len(layers)):
                below = lattice.below[recipe, layers[total]]
                rows = np.flatnonzero(below >= 0)
                if len(rows):
                    steps[total].append((recipe, total - size, rows, below[rows] - layers[total - size].start))
        recipes = [lattice.matchings.recipes[recipe] for recipe in lattice.second.tolist()]
        missed, won = ([_chance(getattr(one, name)) for one in recipes] for name in ("failure", "reaching"))
        return Second(steps, lattice.below, missed, [chance * delivered for chance in won])

    def _one_more(self, best: Table, source: Table) -> Table:
        """The least of a table and of what one more recipe makes of another, which may be the same."""
        for here, steps in zip(best, self.steps, strict=False):
            for recipe, total, rows, below in steps:
                after = self.missed[recipe] * source[total][below, : here.shape[1]] + self.won[recipe]
                here[rows] = np.minimum(here[rows], after >> DIGITS)
        return best

    def least(self, table: Table) -> Table:
        """The least with any number of recipes on top."""
        best = [here.copy() for here in table]
        return self._one_more(best, best)

    def more(self, table: Table) -> Table:
        """The least with exactly one more recipe on top."""
        return self._one_more([np.full(here.shape, BEYOND, dtype=object) for here in table], table)

    def most(self, recipe: int, limit: int) -> int:
        """What a number may be at most if it is to be within a limit with a recipe on top."""
        room = (limit + 1 << DIGITS) - self.won[recipe] - 1
        return room // self.missed[recipe] if self.missed[recipe] else BEYOND if room >= 0 else -1


@dataclass(frozen=True)
class Completions:
    """All ``y`` beside an ``x``.

    Attributes
    ----------
    second
        The recipes.
    layers
        The configurations of so many pairs.
    stages
        The table of the ``x``, and the least with any number of recipes on top, or tables with exactly 1, 2, ....
    counted
        Whether the number of recipes matters.
    """

    second: Second
    layers: list[slice]
    stages: list[Table]
    counted: bool

    @staticmethod
    def of(second: Second, layers: list[slice], table: Table, rounds: int | None) -> Completions:
        """Those beside the ``x`` that has a table, at most so many; None for any number."""
        stages = [table]
        for _ in range(1 if rounds is None else rounds):
            stages.append((second.least if rounds is None else second.more)(stages[-1]))
        return Completions(second, layers, stages, rounds is not None)

    def _at(self, stage: int, rank: int, attempts: int) -> int:
        total = next(total for total, layer in enumerate(self.layers) if rank < layer.stop)
        return int(self.stages[stage][total][rank - self.layers[total].start, attempts])

    def within(self, stage: int, entry: tuple[int, int], limit: int, first: int = 0) -> Iterator[tuple[int, ...]]:
        """The ``y`` of a stage, as increasing recipes, whose bounds in a configuration are within a limit."""
        rank, attempts = entry
        if not stage or (not self.counted and self._at(0, rank, attempts) <= limit):
            yield ()
        before = stage - 1 if self.counted else stage
        for recipe in range(first, len(self.second.missed) if stage else 0):
            below, most = int(self.second.below[recipe, rank]), self.second.most(recipe, limit)
            if below >= 0 and self._at(before, below, attempts) <= most:
                more = self.within(before, (below, attempts), most, recipe)
                yield from ((recipe, *others) for others in more)


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

    def _doing(self, entries: Entries, distillations: int) -> Columns:
        """What steps do that carry the first recipe out so often: they cost what all with so many distillations do."""
        counts = np.zeros((len(entries.rank), len(self.dynamics.kernel.matchings.recipes)), dtype=np.int64)
        counts[:, :1] = distillations
        return Columns(entries.rank, counts, entries.rank, entries.attempts, np.full(len(entries.rank), -1))

    @cached_property
    def _attempted(self) -> Table:
        """The attempt table."""
        some, p, raw = self.dynamics.configurations, self.dynamics.problem.hardware.p, self.dynamics.problem.levels.raw
        won, lost = _chance(p), _chance(1 - p)
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
        each = int(self._floored((twice - once)[:1])[0])
        limits = self._limits(entries, self._floored(2 * once - twice))
        second, nodes, tables = Second.of(lattice, self._layers, self.delivered), lattice.nodes, {0: self._attempted}
        most, memories = lattice.matchings.most, self.dynamics.configurations.most
        smallest = min(lattice.sizes(lattice.second), default=memories + 1)
        found: list[tuple[int, IntArray, int]] = []
        for node in range(len(nodes)):
            level, consumed, pairs = (int(part[node]) for part in (nodes.recipe + 1, nodes.consumed, nodes.pairs))
            room = memories - consumed
            if node:
                tables[level] = self._lifted(level - 1, tables[int(nodes.source[node])], room)
            rounds = min(most - pairs, room // smallest) if each or lattice.limited else None
            beside, above = Completions.of(second, self._layers, tables[level], rounds), lattice.above(node)
            for stage in range(not pairs, rounds + 1) if rounds is not None else [1]:
                here = [limit - each * (pairs + stage) for limit in limits[consumed:]] if each else limits[consumed:]
                for rank, attempts, second_recipes in self._near(beside, stage, above, here):
                    if pairs or second_recipes:
                        counts = np.zeros(len(lattice.matchings.recipes), dtype=np.int64)
                        counts[lattice.first] = nodes.counts[node]
                        np.add.at(counts, lattice.second[list(second_recipes)], 1)
                        found.append((rank, counts, attempts))
            if len(found) > MOST_UNDECIDED:
                raise NotCertifiedError(
                    f"more than {MOST_UNDECIDED:,} columns are no worse than the values, which are far from optimal"
                )
        if not found:
            return np.zeros(0, dtype=np.int64)
        return self.dynamics.numbering.find(*map(np.array, zip(*found, strict=True)))

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
        lost, gained = _chance(one.failure), _chance(one.reaching) * self.delivered
        for total in range(room + 1):
            layer, width = self._layers[total], room - total + 1
            after = lost * source[total][:, :width] + gained
            for ranks, outcome in zip(lattice.made[recipe], one.made, strict=True):
                there = total + len(outcome.produced)
                rows = ranks[layer] - self._layers[there].start
                after = after + _chance(outcome.probability) * source[there][rows, :width]
            found.append(after >> DIGITS)
        return found


def _chance(probability: Fraction) -> int:
    """A probability rounded down to a multiple of :math:`2^{-B}`."""
    return (probability.numerator << DIGITS) // probability.denominator
