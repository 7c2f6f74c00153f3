r"""The law of the sum of many waiting times, exactly.

Waiting times are whole numbers of slots.  The sum of n of them lies, but for a probability of at most

.. math:: e^{-\theta r} \left(E\, e^{\theta (T - \mu)}\right)^n + e^{-\theta r} \left(E\, e^{-\theta (T - \mu)}\right)^n

for any :math:`\theta > 0` (Chernoff), within r slots of its mean.  So it is known from its residue modulo
:math:`L > 2 r`, whose law is a cyclic convolution: the n-th power of a discrete Fourier transform of length L.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from lpdistill.arrays import FloatArray
from lpdistill.errors import LimitError

OUTSIDE = 1e-12
"""Probability of sums outside the window, at most."""

ROUNDING = 1e-9
"""What is added to every tail: far more than the window and the rounding of the transform can take away."""

MOST_SLOTS = 1 << 24
"""Slots of the longest window."""

NEAR = 1e-6
"""Slots by which a sum may differ from a whole number by rounding."""


@dataclass(frozen=True, eq=False)
class SumLaw:
    """The law of a sum of independent waiting times.

    Attributes
    ----------
    first
        The slot of the window's first sum.
    cumulative
        Probability of every sum of the window and those below, (slots,).
    mean
        Of the sum, in slots.
    """

    first: int
    cumulative: FloatArray
    mean: float

    @staticmethod
    def of(pmf: FloatArray, count: int) -> SumLaw:
        """The sum of so many times, each of so many slots with the probabilities given, (slots,).

        Raises
        ------
        LimitError
            If the window is too long.

        Examples
        --------
        >>> two = SumLaw.of(np.array([0.0, 0.5, 0.5]), 2)
        >>> round(two.at_most(3), 6), round(two.at_least(4), 6)
        (0.75, 0.25)
        """
        slots = np.arange(len(pmf), dtype=np.float64)
        shares = pmf / pmf.sum()
        mean = float(slots @ shares)
        reach = _reach(slots - mean, shares, count)
        length = 1 << (2 * reach + 2).bit_length()
        if length > MOST_SLOTS:
            raise LimitError(
                f"waiting times: the sum of {count:,} of them spreads over {length:,} slots, more than "
                f"{MOST_SLOTS:,}; test shorter periods",
                size={"slots": length, "waits": count},
            )
        folded = np.bincount(np.arange(len(pmf)) % length, shares, length)
        summed = np.fft.irfft(np.fft.rfft(folded) ** count, length)
        first = floor(count * mean) - length // 2
        window = np.maximum(np.roll(summed, -(first % length)), 0.0)
        return SumLaw(first, np.cumsum(window), count * mean)

    def at_most(self, total: float) -> float:
        """Probability of a sum of so many slots at most."""
        place = floor(total + NEAR) - self.first
        return 0.0 if place < 0 else min(float(self.cumulative[min(place, len(self.cumulative) - 1)]), 1.0)

    def at_least(self, total: float) -> float:
        """Probability of a sum of so many slots at least."""
        return 1.0 - self.at_most(ceil(total - NEAR) - 1)

    def below(self, limit: float) -> int:
        """The greatest sum such that it or less has a probability of at most a limit."""
        return self.first + int(np.searchsorted(self.cumulative + ROUNDING, limit, side="right")) - 1

    def above(self, limit: float) -> int:
        """The least sum such that it or more has a probability of at most a limit."""
        return self.first + int(np.searchsorted(self.cumulative - ROUNDING, 1.0 - limit)) + 1


def _reach(apart: FloatArray, shares: FloatArray, count: int) -> int:
    """How far from its mean a sum is found but for a negligible probability."""
    reach, spread = 1.0, float(apart**2 @ shares) * count
    if not spread:
        return 1
    held = shares > 0
    apart, logs = apart[held], np.log(shares[held])
    for _ in range(200):
        steps = reach / spread * np.array([1.0, 0.7, 0.5, 0.3, 0.2, 0.1])
        bounds = [
            min(count * np.logaddexp.reduce(logs + sign * step * apart) - step * reach for step in steps)
            for sign in (1.0, -1.0)
        ]
        if np.logaddexp(*bounds) <= np.log(OUTSIDE):
            break
        reach *= 1.3
    return ceil(reach)
