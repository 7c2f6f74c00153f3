"""Rules, budgets, frontiers and state graphs: what constraints cost beside the plain problem."""

from __future__ import annotations

import pytest

from lpdistill import Budget, MaxDistillations, Method, Problem, solve
from lpdistill.frontiers.frontier import frontier

EIGHT = Problem("1/2", 8, "0.90", "0.94").with_constraints(Budget("generation_attempts", 17))
"""A budget on 4,191 columns: every number of attempts is needed."""

TWENTY = Problem("1/2", 20, "0.90", "0.94").with_constraints(Budget("generation_attempts", 36))
"""A budget on memories far beyond an explicit program; without it, 40.9 attempts are expected."""

FAILURES = Problem("1/2", 20, "0.90", "0.94").with_constraints(Budget("failed_distillations", "9/10"))
"""A budget on failures, a price beside a product; without it, 1.12 are expected."""

SIX = Problem("1/2", 6, "0.75", "0.79")

TEN = Problem("1/2", 10, "0.90", "0.94")
"""A problem whose state graph, every number of attempts included, has nearly a hundred thousand edges."""


@pytest.mark.benchmark(group="a budget on 4,191 columns")
@pytest.mark.parametrize("method", [Method.COLUMNS, Method.SIMPLEX], ids=str)
def test_budget_by_method(timed, benchmark, method):
    """A budget by column generation, and by the explicit program."""
    wanted = solve(EIGHT)
    assert wanted.run.columns == 4_191
    benchmark.extra_info.update(columns=wanted.run.columns, reference=method == Method.COLUMNS)
    width = wanted.upper_bound - wanted.lower_bound
    timed(lambda: solve(EIGHT, method=method).waiting_time, expected=wanted.waiting_time, within=width + 1e-10)


@pytest.mark.benchmark(group="a budget, M = 20, .90 -> .94")
def test_budget_by_columns(timed, benchmark):
    """A budget on attempts where the program could not be written out."""
    wanted = solve(TWENTY)
    (use,) = wanted.budgets.values()
    assert use.price < 0
    benchmark.extra_info.update(columns=wanted.run.columns, proved=wanted.upper_bound - wanted.lower_bound)
    width = wanted.upper_bound - wanted.lower_bound
    timed(lambda: solve(TWENTY).waiting_time, expected=wanted.waiting_time, within=width + 1e-10)


@pytest.mark.benchmark(group="a budget on failures, M = 20, .90 -> .94")
def test_budget_on_failures(timed, benchmark):
    """A budget on failed distillations: sets of them are priced by what they consume."""
    wanted = solve(FAILURES)
    (use,) = wanted.budgets.values()
    assert use.price < 0
    benchmark.extra_info.update(columns=wanted.run.columns, proved=wanted.upper_bound - wanted.lower_bound)
    width = wanted.upper_bound - wanted.lower_bound
    timed(lambda: solve(FAILURES).waiting_time, expected=wanted.waiting_time, within=width + 1e-10)


@pytest.mark.benchmark(group="one distillation in a step, .90 -> .94")
@pytest.mark.parametrize("memories", [32, 64])
def test_one_distillation_in_a_step(timed, benchmark, memories):
    """A rule keeps columns from being enumerated: far fewer than the plain problem has."""
    problem = Problem("1/2", memories, "0.90", "0.94").with_constraints(MaxDistillations(1))
    wanted = solve(problem)
    benchmark.extra_info.update(columns=wanted.run.columns, tool=f"M = {memories}")
    width = wanted.upper_bound - wanted.lower_bound
    timed(lambda: solve(problem).waiting_time, expected=wanted.waiting_time, within=width)


@pytest.mark.benchmark(group="a frontier, M = 6, .75 -> .79")
def test_frontier(timed, benchmark):
    """Every breakpoint of waiting time against generation attempts."""
    found = frontier(SIX, "generation_attempts")
    columns = solve(SIX, attempts="all").run.columns
    benchmark.extra_info.update(columns=columns, tool=f"{len(found.points)} breakpoints")
    timed(
        lambda: frontier(SIX, "generation_attempts").points[-1].waiting_time,
        expected=solve(SIX).waiting_time,
        within=1e-9,
    )


@pytest.mark.benchmark(group="a state graph, there and back")
def test_state_graph(timed, benchmark):
    """A problem written out as a graph, read, and solved."""
    graph = TEN.graph()
    edges = graph.number_of_edges()
    assert 50_000 < edges < 200_000
    benchmark.extra_info.update(columns=solve(graph).run.columns, tool=f"{edges:,} edges")
    timed(lambda: solve(TEN.graph()).waiting_time, expected=solve(TEN).waiting_time, within=1e-9)
