"""What is to be made least: what columns cost, when a run is over, where it starts, and when a proof is closed.

Policy iteration, column generation, bounds, plans and the occupation program are given one and hand it on; all columns
are priced for what it says comes after a step.  Today there is one, the time of the first delivery: a run is over as
soon as anything is delivered.  Another may pay for what is delivered and go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.process.process import Choice, Process
from lpdistill.process.repetition import After


class Objective(Protocol):
    """What is to be made least."""

    @property
    def gap(self) -> float:
        """Relative distance of the proven bounds, in any configuration, beyond which no optimum is claimed."""
        ...

    def cost(self, choice: Choice) -> FloatArray:
        """What each column costs, (columns,)."""
        ...

    def after(self, process: Process, values: FloatArray) -> After:
        """What comes after a step, for which all columns are priced, given values of all configurations.

        Together with the tariff of the process it says of every column what :meth:`cost` and :meth:`absorbed` say of
        some.
        """
        ...

    def absorbed(self, choice: Choice) -> FloatArray:
        """Probability that a run ends with the step, (columns,)."""
        ...

    def entered(self, process: Process) -> FloatArray:
        """Expected number of times that each configuration is entered from outside, (configurations,).

        The right-hand side of the occupation program.
        """
        ...

    def offset(self, process: Process) -> Fraction:
        """What every policy's objective has on top of the costs of its columns, exactly."""
        ...

    def least(self, process: Process) -> float:
        """What every column costs at least, for values that are lifted or lowered by a share until they prove."""
        ...

    def closed(self, lower: FloatArray, upper: FloatArray) -> bool:
        """Whether bounds are close enough to each other to claim an optimum."""
        ...


@dataclass(frozen=True, slots=True)
class FirstDelivery:
    """The expected cost until the first delivery: its time, as a rule."""

    gap: float = 1e-9

    def cost(self, choice: Choice) -> FloatArray:
        """What the tariff of the process says, (columns,)."""
        return choice.cost

    def absorbed(self, choice: Choice) -> FloatArray:
        """Probability that the step delivers anything, (columns,)."""
        return choice.reaching

    def after(self, process: Process, values: FloatArray) -> After:
        """The value of the next configuration, and nothing after a delivery."""
        return After.always(values, max(1, len(process.durations.times)))

    def entered(self, process: Process) -> FloatArray:
        """A run starts once, in the first configuration, (configurations,)."""
        start = np.zeros(process.size)
        start[0] = 1.0
        return start

    def offset(self, process: Process) -> Fraction:
        """Minus the time that is not charged."""
        return -process.durations.uncharged

    def least(self, process: Process) -> float:
        """The price of the shortest step."""
        return process.tariff.time * process.durations.least

    def closed(self, lower: FloatArray, upper: FloatArray) -> bool:
        """Whether the bounds are within the gap in every configuration."""
        return not (upper - lower > self.gap * upper).any()


FIRST_DELIVERY = FirstDelivery()
"""The time of the first delivery."""
