"""``lpdistill explain``, and the sections of ``lpdistill solve --sensitivity``."""

import pytest

from lpdistill import Problem, solve
from lpdistill.worth.sensitivity import sensitivity

PROBLEM = ("--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79")


def test_table_ranks_the_actions(run):
    """The terminal shows every action with regret and outcomes, the best first."""
    ran = run("explain", *PROBLEM, "--counts", "2,1")
    assert ran.code == 0
    assert "expected time to go 4.061600" in ran.words
    assert ran.words.index("0.000000 yes 73.9% target") < ran.words.index("0.768899") < ran.words.index("1.832506")


def test_json_is_that_of_the_object(run):
    """The document is that of :meth:`Solution.explain`."""
    document = run("explain", *PROBLEM, "--counts", "2,1", "--json").document
    assert document == solve(Problem("1/2", 4, "3/4", "79/100")).explain((2, 1)).to_dict()


@pytest.mark.parametrize("counts", ["2,x", "2", "5,0", "", "2;1", "1.5,0", "-1,0", ","])
def test_wrong_configurations_are_refused(run, counts):
    """A configuration that does not exist is refused with one message and code 2."""
    ran = run("explain", *PROBLEM, f"--counts={counts}")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "counts" in ran.err


def test_no_levels(run):
    """Where a raw pair meets the target there is one configuration, without counts."""
    assert "1.066667" in run("explain", *PROBLEM[:-1], ".74", "--counts", "").out


def test_long_tables_say_what_they_leave_out(run):
    """Of many actions the best are shown, with their number."""
    ran = run("explain", "--p", ".5", "-M", "8", "--f0", ".9", "--target", ".94", "--counts", "3,3,2")
    assert "the best 20 of" in ran.words


def test_sensitivity_adds_numbers_and_details(run):
    """With ``--sensitivity`` the document has one number a parameter, and the details under a key of their own."""
    plain = run("solve", *PROBLEM, "--json").document
    document = run("solve", *PROBLEM, "--sensitivity", "--json").document
    expected = sensitivity(solve(Problem("1/2", 4, "3/4", "79/100")))
    assert document.keys() - plain.keys() == {"sensitivity", "sensitivity_details"}
    assert document["sensitivity"] == {name: slope.value for name, slope in expected.derivatives.items()}
    assert document["sensitivity_details"]["jump"] is False
    assert document["sensitivity_details"]["derivatives"]["p"]["elasticity"] == expected.derivatives["p"].elasticity


def test_sensitivity_table(run):
    """The terminal shows every parameter with derivative and elasticity."""
    ran = run("solve", *PROBLEM, "--sensitivity")
    assert "f0 0.75 -16.348594 -1.4191" in ran.words
    assert "distillation time 2 3.161234 0.7317" in ran.words


def test_jump_is_said(run):
    """At a target that is exactly a level, the table says that the waiting time jumps below f0."""
    ran = run("solve", *PROBLEM[:-1], "41/52", "--sensitivity")
    assert "jumps below" in ran.words


def test_tornado_is_drawn(run, tmp_path):
    """``--plot`` writes the picture."""
    file = tmp_path / "tornado.svg"
    assert run("solve", *PROBLEM, "--sensitivity", "--plot", str(file)).code == 0
    assert file.read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_ranges(run):
    """``--ranges`` shows how far the policy holds and what takes over, and adds a section to the document."""
    ran = run("solve", *PROBLEM, "--ranges")
    assert (
        "p 0.5 0.245598998 0.852617664 4 x 0.750: 0.750, 0.750 -> 0.788 2 x 0.788, 2 empty: on 2 memories" in ran.words
    )
    document = run("solve", *PROBLEM, "--ranges", "--json").document
    assert document["ranges"]["p"]["upper"]["value"] == pytest.approx(0.852617664, abs=1e-9)


def test_ranges_of_prices(run):
    """With a budget, ``--ranges`` shows the prices beyond both ends of the range of its price."""
    budget = ("--budget", "generation_attempts=12.4", "--ranges")
    document = run("solve", *PROBLEM, *budget, "--json").document
    sides = document["prices"]["generation_attempts"]
    assert sides["below"]["price"] < sides["price"] < 0
    assert "prices beyond the ranges of budgets" in run("solve", *PROBLEM, *budget).out


def test_increments(run):
    """``--increments`` says what one more memory saves, in the table and in the document."""
    document = run("solve", *PROBLEM, "--increments", "--json").document
    (memories, target) = document["increments"]
    assert (memories["name"], memories["after"], target["name"]) == ("memories", 5, "target")
    assert f"memories 4 5 {memories['saves']:.6f}" in run("solve", *PROBLEM, "--increments").words
