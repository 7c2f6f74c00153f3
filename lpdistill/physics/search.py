"""Limits of fidelity of maps without closed forms, followed in floating point."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from typing import Any

from lpdistill.physics.maps import DistillationMap, Pair, Reach, consumes

LONGEST = 400
"""Distillations of one pair after the other that are followed; the limit is approached geometrically."""

CLOSE = 1e-14
"""Changes of fidelity that end the search."""

MOST_ORDERS = 120
"""Orders of pairs that are tried: all of five."""


def explored_reach(distillation: DistillationMap[Any], raw: Pair, target: Fraction, memories: int) -> Reach:
    """Limits that pumping approaches, and pumping with what fewer memories approach; levels are left to exploration.

    Both limits are *reached for*: a pair is distilled again and again with the same others, in every order, and the
    highest fidelity is kept.  For Werner pairs that is the supremum; Bell-diagonal pairs may have a higher one by
    another tree.  Whether a target is reachable is therefore not decided here, but by the closure.
    """
    start: Any = float(raw.fidelity)
    known: Any = distillation  # known ones are frozen, so that they have a hash
    pumped, highest = _limits(known, start, memories)
    return Reach(
        pumping_limit=pumped,
        memory_limit=highest,
        finite=True,
        memories_needed=1 if raw.fidelity >= target else min(consumes(distillation)),
    )


@lru_cache(256)
def _limits(distillation: Any, start: Any, memories: int) -> tuple[float, float]:
    """The limits of pumping, and of so many memories."""
    best = [distillation.raw(start)]
    for _ in range(max(memories, 2) - 1):
        further = _pumped(distillation, best)
        if further.fidelity <= best[-1].fidelity + CLOSE:
            break
        best.append(further)
    limits = [float(pair.fidelity) for pair in best]
    return limits[min(1, len(limits) - 1)], limits[-1] if memories > 1 else limits[0]


def _pumped(distillation: DistillationMap[Any], best: list[Any]) -> Any:
    """The best pair on the way of one that is distilled with the best that fewer and fewer memories approach."""
    found = best[-1]
    for size in consumes(distillation):
        partners = [best[max(len(best) - 1 - place, 0)] for place in range(size - 1)]
        for order in [*permutations(range(size))][:MOST_ORDERS]:
            pair = best[-1]
            for _ in range(LONGEST):
                pairs = [pair, *partners]
                made = distillation.combine(*(pairs[place] for place in order)).state
                if made == pair or abs(made.fidelity - pair.fidelity) <= CLOSE:
                    break
                pair = made
                if pair.fidelity > found.fidelity:
                    found = pair
    return found
