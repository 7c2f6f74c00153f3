"""The recursion compiled (``recursion.c``), where it was built with the package; without it, numpy does the same.

The library is called through :mod:`ctypes`, so that one build serves every version of Python.  It releases the
interpreter lock, and is called for one number of attempts at a time, so that a long computation can be interrupted.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.library import library
from lpdistill.process.factored.configurations import CountVectors
from lpdistill.process.factored.generation import Generation

PARALLEL = 2_000_000
"""Numbers in all tables of a recursion from which starting threads costs less than it saves."""

THREADS = "OMP_NUM_THREADS"
"""Environment variable with the number of threads, which joblib and Dask set to 1 in their workers."""


class _Lattice(ctypes.Structure):
    _numbers_1 = ("levels", "most", "first", "second", "nodes", "runs")
    _arrays = (
        *("upto", "run_from", "base", "length", "sums", "steps", "outcomes", "made", "taken", "low", "high", "below"),
        *("recipe", "source", "parent", "consumed", "pairs", "node_sums"),
    )
    _numbers_2 = ("stride", "limit")
    _fields_ = (
        *((name, ctypes.c_int64) for name in _numbers_1),
        *((name, ctypes.c_void_p) for name in _arrays),
        *((name, ctypes.c_int64) for name in _numbers_2),
    )


class _Chances(ctypes.Structure):
    _arrays = ("made", "lost", "gained", "missed", "won")
    _fields_ = (
        *((name, ctypes.c_void_p) for name in _arrays),
        ("price", ctypes.c_double),
        ("counted", ctypes.c_int64),
    )


def _threads() -> int:
    """The number of threads of one recursion: what the environment says, or as many as there are cores."""
    told = os.environ.get(THREADS, "")
    return max(1, int(told)) if told.isdecimal() else os.cpu_count() or 1


class Runs:
    """The configurations in runs: those whose partial sums differ in the first one only.

    Attributes
    ----------
    sums
        Partial sums of the first configuration of every run, (runs, levels).
    base, length
        Its rank, and the number of configurations in the run, (runs,).
    from_total
        First run of every number of pairs, with the end, (most + 2,).
    """

    def __init__(self, configurations: CountVectors) -> None:
        most, levels = configurations.most, configurations.kinds
        self.configurations = configurations
        if levels < 2:
            self.sums = configurations.sums.T.copy()
            self.length = np.ones(len(self.sums), dtype=np.int64)
        else:
            others = CountVectors(most, levels - 1).sums
            self.sums = np.concatenate([np.zeros((1, others.shape[1]), dtype=np.int64), others]).T.copy()
            self.length = others[0] + 1
        self.base = configurations.rank_sums(self.sums.T)
        totals = self.sums[:, -1] if levels else np.zeros(1, dtype=np.int64)
        self.from_total = np.searchsorted(totals, np.arange(most + 2))

    def moved(self, change: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Where runs go when counts change, (levels,): rank, and the first and the last configuration that can.

        What is added to a rank of the run gives that of the configuration that it becomes; (runs,) each.
        """
        most, levels = self.configurations.most, self.configurations.kinds
        after = self.sums + np.cumsum(change)
        inner = self.sums.copy()
        inner[:, 0] = 0 if levels > 1 else inner[:, 0]
        counts = np.diff(after, axis=1, prepend=0)
        outer = counts[:, 2:] if levels > 1 else counts[:, 1:]
        possible = (outer >= 0).all(axis=1) & (after[:, -1] <= most) & (after[:, -1] >= 0)
        low, high = np.zeros_like(self.base), self.length - 1
        if levels > 1:
            low = np.maximum(low, -change[0])
            high = np.minimum(high, after[:, 1] - np.cumsum(change)[0])
        else:
            possible &= counts[:, 0] >= 0
        clipped = np.clip(after, 0, most)
        clipped[:, 0] = 0 if levels > 1 else clipped[:, 0]
        to = self.configurations.rank_sums(clipped.T) + (change[0] if levels > 1 else 0)
        return to, low, np.where(possible, high, -1)


class CompiledLattice:
    """A lattice as the compiled functions take it.

    Parameters
    ----------
    lattice
        The distillations (:class:`~lpdistill.process.factored.recursion.Lattice`).
    """

    def __init__(self, lattice: Any) -> None:
        configurations, recipes, nodes = lattice.configurations, lattice.matchings.recipes, lattice.nodes
        runs, levels = Runs(configurations), configurations.kinds
        made, starts = [], [0]
        for recipe in lattice.first.tolist():
            for outcome in recipes[recipe].made:
                change = np.bincount(outcome.produced, minlength=levels)
                made.append(runs.moved(change)[0])
            starts.append(len(made))
        taken = [runs.moved(-lattice.matchings.consumption[recipe]) for recipe in lattice.second.tolist()]
        sizes = set(lattice.sizes(lattice.second))
        upto = np.array([configurations.up_to(total) for total in range(-1, configurations.most + 1)], dtype=np.int64)
        self.entries = int(np.cumsum(upto)[configurations.most + 1 - nodes.consumed].sum())
        self._kept = {
            "upto": upto,
            "run_from": runs.from_total,
            "base": runs.base,
            "length": runs.length,
            "sums": runs.sums,
            "steps": configurations.steps,
            "outcomes": np.array(starts),
            "made": np.array(made),
            "taken": np.array([to for to, _, _ in taken]),
            "low": np.array([low for _, low, _ in taken]),
            "high": np.array([high for _, _, high in taken]),
            "below": lattice.below,
            "recipe": nodes.recipe,
            "source": nodes.source,
            "parent": nodes.parent,
            "consumed": nodes.consumed,
            "pairs": nodes.pairs,
            "node_sums": np.cumsum(lattice.node_consumption, axis=1),
        }
        self._kept = {name: np.ascontiguousarray(array, dtype=np.int64) for name, array in self._kept.items()}
        self.structure = _Lattice(
            levels=levels,
            most=configurations.most,
            first=len(lattice.first),
            second=len(lattice.second),
            nodes=len(nodes),
            runs=len(runs.base),
            stride=sizes.pop() if len(sizes) == 1 else 1,
            limit=lattice.matchings.most,
            **{name: array.ctypes.data for name, array in self._kept.items()},
        )
        self._raised = [
            np.ascontiguousarray(runs.moved(np.eye(levels, dtype=np.int64)[level])[0], dtype=np.int64)
            for level in range(levels)
        ]
        self.tables = len(lattice.first) + 2
        self.size = configurations.size
        self.second = len(lattice.second)
        self.nodes = len(nodes)

    def raised(self, level: int | None) -> IntArray | None:
        """Where runs go with one more pair of a level, (runs,); None for none."""
        return None if level is None else self._raised[level]

    def attempted(self, generation: Generation, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The two attempt tables of values, as :meth:`~lpdistill.process.factored.generation.Generation.expect`."""
        whole, some = np.empty(generation.offsets[-1]), np.empty(generation.offsets[-1])  # one may outlive the other
        whole[: len(values)], some[: len(values)] = values, 0.0
        self._attempting(library().lpdistill_attempts, generation, whole, some)
        return whole, some

    def collected(self, generation: Generation, whole: FloatArray, some: FloatArray) -> FloatArray:
        """Weights on both tables as weights on configurations, as :meth:`Generation.collect`."""
        self._attempting(library().lpdistill_collect, generation, whole, some)
        return whole[: self.size]

    def _attempting(self, function: Any, generation: Generation, whole: FloatArray, some: FloatArray) -> None:
        """Call a function of attempt tables, which overwrites them."""
        raised = self.raised(generation.raw)
        function(
            ctypes.addressof(self.structure),
            None if raised is None else raised.ctypes.data,
            generation.success,
            generation.failure,
            generation.offsets.ctypes.data,
            whole.ctypes.data,
            some.ctypes.data,
        )


class CompiledRecursion:
    """The compiled recursion for some values.

    Parameters
    ----------
    lattice, recursion
        The distillations, and the recursion in numpy (:class:`~lpdistill.process.factored.recursion.Recursion`).
    """

    def __init__(self, lattice: CompiledLattice, recursion: Any) -> None:
        chances = recursion.chances
        self._lattice, self._table, self._offsets = lattice, recursion.table, recursion.offsets
        self.width = lattice.second
        self._wanted, self._starts, self._nothing = recursion.wanted, recursion.starts, recursion.entries
        least = recursion.most - np.arange(recursion.most + 1)
        self._used = np.flatnonzero(recursion.wanted <= least).tolist()
        self._kept = {
            "made": np.array([chance for one in chances.made for chance in one], dtype=np.float64),
            **{name: np.ascontiguousarray(getattr(chances, name)) for name in ("lost", "gained", "missed", "won")},
        }
        self._chances = _Chances(
            price=recursion.price,
            counted=int(recursion.counted),
            **{name: array.ctypes.data for name, array in self._kept.items()},
        )

    def function(self, name: str) -> Callable[..., Any]:
        """A compiled function of the lattice and its probabilities."""
        pointers = ctypes.addressof(self._lattice.structure), ctypes.addressof(self._chances)
        return partial(getattr(library(), f"lpdistill_{name}"), *pointers)

    def _work(self, attempts: int) -> FloatArray:
        return np.empty(self._lattice.tables * int(self._offsets[attempts + 1] - self._offsets[attempts]))

    def least(self) -> tuple[FloatArray, IntArray]:
        """Least expectations, and the nodes that attain them, (entries,)."""
        value, node = np.full(self._nothing, np.inf), np.full(self._nothing, -1)
        least = self.function("least")
        tables, values, nodes = self._table.ctypes.data, value.ctypes.data, node.ctypes.data

        def one(g: int, work: FloatArray) -> None:
            table, place = tables + int(self._offsets[g]) * 8, int(self._starts[g]) * 8
            wanted = int(self._wanted[g])
            least(g, wanted, table, work.ctypes.data, values + place, nodes + place)

        threads = _threads()
        if threads == 1 or self._lattice.entries < PARALLEL or not self._used:
            work = self._work(self._used[0]) if self._used else np.empty(0)
            for g in self._used:
                one(g, work)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda g: one(g, self._work(g)), self._used))
        return value, node

    def within(self, limits: FloatArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """All matchings within limits: configurations, attempts, nodes, and counts of recipes of the second sort.

        Parameters
        ----------
        limits
            What expectations may be at most, in the layout of the attempt table, (table,); minus infinity for none.
        """
        parts, within = [], self.function("within")
        for g in self._used:
            start, end = int(self._offsets[g]), int(self._offsets[g + 1])
            if not (limits[start:end] > -np.inf).any():
                continue
            work, space, found = self._work(g), end - start, 1 << 62
            while found > space:
                space = space if found == 1 << 62 else found
                rank, node = np.empty((2, space), dtype=np.int64)
                second = np.empty((space, self.width), dtype=np.int64)
                found = within(
                    *(g, int(self._wanted[g]), self._table.ctypes.data + 8 * start),
                    *(work.ctypes.data, limits.ctypes.data + 8 * start, space),
                    *(rank.ctypes.data, node.ctypes.data, second.ctypes.data),
                )
            parts.append((rank[:found], np.full(found, g), node[:found], second[:found]))
        if not parts:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing, nothing, np.zeros((0, self.width), dtype=np.int64)
        rank, attempts, node, second = map(np.concatenate, zip(*parts, strict=True))
        return rank, attempts, node, second

    def traced(self, rank: IntArray, attempts: IntArray, node: IntArray) -> IntArray:
        """How often best ``y`` carry each recipe of the second sort out, (columns, recipes of the second sort).

        Parameters
        ----------
        rank, attempts, node
            Configurations without what the node consumes, numbers of attempts, and nodes, (columns,).
        """
        counts = np.zeros((len(rank), self._lattice.second), dtype=np.int64)
        trace, order = self.function("trace"), np.lexsort((node, attempts))
        edges = np.flatnonzero(np.diff(attempts[order], prepend=-1, append=-1))

        def one(first: int, last: int) -> None:
            rows = order[first:last]
            g, some = int(attempts[rows[0]]), np.zeros((len(rows), self._lattice.second), dtype=np.int64)
            nodes, ranks = np.ascontiguousarray(node[rows]), np.ascontiguousarray(rank[rows])
            marked, work = np.zeros(self._lattice.nodes, dtype=np.int8), self._work(g)
            trace(
                g,
                self._table.ctypes.data + int(self._offsets[g]) * 8,
                work.ctypes.data,
                len(rows),
                nodes.ctypes.data,
                ranks.ctypes.data,
                some.ctypes.data,
                marked.ctypes.data,
            )
            counts[rows] = some

        parts = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)) if len(rank) else []
        if self._lattice.entries < PARALLEL:
            for first, last in parts:
                one(first, last)
        else:
            with ThreadPoolExecutor(_threads()) as pool:
                list(pool.map(lambda part: one(*part), parts))
        return counts
