"""A policy for a deadline: what to do by the time left, and where that differs from the fastest policy."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.analysis.window import number
from lpdistill.model.numbers import Number, exact
from lpdistill.program.deadlines import DeadlineRecursion
from lpdistill.solution.policy import Key, Policy, action_as_json, described

if TYPE_CHECKING:
    import pandas as pd

SEEN = 1e-12
"""Probability of coming into a configuration below which no run is said to come there."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the policy for the deadline leaves the fastest one.

    Attributes
    ----------
    remaining
        Time left of the window.
    key
        The configuration: its counts, or the node of a state graph.
    action, fastest
        What the two policies do there.
    probability
        Probability to be in time from there.
    probability_of_fastest
        The same, where the action of the fastest policy is taken just this once.
    visited
        Expected number of times that a run comes there.
    """

    remaining: Fraction
    key: Key
    action: Any
    fastest: Any
    probability: float
    probability_of_fastest: float
    visited: float

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON data."""
        return {
            "remaining": number(self.remaining),
            "counts": list(self.key) if isinstance(self.key, tuple) else str(self.key),
            "action": action_as_json(self.action),
            "fastest": action_as_json(self.fastest),
            "probability": self.probability,
            "probability_of_fastest": self.probability_of_fastest,
            "visited": self.visited,
        }


class DeadlinePolicy:
    """What to do in every configuration, by the time left of the window.

    Once the window is lost it is the fastest policy on average.
    """

    def __init__(self, recursion: DeadlineRecursion, fastest: Policy) -> None:
        self._recursion, self._fastest = recursion, fastest

    def _slot(self, remaining: Number) -> int:
        """The slots left, -1 for none."""
        return min(self._recursion.lattice.within(exact(remaining, "remaining")), len(self._recursion.slots) - 1)

    def at(self, counts: Key, remaining: Number) -> Any:
        """What to do in a configuration with so much time left; None where no policy reaches the target for sure.

        Parameters
        ----------
        counts
            The configuration: its counts, or the node of a state graph.
        remaining
            The window, less the time that has passed.

        Raises
        ------
        KeyError
            If there is no such configuration.
        """
        rank, slot = self._recursion.process.rank(counts), self._slot(remaining)
        if slot < 0:
            decisions = self._fastest.at(rank)
            return decisions[0].action if decisions else None
        column = self._recursion.slots[slot].columns[[rank]]
        return self._recursion.process.actions(column)[0] if column[0] >= 0 else None

    def probability(self, counts: Key, remaining: Number) -> float:
        """Probability to be in time from a configuration with so much time left."""
        rank, slot = self._recursion.process.rank(counts), self._slot(remaining)
        return 0.0 if slot < 0 else 1.0 - float(self._recursion.slots[slot].late[rank])

    def to_frame(self) -> pd.DataFrame:
        """The policy as a pandas DataFrame: a row for every time left and configuration that runs may come to."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        recursion, rows = self._recursion, []
        visited = recursion.visits()
        for left in range(len(recursion.slots) - 1, -1, -1):
            slot = recursion.slots[left]
            ranks = np.flatnonzero((visited[left] > SEEN) & (slot.columns >= 0))
            for rank, action in zip(ranks.tolist(), recursion.process.actions(slot.columns[ranks]), strict=True):
                rows.append(
                    {
                        "remaining": float(recursion.lattice.time(left)),
                        "counts": recursion.process.key(rank),
                        **described(action),
                        "probability": 1.0 - float(slot.late[rank]),
                        "visited": float(visited[left, rank]),
                    }
                )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        window = float(self._recursion.lattice.time(len(self._recursion.slots) - 1))
        return f"DeadlinePolicy: {self._recursion.process.size:,} configurations, by the time left of {window:g}"
