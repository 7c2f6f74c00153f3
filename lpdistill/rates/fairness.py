r"""Proportional fairness: the greatest sum of logarithms of what users have.

The rates that policies can give users are a convex set.  For weights ``w`` of users, the policy that is best for the
weighted sum is one of its corners; on the corners known, cvxpy finds the best mixture ``r``, and with
:math:`w_u = 1/r_u` the next corner either improves it, or proves it the best of all, since logarithms are concave:

.. math:: \sum_u \log r^*_u \le \sum_u \log r_u + \max_{r'} \sum_u w_u r'_u - U .
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import InfeasibleError, NotCertifiedError

MOST_CORNERS = 200
"""Corners beyond which no more are looked for."""

MIXED, NEWTON = 1e-6, 5
"""Share of a corner from which it counts as mixed in, and steps of Newton's method."""

ROUNDED = 1e-13
"""Share of a sum of logarithms that may be rounding, by which its bound is raised."""

CLOSE = 1e-9
"""Distance of the sum of logarithms from its bound at which no more are."""


class Fair(StrEnum):
    """What counts of what users have."""

    SUM = "sum"
    """All pairs alike."""
    MAX_MIN = "max-min"
    """The least of all rates."""
    PROPORTIONAL = "proportional"
    """The sum of the logarithms of rates."""


@dataclass(frozen=True)
class Balance:
    """The rates of greatest sum of logarithms.

    Attributes
    ----------
    rates
        What each user has, (users,).
    value, bound
        The sum of their logarithms, and what it cannot exceed.
    """

    rates: FloatArray
    value: float
    bound: float

    def mean(self, logarithms: float) -> float:
        """The geometric mean of rates whose logarithms have such a sum."""
        return float(np.exp(logarithms / len(self.rates)))


def balanced(users: int, corner: Callable[[FloatArray], tuple[FloatArray, float]]) -> Balance:
    """Find them.

    Parameters
    ----------
    users
        Number of users.
    corner
        Given what a pair for each user counts, (users,): what each has by the best policy, and what no policy exceeds.

    Raises
    ------
    InfeasibleError
        If some user can have nothing.
    NotCertifiedError
        If the bound is not reached.
    """
    import cvxpy as cp  # noqa: PLC0415 - slow to load

    corners = []
    for user in range(users):
        alone = np.zeros(users)
        alone[user] = 1.0
        rates, _ = corner(alone)
        if rates[user] <= 0:
            raise InfeasibleError("tenants: one of them can have nothing; lower its target", conflict=(user,))
        corners.append(rates)
    for _ in range(MOST_CORNERS):
        known = np.unique(np.array(corners), axis=0)
        mixture, mixed = cp.Variable(len(known), nonneg=True), known / known.max(axis=0)
        problem = cp.Problem(cp.Maximize(cp.sum(cp.log(mixed.T @ mixture))), [cp.sum(mixture) == 1])
        problem.solve(solver=cp.CLARABEL)
        rates = _polished(known, np.maximum(np.asarray(mixture.value, dtype=np.float64), 0.0))
        new, most = corner(1 / rates)
        value = float(np.log(rates).sum())
        bound = value + most - users + ROUNDED * (1 + abs(value) + users)
        if bound - value <= CLOSE:
            return Balance(rates, value, bound)
        corners.append(new)
    raise NotCertifiedError(f"proportional fairness was not reached with {MOST_CORNERS} corners")


def _polished(corners: FloatArray, mixture: FloatArray) -> FloatArray:
    """The rates of the best mixture of corners, (users,), by Newton's method from one that is close."""
    used = corners[mixture > MIXED]
    weights = mixture[mixture > MIXED]
    for _ in range(NEWTON):
        weights = weights / weights.sum()
        rates = used.T @ weights
        slopes = used / rates
        size = len(used)
        system = np.zeros((size + 1, size + 1))
        system[:size, :size], system[:size, size], system[size, :size] = -slopes @ slopes.T, 1.0, 1.0
        right = np.append(len(rates) - slopes.sum(axis=1), 0.0)
        step = np.linalg.lstsq(system, right, rcond=None)[0][:size]
        if (weights + step < 0).any():
            break
        weights = weights + step
    return np.asarray(used.T @ (weights / weights.sum()))
