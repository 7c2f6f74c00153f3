"""What memories that forget can hold at best: whether a target is out of reach, decided by a finite search.

Success is never worse than failure, and a better pair never worse than a worse one, in any memory.  So a target that
can be reached at all can be reached by a run in which everything succeeds.  Such runs are followed with Werner
parameters rounded up to a grid, and configurations left out that another is at least as good as in every memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import ceil

from lpdistill.hardware.hardware import Hardware
from lpdistill.physics.ageing import bounded
from lpdistill.physics.werner import werner_parameter

GRID = 1 << 26
"""Denominator of the Werner parameters that are told apart."""

MOST = 5_000
"""Configurations beyond which it stays open whether the target is out of reach."""

MARGIN = 1 + 2e-15
"""More than the rounding of a result of distillation."""


def best_attainable(hardware: Hardware, target: Fraction) -> float | None:
    """A fidelity below a target that no run exceeds; None if there is none, or none was found.

    Parameters
    ----------
    hardware
        Two nodes whose memories forget.
    target
        The target fidelity.
    """
    raw, aim = _up(bounded(werner_parameter(hardware.f0))[1]), int(werner_parameter(target) * GRID)
    best, reached = raw, [(0,) * hardware.memories]
    waiting = list(reached)
    while waiting:
        here = waiting.pop()
        if here not in reached:  # another that is at least as good has been found
            continue
        for made, after in _steps(hardware, here, raw):
            best = max(best, made)
            if made >= aim or len(reached) > MOST:
                return None
            if not any(all(a <= b for a, b in zip(after, known, strict=True)) for known in reached):
                reached = [one for one in reached if any(a > b for a, b in zip(one, after, strict=True))]
                reached.append(after)
                waiting.append(after)
    return float((3 * Fraction(best, GRID) + 1) / 4)


def _up(value: float) -> int:
    """A Werner parameter on the grid, rounded up."""
    return ceil(Fraction(value) * GRID)


def _steps(hardware: Hardware, pairs: tuple[int, ...], raw: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """What steps lead to in which everything succeeds: the best pair that is distilled, and all pairs, falling."""
    coherence, stored = hardware.coherence, [pair for pair in pairs if pair]
    assert coherence is not None  # noqa: S101 - asked only then
    most = min([len(pairs) // 2, *(rule.most_distillations(len(pairs)) for rule in hardware.rules)])
    product = coherence.made(hardware.distillation_time)[1] * MARGIN
    for size in range(len(stored) + 1):
        for held in set(combinations(stored, size)):
            for blocks in _matchings(range(size), most):
                time = hardware.distillation_time if blocks else hardware.generation_time
                attempts = [len(pairs) - size]
                attempts += [rule.most_attempts(len(pairs), distilling=bool(blocks)) for rule in hardware.rules]
                made = [_up(_distilled(held[a], held[b]) * product) for a, b in blocks]
                used = {place for block in blocks for place in block}
                kept = [_up(held[one] / GRID * coherence.kept(time)[1]) for one in range(size) if one not in used]
                after = sorted([*made, *kept, *[raw] * max(0, min(attempts))], reverse=True)
                yield max(made, default=0), tuple([*after, *[0] * len(pairs)][: len(pairs)])


def _distilled(a: int, b: int) -> float:
    """The Werner parameter that distilling two pairs leads to."""
    x, y = a / GRID, b / GRID
    return (x + y + 4.0 * (x * y)) / (3.0 * (1.0 + x * y))


def _matchings(places: range, most: int) -> Iterator[tuple[tuple[int, int], ...]]:
    """All sets of at most so many disjoint pairs of places."""
    yield ()
    for number in range(1, most + 1):
        for pairs in combinations(combinations(places, 2), number):
            if len({place for pair in pairs for place in pair}) == 2 * number:
                yield pairs
