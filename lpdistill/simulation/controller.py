"""Controllers of labelled memories: who decides, and what decisions do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np

from lpdistill.arguments import Kind
from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.process.labelled import LabelProcess, require_memories
from lpdistill.solution.given import POLICY
from lpdistill.solution.policy import Policy


@dataclass(frozen=True)
class Decisions:
    """What some decisions do, in terms of the first, second, ... pair that is stored at a level.

    Attributes
    ----------
    attempts, discard
        Number of generation attempts, and level of the pair discarded, -1 for none, (decisions,).
    time
        Which of the process' durations (:class:`~lpdistill.process.durations.Durations`) they take, (decisions,).
    pairs, first
        Number of distillations, and where they start in the lists below, (decisions,).
    levels
        The levels that every distillation consumes, that of the pair kept first, (distillations, pairs); -1 for none,
        where others consume more.
    places
        Which of the pairs at those levels, counted from 0, (distillations, pairs).
    """

    attempts: IntArray
    discard: IntArray
    time: IntArray
    pairs: IntArray
    first: IntArray
    levels: IntArray
    places: IntArray

    @staticmethod
    def of(dynamics: LabelProcess, columns: IntArray) -> Decisions:
        """What columns of a problem's program decide."""
        decision, recipe, attempts, discard = dynamics.numbering.decided(columns)
        recipes = dynamics.numbering.repertoire.distillations
        consumed = np.full((len(recipes), max((len(one.consumed) for one in recipes), default=0)), -1)
        for row, one in enumerate(recipes):
            consumed[row, : len(one.consumed)] = one.consumed[::-1]
        pairs = np.bincount(decision, minlength=len(columns))
        levels = consumed[recipe]
        taken = levels >= 0
        places = np.zeros_like(levels)
        places[taken] = _places((decision[:, None] * max(1, len(dynamics.problem.levels)) + levels)[taken])
        return Decisions(
            attempts=attempts,
            discard=discard,
            time=dynamics.durations.kind(columns),
            pairs=pairs,
            first=np.cumsum(pairs) - pairs,
            levels=levels,
            places=places,
        )

    @property
    def waiting(self) -> BoolArray:
        """Decisions that do nothing, (decisions,)."""
        return np.asarray((self.pairs == 0) & (self.attempts == 0) & (self.discard < 0))


def _places(keys: IntArray) -> IntArray:
    """How many equal keys stand before each."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    places = np.empty_like(order)
    places[order] = np.arange(len(keys)) - np.searchsorted(ranked, ranked)
    return places


@runtime_checkable
class Controller(Protocol):
    """Who decides what every run does next, from what is stored and the time that has passed."""

    @property
    def dynamics(self) -> LabelProcess:
        """Whose configurations it knows."""
        ...

    @property
    def decisions(self) -> Decisions:
        """All decisions that it may take."""
        ...

    @property
    def settled(self) -> BoolArray:
        """Decisions that it takes again, for sure, as long as nothing changes and no time passes, (decisions,)."""
        ...

    def decide(self, ranks: IntArray, elapsed: FloatArray, rng: np.random.Generator) -> IntArray:
        """The decision of every run.

        Parameters
        ----------
        ranks
            Rank of the configuration that each run is in, (runs,).
        elapsed
            Time since the start, in units of the :class:`~lpdistill.process.time_lattice.TimeLattice`, (runs,).
        rng
            Where lots are drawn.
        """
        ...


@dataclass(frozen=True)
class Stationary:
    """The controller that follows a policy whatever the time is.

    Attributes
    ----------
    dynamics, decisions
        The problem's configurations, and what the policy decides in them.
    starts
        First decision of every configuration, with the end appended, (configurations + 1,).
    edges
        Rank of the configuration of each decision, plus the probability of it and those before, (decisions,).
    """

    dynamics: LabelProcess
    decisions: Decisions
    starts: IntArray
    edges: FloatArray

    @staticmethod
    def of(policy: Policy) -> Stationary:
        """A policy as a controller.

        Raises
        ------
        ModelError
            If it is a policy for a state graph: there are no memories in it.
        """
        refused, uses = "must be one for a Problem: a state graph has no memories to simulate", policy.plan.uses
        dynamics = require_memories(policy.process, "policy", refused, policy)
        return Stationary.taking(dynamics, uses.configuration, uses.columns, policy.plan.probability)

    @staticmethod
    def taking(
        dynamics: LabelProcess, configuration: IntArray, columns: IntArray, probability: FloatArray
    ) -> Stationary:
        """The controller that takes columns with some probabilities, in order of their configurations, (columns,)."""
        starts = np.searchsorted(configuration, np.arange(dynamics.size + 1))
        so_far = np.concatenate([[0.0], np.cumsum(probability)])
        share = so_far[1:] - so_far[starts[configuration]]
        whole = so_far[starts[configuration + 1]] - so_far[starts[configuration]]
        return Stationary(dynamics, Decisions.of(dynamics, columns), starts, configuration + share / whole)

    @cached_property
    def randomised(self) -> bool:
        """Whether lots are drawn anywhere."""
        return bool((np.diff(self.starts) > 1).any())

    @property
    def settled(self) -> BoolArray:
        """Decisions that are the only one in their configuration, (decisions,)."""
        several = np.diff(self.starts)
        return np.repeat(several == 1, several)

    def decide(self, ranks: IntArray, elapsed: FloatArray, rng: np.random.Generator) -> IntArray:  # noqa: ARG002 - of the protocol
        """The decision of every run; lots are drawn only where there are some to draw.

        Raises
        ------
        ModelError
            If the policy says nothing about a configuration.
        """
        first, end = self.starts[ranks], self.starts[ranks + 1]
        if (first == end).any():
            raise ModelError(
                "policy",
                "says nothing about a configuration that runs enter in reality; decide there too",
                self.dynamics.names.key(int(ranks[first == end][0])),
            )
        if not self.randomised:
            return first
        drawn = np.searchsorted(self.edges, ranks + rng.random(len(ranks)), side="right")
        return np.clip(drawn, first, end - 1)


def _is_controller(given: object) -> TypeGuard[Policy | Controller]:
    return isinstance(given, Policy | Controller) and not isinstance(given, type)


CONTROLLER: Kind[Policy | Controller] = Kind(
    "a Policy, or a controller such as that of a deadline", _is_controller, "policy", POLICY.instead
)
"""A policy, whoever else decides, or what has one."""
