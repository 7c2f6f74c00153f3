"""The decision process of a problem whose memories forget: nothing that is kept stays what it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray
from lpdistill.errors import ModelError
from lpdistill.physics.aged import AgedLabels
from lpdistill.process.factored.generation import leaving_table
from lpdistill.process.reachable.explored import ExploredColumns, Moves
from lpdistill.process.reachable.process import ReachableProcess
from lpdistill.process.repetition import Repetition
from lpdistill.progress import silent


@dataclass(frozen=True, eq=False)
class AgeingProcess(ReachableProcess):
    """The configurations of a label model of pairs that age that runs come by.

    A step in which nothing happens leads to older pairs; only where none are stored, or they do not age any more, is it
    repeated until anything happens.

    Attributes
    ----------
    told
        Told how far exploring has come.
    """

    told: Callable[[str], None] = silent

    @property
    def labels(self) -> AgedLabels:
        """The labels by which pairs are told apart."""
        labels = self.problem.levels
        if not isinstance(labels, AgedLabels):
            raise ModelError("levels", "must be labels of pairs that age", labels)
        return labels

    @cached_property
    def _explored(self) -> tuple[ExploredColumns, Moves]:
        return ExploredColumns.of(self.problem, self.labels, self.numbers or self.problem.attempts, self.told)

    @property
    def numbering(self) -> ExploredColumns:
        """All columns."""
        return self._explored[0]

    @cached_property
    def _idle(self) -> tuple[BoolArray, BoolArray]:
        """Which outcomes are that nothing happens and nothing changes, and which columns have one."""
        listed, moves = self.numbering, self._explored[1]
        idle = (moves.code == listed.configuration[moves.column]) & (listed.kind[moves.column] == 0)
        idle &= moves.generated == 0
        column = np.zeros(self.column_count, dtype=bool)
        column[moves.column[idle]] = True
        return idle, column

    @cached_property
    def _moves(self) -> sparse.csr_array:
        """Probability of every next configuration, nothing happening and changing left out."""
        moves, changes = self._explored[1], ~self._idle[0]
        where = moves.column[changes], moves.code[changes]
        return sparse.csr_array((moves.probability[changes], where), shape=(self.column_count, self.size))

    @cached_property
    def _repetition(self) -> Repetition:
        """How likely columns change nothing."""
        p, tried = self.problem.hardware.p, self.numbering.attempts
        leaving = leaving_table(float(p), float(1 - p), self.configurations.most)
        return Repetition(leaving[tried], self._binomials[tried, 0]).within(~self._idle[1])
