"""Points of a sweep, at which problems differ in probability and durations only, and the attempts at all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.process.factored.generation import Generation, binomial_table, leaving_table

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
        return binomial_table(self._points.success, self._points.failure, self._generation.configurations.most)

    @cached_property
    def leaving(self) -> FloatArray:
        """Probability that at least one of ``g`` attempts succeeds, (M + 1, points); without cancellation."""
        return leaving_table(self._points.success, self._points.failure, self._generation.configurations.most)

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The two attempt tables of values, (configurations, points), joined as those of one point are."""
        found = self._generation.tables(values, self._points.success, self._points.failure)
        return found.reshape(-1, values.shape[1])


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
