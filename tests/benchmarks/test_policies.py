"""Policies at work: the published study, deadlines, simulation."""

from __future__ import annotations

import pytest

from lpdistill import Problem, baseline, deadline, distribution, simulate, solve
from lpdistill.study.published_numbers import recompute

SIMULATED = {"M = 2, .75 -> .79": ("3/4", "79/100", 2), "M = 4, .90 -> .94": (".9", ".94", 4)}
SIMULATED |= {"M = 32, .90 -> .94": (".9", ".94", 32)}


@pytest.mark.benchmark(group="100,000 simulated runs")
@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_runs(benchmark, name):
    """Runs of the greedy policy in the system of labelled memories; `per_second` counts runs."""
    f0, target, memories = SIMULATED[name]
    policy, runs = baseline(Problem("1/2", memories, f0, target), "greedy"), 100_000
    found = benchmark.pedantic(lambda: simulate(policy, runs, seed=1), rounds=3, warmup_rounds=1)
    assert abs(found.waiting_time.distance) < 4
    benchmark.extra_info.update(per_second=runs / benchmark.stats.stats.median)


@pytest.mark.benchmark(group="deadline")
@pytest.mark.parametrize("memories", [10, 20])
def test_deadline(benchmark, memories):
    """The policy most likely done within 30, all columns priced in each of 31 slots."""
    problem = Problem("1/2", memories, "0.90", "0.94")
    found = benchmark.pedantic(lambda: deadline(problem, 30), rounds=3)
    assert found.probability >= found.probability_of_fastest_mean > 1 - 1e-7
    benchmark.extra_info.update(columns=found.recursion.process.column_count)


@pytest.mark.benchmark(group="the published study: 28 points with four policies, 15 optima")
def test_published_study(benchmark):
    """All 127 published numbers in one process, optima with their proofs; `per_second` counts numbers."""
    found = benchmark.pedantic(recompute, rounds=5, warmup_rounds=1)
    assert len(found) == 127
    benchmark.extra_info.update(
        per_second=len(found) / benchmark.stats.stats.median, error=max(abs(one.difference) for one in found)
    )


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
