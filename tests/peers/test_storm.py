"""Storm, on the same decision processes: least expected total reward until the target.

Its models are built over the rationals always: what it computes with doubles is no bound.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from peer_models import exactly, rationally, storm_model, storm_solve, written

from lpdistill import Problem, solve
from symbolic import certify

stormpy = pytest.importorskip("stormpy", minversion="2.0")

PROBLEMS = {
    "two memories": Problem("1/3", 2, "3/4", "79/100"),
    "three memories": Problem("9/10", 3, "3/4", "79/100"),
    "four memories": Problem("1/2", 4, "3/4", "79/100"),
    "three levels": Problem("7/10", 4, "9/10", "94/100"),
    "five levels": Problem("1/2", 4, "65/100", "71/100"),
    "five memories": Problem("1/2", 5, "9/10", "94/100"),
    "other times": Problem("2/3", 4, "3/4", "79/100", generation_time="3/7", distillation_time="5/3"),
    "rare generation": Problem("1/100", 3, "3/4", "79/100"),
}


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_storm_agrees_on_the_columns_of_the_package(problem):
    """On all columns of the package, waiting included, Storm's policy iteration finds the same waiting time."""
    found = storm_solve(storm_model(rationally(written(problem)), stormpy.Rational))
    assert float(found.value) == pytest.approx(solve(problem).waiting_time, rel=1e-12)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_storm_over_the_rationals_is_what_certificates_prove(problem):
    """On the exact process, built from the rules alone, Storm's exact optimum is the certified one, digit for digit."""
    found = storm_solve(storm_model(exactly(problem), stormpy.Rational)).value
    assert Fraction(str(found)) == certify(solve(problem)).waiting_time


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_storm_over_the_rationals_lies_within_the_bounds(problem):
    """On the exact process, built from the rules alone, Storm's exact optimum lies within what the package proves."""
    found = Fraction(str(storm_solve(storm_model(exactly(problem), stormpy.Rational)).value))
    solution = solve(problem)
    assert Fraction(solution.lower_bound) <= found <= Fraction(solution.upper_bound)


def test_storm_over_the_rationals_has_the_closed_form():
    """For three memories at p = 9/10, Storm's exact optimum is the known fraction, plus the last step."""
    found = storm_solve(storm_model(exactly(PROBLEMS["three memories"]), stormpy.Rational)).value
    assert Fraction(str(found)) == Fraction(1976711710, 309269159) + 2
