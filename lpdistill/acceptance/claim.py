r"""What measured pairs say of their fidelity.

Each pair is measured in one of the bases XX, YY, ZZ, drawn at random with equal probabilities, and passes if the
results are those of the Bell state :math:`\Phi^+`: equal in XX and ZZ, unlike in YY.  The projector on it is
:math:`(1 + XX - YY + ZZ)/4`, so for **every** state, Bell-diagonal or not, the mean of the three correlations depends
on its fidelity F alone,

.. math:: \tfrac13 \langle XX - YY + ZZ \rangle = \frac{4F - 1}{3} = w .

A readout that is right with probability :math:`\eta`, whatever the result, multiplies correlations by
:math:`2\eta - 1`.  So a pair passes with probability

.. math:: q(F) = \frac{1 + s w}{2}, \qquad s = (2\eta_A - 1)(2\eta_B - 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lpdistill.errors import ModelError
from lpdistill.numbers import Number, exact
from lpdistill.physics.noise import Noise, SeveralNumbers, told

BLIND = Fraction(1, 4)
"""Fidelity of a pair without any correlation."""

CERTAIN = 1 - Fraction(1, 10**12)
"""What is above it and not 1 is refused as a probability or fidelity: its complement has too few digits."""


@dataclass(frozen=True, slots=True)
class Claim:
    """That pairs have at least some fidelity, to be certified by measurements.

    Attributes
    ----------
    fidelity
        Of a pair, at least.
    delta
        The probability with which it may be certified wrongly.
    noise
        The readouts that measure.
    """

    fidelity: Fraction
    delta: Fraction
    noise: Noise

    @staticmethod
    def of(certify: Number, delta: Number, readout: SeveralNumbers) -> Claim:
        """What a user claims.

        Raises
        ------
        ModelError
            If a number is out of its range.
        """
        fidelity = exact(certify, "certify")
        if not BLIND < fidelity < 1:
            raise ModelError("certify", "must be a fidelity above 1/4 and below 1", certify)
        require_uncertain(fidelity, "certify", certify)
        return Claim(fidelity, share(delta, "delta"), Noise(readout=readout))

    @property
    def contrast(self) -> Fraction:
        """What the readouts leave of a correlation, s."""
        return self.noise.contrast

    @property
    def limit(self) -> Fraction:
        """The probability that a pair passes which has just the fidelity claimed."""
        return self.passing(self.fidelity)

    def passing(self, fidelity: Fraction) -> Fraction:
        """The probability that a pair of some fidelity passes.

        >>> Claim.of(".9", ".05", 1).passing(Fraction(19, 20))
        Fraction(29, 30)
        """
        return (1 + self.contrast * (4 * fidelity - 1) / 3) / 2

    def fidelity_of(self, passing: float) -> float:
        """The fidelity of pairs that pass with some probability, as near as a fidelity can come to it.

        >>> round(Claim.of(".9", ".05", 1).fidelity_of(29 / 30), 12)
        0.95
        """
        return min(max((3 * (2 * passing - 1) / float(self.contrast) + 1) / 4, 0.0), 1.0)

    def to_dict(self) -> dict[str, str]:
        """It as JSON data, exactly."""
        return {"certify": str(self.fidelity), "delta": str(self.delta), "readout": told(self.noise.readout)}


def share(value: Number, where: str) -> Fraction:
    """A probability that is neither 0 nor 1.

    Raises
    ------
    ModelError
        If it is none, or nearer to 1 than can be computed with.
    """
    found = exact(value, where)
    if not 0 < found < 1:
        raise ModelError(where, "must be a probability above 0 and below 1", value)
    require_uncertain(found, where, value)
    return found


def require_uncertain(found: Fraction, where: str, value: Number) -> None:
    """Refuse what is as good as 1, and is not 1.

    Raises
    ------
    ModelError
        If it is nearer to 1 than can be computed with.
    """
    if CERTAIN < found < 1:
        raise ModelError(where, "is nearer to 1 than 1e-12; give at most 1 - 1e-12", value)
