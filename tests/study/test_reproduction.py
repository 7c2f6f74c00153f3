"""The published study: every number, the search for the greatest advantages, the claims and the figures."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from lpdistill import FinalStep, InfiniteLevelsError, Problem, baseline, pictures, reproduce, solve
from lpdistill.policies.named import least_time, waiting_times
from lpdistill.process.factored.baselines import BASELINES
from lpdistill.study import claims, figures
from lpdistill.study import race as search
from lpdistill.study.claims import Record, Verdict, advantage_claims, jumps
from lpdistill.study.published_numbers import TOLERANCE, PublishedTime, Residual, published
from lpdistill.study.race import Interval, Race, Region, greatest, race

ROOT = Path(__file__).parents[2]
FEW = Interval.of("0.3", "0.9", "0.3"), Interval.of("0.7", "0.8", "0.1")
SMALL = Region("small", (3,), (Fraction("0.04"),), *FEW, 5)


def row(problem, policy, time):
    """A published number beside what is found."""
    return Residual(PublishedTime("grid", problem, policy, time), solve(problem).waiting_time)


@pytest.fixture(scope="module")
def found():
    """All published numbers, computed again."""
    return reproduce(search=False)


def test_every_published_number_is_met(found):
    """28 points with four policies and 15 optima are met within the accuracy to which they were iterated."""
    assert len(found.residuals) == 28 * 4 + 15
    assert all(abs(one.difference) <= 2e-5 for one in found.residuals)
    assert found.agrees


def test_the_published_numbers_are_those_of_the_files(found):
    """No number of the files is left out or changed."""
    given = []
    for name in ("grid.csv", "memories.csv"):
        text = files("lpdistill.study").joinpath("published", name).read_text()
        rows = list(csv.DictReader(text.splitlines()))
        given += [float(row[policy]) for row in rows for policy in ("optimal", *BASELINES) if policy in row]
    assert [one.published.waiting_time for one in found.residuals] == given
    assert [one.waiting_time for one in published()] == given


def test_a_wrong_number_is_noticed():
    """A number off by more than the published accuracy does not agree."""
    problem = Problem("1/2", 2, "3/4", "79/100", final_step="free")
    right = solve(problem).waiting_time
    assert row(problem, "optimal", right + TOLERANCE / 2).explained
    assert not row(problem, "optimal", right + 2 * TOLERANCE).explained


def test_studies_use_the_same_times_as_everybody_else():
    """The quick evaluation of many problems gives the solver's optimum and the evaluated baselines."""
    problem = Problem("0.7", 4, "0.9", "0.94", final_step="free")
    times = waiting_times(problem)
    assert least_time(problem) == times["optimal"] == pytest.approx(solve(problem).waiting_time, rel=1e-13)
    for name in BASELINES:
        assert times[name] == pytest.approx(baseline(problem, name).waiting_time, rel=1e-13)


def test_advantages_by_both_definitions():
    """10.34 % of nested's time with the last step free is 7.88 % of it charged, and 11.53 % of the optimum."""
    one = race((Fraction("0.7"), 4, Fraction("0.9"), Fraction("0.04")), 5)
    assert one.advantage("nested") == pytest.approx(0.1034, abs=5e-5)
    assert one.advantage("nested", FinalStep.CHARGED) == pytest.approx(0.0788, abs=5e-5)
    assert one.excess("nested") == pytest.approx(1 / (1 - one.advantage("nested")) - 1, rel=1e-12)


@pytest.mark.parametrize(
    "point", [("0.5", 4, "0.91", "0.04"), ("0.5", 2, "0.9", "0.09"), ("0.5", 2, "0.98", "0.04")], ids=str
)
def test_points_without_a_finite_program_are_left_out(point):
    """Targets out of reach, above infinitely many levels or above one have no race."""
    p, memories, f0, gap = point
    assert race((Fraction(p), memories, Fraction(f0), Fraction(gap)), 50) is None


@pytest.fixture
def coarse(monkeypatch):
    """A search of one round, twice as fine as its first grid."""
    monkeypatch.setattr(search, "FINER", 2)
    monkeypatch.setattr(search, "ROUNDS", 1)


@pytest.mark.usefixtures("coarse")
def test_the_search_is_at_least_as_good_as_every_point_of_a_grid():
    """What a search coarse to fine finds is beaten by no point of its coarse grid, nor by finer ones nearby."""
    best = greatest(SMALL)
    for p in SMALL.p.values:
        for f0 in SMALL.f0.values:
            one = race((p, 3, f0, SMALL.gaps[0]), 5)
            assert all(best[name].advantage(name) >= one.advantage(name) for name in BASELINES)
    top = best["nested"].problem
    for step in (SMALL.p.step / 2, -SMALL.p.step / 2):
        p = top.p + step
        if SMALL.p.low <= p <= SMALL.p.high:
            beside = race((p, 3, top.f0, SMALL.gaps[0]), 5)
            assert best["nested"].advantage("nested") >= beside.advantage("nested")


@pytest.mark.usefixtures("coarse")
def test_the_search_is_the_same_on_two_processes():
    """How many processes search does not change what is found."""
    one, two = greatest(SMALL), greatest(SMALL, jobs=2)
    assert {name: found.to_dict() for name, found in one.items()} == {n: found.to_dict() for n, found in two.items()}


@pytest.mark.usefixtures("coarse")
def test_what_is_known_of_a_region_counts():
    """A search ends with no less than a point of its region that was known, and leaves points outside aside."""
    known = race((Fraction("0.3"), 3, Fraction("0.7"), Fraction("0.04")), 5)
    excellent = Race(known.problem, known.times | dict.fromkeys(BASELINES, 99 * known.times["optimal"]))
    assert all(found == excellent for found in greatest(SMALL, [excellent]).values())
    outside = Race(known.problem.replace(memories=4), excellent.times)
    assert greatest(SMALL, [outside]) == greatest(SMALL)


def test_the_coarse_grid_has_both_sides_of_every_jump():
    """Beside every jump there are two places of the coarse grid, no farther apart than a hundred-thousandth."""
    places = claims.SAME_GAP.places(Fraction("0.04"))
    for jump in jumps():
        below, above = max(f0 for f0 in places if f0 < jump), min(f0 for f0 in places if f0 > jump)
        assert above - below <= Fraction(1, 10**5)


def test_levels_change_at_the_jumps():
    """On the two sides of every jump there are different levels."""
    for jump in jumps():
        below, above = (Problem("1/2", 4, jump + side * Fraction(1, 10**9), gap="0.04") for side in (-1, 1))
        trees = [[str(level.tree) for level in problem.levels] for problem in (below, above)]
        assert trees[0] != trees[1]


def test_claims_are_examined_against_what_is_found():
    """A claim of 50 % is not found in advantages of 10 %; where more is found, here or elsewhere, that is said."""
    problem = Problem("1/2", 4, "3/4", "79/100", final_step="free")

    def records(*shares):
        races = [Race(problem, {"optimal": 1.0, **dict.fromkeys(BASELINES, 1 + share)}) for share in shares]
        return tuple(Record(name, f"range {i}", one) for i, one in enumerate(races) for name in BASELINES)

    def verdicts(*shares):
        return [claim.verdict for claim in advantage_claims(records(*shares))]

    assert verdicts(0.1, 0.2) == [Verdict.NOT_FOUND, Verdict.NOT_FOUND]
    assert verdicts(0.1, 0.6) == [Verdict.ELSEWHERE, Verdict.NOT_FOUND]
    assert verdicts(0.5, 0.52) == [Verdict.CONFIRMED, Verdict.NOT_FOUND]
    assert verdicts(0.8, 0.6) == [Verdict.EXCEEDED, Verdict.CONFIRMED]


def test_claims_about_shapes_and_limits_hold(monkeypatch):
    """Few points already show that times jump up in f0, that pumping is optimal for two, and nested good for many."""
    monkeypatch.setattr(claims, "TWO", FEW)
    monkeypatch.setattr(claims, "MANY_MEMORIES", {("0.75", "0.79"): (4, 32)})
    monkeypatch.setattr(claims, "SOME_P", ("0.5",))
    monkeypatch.setattr(claims, "SAMPLES", 4)
    race_of_one = (Record("greedy", "one", race((Fraction("0.7"), 4, Fraction("0.9"), Fraction("0.04")), 5)),)
    nested = (Record("nested", "one", race_of_one[0].race),)
    shape, two, many = claims.claims(race_of_one + nested)[2:]
    assert [claim.verdict for claim in (shape, two, many)] == [Verdict.CONFIRMED] * 3
    assert shape.evidence["falls_between_jumps"]
    assert two.evidence["points"] > 20
    assert all(series["nested"]["32"] < series["nested"]["4"] for series in many.evidence["excess"].values())


@pytest.fixture(scope="module")
def atlas():
    """A coarse atlas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "P", Interval.of("0.3", "0.9", "0.2"))
        patch.setattr(figures, "RAW_FIDELITIES", Interval.of("0.6", "0.9", "0.05"))
        yield figures.Atlas.computed()


def test_an_atlas_holds_the_published_values(atlas):
    """Where an atlas and the published grid meet, they agree."""
    met = 0
    for one in published():
        column = np.flatnonzero(np.isclose(atlas.f0, float(one.problem.f0)))
        line = np.flatnonzero(np.isclose(atlas.p, float(one.problem.p)))
        if one.table == "grid" and len(column) and len(line):
            assert atlas.times[one.policy][line[0], column[0]] == pytest.approx(one.waiting_time, abs=2e-5)
            met += 1
    assert met == 4 * 4 * 6


def test_figures_are_labelled(atlas):
    """Axes say what they show, in which unit, and the jumps are marked where they are."""
    left = figures.optimal_time(atlas)
    assert pictures.UNIT in left.get_ylabel()
    assert [float(text.get_text()) for text in left.texts] == [round(float(jump), 5) for jump in jumps()]
    for panel in figures.advantages(atlas).get_figure().axes:
        assert panel.get_xlabel() or panel.get_ylabel()


STORED = re.compile(
    r"^(?P<baseline>pumping|nested|greedy) +\S.*?  (?P<p>[\d.]+) +(?P<memories>\d+) +(?P<f0>[\d.]+)"
    r" -> (?P<target>[\d.]+) +(?P<levels>\d+) +(?P<optimum>[\d.]+) +(?P<time>[\d.]+)"
    r" +(?P<excess>[\d.]+)% +(?P<share>[\d.]+)% +(?P<charged>[\d.]+)%",
    flags=re.MULTILINE,
)


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("pumping", ("0.92", 6, "0.5222", "0.01")),
        ("greedy", ("1", 3, "0.5222", "0.01")),
        ("nested", ("0.1", 3, "0.5304", "0.01")),
        ("pumping", ("0.793", 4, "0.5444", "0.02")),
    ],
    ids=str,
)
def test_no_point_found_otherwise_beats_the_documented_advantages(name, point):
    """Points that a search by other means found do not exceed the greatest advantages in the documentation."""
    p, memories, f0, gap = point
    rows = STORED.finditer((ROOT / "docs" / "output" / "reproduce.txt").read_text(encoding="utf-8"))
    most = max(float(row["excess"]) for row in rows if row["baseline"] == name)
    assert 100 * race((Fraction(p), memories, Fraction(f0), Fraction(gap)), 5).excess(name) <= most + 0.05


def test_the_documented_advantages_are_those_of_their_points():
    """Every greatest advantage in the documentation is that of the point beside it, computed again."""
    rows = list(STORED.finditer((ROOT / "docs" / "output" / "reproduce.txt").read_text(encoding="utf-8")))
    assert len(rows) == 9
    for one in rows:
        problem = Problem(one["p"], one["memories"], one["f0"], one["target"], final_step="free")
        again = Race(problem, waiting_times(problem))
        assert len(problem.levels) == int(one["levels"])
        assert f"{again.times['optimal']:.4f}" == one["optimum"]
        assert f"{again.times[one['baseline']]:.4f}" == one["time"]
        assert f"{again.excess(one['baseline']):.1%}" == one["excess"] + "%"
        assert f"{again.advantage(one['baseline']):.1%}" == one["share"] + "%"
        assert f"{again.advantage(one['baseline'], FinalStep.CHARGED):.1%}" == one["charged"] + "%"


def test_infinitely_many_levels_lie_beyond_the_searched_fidelities():
    """The fidelities that the search leaves out at gap 0.04 have no finite program."""
    with pytest.raises(InfiniteLevelsError):
        _ = Problem("1/2", 4, "0.91", gap="0.04").levels
