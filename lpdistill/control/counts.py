"""Counts of attempts and successes, and the interval of p that they leave."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from lpdistill.control.pieces import Span
from lpdistill.errors import ModelError
from lpdistill.numbers import whole
from lpdistill.simulation.estimates import Confidence

MOST_ATTEMPTS = 10**15
"""Attempts beyond which counts are no whole numbers in double precision."""

OUTWARDS = 1e-12
"""Relative error of the ends of an interval, for which they are moved outwards."""


def counts_of(attempts: Any, successes: Any, look: Any) -> tuple[int, int, int | None]:
    """Counts that are some."""
    tried, made = whole(attempts, "attempts"), whole(successes, "successes")
    number = None if look is None else whole(look, "look")
    if not 1 <= tried <= MOST_ATTEMPTS:
        raise ModelError("attempts", f"must be at least 1 and at most {MOST_ATTEMPTS:g}", attempts)
    if not 0 <= made <= tried:
        raise ModelError("successes", f"must be at least 0, and at most as many as attempts ({tried:,})", successes)
    if made == 0:
        raise ModelError(
            "successes", "must be at least 1: without any, p may be as small as it likes; go on counting", successes
        )
    if number is not None and number < 1:
        raise ModelError("look", "must be at least 1", look)
    return tried, made, number


def interval_of(attempts: int, successes: int, confidence: Fraction, look: int | None = None) -> Span:
    """The interval of p, of the only look or of one of many with the confidence of all: rounded outwards.

    >>> [round(float(end), 6) for end in interval_of(100, 50, Fraction(19, 20))]
    [0.385728, 0.614272]
    """
    error = float((1 - confidence) / (1 if look is None else look * (look + 1)))
    found = Confidence(1 - error).share(successes, attempts)
    low = Fraction(max(found.lower * (1 - OUTWARDS), 5e-324))
    return Span(low, Fraction(min(found.upper * (1 + OUTWARDS), 1.0)))
