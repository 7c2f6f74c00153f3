r"""What one-way hashing makes of many equal pairs: its asymptotic yield, and what it is sure to make of finitely many.

Two nodes share n independent pairs, each a mixture of Bell states with weights :math:`\lambda`: a string x of n errors,
with probability :math:`P(x)`.  Hashing applies a random Clifford operation to them, at both nodes, measures r of them,
and takes for x the most likely string that agrees with the r results; the other n - r pairs are corrected accordingly
(Bennett et al., Phys. Rev. A 54, 3824 (1996), section III.B).  Asymptotically :math:`r/n \to H(\lambda)`, the entropy
in bits.  Breeding measures into r perfect pairs that it has in advance and returns: its net yield is the same.

*Finitely many pairs.*  A random Clifford operation carries the difference of two strings to any of the
:math:`4^n - 1` others but nothing, all alike; so both agree in r results with probability
:math:`(2^{2n - r} - 1)/(4^n - 1) \le 2^{-r}`.  The true string x is missed only if it agrees with one that is no less
likely, of which there are :math:`N(x) - 1`; so, by the union bound for every x,

.. math:: \varepsilon \le \sum_x P(x) \min\left(1, 2^{-r} (N(x) - 1)\right)
          \le 2^{-\rho r} \Bigl(\sum_i \lambda_i^{1/(1+\rho)}\Bigr)^{n (1+\rho)}, \qquad 0 \le \rho \le 1.

The first is summed over the numbers of each error, class by class, where these are few enough; the second (Gallager,
from :math:`\min(1, a) \le a^\rho` and :math:`N(x) \le \sum_y (P(y)/P(x))^{1/(1+\rho)}`) holds for any number of pairs.
Both are evaluated in decimals that are rounded up.  With probability :math:`1 - \varepsilon` all n - r pairs are
perfect: their common fidelity is at least that.  Gates and readouts are perfect.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import partial
from itertools import accumulate, combinations, pairwise
from operator import mul

from lpdistill.physics.codes import Weights

MOST_CLASSES = 200_000
"""Classes of strings that are summed one by one."""

UP = Context(prec=40, rounding=ROUND_CEILING, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
"""Decimals that are rounded up, of any size."""

SEARCHES = 80
"""Steps of the search for the best exponent."""

SLACK = Decimal("1e-30")
"""Relative, more than what powers that are rounded to nearest may be too small."""


def entropy(weights: Weights) -> float:
    """Entropy of a pair, in bits.

    >>> round(entropy((Fraction(1, 2), Fraction(1, 4), Fraction(1, 4), Fraction(0))), 9)
    1.5
    """
    return math.fsum(-float(weight) * math.log2(weight) for weight in weights if float(weight)) + 0.0


def threshold(weights: Weights) -> float:
    """The fidelity above which hashing has a yield, for pairs whose errors have the same shares.

    >>> round(threshold((Fraction(9, 10), *3 * (Fraction(1, 30),))), 12)
    0.810710375085
    """
    fidelity, *errors = weights
    wrong = 1 - fidelity
    shares = [float(error / wrong) if wrong else 1 / 3 for error in errors]
    spread = math.fsum(-share * math.log2(share) for share in shares if share)
    low, high = 0.5, 1.0
    while low < (middle := (low + high) / 2) < high:
        mixing = -middle * math.log2(middle) - (1 - middle) * math.log2(1 - middle)
        low, high = (middle, high) if mixing + (1 - middle) * spread > 1 else (low, middle)
    return high


@dataclass(frozen=True, slots=True)
class Hashed:
    """What hashing makes of so many pairs.

    Attributes
    ----------
    pairs, measured
        How many there are, and how many of them are measured: the least that keep the failure within its limit.
    failure
        The probability that those kept are not perfect is at most this: proved.
    """

    pairs: int
    measured: int
    failure: float

    @property
    def kept(self) -> int:
        """How many perfect pairs there are in the end."""
        return self.pairs - self.measured

    @property
    def yielded(self) -> float:
        """How many there are a raw pair."""
        return self.kept / self.pairs


def hashed(weights: Weights, pairs: int, error: Fraction) -> Hashed:
    """What hashing makes of so many pairs, if it may fail with a given probability.

    >>> werner = (Fraction(9, 10), *3 * (Fraction(1, 30),))
    >>> hashed(werner, 1000, Fraction(1, 10**6)).kept
    164
    """
    letters = Counter(weight for weight in weights if weight)
    few = math.comb(pairs + len(letters) - 1, pairs) <= MOST_CLASSES
    failing: Callable[[int], Decimal] = class_bound(letters, pairs) if few else partial(gallager_bound, letters, pairs)
    limit = Context(prec=UP.prec, rounding=ROUND_FLOOR).divide(Decimal(error.numerator), Decimal(error.denominator))
    low, high = -1, pairs  # of all pairs measured none is left that could be wrong
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if failing(middle) <= limit else (middle, high)
    return Hashed(pairs, high, 0.0 if high == pairs else _upwards(failing(high)))


def _upwards(bound: Decimal) -> float:
    """A float no less than a bound."""
    near = float(bound)
    return near if Decimal(near) >= bound else math.nextafter(near, 1.0)


def gallager_bound(letters: Counter[Fraction], pairs: int, measured: int) -> Decimal:
    """The second bound, with the exponent that makes it least: whichever it is, it holds."""
    weights = [*map(float, letters.elements())]

    def exponent(rho: float) -> float:
        """The logarithm of the bound, which is convex."""
        spread = math.log2(math.fsum(weight ** (1 / (1 + rho)) for weight in weights))
        return pairs * (1 + rho) * spread - rho * measured

    low, high = 0.0, 1.0
    for _ in range(SEARCHES):
        first, second = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, second) if exponent(first) < exponent(second) else (first, high)
    rho = Decimal(low)
    root, total = UP.divide(1, UP.add(1, rho)), Decimal(0)
    for weight in letters.elements():
        # A larger power of what is below 1 is smaller, so that this one is rounded down before its root is taken.
        chance = UP.divide(weight.numerator, weight.denominator)
        total = UP.add(total, UP.multiply(UP.power(chance, UP.subtract(root, SLACK)), 1 + SLACK))
    powered = UP.multiply(UP.power(total, UP.multiply(pairs, UP.add(1, rho))), 1 + SLACK)
    return UP.multiply(UP.multiply(powered, UP.power(2, UP.multiply(rho, -measured))), 1 + SLACK)


@dataclass(frozen=True, slots=True)
class ClassBound:
    r"""The first bound of the failure: classes of strings, the most likely first.

    Attributes
    ----------
    bits
        Logarithm of the number of strings up to each class, (classes,).
    collisions
        Sum of :math:`P (N - 1)` over the classes before each, and over all, (classes + 1,).
    unlikely
        Probability of each class and those after it, and of none, (classes + 1,).
    """

    bits: list[float]
    collisions: list[Decimal]
    unlikely: list[Decimal]

    def __call__(self, measured: int) -> Decimal:
        """The bound for so many pairs measured: wherever the sum is split, it holds."""
        split = bisect_right(self.bits, measured)
        agree = UP.power(Decimal(2), -measured)
        return UP.add(UP.multiply(UP.multiply(self.collisions[split], agree), 1 + SLACK), self.unlikely[split])


def class_bound(letters: Counter[Fraction], pairs: int) -> ClassBound:
    """The classes of strings with the same number of each error; errors of one probability are one."""
    ways, shared = Decimal(1), [Decimal(1)]
    for count in range(1, pairs + 1):
        ways, inverse = UP.multiply(ways, count), UP.divide(shared[-1], count)
        shared.append(inverse)
    several = [_powers(Decimal(alike), pairs) for alike in letters.values()]
    chances = [_powers(UP.divide(weight.numerator, weight.denominator), pairs) for weight in letters]
    logs = [math.log(weight.numerator) - math.log(weight.denominator) for weight in letters]  # however unlikely
    total, collided, reached, likely, collisions = Decimal(0), Decimal(0), [], [], [Decimal(0)]
    for counts in sorted(_parts(pairs, len(letters)), key=lambda counts: -math.fsum(map(mul, counts, logs))):
        size, chance = ways, Decimal(1)
        for letter, count in enumerate(counts):
            size = UP.multiply(UP.multiply(size, shared[count]), several[letter][count])
            chance = UP.multiply(chance, chances[letter][count])
        total, chance = UP.add(total, size), UP.multiply(chance, size)
        collided = UP.add(collided, UP.multiply(chance, UP.subtract(total.to_integral_value(ROUND_FLOOR), 1)))
        reached.append(_bits(total))
        likely.append(chance)
        collisions.append(collided)
    unlikely = [*accumulate(reversed(likely), UP.add, initial=Decimal(0))]
    return ClassBound(reached, collisions, unlikely[::-1])


def _powers(base: Decimal, most: int) -> list[Decimal]:
    """Powers from 0 to the most."""
    return [*accumulate([base] * most, UP.multiply, initial=Decimal(1))]


def _bits(number: Decimal) -> float:
    """About the binary logarithm of a number of any size."""
    return number.adjusted() * math.log2(10) + math.log2(float(UP.scaleb(number, -number.adjusted())))


def _parts(total: int, count: int) -> Iterator[tuple[int, ...]]:
    """All ways to write a number as an ordered sum of so many.

    >>> [*_parts(2, 2)]
    [(0, 2), (1, 1), (2, 0)]
    """
    for bars in combinations(range(total + count - 1), count - 1):
        yield tuple(after - before - 1 for before, after in pairwise((-1, *bars, total + count - 1)))
