"""Where a proof does not close at once: values are moved until they prove something, or nothing is claimed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import networkx as nx
import numpy as np
import oracle
import pytest
from oracle import Hardware

from lpdistill import Dynamics, NotCertifiedError, Problem, solve
from lpdistill.process.graph.state_graph import process_of
from lpdistill.program import policy_iteration as module
from lpdistill.program.differences import Twofold
from lpdistill.program.objective import FirstDelivery
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.program.proof import feasibility, scaled_up, shortfall

THREE = Problem("1/2", 3, "3/4", "79/100")
INSTANT = THREE.replace(generation_time=0)


def ring(states=5):
    """A state graph: a ring of states, each with a step onwards and a way out."""
    graph = nx.DiGraph(start=0)
    graph.add_node("end", kind="target")
    for k in range(states):
        graph.add_node(k, kind="state")
        for name, time, to in ((f"on {k}", 1.0, (k + 1) % states), (f"out {k}", 3.0 + k, "end")):
            graph.add_node(name, kind="action", time=time)
            graph.add_edge(k, name)
            graph.add_edge(name, to, probability=0.5)
            graph.add_edge(name, k if to == "end" else "end", probability=0.5)
    return graph


def exact_values(problem):
    """Exact least times to go, in order of rank."""
    process = Dynamics(problem)
    _, values = oracle.counted(Hardware.of(problem), full=True).optimum
    return [values[tuple(counts)] for counts in process.configurations.counts.tolist()]


@pytest.mark.parametrize("raised", [1e-12, 1e-9, 1e-6, 1e-3])
def test_values_that_are_a_little_too_high_are_lowered(raised):
    """Scaled down, they are feasible in floating point, and below the exact optimum everywhere, as none was before."""
    process = Dynamics(THREE)
    compared = feasibility(process, Twofold.of(solve(THREE).dual.values * (1 + raised)))
    assert compared.excess.max() > 0
    floor = compared.floor
    assert feasibility(process, floor).excess.max() <= 0
    assert all(Fraction(low) <= value for low, value in zip(floor.below.tolist(), exact_values(THREE), strict=True))
    assert (floor.below > 0).all()


def test_values_that_are_feasible_stay_as_they_are():
    """Nothing is given away where nothing is missing."""
    values = solve(THREE).dual.lower
    assert (feasibility(Dynamics(THREE), Twofold.of(values)).floor.nearest == values).all()


def test_values_are_not_lowered_where_steps_take_no_time():
    """Without a least duration there is no scale by which to lower them: no bound is claimed."""
    compared = feasibility(Dynamics(INSTANT), Twofold.of(solve(INSTANT).dual.values * (1 + 1e-9)))
    with pytest.raises(NotCertifiedError, match="no lower bound: some steps take no time"):
        _ = compared.floor


@pytest.mark.parametrize("raised", [1e-9, 1e-3])
def test_values_of_a_graph_are_not_lowered(raised):
    """Columns written out are compared by differences: what is not feasible then is no bound."""
    graph = ring()
    compared = feasibility(process_of(graph), Twofold.of(solve(graph).dual.values * (1 + raised)))
    assert compared.excess.max() > 0
    with pytest.raises(NotCertifiedError, match="no lower bound"):
        _ = compared.floor


@pytest.mark.parametrize("lowered", [1e-12, 1e-9, 1e-6])
def test_values_that_are_a_little_too_low_are_raised(lowered):
    """Scaled up by what they fall short of, they bound the policy from above, in floating point and exactly."""
    policy = solve(THREE).dual.policy
    low = solve(THREE).dual.values * (1 - lowered)
    missing = float(shortfall(policy, Twofold.of(low)).max())
    assert missing > 0
    high = scaled_up(low, missing, policy.process.durations.least)
    assert shortfall(policy, Twofold.of(high)).max() <= 0
    assert all(Fraction(top) >= value for top, value in zip(high.tolist(), exact_values(THREE), strict=True))


def test_values_that_bound_stay_as_they_are():
    """Nothing is added where nothing is missing."""
    high = solve(THREE).dual.upper
    assert scaled_up(high, 0.0, 1.0) is high


@pytest.mark.parametrize("missing", [0.5, 0.6, 10.0])
def test_values_that_fall_short_by_a_step_bound_nothing(missing):
    """What is missing is as much as a step takes: no bound is claimed."""
    with pytest.raises(NotCertifiedError, match="no upper bound"):
        scaled_up(np.ones(3), missing, 1.0)


def test_a_policy_that_never_settles_is_no_optimum(monkeypatch):
    """If rounds do not end, arithmetic has failed, and nothing is claimed."""
    monkeypatch.setattr(module, "MOST_ROUNDS", 2)
    process = Dynamics(Problem("1/2", 12, "9/10", "94/100"))
    with pytest.raises(NotCertifiedError, match="did not end within 2 rounds"):
        policy_iteration(process, process.admission.proper())


@pytest.mark.parametrize("asked", [Dynamics(THREE), process_of(ring())], ids=["problem", "graph"])
def test_bounds_that_are_apart_are_no_proof(asked):
    """An optimum is claimed only where its bounds meet."""
    with pytest.raises(NotCertifiedError, match="the proven bounds of some configuration"):
        policy_iteration(asked, asked.admission.proper(), objective=FirstDelivery(gap=-1e-300))


class Doubtful:
    """Feasibility that always finds the start a little better off with another action: the one it has."""

    def __init__(self, compared, columns):
        self._compared, self._columns = compared, columns

    def __getattr__(self, name):
        return getattr(self._compared, name)

    @property
    def excess(self):
        return np.where(np.arange(len(self._compared.excess)) == 0, 1e-18, self._compared.excess)

    def improved(self, wanted):
        return self._columns[np.flatnonzero(wanted)]


def test_an_improvement_that_changes_nothing_ends_the_rounds(monkeypatch):
    """What still looks better by rounding is not looked for for ever, and the bounds are proved all the same."""
    best = solve(THREE)
    columns = best.dual.policy.columns
    monkeypatch.setattr(module, "feasibility", lambda *given: Doubtful(feasibility(*given), columns))
    found = policy_iteration(Dynamics(THREE), columns)
    assert found.rounds == 1
    assert all(Fraction(low) <= value for low, value in zip(found.lower.tolist(), exact_values(THREE), strict=True))


@pytest.mark.parametrize("asked", [THREE, ring()], ids=["problem", "graph"])
@pytest.mark.parametrize("factor", [1 + 1e-12, 1 + 1e-6])
def test_a_floor_that_proves_too_much_does_not_verify(asked, factor):
    """The values behind the lower bounds are compared with all columns once more."""
    found = solve(asked)
    raised = Twofold(found.dual.floor.head * factor, found.dual.floor.tail)
    with pytest.raises(NotCertifiedError, match="does not verify: the lower bound"):
        replace(found, dual=replace(found.dual, floor=raised)).verify()


@pytest.mark.parametrize("asked", [THREE, ring()], ids=["problem", "graph"])
def test_a_lower_bound_above_its_floor_does_not_verify(asked):
    """A lower bound anywhere that is more than its values prove is found, be it by a rounding."""
    found = solve(asked)
    for rank in range(len(found.dual.lower)):
        lower = found.dual.lower.copy()
        lower[rank] = np.nextafter(found.dual.floor.above[rank], np.inf)
        with pytest.raises(NotCertifiedError, match="does not verify"):
            replace(found, dual=replace(found.dual, lower=lower)).verify()


@pytest.mark.parametrize("asked", [THREE, ring()], ids=["problem", "graph"])
@pytest.mark.parametrize("factor", [1 - 1e-12, 1 - 1e-6])
def test_a_ceiling_that_is_too_low_does_not_verify(asked, factor):
    """The values behind the upper bounds are compared with the policy once more."""
    found = solve(asked)
    lowered = Twofold(found.plan.ceiling.head * factor, found.plan.ceiling.tail)
    with pytest.raises(NotCertifiedError, match="does not verify: the upper bound"):
        replace(found, plan=replace(found.plan, ceiling=lowered)).verify()
