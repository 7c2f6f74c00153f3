"""Tables that the outcomes of columns refer to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lpdistill.arrays import FloatArray, IntArray


class Outcomes(Protocol):
    """A table of expectations: the outcomes of a column are weights on its entries."""

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The table for the given values, with which it begins."""
        ...

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Write entries of the table out, in order: entry, rank of the configuration, its probability."""
        ...

    def spread(self, index: IntArray) -> int:
        """Into how many configurations, at most, entries of the table are written out."""
        ...


class Plain:
    """The configurations themselves, where moves are written out."""

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The values themselves."""
        return values

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
    size, entries
        Its configurations, and its entries.
    layers
        Number of layers.
    """

    base: Outcomes
    size: int
    entries: int
    layers: int

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The tables of all layers, joined."""
        return np.concatenate([self.base.tabulate(layer) for layer in values.reshape(self.layers, -1)])

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Write entries of the joined tables out: entry, rank of the configuration, its probability."""
        layer, within = np.divmod(index, self.entries)
        entry, rank, probability = self.base.expand(within)
        return entry, layer[entry] * self.size + rank, probability

    def spread(self, index: IntArray) -> int:
        """Into how many configurations, at most, entries of the joined tables are written out."""
        return self.base.spread(index % self.entries)
