"""Sweeps on a Dask cluster of processes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from sweep_cases import POLICIES, SETTINGS, table

from lpdistill import Grid, ModelError, WorkerError, sweep
from lpdistill.study import workers
from lpdistill.study.outcome import description
from lpdistill.study.store import Task

distributed = pytest.importorskip("distributed")

FEW = {"p": "0.3,0.6,0.9", "memories": 2, "f0": "3/4", "gap": "0.04"}


@pytest.fixture(scope="module")
def cluster():
    """Two workers, each a process, without a dashboard."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as running:
        yield running


def test_a_cluster_and_this_process_agree(cluster, undisturbed, tmp_path):
    """A sweep on a cluster, found by its address, has the table of a sweep in this process, bit by bit."""
    found = sweep(SETTINGS, POLICIES, store=tmp_path / "sweep.sqlite", dask=cluster.scheduler_address)
    assert table(found) == table(undisturbed)
    assert sweep(SETTINGS, POLICIES, store=tmp_path / "sweep.sqlite", jobs=1).computed == 0


def test_a_client_may_be_given_and_stays_open(cluster, undisturbed):
    """A client computes for a sweep, and for the caller afterwards."""
    with distributed.Client(cluster) as client:
        assert table(sweep(SETTINGS, POLICIES, store=None, dask=client)) == table(undisturbed)
        assert client.submit(pow, 2, 5).result() == 32


def test_only_a_few_batches_are_under_way(cluster):
    """Batches are handed out as workers become free, never many more than there are workers."""
    handed, back, most = [], [], []

    def batches(tasks):
        for task in tasks:
            handed.append(task)
            most.append(len(handed) - len(back))
            yield [task]

    tasks = [Task(str(i), description(point.problem), "optimal") for i, point in enumerate(Grid(**SETTINGS).points())]
    with distributed.Client(cluster) as client:
        for results in workers.on_cluster(batches(tasks), client):
            back += results.results
    assert {task for task, _ in back} == set(tasks)
    assert max(most) <= 2 * workers.AHEAD + 1


def test_lost_workers_are_replaced(cluster, undisturbed, tmp_path, monkeypatch):
    """A worker that is killed costs nothing but time: Dask computes its work again."""
    mark, whole = tmp_path / "mark", workers.computed_elsewhere

    def dies_once(batch):
        try:
            Path(mark).touch(exist_ok=False)
        except FileExistsError:
            return whole(batch)
        os._exit(1)

    monkeypatch.setattr(workers, "computed_elsewhere", dies_once)
    assert table(sweep(SETTINGS, POLICIES, store=None, dask=cluster.scheduler_address)) == table(undisturbed)
    assert mark.exists()


def test_a_cluster_without_workers_is_not_awaited_for_ever(cluster, monkeypatch):
    """When all workers are gone progress says so, and after the time that is allowed the sweep ends with an error."""
    notes, whole = [], workers.computed_elsewhere

    def slow(batch):
        time.sleep(1.0)
        return whole(batch)

    monkeypatch.setattr(workers, "computed_elsewhere", slow)
    monkeypatch.setattr(workers, "ASK", 0.02)
    monkeypatch.setattr(workers, "DESERTED", 0.1)
    monkeypatch.setattr(distributed.Client, "scheduler_info", lambda _: {"workers": {}})
    with pytest.raises(WorkerError, match=r"no workers for 0\.1 seconds"):
        sweep(FEW, store=None, dask=cluster.scheduler_address, progress=lambda *count: notes.append(count[-1]))
    assert "the cluster has no workers" in notes


def test_work_that_fails_on_the_cluster_ends_the_sweep(cluster, tmp_path, monkeypatch):
    """What Dask cannot do is one error that says so; what was finished is kept, and a new sweep goes on."""
    file, whole = tmp_path / "sweep.sqlite", workers.computed_elsewhere

    def fails_later(batch):
        if any('"1/2"' in task.problem for task in batch):
            raise OSError("no disk left")
        return whole(batch)

    monkeypatch.setattr(workers, "computed_elsewhere", fails_later)
    with pytest.raises(WorkerError, match="no disk left"):
        sweep(SETTINGS, POLICIES, store=file, dask=cluster.scheduler_address)
    monkeypatch.undo()
    assert sweep(SETTINGS, POLICIES, store=file, jobs=1).reused > 0


def test_workers_of_another_version_are_refused(cluster, monkeypatch):
    """Workers with another version of lpdistill would mix results; they are refused before any work."""
    monkeypatch.setattr(workers, "__version__", "99")
    with pytest.raises(ModelError, match="another version of lpdistill than 99"):
        sweep(FEW, store=None, dask=cluster.scheduler_address)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch, tmp_path):
    """An address where no scheduler answers is one error with the address, and the store has no claims."""
    file, address = tmp_path / "sweep.sqlite", "tcp://127.0.0.1:1"
    monkeypatch.setattr(workers, "CONNECTING", 1)
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        sweep(FEW, store=file, dask=address)
    assert (caught.value.where, caught.value.value) == ("dask", address)
    assert sweep(FEW, store=file, jobs=1).computed == 3


def test_without_dask_the_error_says_what_to_install(monkeypatch):
    """Where Dask is missing, the error names the extra to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModelError, match=r"lpdistill\[distributed\]"):
        sweep(FEW, store=None, dask="tcp://127.0.0.1:1")
