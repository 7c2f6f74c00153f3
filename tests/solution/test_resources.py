"""Expected use of a run, against the enumerated model."""

from fractions import Fraction

import oracle
import pytest
from cases import SMALL, solved

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)


def totals(problem):
    """Exact expected totals of the optimal policy found: every visit adds what its step uses."""
    hardware = oracle.Hardware.of(problem)
    chain, have = oracle.counted(hardware, full=True), oracle.levels(hardware)
    policy = {
        counts: (tuple(sorted(decision.action.distil)), decision.action.generate)
        for counts, (decision,) in solved(problem).policy.items()
    }
    sums = dict.fromkeys(
        ("steps", "generation_attempts", "raw_pairs", "distillations", "failed_distillations", "memory_time"),
        Fraction(0),
    )
    for counts, visits in chain.visits(policy).items():
        distilled, attempts = policy[counts]
        failing = sum(1 - hardware.combine(have[a], have[b])[1] for a, b in distilled)
        sums["steps"] += visits
        sums["generation_attempts"] += visits * attempts
        sums["raw_pairs"] += visits * attempts * hardware.p
        sums["distillations"] += visits * len(distilled)
        sums["failed_distillations"] += visits * failing
        sums["memory_time"] += visits * sum(counts) * chain.steps[counts][policy[counts]].cost
    return sums


@every_problem
def test_expected_use_is_exact(problem):
    """Every total of the solution is the exact expectation under its policy."""
    expected = {name: float(total) for name, total in totals(problem).items()}
    assert solved(problem).expected.to_dict() == pytest.approx(expected, rel=1e-12, abs=0)


def test_use_of_one_memory():
    """One memory and a target below the raw fidelity: ``1/p`` attempts, one pair, nothing distilled or stored."""
    found = solved(SMALL["one memory, target below f0"]).expected
    assert found.to_dict() == pytest.approx(
        {
            "steps": 3,
            "generation_attempts": 3,
            "raw_pairs": 1,
            "distillations": 0,
            "failed_distillations": 0,
            "memory_time": 0,
        },
        rel=1e-14,
    )
