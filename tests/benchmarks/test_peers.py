"""The package beside other people's solvers, on the same decision process with generation on every empty memory.

Each tool is used at its best setting: Storm with policy iteration, MDPSolver with modified policy iteration and
Gauss-Seidel updates, QuantEcon with policy iteration.  ``from parameters`` includes writing the process out and handing
it over, for which the tools are given the columns that the package writes; ``solving alone`` starts with the tool's own
model in memory.
"""

from __future__ import annotations

from importlib.util import find_spec

import peer_models as peers
import pytest

from lpdistill import Dynamics, Problem, solve
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.program.policy_iteration import policy_iteration

SIZES = {
    39: ("1/2", 4, "0.75", "0.79"),
    2_090: ("1/2", 8, "0.90", "0.94"),
    6_512: ("1/2", 10, "0.90", "0.94"),
    40_677: ("1/2", 8, "0.65", "0.71"),
    408_408: ("1/2", 20, "0.90", "0.94"),
}
"""Arguments of problems by the number of columns of their programs."""

MOST_EXACT = 6_512
"""Columns up to which a process is also written out and solved over the rationals."""


def rational_storm(problem: Problem):
    """Storm's model of the exact process."""
    from stormpy import Rational  # noqa: PLC0415 - optional

    return peers.storm_model(peers.exactly(problem), Rational)


def warm(problem: Problem) -> Dynamics:
    """The factored dynamics with all tables computed."""
    dynamics = Dynamics(problem)
    policy_iteration(dynamics, GREEDY.columns(dynamics.kernel))
    return dynamics


TOOLS = {
    "lpdistill": (
        "lpdistill",
        warm,
        lambda dynamics: float(policy_iteration(dynamics, GREEDY.columns(dynamics.kernel)).values[0]),
        1e-12,
    ),
    "storm": (
        "stormpy",
        lambda problem: peers.storm_model(peers.written(problem), float),
        lambda model: float(peers.storm_solve(model)),
        1e-9,
    ),
    "storm, rational": ("stormpy", rational_storm, lambda model: float(peers.storm_solve(model)), 1e-12),
    "mdpsolver": (
        "mdpsolver",
        lambda problem: peers.mdpsolver_model(peers.written(problem)),
        peers.mdpsolver_solve,
        1e-9,
    ),
    "quantecon": (
        "quantecon",
        lambda problem: peers.quantecon_model(peers.written(problem, waiting=False)),
        peers.quantecon_solve,
        1e-9,
    ),
}
"""By tool: its package, how it gets a model, how it solves one, and how accurately it must."""


@pytest.fixture(params=[(size, tool) for size in SIZES for tool in TOOLS], ids=lambda case: f"{case[1]}-{case[0]}")
def case(request, benchmark):
    """A size and a tool that can take it."""
    columns, tool = request.param
    package, build, run, within = TOOLS[tool]
    if find_spec(package) is None:
        pytest.skip(f"needs {package}")
    if tool == "storm, rational" and columns > MOST_EXACT:
        pytest.skip("too large to write out over the rationals")
    benchmark.extra_info.update(tool=tool, columns=columns, reference=tool == "lpdistill")
    return columns, tool, build, run, within


def test_from_parameters(timed, benchmark, case):
    """From the parameters of a problem to its waiting time, everything that must be written down included."""
    columns, tool, build, run, within = case
    benchmark.group = f"{columns:,} columns, from parameters"
    whole = (
        (lambda problem: solve(problem).waiting_time) if tool == "lpdistill" else lambda problem: run(build(problem))
    )
    expected = solve(Problem(*SIZES[columns])).waiting_time
    timed(whole, expected=expected, within=within, prepare=lambda: (Problem(*SIZES[columns]),))


def test_solving_alone(timed, benchmark, case):
    """From a model in memory, made anew for every round, to the waiting time."""
    columns, _, build, run, within = case
    benchmark.group = f"{columns:,} columns, solving alone"
    problem = Problem(*SIZES[columns])
    timed(run, expected=solve(problem).waiting_time, within=within, prepare=lambda: (build(problem),))
