"""Pairs that a controller knows by labels while their fidelities are what their histories make of them.

A policy on labels promises what holds for the fidelities of the labels.  The pairs have greater ones: what is simulated
are these, each distillation succeeding with the probability that they have, and a run ending as soon as a pair meets
the target, whatever its label says.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from lpdistill.arrays import FloatArray, IntArray
from lpdistill.errors import LimitError
from lpdistill.physics.capped import met
from lpdistill.problem.problem import Problem

MOST_TRACKED = 100_000
"""Different pairs beyond which their exact fidelities take too long."""

EMPTY = -1
"""What a memory holds that holds nothing."""


class TrackedSpecies:
    """Every pair that a memory may hold, found as runs make them.

    They are told apart by their label, by the fidelity of the heralded history, and by that in reality.

    Attributes
    ----------
    nominal, real
        Fidelity by the heralded history, and in reality, of the pairs found so far.
    held
        Label of every content, EMPTY included, shifted by one; the number of labels for what meets the target.
    raw
        The species of a raw pair.
    """

    def __init__(self, problem: Problem, f0: Fraction | None) -> None:
        labels = problem.levels
        self.met, self.distillation, self.target = met(labels), problem.distillation, problem.target
        self.nominal: list[Fraction] = []
        self.real: list[Fraction] = []
        self.held = np.full(MOST_TRACKED + 1, EMPTY)
        self._merit = np.zeros(MOST_TRACKED)
        self._known: dict[tuple[int, Fraction, Fraction], int] = {}
        self._made: dict[tuple[int, ...], tuple[float, int]] = {}
        place = {level.state: level.index for level in labels}
        self._label = {pair: place.get(made.outcomes[0][1], self.met) for pair, made in labels.combinations.items()}
        first = self.met if problem.f0 >= problem.target else 0
        self.raw = self._species(first, problem.f0, problem.f0 if f0 is None else f0)

    @property
    def level(self) -> IntArray:
        """Label of every species, (species,)."""
        return self.held[1 : len(self.real) + 1]

    def merit(self, species: IntArray) -> FloatArray:
        """What orders pairs: their fidelity by the heralded history."""
        return self._merit[species]

    def made(self, consumed: tuple[IntArray, ...], drawn: FloatArray) -> IntArray:
        """What distillations make of some species, given uniform numbers; EMPTY where they fail."""
        pairs, which = np.unique(np.stack(consumed), axis=1, return_inverse=True)
        found = [self._distilled(tuple(one for one in some if one != EMPTY)) for some in pairs.T.tolist()]
        success, result = np.array([one[0] for one in found]), np.array([one[1] for one in found])
        which = which.ravel()
        return np.where(drawn < success[which], result[which], EMPTY)

    def _distilled(self, some: tuple[int, ...]) -> tuple[float, int]:
        """Probability that some species are distilled, the first of which is kept, and the species made."""
        if some not in self._made:
            believed, true = (self._combined([of[one] for one in some]) for of in (self.nominal, self.real))
            order = tuple(int(self.held[one + 1]) for one in reversed(some))
            label = self.met if believed[1] >= self.target else self._label[order]
            self._made[some] = float(true[0]), self._species(label, believed[1], true[1])
        return self._made[some]

    def _combined(self, fidelities: list[Fraction]) -> tuple[Fraction, Fraction]:
        """Probability that pairs of some fidelities are distilled, and the fidelity made."""
        chance, state = self.distillation.combine(*map(self.distillation.raw, fidelities)).outcomes[0]
        return chance, state.fidelity

    def _species(self, label: int, nominal: Fraction, real: Fraction) -> int:
        """The number of a species."""
        key = label, nominal, real
        if key not in self._known:
            number = self._known[key] = len(self.real)
            if number >= MOST_TRACKED:
                raise LimitError(
                    f"runs: pairs of equal label differ in more than {MOST_TRACKED:,} ways; take fewer runs, or more "
                    "labels (a smaller gap: --within)",
                    size={"species": number},
                )
            self.nominal.append(nominal)
            self.real.append(real)
            self.held[number + 1], self._merit[number] = label, float(nominal)
        return self._known[key]
