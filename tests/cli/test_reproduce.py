"""``lpdistill reproduce``: the published numbers, claims and figures from the command line."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lpdistill.study import claims, figures, race, reproduction
from lpdistill.study.race import Interval, Region

FEW = Interval.of("0.5", "0.9", "0.4"), Interval.of("0.75", "0.9", "0.15")


@pytest.fixture
def brief(monkeypatch):
    """The same study with few points everywhere."""
    for name in ("PUBLISHED", "SAME_GAP", "WIDE_REGION"):
        whole = getattr(claims, name)
        monkeypatch.setattr(claims, name, Region(whole.name, (4,), (Fraction("0.04"),), *FEW, 5))
    monkeypatch.setattr(race, "FINER", 2)
    monkeypatch.setattr(race, "ROUNDS", 1)
    monkeypatch.setattr(claims, "TWO", FEW)
    monkeypatch.setattr(claims, "MANY_MEMORIES", {("0.75", "0.79"): (4, 16)})
    monkeypatch.setattr(claims, "SAMPLES", 2)
    monkeypatch.setattr(claims, "SOME_P", ("0.5",))
    monkeypatch.setattr(figures, "P", FEW[0])
    monkeypatch.setattr(figures, "RAW_FIDELITIES", FEW[1])
    monkeypatch.setattr(figures, "MEMORIES", (2, 4))


def test_all_numbers_agree(run):
    """The numbers alone: every one stands beside the published one, and all agree."""
    found = run("reproduce", "--numbers", "--json").document
    assert found["schema"] == "lpdistill.reproduction/1"
    assert (found["agrees"], len(found["numbers"])) == (True, 127)
    assert found["greatest_difference"] == max(abs(one["difference"]) for one in found["numbers"]) <= 2e-5
    assert (found["records"], found["claims"], found["figures"]) == ([], [], [])


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_numbers_that_disagree_are_a_failure(run, monkeypatch, form):
    """The exit code says so, whether or not the document is JSON."""
    monkeypatch.setattr(reproduction.Reproduction, "agrees", False)
    assert run("reproduce", "--numbers", *form).code == 1


def test_every_number_is_shown_when_asked(run):
    """With ``--all`` the table has a line for each of the 127 numbers."""
    lines = run("reproduce", "--numbers", "--all").out.splitlines()
    assert sum(line.startswith("p = ") for line in lines) == 127


@pytest.mark.usefixtures("brief")
def test_the_whole_study(run, tmp_path):
    """Numbers, records for every range and baseline, five claims with verdict and finding, and five figures."""
    shown = run("reproduce", "--figures", str(tmp_path), "--jobs", "1").out
    for region in (claims.PUBLISHED, claims.SAME_GAP, claims.WIDE_REGION):
        assert sum(region.name in line and " -> " in line and "%" in line for line in shown.splitlines()[8:20]) == 3
    assert shown.count("claim    ") == shown.count("verdict  ") == shown.count("finding  ") == 5
    drawn = {path.stem: path.stat().st_size for path in tmp_path.iterdir()}
    assert drawn.keys() == {"optimal_time", "advantages", "many_memories", "example_policy", "example_history"}
    assert min(drawn.values()) > 10_000
    assert all(str(path) in shown for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "named"),
    [(("--figures", "nowhere"), "--figures"), (("--jobs", "0"), "--jobs"), (("--jobs", "x"), "--jobs")],
)
def test_wrong_options_are_named(run, options, named):
    """A folder that is not there, and a number of processes that is none, are refused before any work."""
    ran = run("reproduce", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"lpdistill: error: {named}: ")
