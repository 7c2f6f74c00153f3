r"""The tail of a stationary policy's waiting time: the probability that a run is not done after so many slots.

With :math:`T` in slots of the lattice of times, :math:`\tau_a` the slots that a step takes and the target left out of
the sum,

.. math:: P_s(T > w) = \sum_a \pi(a \mid s) \begin{cases}
    \sum_{s'} P(s' \mid s, a)\, P_{s'}(T > w - \tau_a) & \tau_a \le w \\ 1 & \text{otherwise.} \end{cases}
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from lpdistill.arrays import FloatArray
from lpdistill.process.time_lattice import TimeLattice
from lpdistill.program.evaluation import stuck
from lpdistill.program.plan import Plan


def tails(plan: Plan, lattice: TimeLattice) -> Iterator[FloatArray]:
    """The probability that more than 0, 1, 2, ... slots pass, from every configuration, each (configurations,).

    Parameters
    ----------
    plan
        Any stationary policy; it may be randomised, or never reach the target.
    lattice
        The lattice of times of its process.
    """
    size, uses = plan.uses.process.size, plan.uses
    slots = lattice.slots[uses.process.durations.kind(uses.columns)]
    mixed = uses.mixed(plan.probability)
    hopeless = np.ones(size, dtype=bool)
    hopeless[mixed.configuration[~stuck(mixed)]] = False
    weights = sparse.csr_array(
        (plan.probability, (uses.configuration, np.arange(len(slots)))), shape=(size, len(slots))
    )
    staying = sparse.csr_array((uses.staying, (np.arange(len(slots)), uses.configuration)), shape=(len(slots), size))
    timed: list[tuple[int, sparse.csr_array, FloatArray]] = []
    for length in np.unique(slots[slots > 0]).tolist():
        taken = sparse.csr_array(weights * (slots == length))
        timed.append((length, taken @ (uses.moves + staying), np.asarray(taken.sum(axis=1), dtype=np.float64).ravel()))
    at_once = sparse.csr_array(weights * (slots == 0))
    moves = sparse.csr_array(at_once @ uses.moves)
    instant = np.flatnonzero((np.diff(moves.indptr) > 0) & ~hopeless)
    passing = sum((share for _, _, share in timed), np.zeros(size)) + at_once @ uses.leaving
    solver = splu((sparse.diags_array(passing) - moves).tocsr()[instant][:, instant].tocsc()) if len(instant) else None
    outside = moves.copy()
    outside.data[np.isin(outside.indices, instant)] = 0.0
    recent = deque[FloatArray](maxlen=max([length for length, _, _ in timed], default=1))
    while True:
        late = np.zeros(size)
        for length, after, share in timed:
            late += after @ recent[-length] if length <= len(recent) else share
        np.divide(late, passing, out=late, where=passing > 0)
        late[hopeless] = 1.0
        if solver is not None:
            late[instant] = solver.solve((late * passing + outside @ late)[instant])
        late = late.clip(0.0, 1.0)
        recent.append(late)
        yield late
