"""Exact numbers of any length as text: Python itself refuses to write more than 4,300 digits."""

from __future__ import annotations

from fractions import Fraction

DIGITS_AT_ONCE = 4000
"""Digits that are written at once."""

LONGEST_IN_A_SUMMARY = 60
"""Characters of an exact number that a summary shows."""


def exact_text(number: Fraction) -> str:
    """A fraction as text: ``"3/4"``, ``"-2"``.

    >>> exact_text(Fraction(-6, 8)), len(exact_text(Fraction(10**5000)))
    ('-3/4', 5001)
    """
    above = ("-" if number < 0 else "") + _digits(abs(number.numerator))
    return above if number.denominator == 1 else f"{above}/{_digits(number.denominator)}"


def shortened(number: Fraction) -> str:
    """The first characters of a fraction's text, and how many there are."""
    text = exact_text(number)
    return text if len(text) <= LONGEST_IN_A_SUMMARY else f"{text[:LONGEST_IN_A_SUMMARY]}... ({len(text):,} characters)"


def _digits(number: int) -> str:
    """The digits of a non-negative integer."""
    parts = []
    while number >= 10**DIGITS_AT_ONCE:
        number, part = divmod(number, 10**DIGITS_AT_ONCE)
        parts.append(f"{part:0{DIGITS_AT_ONCE}d}")
    return "".join([str(number), *reversed(parts)])
