"""Policies at work: the whole waiting time."""

from __future__ import annotations

import pytest

from lpdistill import Problem, distribution, solve


@pytest.mark.benchmark(group="the whole waiting time")
@pytest.mark.parametrize("memories", [20, 32])
def test_distribution(timed, benchmark, memories):
    """The law of the optimal policy with its tail rate, from the policy; `error` is that of the standard deviation."""
    policy = solve(Problem("1/2", memories, "0.90", "0.94")).policy
    benchmark.extra_info.update(columns=len(policy.plan.uses.columns))

    def run() -> float:
        found = distribution(policy)
        assert 0 < found.tail_rate < 3
        return found.standard_deviation

    timed(run, expected=policy.standard_deviation, within=1e-11)
