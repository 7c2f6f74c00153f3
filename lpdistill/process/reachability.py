"""Where the target can be reached from with probability one, decided on the graph of possible outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lpdistill.arrays import BoolArray, IntArray
from lpdistill.process.priced import Priced

HUGE = 1e250
"""A value that no sum of others makes up for."""


class Directed(Protocol):
    """A process that finds, for every configuration, a column that may enter some and never enters others."""

    @property
    def size(self) -> int:
        """Number of configurations."""
        ...

    def columns_entering(self, reached: BoolArray, avoided: BoolArray) -> Priced:
        """Columns that may enter ``reached`` or the target and never enter ``avoided``: those priced below 0."""
        ...


@dataclass(frozen=True)
class Towards:
    """A process whose target are some of its configurations.

    Attributes
    ----------
    process
        The process, whose columns reach no target.
    goals
        The configurations, (configurations,).
    """

    process: Directed
    goals: BoolArray

    @property
    def size(self) -> int:
        """Number of configurations."""
        return self.process.size

    def columns_entering(self, reached: BoolArray, avoided: BoolArray) -> Priced:
        """Columns that may enter ``reached`` or the goals and never enter ``avoided``: those priced below 0."""
        return self.process.columns_entering(reached | (self.goals & ~avoided), avoided)


@dataclass(frozen=True)
class Reachability:
    """From where some policy reaches the target with probability one, and one that does.

    Attributes
    ----------
    live
        The configurations from which some policy does, (configurations,).
    columns
        Columns of such a policy, one for every live configuration, in order.
    """

    live: BoolArray
    columns: IntArray

    @staticmethod
    def of(process: Directed) -> Reachability:
        """Remove the configurations that cannot reach the target within what is left, until none is removed.

        Within a set of configurations that is never left, a policy that may come one step nearer the target from
        everywhere reaches it with probability one.
        """
        live, columns = np.ones(process.size, dtype=bool), np.full(process.size, -1)
        while True:
            reached = np.zeros(process.size, dtype=bool)
            while True:
                priced = process.columns_entering(reached, ~live)
                new = live & ~reached & (priced.best < 0)
                if not new.any():
                    break
                columns[new] = priced.columns(new)
                reached |= new
            if (reached == live).all():
                return Reachability(live, columns[live])
            live = reached
