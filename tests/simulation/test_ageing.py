"""Memories that forget, simulated with the Werner parameters that pairs really have."""

from functools import cache

import numpy as np
import pytest

from lpdistill import Deviations, ModelError, Problem, Simulation, Solution, simulate, solve
from lpdistill.simulation.aged_species import AgeingSpecies
from lpdistill.simulation.experiment import Experiment
from lpdistill.simulation.history import Operation, history

RUNS = 40_000


@cache
def solved(memories: int, time: int, products: str = "age", within: str = "1e-2") -> Solution:
    """The optimum with labels, not too many of them, so that there is something to round."""
    return solve(Problem(0.5, memories, 0.9, 0.93, coherence_time=time, products=products), within=within)


@cache
def simulated(*problem) -> Simulation:
    """Runs of its policy."""
    return simulate(solved(*problem).policy, RUNS, seed=1)


@pytest.mark.parametrize("problem", [(2, 50, "fresh"), (2, 200, "fresh"), (2, 500), (3, 100, "fresh"), (3, 1000)])
def test_the_simulated_mean_lies_in_the_bracket(problem):
    """It is above the lower bound and below the upper one, within four standard errors."""
    solution, found = solved(*problem), simulated(*problem).waiting_time
    assert solution.lower_bound - 4 * found.error < found.value < solution.upper_bound + 4 * found.error


def test_pairs_are_better_than_coarse_labels_say():
    """With few labels the upper bound is a promise that is more than kept."""
    problem = Problem(0.5, 2, 0.9, 0.93, coherence_time=200, products="fresh")
    coarse = solve(problem, within="0.2")
    found = simulate(coarse.policy, RUNS, seed=2).waiting_time
    assert found.value < coarse.upper_bound - 4 * found.error
    assert coarse.policy.bounded


def test_whatever_is_delivered_meets_the_target():
    """True pairs do at the end of the step that makes them, whatever their labels say."""
    found = simulated(2, 200, "fresh")
    assert found.meeting_target.value == 1
    assert min(found.fidelities) >= found.problem.target
    assert len(found.fidelities) > 20


def test_no_pair_is_worse_than_its_label():
    """Neither when it is made, nor as it ages."""
    experiment = Experiment.of(solved(3, 100, "fresh").policy, Deviations(), None)
    experiment.block(5000, experiment.allowance(solved(3, 100, "fresh").policy, 5000), np.random.default_rng(3))
    species, levels = experiment.memories.species, experiment.problem.levels
    assert isinstance(species, AgeingSpecies)
    below = species.level < len(levels)
    label = np.array([float(level.fidelity) for level in levels])[species.level[below]]
    true = np.array([float(one) for one, held in zip(species.real, below, strict=True) if held])
    assert len(true) > 50
    assert (true >= label - 1e-14).all()
    assert (true > label + 1e-4).any()


def test_a_recorded_run_ages_what_it_stores():
    """Raw pairs that wait are distilled with what is left of them."""
    consumed = {
        round(float(fidelity), 6)
        for seed in range(30)
        for event in history(solved(2, 200, "fresh").policy, seed=seed).events
        if event.operation is Operation.DISTIL
        for fidelity in event.consumed
    }
    ages = {round(0.25 + 0.65 * np.exp(-age / 200), 6) for age in range(4)}
    assert ages <= consumed
    assert round(0.25 + 0.65 * np.exp(-5 / 200), 6) not in consumed


def test_lost_messages_let_pairs_grow_old():
    """Time passes again of which the controller knows nothing: what it delivers may miss the target."""
    found = simulate(solved(2, 200, "fresh").policy, 5000, seed=4, deviations=Deviations(message_loss="0.3"))
    assert 0 < found.meeting_target.value < 1
    assert found.fidelity.value < simulated(2, 200, "fresh").fidelity.value


def test_worse_raw_pairs_deliver_worse_pairs():
    """The controller goes on as if they were what it believes."""
    found = simulate(solved(2, 500).policy, 2000, seed=5, deviations=Deviations(f0="0.88"))
    assert found.meeting_target.value == 0


@pytest.mark.parametrize("real", ["0.4", 1])
def test_another_probability_is_simulated(real):
    """Also where all attempts succeed, and few configurations are met."""
    found = simulate(solved(2, 500).policy, 2000, seed=6, deviations=Deviations(p=real))
    assert (found.waiting_time.value > solved(2, 500).upper_bound) == (real != 1)


def test_jitter_is_refused():
    """One sentence says why."""
    with pytest.raises(ModelError, match="jitter: is not simulated where pairs age"):
        simulate(solved(2, 500).policy, 10, deviations=Deviations(jitter="0.1"))
