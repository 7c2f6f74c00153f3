"""What a sweep costs: the same grid in this process and in two, every result kept on disk."""

from __future__ import annotations

import itertools

import pytest

from lpdistill import Grid, sweep

GRID = Grid(p="0.1:0.9:0.1", memories="2:6", f0="0.75,0.9", gap="0.04")
POLICIES = ("optimal", "nested", "greedy")


@pytest.mark.benchmark(group=f"{GRID.size} problems, {len(POLICIES)} policies")
@pytest.mark.parametrize("jobs", [1, 2])
def test_sweep(benchmark, tmp_path, jobs):
    """A new store for every round; starting the workers is excluded: they stay from one round to the next."""
    numbers = itertools.count()

    def run():
        return sweep(GRID, POLICIES, store=tmp_path / f"{next(numbers)}.sqlite", jobs=jobs)

    first = run()
    assert first.computed == len(first) == GRID.size * len(POLICIES)
    found = benchmark.pedantic(run, rounds=3)
    assert [row.waiting_time for row in found] == [row.waiting_time for row in first]
    seconds = benchmark.stats.stats.median
    name = "one process" if jobs == 1 else f"{jobs} processes"
    benchmark.extra_info.update(tool=name, reference=jobs == 1, jobs=jobs, points_per_second=len(found) / seconds)


@pytest.mark.benchmark(group=f"{GRID.size} problems, {len(POLICIES)} policies, all known")
def test_known_points(benchmark, tmp_path):
    """The same sweep again: every point is found in the store."""
    store = tmp_path / "sweep.sqlite"
    first = sweep(GRID, POLICIES, store=store)
    found = benchmark(lambda: sweep(GRID, POLICIES, store=store, jobs=1))
    assert (found.computed, found.reused) == (0, len(first))


@pytest.mark.benchmark(group="2,000 values of p, four memories")
@pytest.mark.parametrize(("f0", "target"), [("9/10", "94/100"), ("3/4", "79/100")])
def test_many_values_of_p(benchmark, tmp_path, f0, target):
    """One lattice, a new store for every round, in this process: what a point costs that is solved with its like."""
    numbers, grid = itertools.count(), Grid(p="0.0005:1:0.0005", memories=4, f0=f0, target=target)
    found = benchmark.pedantic(
        lambda: sweep(grid, store=tmp_path / f"{next(numbers)}.sqlite", jobs=1), rounds=3, warmup_rounds=1
    )
    assert found.computed == len(found) == 2000
    seconds = benchmark.stats.stats.median
    benchmark.extra_info.update(tool=f"{f0} -> {target}", points_per_second=len(found) / seconds)
