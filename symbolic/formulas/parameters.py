"""Fidelities and counts as theorists write them: symbols and expressions beside exact numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from lpdistill.errors import ModelError
from lpdistill.numbers import exact

F0 = sympy.Symbol("f0")
"""The raw fidelity, where none is given."""

FIDELITY = 'a sympy expression, or a number such as 0.75 or "3/4"'

HIGHEST_DEGREE = 512
"""Degree in ``f0`` of the largest level that is written out."""

MOST_DIGITS = 100_000
"""Digits of the longest fraction that is written out."""


def fidelity(value: Any, where: str = "f0") -> sympy.Expr:
    """A fidelity above 1/2: a sympy expression as it is, a number exactly (a float means its shortest decimal).

    Raises
    ------
    ModelError
        If ``value`` is a number outside (1/2, 1], or neither a number nor an expression.

    Examples
    --------
    >>> fidelity(0.75), fidelity("3/4"), fidelity(sympy.Symbol("x"))
    (3/4, 3/4, x)
    """
    if isinstance(value, sympy.Expr) and not value.is_number:
        return value
    if isinstance(value, sympy.Expr) and not value.is_Float:
        found = value
    else:
        number = exact(value, where, form=FIDELITY)
        found = sympy.Rational(number.numerator, number.denominator)
    if not (found.is_real and sympy.Rational(1, 2) < found <= 1):
        raise ModelError(where, "must be a fidelity above 1/2 and at most 1", value)
    return found


def rational(value: Any, where: str) -> Fraction:
    """A number that must be rational, because roots are isolated from integer polynomials.

    Raises
    ------
    ModelError
        If ``value`` is irrational, symbolic or no number.

    Examples
    --------
    >>> rational(0.04, "gap")
    Fraction(1, 25)
    """
    if isinstance(value, sympy.Expr) and not value.is_Float and not value.is_Rational:
        raise ModelError(where, "must be a rational number here; give a decimal or a fraction", value)
    return exact(value, where)
