"""A policy for a deadline: what to do by the time left, and where that differs from the fastest policy."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.deadlines.recursion import DeadlineRecursion
from lpdistill.deadlines.window import slots_left
from lpdistill.errors import ModelError
from lpdistill.numbers import Number
from lpdistill.process.labelled import LabelProcess, require_memories
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.process.process import Process
from lpdistill.simulation.controller import Decisions
from lpdistill.solution.document import rational
from lpdistill.solution.policy import Deciding, Decision, Policy
from lpdistill.solution.tables import Key, described

if TYPE_CHECKING:
    import pandas as pd

SEEN = 1e-12
"""Probability of coming into a configuration below which no run is said to come there."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A place where the policy for the deadline leaves the fastest one.

    Attributes
    ----------
    remaining
        Time left of the window, in whole slots as the waiting time counts them.
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
        """The departure as JSON data."""
        return {
            "remaining": rational(self.remaining),
            "counts": node_as_json(self.key),
            "action": action_as_json(self.action),
            "fastest": action_as_json(self.fastest),
            "probability": self.probability,
            "probability_of_fastest": self.probability_of_fastest,
            "visits": self.visited,
        }


class DeadlinePolicy(Deciding):
    """What to do in every configuration, by the time left of the window.

    Once the window is lost it is the fastest policy on average, if there is one.  It can be simulated: it is a
    :class:`~lpdistill.simulation.controller.Controller` of labelled memories.
    """

    def __init__(self, recursion: DeadlineRecursion, fastest: Policy | None) -> None:
        self._recursion, self._fastest = recursion, fastest

    @property
    def process(self) -> Process:
        """The columns that it chooses from."""
        return self._recursion.process

    def _slot(self, remaining: Number | None) -> int:
        """The slots left, -1 for none."""
        if remaining is None:
            return len(self._recursion.slots) - 1
        return min(slots_left(self._recursion.lattice, remaining), len(self._recursion.slots) - 1)

    def _decisions(self, rank: int, remaining: Number | None) -> tuple[Decision, ...]:
        slot = self._slot(remaining)
        if slot < 0:
            return () if self._fastest is None else self._fastest.of_rank(rank)
        column = self._recursion.slots[slot].columns[[rank]]
        return (Decision(self.process.names.actions(column)[0], 1.0),) if column[0] >= 0 else ()

    def probability(self, counts: Key, remaining: Number) -> float:
        """Probability to be in time from a configuration with so much time left."""
        rank, slot = self._recursion.process.names.rank(counts), self._slot(remaining)
        return 0.0 if slot < 0 else float(self._recursion.slots[slot].done[rank])

    @cached_property
    def dynamics(self) -> LabelProcess:
        """The problem's configurations.

        Raises
        ------
        ModelError
            If it is a policy for a state graph: there are no memories in it.
        """
        refused = "must be one for a Problem: a state graph has no memories to simulate"
        return require_memories(self._recursion.process, "policy", refused)

    @cached_property
    def _columns(self) -> tuple[IntArray, IntArray]:
        """All columns that it takes, and which of them by slots left and configuration; the last row is for later."""
        later = np.full(self.dynamics.size, -1)
        if self._fastest is not None:
            later[self._fastest.plan.uses.configuration] = self._fastest.plan.uses.columns
        found, which = np.unique([*(slot.columns for slot in self._recursion.slots), later], return_inverse=True)
        none = int(found[0] < 0)
        return found[none:], which.reshape(-1, self.dynamics.size) - none

    @cached_property
    def decisions(self) -> Decisions:
        """All decisions that it may take."""
        return Decisions.of(self.dynamics, self._columns[0])

    @property
    def settled(self) -> BoolArray:
        """All of them: it draws no lots."""
        return np.ones(len(self._columns[0]), dtype=bool)

    def decide(self, ranks: IntArray, elapsed: FloatArray, rng: np.random.Generator) -> IntArray:  # noqa: ARG002 - of the protocol
        """The decision of every run, by the whole slots that are left of the window.

        Raises
        ------
        ModelError
            If no policy reaches the target for sure from a configuration.
        """
        last = len(self._recursion.slots)
        left = np.floor(last - 1 - elapsed).astype(np.int64)
        found = self._columns[1][np.where(left < 0, last, left), ranks]
        if (found < 0).any():
            key = self.dynamics.names.key(int(ranks[found < 0][0]))
            raise ModelError("policy", "says nothing about a configuration that runs enter", key)
        return found

    def to_frame(self) -> pd.DataFrame:
        """The policy as a pandas DataFrame: a row for every time left and configuration that runs may come to."""
        import pandas as pd  # noqa: PLC0415 - slow to import, and only frames need it

        recursion, rows = self._recursion, []
        visited = recursion.visits()
        for left in range(len(recursion.slots) - 1, -1, -1):
            slot = recursion.slots[left]
            ranks = np.flatnonzero((visited[left] > SEEN) & (slot.columns >= 0))
            for rank, action in zip(ranks.tolist(), recursion.process.names.actions(slot.columns[ranks]), strict=True):
                rows.append(
                    {
                        "remaining": float(recursion.lattice.time(left)),
                        "counts": recursion.process.names.key(rank),
                        **described(action),
                        "probability": float(slot.done[rank]),
                        "visited": float(visited[left, rank]),
                    }
                )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        window = float(self._recursion.lattice.time(len(self._recursion.slots) - 1))
        return f"DeadlinePolicy: {self._recursion.process.size:,} configurations, by the time left of {window:g}"
