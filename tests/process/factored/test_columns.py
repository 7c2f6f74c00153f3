"""The numbering of columns: every configuration with every action, each once."""

from collections import Counter

import numpy as np
import oracle
import pytest
from cases import SMALL, dynamics_of, labels

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
both_attempts = pytest.mark.parametrize("attempts", ["full", "all"])


@every_problem
@both_attempts
def test_columns_are_all_actions(problem, attempts):
    """The columns are exactly the configurations and actions that enumeration finds, each once."""
    chain = oracle.counted(oracle.Hardware.of(problem), full=attempts == "full")
    expected = [(counts, action) for counts, steps in chain.steps.items() for action in steps]
    assert Counter(labels(dynamics_of(problem, attempts))) == Counter(expected)


@both_attempts
def test_columns_of_a_configuration(attempts):
    """``of_configuration`` gives exactly the columns that belong to the configuration."""
    numbering = dynamics_of(SMALL["four memories"], attempts).numbering
    owner = numbering.describe(np.arange(numbering.size)).configuration
    for rank in range(numbering.configurations.size):
        assert sorted(numbering.of_configuration(rank).tolist()) == np.flatnonzero(owner == rank).tolist()


@every_problem
@both_attempts
def test_find_inverts_describe(problem, attempts):
    """``find`` gives every column from its configuration, its matching and its attempts."""
    numbering = dynamics_of(problem, attempts).numbering
    what = numbering.describe(np.arange(numbering.size))
    assert numbering.find(what.configuration, what.counts, what.attempts).tolist() == list(range(numbering.size))


@every_problem
@both_attempts
def test_find_knows_what_is_no_column(problem, attempts):
    """Of all configurations, matchings and attempts, as many are found as there are columns; the others give -1."""
    dynamics = dynamics_of(problem, attempts)
    every = dynamics.kernel.matchings.listed
    configuration, matching, attempts = np.indices((dynamics.size, len(every), problem.memories + 1)).reshape(3, -1)
    found = dynamics.numbering.find(configuration, every[matching], attempts)
    assert sorted(found[found >= 0].tolist()) == list(range(dynamics.numbering.size))
    assert set(found[found < 0].tolist()) <= {-1}
