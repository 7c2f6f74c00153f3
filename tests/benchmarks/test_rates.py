"""The steady state: Howard's method, which prices columns, beside HiGHS on all of them written out."""

from __future__ import annotations

import pytest

from lpdistill import Problem
from lpdistill.process.factored.dynamics import Continued
from lpdistill.program.average import steady
from lpdistill.program.rates import RateProgram
from lpdistill.rates.models import Earning


def process(memories):
    """The decision process of a throughput."""
    problem, earning = Problem("1/2", memories, ".9", ".94"), Earning()
    return Continued(problem, problem.attempts, earning.tariff(problem.levels), earning.delivery)


@pytest.mark.parametrize("method", ["Howard", "HiGHS"])
def test_throughput_beside_a_direct_program(timed, benchmark, method):
    """From parameters to the greatest rate; the ratio is to Howard's method."""
    expected = steady(process(10))
    benchmark.group = "throughput, M = 10, 0.90 to 0.94"
    benchmark.extra_info.update(columns=process(10).column_count, reference=method == "Howard")
    ways = {"Howard": lambda: steady(process(10)).gain, "HiGHS": lambda: RateProgram.of(process(10)).solve().gain}
    timed(ways[method], expected=expected.gain, within=1e-9)


@pytest.mark.parametrize("memories", [20, 40])
def test_throughput_of_many_memories(timed, benchmark, memories):
    """More columns than can be written out."""
    benchmark.group = "throughput, 0.90 to 0.94"
    expected = steady(process(memories))
    benchmark.extra_info.update(columns=process(memories).column_count, reference=memories == 20)
    timed(lambda: steady(process(memories)).gain, expected=expected.gain, within=expected.upper - expected.lower)
