"""Which columns of a problem are allowed: what rules permit, and what never leads into a dead end."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, IntArray
from lpdistill.physics.rounding import Labels
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.process.factored.kernel import Kernel
from lpdistill.process.factored.size import require_listed
from lpdistill.process.reachability import Directed, Reachability
from lpdistill.shared import Same, Shared

FIRST: Shared[IntArray] = Shared(32, largest=25_000)
"""Proper policies of the actions that were used last."""


@dataclass(frozen=True)
class Permission:
    """The columns that rules permit and that never leave the live configurations.

    Attributes
    ----------
    kernel
        All columns.
    possible
        Prices the columns that rules permit by where they may lead.
    open
        Whether columns may leave the live configurations all the same.
    """

    kernel: Kernel
    possible: Callable[[], Directed]
    open: bool = False

    @cached_property
    def reachability(self) -> Reachability:
        """Where the target can be reached from for sure."""
        return Reachability.of(self.possible())

    @property
    def _restricted(self) -> bool:
        """Whether some actions are forbidden, or left out of a label model."""
        task = self.kernel.problem
        return bool(task.hardware.rules) or isinstance(task.levels, Labels) or self.kernel.permitted is not None

    @cached_property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        known = not self._restricted if self.kernel.delivery.ends else self._stays
        return np.ones(self.kernel.configurations.size, dtype=bool) if known else self.reachability.live

    @property
    def _stays(self) -> bool:
        """Whether nothing is ever stored, since raw pairs are delivered at once, and runs go on."""
        return self.kernel.problem.levels.raw is None and not self.kernel.delivery.ends

    @property
    def guarded(self) -> bool:
        """Whether there are configurations that columns must not lead into."""
        return not (self.open or self.live.all())

    def allows(self, columns: IntArray) -> BoolArray:
        """Whether columns are allowed, (columns,): no rule forbids them, and they never leave what is live."""
        permitted = self.kernel.permitted
        found = np.ones(len(columns), dtype=bool) if permitted is None else permitted[columns]
        if self.guarded:
            what, dead = self.kernel.numbering.describe(columns), (~self.live).astype(np.float64)
            may = self.kernel.possible
            after = may.outcomes(what) @ may.table.tabulate(dead)
            found = found & self.live[what.configuration] & (after == 0)
        return found

    def unguarded(self) -> Permission:
        """The same with the columns that may leave the live configurations."""
        other = copy(self)
        object.__setattr__(other, "open", True)
        return other

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, increasing."""
        require_listed(self.kernel.size)
        return self._among(np.arange(self.kernel.numbering.size))

    def _among(self, columns: IntArray) -> IntArray:
        """Those of some columns that are allowed."""
        unlimited = self.kernel.permitted is None and not self.guarded
        return columns if unlimited else columns[self.allows(columns)]

    @property
    def waiting(self) -> IntArray:
        """The columns that are allowed and change nothing: no distillation, no attempt."""
        everywhere = np.arange(self.kernel.configurations.size)
        counts = np.zeros((len(everywhere), len(self.kernel.matchings.recipes)), dtype=np.int64)
        found = self.kernel.numbering.find(everywhere, counts, np.zeros_like(everywhere))
        return self._among(np.sort(found[found >= 0]))

    def of_configuration(self, rank: int) -> IntArray:
        """The columns of one configuration that are allowed."""
        return self._among(self.kernel.numbering.of_configuration(rank))

    def proper(self) -> IntArray:
        """Columns of a proper policy, one for every live configuration, in order."""
        restricted = self._restricted and not self._stays
        return self.reachability.columns if restricted else FIRST.of(Same(self.kernel.actions), self._first)

    def _first(self) -> IntArray:
        """Those with which policy iteration begins where no rule says otherwise."""
        ordered = all(list(one.consumed) == sorted(one.consumed) for one in self.kernel.repertoire.distillations)
        # Greedy distils whenever it can, so it may go in circles where another order of the pairs would not.
        return GREEDY.columns(self.kernel) if ordered else self.reachability.columns
