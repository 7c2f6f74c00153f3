"""An independent oracle past the pumping limit: the true levels that few raw pairs make, and a program of their own.

Nothing here is taken from the package under test.  Levels are made in order of the raw pairs that they take, as
fractions; configurations are found by search from empty memories; the program is solved by scipy.  What would take more
than ``raw_pairs`` raw pairs is either not to be had, which bounds the waiting time from above, or given away as the
target, which bounds it from below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
from oracle import Hardware
from scipy import sparse
from scipy.optimize import linprog

Held = tuple[Fraction, ...]
Matching = tuple[tuple[Fraction, Fraction], ...]


def anything(a: Fraction, b: Fraction) -> bool:  # noqa: ARG001 - a rule on two fidelities
    """No rule."""
    return True


def levels(hardware: Hardware, raw_pairs: int, allows: Callable[[Fraction, Fraction], bool] = anything) -> set[Fraction]:
    """The levels below the target that at most so many raw pairs make."""
    made: list[set[Fraction]] = [set(), {hardware.f0}]
    for number in range(2, raw_pairs + 1):
        made.append(
            {
                hardware.combine(a, b)[0]
                for few in range(1, number // 2 + 1)
                for a, b in product(made[few], made[number - few])
                if allows(a, b)
            }
        )
        made[-1] = {fidelity for fidelity in made[-1] if fidelity < hardware.target}
    return set().union(*made)


def matchings(held: Held) -> Iterator[tuple[Matching, Held]]:
    """All sets of disjoint pairs of what is held, with what is left alone."""
    if not held:
        yield (), ()
        return
    first, rest = held[0], held[1:]
    for matching, left in matchings(rest):
        yield matching, (first, *left)
    for place, other in enumerate(rest):
        for matching, left in matchings(rest[:place] + rest[place + 1 :]):
            yield ((first, other), *matching), left


def waiting_time(
    hardware: Hardware,
    raw_pairs: int,
    *,
    given_away: bool,
    allows: Callable[[Fraction, Fraction], bool] = anything,
) -> float:
    """Least expected waiting time with the levels of few raw pairs; infinite if they do not reach the target."""
    known, p = levels(hardware, raw_pairs, allows), float(hardware.p)
    ranks, entries, costs = {(): 0}, [], []
    waiting: list[Held] = [()]
    while waiting:
        held = waiting.pop()
        empty = hardware.memories - len(held)
        for matching, left in set(matchings(held)):
            if not all(allows(a, b) for a, b in matching):
                continue
            made = [hardware.combine(a, b) for a, b in matching]
            if not given_away and any(f < hardware.target and f not in known for f, _ in made):
                continue
            moves = Counter[Held]({held: 1.0})  # type: ignore[dict-item]
            for successes in product((True, False), repeat=len(made)):
                chance = 1.0
                for (_, success), yes in zip(made, successes, strict=True):
                    chance *= float(success) if yes else 1 - float(success)
                kept = [fidelity for (fidelity, _), yes in zip(made, successes, strict=True) if yes]
                if all(fidelity in known for fidelity in kept):
                    for raw in range(empty + 1):
                        after = tuple(sorted((*left, *kept, *(hardware.f0,) * raw)))
                        moves[after] -= chance * comb(empty, raw) * p**raw * (1 - p) ** (empty - raw)
            for after in moves:
                if after not in ranks:
                    ranks[after] = len(ranks)
                    waiting.append(after)
            if matching or empty:
                entries += [(len(costs), ranks[after], weight) for after, weight in moves.items()]
                costs.append(float(hardware.distillation_time if matching else hardware.generation_time))
    row, column, weight = zip(*entries, strict=True)
    program = sparse.csr_array((weight, (row, column)), shape=(len(costs), len(ranks)))
    # The dual program: the greatest value of empty memories that no step improves.
    found = linprog(-1.0 * (np.arange(len(ranks)) == 0), A_ub=program, b_ub=costs, bounds=(None, None), method="highs-ds")
    return -found.fun if found.status == 0 else np.inf
