"""``lpdistill deadline``: the four questions, as documents, tables and pictures, and what is wrong with a question."""

from __future__ import annotations

import pytest

from lpdistill import Budget, Problem, deadline, deadline_frontier, least_time_within, smallest_window

FIVE = Problem("7/10", 5, "3/4", "79/100")
THREE = FIVE.replace(memories=3)
DEADLINE = ("deadline", "--p", ".7", "--memories", "5", "--f0", ".75", "--target", ".79")
SMALL = (*DEADLINE[:4], "3", *DEADLINE[5:])


def test_a_window_has_the_greatest_probability(run):
    """``--window`` gives the greatest probability, and that of the fastest policy."""
    found = run(*DEADLINE, "--window", "10", "--json").document
    assert found == deadline(FIVE, 10).to_dict()
    assert found["window"] == 10
    assert round(found["probability"], 3) == 0.910
    assert round(found["probability_of_fastest_mean"], 3) == 0.873


def test_a_confidence_has_the_smallest_window(run):
    """``--confidence`` alone gives the smallest window that some policy meets with it."""
    found = run(*DEADLINE, "--confidence", "0.99", "--json").document
    assert found == smallest_window(FIVE, "0.99").to_dict()
    assert (found["window"], found["confidence"]) == (18, 0.99)
    assert found["curve"][-2]["probability"] < 0.99 <= found["probability"]


def test_both_have_the_least_time(run):
    """``--window`` and ``--confidence`` together give the least expected time of policies that meet both."""
    found = run(*DEADLINE, "--window", "10", "--confidence", ".9", "--json").document
    assert found == least_time_within(FIVE, 10, ".9").to_dict()
    assert found["probability"] == pytest.approx(0.9)


def test_the_frontier_has_all_breakpoints(run):
    """``--frontier`` gives every breakpoint of the mean against the tail."""
    found = run(*SMALL, "--window", "12", "--frontier", "--json").document
    assert found == deadline_frontier(THREE, 12).to_dict()


def test_budgets_hold_with_a_confidence(run):
    """With window and confidence, the budgets of the problem hold as well."""
    found = run(
        *SMALL, "--window", "12", "--confidence", "0.8", "--budget", "generation_attempts=11", "--json"
    ).document
    expected = least_time_within(THREE.with_constraints(Budget("generation_attempts", 11)), 12, "0.8")
    assert found["waiting_time"] == expected.waiting_time
    assert found["budgets"]["generation_attempts"]["used"] <= 11 + 1e-9


def test_tables_say_what_documents_say(run):
    """The tables show the probabilities, where the policy leaves the fastest one, the price, the breakpoints."""
    shown = run(*DEADLINE, "--window", "10").words
    for part in ("0.909962", "0.873043", "8.017359", "6.980389", "leaves the fastest policy", "(--all)"):
        assert part in shown
    everything = run(*DEADLINE, "--window", "10", "--all")
    assert len(everything.out.splitlines()) > len(deadline(FIVE, 10).spells)
    assert "(--all)" not in everything.words
    assert "the smallest for 0.99" in run(*DEADLINE, "--confidence", "0.99").words
    level = run(*DEADLINE, "--window", "10", "--confidence", ".9").words
    for part in ("7.156211842", "0.272632 for one percent more confidence", "randomises"):
        assert part in level
    table = run(*SMALL, "--window", "12", "--frontier").words
    for point in deadline_frontier(THREE, 12).points:
        assert f"{point.waiting_time:.6f}" in table
    assert "that of the fastest" in run(*SMALL, "--window", "8").words


def test_a_departure_has_one_line_for_all_times_left(run):
    """What is done in a configuration instead of something else is one line, with the range of the times left."""
    ran = run(*DEADLINE, "--window", "10", "--all")
    lines = [line for line in ran.out.splitlines() if line.startswith("2 x 0.788, 3 empty")]
    assert len(lines) == 1
    assert "3 to 7" in lines[0]
    rows = [line for line in ran.out.splitlines() if " empty " in line or line.startswith("3 x 0.750 + 2 x 0.788")]
    assert len(set(rows)) == len(rows)


def test_the_problem_may_be_a_file(run, problem_file):
    """A problem file describes the problem."""
    file = problem_file("p = 0.7\nmemories = 5\nf0 = 0.75\ntarget = 0.79\n")
    ours, theirs = run("deadline", file, "--window", "10", "--json"), run(*DEADLINE, "--window", "10", "--json")
    assert ours.document == theirs.document


@pytest.mark.parametrize(
    "question", [("--window", "9"), ("--window", "9", "--confidence", "0.5"), ("--confidence", "0.9")]
)
def test_plot_writes_a_picture(run, tmp_path, question):
    """``--plot`` draws each answer, and standard output stays the document."""
    pytest.importorskip("matplotlib")
    ran = run(*SMALL, *question, "--plot", str(tmp_path / "picture.png"), "--json")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert ran.document["schema"].startswith("lpdistill.")


WRONG = {
    "nothing asked": ((), 2, "--window"),
    "window of no length": (("--window", "0"), 2, "above 0"),
    "negative window": (("--window", "-3"), 2, "above 0"),
    "no number": (("--window", "soon"), 2, "soon"),
    "certainty": (("--confidence", "1"), 2, "between 0 and 1"),
    "no confidence": (("--confidence", "0"), 2, "between 0 and 1"),
    "confidence of no number": (("--window", "9", "--confidence", "high"), 2, "high"),
    "more than is possible": (("--window", "10", "--confidence", "0.95"), 3, "window of at least 12"),
    "budget": (("--window", "10", "--budget", "steps=9"), 2, "with a confidence"),
    "frontier without window": (("--frontier",), 2, "--frontier"),
    "frontier with confidence": (("--frontier", "--window", "9", "--confidence", "0.5"), 2, "--frontier"),
    "too long": (("--window", "1e7"), 4, "slots"),
    "unknown suffix": (("--window", "9", "--plot", "curve.xyz"), 2, "curve.xyz"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_message(run, tmp_path, monkeypatch, wrong):
    """Whatever is wrong, it is one message with its exit code, and nothing is written."""
    options, code, word = wrong
    monkeypatch.chdir(tmp_path)
    ran = run(*DEADLINE, *options, "--json")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert word in ran.err
    assert not list(tmp_path.iterdir())
