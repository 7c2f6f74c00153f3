"""Policies at work."""

from __future__ import annotations

import pytest

from lpdistill import Problem, deadline


@pytest.mark.benchmark(group="deadline")
@pytest.mark.parametrize("memories", [10, 20])
def test_deadline(benchmark, memories):
    """The policy most likely done within 30, all columns priced in each of 31 slots."""
    problem = Problem("1/2", memories, "0.90", "0.94")
    found = benchmark.pedantic(lambda: deadline(problem, 30), rounds=3)
    assert found.probability >= found.probability_of_fastest_mean > 1 - 1e-7
    benchmark.extra_info.update(columns=found.recursion.process.column_count)
