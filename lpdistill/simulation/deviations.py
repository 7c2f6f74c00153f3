"""How reality may differ from the model that a policy was made for, and what time then passes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, TypeGuard

import numpy as np

from lpdistill.arguments import Kind
from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.hardware.timing import SMALLEST
from lpdistill.numbers import Number, exact
from lpdistill.process.process import Process
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.solution.document import rational

GREATEST_LOSS = Fraction(999_999, 1_000_000)
"""Probability of losing a message beyond which nothing arrives in any time worth waiting for."""

GREATEST_JITTER = 10
"""Coefficient of variation beyond which almost all steps take no time, and a few take all of it."""

FURTHEST = 10**300
"""Slots beyond which a horizon is none."""


@dataclass(frozen=True, slots=True)
class Deviations:
    r"""What is different in reality; the controller goes on as if nothing were.

    The controller sees heralded histories: it knows which memories hold a pair of which *nominal* level, and the run
    ends when a pair nominally meets the target.

    Parameters
    ----------
    p
        Another probability that an attempt generates a pair, in (0, 1].
    f0
        Another fidelity of raw pairs, in (1/2, 1].  Every stored pair has the real fidelity that its history makes of
        it; distillations succeed with the probability of the real fidelities (arXiv:2606.14908, Eq. 3), and the pair
        delivered has a real fidelity that may miss the target.
    message_loss
        Probability :math:`q` that the classical message that ends a step is lost, independently each time, in [0, 1).
        The step's duration then passes once more; what the step did stays done.  All expected times are those of the
        model, times :math:`1 / (1 - q)`.
    jitter
        Coefficient of variation of every duration, repetitions included, in [0, 10]: each is multiplied by a gamma
        variable of mean 1, drawn anew.

    Raises
    ------
    ModelError
        If a number is out of its range, or none.

    Examples
    --------
    >>> Deviations(p="0.45", message_loss=0.02)
    Deviations(p=Fraction(9, 20), f0=None, message_loss=Fraction(1, 50), jitter=Fraction(0, 1))
    """

    p: Fraction | None
    f0: Fraction | None
    message_loss: Fraction
    jitter: Fraction

    def __init__(
        self, *, p: Number | None = None, f0: Number | None = None, message_loss: Number = 0, jitter: Number = 0
    ) -> None:
        chance = None if p is None else exact(p, "real p")
        raw = None if f0 is None else exact(f0, "real f0")
        loss, spread = exact(message_loss, "message_loss"), exact(jitter, "jitter")
        if chance is not None and not SMALLEST <= chance <= 1:
            raise ModelError("real p", "must be a probability with 0 < p <= 1", p)
        if raw is not None and not Fraction(1, 2) < raw <= 1:
            raise ModelError("real f0", "must be a raw fidelity with 1/2 < f0 <= 1", f0)
        if not 0 <= loss <= GREATEST_LOSS:
            raise ModelError(
                "message_loss", f"must be a probability of at least 0 and at most {float(GREATEST_LOSS)}", message_loss
            )
        if not 0 <= spread <= GREATEST_JITTER:
            raise ModelError(
                "jitter", f"must be a coefficient of variation of at least 0 and at most {GREATEST_JITTER}", jitter
            )
        for name, value in {"p": chance, "f0": raw, "message_loss": loss, "jitter": spread}.items():
            object.__setattr__(self, name, value)

    def __bool__(self) -> bool:
        """Whether anything is different."""
        return self != NO_DEVIATIONS

    def to_dict(self) -> dict[str, Any]:
        """The deviations as JSON data; None for what is as in the model."""
        return {
            "p": None if self.p is None else rational(self.p),
            "f0": None if self.f0 is None else rational(self.f0),
            "message_loss": rational(self.message_loss),
            "jitter": rational(self.jitter),
        }

    def __str__(self) -> str:
        parts = {
            "p": self.p,
            "f0": self.f0,
            "message loss": self.message_loss or None,
            "jitter": self.jitter or None,
        }
        return ", ".join(f"{name} = {float(value):g}" for name, value in parts.items() if value is not None) or "none"


NO_DEVIATIONS = Deviations()
"""Reality is as the model has it."""


def _is_deviations(given: object) -> TypeGuard[Deviations]:
    return isinstance(given, Deviations)


DEVIATIONS: Kind[Deviations] = Kind(
    "Deviations, such as Deviations(p=0.4)", _is_deviations, "deviations", {"dict": "Deviations(**settings) makes them"}
)
"""What is different in reality."""


@dataclass(frozen=True)
class Clock:
    """How long steps really last, in units of the lattice of times.

    Attributes
    ----------
    lattice
        The durations of the model.
    deviations
        Lost messages and jitter.
    """

    lattice: TimeLattice
    deviations: Deviations

    @staticmethod
    def of(process: Process, deviations: Deviations) -> Clock:
        """The clock of a process.

        Raises
        ------
        LimitError
            If the durations of its steps have no common unit of ordinary size.
        """
        return Clock(TimeLattice.of(process), deviations)

    @property
    def steady(self) -> bool:
        """Whether equal steps last equally long."""
        return not self.deviations.message_loss and not self.deviations.jitter

    def durations(self, steps: IntArray, repeats: IntArray, rng: np.random.Generator) -> FloatArray:
        """How long steps last that take the durations of such numbers, (runs,) units.

        Whole numbers without jitter, exact below ``2**53``.  Each is taken so many times (``repeats``) in a row.
        """
        nominal = self.lattice.slots[steps].astype(np.float64)
        loss, jitter = float(self.deviations.message_loss), float(self.deviations.jitter)
        times = repeats.astype(np.float64)
        if loss:
            times += rng.negative_binomial(repeats, 1 - loss)
        if jitter:
            # A sum of gamma variables of one scale is a gamma variable: one draw stands for all repetitions.
            times = rng.gamma(times / jitter**2) * jitter**2
        return nominal * times

    def until(self, horizon: Fraction) -> float:
        """The last moment within a horizon, in units."""
        slots = min(horizon / self.lattice.unit, Fraction(FURTHEST))
        return float(slots) if self.deviations.jitter else float(floor(slots))

    def time(self, slots: FloatArray) -> FloatArray:
        """Times in the user's unit, correctly rounded where numbers of slots are whole."""
        unit = self.lattice.unit
        if max(unit.numerator, unit.denominator) < 2**53:
            return slots * float(unit.numerator) / float(unit.denominator)
        return slots * float(unit)
