"""The columns of the program, numbered: which configuration, which distillations, how many attempts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import IntArray, ragged
from lpdistill.model.configurations import CountVectors
from lpdistill.model.generation import Attempts
from lpdistill.model.matchings import Matchings


@dataclass(frozen=True, slots=True)
class Block:
    """All columns with the same number of distillations.

    Attributes
    ----------
    pairs
        Number of distillations in the step.
    matchings, groups
        The matchings of that many distillations, and their groups (which consume the same pairs).
    rest, attempts
        Rank of the pairs left alone, and number of generation attempts, of every combination of the two, (rests,).
    cells
        The cells (group and rest) of the block; the columns of a cell belong to one configuration.
    """

    pairs: int
    matchings: range
    groups: range
    rest: IntArray
    attempts: IntArray
    cells: range


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
    """

    configuration: IntArray
    pairs: IntArray
    matching: IntArray
    rest: IntArray
    attempts: IntArray


@dataclass(frozen=True)
class Numbering:
    """Numbers for all columns, block by block, matching by matching, rest by rest.

    Attributes
    ----------
    configurations, matchings
        The two factors of an action.
    attempts
        Whether an action attempts generation on every empty memory, or on any number of them.
    """

    configurations: CountVectors
    matchings: Matchings
    attempts: Attempts

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The columns by number of distillations: block ``k`` has ``k`` of them."""
        blocks: list[Block] = []
        starts, edges, cells = self.matchings.group_starts, self.matchings.groups, 0
        for k in range(self.matchings.most + 1):
            left = self.configurations.most - 2 * k
            rest = np.arange(self.configurations.up_to(left))
            attempts = left - self.configurations.totals[: len(rest)]
            if self.attempts is Attempts.ALL:
                rest, attempts = ragged(attempts + 1)
            groups = range(int(starts[k]), int(starts[k + 1]))
            matchings = range(int(edges[groups.start]), int(edges[groups.stop]))
            here = range(cells, cells + len(groups) * len(rest))
            blocks.append(Block(k, matchings, groups, rest, attempts, here))
            cells = here.stop
        return tuple(blocks)

    @cached_property
    def _rests(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Rests per block, where they start when joined, and the joined ranks and attempts."""
        sizes = np.array([len(block.rest) for block in self.blocks])
        joined = (np.concatenate([getattr(block, name) for block in self.blocks]) for name in ("rest", "attempts"))
        return sizes, np.cumsum(sizes) - sizes, *joined

    @cached_property
    def _first_columns(self) -> IntArray:
        """First column of every block, with the number of columns appended."""
        sizes = [len(block.matchings) * len(block.rest) for block in self.blocks]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @property
    def size(self) -> int:
        """Number of columns, waiting included."""
        return int(self._first_columns[-1])

    @cached_property
    def cell_configuration(self) -> IntArray:
        """Configuration of every cell, (cells,): what its group consumes, plus what is left alone."""
        some, consumed = self.configurations, self.matchings.consumed_sums
        return np.concatenate(
            [
                some.rank_sums(consumed[:, b.groups.start : b.groups.stop, None] + some.sums[:, None, b.rest]).ravel()
                for b in self.blocks
            ]
        )

    def of_cells(self, cells: IntArray) -> tuple[IntArray, IntArray]:
        """All columns of the given cells, and how many each cell has."""
        sizes = self._rests[0]
        firsts = np.array([block.cells.start for block in self.blocks])
        block = np.searchsorted(firsts, cells, side="right") - 1
        group, rest = np.divmod(cells - firsts[block], sizes[block])
        group += np.array([b.groups.start for b in self.blocks])[block]
        count = np.diff(self.matchings.groups)[group]
        cell, member = ragged(count)
        return self._number(block[cell], self.matchings.groups[group][cell] + member, rest[cell]), count

    def of_configuration(self, rank: int) -> IntArray:
        """All columns of one configuration."""
        return self.of_cells(np.flatnonzero(self.cell_configuration == rank))[0]

    def _number(self, block: IntArray, matching: IntArray, rest: IntArray) -> IntArray:
        """Number of the column with the given block, matching and position among the block's rests."""
        start = np.array([b.matchings.start for b in self.blocks])
        return np.asarray(self._first_columns[block] + (matching - start[block]) * self._rests[0][block] + rest)

    def describe(self, columns: IntArray) -> Columns:
        """What the given columns stand for."""
        sizes, first, ranks, attempts = self._rests
        block = np.searchsorted(self._first_columns, columns, side="right") - 1
        matching, rest = np.divmod(columns - self._first_columns[block], sizes[block])
        matching += np.array([b.matchings.start for b in self.blocks])[block]
        rest += first[block]
        group = np.searchsorted(self.matchings.groups, matching, side="right") - 1
        sums = self.matchings.consumed_sums[:, group] + self.configurations.sums[:, ranks[rest]]
        return Columns(self.configurations.rank_sums(sums), block, matching, ranks[rest], attempts[rest])

    def find(self, matching: IntArray) -> IntArray:
        """The column in which each configuration carries out the given matching and attempts all it can.

        Parameters
        ----------
        matching
            Number of a matching that fits the configuration, (configurations,).
        """
        group = np.searchsorted(self.matchings.groups, matching, side="right") - 1
        left = self.configurations.rank_sums(self.configurations.sums - self.matchings.consumed_sums[:, group])
        block = self.matchings.pairs[matching]
        # The rests of a block are ordered by rank, then by attempts: the last of its rank attempts the most.
        key = np.repeat(np.arange(len(self.blocks)), self._rests[0]) * self.configurations.size + self._rests[2]
        rest = np.searchsorted(key, block * self.configurations.size + left, side="right") - 1 - self._rests[1][block]
        return self._number(block, matching, rest)
