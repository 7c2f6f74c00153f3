"""The least action value of every configuration, and the columns that attain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray


class Priced(Protocol):
    """All columns, priced."""

    @property
    def best(self) -> FloatArray:
        """Least action value, (configurations,); infinite where no column is allowed.

        Of a step that may change nothing, the value once anything happens: ``(cost + moves @ values) / leaving``.
        """
        ...

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order of configuration."""
        ...

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All columns of the wanted configurations that are within ``slack`` of the least action value, increasing.

        The slack is one number, or one for every configuration, (configurations,).
        """
        ...


class PricedColumns:
    """Columns priced one by one.

    Parameters
    ----------
    size
        Number of configurations.
    configuration, value
        Rank of the configuration of each column, and its action value; infinite where it is not allowed, (columns,).
    numbers
        The numbers of the columns, increasing; their positions, by default.
    """

    def __init__(self, size: int, configuration: IntArray, value: FloatArray, numbers: IntArray | None = None) -> None:
        order = np.lexsort((value, configuration))
        owners, first = np.unique(configuration[order], return_index=True)
        self.best, self._attaining = np.full(size, np.inf), np.full(size, -1)
        self.best[owners], self._attaining[owners] = value[order[first]], order[first]
        self._configuration, self._value = configuration, value
        self._numbers = np.arange(len(value)) if numbers is None else numbers

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least value for every wanted configuration, in order."""
        return np.asarray(self._numbers[self._attaining[wanted]])

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All columns of the wanted configurations within ``slack`` of the least action value, increasing."""
        near = self._value <= (self.best + slack)[self._configuration]
        return np.asarray(self._numbers[wanted[self._configuration] & near & np.isfinite(self._value)])


@dataclass(frozen=True)
class PricedLayers:
    """Columns priced layer by layer."""

    layers: tuple[Priced, ...]
    columns_each: int

    @cached_property
    def best(self) -> FloatArray:
        """Least action value of every configuration, layer by layer."""
        return np.concatenate([layer.best for layer in self.layers])

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least action value for every wanted configuration, in order of configuration."""
        parts = wanted.reshape(len(self.layers), -1)
        return self._numbered({t: self.layers[t].columns(parts[t]) for t in np.flatnonzero(parts.any(axis=1)).tolist()})

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All columns of the wanted configurations that are within ``slack`` of the least action value, increasing."""
        parts = wanted.reshape(len(self.layers), -1)
        slacks = np.broadcast_to(slack, wanted.shape).reshape(parts.shape)
        some = np.flatnonzero(parts.any(axis=1)).tolist()
        return self._numbered({t: self.layers[t].tied(parts[t], slacks[t]) for t in some})

    def _numbered(self, found: Mapping[int, IntArray]) -> IntArray:
        """The columns of some layers, numbered over all layers."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *(n + t * self.columns_each for t, n in found.items())])
