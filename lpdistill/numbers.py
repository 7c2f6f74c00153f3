"""Numbers and names as users write them: numbers kept exactly, names checked."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from numbers import Rational, Real
from typing import TypeAlias, TypeVar

from lpdistill.errors import ModelError, ModelTypeError, names_like

E = TypeVar("E", bound=StrEnum)
Number: TypeAlias = int | float | str | Fraction | Decimal

RATIONAL = 'a number such as 0.75 or "3/4"'
WHOLE = "a whole number such as 4"

DIGITS = 12
"""Significant digits of a printed limit or bound: as many as a waiting time has."""

SMALL, LARGE = 1e-3, 1e6
"""Numbers below and from which a table shows digits rather than decimals."""

UNIT_OF_TIME = "user's unit of time"
"""The unit of durations, and of all that is made of them."""

NONE = "none"
"""How users write that a setting, a rule or a limit is not there."""

LONGEST_NUMBER = 1000
"""Characters, and decimal exponent, beyond which a number is refused rather than expanded."""


MOST_BITS = 996
"""Binary digits before the point, or zeros behind it, beyond which floating point has no such number: 1e300."""


def absent(value: object) -> bool:
    """Whether a user says that something is not there.

    >>> absent(" none "), absent("1"), absent(None)
    (True, False, False)
    """
    return isinstance(value, str) and value.strip() == NONE


def exact(value: object, where: str, *, form: str = RATIONAL) -> Fraction:
    """The rational number that a user means by ``value``.

    Integers, fractions and decimals are themselves; text is a decimal or a fraction (``"0.75"``, ``"3/4"``,
    ``"1e-6"``); a float means its shortest decimal, so ``0.1`` is 1/10.

    Raises
    ------
    ModelError
        If ``value`` is not a finite real number.

    Examples
    --------
    >>> exact(0.1, "p"), exact("3/4", "f0"), exact("1e-6", "p")
    (Fraction(1, 10), Fraction(3, 4), Fraction(1, 1000000))
    """
    if isinstance(value, float) and math.isfinite(value):
        return Fraction(*Decimal(str(value)).as_integer_ratio())
    number = _stated(value, where, form) if isinstance(value, str | Decimal) else _number(value, where, form)
    if number and abs(number.numerator.bit_length() - number.denominator.bit_length()) > MOST_BITS:
        raise ModelError(where, "is beyond 1e300, or nearer to 0 than 1e-300; give a number of ordinary size", value)
    return number


def _stated(value: str | Decimal, where: str, form: str) -> Fraction:
    """The rational number that a text is, a decimal or a fraction of two."""
    text = str(value).strip()
    if len(text) > LONGEST_NUMBER:
        raise ModelError(where, f"has more than {LONGEST_NUMBER} characters; give a shorter number", text[:20] + "...")
    numerator, slash, denominator = text.partition("/")
    above, below = _ratio(numerator, value, where, form)
    if slash:
        over, under = _ratio(denominator, value, where, form)
        if over == 0:
            raise ModelError(where, "has denominator zero", value)
        above, below = above * under, below * over
    return Fraction(above, below)


def _ratio(text: str, value: object, where: str, form: str) -> tuple[int, int]:
    """Numerator and denominator of a decimal, the whole or a part of what the user gave."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ModelError(where, f"must be {form}", value) from None
    if not number.is_finite():
        raise ModelError(where, "must be a finite number", value)
    if number and abs(number.adjusted()) > LONGEST_NUMBER:
        raise ModelError(where, f"has an exponent beyond {LONGEST_NUMBER}; give a number of ordinary size", value)
    return number.as_integer_ratio()


def _number(value: object, where: str, form: str) -> Fraction:
    """The rational number that one of Python's types is."""
    if type(value) is int:
        return _of_ordinary_length(Fraction(value), where)
    if type(value) is Fraction and type(value.numerator) is type(value.denominator) is int:
        return _of_ordinary_length(value, where)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ModelTypeError(where, f"must be {form}", value)
    if isinstance(value, Rational):
        return _of_ordinary_length(Fraction(int(value.numerator), int(value.denominator)), where)
    if not math.isfinite(float(value)):
        raise ModelError(where, "must be a finite number", value)
    return Fraction(str(value))


def _of_ordinary_length(number: Fraction, where: str) -> Fraction:
    """A rational number, unless it has digits beyond reason."""
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > 4 * LONGEST_NUMBER:
        raise ModelError(where, f"has more than about {LONGEST_NUMBER} digits; give a shorter number", "a long number")
    return number


def whole(value: object, where: str) -> int:
    """The integer that a user means by ``value``; ``4``, ``"4"`` and ``4.0`` are the same integer.

    Raises
    ------
    ModelError
        If ``value`` is not a whole number.
    """
    number = exact(value, where, form=WHOLE)
    if number.denominator != 1:
        raise ModelError(where, f"must be {WHOLE}", value)
    return int(number)


def member(known: type[E], value: str, where: str) -> E:
    """The member of an enumeration that a user names.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    try:
        return known(value)
    except ValueError:
        raise ModelError(where, f"must be one of {names_like(known, value)}", value) from None


def flag(value: object, where: str) -> bool:
    """True or False, and nothing that only counts as either.

    Raises
    ------
    ModelError
        If it is anything else.
    """
    if not isinstance(value, bool):
        raise ModelError(where, "must be True or False", value)
    return value


def as_float(number: Fraction) -> float | None:
    """The float whose shortest decimal a number is, as a result that is given back; None if it is none.

    >>> as_float(Fraction(9, 10)), as_float(Fraction(1, 3))
    (0.9, None)
    """
    nearest = float(number)
    return nearest if Fraction(repr(nearest)) == number else None


def upwards(number: Fraction) -> float:
    """The least number of double precision that is no less than a rational one.

    >>> Fraction(upwards(Fraction(1, 3))) > Fraction(1, 3), upwards(Fraction(1, 4))
    (True, 0.25)
    """
    nearest = float(number)
    return nearest if nearest >= number else math.nextafter(nearest, math.inf)


def downwards(number: Fraction) -> float:
    """The greatest number of double precision that is no more than a rational one.

    >>> Fraction(downwards(Fraction(2, 3))) < Fraction(2, 3), downwards(Fraction(1, 4))
    (True, 0.25)
    """
    return -upwards(-number)


def decimals(number: float, places: int = 6) -> str:
    """A number with so many decimals, or as many digits where that would be long, or leave few of them.

    >>> decimals(2 / 3), decimals(1e9 / 7), decimals(5e-5 / 7), decimals(0.0)
    ('0.666667', '1.42857e+08', '7.14286e-06', '0.000000')
    """
    usual = SMALL <= abs(number) < LARGE or not number
    return f"{number:.{places}f}" if usual else f"{number:.{places}g}"


def at_least(limit: float | Fraction, digits: int = DIGITS) -> str:
    """A lower limit in decimals, rounded up: what is printed is no less than what is meant.

    >>> at_least(10.07752182768366, 9), at_least(Fraction(10, 3), 6), at_least(3)
    ('10.0775219', '3.33334', '3')
    """
    return _rounded(limit, Context(digits, ROUND_CEILING))


def at_most(limit: float | Fraction, digits: int = DIGITS) -> str:
    """An upper limit in decimals, rounded down: what is printed is no more than what is meant.

    >>> at_most(10.07752182768366, 9), at_most(Fraction(2, 3), 6), at_most(math.inf)
    ('10.0775218', '0.666666', 'inf')
    """
    return _rounded(limit, Context(digits, ROUND_FLOOR))


def _rounded(limit: float | Fraction, context: Context) -> str:
    """A number in decimals; a float means its shortest decimal here, too."""
    if not isinstance(limit, Fraction) and not math.isfinite(limit):
        return str(limit)
    number = exact(limit, "limit")
    return f"{context.divide(Decimal(number.numerator), Decimal(number.denominator)):g}"
