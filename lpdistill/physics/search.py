"""Limits of fidelity of maps without closed forms, followed in floating point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count, permutations
from typing import Any

from lpdistill.physics.maps import DistillationMap, Pair, Reach, arrangements, consumes

LONGEST = 400
"""Distillations of one pair after the other that are followed; the limit is approached geometrically."""

FIRST = 12
"""Pairs that are distilled with each other in every way, beside those that are pumped."""

CLOSE = 1e-14
"""Changes of fidelity that end the search."""

APART = Fraction(1, 10**9)
"""How far above what is followed lies the bound that no fidelity exceeds."""

MOST_MEMORIES = 16
"""Memories beyond which those that a target needs are not looked for."""

MOST_ORDERS = 120
"""Orders of pairs that are tried: all of five."""


def explored_reach(distillation: DistillationMap[Any], raw: Pair, target: Fraction, memories: int) -> Reach:
    """Limits that pumping approaches, and pumping with what fewer memories approach; levels are to be explored.

    Both limits are *reached for*: a pair is distilled again and again with the same others, in every order, and the
    highest fidelity is kept, or that of the first dozen pairs that are made in any way.  For Werner pairs that is the
    supremum; Bell-diagonal pairs may have a higher one by another tree.  Whether a target is reachable is therefore not
    decided here, but by the closure.
    """
    start: Any = float(raw.fidelity)
    known: Any = distillation  # known ones are frozen, so that they have a hash
    pumped, highest = _limits(known, start, memories)
    return Reach(
        pumping_limit=pumped,
        memory_limit=highest,
        finite=True,
        memories_needed=1 if raw.fidelity >= target else min(consumes(distillation)),
        proved=False,
    )


@lru_cache(256)
def _limits(distillation: Any, start: Any, memories: int) -> tuple[float, float]:
    """The limits of pumping, and of so many memories."""
    raw = distillation.raw(start)
    best = [raw]
    for _ in range(max(memories, 2) - 1):
        further = _pumped(distillation, best)
        if further.fidelity <= best[-1].fidelity + CLOSE:
            break
        best.append(further)
    limits = [float(pair.fidelity) for pair in best]
    pumped = limits[min(1, len(limits) - 1)]
    return pumped, max(limits[-1], _first(distillation, raw, memories)) if memories > 1 else limits[0]


def _first(distillation: Any, raw: Any, memories: int) -> float:
    """The highest fidelity among the first pairs that two at a time make, by the raw pairs that they take."""
    serial, found, highest = count(), list[tuple[Any, int, int]](), float(raw.fidelity)
    frontier = [(1, 1, next(serial), raw)]
    while frontier and len(found) < FIRST and 2 in consumes(distillation):
        size, held, _, pair = heappop(frontier)
        if any(pair == known for known, _, _ in found):
            continue
        found.append((pair, size, held))
        for other, more, beside in found:
            together = max(held, beside) + (held == beside)
            for kept, measured in ((pair, other), (other, pair)) if together <= memories else ():
                made = distillation.combine(kept, measured).state
                highest = max(highest, float(made.fidelity))
                heappush(frontier, (size + more, together, next(serial), made))
    return highest


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


def monotone_reach(distillation: DistillationMap[Any], raw: Pair, target: Fraction, memories: int) -> Reach:
    r"""How far a map of several pairs carries them, whose results do not decrease in the fidelity of any pair.

    With :math:`S_1 = f_0`, what :math:`M` memories make stays below :math:`S_M`, the limit from :math:`S_{M-1}` of

    .. math:: x \mapsto \max D(x, S_{M-1}, S_{M-2}, \ldots, S_{M-n+1})

    over everything of :math:`n \le M` pairs, in every order: by the numbering of Sethi and Ullman, the partners of a
    pair that is stored are made with :math:`M - 1` memories, :math:`M - 2`, and so on.  These limits are followed in
    floating point.  That a target is out of reach is proved in fractions: no result of bounds a little above exceeds
    its own.  Where that fails, so close to a limit, the target counts as reachable.

    There are infinitely many levels where pumping with raw pairs begins to increase fidelity and does not pass the
    target, in fractions; otherwise exploring them decides.
    """
    known: Any = distillation  # frozen, so that it has a hash
    limits = _suprema(known, float(raw.fidelity), memories)
    return Reach(
        pumping_limit=_suprema(known, float(raw.fidelity), 0)[-1],
        memory_limit=limits[-1],
        finite=not _endless(distillation, raw, target),
        memories_needed=_needed(distillation, raw, target, memories),
    )


def _needed(distillation: Any, raw: Pair, target: Fraction, memories: int) -> int | None:
    """The least number of memories with which a target is reached, or not proved to be out of reach; None for none."""
    if raw.fidelity >= target:
        return 1
    limits = _suprema(distillation, float(raw.fidelity), memories)
    if limits[-1] <= target and _stays_below(distillation, raw, target, limits):
        limits = _suprema(distillation, float(raw.fidelity), max(memories, MOST_MEMORIES))
        return next((count for count, limit in enumerate(limits, 1) if limit > target), None)
    return next((count for count, limit in enumerate(limits, 1) if limit > target), memories)


def _stays_below(distillation: Any, raw: Pair, target: Fraction, limits: Sequence[float]) -> bool:
    """Whether what memories make is proved to stay below a target, given the limits of ever more memories."""
    bounds = [raw.fidelity, *(Fraction(limit) + APART for limit in limits[1:])]
    if bounds[-1] >= target:
        return False
    pairs = [distillation.raw(bound) for bound in bounds]
    return all(
        distillation.combine(*order).state.fidelity <= pairs[count].fidelity
        for count in range(1, len(pairs))
        for order in _beside(distillation, pairs[count], pairs[:count])
    )


def _endless(distillation: Any, raw: Pair, target: Fraction) -> bool:
    """Whether pumping with raw pairs makes infinitely many levels below a target."""
    for size in consumes(distillation):
        improved = distillation.combine(*[raw] * size).state.fidelity > raw.fidelity
        stored = [distillation.raw(target), *[raw] * (size - 1)]
        if improved and any(
            distillation.combine(*order).state.fidelity <= target for order in arrangements(distillation, tuple(stored))
        ):
            return True
    return False


def _beside(distillation: Any, pair: Any, fewer: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Everything that a pair may be distilled with in so many memories and one more, given the best of fewer ones."""
    for size in consumes(distillation):
        if size <= len(fewer) + 1:
            yield from arrangements(distillation, (pair, *reversed(fewer))[:size])


@lru_cache(256)
def _suprema(distillation: Any, start: float, memories: int) -> tuple[float, ...]:
    """The limits of fidelity of 1, 2, ... memories; of 0, that of pumping with raw pairs."""
    raw = distillation.raw(start)
    if not memories:
        return (_limit(distillation, raw, [raw] * (max(consumes(distillation)) - 1)).fidelity,)
    best, most = [raw], max(consumes(distillation))
    while len(best) < memories and not (len(best) > most and best[-1].fidelity <= best[-most].fidelity + CLOSE):
        best.append(_limit(distillation, best[-1], best))
    return tuple(pair.fidelity for pair in best)


def _limit(distillation: Any, pair: Any, fewer: Sequence[Any]) -> Any:
    """What a pair approaches that is distilled again and again with the best of fewer memories, whatever is best."""
    for _ in range(LONGEST):
        results = (distillation.combine(*order).state for order in _beside(distillation, pair, fewer))
        made = max(results, key=lambda state: state.fidelity, default=pair)
        if made.fidelity <= pair.fidelity + CLOSE:
            break
        pair = made
    return pair
