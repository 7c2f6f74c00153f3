"""``lpdistill variability``."""

import pytest

from lpdistill import Problem, solve
from lpdistill.worth.variability import variability

PROBLEM = ("--p", ".5", "--memories", "4", "--f0", ".9", "--target", ".94")


def test_table(run):
    """The terminal counts decisions, and shows the range of every action that some policy takes."""
    ran = run("variability", *PROBLEM)
    assert ran.code == 0
    assert "15 configurations decided, 0 free; 86 of 101 actions never taken" in ran.words
    assert ran.words.count("forced") == 15


def test_all_shows_actions_never_taken(run):
    """``--all`` adds those that no policy within the slack takes."""
    assert run("variability", *PROBLEM, "--all").words.count(" never") == 1 + 86


def test_json_is_that_of_the_object(run):
    """The document is that of the Python object."""
    document = run("variability", *PROBLEM, "--slack", "0.01", "--json").document
    assert document == variability(solve(Problem(".5", 4, ".9", ".94")), "0.01").to_dict()


@pytest.mark.parametrize("slack", ["-1", "x", "nan", ""])
def test_wrong_slack_is_refused(run, slack):
    """A slack that is no share is refused with one message and code 2."""
    ran = run("variability", *PROBLEM, f"--slack={slack}")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
