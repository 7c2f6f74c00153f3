"""What a policy is expected to use on the way to the target."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.model.dynamics import Choice


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected totals of a run, from the empty memories to the target, the last step included.

    Attributes
    ----------
    steps
        Steps.
    generation_attempts, raw_pairs
        Attempts to generate a pair, and pairs generated.
    distillations, failed_distillations
        Distillations, and those that fail.
    memory_time
        Sum over steps of the memories occupied at its start times its duration (pairs times the user's unit of time).
    """

    steps: float
    generation_attempts: float
    raw_pairs: float
    distillations: float
    failed_distillations: float
    memory_time: float

    @staticmethod
    def of(choice: Choice, occupation: FloatArray) -> Expected:
        """Totals for columns that are taken ``occupation`` times each, (columns,)."""
        dynamics = choice.dynamics
        what, matchings = dynamics.numbering.describe(choice.columns), dynamics.matchings
        failing = matchings.counts[what.matching] @ matchings.success[1]
        stored = dynamics.configurations.totals[choice.configuration]
        attempts = float(occupation @ what.attempts)
        return Expected(
            steps=float(np.sum(occupation)),
            generation_attempts=attempts,
            raw_pairs=dynamics.generation.success * attempts,
            distillations=float(occupation @ what.pairs),
            failed_distillations=float(occupation @ failing),
            memory_time=float(occupation @ (stored * choice.cost)),
        )

    def to_dict(self) -> dict[str, float]:
        """The totals by name."""
        return asdict(self)
