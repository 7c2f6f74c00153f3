"""Policies and tables, looked up by the counts of a configuration."""

from dataclasses import replace

import numpy as np
import oracle
import pytest
from cases import SMALL, solved

from lpdistill import Action, Decision, Policy

NAME = "four memories, three levels"


@pytest.fixture
def solution():
    """A solution with three levels."""
    return solved(SMALL[NAME])


TABLES = ["values", "visits", "policy", "regrets"]
every_table = pytest.mark.parametrize("name", TABLES)


@every_table
def test_tables_have_every_configuration(solution, name):
    """Each table is a mapping over all configurations."""
    table = getattr(solution, name)
    assert len(table) == 35
    assert sorted(table) == sorted(oracle.configurations(4, 3))


@every_table
@pytest.mark.parametrize(
    "counts",
    [(5, 0, 0), (-1, 0, 0), (1, 1), (1, 1, 1, 1), (), "abc", None, 3, ((1, 0, 0),), (1.5, 0, 0), ("1", "0", "0")],
    ids=str,
)
def test_what_is_no_configuration_is_a_key_error(solution, name, counts):
    """Counts that do not fit, or are no counts, are a KeyError, never another configuration's entry."""
    with pytest.raises(KeyError):
        getattr(solution, name)[counts]


@every_table
def test_membership(solution, name):
    """``in`` says whether there is such a configuration."""
    table = getattr(solution, name)
    assert (1, 1, 1) in table
    assert (3, 1, 1) not in table


def test_a_missing_configuration_says_what_there_is(solution):
    """The error tells how many counts to give and what they may sum to."""
    with pytest.raises(KeyError, match="3 counts, one per level, that sum to at most 4"):
        solution.values[(1, 1)]


def test_numpy_counts_are_counts(solution):
    """Counts may be a numpy row, as tables of counts are."""
    assert solution.values[np.array([1, 1, 1])] == solution.values[(1, 1, 1)]


def test_values_as_an_array(solution):
    """The array of a table is in the order of its keys."""
    assert list(solution.values.values()) == solution.values.array.tolist()


def test_decisions_are_certain(solution):
    """An unconstrained optimum takes one action with probability one in every configuration."""
    assert all([d.probability for d in decisions] == [1.0] for decisions in solution.policy.values())
    assert solution.policy.randomised == ()


def test_start_of_the_policy(solution):
    """From empty memories there is nothing to do but to generate on all of them."""
    assert solution.policy[(0, 0, 0)] == (Decision(Action((), 4), 1.0),)


def test_actions_fit_their_configurations(solution):
    """No action consumes pairs that are not there, or attempts generation on an occupied memory."""
    for counts, (decision,) in solution.policy.items():
        distilled = [level for pair in decision.action.distil for level in pair]
        assert all(distilled.count(level) <= counts[level] for level in range(3))
        assert decision.action.generate == 4 - sum(counts)


def test_a_randomised_policy_lists_its_lots(solution):
    """Several columns in one configuration are several decisions, and the policy says where it randomises."""
    dynamics = solution.process
    both = dynamics.choose(dynamics.admission.of_configuration(5)[:2])
    policy = Policy(replace(solution.plan, uses=both, probability=np.array([0.25, 0.75])))
    counts = tuple(dynamics.configurations.counts[5].tolist())
    assert [decision.probability for decision in policy[counts]] == [0.25, 0.75]
    assert policy.randomised == (counts,)


def test_regrets_are_sorted(solution):
    """The actions of a configuration come with increasing regret."""
    for regrets in solution.regrets.values():
        assert list(regrets.values()) == sorted(regrets.values())


@pytest.mark.parametrize("name", ["values", "visits"])
def test_frames_of_tables(solution, name):
    """A table as a data frame has one row per configuration, in order."""
    frame = getattr(solution, name).to_frame()
    assert frame["counts"].tolist() == list(getattr(solution, name))


def test_frame_of_regrets(solution):
    """All regrets as a data frame have one row per configuration and action."""
    frame = solution.regrets.to_frame()
    chain = oracle.counted(oracle.Hardware.of(SMALL[NAME]), full=True)
    assert len(frame) == sum(len(steps) for steps in chain.steps.values())


@every_table
def test_reprs_are_one_line(solution, name):
    """A table of any size prints as one line that tells its size."""
    text = repr(getattr(solution, name))
    assert "35" in text
    assert "\n" not in text
