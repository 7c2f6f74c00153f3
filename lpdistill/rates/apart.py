"""Steps with what they deliver told apart: as if it were still there when they end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.hardware.actions import Action, Attempts
from lpdistill.hardware.delivery import Delivery
from lpdistill.physics.capped import capped
from lpdistill.problem.labels import with_labels
from lpdistill.problem.problem import Problem
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.dynamics import Continued
from lpdistill.process.tariff import Tariff


@dataclass(frozen=True)
class Apart:
    """A process whose last level are pairs that meet the target, delivered as soon as a step has ended.

    Attributes
    ----------
    process
        The process; its configurations count what the step before delivers.
    """

    process: Continued

    @staticmethod
    def of(problem: Problem, attempts: Attempts | None = None) -> Apart:
        """That of a problem on the levels that it has."""
        whole = with_labels(problem, capped(problem.levels, apart=True))
        return Apart(Continued(whole, attempts, Tariff(0.0), Delivery.CHOSEN))

    @cached_property
    def left(self) -> CountVectors:
        """The configurations without what is delivered."""
        numbering = self.process.kernel.configurations
        return CountVectors(numbering.most, numbering.kinds - 1)

    @cached_property
    def delivered(self) -> IntArray:
        """How many pairs are delivered before each configuration, (configurations,)."""
        return np.asarray(self.process.kernel.configurations.counts[:, -1])

    @cached_property
    def rest(self) -> IntArray:
        """Rank of what is left of each configuration by then, (configurations,)."""
        return self.left.rank(self.process.kernel.configurations.counts[:, :-1])

    @cached_property
    def before(self) -> IntArray:
        """Rank of the configuration of which nothing has been delivered, for each that is left, (left,)."""
        counts = np.column_stack([self.left.counts, np.zeros(self.left.size, dtype=np.int64)])
        return self.process.kernel.configurations.rank(counts)

    def find(self, configuration: IntArray, actions: list[Action]) -> IntArray:
        """The columns of configurations of what is left, by the actions that a policy takes there, (columns,)."""
        return self.process.names.find(self.before[configuration], [_handed_over(action) for action in actions])

    def actions(self, columns: IntArray) -> list[Action]:
        """The actions of columns as those of a policy that takes pairs out only to discard them."""
        known = self.process.names.actions(columns)
        return [replace(one, discard=one.deliver, deliver=()) if one.deliver else one for one in known]


def _handed_over(action: Action) -> Action:
    """The same action where pairs that are taken out are delivered."""
    return replace(action, discard=(), deliver=action.discard) if action.discard else action
