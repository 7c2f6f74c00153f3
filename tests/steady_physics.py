"""What the steady state's problems need beside the oracle: worths of pairs, laws of demands, other maps.

Nothing here is taken from the package under test.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import comb, exp, factorial, log2, sqrt

from steady_oracle import Levels


def reach(f0: Fraction, memories: int) -> Fraction:
    """A little more than any fidelity that so many memories reach: the limit of pumping, iterated."""
    x = float(f0)
    for _ in range(memories - 1):
        x = (6 * x - 3 + sqrt(28 * x * x - 26 * x + 7)) / (8 * x - 2)
    return Fraction(x).limit_denominator(10**6) + Fraction(1, 10**6)


def bb84(fidelity: Fraction) -> float:
    """Asymptotic secret bits of a Werner pair, ``1 - 2 h(e)`` at the error rate ``e = 2 (1 - F) / 3``."""
    error = 2 * float(1 - fidelity) / 3
    return max(0.0, 1 + 2 * (error * log2(error) + (1 - error) * log2(1 - error))) if error else 1.0


def six_state(fidelity: Fraction) -> float:
    """Asymptotic secret bits of a Werner pair, one less its entropy."""
    f = float(fidelity)
    return max(0.0, 1 + f * log2(f) + (1 - f) * log2((1 - f) / 3)) if f < 1 else 1.0


def bernoulli(rate: Fraction, time: Fraction) -> list[Fraction]:
    """The law of demands during a whole number of units of time, each with at most one."""
    n = int(time)
    return [comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]


def poisson(rate: Fraction, time: Fraction, slots: int) -> list[float]:
    """The law of demands that come independently, all numbers from ``slots`` on taken together."""
    mean = float(rate * time)
    law = [exp(-mean) * mean**k / factorial(k) for k in range(slots)]
    return [*law, 1 - sum(law)]


def noisy(gate: Fraction, readout: Fraction) -> Callable[[Fraction, Fraction], tuple[Fraction, Fraction]]:
    """Distillation of Werner pairs with depolarising gates and wrong readout at both sides; the better pair is kept."""
    g, s = gate**2, (2 * readout - 1) ** 2

    def combine(a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
        kept, measured = (4 * max(a, b) - 1) / 3, (4 * min(a, b) - 1) / 3
        made = g * (kept + s * measured + 2 * (1 + s) * kept * measured) / (3 * (1 + g * s * kept * measured))
        return (3 * made + 1) / 4, (1 + g * s * kept * measured) / 2

    return combine


Weights = tuple[Fraction, ...]


def dejmps(a: Weights, b: Weights) -> tuple[Weights, Fraction]:
    """What two Bell-diagonal pairs leave, weights of I, X, Y and Z, of which the first is kept; and how often."""
    i, x, y, z = range(4)
    pairs = (((i, i), (y, y)), ((x, x), (z, z)), ((x, z), (z, x)), ((i, y), (y, i)))
    parts = [sum(a[k] * b[m] for k, m in terms) for terms in pairs]
    return tuple(part / sum(parts) for part in parts), sum(parts)


def bell_levels(raw: Weights, target: Fraction) -> Levels:
    """The closure of Bell-diagonal pairs under DEJMPS below a fidelity; the first pair of two is kept."""
    found = [raw]
    for a in found:
        for b in tuple(found):
            new = {dejmps(a, b)[0], dejmps(b, a)[0]} - set(found)
            found += [state for state in sorted(new) if state[0] < target]
    makes = {}
    for (i, a), (j, b) in product(enumerate(found, 1), repeat=2):
        state, success = dejmps(a, b)
        makes[i, j] = found.index(state) + 1 if state in found else len(found) + 1, success
    return Levels((*(state[0] for state in found), target), makes)


def few_bell_levels(raw: Weights, raw_pairs: int, target: Fraction = Fraction(1), *, up: bool = False) -> Levels:
    """What DEJMPS makes of so few raw pairs, and on top what meets a target; all else never comes, or comes on top."""
    found = {raw: 1}
    for total in range(2, raw_pairs + 1):
        for (a, more), (b, less) in product(tuple(found.items()), repeat=2):
            state, _ = dejmps(a, b)
            if more + less == total and state[0] < target:
                found.setdefault(state, total)
    place, makes = {state: number for number, state in enumerate(found, 1)}, {}
    for a, b in product(found, repeat=2):
        state, success = dejmps(a, b)
        kept = up or state in found or state[0] >= target
        makes[place[a], place[b]] = place.get(state, len(found) + 1), success if kept else Fraction(0)
    return Levels((*(state[0] for state in found), target), makes)
