r"""A chain on the lattice of times: the Markov renewal equations of a policy.

Let :math:`A_d(s, s')` be the probability that a step of configuration :math:`s` takes :math:`d` slots and leads to
:math:`s'`, and :math:`r_d(s)` that it takes :math:`d` slots and reaches the target.  The expected number
:math:`x_t(s)` of steps that a run begins in :math:`s` at slot :math:`t`, and the probability :math:`f_t` that it ends
with slot :math:`t`, are

.. math:: x_t = \delta_t b + \sum_d A_d^\top x_{t-d}, \qquad f_t = \sum_d r_d \cdot x_{t-d} .

Their transforms, with :math:`e^{s d}` in the place of a delay by :math:`d` slots, are linear systems.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import SuperLU, splu

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.repetition import Repetition
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.solution.chain import Chain

INSTANTLY = -np.inf
"""The exponent that leaves of all steps only those without duration."""


@dataclass(frozen=True)
class Renewal:
    """The Markov renewal equations of a chain, over the states from which the target can be reached.

    Attributes
    ----------
    slots
        The durations of steps, increasing, (durations,).
    moves
        For each duration, the probability of every next state if anything happens: matrices of shape (states, states).
    repetitions
        For each duration, how likely a step has it and changes nothing, or something, (states,).
    reaching
        Probability that a step has a duration and reaches the target, (durations, states).
    lost
        Probability that a step leads where the target cannot be reached, (states,).
    unit
        What a slot lasts.
    """

    slots: IntArray
    moves: tuple[sparse.csr_array, ...]
    repetitions: tuple[Repetition, ...]
    reaching: FloatArray
    lost: FloatArray
    unit: Fraction

    @staticmethod
    def of(chain: Chain, lattice: TimeLattice) -> Renewal:
        """The equations of a chain; without states if the target cannot be reached."""
        hopeful = np.flatnonzero(_hopeful(chain))
        durations = np.array([int(steps.time / lattice.unit) for steps in chain.steps])
        slots = np.unique(durations)
        moves, repetitions, lost = [], [], np.zeros(len(hopeful))
        reaching = np.zeros((len(slots), len(hopeful)))
        for position, d in enumerate(slots.tolist()):
            total = sparse.csr_array((len(hopeful), len(hopeful)), dtype=np.float64)
            repetition = Repetition.none(len(hopeful))
            for steps in (steps for steps, duration in zip(chain.steps, durations, strict=True) if duration == d):
                from_here = sparse.csr_array(steps.moves[hopeful])
                inside = sparse.csr_array(from_here[:, hopeful])
                outside = np.ones(chain.size)
                outside[hopeful] = 0.0
                lost += from_here @ outside
                total = total + inside
                repetition = repetition + steps.repetition.at(hopeful)
                reaching[position] += steps.reaching[hopeful]
            moves.append(sparse.csr_array(total))
            repetitions.append(repetition)
        return Renewal(slots, tuple(moves), tuple(repetitions), reaching, lost, lattice.unit)

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self.lost)

    @property
    def entries(self) -> int:
        """Number of probabilities that one slot takes."""
        return sum(int(moves.nnz) for moves in self.moves) + 3 * self.reaching.size

    def among(self, states: IntArray) -> Renewal:
        """The same equations for runs that are killed when they leave some states."""
        return Renewal(
            self.slots,
            tuple(sparse.csr_array(moves[states][:, states]) for moves in self.moves),
            tuple(repetition.at(states) for repetition in self.repetitions),
            self.reaching[:, states],
            self.lost[states],
            self.unit,
        )

    @cached_property
    def whole(self) -> tuple[sparse.csr_array, ...]:
        r"""For each duration, the matrix :math:`A_d`: what happens and what does not, (states, states)."""
        states, parts = np.arange(self.size), zip(self.repetitions, self.moves, strict=True)
        return tuple(repetition.whole(moves, states) for repetition, moves in parts)

    @property
    def elapsed(self) -> FloatArray:
        """Expected number of slots that a step lasts, (states,)."""
        return np.asarray(self.slots @ np.array([repetition.probability for repetition in self.repetitions]))

    def matrix(self, s: float) -> sparse.csr_array:
        r""":math:`\sum_d e^{s d} A_d`, (states, states)."""
        found = sparse.csr_array((self.size, self.size), dtype=np.float64)
        for d, whole in zip(self.slots.tolist(), self.whole, strict=True):
            found = found + np.exp(s * d) * whole
        return sparse.csr_array(found)

    def equations(self, s: float) -> sparse.csr_array:
        r""":math:`I - \sum_d e^{s d} A_d`, (states, states), with a diagonal that loses no digits."""
        diagonal, onwards = np.zeros(self.size), sparse.csr_array((self.size, self.size), dtype=np.float64)
        for d, moves, repetition in zip(self.slots.tolist(), self.moves, self.repetitions, strict=True):
            growth = np.expm1(s * d) if d else 0.0
            diagonal = diagonal + repetition.grown(growth)
            onwards = onwards + (1 + growth) * moves
        return sparse.csr_array(sparse.diags_array(diagonal) - onwards)

    def transform(self, s: float, right: FloatArray) -> FloatArray:
        r"""Solve :math:`w = c + \sum_d e^{s d} A_d w` for a right-hand side, (states,); not a number if singular."""
        with np.errstate(over="ignore", invalid="ignore"):
            try:
                return splu(sparse.csc_matrix(self.equations(s))).solve(right)
            except (RuntimeError, ValueError):
                return np.full(self.size, np.nan)

    @cached_property
    def instant(self) -> SuperLU:
        r"""Factors that solve out what takes no time: of :math:`I - A_0^\top`."""
        return splu(sparse.csc_matrix(self.equations(INSTANTLY).T))

    @cached_property
    def never(self) -> FloatArray:
        """Probability of never reaching the target, (states,)."""
        return self.transform(0.0, self.lost) if self.lost.any() else np.zeros(self.size)

    @cached_property
    def ever(self) -> FloatArray:
        """Probability of reaching the target, (states,)."""
        return self.transform(0.0, self.reaching.sum(axis=0)) if self.lost.any() else np.ones(self.size)

    @cached_property
    def arriving(self) -> FloatArray:
        """Probability that a step has a duration and leads on to the target in the end, (durations, states)."""
        onwards = np.array([whole @ self.ever for whole in self.whole])
        return np.asarray(onwards + self.reaching)

    @cached_property
    def mean(self) -> FloatArray:
        """Expected number of slots to the target, not counting runs that never reach it, (states,)."""
        return self.transform(0.0, self.slots @ self.arriving)


def _hopeful(chain: Chain) -> BoolArray:
    """States of a chain from which the target can be reached, (states,)."""
    size = chain.size
    ends = np.flatnonzero(chain.reaching)
    back = chain.matrix.tocoo()
    rows = np.concatenate([back.coords[1].astype(np.int64), np.full(len(ends), size)])
    columns = np.concatenate([back.coords[0].astype(np.int64), ends])
    graph = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(size + 1, size + 1))
    found = np.zeros(size + 1, dtype=bool)
    found[breadth_first_order(graph, size, return_predecessors=False)] = True
    return found[:size]
