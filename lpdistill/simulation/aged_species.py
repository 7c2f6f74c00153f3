"""Memories that forget: pairs that a controller knows by labels, with the Werner parameters that they really have.

Every stored pair ages by the time that really passes.  The controller follows the labels of its policy: it takes a pair
for what its label says, and discards it where no label is left.  What it holds is never worse than its label, so that a
run may end earlier than labels say: as soon as what a distillation has made meets the target, at the end of the step.
"""

from __future__ import annotations

from fractions import Fraction
from math import exp

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import LimitError
from lpdistill.physics.aged import AgedLabels, distilled
from lpdistill.physics.ageing import Products, bounded
from lpdistill.physics.werner import werner_parameter
from lpdistill.simulation.tracked import EMPTY

MOST_AGED = 1_000_000
"""Different pairs beyond which a table of them takes too much memory."""

UNKNOWN = -2
"""What becomes of a pair that no run has come by yet."""


class AgeingSpecies:
    """Every pair that a memory may hold, found as runs make them, and as they age.

    They are told apart by their label, by the Werner parameter of the heralded history, and by that in reality.

    Attributes
    ----------
    nominal, real
        Fidelity by the heralded history, and in reality, of the pairs found so far.
    held
        Label of every content, EMPTY included, shifted by one; the number of labels for what meets the target.
    raw
        The species of a raw pair.
    """

    def __init__(self, labels: AgedLabels, f0: Fraction | None) -> None:
        clock = labels.aging.clock
        self.labels, self._coherence = labels, float(clock.coherence.time)
        self.nominal: list[Fraction] = []
        self.real: list[Fraction] = []
        self.held = np.full(MOST_AGED + 1, EMPTY)
        self._values = np.zeros((2, MOST_AGED))
        times = clock.generation, clock.distillation
        self._times, self._labels = [float(time) for time in times], [labels.aged(time)[0] for time in times]
        self._older = np.full((len(times), MOST_AGED + 1), UNKNOWN)
        self._older[:, 0] = EMPTY
        self._lasting = self._kept(self._times[1]) if clock.coherence.products is Products.AGE else 1.0
        self._aim = bounded(werner_parameter(labels.target))[1]
        self._known: dict[tuple[int, float, float], int] = {}
        self._made: dict[tuple[int, int], tuple[float, int]] = {}
        fresh = [float(werner_parameter(fidelity)) for fidelity in (labels.aging.f0, f0 or labels.aging.f0)]
        self.raw = self._species(labels.raw or 0, fresh[0], fresh[1])

    @property
    def level(self) -> IntArray:
        """Label of every species, (species,)."""
        return self.held[1 : len(self.real) + 1]

    def merit(self, species: IntArray) -> FloatArray:
        """What orders pairs: their Werner parameter by the heralded history."""
        return np.asarray(self._values[0, species])

    def _kept(self, time: float) -> float:
        """What is left of a Werner parameter after a time."""
        return exp(-time / self._coherence)

    def made(self, consumed: tuple[IntArray, ...], drawn: FloatArray) -> IntArray:
        """What distillations make of some species by the end of the step, given uniform numbers; EMPTY for nothing."""
        pairs, which = np.unique(np.stack(consumed), axis=1, return_inverse=True)
        found = [self._distilled(high, low) for high, low in pairs.T.tolist()]
        success, result = np.array([one[0] for one in found]), np.array([one[1] for one in found])
        which = which.ravel()
        return np.where(drawn < success[which], result[which], EMPTY)

    def _distilled(self, high: int, low: int) -> tuple[float, int]:
        """Probability that two species are distilled, and the species made."""
        if (high, low) not in self._made:
            (a, x), (b, y) = self._values[:, high].tolist(), self._values[:, low].tolist()
            believed, true = (float(distilled(*pair)) * self._lasting for pair in ((a, b), (x, y)))
            label = int(self.labels.made[0][self.held[high + 1], self.held[low + 1]])
            label = len(self.labels) if believed >= self._aim else label
            self._made[high, low] = (1 + x * y) / 2, self._species(label, believed, true)
        return self._made[high, low]

    def after(self, contents: IntArray, kind: IntArray) -> IntArray:
        """What stored pairs become in a step, given which of the durations it takes, (runs, memories) and (runs,)."""
        found = contents.copy()
        for number, time in enumerate(self._times):
            rows = np.flatnonzero(kind == number)
            here = contents[rows]
            older = self._older[number]
            for species in np.unique(here[older[here + 1] == UNKNOWN]).tolist():
                values, label = self._values[:, species] * self._kept(time), self._labels[number]
                older[species + 1] = self._species(int(label[self.held[species + 1]]), *values.tolist())
            found[rows] = older[here + 1]
        return found

    def later(self, species: IntArray, time: FloatArray) -> IntArray:
        """The same pairs after a time of which the controller knows nothing, (runs,)."""
        found = species.copy()
        for row in np.flatnonzero((species != EMPTY) & (time > 0)).tolist():
            one = int(species[row])
            nominal, real = self._values[:, one].tolist()
            found[row] = self._species(int(self.held[one + 1]), nominal, real * self._kept(float(time[row])))
        return found

    def _species(self, label: int, nominal: float, real: float) -> int:
        """The number of a species; EMPTY for what has no label."""
        if label < 0:
            return EMPTY
        key = label, nominal, real
        if key not in self._known:
            number = self._known[key] = len(self.real)
            if number >= MOST_AGED:
                raise LimitError(
                    f"runs: pairs differ in more than {MOST_AGED:,} ways, by what made them and how old they are; take "
                    "fewer runs",
                    size={"species": number},
                )
            self.nominal.append((3 * Fraction(nominal) + 1) / 4)
            self.real.append((3 * Fraction(real) + 1) / 4)
            self.held[number + 1], self._values[:, number] = label, (nominal, real)
        return self._known[key]
