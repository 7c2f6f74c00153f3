"""What a step does in which nothing happens: decided here, and asked for by everything that evaluates a step.

The configuration stays as it is, and the step is repeated until anything happens.  Where what follows depends on the
time, it is not repeated but followed by the value of its configuration, as by that of any other (:class:`After`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Repetition:
    r"""How likely some columns change nothing.

    Both probabilities are computed for themselves, so that nothing is found by subtraction.

    Attributes
    ----------
    leaving
        Probability that anything happens, (columns,): 0 for waiting, 1 for every step that distils.
    staying
        Probability that nothing happens, (columns,).
    """

    leaving: FloatArray
    staying: FloatArray

    @property
    def waits(self) -> BoolArray:
        """Columns that never change anything, (columns,)."""
        return np.asarray(self.leaving == 0)

    def until(self, amounts: FloatArray) -> FloatArray:
        """What is expected until anything happens, of what is collected in every step, (columns,); else infinite."""
        found = np.full(len(self.leaving), np.inf)
        np.divide(amounts, self.leaving, out=found, where=self.leaving > 0)
        return found

    def once(self, amounts: FloatArray, here: FloatArray) -> FloatArray:
        """What a single step is worth, with the value of its configuration where nothing happens, (columns,)."""
        return np.asarray(amounts + self.staying * here)

    def changes(self, times: FloatArray) -> FloatArray:
        """How often something happens in steps that are taken so often, (columns,)."""
        return np.asarray(times * self.leaving)

    def loops(self, configuration: IntArray, shape: tuple[int, int]) -> sparse.csr_array:
        """The moves of steps in which nothing happens, (columns, configurations)."""
        return sparse.csr_array((self.staying, (np.arange(len(configuration)), configuration)), shape=shape)

    def at(self, rows: IntArray | BoolArray) -> Repetition:
        """Those of some of the columns."""
        return Repetition(self.leaving[rows], self.staying[rows])

    def mixed(self, weights: sparse.csr_array) -> Repetition:
        """Those of columns that are taken with the given probabilities, (rows, columns)."""
        return Repetition(np.asarray(weights @ self.leaving), np.asarray(weights @ self.staying))

    def within(self, passes: BoolArray) -> Repetition:
        """The same where steps that change nothing lead elsewhere all the same, as into another slot of time."""
        return Repetition(np.where(passes, 1.0, self.leaving), np.where(passes, 0.0, self.staying))


@dataclass(frozen=True, slots=True)
class After:
    """What comes after a step, where that depends on how long the step takes.

    Attributes
    ----------
    values
        Value of every configuration after a step of each of the durations that there are, (durations, configurations).
    charge
        What a step of each of these durations costs on top, (durations,); infinite where it is not to be taken.
    staying
        Whether a step of each of these durations that changes nothing is followed by the value of its configuration,
        as by that of any other, (durations,); otherwise it is repeated until anything happens.
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
