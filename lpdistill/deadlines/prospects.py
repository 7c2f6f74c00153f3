"""How likely every column leads to the target in time, for what comes after steps of each length.

Columns of small programs are written out once, by the length of their steps: a slot is then one sparse product for each
length.  Those of large ones are priced in factored form.  Probabilities of being late and of being in time are sums of
products of numbers that are not negative, each computed for itself where it is the smaller of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.priced import Priced
from lpdistill.process.process import Choice, Process
from lpdistill.process.repetition import After
from lpdistill.process.resources import REACHING
from lpdistill.process.tariff import Tariff
from lpdistill.process.time_lattice import TimeLattice

LATE, DONE, REMAINING = range(3)
"""The columns of an outlook: the probability of being late, that of being in time, and the expected remaining time."""

Outlook: TypeAlias = FloatArray
"""What is expected from every configuration with so many slots left, (configurations, 3)."""

Outlooks: TypeAlias = Mapping[int, Outlook]
"""The outlook after steps of some numbers of slots; other steps are not to be taken."""

Quickest: TypeAlias = tuple[IntArray, FloatArray, IntArray]
"""Columns, their expected remaining time, and their configurations, of which each occurs once."""

FEW_COLUMNS, FEW_MOVES = 50_000, 300_000
"""Columns, and moves written out, up to which a sparse product is quicker than the factored form."""


class Prospects(Protocol):
    """What columns lead to, given the outlook after their steps."""

    @property
    def late(self) -> FloatArray:
        """Least probability of being late, (configurations,); 1 where no step may be taken."""
        ...

    @property
    def done(self) -> FloatArray:
        """Greatest probability of being in time, (configurations,)."""
        ...

    def quickest(self, wanted: BoolArray, slack: float) -> Quickest:
        """Of each wanted configuration, the best column; of those that are best up to a share ``slack``, the quickest.

        It is a share of the probability of being in time where that is at most 1/2, and of being late elsewhere.
        """
        ...

    def of(self, columns: IntArray | None = None) -> Outlook:
        """What the given columns lead to, (columns, 3), by default those of the fastest policy.

        Late for sure where the step is not to be taken.
        """
        ...


class Pricing(Protocol):
    """Columns of some lengths, ready for any outlook after their steps."""

    def prospects(self, after: Outlooks) -> Prospects:
        """What the columns lead to, given the outlook after their steps."""
        ...


@dataclass(frozen=True)
class Steps:
    """The columns whose steps take time, or those whose steps take none.

    Attributes
    ----------
    process
        All columns; they cost their time.
    fastest
        The columns of the fastest policy.
    lattice
        The lattice of times.
    timed
        Whether steps take time; if not, a step that changes nothing is repeated until anything happens.
    """

    process: Process
    fastest: IntArray
    lattice: TimeLattice
    timed: bool

    def pricing(self) -> Pricing:
        """The columns in the form that is quicker for their number."""
        if self.process.column_count <= FEW_COLUMNS:
            columns = self.process.columns
            columns = columns[(self._slots(columns) > 0) == self.timed]
            choice = self.process.choose(columns)
            if not self.timed:
                choice = choice.at(~choice.repetition.waits)
            if choice.following.spread <= FEW_MOVES:
                return Written(self, choice)
        return Factored(self)

    def _slots(self, columns: IntArray) -> IntArray:
        return self.lattice.slots[self.process.durations.kind(columns)]


class Written:
    """Columns written out, in order of configuration."""

    def __init__(self, steps: Steps, choice: Choice) -> None:
        order = np.argsort(choice.configuration, kind="stable")
        choice = choice.at(order)
        self.size, self.configuration, self.columns = steps.process.size, choice.configuration, choice.columns
        self.owners, self.starts = np.unique(choice.configuration, return_index=True)
        self._row = np.full(steps.process.column_count, -1)
        self._row[choice.columns] = np.arange(len(choice.columns))
        self.fastest = self.rows(steps.fastest)
        if steps.timed:
            moves, reaching = choice.transitions, choice.reaching
        else:
            moves, reaching = choice.conditional, choice.repetition.until(choice.reaching)
        gained = np.zeros((len(choice.columns), 3))
        gained[:, DONE], gained[:, REMAINING] = reaching, choice.cost
        slots = steps.lattice.slots[steps.process.durations.kind(choice.columns)]
        self._parts = [
            (length, rows, moves[rows], gained[rows])
            for length in np.unique(slots).tolist()
            for rows in (np.flatnonzero(slots == length),)
        ]

    def rows(self, columns: IntArray) -> IntArray:
        """Where the given columns stand, -1 for those of other lengths."""
        return np.asarray(self._row[columns])

    def prospects(self, after: Outlooks) -> WrittenProspects:
        """What the columns lead to, given the outlook after their steps."""
        # One row more, for columns that are not here.
        found = np.tile([1.0, 0.0, np.inf], (len(self.columns) + 1, 1))
        for length, rows, moves, gained in self._parts:
            if length in after:
                found[rows] = moves @ after[length] + gained
        return WrittenProspects(self, found)


class WrittenProspects:
    """What columns that are written out lead to."""

    def __init__(self, written: Written, outlook: Outlook) -> None:
        self._written, self._outlook = written, outlook
        self.late, self.done = np.ones(written.size), np.zeros(written.size)
        if len(written.starts):
            some = outlook[:-1]
            self.late[written.owners] = np.minimum(np.minimum.reduceat(some[:, LATE], written.starts), 1.0)
            self.done[written.owners] = np.minimum(np.maximum.reduceat(some[:, DONE], written.starts), 1.0)

    def quickest(self, wanted: BoolArray, slack: float) -> Quickest:
        """The quickest of the columns that are best, of each wanted configuration (:meth:`Prospects.quickest`)."""
        owner, some = self._written.configuration, self._outlook[:-1]
        likely = some[:, DONE] >= (self.done * (1 - slack))[owner]
        seldom = some[:, LATE] <= (self.late * (1 + slack))[owner]
        kept = np.where(self.done[owner] <= 1 / 2, likely, seldom) & wanted[owner] & np.isfinite(some[:, REMAINING])
        return _quickest(self._written.columns[kept], some[kept, REMAINING], owner[kept])

    def of(self, columns: IntArray | None = None) -> Outlook:
        """What the given columns lead to, (columns, 3), by default those of the fastest policy."""
        written = self._written
        return np.asarray(self._outlook[written.fastest if columns is None else written.rows(columns)])


class Factored:
    """Columns in factored form."""

    def __init__(self, steps: Steps) -> None:
        self.process, self._steps = steps.process, steps
        self.fastest = steps.process.choose(steps.fastest)
        self._late = steps.process.under(Tariff(0.0))
        self._done = steps.process.under(Tariff(0.0, ((REACHING, -1.0),)))

    def prospects(self, after: Outlooks) -> FactoredProspects:
        """What the columns lead to, given the outlook after their steps."""
        slots = self._steps.lattice.slots.tolist()
        used = np.array([length in after and (length > 0) == self._steps.timed for length in slots])
        nothing = np.zeros((self.process.size, 3))
        table = np.array([after[length] if taken else nothing for length, taken in zip(slots, used, strict=True)])
        charge = np.where(used, 0.0, np.inf)
        late, done, remaining = (
            After(np.ascontiguousarray(table[:, :, of]), charge, used & self._steps.timed)
            for of in (LATE, DONE, REMAINING)
        )
        return FactoredProspects(self, late, replace(done, values=-done.values), remaining)

    def price_late(self, after: After) -> Priced:
        """The least probability of being late."""
        return self._late.price_after(after)

    def price_done(self, after: After) -> Priced:
        """The greatest probability of being in time, with a minus sign."""
        return self._done.price_after(after)


@dataclass(frozen=True)
class FactoredProspects:
    """What columns in factored form lead to.

    Attributes
    ----------
    factored
        The columns.
    after_late, after_done, after_remaining
        What comes after a step; probabilities of being in time with a minus sign.
    """

    factored: Factored
    after_late: After
    after_done: After
    after_remaining: After

    @cached_property
    def _used(self) -> BoolArray:
        return np.isfinite(self.after_late.charge)

    @cached_property
    def _done(self) -> Priced | None:
        """The probability of being in time, unless that of being late is the smaller one everywhere."""
        if not self._used.any() or (-self.after_done.values[self._used]).min() > 1 / 2:
            return None
        return self.factored.price_done(self.after_done)

    @cached_property
    def _late(self) -> Priced | None:
        """The probability of being late, unless that of being in time is the smaller one everywhere."""
        if not self._used.any() or (self._done is not None and (-self._done.best).max() <= 1 / 2):
            return None
        return self.factored.price_late(self.after_late)

    @cached_property
    def _short(self) -> BoolArray:
        """Where the probability of being in time is the smaller one, (configurations,)."""
        if self._done is None:
            return np.full(self.factored.process.size, self._late is None)
        return np.asarray(-self._done.best <= 1 / 2)

    @cached_property
    def late(self) -> FloatArray:
        """Least probability of being late, (configurations,)."""
        other = np.zeros(len(self._short)) if self._done is None else np.clip(-self._done.best, 0.0, 1.0)
        return (
            1.0 - other if self._late is None else np.where(self._short, 1.0 - other, np.minimum(self._late.best, 1.0))
        )

    @cached_property
    def done(self) -> FloatArray:
        """Greatest probability of being in time, (configurations,)."""
        other = np.ones(len(self._short)) if self._late is None else np.clip(self._late.best, 0.0, 1.0)
        if self._done is None:
            return 1.0 - other
        return np.where(self._short, np.maximum(-self._done.best, 0.0), 1.0 - other)

    def quickest(self, wanted: BoolArray, slack: float) -> Quickest:
        """The quickest of the columns that are best, of each wanted configuration (:meth:`Prospects.quickest`)."""
        parts = [np.zeros(0, dtype=np.int64)]
        if self._done is not None:
            parts.append(self._done.tied(wanted & self._short, slack * self.done))
        if self._late is not None:
            parts.append(self._late.tied(wanted & ~self._short, slack * self.late))
        choice = self.factored.process.choose(np.concatenate(parts))
        return _quickest(choice.columns, choice.values_after(self.after_remaining), choice.configuration)

    def of(self, columns: IntArray | None = None) -> Outlook:
        """What the given columns lead to, (columns, 3), by default those of the fastest policy."""
        choice = self.factored.fastest if columns is None else self.factored.process.choose(columns)
        found = np.empty((len(choice.columns), 3))
        found[:, LATE] = choice.values_after(self.after_late, np.zeros(len(found)))
        found[:, DONE] = -choice.values_after(self.after_done, -choice.reaching)
        found[:, REMAINING] = choice.values_after(self.after_remaining)
        found[~np.isfinite(found[:, LATE])] = 1.0, 0.0, np.inf
        return found


def _quickest(columns: IntArray, remaining: FloatArray, configuration: IntArray) -> Quickest:
    """The column of least expected remaining time of each configuration; of equal ones, the first."""
    order = np.lexsort((columns, remaining, configuration))
    owners, first = np.unique(configuration[order], return_index=True)
    return columns[order[first]], remaining[order[first]], owners
