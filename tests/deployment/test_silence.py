"""How long nothing is delivered by a policy that goes on: never too short, and not much too long."""

from math import log

import numpy as np
import pytest

from lpdistill import Problem
from lpdistill.deployment.expectation import Expectation
from lpdistill.deployment.objective import LinkObjective

STEADY = LinkObjective(throughput="1/1000")


@pytest.mark.parametrize("p", ["1/2", "1/20", "9/10"])
@pytest.mark.parametrize(("alpha", "times"), [(1e-3, 1.4), (1e-8, 1.2)])
def test_one_memory_that_delivers_what_it_makes_is_silent_as_a_coin_is(p, alpha, times):
    """Where each success is delivered, silence is a run of failures, whose law is geometric."""
    told = Expectation.of(Problem(p, 1, "9/10", "9/10"), STEADY)
    exact = log(alpha) / log(1 - float(told.problem.p))
    assert exact - 1 <= told.silence(alpha) <= times * exact + 3


@pytest.mark.parametrize("problem", [Problem("1/2", 4, "3/4", "79/100"), Problem("1/5", 3, "9/10", "93/100")], ids=str)
def test_silence_is_no_more_likely_than_was_allowed(problem):
    """Walks along the policy, looked at from any moment on."""
    told, random, alpha = Expectation.of(problem, STEADY), np.random.default_rng(2), 0.01
    steps = told.steps
    mixture = steps.mixture.toarray()
    moves = np.concatenate([move.toarray() for _, move in steps.outcomes], axis=1)
    states = mixture.shape[0]
    loud = np.repeat([amounts.max() > 0 for amounts, _ in steps.outcomes], states)
    walkers, state = 400, np.zeros(400, dtype=int)
    since, silent, total, longest = np.zeros(walkers), 0.0, 0.0, told.silence(alpha)
    chosen = (mixture.cumsum(axis=1), moves.cumsum(axis=1))
    for _ in range(1500):
        column = (random.random((walkers, 1)) > chosen[0][state]).sum(axis=1).clip(max=mixture.shape[1] - 1)
        place = (random.random((walkers, 1)) > chosen[1][column]).sum(axis=1).clip(max=moves.shape[1] - 1)
        since += steps.times[column]
        ended = loud[place]
        silent += np.maximum(since[ended] - longest, 0).sum()  # moments from which as long a stretch is silent
        total += since[ended].sum()
        since[ended] = 0
        state = place % states
    assert silent / total <= alpha
    assert told.silence(alpha) < 2.5 * told.silence(0.1)


def test_a_rarer_silence_is_longer():
    """By as much as the tail says: a constant for every factor."""
    told = Expectation.of(Problem("1/2", 4, "3/4", "79/100"), STEADY)
    lengths = [told.silence(10.0**-power) for power in (4, 6, 8, 10)]
    steps = np.diff(lengths)
    assert (steps > 0).all()
    assert steps == pytest.approx(steps[0], rel=0.1)
