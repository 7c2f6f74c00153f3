"""All columns priced at once: one sparse-times-dense product for each number of distillations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.choice import After
from lpdistill.process.factored.columns import Block

if TYPE_CHECKING:
    from lpdistill.process.factored.dynamics import Dynamics

CHUNK = 1 << 17
"""Action values computed at a time: a megabyte, so that they are reduced while still in cache."""

GENERATING, DISTILLING, DISCARDING = range(3)
"""The kinds of step that take different times, in the order of the step times of the dynamics."""

PARALLEL = 200_000
"""Columns from which starting threads costs less than they save."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What the columns of a block cost: a part by matching, a part by rest, and a part that is neither's alone.

    Attributes
    ----------
    by_matching, by_rest
        Costs of shape (matchings, 1), or None, and (1, rests).
    by_column
        Costs of shape (matchings, rests), or None.
    """

    by_matching: FloatArray | None
    by_rest: FloatArray
    by_column: FloatArray | None


class PricedCells:
    """The least action value of every configuration, cell by cell (see :class:`~lpdistill.process.process.Priced`)."""

    def __init__(self, dynamics: Dynamics, cells: FloatArray, after: After) -> None:
        self._dynamics, self._cells, self._after = dynamics, cells, after
        self.best = np.full(dynamics.configurations.size, np.inf)
        np.minimum.at(self.best, dynamics.numbering.cell_configuration, cells)

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order of configuration."""
        numbering = self._dynamics.numbering
        owner = numbering.cell_configuration
        attaining = np.flatnonzero(wanted[owner] & (self._cells <= self.best[owner]))
        _, first = np.unique(owner[attaining], return_index=True)
        columns, count = numbering.of_cells(attaining[first])
        value = self._dynamics.action_values(columns, self._after)
        order = np.lexsort((value, np.repeat(np.arange(len(count)), count)))
        return np.asarray(columns[order[np.cumsum(count) - count]])

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All columns of the wanted configurations that are within ``slack`` of the least action value, increasing."""
        worst = self.best + slack
        numbering = self._dynamics.numbering
        owner = numbering.cell_configuration
        near = np.flatnonzero(wanted[owner] & (self._cells <= worst[owner]))
        columns, count = numbering.of_cells(near)
        value = self._dynamics.action_values(columns, self._after)
        return np.sort(columns[value <= np.repeat(worst[owner[near]], count)])


@dataclass(frozen=True)
class Pricing:
    """The columns of some dynamics, with what they cost, ready to be priced for any values.

    Attributes
    ----------
    dynamics
        Columns and tariff.
    """

    dynamics: Dynamics

    def price(self, after: After) -> PricedCells:
        """Price every column: the least action value of each configuration for what comes after each kind of step."""
        dynamics = self.dynamics
        tables = [dynamics.generation.expect(values) for values in after.values[: 1 if after.uniform else DISCARDING]]
        used = np.isfinite(after.charge)
        cells = np.full(dynamics.numbering.cells, np.inf)
        first, *others = dynamics.numbering.blocks
        if used[GENERATING]:
            self._price_generation(after, tables[0], cells[: first.cells.stop])
        if dynamics.numbering.discards and used[DISCARDING]:
            left = after.values[DISCARDING, : dynamics.numbering.kept]
            gone = self._discard_costs + after.charge[DISCARDING] + np.tile(left, len(dynamics.repertoire.discards))
            if dynamics.allowed is not None:
                gone[~dynamics.allowed[dynamics.numbering.discards.start :]] = np.inf
            cells[dynamics.numbering.blocks[-1].cells.stop :] = gone
        whole, charge = tables[-1][0], float(after.charge[DISTILLING])
        if not used[DISTILLING]:
            pass
        elif dynamics.numbering.size < PARALLEL:
            for block in others:
                self._price_block(block, whole, cells, charge)
        else:
            # Sparse products and reductions release the interpreter lock, and blocks write to disjoint cells.
            with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
                list(threads.map(lambda block: self._price_block(block, whole, cells, charge), others))
        return PricedCells(dynamics, cells, after)

    def _price_generation(self, after: After, tables: tuple[FloatArray, FloatArray], cells: FloatArray) -> None:
        """Action values of the steps that do not distil, given that anything happens unless staying counts."""
        dynamics, first = self.dynamics, self.dynamics.numbering.blocks[0]
        staying = bool(after.staying[GENERATING])
        expected = tables[0 if staying else 1][dynamics.generation.index(first.rest, first.attempts)]
        total = self._charged(first, range(1), expected[None, :])[0] + after.charge[GENERATING]
        leave = np.ones(len(total)) if staying else dynamics.generation.leaving[first.attempts]
        np.divide(total, leave, out=cells, where=leave > 0)

    def _price_block(self, block: Block, whole: FloatArray, cells: FloatArray, charge: float) -> None:
        """Least action value over the matchings of every group, into the cells of a block that distils."""
        least = cells[block.cells.start : block.cells.stop].reshape(len(block.groups), len(block.rest))
        for groups, rows, size, values in self._expectations(block, whole):
            charged = self._charged(block, rows, values)
            least[groups.start : groups.stop] = charged.reshape(len(groups), size, -1).min(axis=1)
        if charge:
            least += charge

    def _expectations(self, block: Block, whole: FloatArray) -> Iterator[tuple[range, range, int, FloatArray]]:
        """Expected values after the columns of a block, a chunk at a time.

        Each chunk has its groups and matchings, both numbered within the block, the size of its groups, and the
        values, (matchings, rests).
        """
        dynamics = self.dynamics
        outcomes, producible = dynamics.matchings.outcomes, block.producible
        gathered = whole[self._places(block)]
        first = block.matchings.start
        for groups, rows, size in self._runs(block):
            yield groups, rows, size, outcomes[first + rows.start : first + rows.stop, :producible] @ gathered

    def _places(self, block: Block) -> IntArray:
        """Where what a block's matchings produce stands in the attempt table, beside each rest, (produced, rests)."""
        dynamics = self.dynamics
        if block.number in dynamics.gathered:
            return dynamics.gathered[block.number]
        some = dynamics.configurations
        sums = dynamics.matchings.produced_sums[:, : block.producible, None] + some.sums[:, None, block.rest]
        places = dynamics.generation.index(some.rank_sums(sums), block.attempts)
        if dynamics.numbering.size < PARALLEL:  # small enough to be kept
            dynamics.gathered[block.number] = places
        return places

    def _charged(self, block: Block, rows: range, values: FloatArray) -> FloatArray:
        """Add what the given matchings of a block cost to their expected values, in place; infinite if forbidden."""
        dynamics = self.dynamics
        charge, some = self._charges[block.number], slice(rows.start, rows.stop)
        values += charge.by_rest
        if charge.by_matching is not None:
            values += charge.by_matching[some]
        if charge.by_column is not None:
            values += charge.by_column[some]
        if dynamics.allowed is not None:
            here = slice(block.columns.start, block.columns.stop)
            values[~dynamics.allowed[here].reshape(block.shape)[some]] = np.inf
        return values

    @cached_property
    def _charges(self) -> tuple[Charge, ...]:
        """What the columns of every block cost."""
        dynamics = self.dynamics
        return tuple(self._charge(block) for block in dynamics.numbering.blocks)

    @cached_property
    def _discard_costs(self) -> FloatArray:
        """What the columns that discard cost, (discards,)."""
        dynamics = self.dynamics
        return dynamics.cost(dynamics.usage(np.array(dynamics.numbering.discards)))

    def _charge(self, block: Block) -> Charge:
        dynamics = self.dynamics
        use, parts = dynamics.usage_of_block(block), dict[tuple[bool, bool], Any]()
        terms = [np.array(dynamics.tariff.time * use.duration)]
        terms += [price * resource.amounts(use) for resource, price in dynamics.tariff.prices]
        for term in terms:
            grid = term.reshape((1,) * (2 - term.ndim) + term.shape)
            key = grid.shape[0] > 1, grid.shape[1] > 1
            parts[key] = parts.get(key, 0.0) + grid
        return Charge(
            by_rest=np.asarray(parts.get((False, False), 0.0) + parts.get((False, True), 0.0)),
            by_matching=parts.get((True, False)),
            by_column=parts.get((True, True)),
        )

    def all_values(self, values: FloatArray) -> FloatArray:
        """Expected value after every column, over all moves and without its cost, (columns,)."""
        dynamics = self.dynamics
        whole, some = dynamics.generation.expect(values)
        found = np.empty(dynamics.numbering.size)
        first, *others = dynamics.numbering.blocks
        found[: first.columns.stop] = some[dynamics.generation.index(first.rest, first.attempts)]
        for block in others:
            here = found[block.columns.start : block.columns.stop].reshape(block.shape)
            for _, rows, _, expected in self._expectations(block, whole):
                here[rows.start : rows.stop] = expected
        if dynamics.numbering.discards:
            found[dynamics.numbering.discards.start :] = np.tile(
                values[: dynamics.numbering.kept], len(dynamics.repertoire.discards)
            )
        return found

    def _runs(self, block: Block) -> Iterator[tuple[range, range, int]]:
        """Consecutive groups of equally many matchings, at most a chunk at a time, numbered within the block."""
        dynamics = self.dynamics
        edges = dynamics.matchings.groups[block.groups.start : block.groups.stop + 1] - block.matchings.start
        sizes = np.diff(edges)
        starts = np.concatenate([[0], np.flatnonzero(np.diff(sizes)) + 1, [len(sizes)]])
        for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            step = max(1, CHUNK // (int(sizes[first]) * len(block.rest)))
            for a in range(first, last, step):
                b = min(a + step, last)
                yield range(a, b), range(int(edges[a]), int(edges[b])), int(sizes[first])
