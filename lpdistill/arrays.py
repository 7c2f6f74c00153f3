"""Names for the array types at the core, their rounding, and the one ragged-array operation that numpy lacks."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
PlaceArray: TypeAlias = NDArray[np.int32]
BoolArray: TypeAlias = NDArray[np.bool_]
Array = TypeVar("Array", bound=NDArray[Any])

ROUNDOFF = 2.0**-53
"""Unit roundoff of a double."""


def replaced(array: Array, rows: IntArray, others: Array) -> Array:
    """A copy of an array with some rows replaced by others."""
    found = array.copy()
    found[rows] = others
    return found


def ragged(lengths: IntArray) -> tuple[IntArray, IntArray]:
    """Row and position of every entry of a ragged array whose rows have the given lengths.

    >>> row, position = ragged(np.array([2, 0, 3]))
    >>> row.tolist(), position.tolist()
    ([0, 0, 2, 2, 2], [0, 1, 0, 1, 2])
    """
    row = np.repeat(np.arange(len(lengths)), lengths)
    first = np.cumsum(lengths) - lengths
    return row, np.arange(len(row)) - first[row]
