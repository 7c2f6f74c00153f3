"""``lpdistill sweep``: ranges and lists as options, files and pictures, and what is refused before the work."""

from __future__ import annotations

import csv
import json
import sqlite3

import pytest
from sweep_cases import table, table_of

from lpdistill import Budget, Grid, MaxDistillations, NoGenerationWhileDistilling, Problem, WorkerError, solve, sweep
from lpdistill.cli import sweep as command
from lpdistill.study import workers

SWEEP = ("sweep", "--p", "0.3:0.9:0.3", "--memories", "2:3", "--f0", ".75", "--gap", ".04")
GRID = Grid(p="0.3:0.9:0.3", memories="2:3", f0="3/4", gap="0.04")
BOTH = ("--policies", "optimal,nested")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty current folder, where stores may lie."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    """Names of all files in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_json_is_what_python_gives(run):
    """The document is that of the library."""
    document = run(*SWEEP, *BOTH, "--json").document
    assert table_of(document) == table(sweep(GRID, ("optimal", "nested"), store=None))
    assert document["axes"] == GRID.to_dict()
    assert document["store"] == "sweep.sqlite"


def test_a_sweep_again_is_read_from_the_store(run, monkeypatch):
    """The same command again computes nothing, and says so."""
    first = run(*SWEEP, *BOTH)
    assert "points 12; 12 computed now, 0 from the store" in first.words
    monkeypatch.setattr(workers, "outcomes", None)
    second = run(*SWEEP, *BOTH)
    assert "points 12; 0 computed now, 12 from the store" in second.words
    assert second.out.splitlines()[4:] == first.out.splitlines()[4:]


def test_the_table_counts_and_names_extremes(run):
    """There is a line for each policy with counts, its quickest and slowest point, and the greatest advantage."""
    ran = run(*SWEEP, *BOTH)
    found = sweep(GRID, ("optimal", "nested"), store=None)
    times = {row.waiting_time: row for row in found["optimal"]}
    for time in (min(times), max(times)):
        p, memories = (float(times[time].point.at[0]), times[time].point.at[1])
        assert f"{time:.6f} p = {p}, memories = {memories}" in ran.words
    share = max(row.advantage for row in found["nested"] if row.advantage is not None)
    assert f"{100 * share:.4f} %" in ran.words
    assert "policy done improper optimal 6 0 nested 3 3" in ran.words
    assert "runs may be trapped for ever in (1, 1)" in ran.words


def test_brackets_in_paths_are_kept(run, folder):
    """Paths with brackets are printed as they are, and so are the files."""
    ran = run(*SWEEP, "--store", "a[b].sqlite", "--export", "y[x[.csv")
    assert "a[b].sqlite" in ran.out
    assert "y[x[.csv" in ran.out
    assert files(folder) == ["a[b].sqlite", "y[x[.csv"]


def test_a_problem_file_may_have_ranges(run, problem_file):
    """A problem file may have ranges, lists and rules with several numbers; options win over them."""
    file = problem_file(
        'p = "0.3:0.9:0.3"\nmemories = [2, 3]\nf0 = 0.75\ntarget = 0.8\nfinal_step = "free"\n'
        '[rules]\nmax_distillations = ["none", 1]\nno_generation_while_distilling = true\n[budgets]\nsteps = 40\n'
    )
    document = run("sweep", file, "--gap", "0.04", "--json").document
    assert document["axes"] == {**GRID.to_dict(), "max_distillations": ["none", "1"]}
    base = Problem(0.5, 2, "3/4", "79/100", final_step="free", budgets=[Budget("steps", 40)])
    laser, one = NoGenerationWhileDistilling(), MaxDistillations(1)
    found = sweep(Grid(base, p="0.3:0.9:0.3", memories="2:3", rules=[(laser,), (one, laser)]), store=None)
    assert [point["waiting_time"] for point in document["points"]] == [row.waiting_time for row in found]
    assert run("sweep", file, "--p", "0.5", "--json").document["axes"].keys() == {"memories", "max_distillations"}


def test_rules_are_options_with_lists(run):
    """A rule with a number may have several, and ``none``."""
    document = run(*SWEEP, "--max-distillations", "none,1", "--json").document
    grid = Grid(**{**GRID.fixed, "p": "0.3:0.9:0.3", "memories": "2:3"}, rules=[(), MaxDistillations(1)])
    times = [point["waiting_time"] for point in document["points"]]
    assert times == [row.waiting_time for row in sweep(grid, store=None)]


@pytest.mark.usefixtures("folder")
def test_few_points_are_printed(run):
    """The waiting time of every policy at each problem is a row of the answer, if there are few."""
    few = ("sweep", "--p", "0.3:0.9:0.3", "-M", "2", "--f0", ".75", "--target", ".79", "--policies", "optimal,nested")
    shown = run(*few)
    lines = [line.split() for line in shown.out.splitlines()]
    for p in ("0.3", "0.6", "0.9"):
        time = solve(Problem(p, 2, ".75", ".79")).waiting_time
        assert [p, f"{time:.6f}", "improper"] in lines
    assert "memories = 2, f0 = .75, target = .79" in shown.words
    many = run(*few[:2], "0.02:0.98:0.04", *few[3:]).words
    assert "waiting times" not in many


def test_export_and_plot_write_files(run, folder):
    """``--export`` and ``--plot`` write files, and the document is still alone on standard output."""
    ran = run(*SWEEP, *BOTH, "--export", "a.csv", "--plot", "a.png", "--quantity", "advantage", "--json")
    assert ran.err == ""
    with (folder / "a.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [float(row["waiting_time"] or "nan") for row in read] == pytest.approx(
        [float(point["waiting_time"] or "nan") for point in ran.document["points"]], rel=0, abs=0, nan_ok=True
    )
    assert (folder / "a.png").read_bytes().startswith(b"\x89PNG")


def test_unreachable_points_do_not_stop_a_sweep(run):
    """Points out of reach are counted, with the reason of the first; the exit code is 0."""
    ran = run("sweep", "--p", ".5", "--memories", "2", "--f0", ".55,.75", "--gap", ".04")
    assert ran.code == 0
    assert "done unreachable optimal 1 1" in ran.words
    assert "0.59 is out of reach for 2 memories" in ran.words


WRONG = {
    "empty range": (("--p", "0.9:0.3:0.1"), 2, ("p:", "empty range")),
    "step": (("--f0", "0.6:0.9:0"), 2, ("f0:", "step")),
    "repeated": (("--memories", "2,2"), 2, ("memories:", "repeat")),
    "huge": (("--p", "0.1:0.9:1e-9"), 4, ("p:", "200,000")),
    "out of range": (("--p", "0.5,1.5"), 2, ("p:", "0 < p <= 1")),
    "policy": (("--policies", "optimal,best"), 2, ("--policies:", "nested", "'best'")),
    "no policy": (("--policies", ""), 2, ("--policies:", "''")),
    "jobs": (("--jobs", "0"), 2, ("jobs:", "at least 1")),
    "jobs that are no number": (("--jobs", "many"), 2, ("jobs:", "whole number", "'many'")),
    "dask": (("--dask", "nowhere"), 2, ("dask:", "cannot be reached", "'nowhere'")),
    "export": (("--export", "a.xlsx"), 2, ("--export:", ".csv, .parquet, .nc", "'a.xlsx'")),
    "export folder": (("--export", "no/a.csv"), 2, ("--export:", "folder", "no/a.csv")),
    "plot": (("--plot", "a.xyz"), 2, ("plot:", "png", "'a.xyz'")),
    "plot folder": (("--plot", "no/a.png"), 2, ("plot:", "folder", "no/a.png")),
    "plot of three axes": (("--plot", "a.png", "--gap", ".03,.04"), 2, ("plot:", "p, memories, gap")),
    "quantity": (("--quantity", "beauty"), 2, ("--quantity:", "waiting_time, advantage")),
    "no advantage": (("--plot", "a.png", "--quantity", "advantage"), 2, ("quantity:", "optimal and another")),
    "plot policy": (("--plot", "a.png", "--plot-policy", "nested"), 2, ("policy:", "optimal", "'nested'")),
    "store folder": (("--store", "no/sweep.sqlite"), 2, ("store:", "folder", "no/sweep.sqlite")),
    "store directory": (("--store", "."), 2, ("store:", "directory")),
    "rule": (("--max-distillations", "none,one"), 2, ("--max-distillations:", "whole number", "'one'")),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_before_the_work(run, folder, monkeypatch, wrong):
    """Whatever is wrong is one message with its exit code, before anything is computed or written."""
    options, code, words = wrong
    monkeypatch.setattr(workers, "outcomes", None)
    ran = run(*SWEEP, *options)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert all(word in ran.err for word in words)
    assert files(folder) in ([], ["sweep.sqlite"])
    assert files(folder) == [] or "--dask" in options


@pytest.mark.parametrize("name", ["p", "memories", "f0"])
def test_what_is_missing_is_named(run, name):
    """A setting that neither options nor a file give is named, with the remedy."""
    given = {"p": ".5", "memories": "2", "f0": ".75", "gap": ".04"}
    ran = run("sweep", *(part for key, value in given.items() if key != name for part in (f"--{key}", value)))
    assert (ran.code, ran.err) == (
        2,
        f"lpdistill: error: {name}: is missing; give it as an option or in the problem file\n",
    )


def test_a_foreign_database_is_refused(run, folder):
    """A database of another program is refused, and stays what it is."""
    with sqlite3.connect(folder / "sweep.sqlite") as database:
        database.execute("CREATE TABLE notes (text)")
    database.close()
    before = (folder / "sweep.sqlite").read_bytes()
    ran = run(*SWEEP)
    assert ran.code == 2
    assert "another program" in ran.err
    assert (folder / "sweep.sqlite").read_bytes() == before


def test_an_interrupt_says_where_to_go_on(run, monkeypatch):
    """Ctrl-C exits with 130, and says where the finished points are."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "sweep_of", interrupted)
    ran = run(*SWEEP, "--store", "mine.sqlite")
    assert ran.code == 130
    assert "kept in mine.sqlite" in ran.err
    assert "Traceback" not in ran.err


def test_a_lost_worker_is_one_message(run, monkeypatch):
    """A worker that dies is one message, and the exit code of the unexpected."""

    def lost(*_, **__):
        raise WorkerError("jobs: a worker process died")

    monkeypatch.setattr(command, "sweep_of", lost)
    ran = run(*SWEEP)
    assert (ran.code, ran.err) == (1, "lpdistill: error: jobs: a worker process died\n")


def test_retry_computes_failures_again(run, folder):
    """``--retry`` computes errors again; without it they are kept."""
    run(*SWEEP, "--json")
    with sqlite3.connect(folder / "sweep.sqlite") as database:
        database.execute("UPDATE result SET status = 'error' WHERE problem LIKE '%\"p\":\"3/5\"%'")
    database.close()
    assert run(*SWEEP, "--json").document["computed"] == 0
    document = run(*SWEEP, "--json", "--retry").document
    assert (document["computed"], document["reused"]) == (2, 4)
    assert {point["status"] for point in document["points"]} == {"done"}


def test_json_is_strict(run):
    """The document has no NaN: times that are infinite or unknown are null."""
    ran = run(*SWEEP, *BOTH, "--json")
    points = json.loads(ran.out, parse_constant=pytest.fail)["points"]
    assert {point["waiting_time"] is None for point in points if point["status"] == "improper"} == {True}
