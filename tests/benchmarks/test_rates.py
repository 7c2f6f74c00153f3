"""The steady state: Howard's method, which prices columns, beside HiGHS on all of them written out."""

from __future__ import annotations

import time

import highspy
import pytest

from lpdistill import Hardware, Problem, key_rate
from lpdistill.process.factored.dynamics import Continued
from lpdistill.program.average import steady
from lpdistill.program.rates import RateProgram
from lpdistill.program.solver import Solver
from lpdistill.rates.models import Earning

PATIENCE = 50
"""Times as long as Howard's method after which HiGHS is stopped."""


def process(memories):
    """The decision process of a throughput."""
    problem, earning = Problem("1/2", memories, ".9", ".94"), Earning()
    return Continued(problem, problem.attempts, earning.tariff(problem.levels), earning.delivery)


@pytest.mark.parametrize("method", ["Howard", "HiGHS"])
@pytest.mark.parametrize("memories", [4, 10])
def test_throughput_beside_a_direct_program(timed, benchmark, memories, method):
    """From parameters to the greatest rate; the ratio is to Howard's method."""
    expected = steady(process(memories))
    benchmark.group = f"throughput, M = {memories}, 0.90 to 0.94"
    benchmark.extra_info.update(columns=process(memories).column_count, reference=method == "Howard")
    ways = {
        "Howard": lambda: steady(process(memories)).gain,
        "HiGHS": lambda: RateProgram.of(process(memories)).solve().gain,
    }
    timed(ways[method], expected=expected.gain, within=1e-9)


@pytest.mark.parametrize("method", ["Howard", "HiGHS"])
def test_throughput_beside_a_direct_program_that_is_given_up(timed, benchmark, method):
    """HiGHS is stopped after many times the time that Howard's method takes, in the same run."""
    began = time.perf_counter()
    expected = steady(process(20))
    took = time.perf_counter() - began
    benchmark.group = "throughput, M = 20, 0.90 to 0.94"
    benchmark.extra_info.update(columns=process(20).column_count, reference=method == "Howard")
    if method == "Howard":
        timed(lambda: steady(process(20)).gain, expected=expected.gain, within=expected.upper - expected.lower)
        return
    benchmark.extra_info["stopped"] = True
    status = benchmark.pedantic(lambda: direct(20, PATIENCE * took), rounds=1)
    assert status == highspy.HighsModelStatus.kTimeLimit


def direct(memories, seconds):
    """How HiGHS ends on the program of all columns, written out, in so many seconds."""
    program = RateProgram.of(process(memories))
    matrix, model, size = program.matrix, highspy.HighsLp(), program.process.size
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_ = program.policy.choice.cost, [0.0] * matrix.shape[1]
    model.col_upper_ = [highspy.kHighsInf] * matrix.shape[1]
    model.row_lower_ = model.row_upper_ = [*[0.0] * size, 1.0]
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    solver = Solver({"solver": "simplex", "time_limit": seconds})
    solver.passModel(model)
    solver.run()
    return solver.getModelStatus()


def test_throughput_of_many_memories(timed, benchmark):
    """More columns than can be written out."""
    benchmark.group = "throughput, M = 40, 0.90 to 0.94"
    expected = steady(process(40))
    benchmark.extra_info["columns"] = process(40).column_count
    timed(lambda: steady(process(40)).gain, expected=expected.gain, within=expected.upper - expected.lower)


KEY = {
    "M = 4, raw pairs": Hardware("1/2", 4, ".9"),
    "M = 4, both kinds": Hardware("1/10", 4, ".85"),
    "M = 20, raw pairs": Hardware("1/2", 20, ".9"),
    "M = 40, raw pairs": Hardware("1/2", 40, ".9"),
    "M = 3, twelve labels": Hardware("1/10", 3, ".8"),
    "M = 3, DEJMPS": Hardware("1/10", 3, ".85", distillation="dejmps"),
}
"""Links, and what they deliver."""


@pytest.mark.parametrize("name", KEY)
def test_key_rate(timed, benchmark, name):
    """From parameters to the greatest key rate, with all the labels that it takes."""
    benchmark.group = "key by BB84"
    expected = key_rate(KEY[name])
    benchmark.extra_info["columns"] = expected.found.model.process.column_count
    gap = expected.upper_bound - expected.lower_bound
    timed(lambda: key_rate(KEY[name]).gain, expected=expected.gain, within=gap)
