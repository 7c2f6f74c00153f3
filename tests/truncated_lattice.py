"""An independent oracle past the pumping limit: the true levels that few raw pairs make, and a program of their own.

Nothing here is taken from the package under test.  Levels are made in order of the raw pairs that they take, as
fractions; configurations are found by search from empty memories; the program is solved by scipy.  What would take more
than ``raw_pairs`` raw pairs is either not to be had, which bounds the waiting time from above, or given away as the
target, which bounds it from below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import comb, prod

import numpy as np
from oracle import Hardware
from scipy import sparse
from scipy.optimize import linprog

Held = tuple[Fraction, ...]
Matching = tuple[tuple[Fraction, Fraction], ...]
Rule = Callable[[Fraction, Fraction], bool]


@dataclass(frozen=True)
class Limits:
    """What a step may do: numbers of distillations and of attempts, and whether both at once."""

    distillations: int = 99
    attempts: int = 99
    together: bool = True


UNLIMITED = Limits()


def anything(a: Fraction, b: Fraction) -> bool:  # noqa: ARG001 - a rule on two fidelities
    """No rule."""
    return True


def levels(
    hardware: Hardware, raw_pairs: int, allows: Callable[[Fraction, Fraction], bool] = anything
) -> set[Fraction]:
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


def steps(
    hardware: Hardware, held: Held, known: set[Fraction], limits: Limits = UNLIMITED
) -> Iterator[tuple[Matching, Counter[Held]]]:
    """What may be distilled of what is held, and the probabilities of what is held then; results not known are gone."""
    most, p = min(hardware.memories - len(held), limits.attempts), float(hardware.p)
    for matching, left in set(matchings(held)):
        if len(matching) > limits.distillations:
            continue
        empty = most if limits.together or not matching else 0
        made, moves = [hardware.combine(a, b) for a, b in matching], Counter[Held]()
        for successes in product((True, False), repeat=len(made)):
            chance = prod(float(one if yes else 1 - one) for (_, one), yes in zip(made, successes, strict=True))
            kept = [fidelity for (fidelity, _), yes in zip(made, successes, strict=True) if yes]
            for raw in range(empty + 1) if known.issuperset(kept) else ():
                after = tuple(sorted((*left, *kept, *(hardware.f0,) * raw)))
                moves[after] += chance * comb(empty, raw) * p**raw * (1 - p) ** (empty - raw)  # type: ignore[assignment]
        yield matching, moves


def waiting_time(
    hardware: Hardware, raw_pairs: int, *, given_away: bool, allows: Rule = anything, limits: Limits = UNLIMITED
) -> float:
    """Least expected waiting time with the levels of few raw pairs; infinite if they do not reach the target."""
    known = levels(hardware, raw_pairs, allows)
    ranks, entries, costs, waiting = {(): 0}, [], [], [()]
    while waiting:
        held = waiting.pop()
        for matching, moves in steps(hardware, held, known, limits):
            made = [hardware.combine(a, b)[0] for a, b in matching]
            to_be_had = given_away or all(one >= hardware.target or one in known for one in made)
            idle = not matching and len(held) == hardware.memories
            if idle or not to_be_had or not all(allows(a, b) for a, b in matching):
                continue
            waiting += [after for after in moves if after not in ranks]
            for after in moves:
                ranks.setdefault(after, len(ranks))
            moves[held] -= 1
            entries += [(len(costs), ranks[after], -weight) for after, weight in moves.items()]
            costs.append(float(hardware.distillation_time if matching else hardware.generation_time))
    row, column, weight = zip(*entries, strict=True)
    program = sparse.csr_array((weight, (row, column)), shape=(len(costs), len(ranks)))
    # The dual program: the greatest value of empty memories that no step improves.
    aim = -1.0 * (np.arange(len(ranks)) == 0)
    found = linprog(aim, A_ub=program, b_ub=costs, bounds=(None, None), method="highs-ds")
    return -found.fun if found.status == 0 else np.inf
