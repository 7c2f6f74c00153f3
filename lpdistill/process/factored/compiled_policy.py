"""Policies evaluated compiled (``recursion.c``): what is expected after their columns, and their equations."""

from __future__ import annotations

import ctypes

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.library import library
from lpdistill.process.factored.compiled import CompiledLattice
from lpdistill.process.factored.generation import Generation
from lpdistill.process.outcomes import Accuracy

MOST_LEVELS = 64
"""Levels, and recipes that may leave a pair, up to which expectations are compiled."""


AT_ONCE = 2_000_000
"""Moves for which there is room in one call, after which it can be interrupted."""


class _Distilling(ctypes.Structure):
    _arrays = ("sums", "start", "trials", "level", "scale", "odds")
    _fields_ = (("rows", ctypes.c_int64), ("width", ctypes.c_int64), *((name, ctypes.c_void_p) for name in _arrays))


class _Equations(ctypes.Structure):
    _arrays = ("configuration", "distils", "other", "place", "leaving", "unit", "raised", "starts")
    _fields_ = (
        *((name, ctypes.c_int64) for name in ("columns", "size", "others")),
        *((name, ctypes.c_void_p) for name in _arrays),
        ("success", ctypes.c_double),
        ("failure", ctypes.c_double),
    )


class CompiledExpectation:
    """What is expected after columns that distil, compiled.

    Parameters
    ----------
    lattice
        The distillations, compiled.
    sums, start, trials, scale
        Partial sums of the pairs left alone, (columns, levels); where the attempt table of their attempts starts,
        (columns,); how often they carry each recipe of the first sort out, (columns, recipes); and the probability that
        nothing comes of the others, (columns,).
    odds, level
        Binomial probabilities of each of these recipes, (recipes, trials + 1, trials + 1), and the level of the pair
        that it leaves, (recipes,).
    """

    def __init__(  # noqa: PLR0913, PLR0917 - as the compiled function has them
        self,
        lattice: CompiledLattice,
        sums: IntArray,
        start: IntArray,
        trials: IntArray,
        scale: FloatArray,
        odds: FloatArray,
        level: IntArray,
    ) -> None:
        self.lattice, self.rows = lattice, len(start)
        whole = {"sums": sums, "start": start, "trials": trials, "level": level}
        self._kept = {name: np.ascontiguousarray(array, dtype=np.int64) for name, array in whole.items()}
        self._kept |= {"scale": np.ascontiguousarray(scale), "odds": np.ascontiguousarray(odds)}
        self.structure = _Distilling(
            rows=self.rows, width=odds.shape[1], **{name: array.ctypes.data for name, array in self._kept.items()}
        )

    def __call__(self, table: FloatArray) -> FloatArray:
        """Expected values, for an attempt table, (columns,)."""
        found = np.empty(self.rows)
        library().lpdistill_expect(
            ctypes.addressof(self.lattice.structure),
            ctypes.addressof(self.structure),
            table.ctypes.data,
            found.ctypes.data,
        )
        return found

    def spread(self, weights: FloatArray, table: FloatArray) -> None:
        """Add weights of the columns to an attempt table: the transpose of what is expected."""
        library().lpdistill_spread(
            ctypes.addressof(self.lattice.structure),
            ctypes.addressof(self.structure),
            np.ascontiguousarray(weights).ctypes.data,
            table.ctypes.data,
        )

    def moves(
        self, columns: tuple[IntArray, IntArray, IntArray, IntArray], generation: Generation, kept: IntArray
    ) -> tuple[sparse.csr_array, FloatArray]:
        """Moves into some configurations, (columns, kept), and the probability of all others, (columns,).

        Parameters
        ----------
        columns
            The position of each column among those that distil, -1 for none; the rank of the pairs that it leaves
            alone, its attempts, and the least number of them that succeed, (columns,).
        generation
            The attempts.
        kept
            The configurations, increasing.
        """
        lattice, size = self.lattice, self.lattice.size
        lost, place, work = np.empty(len(columns[0])), np.full(size, -1), np.zeros(size + len(kept))
        place[kept] = np.arange(len(kept))
        sums = np.ascontiguousarray(generation.configurations.sums, dtype=np.int64)
        block, parts = max(1, AT_ONCE // max(1, len(kept))), []
        for start in range(0, len(lost), block):
            some = [np.ascontiguousarray(array[start : start + block], dtype=np.int64) for array in columns]
            many = len(some[0])
            ends, to = np.empty(many, dtype=np.int64), np.empty(many * len(kept), dtype=np.int64)
            moved = np.empty(many * len(kept))
            library().lpdistill_moves(
                ctypes.addressof(lattice.structure),
                ctypes.addressof(self.structure),
                many,
                *(array.ctypes.data for array in some),
                -1 if generation.raw is None else generation.raw,
                generation.binomials.ctypes.data,
                sums.ctypes.data,
                len(kept),
                *(array.ctypes.data for array in (place, ends, to, moved, lost[start:], work)),
            )
            count = int(ends[-1])
            parts.append((np.diff(ends, prepend=0), to[:count].copy(), moved[:count].copy()))
        counts, to, moved = (np.concatenate(part) for part in zip(*parts, strict=True))
        edges = np.append(0, np.cumsum(counts))
        return sparse.csr_array((moved, to, edges), shape=(len(lost), len(kept))), lost


class CompiledEquations:
    """The equations of a policy, ``V = local + E(V)``, compiled; see :class:`CompiledExpectation`.

    Parameters
    ----------
    expectation, generation
        What is expected after the columns that distil, and the attempts.
    configuration, distils
        Configuration of every column, and the columns that distil.
    others
        The other columns, where they stand in the attempt tables, and what expectations after them are divided by: the
        probability that anything happens, and 0 for those that discard.
    """

    def __init__(
        self,
        expectation: CompiledExpectation,
        generation: Generation,
        configuration: IntArray,
        distils: IntArray,
        others: tuple[IntArray, IntArray, FloatArray],
    ) -> None:
        self._expectation, self._generation = expectation, generation
        other, place, leaving = others
        whole = {"configuration": configuration, "distils": distils, "other": other, "place": place}
        self._kept = {name: np.ascontiguousarray(array, dtype=np.int64) for name, array in whole.items()}
        self._kept["leaving"] = np.ascontiguousarray(leaving)

    def solved(self, local: FloatArray, near: FloatArray, accuracy: Accuracy) -> FloatArray | None:
        """The values of the policy, (columns,), or None where iterating does not find them.

        Parameters
        ----------
        local
            What is collected in every configuration until it is left, (columns,).
        near
            Positive values not too far from the solution, (columns,), or zeros where nothing is known.
        accuracy
            How accurately.
        """
        unit = np.where(near > 0, near, 1.0)
        found = near / unit
        return None if self._failed(local, found, unit, accuracy) else unit * found

    def visited(self, entered: FloatArray, accuracy: Accuracy) -> FloatArray | None:
        """How often something happens in every column, (columns,), or None where iterating does not find it.

        Parameters
        ----------
        entered
            How often every configuration is entered from outside, (columns,).
        accuracy
            How accurately.
        """
        found = np.zeros(len(entered))
        return None if self._failed(entered, found, None, accuracy) else found

    def entered(self, starts: IntArray, least: float) -> BoolArray:
        """Columns whose configuration runs enter that start in some, by moves no less likely than that, (columns,)."""
        columns, table = len(self._kept["configuration"]), int(self._generation.offsets[-1])
        found, work = np.zeros(columns, dtype=np.int8), np.empty(3 * columns + 2 * table)
        found[starts] = 1
        one = np.ones(columns)
        structures = self._structures(one)
        library().lpdistill_enter(*map(ctypes.addressof, structures), least, table, found.ctypes.data, work.ctypes.data)
        return found.astype(bool)

    def _structures(self, unit: FloatArray) -> tuple[ctypes.Structure, ctypes.Structure, ctypes.Structure]:
        """What compiled functions take first: the lattice, what distils, and the equations, which refer to the unit."""
        generation, lattice = self._generation, self._expectation.lattice
        raised = lattice.raised(generation.raw)
        equations = _Equations(
            columns=len(unit),
            size=lattice.size,
            others=len(self._kept["other"]),
            unit=unit.ctypes.data,
            raised=None if raised is None else raised.ctypes.data,
            starts=generation.offsets.ctypes.data,
            success=generation.success,
            failure=generation.failure,
            **{name: array.ctypes.data for name, array in self._kept.items()},
        )
        return lattice.structure, self._expectation.structure, equations

    def _failed(self, right: FloatArray, found: FloatArray, unit: FloatArray | None, accuracy: Accuracy) -> bool:
        """Whether the equations, or those transposed where there is no unit, are not solved from where they begin."""
        columns, table = len(right), int(self._generation.offsets[-1])
        right, work = np.ascontiguousarray(right), np.empty(7 * columns + self._expectation.lattice.size + 2 * table)
        shares, scale = np.array([*accuracy.shares, accuracy.close]), np.ones(columns) if unit is None else unit
        structures = self._structures(scale)
        solve = library().lpdistill_visits if unit is None else library().lpdistill_solve
        failed = solve(
            *map(ctypes.addressof, structures),
            right.ctypes.data,
            shares.ctypes.data,
            accuracy.accepted,
            accuracy.settled,
            accuracy.iterations,
            accuracy.sweeps,
            table,
            found.ctypes.data,
            work.ctypes.data,
        )
        return bool(failed)
