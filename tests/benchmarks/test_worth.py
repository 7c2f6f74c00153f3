"""What prices cost: derivatives beside the solve they belong to, and ranges of actions."""

from __future__ import annotations

import time

import pytest

from lpdistill import Problem, sensitivity, solve, validity, variability

LARGE = Problem("1/2", 32, "0.90", "0.94")


@pytest.mark.benchmark(group="derivatives")
def test_sensitivity_of_a_large_problem(benchmark):
    """All derivatives of a program of ten million columns; `share` is of the time that solving it takes."""
    seconds, solution = [], solve(LARGE)
    for _ in range(3):
        began = time.perf_counter()
        solution = solve(LARGE)
        seconds.append(time.perf_counter() - began)
    found = benchmark.pedantic(sensitivity, setup=lambda: ((solution,), {}), rounds=3)
    assert abs(found.derivatives["generation_time"].value - 1.000001281) < 1e-8
    benchmark.extra_info.update(columns=solution.run.columns, share=benchmark.stats.stats.median / min(seconds))


@pytest.mark.benchmark(group="ranges")
def test_validity(benchmark):
    """The ranges of all parameters of a problem with four memories."""
    solution = solve(Problem("1/2", 4, "0.90", "0.94"))
    found = benchmark(lambda: validity(solution))
    assert abs(found.ranges["p"].upper.value - 0.568364461) < 1e-8


@pytest.mark.benchmark(group="variability")
@pytest.mark.parametrize("memories", [4, 6, 8])
def test_variability(benchmark, memories):
    """The ranges of all actions within one percent of the optimum; `per_second` counts linear programs."""
    solution = solve(Problem("1/2", memories, "0.90", "0.94"))
    found = benchmark.pedantic(lambda: variability(solution, "0.01"), rounds=1 if memories > 6 else 3)
    assert all(row.least - 1e-7 <= row.taken <= row.greatest + 1e-7 for row in found.rows)
    programs = len(found.rows) + sum(row.taken > 0 for row in found.rows)
    benchmark.extra_info.update(columns=len(found.rows), per_second=programs / benchmark.stats.stats.median)
