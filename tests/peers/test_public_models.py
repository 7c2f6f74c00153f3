"""Public decision processes: published answers, what the package proves, and what Storm finds over the rationals."""

from __future__ import annotations

from fractions import Fraction

import pytest
from graph_cases import gathering
from peer_models import drawn_up, storm_model, storm_solve
from public_models import TIMES, WORTH, chutes_and_ladders, coupons, four_by_three, frozen_lake

from lpdistill import deadline, solve

SLOW = {"consensus, 4 processes, K = 2", "resource gathering, 15 of each", "Herman, 9 processes"}
"""Models for which Storm takes minutes over the rationals."""


@pytest.mark.parametrize("name", TIMES)
def test_the_published_time_is_proved(name):
    """The published expected time lies within the bounds, which agree to nine digits, and everything verifies."""
    model, published = TIMES[name]
    solution = solve(model())
    assert Fraction(solution.lower_bound) <= published <= Fraction(solution.upper_bound)
    assert solution.upper_bound - solution.lower_bound <= 1e-9 * solution.waiting_time
    assert solution.verify().gap >= 0


@pytest.mark.parametrize("name", [name for name in TIMES if name not in SLOW])
def test_storm_finds_the_published_time(name):
    """Over the rationals, Storm finds the published time of the model as it is written here, digit for digit."""
    stormpy = pytest.importorskip("stormpy", minversion="2.0")
    model, published = TIMES[name]
    found = storm_solve(storm_model(drawn_up(model()), stormpy.Rational)).value
    assert Fraction(str(found)) == published


def test_the_world_of_russell_and_norvig():
    """All ten places of the 4 x 3 world are worth what is published."""
    values = solve(four_by_three()).values
    assert {place: round(1 - value, 3) for place, value in values.items()} == WORTH


def test_chutes_and_ladders():
    """A game for one takes 39.2 spins on average, and 7 at least."""
    solution = solve(chutes_and_ladders())
    assert round(solution.waiting_time, 1) == 39.2
    assert deadline(chutes_and_ladders(), 6).probability == 0
    assert deadline(chutes_and_ladders(), 7).probability > 0


def test_coupons_within_five_rounds():
    """Five kinds of coupons, two at a time, are complete within five rounds with probability 40824/78125."""
    assert deadline(coupons(5, 2), 5).probability == pytest.approx(40824 / 78125, rel=1e-13)


def test_gathering_within_two_hundred_steps():
    """Fifteen gold and fifteen gems are at home within 200 steps with probability 0.80804560331152..."""
    found = deadline(gathering(15, 15, count="steps"), 200)
    assert found.probability == pytest.approx(40402280165576036172779067978949245387 / 5e37, rel=1e-11)


def test_the_frozen_lake():
    """The end of the slippery lake is reached within 100 steps with probability 0.744190, though never for sure."""
    assert round(deadline(frozen_lake(), 100).probability, 6) == 0.744190
