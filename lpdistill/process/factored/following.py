"""What comes after columns of a problem, evaluated without writing it out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.listed import Listed
from lpdistill.process.factored.columns import Columns
from lpdistill.process.factored.compiled_policy import MOST_LEVELS, CompiledEquations, CompiledExpectation
from lpdistill.process.factored.generation import binomial_table
from lpdistill.process.factored.kernel import AttemptTables, Kernel
from lpdistill.process.factored.matchings import powers
from lpdistill.process.outcomes import COMPACT, Accuracy, Following
from lpdistill.process.repetition import Repetition

AT_ONCE = 10_000_000
"""Outcomes up to which a policy's equations are solved in one call, which cannot be interrupted."""

MOVES = 5_000
"""Moves up to which all of them are written out where some are wanted."""

STEPPED = 1_000_000
"""Entries of attempt tables up to which runs are followed step by step in one call."""

FEW = 80
"""Columns up to which their outcomes are written out."""


@dataclass(frozen=True, eq=False)
class Factored:
    """What comes after some columns of a problem (:class:`~lpdistill.process.outcomes.Following`).

    Attributes
    ----------
    kernel, what
        All columns, and these.
    listed
        These among all columns of a small problem; None where these are many, or nothing is compiled.
    """

    kernel: Kernel
    what: Columns
    listed: Listed | None = None

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """Weights on the joined attempt tables, (columns, 2 * table)."""
        return self.kernel.outcomes(self.what) if self.listed is None else self.listed.matrix

    @property
    def table(self) -> AttemptTables:
        """The joined attempt tables."""
        return self.kernel.table

    @cached_property
    def _made(self) -> IntArray:
        """Number of outcomes of the distillations of each column, at most, (columns,)."""
        found = np.ones(len(self.what.rest), dtype=np.int64)
        for recipe in self.kernel.lattice.first.tolist():
            for place in range(len(self.kernel.matchings.recipes[recipe].made)):
                found = found * (self.what.counts[:, recipe] + place + 1) // (place + 1)
        return found

    @property
    def spread(self) -> int:
        """Into how many moves, at most, the outcomes are written out."""
        return int((self._made * (self.what.attempts + 1)).sum())

    @property
    def quick(self) -> bool:
        """Whether expectations are compiled."""
        return self._compiled is not None

    @cached_property
    def compact(self) -> bool:
        """Whether the moves, written out, are quicker to apply than expectations are to compute."""
        return not self.quick and self.spread <= COMPACT * self.table.size

    def __getstate__(self) -> dict[str, Any]:
        """All but what is compiled, which is made anew."""
        return {name: value for name, value in vars(self).items() if name != "_compiled"}

    @cached_property
    def _compiled(self) -> CompiledExpectation | None:
        """The expectation after the columns that distil, compiled; None where that is not at hand or not worth it."""
        kernel, lattice = self.kernel, self.kernel.lattice
        recipes = [kernel.matchings.recipes[recipe] for recipe in lattice.first.tolist()]
        # Values may be infinite, and what never happens must not count: so every recipe has to be able to fail.
        known = all(len(recipe.made) == len(recipe.made[0].produced) == 1 for recipe in recipes)
        known = known and bool(kernel.matchings.missed.all())
        fits = max(len(recipes), kernel.configurations.kinds) <= MOST_LEVELS
        if lattice.compiled is None or not known or not fits or len(self.what.rest) <= FEW:
            return None
        rows, most = self._distilling, kernel.matchings.most
        counts = self.what.counts[rows]
        missed = kernel.matchings.missed[lattice.first].tolist()
        made = [float(recipe.made[0].probability) for recipe in recipes]
        odds = [binomial_table(*chances, most) for chances in zip(made, missed, strict=True)]
        return CompiledExpectation(
            lattice.compiled,
            kernel.configurations.sums[:, self.what.rest[rows]].T,
            kernel.generation.offsets[self.what.attempts[rows]],
            counts[:, lattice.first],
            powers(kernel.matchings.missed[lattice.second], counts[:, lattice.second]),
            np.array(odds).reshape(len(recipes), most + 1, most + 1),
            np.array([recipe.made[0].produced[0] for recipe in recipes], dtype=np.int64),
        )

    @cached_property
    def _distilling(self) -> IntArray:
        """The columns that distil."""
        return np.flatnonzero(self.what.kind == 1)

    @cached_property
    def _others(self) -> tuple[IntArray, IntArray, BoolArray]:
        """The other columns, where they stand in the attempt table, and whether they discard."""
        rows = np.flatnonzero(self.what.kind != 1)
        place = self.kernel.generation.index(self.what.rest[rows], self.what.attempts[rows])
        return rows, place, self.what.discard[rows] >= 0

    def expect(self, values: FloatArray) -> FloatArray:
        """Expected value, for values of the configurations, (columns,)."""
        whole, some = self.kernel.attempted(values)
        if self._compiled is None:
            return np.asarray(self.matrix @ np.concatenate([whole, some]))
        found = np.empty(len(self.what.rest))
        rows, place, discards = self._others
        found[rows] = np.where(discards, whole[place], some[place])
        found[self._distilling] = self._compiled(whole)
        return found

    def push(self, weights: FloatArray) -> FloatArray:
        """The transpose: weights of columns as weights of what follows, (configurations,)."""
        if self._compiled is None:
            return self.kernel.collected(*np.asarray(self.matrix.T @ weights).reshape(2, -1))
        rows, place, discards = self._others
        whole, some = np.zeros((2, int(self.kernel.generation.offsets[-1])))
        np.add.at(whole, place[discards], weights[rows[discards]])
        np.add.at(some, place[~discards], weights[rows[~discards]])
        self._compiled.spread(weights[self._distilling], whole)
        return self.kernel.collected(whole, some)

    def _equations(self, configuration: IntArray, repetition: Repetition) -> CompiledEquations | None:
        """The equations of a policy of these columns, compiled; None where that is not at hand or takes too long."""
        if self._compiled is None or int(self._made.sum()) > AT_ONCE:
            return None
        rows, place, discards = self._others
        others = rows, place, np.where(discards, 0.0, repetition.scale[rows])
        return CompiledEquations(self._compiled, self.kernel.generation, configuration, self._distilling, others)

    def solved(
        self, configuration: IntArray, repetition: Repetition, local: FloatArray, near: FloatArray, accuracy: Accuracy
    ) -> FloatArray | None:
        """Values of a policy of these columns, compiled (:meth:`CompiledEquations.solved`); None where not at hand."""
        equations = self._equations(configuration, repetition)
        return None if equations is None else equations.solved(local, near, accuracy)

    def visited(
        self, configuration: IntArray, repetition: Repetition, entered: FloatArray, accuracy: Accuracy
    ) -> FloatArray | None:
        """How often a policy of these columns changes anything (:meth:`CompiledEquations.visited`), likewise."""
        equations = self._equations(configuration, repetition)
        return None if equations is None else equations.visited(entered, accuracy)

    def entered(
        self, configuration: IntArray, repetition: Repetition, starts: IntArray, least: float
    ) -> BoolArray | None:
        """Columns of a policy whose configuration runs may enter, compiled; None where each step takes long."""
        equations = self._equations(configuration, repetition) if self.table.size <= STEPPED else None
        return None if equations is None else equations.entered(starts, least)

    def into(self, kept: IntArray) -> tuple[sparse.csr_array, FloatArray] | None:
        """Moves into some configurations, and the probability of all others, compiled where they are many."""
        if self._compiled is None or self.spread <= MOVES:
            return None
        row, least = np.full(len(self.what.rest), -1), (self.what.kind == 0).astype(np.int64)
        row[self._distilling] = np.arange(len(self._distilling))
        columns = row, self.what.rest, self.what.attempts, least
        return self._compiled.moves(columns, self.kernel.generation, kept)

    def at(self, rows: IntArray | BoolArray) -> Factored:
        """What comes after some of the columns."""
        other = Factored(self.kernel, self.what.at(rows), None if self.listed is None else self.listed.at(rows))
        if "matrix" in self.__dict__:
            other.__dict__["matrix"] = self.matrix[rows]
        return other

    def replaced(self, rows: IntArray, other: Following) -> Factored:
        """What comes after the columns, some of which are replaced by others."""
        assert isinstance(other, Factored)  # noqa: S101 - of the same process
        return Factored(self.kernel, self.what.replaced(rows, other.what))
