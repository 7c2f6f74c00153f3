"""The methods against each other, by size: where solving the whole program stops being worth it."""

from __future__ import annotations

import pytest

from lpdistill import Method, Problem, solve

SIZES = {
    39: ("1/2", 4, "0.75", "0.79"),
    2_090: ("1/2", 8, "0.90", "0.94"),
    6_512: ("1/2", 10, "0.90", "0.94"),
    40_677: ("1/2", 8, "0.65", "0.71"),
}
"""Arguments of problems by the number of columns of their programs."""


@pytest.mark.parametrize("method", [Method.COLUMNS, Method.SIMPLEX, Method.IPM], ids=str)
@pytest.mark.parametrize("columns", SIZES)
def test_method(timed, benchmark, columns, method):
    """A problem from its parameters to its verified optimum, by one method."""
    auto = solve(Problem(*SIZES[columns]))
    assert auto.run.columns == columns
    benchmark.group = f"{columns:,} columns"
    benchmark.extra_info.update(columns=columns, reference=auto.run.method == method)
    width = auto.upper_bound - auto.lower_bound
    timed(lambda: solve(Problem(*SIZES[columns]), method=method).waiting_time, expected=auto.waiting_time, within=width)
