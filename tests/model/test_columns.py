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


@both_attempts
def test_cells_partition_the_columns(attempts):
    """Every column is in exactly one cell, and all columns of a cell belong to the cell's configuration."""
    numbering = dynamics_of(SMALL["four memories, three levels"], attempts).numbering
    columns, count = numbering.of_cells(np.arange(len(numbering.cell_configuration)))
    assert sorted(columns.tolist()) == list(range(numbering.size))
    assert numbering.describe(columns).configuration.tolist() == np.repeat(numbering.cell_configuration, count).tolist()


@both_attempts
def test_find_attempts_all_it_can(attempts):
    """``find`` gives the column of the wanted matching with an attempt on every empty memory."""
    dynamics = dynamics_of(SMALL["four memories"], attempts)
    some = dynamics.configurations.counts
    # Distil two raw pairs wherever there are two, and nothing elsewhere.
    wanted = np.array([[int(n[0] >= 2), 0, 0] for n in some])
    found = labels(dynamics, dynamics.numbering.find(dynamics.matchings.number(wanted)))
    expected = [(tuple(n), (((0, 0),) if n[0] >= 2 else (), dynamics.problem.memories - sum(n))) for n in some.tolist()]
    assert found == expected
