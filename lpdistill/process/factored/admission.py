"""Which columns of a problem are allowed: what rules permit, and what never leads into a dead end."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, IntArray
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.process.factored.kernel import Kernel
from lpdistill.process.factored.pricing import Pricing
from lpdistill.process.reachability import Reachability


@dataclass(frozen=True)
class Permission:
    """The columns that rules permit and that never leave the live configurations.

    Attributes
    ----------
    kernel
        All columns.
    possible
        Prices the columns that rules permit by where they may lead.
    """

    kernel: Kernel
    possible: Callable[[], Pricing]

    @cached_property
    def reachability(self) -> Reachability:
        """Where the target can be reached from for sure."""
        return Reachability.of(self.possible())

    @property
    def _restricted(self) -> bool:
        """Whether some actions are forbidden."""
        return bool(self.kernel.problem.hardware.rules) or self.kernel.permitted is not None

    @cached_property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        return self.reachability.live if self._restricted else np.ones(self.kernel.configurations.size, dtype=bool)

    @cached_property
    def allowed(self) -> BoolArray | None:
        """Columns that no rule forbids and that never leave the live configurations, (columns,); None for all."""
        permitted = self.kernel.permitted
        if self.live.all():
            return permitted
        safe = self.possible().all_values((~self.live).astype(np.float64)) == 0
        safe &= self.live[self.kernel.numbering.describe(np.arange(len(safe))).configuration]
        return np.asarray(safe if permitted is None else safe & permitted)

    def unguarded(self) -> Permission:
        """The same with the columns that may leave the live configurations."""
        other = copy(self)
        other.__dict__["allowed"] = self.kernel.permitted
        return other

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, increasing."""
        return np.arange(self.kernel.numbering.size) if self.allowed is None else np.flatnonzero(self.allowed)

    def _among(self, columns: IntArray) -> IntArray:
        """Those of some columns that are allowed."""
        return columns if self.allowed is None else columns[self.allowed[columns]]

    @property
    def waiting(self) -> IntArray:
        """The columns that are allowed and change nothing: no distillation, no attempt."""
        return self._among(np.flatnonzero(self.kernel.numbering.blocks[0].attempts == 0))

    def of_configuration(self, rank: int) -> IntArray:
        """The columns of one configuration that are allowed."""
        return self._among(self.kernel.numbering.of_configuration(rank))

    def proper(self) -> IntArray:
        """Columns of a proper policy, one for every live configuration, in order."""
        ordered = all(list(one.consumed) == sorted(one.consumed) for one in self.kernel.repertoire.distillations)
        # Greedy distils whenever it can, so it may go in circles where another order of the pairs would not.
        return GREEDY.columns(self.kernel) if ordered and not self._restricted else self.reachability.columns
