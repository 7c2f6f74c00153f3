"""Exact results: certificates, their check, and policy maps."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lpdistill import Problem, solve
from symbolic import certify, check, policy_map, waiting_time_in_p

CERTIFIED = {f"M = {m}, .90 -> .94": (m, columns) for m, columns in ((10, 6_512), (20, 408_408), (32, 10_705_189))}
"""Memories and columns at p = 1/2."""

MAPPED = {
    "M = 4, K = 2": (4, "3/4", "79/100", 2),
    "M = 4, K = 3": (4, "9/10", "94/100", 2),
    "M = 5, K = 3": (5, "9/10", "94/100", 3),
}
"""Memories, raw fidelity, target, and breakpoints."""


@pytest.mark.benchmark(group="certificates")
@pytest.mark.parametrize("name", CERTIFIED)
def test_certificate(timed, benchmark, name):
    """All reduced costs of a solution in rational arithmetic."""
    memories, columns = CERTIFIED[name]
    solution = solve(Problem("1/2", memories, "9/10", "94/100"))
    benchmark.extra_info.update(columns=columns)
    assert certify(solution).checked_columns == columns
    timed(lambda: float(certify(solution).waiting_time), expected=solution.waiting_time, within=1e-12)


@pytest.mark.benchmark(group="checking certificates")
@pytest.mark.parametrize("name", CERTIFIED)
def test_check(timed, benchmark, name):
    """The independent check of a certificate, with Python's integers alone."""
    memories, columns = CERTIFIED[name]
    solution = solve(Problem("1/2", memories, "9/10", "94/100"))
    document = certify(solution).to_dict()
    benchmark.extra_info.update(columns=columns)
    timed(lambda: float(check(document).waiting_time), expected=solution.waiting_time, within=1e-12)


@pytest.mark.benchmark(group="policy maps")
@pytest.mark.parametrize("name", MAPPED)
def test_policy_map(timed, benchmark, name):
    """All optimal policies for 0 < p <= 1, with proof."""
    memories, f0, target, breakpoints = MAPPED[name]
    problem = Problem(1, memories, f0, target)
    found = policy_map(problem)
    assert len(found.breakpoints) == breakpoints
    benchmark.extra_info.update(pieces=len(found.pieces), reduced_costs=found.reduced_costs)
    expected = solve(problem.replace(p="1/2")).waiting_time
    timed(lambda: float(policy_map(problem).waiting_time("1/2")), expected=expected, within=1e-11)


@pytest.mark.benchmark(group="waiting time as a function of p")
def test_waiting_time_in_p(timed):
    """The rational function of the optimal policy of eight memories."""
    solution = solve(Problem("1/2", 8, "9/10", "94/100"))
    at = Fraction(1, 2)
    timed(lambda: float(waiting_time_in_p(solution)(at)), expected=solution.waiting_time, within=1e-11)
