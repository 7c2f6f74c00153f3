"""Matchings within limits: found one by one, without going through the others."""

from __future__ import annotations

import numpy as np
import pytest
from priced_cases import drawn, without_compiled

from lpdistill import Dynamics, Problem
from lpdistill.process.factored.enumeration import times
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import Tariff

PROBLEM = Problem("1/2", 5, "9/10", "94/100")


def within(process, values, slack):
    """The columns within a slack of the best of their configuration, by pricing and one by one."""
    tied = process.price(values).tied(np.ones(process.size, dtype=bool), slack)
    choice, best = process.choose(process.columns), np.full(process.size, np.inf)
    found = choice.action_values(values)
    np.minimum.at(best, choice.configuration, found)
    finite = np.isfinite(found)
    return tied.tolist(), choice.columns[finite & (found <= (best + slack)[choice.configuration])].tolist()


@pytest.mark.parametrize("price", [-3.0, -0.25, 0.0, 0.25, 3.0])
def test_prices_of_distillations_count_for_all_of_them(price):
    """With a price of either sign on distillations, also of those that may stay short of the target, none is missed."""
    process = Dynamics(PROBLEM, "all").under(Tariff(1.0, ((RESOURCES["distillations"], price),)))
    tied, expected = within(process, np.random.default_rng(1).random(process.size), 0.31)
    assert tied == expected


def test_all_columns_are_within_a_large_slack():
    """A slack larger than any difference names every column that ever changes anything."""
    process = Dynamics(PROBLEM, "all")
    tied, expected = within(process, np.random.default_rng(2).random(process.size), 1e6)
    assert tied == expected
    assert len(tied) == process.column_count - len(process.admission.waiting)


def test_numpy_finds_what_is_compiled():
    """Without anything compiled the same columns are found, for random processes."""

    def found(seed):
        process, after = drawn(seed)
        priced = process.price_after(after)
        return priced.tied(np.isfinite(priced.best), 0.2).tolist()

    compiled = [found(seed) for seed in range(40)]
    with without_compiled():
        assert [found(seed) for seed in range(40)] == compiled


def test_what_never_happens_counts_nothing():
    """Values are weighed with probabilities; those of probability 0 do not count, even if they are infinite."""
    assert times(np.array([0.0, 0.5, 0.0]), np.array([np.inf, 3.0, 2.0])).tolist() == [0.0, 1.5, 0.0]
