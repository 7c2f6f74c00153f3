"""The columns of the program, numbered: which configuration, which distillations, how many attempts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import IntArray, ragged
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.matchings import Matchings


@dataclass(frozen=True, slots=True)
class Block:
    """All columns with the same number of distillations that consume the same number of pairs.

    Attributes
    ----------
    number
        Number of the block.
    pairs, consumed
        Number of distillations in the step, and of the pairs that they consume.
    producible
        How many vectors of pairs they may produce, at most.
    matchings, groups
        The matchings of the block, and their groups (which consume the same pairs).
    rest, attempts
        Rank of the pairs left alone, and number of generation attempts, of every combination of the two, (rests,).
    columns
        The columns of the block, matching by matching.
    cells
        The cells (group and rest) of the block; the columns of a cell belong to one configuration.
    """

    number: int
    pairs: int
    consumed: int
    producible: int
    matchings: range
    groups: range
    rest: IntArray
    attempts: IntArray
    columns: range
    cells: range

    @property
    def shape(self) -> tuple[int, int]:
        """Matchings and rests."""
        return len(self.matchings), len(self.rest)


@dataclass(frozen=True, slots=True)
class Columns:
    """Some columns, taken apart; all attributes have shape (columns,).

    Attributes
    ----------
    configuration
        Rank of the configuration that the column belongs to.
    pairs, matching
        Number of distillations, and number of the matching.
    rest, attempts
        Rank of the pairs left alone, and number of generation attempts.
    discard
        Level of the pair discarded, -1 for none; a column that discards does nothing else.
    """

    configuration: IntArray
    pairs: IntArray
    matching: IntArray
    rest: IntArray
    attempts: IntArray
    discard: IntArray

    @property
    def kind(self) -> IntArray:
        """Whether the step does not distil (0), distils (1) or discards (2)."""
        return np.where(self.discard >= 0, 2, self.pairs > 0).astype(np.int64)


@dataclass(frozen=True)
class Numbering:
    """Numbers for all columns: block by block, matching by matching, rest by rest; discards come last.

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

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The columns by number of distillations, and by how many pairs they consume."""
        blocks: list[Block] = []
        edges, cells, columns = self.matchings.groups, 0, 0
        for number, (k, consumed, groups) in enumerate(self.matchings.sizes):
            left = self.configurations.most - consumed
            rest = np.arange(self.configurations.up_to(left))
            empty = left - self.configurations.totals[: len(rest)]
            attempts = np.minimum(empty, self.repertoire.most_attempts(distilling=k > 0))
            if self.repertoire.attempts is Attempts.ALL:
                rest, attempts = ragged(attempts + 1)
            matchings = range(int(edges[groups.start]), int(edges[groups.stop]))
            here = range(cells, cells + len(groups) * len(rest))
            numbers = range(columns, columns + len(matchings) * len(rest))
            producible = self.matchings.producible(k, consumed)
            blocks.append(Block(number, k, consumed, producible, matchings, groups, rest, attempts, numbers, here))
            cells, columns = here.stop, numbers.stop
        return tuple(blocks)

    @cached_property
    def discards(self) -> range:
        """The columns that discard a pair: recipe by recipe, configuration left by configuration left."""
        first = self.blocks[-1].columns.stop
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

    @cached_property
    def _rests(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Rests per block, where they start when joined, and the joined ranks and attempts."""
        sizes = np.array([len(block.rest) for block in self.blocks])
        joined = (np.concatenate([getattr(block, name) for block in self.blocks]) for name in ("rest", "attempts"))
        return sizes, np.cumsum(sizes) - sizes, *joined

    @cached_property
    def _first_columns(self) -> IntArray:
        """First column of every block, (blocks,)."""
        return np.array([block.columns.start for block in self.blocks])

    @cached_property
    def _first_matchings(self) -> IntArray:
        """First matching of every block, (blocks,)."""
        return np.array([block.matchings.start for block in self.blocks])

    @property
    def size(self) -> int:
        """Number of columns, waiting included."""
        return self.discards.stop

    @property
    def cells(self) -> int:
        """Number of cells; every column that discards is a cell of its own, after all others."""
        return self.blocks[-1].cells.stop + len(self.discards)

    @cached_property
    def cell_configuration(self) -> IntArray:
        """Configuration of every cell, (cells,): what its group consumes, plus what is left alone."""
        owners = [self.block_configuration(block).ravel() for block in self.blocks]
        return np.concatenate([*owners, self.discarding.ravel()] if self.discards else owners)

    def block_configuration(self, block: Block) -> IntArray:
        """Configuration of every cell of a block, (groups, rests)."""
        consumed = self.matchings.consumed_sums[:, block.groups.start : block.groups.stop, None]
        return self.configurations.rank_sums(consumed + self.configurations.sums[:, None, block.rest])

    def of_cells(self, cells: IntArray) -> tuple[IntArray, IntArray]:
        """All columns of the given cells, and how many each cell has."""
        sizes = self._rests[0]
        firsts = np.array([block.cells.start for block in self.blocks])
        end = self.blocks[-1].cells.stop
        block = np.searchsorted(firsts, cells, side="right") - 1
        group, rest = np.divmod(np.where(cells < end, cells - firsts[block], 0), sizes[block])
        group += np.array([b.groups.start for b in self.blocks])[block]
        count = np.where(cells < end, np.diff(self.matchings.groups)[group], 1)
        cell, member = ragged(count)
        columns = self._number(block[cell], self.matchings.groups[group][cell] + member, rest[cell])
        return np.where(cells[cell] < end, columns, self.discards.start + cells[cell] - end), count

    def of_configuration(self, rank: int) -> IntArray:
        """All columns of one configuration."""
        return self.of_cells(np.flatnonzero(self.cell_configuration == rank))[0]

    def _number(self, block: IntArray, matching: IntArray, rest: IntArray) -> IntArray:
        """Number of the column with the given block, matching and position among the block's rests."""
        row = matching - self._first_matchings[block]
        return np.asarray(self._first_columns[block] + row * self._rests[0][block] + rest)

    def describe(self, columns: IntArray) -> Columns:
        """What the given columns stand for."""
        sizes, first, ranks, attempts = self._rests
        discards = columns >= self.discards.start
        block = np.searchsorted(self._first_columns, columns, side="right") - 1
        block[discards] = 0
        matching, rest = np.divmod(np.where(discards, 0, columns - self._first_columns[block]), sizes[block])
        matching += self._first_matchings[block]
        rest += first[block]
        rank, tried = ranks[rest], attempts[rest]
        group = np.searchsorted(self.matchings.groups, matching, side="right") - 1
        sums = self.matchings.consumed_sums[:, group] + self.configurations.sums[:, rank]
        configuration = self.configurations.rank_sums(sums)
        discard = np.full(len(columns), -1)
        if discards.any():
            recipe, kept = np.divmod(columns[discards] - self.discards.start, self.kept)
            discard[discards], rank[discards], tried[discards] = self.discarded[recipe], kept, 0
            configuration[discards] = self.discarding[recipe, kept]
        return Columns(configuration, self.matchings.pairs[matching], matching, rank, tried, discard)

    def find(self, configuration: IntArray, matching: IntArray, attempts: IntArray) -> IntArray:
        """The columns of the given configurations with the given matchings and attempts, -1 for none, (columns,)."""
        group = np.searchsorted(self.matchings.groups, matching, side="right") - 1
        sums = self.configurations.sums[:, configuration] - self.matchings.consumed_sums[:, group]
        fits = np.asarray((np.diff(sums, axis=0, prepend=0) >= 0).all(axis=0))
        left = np.where(fits, self.configurations.rank_sums(np.maximum(sums, 0)), 0)
        block = np.searchsorted(self._first_matchings, matching, side="right") - 1
        sizes, starts, ranks, tried = self._rests
        # The rests of a block are ordered by rank, then by attempts.
        key = np.repeat(np.arange(len(self.blocks)), sizes) * self.configurations.size + ranks
        rest = np.searchsorted(key, block * self.configurations.size + left)
        if self.repertoire.attempts is Attempts.ALL:
            rest = np.minimum(rest + attempts, len(key) - 1)
        known = (
            fits & (matching >= 0) & (key[rest] == block * self.configurations.size + left) & (tried[rest] == attempts)
        )
        return np.where(known, self._number(block, matching, rest - starts[block]), -1)

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
