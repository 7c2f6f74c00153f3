"""All columns priced at once: one sparse-times-dense product for each number of distillations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.factored.columns import Block
from lpdistill.process.factored.kernel import Kernel
from lpdistill.process.process import Choice
from lpdistill.process.reachability import HUGE
from lpdistill.process.repetition import After
from lpdistill.process.tariff import Tariff

PRICED_AT_ONCE = 1 << 17
"""Action values computed at a time: a megabyte, so that they are reduced while still in cache."""

GENERATING, DISTILLING, DISCARDING = range(3)

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

    def __init__(self, pricing: Pricing, cells: FloatArray, after: After) -> None:
        self._pricing, self._cells, self._after = pricing, cells, after
        self.best = np.full(pricing.size, np.inf)
        np.minimum.at(self.best, pricing.kernel.numbering.cell_configuration, cells)

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order of configuration."""
        numbering = self._pricing.kernel.numbering
        owner = numbering.cell_configuration
        attaining = np.flatnonzero(wanted[owner] & (self._cells <= self.best[owner]))
        _, first = np.unique(owner[attaining], return_index=True)
        columns, count = numbering.of_cells(attaining[first])
        value = self._pricing.action_values(columns, self._after)
        order = np.lexsort((value, np.repeat(np.arange(len(count)), count)))
        return np.asarray(columns[order[np.cumsum(count) - count]])

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All columns of the wanted configurations that are within ``slack`` of the least action value, increasing."""
        worst = self.best + slack
        numbering = self._pricing.kernel.numbering
        owner = numbering.cell_configuration
        near = np.flatnonzero(wanted[owner] & (self._cells <= worst[owner]))
        columns, count = numbering.of_cells(near)
        value = self._pricing.action_values(columns, self._after)
        return np.sort(columns[value <= np.repeat(worst[owner[near]], count)])


@dataclass(frozen=True)
class Pricing:
    """The columns of a problem, with what they cost, ready to be priced for any values.

    Attributes
    ----------
    kernel, tariff
        The columns, and what they cost.
    allowed
        Which of them are allowed, (columns,); None for all.
    choose
        Writes some of them out.
    """

    kernel: Kernel
    tariff: Tariff
    allowed: BoolArray | None
    choose: Callable[[IntArray], Choice]

    @property
    def size(self) -> int:
        """Number of configurations."""
        return self.kernel.configurations.size

    def columns_entering(self, reached: BoolArray, avoided: BoolArray) -> PricedCells:
        """Which columns may enter some configurations or the target, and never enter some others.

        The price of a configuration is below 0 if it has such a column, where delivering is all that columns gain.
        """
        return self.price(
            After.always(np.where(avoided, HUGE, -reached.astype(np.float64)), len(self.kernel.step_times))
        )

    def action_values(self, columns: IntArray, after: After) -> FloatArray:
        """Value of each column, as ``PricedCells.best`` has it, (columns,); infinite where it is not allowed."""
        found = self.choose(columns).values_after(after)
        return found if self.allowed is None else np.where(self.allowed[columns], found, np.inf)

    def price(self, after: After) -> PricedCells:
        """Price every column: the least action value of each configuration for what comes after each kind of step."""
        kernel = self.kernel
        tables = [kernel.generation.expect(values) for values in after.values[: 1 if after.uniform else DISCARDING]]
        used = np.isfinite(after.charge)
        cells = np.full(kernel.numbering.cells, np.inf)
        first, *others = kernel.numbering.blocks
        if used[GENERATING]:
            self._price_generation(after, tables[0], cells[: first.cells.stop])
        if kernel.numbering.discards and used[DISCARDING]:
            left = after.values[DISCARDING, : kernel.numbering.kept]
            gone = self._discard_costs + after.charge[DISCARDING] + np.tile(left, len(kernel.repertoire.discards))
            if self.allowed is not None:
                gone[~self.allowed[kernel.numbering.discards.start :]] = np.inf
            cells[kernel.numbering.blocks[-1].cells.stop :] = gone
        whole, charge = tables[-1][0], float(after.charge[DISTILLING])
        if not used[DISTILLING]:
            pass
        elif kernel.numbering.size < PARALLEL:
            for block in others:
                self._price_block(block, whole, cells, charge)
        else:
            # Sparse products and reductions release the interpreter lock, and blocks write to disjoint cells.
            with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
                list(threads.map(lambda block: self._price_block(block, whole, cells, charge), others))
        return PricedCells(self, cells, after)

    def _price_generation(self, after: After, tables: tuple[FloatArray, FloatArray], cells: FloatArray) -> None:
        """Action values of the steps that do not distil, given that anything happens unless staying counts."""
        kernel, first = self.kernel, self.kernel.numbering.blocks[0]
        staying = bool(after.staying[GENERATING])
        expected = tables[0 if staying else 1][kernel.generation.index(first.rest, first.attempts)]
        total = self._charged(first, range(1), expected[None, :])[0] + after.charge[GENERATING]
        cells[:] = total if staying else kernel.repeated(first.attempts).until(total)

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
        kernel = self.kernel
        outcomes, producible = kernel.matchings.outcomes, block.producible
        gathered = whole[self._places(block)]
        first = block.matchings.start
        for groups, rows, size in self._runs(block):
            yield groups, rows, size, outcomes[first + rows.start : first + rows.stop, :producible] @ gathered

    def _places(self, block: Block) -> IntArray:
        """Where what a block's matchings produce stands in the attempt table, beside each rest, (produced, rests)."""
        kernel = self.kernel
        if block.number in kernel.gathered:
            return kernel.gathered[block.number]
        some = kernel.configurations
        sums = kernel.matchings.produced_sums[:, : block.producible, None] + some.sums[:, None, block.rest]
        places = kernel.generation.index(some.rank_sums(sums), block.attempts)
        if kernel.numbering.size < PARALLEL:  # small enough to be kept
            kernel.gathered[block.number] = places
        return places

    def _charged(self, block: Block, rows: range, values: FloatArray) -> FloatArray:
        """Add what the given matchings of a block cost to their expected values, in place; infinite if forbidden."""
        charge, some = self._charges[block.number], slice(rows.start, rows.stop)
        values += charge.by_rest
        if charge.by_matching is not None:
            values += charge.by_matching[some]
        if charge.by_column is not None:
            values += charge.by_column[some]
        if self.allowed is not None:
            here = slice(block.columns.start, block.columns.stop)
            values[~self.allowed[here].reshape(block.shape)[some]] = np.inf
        return values

    @cached_property
    def _charges(self) -> tuple[Charge, ...]:
        """What the columns of every block cost."""
        return tuple(self._charge(block) for block in self.kernel.numbering.blocks)

    @cached_property
    def _discard_costs(self) -> FloatArray:
        """What the columns that discard cost, (discards,)."""
        use = self.kernel.usage(np.array(self.kernel.numbering.discards))
        return self.tariff.cost(np.asarray(use.duration), lambda resource: resource.amounts(use))

    def _charge(self, block: Block) -> Charge:
        use, parts = self.kernel.usage_of_block(block), dict[tuple[bool, bool], Any]()
        terms = [np.array(self.tariff.time * use.duration)]
        terms += [price * resource.amounts(use) for resource, price in self.tariff.prices]
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
        kernel = self.kernel
        whole, some = kernel.generation.expect(values)
        found = np.empty(kernel.numbering.size)
        first, *others = kernel.numbering.blocks
        found[: first.columns.stop] = some[kernel.generation.index(first.rest, first.attempts)]
        for block in others:
            here = found[block.columns.start : block.columns.stop].reshape(block.shape)
            for _, rows, _, expected in self._expectations(block, whole):
                here[rows.start : rows.stop] = expected
        if kernel.numbering.discards:
            found[kernel.numbering.discards.start :] = np.tile(
                values[: kernel.numbering.kept], len(kernel.repertoire.discards)
            )
        return found

    def _runs(self, block: Block) -> Iterator[tuple[range, range, int]]:
        """Consecutive groups of equally many matchings, at most a chunk at a time, numbered within the block."""
        kernel = self.kernel
        edges = kernel.matchings.groups[block.groups.start : block.groups.stop + 1] - block.matchings.start
        sizes = np.diff(edges)
        starts = np.concatenate([[0], np.flatnonzero(np.diff(sizes)) + 1, [len(sizes)]])
        for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            step = max(1, PRICED_AT_ONCE // (int(sizes[first]) * len(block.rest)))
            for a in range(first, last, step):
                b = min(a + step, last)
                yield range(a, b), range(int(edges[a]), int(edges[b])), int(sizes[first])
