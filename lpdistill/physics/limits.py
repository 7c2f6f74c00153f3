"""How many levels are worth trying."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb

from lpdistill.errors import LimitError

MOST_LEVELS = 200
"""Levels beyond which even the distillation table (20,100 exact entries) takes longer than any use of it."""


FEW_LEVELS = 24
"""Levels beyond which those of a map are not explored that may have no end: exact numbers become ever longer."""


MOST_WORK = 10**10
"""Exact arithmetic of levels beyond which they take more than some seconds: the sum of :func:`effort` of results."""

PLAIN_DIGITS = 400
"""Digits from which the arithmetic of a number takes longer than all that is done besides."""


MOST_CONFIGURATIONS = 50_000_000
"""Configurations beyond which no machine of today solves the program."""


MOST_MEMORIES = 10_000
"""Memories beyond which even the closed forms take long, and beyond any hardware."""


@lru_cache
def most_levels(memories: int) -> int:
    """The greatest number of levels with which ``memories`` memories are worth trying.

    Raises
    ------
    LimitError
        If there are too many memories for any number of levels.
    """
    if memories > MOST_MEMORIES:
        raise LimitError(
            f"memories: {memories:,} are more than the {MOST_MEMORIES:,} up to which sizes are computed; take fewer",
            size={"memories": memories, "most_memories": MOST_MEMORIES},
        )
    low, high = 1, MOST_LEVELS
    while low < high:
        middle = (low + high + 1) // 2
        if comb(memories + middle, middle) <= MOST_CONFIGURATIONS:
            low = middle
        else:
            high = middle - 1
    return low


def effort(number: Fraction) -> int:
    """What it takes to compute an exact number, in which reducing a fraction of so many digits is their square."""
    denominator: int = getattr(number, "denominator", 1)  # numbers of a map of one's own may be floats
    digits = denominator.bit_length() * 3 // 10
    return digits * digits + PLAIN_DIGITS * PLAIN_DIGITS
