"""What the checker computes by itself for budgets, against exact linear algebra."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from symbolic.checking.budgets import independent

entries = st.fractions(-3, 3, max_denominator=6)


@given(st.lists(st.lists(entries, min_size=4, max_size=4), min_size=1, max_size=5))
def test_independence_is_that_of_exact_elimination(rows):
    """Whatever is called independent has full rank, and random rows of full rank are called so."""
    columns = [{place: entry for place, entry in enumerate(row) if entry} for row in rows]
    rank = sympy.Matrix([[sympy.Rational(x.numerator, x.denominator) for x in row] for row in rows]).rank()
    assert independent(columns) is (rank == len(rows))


@pytest.mark.parametrize("factor", [Fraction(2), Fraction(1, 2), Fraction(-3, 5), Fraction(7, 3)])
def test_a_multiple_is_not_independent(factor):
    """A column and a multiple of it are dependent, with whatever denominators."""
    column = {"a": Fraction(1, 2), "b": Fraction(1, 3), "c": Fraction(-4, 7)}
    multiple = {name: factor * entry for name, entry in column.items()}
    assert not independent([column, multiple])
    assert independent([column, {**multiple, "c": Fraction(1)}])
