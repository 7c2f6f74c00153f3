"""Formulas in a notebook: what is an answer is shown as mathematics, which matplotlib's TeX can read."""

from fractions import Fraction

import pytest
from flint import fmpq, fmpz_poly
from matplotlib.mathtext import MathTextParser

from lpdistill import Problem
from symbolic import levels, policy_map, waiting_time_in_p
from symbolic.algebra.algebraic_numbers import AlgebraicNumber
from symbolic.formulas.problem_formulas import ProblemFormulas
from symbolic.maps.sweep import Axis

PROBLEM = Problem("1/2", 2, "3/4", "79/100")


def read(text: str) -> str:
    """LaTeX, as it is, once it has been set."""
    MathTextParser("path").parse(text.replace(r"\displaystyle ", ""))
    return text


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (AlgebraicNumber.rational(Fraction(-3, 4)), r"$\displaystyle - \frac{3}{4}$"),
        (AlgebraicNumber.root(fmpz_poly([-2, 0, 1]), fmpq(1), fmpq(2)), r"$\displaystyle \sqrt{2}$"),
        (
            AlgebraicNumber.root(fmpz_poly([-2, 0, 0, 1]), fmpq(1), fmpq(2)),
            r"$x \approx 1.259921049895, \quad x^{3} - 2 = 0$",
        ),
    ],
    ids=["fraction", "square root", "cube root"],
)
def test_algebraic_numbers(number, shown):
    """A number is a fraction, an expression in roots, or its decimals beside its minimal polynomial."""
    assert read(number._repr_latex_()) == shown


def test_waiting_times():
    """A waiting time is a fraction with its factors taken out."""
    shown = r"$\displaystyle \frac{18 \left(62 p^{2} - 75 p - 80\right)}{173 p \left(p - 2\right)}$"
    assert read(waiting_time_in_p(PROBLEM)._repr_latex_()) == shown


def test_pieces_of_a_map():
    """A piece is its formula and the interval on which it holds."""
    (piece,) = policy_map(PROBLEM).pieces
    assert read(piece._repr_latex_()).startswith(r"$\displaystyle T(p) = \frac{")
    assert piece._repr_latex_().endswith(r", \quad 0 \leq p \leq 1$")
    *_, last = policy_map(PROBLEM, axis=Axis.RATIO).pieces
    assert read(last._repr_latex_()).endswith(r" \leq r \leq \infty$")


def test_levels_and_limits():
    """Levels are aligned formulas, with the pumping limit below where they are those of a problem."""
    assert levels(raw_pairs=2)._repr_latex_().startswith(r"\begin{align*}")
    shown = ProblemFormulas.of(PROBLEM)
    assert shown._repr_latex_() == shown.to_latex()
    assert r"f_\infty(f_{0}) = " in shown._repr_latex_()
