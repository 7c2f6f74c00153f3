"""What distillation does to Bell-diagonal pairs: DEJMPS, with the noise of gates and readout, and codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations
from typing import TypeAlias

from lpdistill.errors import ModelError
from lpdistill.numbers import at_most
from lpdistill.physics.codes import TWO, Code, Protocol, Weights, characters, code_for, sizes, weights_of
from lpdistill.physics.maps import Combination, Reach
from lpdistill.physics.noise import IDEAL, Noise, SeveralNumbers, numbers
from lpdistill.physics.search import explored_reach

Shares: TypeAlias = tuple[Fraction, Fraction, Fraction]
"""Shares of the errors X, Y and Z in the infidelity of a pair."""

EVEN: Shares = (Fraction(1, 3),) * 3
"""Those of a Werner pair."""

ROTATED = Code(("YY",), frame="XZY")
"""DEJMPS as a code: rotations exchange the errors Y and Z, a CNOT at both nodes leads from the pair that is kept."""


@dataclass(frozen=True, slots=True)
class BellDiagonalPair:
    """A mixture of the four Bell states, by its weights of Phi+, Psi+, Psi- and Phi- (errors I, X, Y, Z)."""

    weights: Weights

    @property
    def fidelity(self) -> Fraction:
        """The weight of Phi+."""
        return self.weights[0]


def shares_of(raw: SeveralNumbers) -> tuple[Fraction, Shares]:
    """Fidelity and shares of errors of a raw pair with the given weights.

    Raises
    ------
    ModelError
        If they are not four numbers, none below 0, that sum to 1.

    Examples
    --------
    >>> shares_of(".9,0,0,.1")
    (Fraction(9, 10), (Fraction(0, 1), Fraction(0, 1), Fraction(1, 1)))
    """
    weights = numbers(raw, "raw")
    if len(weights) != 4 or sum(weights) != 1 or min(weights) < 0:
        least, total = (at_most(found, 6) for found in (min(weights, default=Fraction(0)), sum(weights, Fraction(0))))
        found = f"; these are {len(weights)}, the least {least}, and sum to {total}"
        form = "must be four weights, of Phi+, Psi+, Psi- and Phi-, none below 0, that sum to 1"
        raise ModelError("raw", form + (found if weights else ""), raw)
    fidelity, *errors = weights
    if fidelity <= Fraction(1, 2):
        raise ModelError("raw", "must have a first weight, the fidelity, above 1/2; name the likeliest state Phi+", raw)
    if fidelity == 1:
        return fidelity, EVEN
    x, y, z = (error / (1 - fidelity) for error in errors)
    return fidelity, (x, y, z)


@dataclass(frozen=True, slots=True)
class Dejmps:
    r"""DEJMPS on Bell-diagonal pairs, pair 1 kept and pair 2 measured, weights :math:`I, X, Y, Z`.

    With :math:`m = (1 + s)/2` the probability that the comparison of readouts is right and :math:`n = 1 - m`

    .. math::

        \text{even:}\quad & I' = I_1 I_2 + Y_1 Y_2,\; X' = X_1 X_2 + Z_1 Z_2,\; Y' = X_1 Z_2 + Z_1 X_2,\;
                            Z' = I_1 Y_2 + Y_1 I_2 \\
        \text{odd:}\quad  & I' = I_1 X_2 + Y_1 Z_2,\; X' = X_1 I_2 + Z_1 Y_2,\; Y' = X_1 Y_2 + Z_1 I_2,\;
                            Z' = I_1 Z_2 + Y_1 X_2

    and :math:`P\,\lambda' = g (m \cdot \text{even} + n \cdot \text{odd}) + (1 - g)/8`.  Fidelity alone does not order
    pairs: with :math:`\lambda_1 \ge \ldots \ge \lambda_4` the sorted weights, :math:`e = \lambda_1 - 1/2`,
    :math:`u = (\lambda_3 + \lambda_4)/e` and :math:`v = \lambda_4/e`, a pair is at least as good as another if its e is
    not less and its u and v are not greater; levels are in an order that respects this.

    Parameters
    ----------
    noise
        Noise of gates and readout; none by default.
    protocols
        What a distillation may be: 2 for the above, and :class:`~lpdistill.physics.codes.Code`.
    bias
        Shares of X, Y and Z in the infidelity of a raw pair; those of a Werner pair by default.

    Examples
    --------
    >>> dejmps = Dejmps()
    >>> once = dejmps.combine(dejmps.raw(Fraction(9, 10)), dejmps.raw(Fraction(9, 10))).state
    >>> round(float(once.fidelity), 4), round(float(dejmps.combine(once, once).state.fidelity), 5)
    (0.9264, 0.98876)
    """

    name: str = "dejmps"
    noise: Noise = IDEAL
    protocols: tuple[Protocol, ...] = (TWO,)
    bias: Shares = EVEN

    @property
    def consumes(self) -> tuple[int, ...]:
        """The numbers of pairs that one distillation may take."""
        return sizes(self.protocols)

    def raw(self, fidelity: Fraction) -> BellDiagonalPair:
        """A pair of the given fidelity whose errors have the shares of the map."""
        x, y, z = ((1 - fidelity) * share for share in self.bias)
        return BellDiagonalPair((fidelity, x, y, z))

    def combine(self, *pairs: BellDiagonalPair) -> Combination[BellDiagonalPair]:
        """Distil some pairs, of which the first is kept."""
        code = ROTATED if len(pairs) == TWO else code_for(self.protocols, len(pairs))
        success, weights = code.distil([pair.weights for pair in pairs], self.noise)
        return Combination(BellDiagonalPair(weights), success)

    def likeliest(self, pairs: Sequence[BellDiagonalPair], others: int) -> Fraction:
        """The greatest probability of distilling some pairs with any others: perfect ones, as characters are at most 1.

        Those of the given pairs count without their signs.
        """
        known = [BellDiagonalPair(weights_of([abs(one) for one in characters(pair.weights)])) for pair in pairs]
        perfect = BellDiagonalPair(weights_of([Fraction(1)] * 4))
        return max(self.combine(*order).success for order in permutations([*known, *[perfect] * others]))

    def order(self, pair: BellDiagonalPair) -> tuple[Fraction, Fraction, Fraction]:
        """Where a pair stands among levels: by fidelity, then by its other weights, sorted."""
        first, _, third, fourth = sorted(pair.weights, reverse=True)
        excess = max(first - Fraction(1, 2), Fraction(1, 10**18))
        return pair.fidelity, -(third + fourth) / excess, -fourth / excess

    def reach(self, raw: BellDiagonalPair, target: Fraction, memories: int) -> Reach:
        """Limits of fidelity as they are approached; whether a target below the :attr:`ceiling` is, levels say."""
        found = explored_reach(self, raw, target, memories)
        if self.ceiling is None or raw.fidelity >= target or target <= self.ceiling:
            return found
        return replace(found, memory_limit=float(self.ceiling), memories_needed=None)

    @property
    def ceiling(self) -> Fraction | None:
        r"""A fidelity that nothing made of two pairs exceeds, with this noise; None with codes of more.

        Even and odd weights sum to 1 together, so that with :math:`x \le m` the sum of :math:`m \cdot \text{even}` and
        :math:`n \cdot \text{odd}`, :math:`I'` is at most x, and with :math:`h = (1 - g)/8` no fidelity exceeds
        :math:`(g x + h)/(g x + 4 h)`, which increases with x.
        """
        if self.protocols != (TWO,):
            return None
        g, m = self.noise.gates, (1 + self.noise.contrast) / 2
        return (g * m + (1 - g) / 8) / (g * m + (1 - g) / 2)
