r"""Proportional fairness: the greatest sum of logarithms of what users have.

The rates that policies can give users are a convex set.  For weights ``w`` of users, the policy that is best for the
weighted sum is one of its corners; on the corners known, cvxpy finds the best mixture ``r``, and with
:math:`w_u = 1/r_u` the next corner either improves it, or proves it the best of all, since logarithms are concave:

.. math:: \sum_u \log r^*_u \le \sum_u \log r_u + \max_{r'} \sum_u w_u r'_u - U .
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import InfeasibleError, NotCertifiedError
from lpdistill.numbers import downwards, upwards

MOST_CORNERS = 200
"""Corners beyond which no more are looked for."""

MIXED, NEWTON = 1e-6, 5
"""Share of a corner from which it counts as mixed in, and steps of Newton's method."""

DIGITS, LAST = 50, Fraction(1, 10**40)
"""Digits of logarithms and powers, and a share of them that is more than what they are off by."""

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

    @property
    def mean(self) -> float:
        """The geometric mean of the rates."""
        return float(np.exp(self.value / len(self.rates)))

    @property
    def most(self) -> float:
        """What no geometric mean exceeds."""
        with localcontext() as context:
            context.prec = DIGITS
            return upwards(Fraction((Decimal(self.bound) / len(self.rates)).exp()) * (1 + LAST))


def geometric_mean(rates: Sequence[Fraction]) -> float:
    """A lower bound on the geometric mean of some rates.

    >>> geometric_mean([Fraction(1, 2), Fraction(1, 8)]) == 0.25 - 2**-55
    True
    """
    if min(rates) <= 0:
        return 0.0
    with localcontext() as context:
        context.prec = DIGITS
        logarithms = sum((Decimal(rate.numerator) / Decimal(rate.denominator)).ln() for rate in rates)
        return downwards(Fraction((Decimal(logarithms) / len(rates)).exp()) * (1 - LAST))


def _bound(weights: FloatArray, most: float) -> float:
    r"""What no sum of logarithms exceeds, where no weighted sum of rates exceeds ``most``.

    Logarithms are concave: :math:`\sum_u \log r_u \le \sum_u (w_u r_u - 1 - \log w_u)`, whatever the weights.
    """
    with localcontext() as context:
        context.prec = DIGITS
        logarithms = sum((Fraction(Decimal(weight).ln()) for weight in weights.tolist()), Fraction(0))
        return upwards((Fraction(most) - len(weights) - logarithms) + LAST * (len(weights) + abs(logarithms)))


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
        value, bound = float(np.log(rates).sum()), _bound(1 / rates, most)
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
