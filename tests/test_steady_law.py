"""The law of deliveries by the oracle: two routes to the spread of the count, and waits that agree with the rates."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from steady_cases import CASES, link_of, process_of
from steady_law import Moves, between, moves_of, spread, spread_in_time, stationary
from steady_numbers import LAWS
from steady_routes import classes, howard, in_counts


@cache
def solved(name: str):
    """The process of a case, its columns' losses against the best, and the best policy."""
    process = process_of(name)
    reward = process.amount("delivered")
    gain, chosen, values = howard(process, reward)
    losses = values[process.state] + gain * process.time - reward - process.moves @ values
    return process, losses, chosen, moves_of(link_of(name), process, chosen)


@pytest.mark.parametrize("name", LAWS)
def test_the_best_policy_is_the_only_one(name):
    """Where runs come, every other action loses: the law is that of the problem, not of one of several policies."""
    process, losses, chosen, _ = solved(name)
    (home,) = classes(process.moves[chosen])
    loss = min(
        losses[k]
        for k, s in enumerate(process.state)
        if s in home and in_counts(process, k) != in_counts(process, chosen[s])
    )
    assert loss > 0.01


@pytest.mark.parametrize("name", LAWS)
def test_two_routes_to_the_variance_of_the_count(name):
    """The fundamental matrix, and the growth of the variance within the 3,000th unit of time."""
    moves = solved(name)[-1]
    assert (spread(moves), spread_in_time(moves)) == pytest.approx((LAWS[name]["variance"],) * 2, rel=1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_the_time_between_deliveries(name):
    """Its mean is one over how often a step delivers, one pair or more; its mean and variance are as written."""
    moves = solved(name)[-1]
    pi = stationary(moves.likely)
    mean, variance = between(moves)
    assert mean == pytest.approx(pi @ moves.time / (pi @ moves.joint[1:].sum(axis=(0, 2))), rel=1e-12)
    assert (mean, variance) == pytest.approx((LAWS[name]["mean"], LAWS[name]["spread"]), rel=1e-9)


@pytest.mark.parametrize("name", ["two memories", "three memories", "slow generation"])
def test_single_deliveries_come_at_the_gain(name):
    """Where a step delivers one pair at most, the mean time between deliveries is one over the gain."""
    assert LAWS[name]["mean"] * CASES[name].gain == pytest.approx(1, rel=1e-9)


def test_two_memories_renew_themselves():
    """A delivery empties both memories, so the variance of the count is that of the time over its mean cubed."""
    law = LAWS["two memories"]
    assert law["variance"] == pytest.approx(law["spread"] / law["mean"] ** 3, rel=1e-9)


def test_a_coin_in_every_unit_of_time():
    """One state, a delivery with probability q each unit: variance q (1 - q), time between of a geometric law."""
    q = 0.3
    coin = Moves(np.array([[[1 - q]], [[q]]]), np.array([1.0]))
    assert (spread(coin), spread_in_time(coin)) == pytest.approx((q * (1 - q),) * 2, rel=1e-9)
    assert between(coin) == pytest.approx((1 / q, (1 - q) / q**2), rel=1e-12)
