"""Windows past the pumping limit, where labels stand for levels: brackets of what is possible."""

from __future__ import annotations

from functools import cache

import pytest

from lpdistill import Problem, Solution, deadline, smallest_window, solve
from lpdistill.deadlines.at_confidence import least_time_within
from lpdistill.deadlines.frontier import deadline_frontier
from lpdistill.errors import InfeasibleError

EXACT = Problem("1/2", 3, "4/5", "88/100")
COARSE = Problem("9/10", 4, "3/4", "85/100")
WINDOW = 20


@cache
def coarse() -> Solution:
    """An optimum within a wide bracket."""
    return solve(COARSE, within="1/5")


@cache
def finer() -> Solution:
    """An optimum within none."""
    return solve(COARSE)


def test_labels_bracket_the_greatest_probability():
    """More labels do not leave the bracket of few, from either side."""
    wide, narrow = deadline(coarse(), WINDOW), deadline(finer(), WINDOW)
    assert wide.probability <= narrow.probability <= narrow.greatest <= wide.greatest
    assert wide.probability < wide.greatest


def test_the_bracket_is_in_the_summary_and_the_document():
    """Both ends."""
    found = deadline(coarse(), WINDOW)
    assert "at most" in dict(found.summary())["in time"]
    assert found.to_dict()["greatest_probability"] == found.greatest


def test_a_problem_past_the_limit_is_solved_on_labels():
    """What labels are needed for the mean are those of its windows."""
    found, known = deadline(EXACT, WINDOW), deadline(solve(EXACT), WINDOW)
    assert found.probability == known.probability
    assert found.probability <= found.greatest


def test_no_smaller_window_is_met():
    """The smallest window lies within its bracket, too."""
    found = smallest_window(coarse(), "0.9")
    assert found.least_window <= smallest_window(finer(), "0.9").window <= found.window
    assert deadline(coarse(), found.least_window - 1).greatest < 0.9


def test_the_least_time_at_a_confidence_is_bracketed():
    """The lower bound is that of labels that round up."""
    found = least_time_within(coarse(), 22, "0.5")
    narrow = least_time_within(finer(), 22, "0.5")
    assert found.lower_bound <= narrow.lower_bound <= narrow.waiting_time <= found.waiting_time + 1e-9
    assert found.greatest >= narrow.greatest


def test_what_labels_cannot_meet_may_yet_be_possible():
    """A confidence between both ends is refused with that reason; above both, without it."""
    found = deadline(coarse(), WINDOW)
    with pytest.raises(InfeasibleError, match="smaller gap may help"):
        least_time_within(coarse(), WINDOW, (found.probability + found.greatest) / 2)
    with pytest.raises(InfeasibleError, match="the greatest possible is"):
        least_time_within(coarse(), WINDOW, (found.greatest + 1) / 2)


def test_a_frontier_says_that_it_is_one_of_labels():
    """Its times bound those of the problem."""
    assert "labels stand for" in dict(deadline_frontier(EXACT, 12).summary())["labels"]
