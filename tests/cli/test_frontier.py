"""``lpdistill frontier``: the curve as a document, a table and a picture."""

from __future__ import annotations

import pytest

from lpdistill import Budget, Hardware, Problem, rate_frontier
from lpdistill.frontiers.frontier import frontier

THREE = Problem("1/2", 3, "3/4", "79/100")
FRONTIER = ("frontier", "--p", ".5", "--memories", "3", "--f0", ".75", "--target", ".79")


def test_json_is_what_python_gives(run):
    """The document is that of the library."""
    assert run(*FRONTIER, "--json").document == frontier(THREE, "generation_attempts").to_dict()


def test_the_resource_is_an_option(run):
    """Another resource has another curve."""
    found = run(*FRONTIER, "--resource", "memory_time", "--json").document
    assert found["resource"] == "memory_time"
    assert found["points"] == frontier(THREE, "memory_time").to_dict()["points"]


def test_other_budgets_hold_along_the_curve(run):
    """A budget on another resource restricts the curve."""
    found = run(*FRONTIER, "--budget", "memory_time=16.35", "--json").document
    assert (
        found["points"]
        == frontier(THREE.with_constraints(Budget("memory_time", "16.35")), "generation_attempts").to_dict()["points"]
    )
    assert found["points"] != frontier(THREE, "generation_attempts").to_dict()["points"]


def test_the_problem_may_be_a_file(run, problem_file):
    """A problem file describes the problem."""
    file = problem_file("p = 0.5\nmemories = 3\nf0 = 0.75\ntarget = 0.79\n")
    assert run("frontier", file, "--json").document == run(*FRONTIER, "--json").document


def test_the_table_has_every_breakpoint(run):
    """The table has a line for every breakpoint with limit, waiting time and price."""
    ran = run(*FRONTIER)
    for point in frontier(THREE, "generation_attempts").points:
        wanted = [f"{number:.6f}" for number in (point.used, point.waiting_time, point.price)]
        assert any(line.split() == wanted for line in ran.out.splitlines())


def test_the_table_says_what_was_asked(run):
    """The first line is the problem, and the title names the resource."""
    ran = run(*FRONTIER)
    assert ran.out.splitlines()[0].startswith("problem")
    assert "generation attempts" in ran.words


@pytest.mark.parametrize(("suffix", "beginning"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_plot_writes_a_picture(run, tmp_path, suffix, beginning):
    """``--plot`` writes a picture in the format of its suffix."""
    pytest.importorskip("matplotlib")
    assert run(*FRONTIER, "--plot", str(tmp_path / f"curve{suffix}")).code == 0
    assert (tmp_path / f"curve{suffix}").read_bytes().startswith(beginning)


def test_json_with_a_picture_is_json_alone(run, tmp_path):
    """With a picture too, standard output is the document and standard error is empty."""
    pytest.importorskip("matplotlib")
    ran = run(*FRONTIER, "--plot", str(tmp_path / "curve.png"), "--json")
    assert ran.document["schema"] == "lpdistill.frontier/1"
    assert ran.err == ""


def test_rates_against_what_they_use(run):
    """Per unit of time the document is that of the library, with the policy at every breakpoint."""
    ran = run("frontier", "--per-time", "--p", ".1", "-M", "3", "--f0", ".85", "--protocol", "bb84", "--json")
    assert ran.document == rate_frontier(Hardware(".1", 3, ".85"), worth="bb84").to_dict()
    assert all(point["policy"] for point in ran.document["points"])


WRONG = {
    "unknown resource": (("--resource", "energy"), 2, "energy"),
    "limited resource": (("--budget", "generation_attempts=11"), 2, "generation_attempts"),
    "unknown suffix": (("--plot", "curve.xyz"), 2, "curve.xyz"),
    "missing folder": (("--plot", "nowhere/curve.png"), 2, "nowhere"),
    "key without rates": (("--protocol", "bb84"), 2, "--per-time"),
    "infeasible budget": (("--budget", "memory_time=1"), 3, "memory_time"),
    "too large": (("--memories", "300", "--f0", ".9", "--target", ".94"), 4, "memories"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_message(run, tmp_path, monkeypatch, wrong):
    """Whatever is wrong, it is one message with its exit code, and nothing is written."""
    options, code, word = wrong
    monkeypatch.chdir(tmp_path)
    ran = run(*FRONTIER, *options)
    assert (ran.code, len(ran.err.splitlines())) == (code, 1)
    assert word in ran.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("plot", ["curve.xyz", "nowhere/curve.png"])
def test_a_picture_that_cannot_be_written_costs_no_document(run, tmp_path, monkeypatch, plot):
    """Where the picture fails, standard output is empty: nothing there is taken for an answer."""
    monkeypatch.chdir(tmp_path)
    assert run(*FRONTIER, "--plot", plot, "--json").out == ""
