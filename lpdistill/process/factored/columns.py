"""Columns of a problem's program, numbered: a column is a configuration with an action.

An action is a matching, given by how often each recipe is carried out, and a number of attempts.  Columns are numbered
kind of matching by kind of matching, matching by matching, and then by the pairs left alone (and the attempts), so that
no table of matchings is needed to find one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, IntArray, ragged, replaced
from lpdistill.errors import LimitError
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.delivery import Delivery
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.matchings import Matchings

MOST_LISTED = 5_000_000
"""Actions beyond which going through each of them would take minutes."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Some columns, taken apart.

    Attributes
    ----------
    configuration
        Rank of the configuration that the column belongs to, (columns,).
    counts
        How often the column carries each recipe out, (columns, recipes).
    rest, attempts
        Rank of the pairs left alone, and number of generation attempts, (columns,).
    discard
        Level of the pair discarded, -1 for none, (columns,); a column that discards does nothing else.
    """

    configuration: IntArray
    counts: IntArray
    rest: IntArray
    attempts: IntArray
    discard: IntArray

    @property
    def pairs(self) -> IntArray:
        """Number of distillations, (columns,)."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def kind(self) -> IntArray:
        """Whether the step does not distil (0), distils (1) or discards (2), (columns,)."""
        return np.where(self.discard >= 0, 2, self.counts.any(axis=1)).astype(np.int64)

    def at(self, rows: IntArray | BoolArray) -> Columns:
        """Some of the columns."""
        return Columns(
            self.configuration[rows], self.counts[rows], self.rest[rows], self.attempts[rows], self.discard[rows]
        )

    def replaced(self, rows: IntArray, other: Columns) -> Columns:
        """The same with some of the columns replaced by others."""
        names = ("configuration", "counts", "rest", "attempts", "discard")
        return Columns(*(replaced(getattr(self, name), rows, getattr(other, name)) for name in names))


@dataclass(frozen=True)
class Numbering:
    """Numbers for all columns: kind by kind, matching by matching, rest by rest; discards come last.

    Attributes
    ----------
    configurations, matchings
        The two factors of an action.
    repertoire
        Which actions there are.
    """

    configurations: CountVectors
    matchings: Matchings
    repertoire: Repertoire

    @property
    def free(self) -> bool:
        """Whether an action may attempt generation fewer times than it could."""
        return self.repertoire.attempts is Attempts.ALL

    def most_attempts(self, *, distilling: bool) -> int:
        """Greatest number of attempts in a step that distils, or in one that does not."""
        return self.repertoire.most_attempts(distilling=distilling)

    @cached_property
    def _left(self) -> IntArray:
        """Memories that the pairs consumed leave, of every kind of matching, (kinds,)."""
        most = self.configurations.most
        return np.array([most - kind.consumed for kind in self.matchings.kinds], dtype=np.int64)

    @cached_property
    def _tried(self) -> IntArray:
        """Greatest number of attempts beside so many pairs left alone, (kinds, most + 1); -1 where they do not fit."""
        most = [self.most_attempts(distilling=kind.pairs > 0) for kind in self.matchings.kinds]
        empty = self._left[:, None] - np.arange(self.configurations.most + 1)
        return np.where(empty >= 0, np.minimum(empty, np.array(most)[:, None]), -1)

    @cached_property
    def _layers(self) -> IntArray:
        """Where the rests of so many pairs start, kind by kind, joined, with the end, (kinds * (most + 1) + 1,)."""
        sizes = np.array([self.configurations.up_to(t) - self.configurations.up_to(t - 1) for t in self._totals])
        each = (self._tried + 1 if self.free else self._tried >= 0) * sizes
        return np.concatenate([[0], np.cumsum(each.ravel())]).astype(np.int64)

    @property
    def _totals(self) -> range:
        return range(self.configurations.most + 1)

    @cached_property
    def _firsts(self) -> IntArray:
        """First rest of every kind, with the end, (kinds + 1,)."""
        return self._layers[:: self.configurations.most + 1]

    @cached_property
    def _starts(self) -> IntArray:
        """First column of every kind, with the end, (kinds + 1,)."""
        rests = np.diff(self._firsts).tolist()
        sizes = [kind.size * each for kind, each in zip(self.matchings.kinds, rests, strict=True)]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @cached_property
    def _lower(self) -> IntArray:
        """Number of configurations of fewer pairs, by number of pairs, (most + 1,)."""
        return np.array([self.configurations.up_to(total - 1) for total in self._totals], dtype=np.int64)

    @cached_property
    def discards(self) -> range:
        """The columns that discard a pair: recipe by recipe, configuration left by configuration left."""
        first = int(self._starts[-1])
        return range(first, first + len(self.repertoire.discards) * self.kept)

    @property
    def kept(self) -> int:
        """Number of configurations that a discard can leave: those with an empty memory."""
        return self.configurations.up_to(self.configurations.most - 1)

    @cached_property
    def discarding(self) -> IntArray:
        """Configuration of every column that discards, (discards, kept)."""
        raised = np.arange(self.configurations.kinds)[:, None] >= self.discarded
        sums = self.configurations.sums[:, None, : self.kept] + raised[:, :, None]
        return self.configurations.rank_sums(sums)

    @cached_property
    def discarded(self) -> IntArray:
        """The level that every recipe of discarding consumes, (discards,)."""
        return np.array([recipe.consumed[0] for recipe in self.repertoire.discards], dtype=np.int64)

    def of_kind(self, kind: int) -> range:
        """The columns of a kind of matching: matching by matching, each with every rest."""
        return range(int(self._starts[kind]), int(self._starts[kind + 1]))

    @property
    def size(self) -> int:
        """Number of columns, waiting included."""
        return self.discards.stop

    def step(self, columns: IntArray) -> IntArray:
        """Whether the given columns do not distil (0), distil (1) or discard (2), (columns,)."""
        distils, discards = columns >= self._starts[1], columns >= self.discards.start
        return np.asarray(distils.astype(np.int64) + discards)

    def describe(self, columns: IntArray) -> Columns:
        """What the given columns stand for."""
        discards = columns >= self.discards.start
        kind = np.searchsorted(self._starts, np.where(discards, 0, columns), side="right") - 1
        rests = np.diff(self._firsts)[kind]
        matching, rest = np.divmod(np.where(discards, 0, columns - self._starts[kind]), rests)
        rest = rest + self._firsts[kind]
        layer = np.searchsorted(self._layers, rest, side="right") - 1
        total, within = layer - kind * len(self._totals), rest - self._layers[layer]
        most = self._tried[kind, total]
        if self.free:
            within, attempts = np.divmod(within, most + 1)
        else:
            attempts = most
        rank, counts = self._lower[total] + within, self.matchings.counts(kind, matching)
        consumed = counts @ self.matchings.consumption
        sums = np.cumsum(consumed, axis=1).T + self.configurations.sums[:, rank]
        configuration = self.configurations.rank_sums(sums)
        discard = np.full(len(columns), -1)
        if discards.any():
            recipe, kept = np.divmod(columns[discards] - self.discards.start, self.kept)
            after = 0 if self.repertoire.delivery is Delivery.RESTART else kept
            discard[discards], rank[discards], attempts[discards] = self.discarded[recipe], after, 0
            configuration[discards] = self.discarding[recipe, kept]
        return Columns(configuration, counts, rank, attempts, discard)

    def carried(self, columns: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """What columns distil: column and distillation, (entries,); and what is left alone, (columns, levels)."""
        what = self.describe(columns)
        row, recipe = np.nonzero(what.counts)
        times = what.counts[row, recipe]
        return np.repeat(row, times), np.repeat(recipe, times), self.configurations.counts[what.rest]

    def decided(self, columns: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """What columns do: column and distillation, (entries,); attempts, and level discarded or -1, (columns,)."""
        what = self.describe(columns)
        cell, _ = ragged(what.counts.ravel())
        row, recipe = np.divmod(cell, max(1, what.counts.shape[1]))
        return row, recipe, what.attempts, what.discard

    def find(self, configuration: IntArray, counts: IntArray, attempts: IntArray) -> IntArray:
        """The columns of configurations with such counts of recipes, and attempts, -1 for none, (columns,)."""
        kind, matching = self.matchings.number(counts)
        left = self.configurations.counts[configuration] - counts @ self.matchings.consumption
        fits = np.asarray((left >= 0).all(axis=1)) & (kind >= 0)
        kind, left = np.where(fits, kind, 0), np.where(fits[:, None], left, 0)
        total = left.sum(axis=1)
        most = self._tried[kind, total]
        known = fits & ((attempts >= 0) & (attempts <= most) if self.free else attempts == most)
        within = self.configurations.rank(left) - self._lower[total]
        if self.free:
            within = within * (most + 1) + attempts
        rest = self._layers[kind * len(self._totals) + total] - self._firsts[kind] + within
        return np.where(known, self._starts[kind] + matching * np.diff(self._firsts)[kind] + rest, -1)

    def find_discard(self, configuration: IntArray, level: IntArray) -> IntArray:
        """The columns in which the given configurations discard a pair of the given levels, -1 for none, (columns,)."""
        counts = self.configurations.counts[configuration].copy()
        counts[np.arange(len(level)), level] -= 1
        if not self.discards:
            return np.full(len(level), -1)
        chosen = level[:, None] == self.discarded
        known = np.asarray((counts >= 0).all(axis=1) & chosen.any(axis=1))
        kept = self.configurations.rank(np.where(known[:, None], counts, 0))
        return np.where(known, self.discards.start + chosen.argmax(axis=1) * self.kept + kept, -1)

    def of_configuration(self, rank: int) -> IntArray:
        """All columns of one configuration, increasing.

        Raises
        ------
        LimitError
            If they are too many to go through.
        """
        counts, left = self._fitting(rank)
        total = left.sum(axis=1)
        kind, _ = self.matchings.number(counts)
        most = self._tried[kind, total]
        entry, attempts = ragged(most + 1) if self.free else (np.arange(len(counts)), most)
        found = [self.find(np.full(len(entry), rank), counts[entry], attempts)]
        if self.discards:
            kept = np.flatnonzero(self.configurations.counts[rank][self.discarded])
            found.append(self.find_discard(np.full(len(kept), rank), self.discarded[kept]))
        return np.sort(np.concatenate(found))

    def _fitting(self, rank: int) -> tuple[IntArray, IntArray]:
        """The matchings that fit into a configuration, as counts of recipes, and the pairs that they leave."""
        recipes = len(self.matchings.recipes)
        counts = np.zeros((1, recipes), dtype=np.int64)
        left, room = self.configurations.counts[[rank]], np.array([self.matchings.most])
        for recipe in range(recipes):
            needed = self.matchings.consumption[recipe]
            some = needed > 0
            times = np.minimum((left[:, some] // needed[some]).min(axis=1), room)
            if int((times + 1).sum()) > MOST_LISTED:
                raise LimitError(
                    f"configuration {tuple(self.configurations.counts[rank].tolist())}: has more than {MOST_LISTED:,} "
                    "actions, too many to go through each of them; ask about one with fewer pairs",
                    size={"most_actions": MOST_LISTED},
                )
            entry, carried = ragged(times + 1)
            counts, left, room = counts[entry], left[entry] - carried[:, None] * needed, room[entry] - carried
            counts[:, recipe] = carried
        return counts, left
