"""``lpdistill robust``."""

import pytest

from lpdistill import Problem
from lpdistill.worth.robust import robust

PROBLEM = ("--memories", "4", "--f0", ".9", "--target", ".94")


def test_table(run):
    """The terminal shows worst case, proof, price of robustness and the policy."""
    ran = run("robust", "--p", "0.4:0.6", *PROBLEM)
    assert ran.code == 0
    assert "worst case 10.0545634412, at p = 0.4 throughout" in ran.words
    assert "price 0.0652197 slower than the optimum 9.13908133559 at the expected p" in ran.words
    assert "4 empty" in ran.words


def test_json_is_that_of_the_object(run):
    """The document is that of the Python object, for the middle of the interval unless told otherwise."""
    document = run("robust", "--p", "0.4:0.8", "--nominal", ".5", *PROBLEM, "--json").document
    assert document == robust(Problem(".5", 4, ".9", ".94"), ("0.4", "0.8")).to_dict()
    assert run("robust", "--p", "0.4:0.8", *PROBLEM, "--json").document["problem"]["p"] == "3/5"


@pytest.mark.parametrize("p", ["0.4", "0.6:0.4", "0:0.5", "0.5:1.5", "a:1", "0.4:0.5:0.6", ":", ""])
def test_wrong_intervals_are_refused(run, p):
    """What is no interval of probabilities is refused with one message and code 2."""
    ran = run("robust", "--p", p, *PROBLEM)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_problem_files(run, problem_file):
    """A problem file gives everything but the interval, which wins over its p."""
    file = problem_file("p = 0.9\nmemories = 4\nf0 = 0.9\ntarget = 0.94\n")
    assert "at p = 0.4 throughout" in run("robust", file, "--p", "0.4:0.6").words


def test_the_expected_p_is_that_of_the_file(run, problem_file):
    """Where the p of a problem file lies in the interval it is the expected one, unless --nominal names another."""
    file = problem_file("p = 0.45\nmemories = 4\nf0 = 0.9\ntarget = 0.94\n")
    assert run("robust", file, "--p", "0.4:0.6", "--json").document["problem"]["p"] == "9/20"
    assert run("robust", file, "--p", "0.4:0.6", "--nominal", ".55", "--json").document["problem"]["p"] == "11/20"
    assert run("robust", file, "--p", "0.5:0.6", "--json").document["problem"]["p"] == "11/20"


def test_picture(run, tmp_path):
    """``--plot`` draws both policies over the interval."""
    file = tmp_path / "regret.svg"
    assert run("robust", "--p", "0.4:0.6", *PROBLEM, "--plot", str(file)).code == 0
    assert "<svg" in file.read_text(encoding="utf-8")
