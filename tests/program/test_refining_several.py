"""Brackets by labels with protocols of several pairs."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_cases import grids, rules

from lpdistill import Budget, Problem, simulate, solve
from lpdistill.physics.rounding import Rounding
from lpdistill.problem.labels import with_labels
from lpdistill.program.refining import refine

from .test_refining import EPSILON, least_values, rounded

USELESS = ["XII", "IXI"]
"""A code that measures two pairs and leaves the third as it is."""


FINITE = [
    ("2,3", ".88", ".9256", "1"),
    ("2,3,4", ".69", ".7582", "1"),
    ("2,3,4", ".85", ".9085", "1"),
    ("3", ".79", ".8929", "1"),
    ("3", ".86", ".9384", "1"),
    ("2,4", ".85", ".9085", "1"),
    ("2,4", ".75", ".79", ".99"),
    ([2, ["ZZI", "IZZ"]], ".72", ".7928", "1"),
    ([2, ["ZZI", "IZZ"]], ".77", ".8068", ".99"),
    ([2, ["ZZI", "IZZ"]], ".85", ".8815", ".99"),
]
"""Protocols, fidelity of raw pairs, target, and gate: three to five levels."""


@st.composite
def finite_of_several(draw: st.DrawFn) -> Problem:
    """Problems with a few levels of several protocols, generation no longer than distillation."""
    protocols, f0, target, gate = draw(st.sampled_from(FINITE))
    generation = draw(st.integers(1, 4))
    return Problem(
        draw(st.fractions("1/5", 1, max_denominator=20)),
        draw(st.integers(3, 4)),
        f0,
        target,
        generation_time=generation,
        distillation_time=generation + draw(st.integers(0, 4)),
        protocols=protocols,
        gate=gate,
        readout=1 if gate == "1" else ".98",
        discarding=draw(st.booleans()),
    ).with_constraints(draw(rules()))


@settings(max_examples=15)
@given(st.data())
def test_labels_bracket_every_configuration(data):
    """Between the labels below and those above lies the true time to go, wherever one begins, whatever the grid."""
    problem = data.draw(finite_of_several())
    grid = data.draw(grids(problem))
    low, high = (grid.labels(rounding, 99) for rounding in (Rounding.CEIL, Rounding.FLOOR))
    truth, below, above = (
        least_values(one) for one in (problem, with_labels(problem, low), with_labels(problem, high))
    )
    for counts, value in truth.items():
        assert below[rounded(counts, problem.levels, low, Rounding.CEIL)] <= value * (1 + EPSILON)
        assert value <= above[rounded(counts, problem.levels, high, Rounding.FLOOR)] * (1 + EPSILON)


@pytest.mark.parametrize(
    "operations",
    [{"gate": ".99", "readout": ".99", "target": ".95"}, {"target": ".98"}, {"protocols": "2,3,4", "target": ".985"}],
    ids=str,
)
def test_bounds_close_monotonically(operations):
    """Round by round the lower bound does not fall, the upper one does not rise, and they meet."""
    problem = Problem(".5", 4, ".9", **{"protocols": "2,3"} | operations)
    assert not problem.reach.finite
    found = refine(problem, Fraction(1, 50), 60.0)
    for one, other in pairwise(found.rounds):
        assert other.lower >= one.lower * (1 - EPSILON)
        assert other.upper <= one.upper * (1 + EPSILON)
    assert found.rounds[-1].lower <= found.rounds[-1].upper * (1 + EPSILON) <= found.rounds[-1].lower * 1.03


@pytest.mark.parametrize(("protocols", "f0", "target", "gate"), FINITE, ids=str)
def test_labels_find_the_optimum_of_all_levels(protocols, f0, target, gate):
    """Where levels are finitely many, the bracket contains the optimum of all of them, and closes on it."""
    problem = Problem(".6", 4, f0, target, protocols=protocols, gate=gate, readout=1 if gate == "1" else ".98")
    everything, some = solve(problem, all_levels=True), solve(problem, within="1e-9")
    assert some.waiting_time == pytest.approx(everything.waiting_time, rel=1e-9)


@pytest.mark.parametrize("gate", ["1", ".995"])
def test_a_code_that_never_helps_changes_nothing(gate):
    """With a code beside it that leaves a pair as it was, two-to-one distillation has the optimum that it has alone."""
    alone, beside = (
        solve(Problem(".9", 3, ".8", ".88", protocols=protocols, gate=gate)) for protocols in (2, [2, USELESS])
    )
    assert beside.status == alone.status == "optimal"
    assert beside.waiting_time == pytest.approx(alone.waiting_time, rel=1e-12)
    assert set(beside.bracket.refinement.grid.trees) == set(alone.bracket.refinement.grid.trees)


def test_runs_on_true_fidelities_keep_the_bounds():
    """A simulated mean, true fidelities coming along with labels, is no further above the bracket than by chance."""
    solution = solve(Problem(".5", 4, ".9", ".97", protocols="2,3", gate=".99", readout=".99"), within=".1")
    found = simulate(solution, 4_000, seed=1)
    assert solution.status == "bracketed"
    estimate = found.waiting_time
    error = estimate.error
    assert solution.lower_bound - 4 * error <= estimate.value <= solution.upper_bound + 4 * error


def test_limits_are_kept_past_the_limit():
    """An upper limit on raw pairs is kept, and costs time, between proved bounds that meet."""
    free = solve(Problem(".5", 4, ".9", ".98", protocols="2,3"))
    limit = round(free.expected["raw_pairs"] * 0.97, 3)
    limited = solve(free.problem.with_constraints(Budget("raw_pairs", limit)))
    assert limited.status == "optimal"
    assert limited.expected["raw_pairs"] <= limit * (1 + EPSILON)
    assert limited.waiting_time > free.waiting_time
