"""The Markov chain that a policy induces: its configurations, and how probably one step leads from one to another."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.process.process import Process
from lpdistill.process.repetition import Repetition
from lpdistill.program.plan import PLAN, Plan

if TYPE_CHECKING:
    import networkx as nx

TARGET = "target"
"""The node that stands for the target in the graph of a chain."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a chain that take one and the same time.

    All probabilities are those that a step takes this time *and* ends in a certain way.

    Attributes
    ----------
    time
        Duration of the steps (the user's unit of time).
    moves
        Probability of every next state if anything happens, (states, states).
    repetition
        How likely the step changes nothing, (states,).
    reaching
        Probability of the target, (states,).
    """

    time: Fraction
    moves: sparse.csr_array
    repetition: Repetition
    reaching: FloatArray

    @property
    def matrix(self) -> sparse.csr_array:
        """Probability of every next state, whether anything happens or not, (states, states)."""
        return self.repetition.whole(self.moves, np.arange(len(self.reaching)))

    @property
    def probability(self) -> FloatArray:
        """Probability that a step takes this time, (states,)."""
        return self.repetition.probability


@dataclass(frozen=True, repr=False, eq=False)
class Chain:
    r"""A policy as an absorbing Markov chain.

    A step leads from state :math:`s` to :math:`s'` with probability :math:`P(s, s')` and to the target with probability
    :math:`r(s)`; :math:`\sum_{s'} P(s, s') + r(s) = 1`.  Where the policy randomises among actions, the chain does so
    in every step; steps of different durations are kept apart in ``steps``.

    Attributes
    ----------
    process
        Where the configurations come from.
    ranks
        Ranks of the states, increasing; runs start in the first, (states,).
    steps
        The steps by their duration, shortest first.

    Examples
    --------
    >>> from lpdistill import Problem, solve
    >>> chain = solve(Problem("1/2", 2, "3/4", "31/40")).policy.to_chain()
    >>> chain
    Chain: 3 states, 7 moves; steps take 1 or 2
    >>> chain.states, chain.matrix.toarray().tolist()
    (((0,), (1,), (2,)), [[0.25, 0.5, 0.25], [0.0, 0.5, 0.5], [0.2777777777777778, 0.0, 0.0]])
    """

    process: Process
    ranks: IntArray
    steps: tuple[Steps, ...]

    @staticmethod
    def of(plan: Plan, *, everywhere: bool = False) -> Chain:
        """The chain of a policy.

        Parameters
        ----------
        plan
            The policy; it may randomise, and may never reach the target.
        everywhere
            Whether to take all configurations for which the policy says what to do, rather than those alone that runs
            from the start can enter.
        """
        plan = PLAN.meant(plan, "plan")
        uses, process = plan.uses, plan.uses.process
        owners, row = np.unique(uses.configuration, return_inverse=True)
        scale = plan.probability / uses.repetition.excess
        moves = sparse.csr_array(uses.moves[:, owners])
        lots = sparse.csr_array((scale, (row, np.arange(len(row)))), shape=(len(owners), len(row)))
        kept = np.arange(len(owners)) if everywhere else np.flatnonzero(plan.entered[owners])
        which, times = process.durations.kind(uses.columns), process.durations.times
        found = []
        for kind in sorted(set(which.tolist()), key=lambda kind: times[kind]):
            mine = lots @ sparse.diags_array((which == kind).astype(np.float64))
            inner = sparse.csr_array((mine @ moves)[kept][:, kept])
            inner.eliminate_zeros()
            repetition, reaching = uses.repetition.mixed(mine), np.asarray(mine @ uses.reaching)
            steps = Steps(times[kind], inner, repetition.at(kept), reaching[kept])
            if steps.probability.any():
                found.append(steps)
        return Chain(process, owners[kept], tuple(found))

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self.ranks)

    @cached_property
    def states(self) -> tuple[Any, ...]:
        """How users name the states: counts, or nodes of a state graph."""
        return tuple(self.process.names.key(rank) for rank in self.ranks.tolist())

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """Probability of every next state, whether anything happens or not, (states, states)."""
        moves = sparse.csr_array((self.size, self.size), dtype=np.float64)
        for steps in self.steps:
            moves = moves + steps.moves
        repetition = sum((steps.repetition for steps in self.steps), Repetition.none(self.size))
        return repetition.whole(moves, np.arange(self.size))

    @cached_property
    def reaching(self) -> FloatArray:
        """Probability of reaching the target with the next step, (states,)."""
        return sum((steps.reaching for steps in self.steps), np.zeros(self.size))

    @cached_property
    def durations(self) -> FloatArray:
        """Expected duration of a step, (states,) (the user's unit of time)."""
        return sum((float(steps.time) * steps.probability for steps in self.steps), np.zeros(self.size))

    def to_graph(self) -> nx.DiGraph[Any]:
        """The chain as a plain networkx graph.

        Nodes are the states (``kind="state"``, with the expected ``duration`` of a step) and ``"target"``
        (``kind="target"``); edges have a ``probability``.  ``graph.graph["start"]`` is the start.

        Raises
        ------
        ModelError
            If a state is named ``"target"``.
        """
        import networkx as nx  # noqa: PLC0415 - slow to import, and only graphs need it

        if TARGET in self.states:
            raise ModelError("chain", "has a state of the name that its graph gives to the target; rename it", TARGET)
        graph: nx.DiGraph[Hashable] = nx.DiGraph(start=self.states[0])
        for state, duration in zip(self.states, self.durations.tolist(), strict=True):
            graph.add_node(state, kind="state", duration=duration)
        graph.add_node(TARGET, kind="target")
        entries = self.matrix.tocoo()
        for before, after, probability in zip(*map(np.ndarray.tolist, (*entries.coords, entries.data)), strict=True):
            graph.add_edge(self.states[before], self.states[after], probability=probability)
        for rank in np.flatnonzero(self.reaching).tolist():
            graph.add_edge(self.states[rank], TARGET, probability=float(self.reaching[rank]))
        return graph

    def __repr__(self) -> str:
        moves = self.matrix.nnz + np.count_nonzero(self.reaching)
        times = " or ".join(str(steps.time) for steps in self.steps)
        return f"Chain: {self.size:,} {'state' if self.size == 1 else 'states'}, {moves:,} moves; steps take {times}"
