"""Sweeps: every way to compute gives the same table, nothing is computed twice, and nothing finished is lost."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import psutil
import pytest
from hanging import HANGING
from sweep_cases import POLICIES, SETTINGS, table, table_of

from lpdistill import (
    Banded,
    Grid,
    InfiniteLevelsError,
    LimitError,
    MaxDistillations,
    ModelError,
    Problem,
    WorkerError,
    policy_named,
    solve,
    sweep,
)
from lpdistill.study import sweep as room
from lpdistill.study import workers
from lpdistill.study.outcome import Ending, Outcome, described
from lpdistill.study.store import Store

TOTAL = Grid(**SETTINGS).size * len(POLICIES)
FEW = {"p": "0.3,0.6,0.9", "memories": "2:3", "f0": "3/4", "gap": "0.04"}


ROUNDING = 1e-13
"""Relative difference of numbers that are computed together from those computed one by one."""


def stored(file):
    """The rows of a store, read beside whoever writes it; None before there is one."""
    try:
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            return {row[0]: row for row in database.execute("SELECT * FROM result")}
        finally:
            database.close()
    except sqlite3.OperationalError:
        return None


def test_points_are_what_solving_gives():
    """The rows of every policy have its waiting times, problem by problem, and the advantage of the optimum."""
    found = sweep(FEW, ("optimal", "greedy", "nested"), store=None)
    for row in found:
        policy = policy_named(row.point.problem, row.policy)
        best = solve(row.point.problem).waiting_time
        if policy.deadlock:
            assert (row.outcome.ending, row.waiting_time, row.advantage) == (Ending.IMPROPER, None, None)
            continue
        assert row.waiting_time == pytest.approx(policy.waiting_time, rel=ROUNDING)
        share = (row.waiting_time - best) / row.waiting_time
        assert row.advantage == (None if row.policy == "optimal" else pytest.approx(share, abs=ROUNDING))
    assert [row.point.problem.p for row in found["greedy"]] == [point.problem.p for point in Grid(**FEW).points()]


def test_processes_and_this_process_agree(undisturbed, tmp_path):
    """Two processes and this one give the same table, number by number, bit by bit."""
    assert table(sweep(Grid(**SETTINGS), POLICIES, store=tmp_path / "a.sqlite", jobs=2)) == table(undisturbed)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_worker_hands_back_is_computed_later(undisturbed, monkeypatch, jobs):
    """A worker whose batch takes long hands the rest of it back; every point is computed once, with the same table."""
    whole, given = workers.computed_for, []

    def hands_back(driver, batch):
        return workers.Answer(whole(driver, batch[:1]).results, batch[1:])

    monkeypatch.setattr(workers, "computed_for", hands_back)
    monkeypatch.setattr(workers, "MOST_SECONDS", -1.0)
    batches = room._Work._batches  # noqa: SLF001 - the size of batches is seen nowhere else
    monkeypatch.setattr(
        room._Work,  # noqa: SLF001
        "_batches",
        lambda self, until: (given.append(len(batch)) or batch for batch in batches(self, until)),
    )
    monkeypatch.setattr(room, "BATCH_SECONDS", 60.0)
    found = sweep(Grid(**SETTINGS), POLICIES, store=None, jobs=jobs)
    assert table(found) == table(undisturbed)
    assert (found.computed, found.reused) == (TOTAL, 0)
    assert max(given) > 1


@pytest.mark.parametrize(("points", "cores", "used"), [(3, 60, [3]), (1, 60, []), (3, 1, [])])
def test_no_more_processes_than_points(monkeypatch, points, cores, used):
    """There are as many processes as points at the most; what is left for a single one this process computes."""
    asked = []
    monkeypatch.setattr(room, "on_cores", lambda batches, jobs: asked.append(jobs) or workers.in_this_process(batches))
    assert sweep({**FEW, "p": f"0.1:0.{points}:0.1", "memories": 2}, store=None, jobs=cores).computed == points
    assert asked == used


def test_on_a_machine_of_one_core_a_sweep_stays_in_its_process(undisturbed, monkeypatch):
    """Where there is one core, a sweep that takes long goes on as it began."""
    monkeypatch.setattr(room, "ALONE_FOR", 0.0)
    monkeypatch.setattr(room, "_cores", lambda: 1)
    monkeypatch.setattr(room, "on_cores", None)
    assert table(sweep(Grid(**SETTINGS), POLICIES, store=None)) == table(undisturbed)


def test_a_sweep_that_takes_long_goes_on_with_processes(undisturbed, monkeypatch):
    """Without a number of jobs this process begins and others go on, with the same table."""
    used = []
    on_cores = workers.on_cores
    monkeypatch.setattr(room, "ALONE_FOR", 0.01)
    monkeypatch.setattr(room, "GROWTH", 1)
    monkeypatch.setattr(room, "_cores", lambda: 2)
    monkeypatch.setattr(room, "on_cores", lambda batches, jobs: used.append(jobs) or on_cores(batches, jobs))
    assert table(sweep(Grid(**SETTINGS), POLICIES, store=None)) == table(undisturbed)
    assert used == [2]


def test_points_in_the_store_are_not_computed_again(undisturbed, tmp_path, monkeypatch):
    """The same sweep again computes nothing, a larger one only what is new, and a smaller one has its own points."""
    file = tmp_path / "sweep.sqlite"
    first = sweep({**SETTINGS, "memories": 2}, POLICIES, store=file)
    assert (first.computed, first.reused) == (TOTAL // 2, 0)
    second = sweep(SETTINGS, POLICIES, store=file)
    assert (second.computed, second.reused) == (TOTAL // 2, TOTAL // 2)
    monkeypatch.setattr(workers, "outcomes", None)
    third = sweep(SETTINGS, POLICIES, store=file)
    assert (third.computed, third.reused) == (0, TOTAL)
    assert table(third) == table(undisturbed)
    nested = sweep({**SETTINGS, "p": "0.9,0.1"}, "nested", store=file)
    assert [row.waiting_time for row in nested] == [
        row.waiting_time for p in ("9/10", "1/10") for row in undisturbed["nested"] if str(row.point.problem.p) == p
    ]


def test_the_same_problem_in_other_words_is_the_same_point(tmp_path):
    """A target instead of a gap, a decimal instead of a fraction, a base instead of settings: nothing is computed."""
    file = tmp_path / "sweep.sqlite"
    sweep({"p": "0.5", "memories": 2, "f0": "0.75", "gap": "0.04"}, store=file)
    assert sweep(Grid(Problem(0.5, 2, "3/4", "79/100"), p=["1/2"]), store=file).computed == 0
    assert sweep({"p": 0.5, "memories": 2, "f0": "3/4", "target": "0.79,0.78"}, store=file).computed == 1


def test_a_sweep_goes_on_past_what_has_no_answer(tmp_path):
    """Targets out of reach, deadlocks, programs too large and gaps beyond 1 are recorded, and the rest is computed."""
    grid = {"p": 0.5, "memories": "2,300", "f0": "0.55,0.9,0.99", "gap": "0.04"}
    found = sweep(grid, ("optimal", "nested"), store=tmp_path / "sweep.sqlite")
    endings = {(*row.point.at, row.policy): str(row.outcome.ending) for row in found}
    low, high, highest = found.grid.axes[1].values
    assert endings == {
        (2, high, "optimal"): "done",
        (2, high, "nested"): "improper",
        (300, high, "optimal"): "limit",
        (300, high, "nested"): "limit",
        **{(m, f0, name): "unreachable" for m in (2, 300) for f0 in (low, highest) for name in ("optimal", "nested")},
        # Past the pumping limit: labels, and too many configurations of them.
        **{(300, low, name): "limit" for name in ("optimal", "nested")},
    }
    assert all(row.outcome.message for row in found if row.outcome.ending is not Ending.DONE)
    assert (found.computed, len(found)) == (8, 12)


def test_failures_are_computed_again_only_when_asked(tmp_path, monkeypatch):
    """Errors and limits stay as they are, unless they are retried; other endings are final."""
    file = tmp_path / "sweep.sqlite"
    endings = iter([Ending.ERROR, Ending.LIMIT, Ending.UNREACHABLE])
    monkeypatch.setattr(
        workers, "outcomes", lambda batch: ([(task, Outcome(next(endings), "as told"))] for task in batch)
    )
    sweep({**FEW, "memories": 2}, store=file, jobs=1)
    monkeypatch.undo()
    assert sweep({**FEW, "memories": 2}, store=file).computed == 0
    again = sweep({**FEW, "memories": 2}, store=file, retry=True)
    assert (again.computed, again.reused) == (2, 1)
    assert sorted(outcome.ending for outcome in again.outcomes) == [Ending.DONE, Ending.DONE, Ending.UNREACHABLE]
    assert sweep({**FEW, "memories": 2}, store=file, retry=True).computed == 0


def test_progress_counts_up_to_the_end():
    """Progress never falls, begins with what is there, ends with everything, and counts what has no waiting time."""
    told = []
    sweep(FEW, POLICIES, store=None, jobs=1, progress=lambda _, *count: told.append(count))
    done = [count[0] for count in told]
    assert done == sorted(done)
    assert (told[0], told[-1]) == ((0, 12, ""), (12, 12, "3 without a waiting time"))


def test_an_interrupt_loses_nothing_finished(tmp_path, undisturbed):
    """Ctrl-C ends a sweep at once; every point that was finished is there, and no claim is left."""
    file = tmp_path / "sweep.sqlite"

    def interrupt(_stage, done, *_rest):
        if done >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(SETTINGS, POLICIES, store=file, jobs=1, progress=interrupt)
    assert len(stored(file)) == 5
    with Store(file) as store:
        assert len(store.claim([f"{i}" for i in range(3)])[0]) == 3
    found = sweep(SETTINGS, POLICIES, store=file)
    assert (found.computed, found.reused) == (TOTAL - 5, 5)
    assert table(found) == table(undisturbed)


def test_an_interrupt_ends_processes_too(tmp_path):
    """Ctrl-C ends a sweep on several processes, with what was finished, and without waiting for the rest."""
    file = tmp_path / "sweep.sqlite"

    def interrupt(_stage, done, *_rest):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(SETTINGS, POLICIES, store=file, jobs=2, progress=interrupt)
    assert 0 < len(stored(file)) < TOTAL


@pytest.mark.parametrize(("jobs", "seed"), [("1", 1), ("2", 2)])
def test_a_killed_sweep_goes_on(start, tmp_path, undisturbed, jobs, seed):
    """Killed at a random moment, a sweep leaves a sound database; resumed, it computes what is missing, and no more."""
    file = tmp_path / "sweep.sqlite"
    moment = random.Random(seed).randrange(1, TOTAL * 3 // 4)  # noqa: S311 - a moment, not a secret
    running = start(file, "--jobs", jobs)
    while running.process.poll() is None and len(stored(file) or ()) < moment:
        time.sleep(0.001)
    workers_of = psutil.Process(running.process.pid).children(recursive=True)
    running.process.send_signal(signal.SIGKILL)
    running.close()
    before = stored(file)
    assert moment <= len(before) < TOTAL
    with sqlite3.connect(file) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (claimed,) = database.execute("SELECT count(*) FROM claim").fetchone()
    database.close()
    assert claimed <= room.LARGEST_BATCH * (workers.AHEAD * int(jobs) + 1)
    document = start(file, "--jobs", jobs).document()
    assert (document["computed"], document["reused"]) == (TOTAL - len(before), len(before))
    assert table_of(document) == table(undisturbed)
    # The seconds that a point took differ whenever it is computed.
    assert before.items() <= stored(file).items()
    assert not psutil.wait_procs(workers_of, timeout=HANGING)[1]


def test_two_processes_share_a_store(start, tmp_path, undisturbed):
    """Two processes on one new store, at once, get the whole table each, and compute every point once between them."""
    file = tmp_path / "sweep.sqlite"
    both = [start(file, "--jobs", "1"), start(file, "--jobs", "1")]
    documents = [running.document() for running in both]
    assert [table_of(document) for document in documents] == [table(undisturbed)] * 2
    assert sum(document["computed"] for document in documents) == TOTAL
    assert len(stored(file)) == TOTAL


def test_two_grids_share_a_store(start, tmp_path, undisturbed):
    """Two processes with grids that overlap compute what they have in common once, and each has its own table."""
    file = tmp_path / "sweep.sqlite"
    lower, upper = {**SETTINGS, "p": "0.1:0.6:0.1"}, {**SETTINGS, "p": "0.4:0.9:0.1"}
    both = [start(file, "--jobs", "1", settings=lower), start(file, "--jobs", "2", settings=upper)]
    documents = [running.document() for running in both]
    assert sum(document["computed"] for document in documents) == TOTAL
    for document, settings in zip(documents, (lower, upper), strict=True):
        values = set(Grid(**settings).axes[0].labels)
        assert table_of(document) == [point for point in table(undisturbed) if point["p"] in values]


def test_a_sweep_waits_for_what_another_process_computes(tmp_path, monkeypatch):
    """Points that another process has claimed are awaited, and taken over when it gives up."""
    file = tmp_path / "sweep.sqlite"
    other = Store(file)
    notes = []

    def progress(_, done, total, note):
        notes.append((done, note))
        assert total == 6
        if "another process" in note:
            other.__exit__(None, None, None)

    points = Grid(**FEW).points()
    tasks = room._tasks(points, ("optimal",))  # noqa: SLF001 - the keys that the other process claims
    other.claim([tasks[0].key, tasks[3].key])
    monkeypatch.setattr(room, "PAUSE", 0.0)
    found = sweep(FEW, store=file, jobs=1, progress=progress)
    assert (4, "2 in the hands of another process") in notes
    assert found.computed == 6


def test_a_worker_that_dies_loses_nothing_finished(tmp_path, undisturbed, monkeypatch):
    """If a worker process is killed, the sweep says so and ends; what was finished is kept, and a new one goes on."""
    file, mark = tmp_path / "sweep.sqlite", tmp_path / "mark"
    whole = workers.computed_for

    def dies_later(driver, batch):
        if Path(mark).exists():
            os.kill(os.getpid(), 9)
        return whole(driver, batch)

    def progress(_, done, *_rest):
        if done:
            mark.touch()

    monkeypatch.setattr(workers, "computed_for", dies_later)
    with pytest.raises(WorkerError, match="worker process died"):
        sweep(SETTINGS, POLICIES, store=file, jobs=2, progress=progress)
    monkeypatch.undo()
    finished = len(stored(file))
    assert finished > 0
    found = sweep(SETTINGS, POLICIES, store=file, jobs=2)
    assert (found.computed, found.reused) == (TOTAL - finished, finished)
    assert table(found) == table(undisturbed)


def test_a_store_that_fails_under_way_ends_the_sweep(tmp_path, monkeypatch):
    """An error of the store is what the sweep ends with, also where it comes up while workers ask for work."""
    claim, claims = Store.claim, iter(range(1000))

    def failing(self, keys, again=()):
        if next(claims) == 6:
            raise ModelError("store", "is full", None)
        return claim(self, keys, again)

    monkeypatch.setattr(Store, "claim", failing)
    with pytest.raises(ModelError, match="is full"):
        sweep(SETTINGS, POLICIES, store=tmp_path / "sweep.sqlite", jobs=2)


WRONG = {
    "policy": ({"policies": "optimal,best"}, "policy"),
    "no policy": ({"policies": ()}, "policies"),
    "repeated policy": ({"policies": ("banded:1", "banded:01")}, "policies"),
    "policy that is no name": ({"policies": (1,)}, "policies"),
    "no jobs": ({"jobs": 0}, "jobs"),
    "half a job": ({"jobs": 1.5}, "jobs"),
    "jobs and dask": ({"jobs": 2, "dask": "tcp://127.0.0.1:1"}, "jobs"),
    "dask": ({"dask": 8786}, "dask"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_refused_before_any_work(wrong, monkeypatch):
    """What is wrong is an error that names the argument, and nothing is computed."""
    options, where = wrong
    monkeypatch.setattr(workers, "outcomes", None)
    with pytest.raises(ModelError) as caught:
        sweep(FEW, **{"store": None, **options})
    assert caught.value.where == where


@pytest.mark.parametrize("wrong", [1, "p=0.5", None])
def test_what_is_no_grid_is_refused(wrong):
    """A grid is a Grid, or settings."""
    with pytest.raises(ModelError, match="must be a Grid") as caught:
        sweep(wrong, store=None)
    assert caught.value.where == "grid"


def test_policies_count_as_points():
    """A grid that is small enough alone may be too large with its policies."""
    with pytest.raises(LimitError, match="policies"):
        sweep({**FEW, "p": "0.00004:1:0.00004"}, [f"banded:{i}" for i in range(5)], store=None)


def test_a_wrong_grid_makes_no_store(tmp_path):
    """What is refused leaves no database behind."""
    with pytest.raises(ModelError):
        sweep({**FEW, "p": "1.5,2"}, store=tmp_path / "sweep.sqlite")
    assert not list(tmp_path.iterdir())


def test_large_programs_come_first_and_neighbours_together():
    """Work is ordered by decreasing memories, then by level, then by p, policies of one problem one after the other."""
    done = []
    settings = {**SETTINGS, "memories": "2:3", "p": "0.5,0.3", "f0": "0.9,0.75"}
    points = Grid(**settings).points()
    tasks = room._tasks(points, POLICIES)  # noqa: SLF001 - the order is seen nowhere else
    work = room._Work(Store(None), tasks, points, POLICIES, retry=False, progress=lambda *_: None)  # noqa: SLF001
    for task in work.waiting:
        problem = described(task.problem)
        done.append((-problem.memories, problem.f0, problem.target, problem.p))
    work.store.__exit__(None, None, None)
    assert done == sorted(done)
    assert [task.policy for task in work.waiting] == [*POLICIES] * 8


def test_with_rules_the_table_has_every_alternative():
    """A sweep over rules has the optimum under each of them."""
    base = Problem(0.9, 4, "3/4", "79/100")
    found = sweep(Grid(base, max_distillations="none,1"), store=None)
    times = [row.waiting_time for row in found]
    alone = [solve(base).waiting_time, solve(base.with_constraints(MaxDistillations(1))).waiting_time]
    assert times == pytest.approx(alone, rel=ROUNDING)
    assert times[0] < times[1]


def test_infinite_levels_are_unreachable_points():
    """Where solving raises, as no labels bracket the optimum, the point has the message of the error."""
    problem = Problem(0.5, 4, "0.6", "0.66", rules=[Banded(1)])
    with pytest.raises(InfiniteLevelsError) as caught:
        solve(problem)
    (outcome,) = sweep(Grid(problem), store=None).outcomes
    assert replace(outcome, seconds=0) == Outcome(Ending.UNREACHABLE, str(caught.value))


def test_sweeping_imports_no_cluster():
    """Neither Dask nor xarray nor pandas is imported for a sweep on this machine."""
    code = (
        "import sys; from lpdistill import sweep; sweep({'p': '0.5,0.6', 'memories': 2, 'f0': 0.75, 'gap': 0.04}, "
        "store=None); print([name for name in ('dask', 'distributed', 'xarray', 'pandas') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert ran.stdout.strip() == "[]"


PAST_THE_LIMIT = {"p": [0.5, 0.7], "memories": 4, "f0": "0.8", "target": ["0.85", "0.88"]}


def test_points_past_the_pumping_limit_have_their_own_times():
    """Points that labels bracket are solved one by one, exactly where no label is missing, and count the labels."""
    found = sweep(PAST_THE_LIMIT, store=None)
    for row in found:
        outcome = row.outcome
        assert row.waiting_time == pytest.approx(solve(row.point.problem).waiting_time, rel=1e-9)
        assert outcome.relative_gap == 0
        past = row.point.problem.target == Fraction("0.88")
        assert (outcome.levels is None, outcome.labels) == (past, 3 if past else None)


def test_a_bracket_says_how_wide_it_is():
    """A gap that will do is kept with the point, and the widest is printed with the place where it is."""
    found = sweep({"p": 0.7, "memories": 4, "f0": "0.95", "target": "0.98"}, store=None, within="0.01")
    (row,) = found
    width = (row.outcome.upper_bound - row.outcome.lower_bound) / row.outcome.upper_bound
    assert row.outcome.relative_gap == width
    assert 1e-4 < width <= 0.01
    assert "widest bracket of 1" in "".join(map(str, found.printed()))
    assert found.to_frame()["relative_gap"][0] == width


def test_results_of_another_precision_are_not_taken(tmp_path):
    """A bracket in the store does for whoever asks for the same gap, and for nobody else."""
    problem = {"p": 0.7, "memories": 4, "f0": "0.95", "target": "0.98"}
    store = tmp_path / "sweep.sqlite"
    assert sweep(problem, store=store, within="0.01").computed == 1
    assert sweep(problem, store=store, within="1/100").computed == 0
    (closer,) = sweep(problem, store=store, within="0.0005")
    assert closer.outcome.relative_gap <= 0.0005


def test_the_precision_of_baselines_is_always_the_same(tmp_path):
    """What is no optimum has no bracket, and is taken from the store whatever gap is asked for."""
    store = tmp_path / "sweep.sqlite"
    grid = {"p": 0.5, "memories": 2, "f0": "3/4", "target": "79/100"}
    sweep(grid, ["pumping"], store=store)
    assert sweep(grid, ["pumping"], store=store, within="0.1").computed == 0


@pytest.mark.parametrize(("name", "value"), [("within", 0), ("within", 2), ("within", "nan"), ("time_limit", 0)])
def test_a_precision_that_cannot_be_had_is_refused_at_once(name, value):
    """A gap outside 0 and 1, and no time, are errors of the input, before any point is computed."""
    with pytest.raises(ModelError, match=name):
        sweep(PAST_THE_LIMIT, store=None, **{name: value})
