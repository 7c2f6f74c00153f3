"""Policies on labels, simulated on the fidelities that pairs have."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from lpdistill import Deviations, Problem, Simulation, Solution, simulate, solve
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.problem.labels import with_labels
from lpdistill.process.labelled import label_process
from lpdistill.process.reachable.process import ReachableProcess
from lpdistill.program.label_models import label_model
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.simulation.history import history
from lpdistill.solution.policy import Policy

COARSE = Problem("9/10", 4, "3/4", "85/100")
EXACT = Problem("1/2", 3, "4/5", "88/100")


@cache
def solved(problem: Problem, within: str | None = None) -> Solution:
    """The optimum on labels."""
    return solve(problem, within=within)


@cache
def rounding() -> Policy:
    """The best policy on three labels, which rounds results that it uses: f0, D(f0, f0) and the third pumping level."""
    grid = Grid.of(COARSE.distillation, COARSE.f0, COARSE.target).with_results([(COARSE.f0, COARSE.f0)])
    twice = max(grid.trees)
    thrice = grid.with_results([(twice, COARSE.f0)])
    far = thrice.with_results([(max(thrice.trees), COARSE.f0)])
    kept = [0, 1, 3]
    labels = Grid(grid.distillation, grid.f0, grid.target, {f: far.trees[f] for f in np.array([*far.trees])[kept]})
    process = label_process(with_labels(COARSE, label_model(COARSE, labels, Rounding.FLOOR)))
    return Policy(Plan.optimal(policy_iteration(process, process.admission.proper())))


@cache
def coarse() -> Simulation:
    """Its runs."""
    return simulate(rounding(), 40_000, seed=1)


def test_a_policy_that_rounds_takes_less_than_it_promises():
    """Runs on true fidelities are faster than on labels, by more than chance, and none of them beats the optimum."""
    found = coarse().waiting_time
    assert found.model == rounding().waiting_time
    assert solved(COARSE).lower_bound < found.value < found.model - 3 * found.error


def test_a_coarse_policy_keeps_its_promise():
    """The optimum on four labels uses no rounded result: it takes what it promises, above the lower bound."""
    solution = solved(COARSE, "1/5")
    found = simulate(solution.policy, 40_000, seed=3).waiting_time
    assert len(solution.problem.levels) == 4
    assert solution.lower_bound < found.value < solution.waiting_time == found.model
    assert abs(found.distance) < 4


def test_the_model_of_a_coarse_policy_is_called_a_bound():
    """The summary and the document say so."""
    assert coarse().to_dict()["bound"] is True
    assert "a promise" in dict(coarse().summary())["model"]


def test_nothing_is_called_a_bound_where_nothing_is_rounded():
    """The optimum that uses no rounded result is simulated as it is."""
    found = simulate(solved(EXACT).policy, 4000, seed=1)
    assert not solved(EXACT).policy.bounded
    assert "bound" not in found.to_dict()
    assert abs(found.waiting_time.distance) < 4


def test_every_delivered_pair_meets_the_target():
    """A run ends by the true fidelity."""
    assert coarse().meeting_target.value == 1
    assert all(fidelity >= COARSE.target for fidelity in coarse().fidelities)


def test_pairs_of_one_label_have_true_fidelities_of_their_own():
    """What is delivered has a true fidelity, which labels know nothing of."""
    made = {combination.state for combination in rounding().process.names.levels.combinations.values()}
    met = {state.fidelity for state in made if state.fidelity >= COARSE.target}
    assert set(coarse().fidelities) - met


def test_a_listed_process_is_simulated_as_a_factored_one():
    """The same policy of both gives the same runs, draw by draw."""
    solution = solved(EXACT)
    listed = ReachableProcess(solution.problem)
    kept = [rank for rank in range(listed.size) if solution.policy.plan.entered[_rank(solution, listed, rank)]]
    keys = [listed.names.key(rank) for rank in kept]
    columns = listed.names.find(np.array(kept), [solution.policy[key][0].action for key in keys])
    policy = Policy(Plan.improper(listed.choose(columns), [1.0] * len(columns)))
    one, other = (simulate(each, 500, seed=5) for each in (policy, solution.policy))
    assert one.samples.tolist() == other.samples.tolist()


def _rank(solution: Solution, listed: ReachableProcess, rank: int) -> int:
    return solution.process.names.rank(listed.names.key(rank))


def test_an_example_run_shows_true_fidelities():
    """Its pairs have the fidelities of their histories."""
    one = history(rounding(), seed=2)
    made = [event for event in one.events if event.consumed and event.fidelity]
    werner = COARSE.distillation
    for event in made:
        a, b = event.consumed
        assert event.fidelity == werner.combine(werner.raw(a), werner.raw(b)).outcomes[0][1].fidelity
    assert one.delivered.fidelity >= COARSE.target


def test_real_raw_pairs_may_differ_from_the_model():
    """With worse raw pairs, runs take longer, and what is delivered may miss the target."""
    policy = solved(EXACT).policy
    worse = simulate(policy, 2000, seed=1, deviations=Deviations(f0="0.78"))
    assert worse.waiting_time.value > policy.waiting_time
    assert worse.meeting_target.value < 1
    assert all(isinstance(fidelity, Fraction) for fidelity in worse.fidelities)


@pytest.mark.parametrize("p", ["2/5", "3/5"])
def test_a_real_p_is_simulated(p):
    """A policy on labels runs with another p in reality, as its mean there says."""
    solution = solved(EXACT)
    there = label_process(with_labels(EXACT.replace(p=p), solution.problem.levels))
    uses = solution.policy.plan.uses
    mean = Policy(Plan.improper(there.choose(uses.columns), solution.policy.plan.probability)).waiting_time
    found = simulate(solution.policy, 4000, seed=1, deviations=Deviations(p=p)).waiting_time
    assert abs(found.value - mean) < 4 * found.error
