"""The compiled recursion where failed distillations have a price (``recursion.c``)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from lpdistill.process.factored.compiled import CompiledLattice, CompiledRecursion


class _Groups(ctypes.Structure):
    _arrays = ("consumed", "pairs", "sums", "missed", "cost", "node_cost")
    _fields_ = (("size", ctypes.c_int64), *((name, ctypes.c_void_p) for name in _arrays))


class CompiledGroups(CompiledRecursion):
    """The compiled recursion for some values.

    Parameters
    ----------
    lattice, recursion
        The distillations, and the recursion in numpy (:class:`~lpdistill.process.factored.grouped.GroupedRecursion`).
    """

    width = 0

    def __init__(self, lattice: CompiledLattice, recursion: Any) -> None:
        super().__init__(lattice, recursion)
        groups, (node_cost, cost) = recursion.groups, recursion.beside
        self._arrays = {
            **{name: np.ascontiguousarray(getattr(groups, name)) for name in ("consumed", "pairs", "sums", "missed")},
            "cost": np.ascontiguousarray(cost),
            "node_cost": np.ascontiguousarray(node_cost),
        }
        self._groups = _Groups(size=len(groups), **{name: array.ctypes.data for name, array in self._arrays.items()})

    def function(self, name: str) -> Callable[..., Any]:
        """A compiled function of the sets that may be least."""
        return partial(super().function(f"{name}_grouped"), ctypes.addressof(self._groups))
