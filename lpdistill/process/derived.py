"""What follows from the nine things that a process must say of itself."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from lpdistill.arrays import ROUNDOFF, BoolArray, FloatArray, IntArray
from lpdistill.process.priced import Priced, PricedColumns
from lpdistill.process.process import Choice, Contraction, Process
from lpdistill.process.reachability import Reachability
from lpdistill.process.repetition import After

if TYPE_CHECKING:
    Base = Process
else:
    Base = object


class Derived(Base):
    """What follows for every process."""

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, waiting included, increasing."""
        return self.admission.columns

    @property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        return self.admission.live

    def price(self, values: FloatArray) -> Priced:
        """Price every column for the given values, (configurations,)."""
        return self.price_after(After.always(values, max(1, len(self.durations.times))))

    def everything(self) -> Choice:
        """All columns that are allowed, written out."""
        return self.choose(self.columns)


@dataclass(frozen=True)
class Guarded:
    """The columns, among some that are written out, that never leave the configurations that can reach the target.

    Attributes
    ----------
    choice
        All columns, in order of their numbers.
    open
        Whether columns may leave these configurations all the same.
    """

    choice: Choice
    open: bool = False

    @cached_property
    def reachability(self) -> Reachability:
        """Where the target can be reached from for sure.

        Columns that may leave the configurations from which it can be reached at all are removed, until there are none.
        """
        size = self.choice.process.size
        kept, target = np.ones(len(self.choice.columns), dtype=bool), np.array([size])
        while True:
            edges = self.choice.edges.of_rows(kept)
            live = edges.reached_from(target)
            safe = kept & ~self.choice.edges.leaving(live, len(kept))
            if (safe == kept).all():
                return Reachability(live, edges.approach(target)[live])
            kept = safe

    @property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        return self.reachability.live

    @cached_property
    def allowed(self) -> BoolArray:
        """Columns that are allowed, (columns,)."""
        if self.open:
            return np.ones(len(self.choice.columns), dtype=bool)
        dead = (~self.live).astype(np.float64)
        return np.asarray((self.choice.moves @ dead == 0) & self.live[self.choice.configuration])

    def allows(self, columns: IntArray) -> BoolArray:
        """Whether columns are allowed, (columns,)."""
        return self.allowed[columns]

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, increasing."""
        return np.flatnonzero(self.allowed)

    @property
    def waiting(self) -> IntArray:
        """The columns that are allowed and change nothing."""
        return np.flatnonzero(self.allowed & self.choice.repetition.waits)

    def proper(self) -> IntArray:
        """Columns of a proper policy, one for every live configuration, in order."""
        return self.reachability.columns

    def of_configuration(self, rank: int) -> IntArray:
        """The columns of one configuration that are allowed."""
        return np.flatnonzero(self.allowed & (self.choice.configuration == rank))


class Listed(Derived):
    """What follows for a process whose columns are all kept, written out."""

    @cached_property
    def _whole(self) -> Choice:
        """All columns, allowed or not."""
        return self.choose(np.arange(self.column_count))

    @cached_property
    def admission(self) -> Guarded:
        """The columns that never leave the live configurations."""
        return Guarded(self._whole)

    def unguarded(self) -> Process:
        """The same process with the columns that may leave the live configurations."""
        return self._changed(admission=Guarded(self._whole, open=True))

    def _changed(self, **changes: object) -> Self:
        """A copy with some attributes changed; what depends on costs is computed anew."""
        other = copy(self)
        for name in ("_whole", "written", "merged", "rounding"):
            other.__dict__.pop(name, None)
        other.__dict__.update(changes)
        return other

    @property
    def merged(self) -> Contraction | None:
        """None: to be overridden where runs may go in circles for nothing."""
        return None

    @property
    def input_rounding(self) -> float:
        """0: to be overridden where probabilities may have been rounded before they were given."""
        return 0.0

    def price_after(self, after: After) -> Priced:
        """Price every column where what comes after a step depends on how long it takes."""
        value = self._whole.values_after(after)
        value[~self.admission.allowed] = np.inf
        return PricedColumns(self.size, self._whole.configuration, value)


class Written(Listed):
    """What follows for a process that is given with its columns written out."""

    @cached_property
    def written(self) -> Choice:
        """All columns that are allowed."""
        return self._whole.at(self.columns)

    @cached_property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value: one addition and product for every outcome."""
        outcomes = int(np.diff(self._whole.moves.indptr).max(initial=0))
        return (2 * outcomes + 4 * len(self.tariff.prices) + 64) * ROUNDOFF
