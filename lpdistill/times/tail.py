r"""How fast the tail of a waiting time falls: the Perron root of its renewal equations, and a bound that it gives.

:math:`P(t < T < \infty)` falls as :math:`e^{-s t}`, where :math:`s` is the least number at which the matrix
:math:`B(s) = \sum_d e^{s d} A_d` of some class of states that lead to each other has spectral radius 1.  Below it,
:math:`I - B(s)` is an M-matrix: the solution of :math:`(I - B(s)) w = c` is positive for every :math:`c \ge 0`; above
it, no solution is.  So the sign of one solution tells the side, whatever the period of the class.  For large classes
the spectral radius is found by power iteration instead, between the bounds of Collatz and Wielandt.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from scipy import sparse
from scipy.optimize import brentq
from scipy.sparse.csgraph import connected_components

from lpdistill.arrays import FloatArray
from lpdistill.process.repetition import decay
from lpdistill.times.renewal import Renewal

SHARES = (0.6, 0.9, 0.98)
"""Shares of the tail rate at which a bound on the tail is tried."""

STEEP = 35.0
"""Exponent, over the mean, at which it is tried where the tail ends."""

LARGEST = 700.0
"""Exponent up to which a double holds the exponential."""


POWER_ITERATION_FROM = 200
"""States of a class from which power iteration is quicker than factorising."""

MOST_PRODUCTS, CLOSE, SHIFT = 2000, 1e-13, 1 / 8
"""Products with a matrix in which its spectral radius must be found, the relative distance of its bounds, and the share
of the upper one that is added to the diagonal."""


def tail_rate(renewal: Renewal) -> float:
    """The rate at which the tail falls, per slot; infinite if the run cannot last for ever, short of being lost."""
    if not renewal.size:
        return math.inf
    graph = sum(renewal.moves, sparse.csr_array((renewal.size, renewal.size), dtype=np.float64))
    count, label = connected_components(graph, directed=True, connection="strong")
    order = np.argsort(label, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1])
    alone = np.array([states[0] for states in members if len(states) == 1], dtype=np.int64)
    repeated = [repetition.at(alone) for repetition in renewal.repetitions]
    least = float(decay(renewal.slots.astype(np.float64), repeated).min(initial=math.inf))
    for states in members:
        if len(states) > 1:
            least = _of_class(renewal.among(states), least)
    return least


def _of_class(renewal: Renewal, ceiling: float) -> float:
    """The rate of states that all lead to each other, or the ceiling if that is less."""
    if not any(d and whole.nnz for d, whole in zip(renewal.slots.tolist(), renewal.whole, strict=True)):
        return ceiling
    if renewal.size > POWER_ITERATION_FROM:
        found = _by_iteration(renewal)
        if found is not None:
            return min(found, ceiling)
    slack = partial(_slack, renewal, renewal.elapsed)
    low, high = 0.0, slack(0.0)
    if math.isfinite(ceiling) and slack(ceiling) > 0:
        return ceiling
    while slack(high) > 0:
        low, high = high, 2 * high
    while slack(high) == -math.inf:
        middle = (low + high) / 2
        if not low < middle < high:
            return low
        low, high = (middle, high) if slack(middle) > 0 else (low, middle)
    return float(brentq(slack, low, high, xtol=1e-300, rtol=4 * np.finfo(np.float64).eps, maxiter=300))


def _slack(renewal: Renewal, elapsed: FloatArray, s: float) -> float:
    """Positive below the rate of a class, negative above it, and smooth with a simple root there."""
    if s * int(renewal.slots[-1]) > LARGEST:
        return -math.inf
    w = renewal.transform(s, elapsed)
    if not np.isfinite(w).all():
        return 0.0
    return float(1 / w.max()) if w.min() > 0 else -float(1 / np.abs(w).max())


def _by_iteration(renewal: Renewal) -> float | None:
    """The rate of states that all lead to each other, by power iteration; None where that is slow."""
    v, products = np.ones(renewal.size), 0

    def logarithm(s: float) -> float | None:
        """Of the spectral radius; some identity is added to the matrix, so that no other eigenvalue is as large."""
        nonlocal v, products
        matrix = renewal.matrix(s)
        while products < MOST_PRODUCTS:
            image, products = matrix @ v, products + 1
            ratio = image / v
            low, high = float(ratio.min()), float(ratio.max())
            if high - low <= CLOSE * high:
                return math.log((low + high) / 2)
            v = image + SHIFT * high * v
            v /= v.max()
            if not v.min() > 0:
                return None
        return None

    # The logarithm grows by at most the longest duration for every unit of s, and is convex: secants come from below.
    before, at = 0.0, logarithm(0.0)
    if at is None:
        return None
    s = -at / float(renewal.slots.max())
    while True:
        now = logarithm(s)
        if now is None:
            return None
        if abs(now) <= CLOSE or abs(s - before) <= CLOSE * s:
            return s
        if s * float(renewal.slots.max()) > LARGEST:
            return None
        before, at, s = s, now, s - now * (s - before) / (now - at)


def slots_needed(renewal: Renewal, rate: float, level: float) -> int:
    r"""After how many slots the probability of still reaching the target later is at most ``level``.

    Chernoff's bound, :math:`P(t < T < \infty) \le e^{-s t}\, \mathrm E[e^{s T};\, T < \infty]` for every :math:`s`
    below the tail rate.
    """
    if math.isfinite(rate):
        scale, tried = 1 / rate, [share * rate for share in SHARES]
    else:
        scale = renewal.mean[0] / renewal.ever[0]
        if scale == 0:
            return 1
        tried = [STEEP / scale * 0.5**k for k in range(8)]
    found = []
    for s in tried:
        used = renewal.reaching.any(axis=1)
        with np.errstate(over="ignore"):
            ending: FloatArray = np.exp(s * renewal.slots[used]) @ renewal.reaching[used]
        bound = renewal.transform(s, ending)[0]
        if 0 < bound < math.inf:
            found.append((math.log(bound) - math.log(level)) / s)
    # Where double precision holds no bound, the rate says about as much.
    needed = min(found, default=-2 * math.log(level) * scale)
    return max(1, math.ceil(needed) + 1)
