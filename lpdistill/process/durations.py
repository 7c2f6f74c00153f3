"""How long steps take, exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lpdistill.arrays import IntArray
from lpdistill.hardware.hardware import Hardware
from lpdistill.units import Unit


@dataclass(frozen=True, slots=True)
class Durations:
    """The durations of the steps of a process.

    Attributes
    ----------
    times
        The durations that steps may have, exactly.
    kind
        Which of them the given columns take, (columns,).
    least, greatest
        The shortest and the longest duration of a step.
    per_column
        What every policy's expected time, divided by the expected number of columns that it takes, is at least.
    uncharged
        What is taken off the duration of every run, exactly.
    unit
        The unit of all times, if it is known.
    """

    times: tuple[Fraction, ...]
    kind: Callable[[IntArray], IntArray]
    least: float
    greatest: float
    per_column: float
    uncharged: Fraction = Fraction(0)
    unit: Unit | None = None

    @staticmethod
    def of(
        hardware: Hardware, kind: Callable[[IntArray], IntArray], uncharged: Fraction, *, removes: bool | None = None
    ) -> Durations:
        """Durations of a step that does not distil, of one that does, and of taking a pair out of its memory.

        That takes no time, but no more pairs can be taken out than the steps have made, one a memory.  It is done where
        pairs may be discarded, unless something else is said.
        """
        removing = hardware.discarding if removes is None else removes
        times = hardware.generation_time, hardware.distillation_time
        shortest, longest = float(min(times)), float(max(times))
        return Durations(
            times=(*times, Fraction(0)),
            kind=kind,
            least=0.0 if removing else shortest,
            greatest=longest,
            per_column=shortest / (1 + hardware.memories * removing),
            uncharged=uncharged,
            unit=hardware.unit,
        )
