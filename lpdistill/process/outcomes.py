"""Tables that the outcomes of columns refer to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.listed import Listed
from lpdistill.process.repetition import Repetition

COMPACT = 4
"""Moves for each entry of the table, up to which they are quicker to apply than the table is to compute."""


class Outcomes(Protocol):
    """A table of expectations: the outcomes of a column are weights on its entries."""

    @property
    def size(self) -> int:
        """Number of its entries."""
        ...

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The table for the given values, with which it begins."""
        ...

    def collect(self, weights: FloatArray) -> FloatArray:
        """The transpose: weights on entries of the table as weights on configurations, (configurations,)."""
        ...

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Write entries of the table out, in order: entry, rank of the configuration, its probability."""
        ...

    def spread(self, index: IntArray) -> int:
        """Into how many configurations, at most, entries of the table are written out."""
        ...


@dataclass(frozen=True)
class Accuracy:
    """How accurately equations are solved.

    Attributes
    ----------
    shares
        Residuals asked of the iterations, relative to what they begin with: of the solution, and of its correction.
    close
        Relative residual from which on only a correction is needed.
    accepted
        Relative residual that is accepted.
    settled
        Relative change of every value at which sweeps over the equations end.
    iterations, sweeps
        At most so many.
    """

    shares: tuple[float, float]
    close: float
    accepted: float
    settled: float
    iterations: int
    sweeps: int


class Following(Protocol):
    """What comes after some columns: weights on a table, written out only where somebody wants them."""

    @property
    def matrix(self) -> sparse.csr_array:
        """The weights, (columns, table)."""
        ...

    @property
    def table(self) -> Outcomes:
        """What the weights refer to."""
        ...

    @property
    def spread(self) -> int:
        """Into how many moves, at most, the outcomes are written out."""
        ...

    @property
    def listed(self) -> Listed | None:
        """The columns among all of a small process; None where these are many, or nothing is compiled."""
        ...

    @property
    def quick(self) -> bool:
        """Whether expectations are quicker to compute than a system of these columns is to write out."""
        ...

    @property
    def compact(self) -> bool:
        """Whether the moves, written out, are quicker to apply than expectations are to compute."""
        ...

    def expect(self, values: FloatArray) -> FloatArray:
        """Expected value, for values of the configurations, (columns,)."""
        ...

    def solved(
        self, configuration: IntArray, repetition: Repetition, local: FloatArray, near: FloatArray, accuracy: Accuracy
    ) -> FloatArray | None:
        """Values of a policy of these columns, (columns,), where they are found without writing anything out.

        Parameters
        ----------
        configuration, repetition
            Configuration of each column, (columns,), and how likely each changes nothing.
        local, near, accuracy
            What is collected until it does, where to start, and how accurately to solve.
        """
        ...

    def push(self, weights: FloatArray) -> FloatArray:
        """The transpose of :meth:`expect`: weights of columns as weights of what follows, (configurations,)."""
        ...

    def visited(
        self, configuration: IntArray, repetition: Repetition, entered: FloatArray, accuracy: Accuracy
    ) -> FloatArray | None:
        """How often something happens in every column of a policy, as :meth:`solved`, (columns,).

        Parameters
        ----------
        configuration, repetition
            As there.
        entered, accuracy
            How often the configuration of each column is entered from outside, and how accurately to solve.
        """
        ...

    def entered(
        self, configuration: IntArray, repetition: Repetition, starts: IntArray, least: float
    ) -> BoolArray | None:
        """Columns of a policy whose configuration runs may enter, (columns,), where that is soon found in one call.

        Parameters
        ----------
        configuration, repetition
            As there.
        starts, least
            The columns that runs begin with, and how likely moves are, given that anything happens, that count.
        """
        ...

    def into(self, kept: IntArray) -> tuple[sparse.csr_array, FloatArray] | None:
        """Moves into some configurations, (columns, kept), and the probability of all others, (columns,).

        Where they are found without writing the others out; the configurations are increasing.
        """
        ...

    def at(self, rows: IntArray | BoolArray) -> Following:
        """What comes after some of the columns."""
        ...

    def replaced(self, rows: IntArray, other: Following) -> Following:
        """What comes after the columns, some of which are replaced by others."""
        ...


@dataclass(frozen=True)
class Weighted:
    """Weights on a table that are written out.

    Attributes
    ----------
    matrix, table
        The weights, and what they refer to.
    """

    matrix: sparse.csr_array
    table: Outcomes

    @property
    def listed(self) -> Listed | None:
        """None: they may be mixtures of columns."""
        return None

    @property
    def spread(self) -> int:
        """Into how many moves, at most, the outcomes are written out."""
        return self.table.spread(self.matrix.indices.astype(np.int64))

    @property
    def quick(self) -> bool:
        """False: the matrix is there."""
        return False

    @cached_property
    def compact(self) -> bool:
        """Whether the moves, written out, are quicker to apply than the table is to compute."""
        return self.spread <= COMPACT * self.table.size

    def expect(self, values: FloatArray) -> FloatArray:
        """Expected value, for values of the configurations, (columns,)."""
        return np.asarray(self.matrix @ self.table.tabulate(values))

    def solved(
        self,
        configuration: IntArray,  # noqa: ARG002 - as others have it
        repetition: Repetition,  # noqa: ARG002
        local: FloatArray,  # noqa: ARG002
        near: FloatArray,  # noqa: ARG002
        accuracy: Accuracy,  # noqa: ARG002
    ) -> FloatArray | None:
        """None: the matrix is there."""
        return None

    def push(self, weights: FloatArray) -> FloatArray:
        """Weights of columns as weights of what follows, (configurations,)."""
        return self.table.collect(np.asarray(self.matrix.T @ weights))

    def visited(
        self,
        configuration: IntArray,  # noqa: ARG002 - as others have it
        repetition: Repetition,  # noqa: ARG002
        entered: FloatArray,  # noqa: ARG002
        accuracy: Accuracy,  # noqa: ARG002
    ) -> FloatArray | None:
        """None: the matrix is there."""
        return None

    def entered(
        self,
        configuration: IntArray,  # noqa: ARG002 - as others have it
        repetition: Repetition,  # noqa: ARG002
        starts: IntArray,  # noqa: ARG002
        least: float,  # noqa: ARG002
    ) -> BoolArray | None:
        """None: the matrix is there."""
        return None

    def into(self, kept: IntArray) -> None:
        """None: all of them are there."""

    def at(self, rows: IntArray | BoolArray) -> Weighted:
        """What comes after some of the columns."""
        return Weighted(self.matrix[rows], self.table)

    def replaced(self, rows: IntArray, other: Following) -> Weighted:
        """What comes after the columns, some of which are replaced by others."""
        order = np.arange(self.matrix.shape[0])
        order[rows] = len(order) + np.arange(len(rows))
        return Weighted(sparse.csr_array(sparse.vstack([self.matrix, other.matrix]))[order], self.table)


@dataclass(frozen=True, slots=True)
class Plain:
    """The configurations themselves, where moves are written out.

    Attributes
    ----------
    size
        Their number.
    """

    size: int

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The values themselves."""
        return values

    def collect(self, weights: FloatArray) -> FloatArray:
        """The weights themselves."""
        return weights

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Every entry is a configuration."""
        return np.arange(len(index)), index, np.ones(len(index))

    def spread(self, index: IntArray) -> int:
        """Every entry is a configuration."""
        return len(index)


@dataclass(frozen=True, slots=True)
class Layered:
    """The tables of several layers of the same configurations, joined; each begins with the values of its layer.

    Attributes
    ----------
    base
        The table of one layer.
    configurations, entries
        Its configurations, and its entries.
    layers
        Number of layers.
    """

    base: Outcomes
    configurations: int
    entries: int
    layers: int

    @property
    def size(self) -> int:
        """Number of entries of all layers."""
        return self.entries * self.layers

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The tables of all layers, joined."""
        return np.concatenate([self.base.tabulate(layer) for layer in values.reshape(self.layers, -1)])

    def collect(self, weights: FloatArray) -> FloatArray:
        """Weights on the joined tables as weights on the configurations of all layers."""
        return np.concatenate([self.base.collect(layer) for layer in weights.reshape(self.layers, -1)])

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Write entries of the joined tables out: entry, rank of the configuration, its probability."""
        layer, within = np.divmod(index, self.entries)
        entry, rank, probability = self.base.expand(within)
        return entry, layer[entry] * self.configurations + rank, probability

    def spread(self, index: IntArray) -> int:
        """Into how many configurations, at most, entries of the joined tables are written out."""
        return self.base.spread(index % self.entries)
