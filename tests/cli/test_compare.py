"""``lpdistill compare``: the comparison as a document, a table and a picture."""

from __future__ import annotations

import json

import pytest

from lpdistill import Problem, baseline, compare, differences, solve, write_policy

FOUR = Problem("7/10", 4, "9/10", "94/100")
TWO = Problem("1/2", 2, "3/4", "79/100")
COMPARE = ("compare", "--p", ".7", "--memories", "4", "--f0", ".9", "--target", ".94")
SMALL = ("compare", "--p", ".5", "--memories", "2", "--f0", ".75", "--target", ".79")


def test_json_is_what_python_gives(run):
    """The document is that of the library."""
    assert run(*COMPARE, "--json").document == json.loads(compare(FOUR).to_json())


def test_deadlocks_are_null(run):
    """A policy that never ends has null for a time, its deadlock, and an advantage of 1."""
    document = run(*SMALL, "--json").document
    assert document["policies"]["nested"]["waiting_time"] is None
    assert document["policies"]["nested"]["deadlock"] == [[1, 1]]
    assert document["advantage"]["nested"] == 1.0


def test_policies_are_chosen(run):
    """``--policies`` names what is compared, in that order, after the optimum."""
    document = run(*COMPARE, "--policies", "banded:1, greedy,banded:3", "--json").document
    assert list(document["policies"]) == ["optimal", "banded:1", "greedy", "banded:3"]
    assert document["policies"]["banded:3"]["waiting_time"] == document["policies"]["greedy"]["waiting_time"]


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_files_are_policies(run, tmp_path, suffix):
    """A policy file is compared under its name, also one that never ends."""
    good, bad = tmp_path / f"good{suffix}", tmp_path / f"bad{suffix}"
    write_policy(solve(TWO).policy, good)
    write_policy(baseline(TWO, "nested"), bad)
    document = run(*SMALL, "--policies", f"{good},{bad}", "--json").document
    assert document["advantage"] == {str(good): pytest.approx(0, abs=1e-12), str(bad): 1.0}


def test_the_table_has_every_policy(run):
    """The table has a line for every policy with its time, its spread, its use and what the optimum saves."""
    ran, found = run(*COMPARE), compare(FOUR)
    for name, compared in found.policies.items():
        (line,) = [line for line in ran.out.splitlines() if line.startswith(f"{name} ")]
        assert f"{compared.waiting_time:.6f}" in line
        assert f"{compared.standard_deviation:.6f}" in line
        assert f"{compared.expected.raw_pairs:.6f}" in line
        assert found.verdict(name) in line


@pytest.mark.parametrize(
    ("option", "words"), [((), "count every step"), (("--final-step", "free"), "leave the last step out, as the publ")]
)
def test_the_convention_is_said(run, option, words):
    """How time is counted is said wherever numbers are compared, for advantages depend on it."""
    assert words in run(*COMPARE, *option).words


def test_a_deadlock_is_said(run):
    """A policy that never ends is in the table, with the place of its trap."""
    assert "never ends: trapped in (1, 1)" in run(*SMALL).words


def test_differences_are_listed(run):
    """``--differences`` lists where a policy acts differently, most visited first, with what is lost there."""
    rows = differences(solve(FOUR).policy, baseline(FOUR, "greedy")).rows
    ran = run(*COMPARE, "--differences", "greedy")
    assert "where greedy acts differently" in ran.words
    losses = [f"{row.loss:.6f}" for row in rows]
    assert [line.split()[-1] for line in ran.out.splitlines() if line.split() and line.split()[-1] in losses] == losses
    document = run(*COMPARE, "--differences", "greedy", "--json").document
    assert [tuple(row["counts"]) for row in document["differences"]] == [row.counts for row in rows]


def test_differences_of_a_policy_that_is_not_listed(run):
    """A policy may be named for its differences alone; it is compared too."""
    document = run(*COMPARE, "--policies", "nested", "--differences", "pumping", "--json").document
    assert list(document["policies"]) == ["optimal", "nested", "pumping"]
    assert document["differences"]


def test_no_differences_are_said(run):
    """Where a policy does what the optimum does, that is said."""
    assert "pumping acts as the optimum does" in run(*SMALL, "--differences", "pumping").words


@pytest.mark.parametrize(("suffix", "beginning"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_plot_writes_a_picture(run, tmp_path, suffix, beginning):
    """``--plot`` writes a picture in the format of its suffix, and standard output stays the document."""
    pytest.importorskip("matplotlib")
    ran = run(*SMALL, "--plot", str(tmp_path / f"bars{suffix}"), "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["schema"] == "lpdistill.comparison/1"
    assert (tmp_path / f"bars{suffix}").read_bytes().startswith(beginning)


WRONG = {
    "unknown policy": (("--policies", "optimal,best"), 2, "pumping, nested, greedy, banded:WIDTH"),
    "unknown difference": (("--differences", "best"), 2, "best"),
    "a band of no width": (("--policies", "banded:x"), 2, "banded"),
    "missing file": (("--policies", "mine.json"), 2, "mine.json"),
    "unknown suffix": (("--plot", "bars.xyz"), 2, "bars.xyz"),
    "no policy within the rules": (("--max-distillations", "0"), 3, "rules"),
    "budget too small": (("--budget", "steps=1"), 3, "steps"),
    "too large": (("--memories", "300", "--f0", ".9", "--target", ".94"), 4, "memories"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_message(run, tmp_path, monkeypatch, wrong):
    """Whatever is wrong, it is one message with its exit code, nothing on standard output, and nothing written."""
    options, code, word = wrong
    monkeypatch.chdir(tmp_path)
    ran = run(*SMALL, *options, "--json")
    assert (ran.code, len(ran.err.splitlines()), ran.out) == (code, 1, "")
    assert word in ran.err
    assert not list(tmp_path.iterdir())


def test_a_file_for_another_problem_is_refused(run, tmp_path):
    """A policy file for more memories is refused with what differs."""
    write_policy(solve(FOUR.replace(memories=5)).policy, tmp_path / "five.json")
    ran = run(*COMPARE, "--policies", str(tmp_path / "five.json"))
    assert (ran.code, ran.out) == (2, "")
    assert "5 memories instead of 4" in ran.err
