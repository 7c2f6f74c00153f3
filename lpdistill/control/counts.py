"""Counts of attempts and successes, and the interval of p that they leave."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from scipy import special

from lpdistill.control.pieces import Span
from lpdistill.errors import ModelError
from lpdistill.numbers import whole

MOST_ATTEMPTS = 10**15
"""Attempts beyond which counts are no whole numbers in double precision."""

OUTWARDS = 1e-12
"""Relative error of the ends of an interval, for which they are moved outwards."""


LEAST = 1e-200
"""The least end of an interval: no problem has a smaller p."""


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
    """The interval of Clopper and Pearson, of the only look or of one of many with the confidence of all: outwards.

    Raises
    ------
    ModelError
        If its lower end is no p that a problem may have.

    Examples
    --------
    >>> [round(float(end), 6) for end in interval_of(100, 50, Fraction(19, 20))]
    [0.398321, 0.601679]
    """
    error = float((1 - confidence) / (1 if look is None else look * (look + 1)))
    lower = float(special.betaincinv(successes, attempts - successes + 1, error / 2))
    if lower < LEAST:
        remedy = "is so great that p may be as small as it likes; take less of it, fewer looks, or go on counting"
        raise ModelError("confidence", remedy, f"{float(confidence):g}, {error:.3g} short of 1 at this look")
    failures = attempts - successes
    upper = float(special.betainccinv(successes + 1, failures, error / 2)) if failures else 1.0
    return Span(Fraction(lower * (1 - OUTWARDS)), Fraction(min(upper * (1 + OUTWARDS), 1.0)))
