"""Some columns of a process, ready to be evaluated or written out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from lpdistill.process.process import Process


COMPACT = 4
"""Moves for each entry of the table, up to which they are quicker to apply than the table is to compute."""


@dataclass(frozen=True, slots=True)
class After:
    """What comes after a step, where that depends on how long the step takes.

    Attributes
    ----------
    values
        Value of every configuration after a step of each of :attr:`Process.step_times`, (step times, configurations).
    charge
        What a step of each of these durations costs on top, (step times,); infinite where it is not to be taken.
    staying
        Whether a step of each of these durations that changes nothing is followed by the value of its configuration,
        as by that of any other, (step times,); otherwise it is repeated until anything happens.
    """

    values: FloatArray
    charge: FloatArray
    staying: BoolArray

    @staticmethod
    def always(values: FloatArray, kinds: int) -> After:
        """The same after every step, repeated until anything happens."""
        return After(np.broadcast_to(values, (kinds, len(values))), np.zeros(kinds), np.zeros(kinds, dtype=bool))

    @property
    def uniform(self) -> bool:
        """Whether the values are one array, repeated."""
        return self.values.strides[0] == 0

    @property
    def plain(self) -> bool:
        """Whether nothing depends on how long a step takes."""
        return self.uniform and not self.charge.any() and not self.staying.any()


@dataclass(frozen=True, eq=False)
class Choice:
    r"""Some columns, ready to be evaluated for any values: ``moves @ values == outcomes @ table``.

    A step that may change nothing is kept out of the moves, and ``leaving`` is the probability of the contrary.  The
    equations of a policy are then :math:`\ell V = c + P V` with :math:`\ell` = ``leaving``, and nothing in them is
    computed by subtraction.

    Attributes
    ----------
    process, columns
        Where the columns come from, and their numbers, (columns,).
    configuration
        Rank of the configuration of each column, (columns,).
    cost
        What each column costs under the tariff of the process, (columns,): its duration, as a rule.
    leaving
        Probability that anything happens, (columns,): 0 for waiting, 1 for every step that distils.
    staying
        Probability that nothing happens, (columns,).
    reaching
        Probability that the step reaches the target, (columns,).
    outcomes
        Weights on the table of the process (:meth:`Process.tabulate`), (columns, table).
    """

    process: Process
    columns: IntArray
    configuration: IntArray
    cost: FloatArray
    leaving: FloatArray
    staying: FloatArray
    reaching: FloatArray
    outcomes: sparse.csr_array

    def expect(self, values: FloatArray) -> FloatArray:
        """Expected value after the step, over all moves, (columns,)."""
        return np.asarray(self.outcomes @ self.process.tabulate(values))

    def action_values(self, values: FloatArray) -> FloatArray:
        """Cost and expected value after the step, given that anything happens, (columns,); infinite for waiting."""
        found = np.full(len(self.columns), np.inf)
        np.divide(self.cost + self.expect(values), self.leaving, out=found, where=self.leaving > 0)
        return found

    def values_after(self, after: After) -> FloatArray:
        """Value of every column where what comes after a step depends on how long it takes, (columns,)."""
        if after.plain:
            return self.action_values(after.values[0])
        found, kinds = np.full(len(self.columns), np.inf), self.process.step_time(self.columns)
        for kind in np.flatnonzero(np.isfinite(after.charge)).tolist():
            rows, values = np.flatnonzero(kinds == kind), after.values[kind]
            expected = self.outcomes[rows] @ self.process.tabulate(values)
            total = self.cost[rows] + after.charge[kind] + expected
            if after.staying[kind]:
                found[rows] = total + self.staying[rows] * values[self.configuration[rows]]
            else:
                leaving = self.leaving[rows]
                found[rows] = np.divide(total, leaving, out=found[rows], where=leaving > 0)
        return found

    def regrets(self, values: FloatArray) -> FloatArray:
        """Reduced cost of every column, (columns,): ``c + P V - leaving * V``."""
        return np.asarray(self.cost + self.expect(values) - self.leaving * values[self.configuration])

    def at(self, rows: IntArray | BoolArray) -> Choice:
        """Some of the columns."""
        return Choice(
            process=self.process,
            columns=self.columns[rows],
            configuration=self.configuration[rows],
            cost=self.cost[rows],
            leaving=self.leaving[rows],
            staying=self.staying[rows],
            reaching=self.reaching[rows],
            outcomes=self.outcomes[rows],
        )

    def mixed(self, probability: FloatArray) -> Choice:
        """One column per configuration: each configuration's columns, taken with the given probabilities, (columns,).

        The columns must be in order of configuration; ``columns`` of the result names the first of each.
        """
        owners, first = np.unique(self.configuration, return_index=True)
        if len(owners) == len(self.columns):
            return self
        rows = np.searchsorted(owners, self.configuration)
        weights = sparse.csr_array((probability, (rows, np.arange(len(rows)))), shape=(len(owners), len(rows)))
        return Choice(
            process=self.process,
            columns=self.columns[first],
            configuration=owners,
            cost=np.asarray(weights @ self.cost),
            leaving=np.asarray(weights @ self.leaving),
            staying=np.asarray(weights @ self.staying),
            reaching=np.asarray(weights @ self.reaching),
            outcomes=sparse.csr_array(weights @ self.outcomes),
        )

    @cached_property
    def compact(self) -> bool:
        """Whether the moves, written out, are quicker to apply than the table is to compute."""
        return self.process.spread(self.outcomes.indices.astype(np.int64)) <= COMPACT * self.outcomes.shape[1]

    @cached_property
    def moves(self) -> sparse.csr_array:
        """Probability of every next configuration, (columns, configurations)."""
        entry, rank, probability = self.process.expand(self.outcomes.indices.astype(np.int64))
        row = np.repeat(np.arange(len(self.columns)), np.diff(self.outcomes.indptr))
        shape = len(self.columns), self.process.size
        moves = sparse.csr_array((self.outcomes.data[entry] * probability, (row[entry], rank)), shape=shape)
        moves.eliminate_zeros()
        return moves

    @cached_property
    def conditional(self) -> sparse.csr_array:
        """The moves given that anything happens: each row of :attr:`moves` divided by its ``leaving``."""
        weight = np.repeat(self.leaving, np.diff(self.moves.indptr))
        return sparse.csr_array((self.moves.data / weight, self.moves.indices, self.moves.indptr), self.moves.shape)

    @cached_property
    def dense(self) -> FloatArray:
        """The moves between the configurations of these columns, given that anything happens, (columns, columns)."""
        entry, rank, probability = self.process.expand(self.outcomes.indices.astype(np.int64))
        size, each = len(self.columns), np.diff(self.outcomes.indptr)
        weight = self.outcomes.data / np.repeat(np.where(self.leaving > 0, self.leaving, 1.0), each)
        row = np.repeat(np.arange(size), each)[entry]
        order = np.argsort(self.configuration, kind="stable")
        column = order[np.minimum(np.searchsorted(self.configuration, rank, sorter=order), size - 1)]
        known = self.configuration[column] == rank
        place, mass = (row * size + column)[known], (weight[entry] * probability)[known]
        summed = np.bincount(place, mass, minlength=size * size).reshape(size, size)
        return summed.astype(np.float64)
