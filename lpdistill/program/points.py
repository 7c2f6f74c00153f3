"""Points of a sweep, at which problems differ in probability and durations only, and the attempts at all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.factored.generation import Generation

OCTAVES, FARTHEST = 2, 100
"""Octaves of the odds of generation that are one neighbourhood, and beyond which there are no others."""


@dataclass(frozen=True, slots=True)
class Points:
    """What differs from point to point.

    Attributes
    ----------
    success, failure
        ``p`` and ``1 - p``, each correctly rounded, (points,).
    times
        Duration of a step that does not distil, of one that does, and of discarding, (3, points).
    """

    success: FloatArray
    failure: FloatArray
    times: FloatArray

    def __len__(self) -> int:
        return len(self.success)

    def at(self, some: IntArray | BoolArray | slice) -> Points:
        """Some of the points."""
        return Points(self.success[some], self.failure[some], self.times[:, some])

    @property
    def least(self) -> FloatArray:
        """Duration of the shortest step, (points,)."""
        return np.asarray(self.times.min(axis=0))


class Attempted:
    """The attempts of :class:`~lpdistill.process.factored.generation.Generation`, with the probabilities of points."""

    def __init__(self, generation: Generation, points: Points) -> None:
        self._generation, self._points = generation, points

    @cached_property
    def binomials(self) -> FloatArray:
        """Probability of ``j`` successes in ``g`` attempts, (M + 1, M + 1, points)."""
        most = self._generation.configurations.most
        found = np.zeros((most + 1, most + 1, len(self._points)))
        found[0, 0] = 1.0
        for g in range(1, most + 1):
            found[g] = self._points.failure * found[g - 1]
            found[g, 1:] += self._points.success * found[g - 1, :-1]
        return found

    @cached_property
    def leaving(self) -> FloatArray:
        """Probability that at least one of ``g`` attempts succeeds, (M + 1, points); without cancellation."""
        found = np.zeros((self._generation.configurations.most + 1, len(self._points)))
        for g in range(1, len(found)):
            found[g] = self._points.success + self._points.failure * found[g - 1]
        return found

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The two attempt tables of values, (configurations, points), joined as those of one point are."""
        some, offsets = self._generation.configurations, self._generation.offsets.tolist()
        size, raw = offsets[-1], self._generation.raw
        found = np.empty((2 * size, values.shape[1]))
        found[: len(values)] = values
        found[size : size + len(values)] = 0.0
        more = np.zeros(0, dtype=np.int64)
        if raw is not None:
            sums = some.sums[:, : some.up_to(some.most - 1)].copy()
            sums[raw:] += 1
            more = some.rank_sums(sums)
        for before, start, end in zip(offsets, offsets[1:], offsets[2:], strict=False):
            fewer = before + end - start
            for table in (0, size):
                earlier, here = found[table + before : table + fewer], found[table + start : table + end]
                np.multiply(earlier, self._points.failure, out=here)
            if raw is not None:
                gained = self._points.success * found[before + more[: end - start]]
                found[start:end] += gained
                found[size + start : size + end] += gained
        return found


def neighbourhoods(points: Points) -> list[tuple[int, int]]:
    """Which neighbourhood each point lies in: of the odds of generation, and of the ratio of the two durations."""
    with np.errstate(divide="ignore", over="ignore"):
        odds = np.clip(points.success / points.failure, 2.0**-FARTHEST, 2.0**FARTHEST)
        ratio = np.clip(points.times[0] / points.times[1], 2.0**-FARTHEST, 2.0**FARTHEST)
    # Exponents are exact, so that no rounding of a logarithm decides.
    return list(zip((np.frexp(odds)[1] // OCTAVES).tolist(), np.frexp(ratio)[1].tolist(), strict=True))


def middles(where: list[tuple[int, int]]) -> Points:
    """A point in the middle of each neighbourhood."""
    odds, ratio = np.exp2([OCTAVES * k for k, _ in where]), np.exp2([r - 0.5 for _, r in where])
    return Points(odds / (1 + odds), 1 / (1 + odds), np.stack([ratio, np.ones_like(ratio), np.zeros_like(ratio)]))
