"""What distillation does to Werner pairs: BBPSSW, with the noise of gates and readout, and codes of several pairs.

Everything above this module sees a stored pair only as an object with a ``fidelity``, and a map only as something that
makes the raw pair and combines some pairs into one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from typing import ClassVar, TypeVar

from lpdistill.physics.codes import TWO, Code, Protocol, code_for, sizes
from lpdistill.physics.maps import Combination, Reach, arrangements
from lpdistill.physics.noise import IDEAL, Noise
from lpdistill.physics.search import monotone_reach

N = TypeVar("N", float, Fraction)


@dataclass(frozen=True, slots=True)
class WernerPair:
    """A Werner state, fixed by its fidelity ``F``; its Werner parameter is ``w = (4F - 1)/3``."""

    fidelity: Fraction


def success_probability(a: Fraction, b: Fraction) -> Fraction:
    r"""Probability that distilling Werner pairs of fidelity ``a`` and ``b`` succeeds (arXiv:2606.14908, Eq. 3).

    .. math:: P(a, b) = \frac{8ab - 2a - 2b + 5}{9}

    >>> success_probability(Fraction(3, 4), Fraction(3, 4))
    Fraction(13, 18)
    """
    return (8 * a * b - 2 * a - 2 * b + 5) / 9


def distilled_fidelity(a: Fraction, b: Fraction) -> Fraction:
    r"""Fidelity after distilling Werner pairs of fidelity ``a`` and ``b`` with success (arXiv:2606.14908, Eq. 2).

    .. math:: D(a, b) = \frac{10ab - a - b + 1}{8ab - 2a - 2b + 5}

    >>> distilled_fidelity(Fraction(3, 4), Fraction(3, 4))
    Fraction(41, 52)
    """
    return (10 * a * b - a - b + 1) / (8 * a * b - 2 * a - 2 * b + 5)


def pumping_limit(f0: float, noise: Noise = IDEAL) -> float:
    r"""The fixed point of pumping :math:`x \mapsto D(x, f_0)` (arXiv:2606.14908, Eq. 7).

    .. math:: f_\infty = \frac{6 f_0 - 3 + \sqrt{28 f_0^2 - 26 f_0 + 7}}{8 f_0 - 2}

    With noise it is the upper root of
    :math:`3 g s w_0 x^2 + (3 - g - 2 g (1 + s) w_0) x - g s w_0 = 0` in Werner parameters.

    >>> round(pumping_limit(0.75), 6), round(pumping_limit(0.9, Noise(0.99, 0.99)), 9)
    (0.825694, 0.928112609)
    """
    if noise.ideal:
        return (6 * f0 - 3 + math.sqrt(28 * f0 * f0 - 26 * f0 + 7)) / (8 * f0 - 2)
    g, s, w = float(noise.gates), float(noise.contrast), (4 * f0 - 1) / 3
    half = 2 * g * (1 + s) * w + g - 3
    return fidelity_of((half + math.sqrt(half * half + 12 * (g * s * w) ** 2)) / (6 * g * s * w))


def raw_fidelity_with_limit(x: Fraction, noise: Noise = IDEAL) -> Fraction:
    r"""The raw fidelity whose pumping limit is ``x``: the inverse of :func:`pumping_limit`, and rational.

    Solving :math:`(8f - 2)x^2 - (12f - 6)x + (f - 1) = 0` for :math:`f`:

    .. math:: f = \frac{2x^2 - 6x + 1}{8x^2 - 12x + 1}

    With noise, in Werner parameters, :math:`w_0 = \frac{(3 - g) x}{g (s + 2 (1 + s) x - 3 s x^2)}`; beyond the greatest
    fidelity that distillation can reach it is above ``x``.
    """
    if noise.ideal:
        return ((2 * x - 6) * x + 1) / ((8 * x - 12) * x + 1)
    g, s, w = noise.gates, noise.contrast, werner_parameter(x)
    return fidelity_of((3 - g) * w / (g * (s + (2 * (1 + s) - 3 * s * w) * w)))


def werner_parameter(fidelity: Fraction) -> Fraction:
    """The Werner parameter :math:`w = (4F - 1)/3`."""
    return (4 * fidelity - 1) / 3


def fidelity_of(parameter: N) -> N:
    """The fidelity :math:`F = (3w + 1)/4` of a Werner parameter."""
    return (3 * parameter + 1) / 4


def useful_range(noise: Noise) -> tuple[float, float] | None:
    r"""The least fidelity that distilling two equal pairs improves, and the greatest that it reaches; None if neither.

    The roots of :math:`3 g s w^2 - 2 g (1 + s) w + 3 - g (1 + s) = 0`, real iff
    :math:`g \ge \frac{9 s}{(1 + s)(1 + 4 s)}`.

    >>> [round(fidelity, 9) for fidelity in useful_range(Noise(0.99, 0.99))]
    [0.546859834, 0.973756576]
    """
    g, s = float(noise.gates), float(noise.contrast)
    root = (g * (1 + s)) ** 2 - 3 * g * s * (3 - g * (1 + s))
    if root < 0:
        return None
    low, high = ((g * (1 + s) + sign * math.sqrt(root)) / (3 * g * s) for sign in (-1, 1))
    return (fidelity_of(low), fidelity_of(high)) if low < 1 else None


def least_gates(fidelity: Fraction, contrast: Fraction) -> Fraction:
    r"""The least :math:`g` with which distilling two pairs of a fidelity improves it, above 1 if none does.

    .. math:: g > \frac{3}{(1 + s)(1 + 2w) - 3 s w^2}

    >>> least_gates(Fraction(9, 10), Fraction(1))
    Fraction(225, 241)
    """
    w = werner_parameter(fidelity)
    return 3 / ((1 + contrast) * (1 + 2 * w) - 3 * contrast * w * w)


@lru_cache(256)
def orders(code: Code, noise: Noise) -> tuple[tuple[int, ...], ...]:
    """The orders of Werner pairs that a code distils differently, places counted from the last pair.

    Of a Werner pair all three characters are the same, so that a term is known by the pairs that it touches.

    >>> from lpdistill.physics.codes import BEST
    >>> len(orders(Code(BEST[3]), Noise())), len(orders(Code(BEST[5]), Noise()))
    (3, 1)
    """
    places = range(code.pairs)
    sums: list[dict[frozenset[int], Fraction]] = [{}, {}]
    for operator, terms in enumerate(code.terms()):
        for term in terms:
            touched = frozenset(code.pairs - 1 - place for place, which in enumerate(term.characters) if which)
            known, weight = sums[operator > 0], noise.gates**term.gates * noise.contrast**term.readouts
            known[touched] = known.get(touched, Fraction(0)) + weight
    alike = [
        order
        for order in permutations(places)
        if all(
            known.get(frozenset(order[one] for one in touched)) == weight
            for known in sums
            for touched, weight in known.items()
        )
    ]
    found: dict[tuple[int, ...], None] = {}
    seen: set[tuple[int, ...]] = set()
    for order in permutations(places):
        if order not in seen:
            found[order] = None
            seen |= {tuple(order[one] for one in same) for same in alike}
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Werner:
    r"""BBPSSW: twirled outcomes, so that pairs stay Werner states (arXiv:2606.14908, Eqs. 2 and 3).

    With noise (:class:`~lpdistill.physics.noise.Noise`), :math:`w_1` that of the pair that is kept,

    .. math:: P = \frac{1 + g s w_1 w_2}{2}, \qquad
              w' = \frac{g \left(w_1 + s w_2 + 2 (1 + s) w_1 w_2\right)}{3 (1 + g s w_1 w_2)};

    the better pair is kept, for that is never worse.

    Parameters
    ----------
    noise
        Noise of gates and readout; none by default.
    protocols
        What a distillation may be: 2 for the above, and :class:`~lpdistill.physics.codes.Code`.
    """

    name: str = "bbpssw"
    noise: Noise = IDEAL
    protocols: tuple[Protocol, ...] = (TWO,)

    monotone: ClassVar[bool] = True
    twirls: ClassVar[bool] = True

    @property
    def consumes(self) -> tuple[int, ...]:
        """The numbers of pairs that one distillation may take."""
        return sizes(self.protocols)

    def raw(self, fidelity: Fraction) -> WernerPair:
        """A Werner pair of the given fidelity."""
        return WernerPair(fidelity)

    def combine(self, *pairs: WernerPair) -> Combination[WernerPair]:
        """Distil some pairs; of two, the better one is kept."""
        if len(pairs) != TWO:
            return self._by_code([pair.fidelity for pair in pairs])
        x, y = (pair.fidelity for pair in pairs)
        if not self.noise.ideal:
            return self._noisy(x, y)
        if type(x) is not Fraction or type(y) is not Fraction:  # elements of another field
            return Combination(WernerPair(distilled_fidelity(x, y)), success_probability(x, y))
        # Both formulas over the integers, times the denominators: two fractions are made instead of sixteen.
        n, d, m, e = x.numerator, x.denominator, y.numerator, y.denominator
        nm, mixed, de = n * m, n * e + m * d, d * e
        success = 8 * nm - 2 * mixed + 5 * de
        return Combination(WernerPair(Fraction(10 * nm - mixed + de, success)), Fraction(success, 9 * de))

    def offers(self, made: Combination[WernerPair], pairs: Sequence[WernerPair]) -> bool:
        """Whether distilling some pairs is an action: with codes, if it improves on the best of them.

        Otherwise every code could lower pairs further and further, and there would be no end of levels.
        """
        return self.protocols == (TWO,) or made.state.fidelity > max(pair.fidelity for pair in pairs)

    def likeliest(self, pairs: Sequence[WernerPair], others: int) -> Fraction:
        """The greatest probability of distilling some pairs with any others: perfect ones."""
        perfect = [WernerPair(Fraction(1))] * others
        return max(self.combine(*order).success for order in arrangements(self, (*pairs, *perfect)))

    def orders(self, size: int) -> tuple[tuple[int, ...], ...]:
        """The orders of so many pairs that are distilled differently, places counted from the last."""
        if size not in sizes(self.protocols):  # of a map that is made of this one
            return tuple(permutations(range(size)))
        return ((0, 1),) if size == TWO else orders(code_for(self.protocols, size), self.noise)

    def _noisy(self, x: Fraction, y: Fraction) -> Combination[WernerPair]:
        """Two pairs with noise."""
        g, s = self.noise.gates, self.noise.contrast
        kept, measured = werner_parameter(max(x, y)), werner_parameter(min(x, y))
        both = kept * measured
        known = 1 + g * s * both
        made = g * (kept + s * measured + 2 * (1 + s) * both) / (3 * known)
        return Combination(WernerPair(fidelity_of(made)), known / 2)

    def _by_code(self, fidelities: Sequence[Fraction]) -> Combination[WernerPair]:
        """Several pairs by a code, and the twirl."""
        pairs = [(fidelity, *3 * ((1 - fidelity) / 3,)) for fidelity in fidelities]
        success, weights = code_for(self.protocols, len(pairs)).distil(pairs, self.noise)
        return Combination(WernerPair(weights[0]), success)

    def reach(self, raw: WernerPair, target: Fraction, memories: int) -> Reach:
        r"""Limits of fidelity, and whether finitely many levels lie below the target.

        With two pairs the closure below :math:`f_T` is finite iff :math:`f_T < f_\infty(f_0)`.  With ``M`` memories the
        supremum is :math:`f_\infty` iterated ``M - 1`` times (a composition tree whose two children need ``k`` memories
        each needs ``k + 1``).  Comparisons go through the rational inverse of :math:`f_\infty`, so that they are exact.
        With codes the limits are followed in floating point, and proved where they are what decides.
        """
        if self.protocols != (TWO,):
            return monotone_reach(self, raw, target, memories)
        limit = float(raw.fidelity)
        for _ in range(memories - 1):
            limit, before = max(limit, pumping_limit(limit, self.noise)), limit
            if limit <= before:
                break
        needed = _memories_needed(raw.fidelity, target, self.noise)
        return Reach(
            pumping_limit=max(float(raw.fidelity), pumping_limit(float(raw.fidelity), self.noise)),
            memory_limit=limit,
            finite=needed is not None and needed <= TWO,
            memories_needed=needed,
        )


PRECISION = 1 << 4096
"""Denominator to which the inverse limit is rounded once its exact digits have outgrown every input."""


@lru_cache
def _memories_needed(f0: Fraction, target: Fraction, noise: Noise) -> int | None:
    """Least number of memories that reach ``target`` from raw pairs of fidelity ``f0``, or None."""
    needed, required = 1, target
    if required > f0 and (target >= 1 or noise.gates <= least_gates(f0, noise.contrast)):
        return None
    while required > f0:
        # Reaching x takes one memory more than reaching the raw fidelity whose pumping limit is x, beyond it.
        needed, before, required = needed + 1, required, raw_fidelity_with_limit(required, noise)
        if required >= before:
            return None
        if required == f0:
            return needed + 1
        if required.denominator > PRECISION:
            required = Fraction(round(required * PRECISION), PRECISION)
    return needed
