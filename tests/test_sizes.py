"""What does not fit into the machine is refused at every door, before anything is built."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest
from cases import SMALL, solved

import lpdistill
import symbolic
from lpdistill import (
    Action,
    Attempts,
    Budget,
    Dynamics,
    LimitError,
    Method,
    OccupationProgram,
    Policy,
    Problem,
    Repertoire,
    Resource,
    Size,
    key_rate,
    regret_curve,
    simulate,
    solve,
)
from lpdistill.convex import ConvexProgram
from lpdistill.export.models import write_drn, write_prism
from lpdistill.export.programs import write_mps
from lpdistill.solution.document import headed

HUGE = Problem("1/2", 300, "9/10", "94/100")
"""Four million configurations and a thousand million million columns."""

FIRST = {(0, 0, 0): Action(generate=300)}

DOORS = {
    **{f"solve by {method}": lambda p, m=method: solve(p, method=m) for method in Method},
    "all attempts": lambda p: solve(p, attempts="all"),
    "graph": lambda p: p.graph(),
    "graph of full attempts": lambda p: p.graph("full"),
    "to_cvxpy": lambda p: p.to_cvxpy(),
    "ConvexProgram.of full attempts": lambda p: ConvexProgram.of(p, Attempts.FULL),
    "write_mps": lambda p: write_mps(p, "program.mps"),
    "write_drn": lambda p: write_drn(p, "process.drn"),
    "write_prism": lambda p: write_prism(p, "process.tra"),
    "baseline": lambda p: lpdistill.baseline(p, "nested"),
    "policy_named": lambda p: lpdistill.policy_named(p, "optimal"),
    "compare": lpdistill.compare,
    "deadline": lambda p: lpdistill.deadline(p, 5),
    "smallest_window": lambda p: lpdistill.smallest_window(p, 0.5),
    "least_time_within": lambda p: lpdistill.least_time_within(p, 5, 0.5),
    "deadline_frontier": lambda p: lpdistill.deadline_frontier(p, 5),
    "frontier": lambda p: lpdistill.frontier(p, "steps"),
    "robust": lambda p: lpdistill.robust(p, (0.4, 0.6)),
    "sensitivity": lpdistill.sensitivity,
    "increments": lpdistill.increments,
    "variability": lpdistill.variability,
    "Policy.of a mapping": lambda p: Policy.of(p, FIRST),
    "Policy.of a function": lambda p: Policy.of(p, lambda counts: Action(generate=300 - sum(counts))),
    "Dynamics.columns": lambda p: Dynamics(p).columns,
    "Dynamics.size": lambda p: Dynamics(p).size,
    "Dynamics.key": lambda p: Dynamics(p).names.key(3),
    "Dynamics.rank": lambda p: Dynamics(p).names.rank((1, 0, 0)),
    "Dynamics.proper": lambda p: Dynamics(p).admission.proper(),
    "Dynamics.of_configuration": lambda p: Dynamics(p, Attempts.ALL).admission.of_configuration(3),
    "Dynamics.rounding": lambda p: Dynamics(p).rounding,
    "OccupationProgram.of": lambda p: OccupationProgram.of(Dynamics(p)),
    "certify": symbolic.certify,
    "policy_map": symbolic.policy_map,
    "waiting_time": symbolic.waiting_time,
    "waiting_time of a policy": lambda p: symbolic.waiting_time(p, FIRST),
    "waiting_time_in_p": lambda p: symbolic.waiting_time_in_p(p, FIRST),
    "waiting_time_in_p_and_f0": lambda p: symbolic.waiting_time_in_p_and_f0(p, FIRST),
    "variance": lambda p: symbolic.variance(p, FIRST),
    "variance_in_p": lambda p: symbolic.variance_in_p(p, FIRST),
}
"""Everything that builds something whose size the problem decides."""


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    """Files are written where nothing else is."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("door", DOORS)
def test_three_hundred_memories_are_refused_before_anything_is_built(door, tmp_path):
    """What would take a million gigabytes is a LimitError with its size and a remedy, and no file is begun."""
    with pytest.raises(LimitError, match=r"take (at most \d+|fewer) memories") as caught:
        DOORS[door](HUGE)
    assert caught.value.size["configurations"] == 4_590_551
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("door", DOORS)
def test_every_door_looks_at_the_memory_that_is_free(door, monkeypatch):
    """Where hardly any memory is free, even a small problem is refused, at the same doors."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    with pytest.raises(LimitError):
        DOORS[door](Problem("1/2", 6, "9/10", "94/100"))


WRITTEN_OUT = ("solve by simplex", "graph", "to_cvxpy", "write_mps", "write_drn", "write_prism", "OccupationProgram.of")


@pytest.mark.parametrize("door", WRITTEN_OUT)
def test_what_is_written_out_is_refused_where_the_factors_fit(door, monkeypatch):
    """A program that fits in factored form but not written out is refused where it is written out."""
    problem = Problem("1/2", 40, "9/10", "94/100")
    size = Size.of(Repertoire.of(problem, Attempts.ALL))
    free = 2 * size.factored_bytes
    assert size.fits(free, explicit=False)
    assert not size.fits(free, explicit=True)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    with pytest.raises(LimitError):
        DOORS[door](problem)


def test_limits_that_ask_about_every_column_are_refused_before_anything_is_solved():
    """A hundred memories are not solved within a limit on a resource of the user's, asked about every column."""
    asked, said = Budget(Resource("pairs", lambda step: len(step.distil)), 5), []
    with pytest.raises(LimitError, match="take fewer memories, or leave out what asks about every column"):
        solve(Problem("1/2", 100, "9/10", "94/100").with_constraints(asked), progress=said.append)
    assert said == []


def test_limits_on_failures_are_refused_where_pricing_takes_too_long():
    """What a price on failures takes is looked at before anything is solved, too: sooner than without."""
    limited, said = Problem("1/2", 160, "9/10", "94/100").with_constraints(Budget("failed_distillations", 5)), []
    with pytest.raises(LimitError, match="with a price on failed distillations"):
        solve(limited, progress=said.append)
    assert said == []


def test_what_builds_nothing_takes_any_problem():
    """Levels, limits, formulas, sizes and documents of a huge problem are those of a small one."""
    assert len(HUGE.levels) == 3
    assert headed("levels", HUGE)["problem"]["memories"] == 300
    assert Size.of(Repertoire.of(HUGE, Attempts.FULL)).configurations == 4_590_551
    assert symbolic.ProblemFormulas.of(HUGE).rounds == 3


MANY = 10**12


@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("points", lambda: regret_curve(solved(SMALL["three memories"]), points=MANY)),
        ("runs", lambda: simulate(solved(SMALL["three memories"]), MANY)),
        ("terms", lambda: symbolic.waiting_time_in_p(SMALL["three memories"]).series(terms=MANY)),
        ("digits", lambda: symbolic.policy_map(SMALL["three memories"]).pieces[0].high.decimals(MANY)),
        ("raw_pairs", lambda: symbolic.levels(raw_pairs=MANY)),
        ("rounds", lambda: symbolic.pumping_level("3/4", MANY)),
        ("memories", lambda: symbolic.memory_limit("3/4", MANY)),
    ],
)
def test_numbers_of_results_are_limited_too(what, call):
    """How many points, runs, terms or digits somebody asks for is looked at before they are computed."""
    with pytest.raises(LimitError, match=f"^{what}: "):
        call()


def test_memories_beyond_any_hardware_are_refused_whoever_asks():
    """Key rates, which have no target to reach, are no exception."""
    with pytest.raises(LimitError, match=r"memories: 1,000,000,000 are more than the 10,000"):
        key_rate(Problem("1/10", 10**9, "17/20", 1))
