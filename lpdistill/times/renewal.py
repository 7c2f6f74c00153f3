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
        For each duration, the probability of every next state, staying left out: matrices of shape (states, states).
    staying, leaving, reaching
        Probability that a step has a duration and changes nothing, changes something, reaches the target,
        (durations, states).
    lost
        Probability that a step leads where the target cannot be reached, (states,).
    unit
        What a slot lasts.
    """

    slots: IntArray
    moves: tuple[sparse.csr_array, ...]
    staying: FloatArray
    leaving: FloatArray
    reaching: FloatArray
    lost: FloatArray
    unit: Fraction

    @staticmethod
    def of(chain: Chain, lattice: TimeLattice) -> Renewal:
        """The equations of a chain; without states if the target cannot be reached."""
        hopeful = np.flatnonzero(_hopeful(chain))
        durations = np.array([int(steps.time / lattice.unit) for steps in chain.steps])
        slots = np.unique(durations)
        moves, lost = [], np.zeros(len(hopeful))
        amounts = np.zeros((3, len(slots), len(hopeful)))
        for position, d in enumerate(slots.tolist()):
            total = sparse.csr_array((len(hopeful), len(hopeful)), dtype=np.float64)
            for steps in (steps for steps, duration in zip(chain.steps, durations, strict=True) if duration == d):
                from_here = sparse.csr_array(steps.moves[hopeful])
                inside = sparse.csr_array(from_here[:, hopeful])
                outside = np.ones(chain.size)
                outside[hopeful] = 0.0
                lost += from_here @ outside
                total = total + inside
                for kind, part in enumerate((steps.staying, steps.leaving, steps.reaching)):
                    amounts[kind, position] += part[hopeful]
            moves.append(sparse.csr_array(total))
        return Renewal(slots, tuple(moves), amounts[0], amounts[1], amounts[2], lost, lattice.unit)

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self.lost)

    @property
    def entries(self) -> int:
        """Number of probabilities that one slot takes."""
        return sum(int(moves.nnz) for moves in self.moves) + 3 * self.staying.size

    def among(self, states: IntArray) -> Renewal:
        """The same equations for runs that are killed when they leave some states."""
        return Renewal(
            self.slots,
            tuple(sparse.csr_array(moves[states][:, states]) for moves in self.moves),
            self.staying[:, states],
            self.leaving[:, states],
            self.reaching[:, states],
            self.lost[states],
            self.unit,
        )

    def matrix(self, s: float) -> sparse.csr_array:
        r""":math:`\sum_d e^{s d} A_d`, (states, states)."""
        found = sparse.csr_array((self.size, self.size), dtype=np.float64)
        for d, moves, staying in zip(self.slots.tolist(), self.moves, self.staying, strict=True):
            found = found + np.exp(s * d) * (moves + sparse.diags_array(staying))
        return sparse.csr_array(found)

    def equations(self, s: float) -> sparse.csr_array:
        r""":math:`I - \sum_d e^{s d} A_d`, (states, states), with a diagonal that loses no digits."""
        diagonal, onwards = self.leaving.sum(axis=0), sparse.csr_array((self.size, self.size), dtype=np.float64)
        for d, moves, staying in zip(self.slots.tolist(), self.moves, self.staying, strict=True):
            grown = np.expm1(s * d) if d else 0.0
            diagonal = diagonal - np.where(staying > 0, staying * grown, 0.0)
            onwards = onwards + (1 + grown) * moves
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
        onwards = np.array([moves @ self.ever for moves in self.moves])
        return onwards + self.staying * self.ever + self.reaching

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
