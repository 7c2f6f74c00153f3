"""Steps that follow on one another for ever: closed classes, and what is earned in one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.program.systems import one_thread

DENSE, FILLED = 1_500, 0.1
"""Configurations up to which the equations of a policy are dense, if this share of their entries is not 0."""

FEW = 80
"""Configurations up to which they are dense in any case."""

RARELY = 1e-3
"""Share of the most frequent configuration's visits below which one does not serve as origin of values."""


@dataclass(frozen=True)
class Evaluation:
    """A policy with one closed class, evaluated.

    Attributes
    ----------
    gain
        What it earns per unit of time.
    values
        What the future costs beyond the average, (columns,), up to a constant.
    visits
        How often each column is taken per unit of time, (columns,); 0 outside the closed class.
    """

    gain: float
    values: FloatArray
    visits: FloatArray


@dataclass(frozen=True)
class Chain:
    """Steps one after the other.

    Attributes
    ----------
    moves
        Probability of every next step, that nothing happens left out, (steps, steps).
    times, cost
        How long each takes, and what it costs, (steps,).
    happening
        Probability that anything happens, (steps,).
    """

    moves: sparse.csr_array
    times: FloatArray
    cost: FloatArray
    happening: FloatArray

    def classes(self) -> tuple[int, IntArray]:
        """The closed classes: how many, and which one each step is in, -1 for none, (steps,)."""
        count, component = sparse.csgraph.connected_components(self.moves, directed=True, connection="strong")
        row = np.repeat(np.arange(self.moves.shape[0]), np.diff(self.moves.indptr))
        left = np.zeros(count, dtype=bool)
        left[component[row[component[row] != component[self.moves.indices]]]] = True
        number = np.where(left, -1, np.cumsum(~left) - 1)
        return int((~left).sum()), number[component]

    def evaluated(self, origin: int) -> Evaluation:
        """What it earns; values are counted from a step of its closed class, or from the most frequent one."""
        found = _solved(self, origin)
        best = int(np.argmax(found.visits))
        return found if found.visits[origin] > RARELY * found.visits[best] else _solved(self, best)


def _solved(chain: Chain, origin: int) -> Evaluation:
    """Solve both systems: with the origin's column of :math:`1 - P` replaced by durations, they are regular."""
    moves, times, cost, happening, size = chain.moves, chain.times, chain.cost, chain.happening, len(chain.times)
    end = np.zeros(size)
    end[origin] = 1.0
    if size <= DENSE and (size <= FEW or moves.nnz > FILLED * size**2):
        from scipy.linalg import lu_factor, lu_solve  # noqa: PLC0415 - slow to load, and only rates need it

        matrix = np.diag(happening) - moves.toarray()
        matrix[:, origin] = -times
        with one_thread():
            factors = lu_factor(matrix, check_finite=False)

        def solve(right: FloatArray, *, across: bool = False) -> FloatArray:
            return np.asarray(lu_solve(factors, right, trans=1 if across else 0, check_finite=False))
    else:
        others = np.flatnonzero(np.arange(size) != origin)
        kept = sparse.csc_array(sparse.diags_array(happening) - moves)[:, others]
        matrix = sparse.csc_array(sparse.hstack([kept, sparse.csc_array(-times[:, None])]))
        place = np.append(others, origin)
        sparsely = sparse.linalg.splu(matrix)

        def solve(right: FloatArray, *, across: bool = False) -> FloatArray:
            if across:
                return np.asarray(sparsely.solve(right[place], trans="T"))  # type: ignore[call-overload]  # the stubs lack it
            found = np.empty(size)
            found[place] = sparsely.solve(right)
            return found

    values = solve(cost)
    gain = float(values[origin])
    values[origin] = 0.0
    missing = cost + gain * times + moves @ values - happening * values
    correction = solve(missing)
    gain += float(correction[origin])
    correction[origin] = 0.0
    visits = np.maximum(-solve(end, across=True), 0.0)
    return Evaluation(gain, values + correction, visits / float(visits @ times))
