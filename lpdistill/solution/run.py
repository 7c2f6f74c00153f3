"""How a program was solved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """How the program was solved.

    Attributes
    ----------
    configurations, columns
        Rows and columns of the whole program.
    method
        ``simplex``, ``ipm`` or ``pdlp`` on the whole program, or ``columns``.
    iterations
        Iterations of HiGHS.
    rounds
        Times that all columns were priced.
    objective
        The optimum as HiGHS reports it, for comparison only.
    seconds
        Wall-clock time from parameters to proof.
    """

    configurations: int
    columns: int
    method: str
    iterations: int
    rounds: int
    objective: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """How it was solved, as JSON data."""
        return asdict(self) | {"seconds": round(self.seconds, 6)}

    def __str__(self) -> str:
        size = f"{self.configurations:,} configurations, {self.columns:,} columns"
        work = f"{self.iterations:,} HiGHS iterations, all columns priced {self.rounds} times, {self.seconds:.3f} s"
        return f"{size}; {self.method}, {work}"
