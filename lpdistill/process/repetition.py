"""What a step does in which nothing happens: decided here, and asked for by everything that evaluates a step.

The configuration stays as it is, and the step is repeated until anything happens.  Where what follows depends on the
time, it is not repeated but followed by the value of its configuration, as by that of any other (:class:`After`).
Nobody else adds, multiplies or divides by the probabilities that something or nothing happens.

A :class:`Repetition` is of steps that lead back to where they were.  Where nothing happens and the configuration
changes all the same, with the time that passes for instance, that is a move like any other: :meth:`Repetition.passing`
gives its probability, and :meth:`Repetition.within` what is left of the repetition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray, replaced

MOST_STEPS, SETTLED = 100, 1e-16
"""Steps of Newton's method for a rate, and the relative change at which they end."""


@dataclass(frozen=True, slots=True)
class Repetition:
    r"""How likely some columns change nothing.

    Both probabilities are computed for themselves, so that nothing is found by subtraction.  They may be those that a
    step changes nothing *and* is of some kind, of those of a certain duration for instance; such parts add up.

    Attributes
    ----------
    leaving
        Probability that anything happens, (columns,): 0 for waiting, 1 for every step that distils.
    staying
        Probability that nothing happens, (columns,).
    """

    leaving: FloatArray
    staying: FloatArray

    @staticmethod
    def of(leaving: FloatArray) -> Repetition:
        """Of columns of which only the probability is known that anything happens."""
        return Repetition(leaving, np.maximum(1.0 - leaving, 0.0))

    @staticmethod
    def none(columns: int) -> Repetition:
        """Of no step at all: what parts are added to."""
        return Repetition(np.zeros(columns), np.zeros(columns))

    def __add__(self, other: Repetition) -> Repetition:
        """Two parts of the steps together."""
        return Repetition(self.leaving + other.leaving, self.staying + other.staying)

    @property
    def probability(self) -> FloatArray:
        """Probability that the step is taken at all, (columns,)."""
        return self.staying + self.leaving

    @property
    def excess(self) -> FloatArray:
        """By which factor the probabilities of what may happen exceed 1, (columns,): rounding of those given."""
        return np.maximum(self.leaving, 1.0)

    @property
    def waits(self) -> BoolArray:
        """Columns that never change anything, (columns,)."""
        return np.asarray(self.leaving == 0)

    @property
    def scale(self) -> FloatArray:
        """What the equation of each column is divided by, so that rare changes count as much as others, (columns,)."""
        return np.where(self.leaving > 0, self.leaving, 1.0)

    def until(self, amounts: FloatArray) -> FloatArray:
        """What is expected until anything happens, of what is collected in every step, (columns,); else infinite."""
        found = np.full(len(self.leaving), np.inf)
        np.divide(amounts, self.leaving, out=found, where=self.leaving > 0)
        return found

    def changes(self, times: FloatArray) -> FloatArray:
        """How often something happens in steps that are taken so often, (columns,): the inverse of :meth:`until`."""
        return np.asarray(times * self.leaving)

    def idle(self, amounts: FloatArray) -> FloatArray:
        """What is expected of what is collected in a step in which nothing happens, (columns,)."""
        found = np.zeros(len(self.staying))
        np.multiply(self.staying, amounts, out=found, where=self.staying > 0)  # amounts may be infinite
        return found

    def once(self, amounts: FloatArray, here: FloatArray) -> FloatArray:
        """What a single step is worth, with the value of its configuration where nothing happens, (columns,)."""
        return np.asarray(amounts + self.idle(here))

    def reduced(self, amounts: FloatArray, here: FloatArray) -> FloatArray:
        """How much more a step is worth than its configuration, (columns,): ``c + P V - leaving * V``."""
        return np.asarray(amounts - self.changes(here))

    def grown(self, growth: float) -> FloatArray:
        """``1 - (1 + growth) staying``, without subtracting from 1, (columns,).

        What remains of a value on the diagonal of equations in which all that comes after a step has the weight
        ``1 + growth``.
        """
        return self.leaving - np.where(self.staying > 0, self.staying * growth, 0.0)

    def given(self, outcomes: sparse.csr_array) -> sparse.csr_array:
        """Probabilities of what may happen, given that anything does: the rows of a matrix, divided."""
        row = np.repeat(np.arange(len(self.leaving)), np.diff(outcomes.indptr))
        return sparse.csr_array((self.shares(outcomes.data, row), outcomes.indices, outcomes.indptr), outcomes.shape)

    def shares(self, probabilities: FloatArray, column: IntArray) -> FloatArray:
        """Probabilities of what may happen in some columns, given that anything does, (outcomes,)."""
        return np.asarray(probabilities / self.scale[column])

    def loops(self, configuration: IntArray, shape: tuple[int, int]) -> sparse.csr_array:
        """The moves of steps in which nothing happens, (columns, configurations)."""
        return sparse.csr_array((self.staying, (np.arange(len(configuration)), configuration)), shape=shape)

    def whole(self, moves: sparse.csr_array, configuration: IntArray) -> sparse.csr_array:
        """The moves of what happens and of what does not, zeros left out, (columns, configurations)."""
        found = sparse.csr_array(moves + self.loops(configuration, moves.shape))
        found.eliminate_zeros()
        return found

    def flow(self, configuration: IntArray, rows: int, lost: FloatArray | None = None) -> sparse.csc_array:
        """How much each column takes out of its configuration, (configurations, columns).

        Parameters
        ----------
        configuration, rows
            The row of each column's configuration, (columns,), and the number of rows.
        lost
            Probability of moves that count as if nothing had happened, (columns,); of a column that hardly does
            anything else, they end the run.
        """
        left = self.leaving
        if lost is not None:
            left = left - np.where(lost < left / 2, lost, 0.0)
        return sparse.csc_array((left, configuration, np.arange(len(configuration) + 1)), (rows, len(self.leaving)))

    def at(self, rows: IntArray | BoolArray) -> Repetition:
        """Those of some of the columns."""
        return Repetition(self.leaving[rows], self.staying[rows])

    def replaced(self, rows: IntArray, other: Repetition) -> Repetition:
        """Those of the columns, some of which are replaced by others."""
        leaving = replaced(self.leaving, rows, other.leaving)
        return Repetition(leaving, replaced(self.staying, rows, other.staying))

    def mixed(self, weights: sparse.csr_array) -> Repetition:
        """Those of columns that are taken with the given probabilities, (rows, columns)."""
        return Repetition(np.asarray(weights @ self.leaving), np.asarray(weights @ self.staying))

    def within(self, passes: BoolArray) -> Repetition:
        """The same where steps that change nothing lead elsewhere all the same, as into another slot of time."""
        return Repetition(np.where(passes, 1.0, self.leaving), np.where(passes, 0.0, self.staying))

    def passing(self, passes: BoolArray) -> Repetition:
        """What :meth:`within` leaves out, whose :meth:`loops` are moves to wherever these steps lead."""
        return Repetition(np.where(passes, self.leaving, 1.0), np.where(passes, self.staying, 0.0))


def decay(durations: FloatArray, parts: Sequence[Repetition]) -> FloatArray:
    r"""At which rate the probability falls that nothing has happened yet, per unit of time, (columns,).

    With probability :math:`q_d` that a step lasts :math:`d` and changes nothing, the rate :math:`s` solves
    :math:`\sum_d q_d e^{s d} = 1`; it is infinite where something happens as soon as time passes.

    Parameters
    ----------
    durations
        The durations of steps, (durations,).
    parts
        The steps of each of the durations, (durations,).
    """
    timed = durations > 0
    lasting, staying = durations[timed][:, None], np.array([part.staying for part in parts])[timed]
    kept = np.asarray(staying.any(axis=0))
    found = np.full(len(kept), np.inf)
    if not kept.any():
        return found
    staying, leaving = staying[:, kept], np.array([part.leaving[kept] for part in parts]).sum(axis=0)
    with np.errstate(divide="ignore"):
        s = (-np.log(staying) / lasting).min(axis=0)
    # Newton's method for leaving = sum staying (e^(sd) - 1), from the right, where it is monotone.
    lasting = np.where(staying > 0, lasting, 0.0)
    for _ in range(MOST_STEPS):
        excess = (staying * np.expm1(s * lasting)).sum(axis=0) - leaving
        after = s - excess / (staying * lasting * np.exp(s * lasting)).sum(axis=0)
        if (np.abs(after - s) <= SETTLED * s).all():
            break
        s = after
    found[kept] = s
    return found


def drawn(chance: float, attempts: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """How many steps pass in which no attempt succeeds, and how many attempts fail in the next before one does.

    The first attempt that succeeds, of all that are made one after the other, is a geometric variable.

    Parameters
    ----------
    chance
        Probability that an attempt succeeds.
    attempts
        Attempts in every step, (runs,).
    rng
        The random numbers.
    """
    return np.divmod(rng.geometric(chance, len(attempts)) - 1, attempts)


def leaving_by_success(lost: Any, whole: Any, attempts: int) -> Any:
    """Probability that any of some attempts succeeds, divided by that of one, over any ring and without dividing.

    Of ``p = a / b`` it is ``(b**g - (b - a)**g) / a``, in units of ``1 / b**(g - 1)``.

    Parameters
    ----------
    lost, whole
        Powers of ``b - a`` and of ``b``, from the power 0.
    attempts
        The number ``g``.

    Examples
    --------
    >>> leaving_by_success([1, 3, 9], [1, 4, 16], 2)
    7
    """
    return sum((lost[i] * whole[attempts - 1 - i] for i in range(attempts)), start=0 * whole[0])


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
