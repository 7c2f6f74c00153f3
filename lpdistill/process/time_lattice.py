"""The lattice of times: every run ends a whole number of units after its start."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import reduce

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.errors import LimitError
from lpdistill.numbers import Number
from lpdistill.process.process import Process
from lpdistill.units import Unit, moment

SIMPLE = 10**6
"""Denominators up to which a float is taken for the fraction that rounds to it."""

LONGEST_STEP = 10**9
"""Slots of one step beyond which its duration has no unit in common with the others that anybody means."""


@dataclass(frozen=True)
class TimeLattice:
    """The times at which steps can begin and end.

    Attributes
    ----------
    unit
        Greatest common divisor of all durations of steps.
    slots
        Duration of each of the process' durations (:class:`~lpdistill.process.durations.Durations`), in units.
    uncharged
        What is taken off the duration of every run.
    measure
        The unit of all times, if it is known.
    """

    unit: Fraction
    slots: IntArray
    uncharged: Fraction
    measure: Unit | None = field(default=None, repr=False)

    @staticmethod
    def of(process: Process) -> TimeLattice:
        """The lattice of a process.

        Raises
        ------
        LimitError
            If some step takes more slots than can be counted through.

        Examples
        --------
        >>> from lpdistill import Dynamics, Problem
        >>> TimeLattice.of(Dynamics(Problem(0.5, 2, 0.75, 0.78, generation_time="1/3", distillation_time="1/2")))
        TimeLattice(unit=Fraction(1, 6), slots=array([2, 3, 0]), uncharged=Fraction(0, 1))
        """
        unit = reduce(_common, process.durations.times, Fraction(0)) or Fraction(1)
        longest = int(max(process.durations.times) / unit)
        if longest > LONGEST_STEP:
            raise LimitError(
                f"durations: their common unit is {float(unit):.3g}, of which the longest step takes "
                f"{Decimal(longest):.3g}; round the durations so that they have a simple unit in common",
                size={"slots": longest, "most_slots": LONGEST_STEP},
            )
        slots = np.array([int(time / unit) for time in process.durations.times], dtype=np.int64)
        return TimeLattice(unit, slots, process.durations.uncharged, process.durations.unit)

    def moment(self, time: Number, where: str) -> Fraction:
        """The time that a user means.

        Raises
        ------
        ModelError
            If it is no number, or has a unit that times of the process have not.
        """
        return moment(time, where, self.measure)

    def within(self, window: Fraction) -> int:
        """The last slot whose end, with what is not charged taken off, is within a window; -1 if there is none.

        A window that is the same in double precision as the end of a slot is that end: 1/3 is often given as such.
        """
        slot = max(-1, math.floor((window + self.uncharged) / self.unit))
        return slot + 1 if float(self.time(slot + 1)) == float(window) else slot

    def time(self, slot: int) -> Fraction:
        """The waiting time of a run that ends with the given slot."""
        return slot * self.unit - self.uncharged


def simplest(time: float) -> Fraction:
    """The fraction of small denominator that rounds to a float, or else its shortest decimal.

    >>> simplest(1 / 3), simplest(0.1)
    (Fraction(1, 3), Fraction(1, 10))
    """
    near = Fraction(time).limit_denominator(SIMPLE)
    return near if float(near) == time else Fraction(repr(time))


def _common(a: Fraction, b: Fraction) -> Fraction:
    """Greatest common divisor of two fractions."""
    return Fraction(math.gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)
