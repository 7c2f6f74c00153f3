"""What a delivered pair is worth: secret key by protocol, or what the user says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import isfinite, log2
from numbers import Rational
from types import MappingProxyType
from typing import Any

import numpy as np

from lpdistill.arguments import named, wrong_type
from lpdistill.arrays import FloatArray
from lpdistill.errors import ModelError, names_like
from lpdistill.numbers import exact
from lpdistill.physics.levels import Level, Levels


def entropy(chance: float) -> float:
    """The binary entropy, in bits.

    >>> entropy(0.5), abs(entropy(0.0))
    (1.0, 0.0)
    """
    return -sum(share * log2(share) for share in (chance, 1 - chance) if share > 0)


def bb84(fidelity: float) -> float:
    r"""Key of a Werner pair by BB84: :math:`\max(0, 1 - 2 h(e))` with the error rate :math:`e = 2 (1 - F)/3`.

    Bits a pair, asymptotically, one-way, both bases alike (Shor, Preskill, PRL 85, 441 (2000)).

    >>> round(bb84(0.9), 9)
    0.29328133
    """
    return max(0.0, 1 - 2 * entropy(2 * (1 - fidelity) / 3))


def six_state(fidelity: float) -> float:
    r"""Key of a Werner pair by the six-state protocol: :math:`1 + F \log_2 F + (1 - F) \log_2\frac{1 - F}{3}`, or 0.

    Bits a pair, asymptotically, one-way (Bruss, PRL 81, 3018 (1998); Lo, QIC 1, 81 (2001)).

    >>> round(six_state(0.9), 9)
    0.372508156
    """
    lost = (1 - fidelity) * log2((1 - fidelity) / 3) if fidelity < 1 else 0.0
    return max(0.0, 1 + fidelity * log2(fidelity) + lost)


PROTOCOLS: Mapping[str, Callable[[float], float]] = MappingProxyType({"bb84": bb84, "six-state": six_state})
"""The protocols by name."""


@dataclass(frozen=True)
class Worth:
    """What a pair is worth by its fidelity.

    Attributes
    ----------
    name
        What it is called.
    function
        The worth of a pair of a fidelity; it does not decrease.
    """

    name: str
    function: Callable[[float], float]

    @staticmethod
    def of(given: str | Callable[[float], float]) -> Worth:
        """A protocol by name, or a function of the fidelity.

        Raises
        ------
        ModelError
            If there is no such protocol, or it is no function.
        """
        if isinstance(given, str):
            if given not in PROTOCOLS:
                raise ModelError("protocol", f"must be one of {names_like(PROTOCOLS, given)}", given)
            return Worth(given, PROTOCOLS[given])
        if not callable(given) or isinstance(given, type):
            known = f"{', '.join(PROTOCOLS)}, or a function of the fidelity that returns a number"
            raise wrong_type("worth", f"must name a protocol, not be {named(given)}: {known}", given)
        return Worth(getattr(given, "__name__", "worth"), given)

    def at(self, fidelity: Fraction, where: str) -> float:
        """The worth of a fidelity.

        Raises
        ------
        ModelError
            If it is no finite number, or negative.
        """
        try:
            found = float(self.function(float(fidelity)))
        except Exception as error:
            raise ModelError("worth", f"raised {type(error).__name__}: {error}; it was asked about", where) from error
        if not isfinite(found) or found < 0:
            raise ModelError("worth", f"must be a finite number >= 0 for every fidelity; for {where} it is", found)
        return found

    def exactly(self, fidelity: Fraction) -> Fraction:
        """The worth of a fidelity, exactly.

        Raises
        ------
        ModelError
            If it is not rational, or negative.
        """
        found: Any = self.function(fidelity)  # type: ignore[arg-type]  # rational numbers go in as well
        if isinstance(found, bool) or not isinstance(found, Rational):
            wanted = "must be rational for a proof: a function that returns a Fraction, or an integer, for a Fraction"
            raise ModelError("worth", wanted, self.name)
        return exact(found, "worth")

    def of_levels(self, levels: Levels) -> FloatArray:
        """The worth of a pair of each level, (levels,).

        Raises
        ------
        ModelError
            If it decreases from one level to the next.
        """
        found = np.array([self.at(level.fidelity, level.name) for level in levels])
        order = sorted(levels, key=lambda level: level.fidelity)
        for below, above in pairwise(order):
            if found[above.index] < found[below.index]:
                raise ModelError(
                    "worth",
                    f"must not decrease with fidelity; it does from {_stated(below, found)} to {_stated(above, found)}",
                    self.name,
                )
        return found


def _stated(level: Level, worth: FloatArray) -> str:
    """A level with its worth."""
    return f"{level.name} (worth {worth[level.index]:.6g})"
