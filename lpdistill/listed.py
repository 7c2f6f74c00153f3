"""Small processes, all of whose columns are written out, for compiled functions (``listed.c``).

Policies are evaluated as dense systems, and columns priced one after the other.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray, PlaceArray
from lpdistill.library import library

MOST_ROUNDS = 100
"""Improvements of a policy after which arithmetic has failed."""

MOST_DENSE = 100
"""Configurations up to which a policy is evaluated as a dense system."""


class _Listed(ctypes.Structure):
    _numbers = ("columns", "size", "table", "most")
    _arrays = ("starts", "more", "first", "place", "weight", "owner", "attempts", "repeats")
    _fields_ = (
        *((name, ctypes.c_int64) for name in _numbers),
        *((name, ctypes.c_void_p) for name in _arrays),
    )


class _Chance(ctypes.Structure):
    _fields_ = (("success", ctypes.c_double), ("failure", ctypes.c_double), ("leaving", ctypes.c_void_p))


class CompiledListing:
    """All columns as the compiled functions take them, whatever p, times and costs are.

    Parameters
    ----------
    matrix
        What comes after each: weights on the joined attempt tables, (columns, 2 * table).
    arrays
        Where each number of attempts starts in an attempt table, with the end (``starts``); the configuration with one
        more raw pair, of those with room, None where that delivers (``more``); configuration (``owner``) and number of
        ``attempts`` of every column, and whether it is repeated when nothing happens (``repeats``).
    """

    def __init__(self, matrix: sparse.csr_array, arrays: Mapping[str, IntArray | BoolArray | None]) -> None:
        self.matrix, self._arrays = matrix, arrays
        whole = {**arrays, "first": matrix.indptr, "place": matrix.indices}
        self._kept = {
            name: np.ascontiguousarray(array, dtype=np.int64) for name, array in whole.items() if array is not None
        }
        self._kept["weight"] = np.ascontiguousarray(matrix.data, dtype=np.float64)
        starts, self.owner = self._kept["starts"], self._kept["owner"]
        self.columns, self.size = len(self.owner), int(starts[1])
        self.most, self.table = len(starts) - 2, int(starts[-1])
        places = {name: array.ctypes.data for name, array in self._kept.items()}
        self.structure = _Listed(columns=self.columns, size=self.size, table=self.table, most=self.most, **places)
        self.address = ctypes.addressof(self.structure)
        most = int((np.diff(self._kept["first"]) * (self._kept["attempts"] + 1) + 1).sum())
        self.entries = min(most, self.columns * (self.size + 1))

    def __reduce__(self) -> tuple[type, tuple[sparse.csr_array, Mapping[str, IntArray | BoolArray | None]]]:
        """What is compiled is made anew."""
        return CompiledListing, (self.matrix, self._arrays)


@dataclass(frozen=True, slots=True)
class EvaluatedPolicy:
    """A policy of one column for every configuration, evaluated, each of shape (configurations,).

    Attributes
    ----------
    values, lowered, raised
        Its expected cost to go, and the same for lowered and for raised costs.
    after
        What its columns are worth where the raised ones are what comes after.
    """

    values: FloatArray
    lowered: FloatArray
    raised: FloatArray
    after: FloatArray


@dataclass(frozen=True, slots=True)
class PricedListing:
    """All columns, priced one after the other.

    Attributes
    ----------
    configuration, value
        Configuration of every column, and its action value, (columns,).
    best, attaining
        The least of every configuration, and its column, (configurations,).
    """

    configuration: IntArray
    value: FloatArray
    best: FloatArray
    attaining: IntArray

    def columns(self, wanted: BoolArray) -> IntArray:
        """A column of least value for every wanted configuration, in order."""
        return np.asarray(self.attaining[wanted])

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All columns of the wanted configurations within ``slack`` of the least action value, increasing."""
        near = self.value <= (self.best + slack)[self.configuration]
        return np.flatnonzero(wanted[self.configuration] & near & np.isfinite(self.value))


@dataclass(frozen=True, slots=True)
class IteratedPolicy:
    """A policy that no column improves by more than rounding.

    Attributes
    ----------
    columns
        One for every configuration, in order.
    evaluated, priced
        Its values, and all columns, priced for the lowered ones.
    generated
        All columns that some policy on the way had, increasing.
    rounds
        Times that all columns were priced.
    """

    columns: IntArray
    evaluated: EvaluatedPolicy
    priced: PricedListing
    generated: IntArray
    rounds: int


class Listed:
    """Some columns of a small process.

    Parameters
    ----------
    listing
        All columns.
    chances
        Probability that an attempt succeeds, and that it fails.
    leaving
        Probability that any of so many attempts succeeds, (memories + 1,).
    numbers
        The columns.
    """

    def __init__(
        self, listing: CompiledListing, chances: tuple[float, float], leaving: FloatArray, numbers: IntArray
    ) -> None:
        self.listing, self._chances, self._leaving, self._numbers = listing, chances, leaving, numbers
        self._chance = _Chance(*chances, leaving.ctypes.data)
        self._at = ctypes.addressof(self._chance)

    def __reduce__(self) -> tuple[type, tuple[CompiledListing, tuple[float, float], FloatArray, IntArray]]:
        """What is compiled is made anew."""
        return Listed, (self.listing, self._chances, self._leaving, self._numbers)

    @property
    def matrix(self) -> sparse.csr_array:
        """What comes after each: weights on the joined attempt tables, (columns, 2 * table)."""
        return self.listing.matrix[self._numbers]

    def at(self, rows: IntArray | BoolArray) -> Listed:
        """Some of the columns."""
        other = Listed.__new__(Listed)
        other.__dict__.update(self.__dict__, _numbers=self._numbers[rows])
        return other

    def price(self, cost: FloatArray, values: FloatArray) -> PricedListing:
        """Price every column of given costs, (columns,), for given values, (configurations,)."""
        of = self.listing
        value, best = np.empty(of.columns + 2 * of.table), np.empty(of.size)
        attaining, place = np.empty(of.size, dtype=np.int64), value.ctypes.data
        library().lpdistill_listed_price(
            of.address,
            self._at,
            cost.ctypes.data,
            np.ascontiguousarray(values).ctypes.data,
            place + 8 * of.columns,
            place,
            best.ctypes.data,
            attaining.ctypes.data,
        )
        return PricedListing(of.owner, value[: of.columns], best, attaining)

    def evaluate(self, cost: FloatArray, share: float, settled: tuple[float, float, int]) -> EvaluatedPolicy | None:
        """The expected cost to go of these columns as a policy; None where they are none, or it is not found.

        Parameters
        ----------
        cost
            What each costs, (columns,).
        share
            The share of values by which costs are lowered and raised.
        settled
            Relative size of negative values that are rounding, relative change at which sweeps over the equations end,
            and how many there are at most.
        """
        of = self.listing
        if len(self._numbers) != of.size or of.size > MOST_DENSE or library() is None:
            return None
        found = np.empty((4, of.size))
        work = np.empty(2 * of.table + of.size * (of.size + 3) + (of.most + 1) ** 2)
        place = work.ctypes.data
        failed = library().lpdistill_listed_evaluate(
            of.address,
            self._at,
            np.ascontiguousarray(cost).ctypes.data,
            np.ascontiguousarray(self._numbers).ctypes.data,
            share,
            *settled,
            found.ctypes.data,
            place + 8 * of.size,
            place,
        )
        return None if failed else EvaluatedPolicy(*found)

    def iterate(
        self, cost: FloatArray, share: float, rounding: float, settled: tuple[float, float, int]
    ) -> IteratedPolicy | None:
        """These columns as a policy, improved until no column can; None where they are none, or that is not found.

        Parameters
        ----------
        cost
            What all columns of the process cost, (all columns,).
        share, settled
            As for :meth:`evaluate`.
        rounding
            Bound on the relative rounding error of an action value.
        """
        of = self.listing
        if len(self._numbers) != of.size or of.size > MOST_DENSE or library() is None:
            return None
        policy, chosen = self._numbers.copy(), np.zeros(of.columns, dtype=np.int8)
        found, value, best = np.empty((4, of.size)), np.empty(of.columns), np.empty(of.size)
        attaining = np.empty(of.size, dtype=np.int64)
        work = np.empty(2 * of.table + of.size * (of.size + 4) + (of.most + 1) ** 2)
        place = work.ctypes.data
        rounds = library().lpdistill_listed_iterate(
            of.address,
            self._at,
            np.ascontiguousarray(cost).ctypes.data,
            policy.ctypes.data,
            share,
            rounding,
            *settled,
            MOST_ROUNDS,
            found.ctypes.data,
            value.ctypes.data,
            best.ctypes.data,
            attaining.ctypes.data,
            chosen.ctypes.data,
            place + 8 * of.size,
            place,
        )
        if not rounds:
            return None
        priced = PricedListing(of.owner, value, best, attaining)
        return IteratedPolicy(policy, EvaluatedPolicy(*found), priced, np.flatnonzero(chosen), rounds)

    def flow(self, smallest: float) -> tuple[PlaceArray, PlaceArray, FloatArray] | None:
        """The flow matrix of all columns, each divided by the probability that anything happens; None for some of them.

        Parameters
        ----------
        smallest
            Probabilities up to which outcomes are left out, as if they led nowhere.

        Returns
        -------
        tuple
            Where entries of each column begin, with the end, (columns + 1,); their rows, and values, (entries,).
        """
        of = self.listing
        if len(self._numbers) != of.columns or library() is None:
            return None
        begin, index = np.empty(of.columns + 1, dtype=np.int32), np.empty(of.entries, dtype=np.int32)
        value, work = np.empty(of.entries), np.empty((of.most + 1) ** 2 + of.size)
        entries = library().lpdistill_listed_program(
            of.address,
            self._at,
            smallest,
            begin.ctypes.data,
            index.ctypes.data,
            value.ctypes.data,
            work.ctypes.data,
        )
        return begin, index[:entries], value[:entries]
