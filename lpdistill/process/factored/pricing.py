"""All columns of a problem, priced at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.hardware.delivery import Delivery
from lpdistill.process.factored.charges import Charges, Entries
from lpdistill.process.factored.enumeration import Limits
from lpdistill.process.factored.grouped import GroupedRecursion
from lpdistill.process.factored.kernel import Kernel, repeated
from lpdistill.process.factored.lattice import Chances
from lpdistill.process.factored.recursion import Recursion
from lpdistill.process.factored.size import require_grouped, require_listed
from lpdistill.process.priced import Priced, PricedColumns
from lpdistill.process.process import Choice
from lpdistill.process.repetition import After
from lpdistill.process.tariff import Tariff

GENERATING, DISTILLING, DISCARDING = range(3)

CHUNK = 100_000
"""Columns written out at a time, where each is asked about."""

DOUBT = 1e-12
"""Relative difference within which an action value is computed again, as its column has it."""


@dataclass(frozen=True)
class Pricing:
    """The columns of a problem, with what they cost, ready to be priced for any values.

    Attributes
    ----------
    kernel, tariff
        The columns, and what they cost.
    safe
        Configurations that no column may leave, (configurations,); None if all are safe.
    choose
        Writes some of the columns out.
    """

    kernel: Kernel
    tariff: Tariff
    safe: BoolArray | None
    choose: Callable[[IntArray], Choice]

    @property
    def size(self) -> int:
        """Number of configurations."""
        return self.kernel.configurations.size

    def columns_entering(self, reached: BoolArray, avoided: BoolArray) -> Priced:
        """Which columns may enter some configurations or the target, and never enter some others.

        The price of a configuration is below 0 if it has such a column, where delivering is all that columns gain.
        """
        values = np.where(avoided, np.inf, -reached.astype(np.float64))
        return self.price(After.always(values, len(self.kernel.step_times)))

    @cached_property
    def charges(self) -> Charges | None:
        """What columns cost, without listing them; None where some rule or resource is asked about each."""
        if self.kernel.permitted is not None:
            return None
        found = Charges.of(self)
        if found is not None and found.grouped:
            require_grouped(self.kernel.size, self.kernel.repertoire)
        return found

    def price(self, after: After) -> Priced:
        """Price every column: the least action value of each configuration for what comes after each kind of step."""
        if self.safe is not None:
            after = replace(after, values=np.where(self.safe, after.values, np.inf))
        if self.charges is None:
            return self._each(after)
        return PricedFactors(self, self.charges, after)

    def _each(self, after: After) -> PricedColumns:
        """Price every column on its own."""
        columns, value = self._permitted, np.empty(len(self._permitted))
        for start in range(0, len(columns), CHUNK):
            value[start : start + CHUNK] = self._written(start).values_after(after)
        return PricedColumns(self.size, self._owner, value, columns)

    @cached_property
    def _permitted(self) -> IntArray:
        """The columns that rules permit, increasing; refused where they are too many to go through."""
        require_listed(self.kernel.size)
        every, permitted = self.kernel.numbering.size, self.kernel.permitted
        return np.arange(every) if permitted is None else np.flatnonzero(permitted)

    @cached_property
    def _kept(self) -> dict[int, Choice]:
        return {}

    def _written(self, start: int) -> Choice:
        """Some of the columns, written out; kept where that is not too many."""
        if start in self._kept:
            return self._kept[start]
        choice = self.choose(self._permitted[start : start + CHUNK])
        if not start:
            self._kept[start] = choice
        return choice

    @cached_property
    def _owner(self) -> IntArray:
        """Configuration of every column that rules permit."""
        starts = range(0, len(self._permitted), CHUNK)
        return np.concatenate([np.zeros(0, dtype=np.int64), *(self._written(start).configuration for start in starts)])


class PricedFactors:
    """The least action value of every configuration (see :class:`~lpdistill.process.priced.Priced`)."""

    def __init__(self, pricing: Pricing, charges: Charges, after: After) -> None:
        self._pricing, self._charges, self._after = pricing, charges, after
        kernel, used = pricing.kernel, np.isfinite(after.charge)
        tables = [kernel.attempted(values) for values in after.values[: 1 if after.uniform else DISCARDING]]
        nothing = np.full(pricing.size, np.inf)
        self._tried, self._generating = np.zeros(pricing.size, dtype=np.int64), nothing
        if used[GENERATING]:
            self._tried, self._generating = charges.generating.least(self._generation(tables[0]))
        self._whole = tables[-1][0]
        del tables
        self._node = np.full(pricing.size, -1)
        self._beside, self._distilling = np.zeros(pricing.size, dtype=np.int64), nothing
        if used[DISTILLING] and len(kernel.matchings.recipes):
            found, entries = self._recursion.least(), charges.distilling
            values = found.value[: len(entries.cost)] + entries.cost + after.charge[DISTILLING]
            self._beside, self._distilling = entries.least(values)
            self._node = found.node[entries.starts[self._beside] + np.arange(pricing.size)]
        self._discarding = self._discards() if used[DISCARDING] else nothing
        self.best = np.minimum(np.minimum(self._generating, self._distilling), self._discarding)

    @cached_property
    def _recursion(self) -> Recursion:
        """The recursion over what distils."""
        kernel, charges = self._pricing.kernel, self._charges
        chances = Chances.of(kernel.lattice, charges.delivered, 0.0 if charges.grouped else charges.failed)
        entries, offsets = charges.distilling, kernel.generation.offsets
        common = kernel.lattice, chances, self._whole, offsets, entries.wanted, entries.starts, charges.each
        return GroupedRecursion(*common, charges.failed, charges.delivered) if charges.grouped else Recursion(*common)

    def _generation(self, tables: tuple[FloatArray, FloatArray]) -> FloatArray:
        """Action values of the steps that do not distil, given that anything happens unless staying counts."""
        kernel, entries = self._pricing.kernel, self._charges.generating
        staying = bool(self._after.staying[GENERATING])
        total = tables[0 if staying else 1][entries.place] + entries.cost + self._after.charge[GENERATING]
        return total if staying else repeated(kernel.generation, entries.attempts).until(total)

    def _discard_values(self) -> FloatArray:
        """Action values of the columns that discard, (discards, kept)."""
        numbering = self._pricing.kernel.numbering
        anew = numbering.repertoire.delivery is Delivery.RESTART
        left = self._after.values[DISCARDING, : 1 if anew else numbering.kept]
        costs = self._charges.discarding.reshape(-1, numbering.kept)
        return np.asarray(costs + self._after.charge[DISCARDING] + left)

    def _discards(self) -> FloatArray:
        """Least action value of the columns that discard, (configurations,)."""
        found, numbering = np.full(self._pricing.size, np.inf), self._pricing.kernel.numbering
        if numbering.discards:
            np.minimum.at(found, numbering.discarding, self._discard_values())
        return found

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order of configuration."""
        kernel, rank = self._pricing.kernel, np.flatnonzero(wanted)
        counts = np.zeros((len(rank), len(kernel.matchings.recipes)), dtype=np.int64)
        attempts, best = self._tried[rank], self.best[rank]
        distils = (self._generating[rank] > best) & (self._distilling[rank] <= best)
        if distils.any():
            rows = rank[distils]
            attempts[distils] = self._beside[rows]
            counts[distils] = self._recursion.attaining(rows, self._beside[rows], self._node[rows])
        found = kernel.numbering.find(rank, counts, attempts)
        discards = (self._generating[rank] > best) & ~distils
        if discards.any() and kernel.numbering.discards:
            attains = self._discard_values() <= self.best[kernel.numbering.discarding]
            of, kept = np.nonzero(attains)
            owner = kernel.numbering.discarding[of, kept]
            order = np.argsort(owner, kind="stable")
            place = order[np.searchsorted(owner, rank[discards], sorter=order)]
            found[discards] = kernel.numbering.discards.start + of[place] * kernel.numbering.kept + kept[place]
        return found

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All columns of the wanted configurations that are within ``slack`` of the least action value, increasing."""
        kernel, charges = self._pricing.kernel, self._charges
        worst = np.where(wanted, self.best + slack, -np.inf)
        near = np.where(np.isfinite(worst), worst, -np.inf)
        near[np.isfinite(worst)] *= 1 + DOUBT * np.sign(worst[np.isfinite(worst)])
        found = [self._tied_generating(near)]
        if (self._node >= 0).any():
            entries = charges.distilling
            limits = near[entries.rank] - entries.cost - self._after.charge[DISTILLING]
            found.append(kernel.numbering.find(*self._within(entries, limits, float(np.max(slack)))))
        if kernel.numbering.discards and np.isfinite(self._after.charge[DISCARDING]):
            of, kept = np.nonzero(self._discard_values() <= near[kernel.numbering.discarding])
            found.append(kernel.numbering.discards.start + of * kernel.numbering.kept + kept)
        columns = np.sort(np.concatenate(found))
        choice = self._pricing.choose(columns)
        value = choice.values_after(self._after)
        return np.asarray(columns[(value <= worst[choice.configuration]) & np.isfinite(value)])

    def _within(self, entries: Entries, limits: FloatArray, slack: float) -> tuple[IntArray, IntArray, IntArray]:
        """The matchings whose expectations may keep within limits: configurations, counts of recipes, attempts."""
        if isinstance(self._recursion, GroupedRecursion):
            recursion = replace(self._recursion, slack=slack)
            rank, attempts, counts = recursion.within(entries.rank, entries.attempts, limits)
        else:
            rank, attempts, counts = Limits(self._recursion, entries.rank, entries.attempts, limits).matchings()
        return rank, counts, attempts

    def _tied_generating(self, near: FloatArray) -> IntArray:
        """Columns that neither distil nor discard within a limit of their configuration."""
        kernel, entries = self._pricing.kernel, self._charges.generating
        if not np.isfinite(self._after.charge[GENERATING]):
            return np.zeros(0, dtype=np.int64)
        tables = kernel.attempted(self._after.values[GENERATING])
        rows = np.flatnonzero(self._generation(tables) <= near[entries.rank])
        counts = np.zeros((len(rows), len(kernel.matchings.recipes)), dtype=np.int64)
        return kernel.numbering.find(entries.rank[rows], counts, entries.attempts[rows])
