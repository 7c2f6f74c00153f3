"""Policy iteration, and the bounds that it proves, against exact policy iteration."""

from fractions import Fraction

import numpy as np
import oracle
import pytest
from cases import SMALL, dynamics_of, labels, problems
from hypothesis import given, settings

from lpdistill import Dynamics, ImproperPolicyError
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.program.policy_iteration import policy_iteration

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)


def exact_values(problem, dynamics):
    """Exact least times to go in order of rank."""
    _, values = oracle.counted(oracle.Hardware.of(problem), full=True).optimum
    return [values[tuple(counts)] for counts in dynamics.configurations.counts.tolist()]


def check_bounds(problem):
    """Bounds enclose, and values approximate, the exact optimum in every configuration."""
    dynamics = Dynamics(problem)
    found = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel))
    exact = exact_values(problem, dynamics)
    assert all(Fraction(low) <= value for low, value in zip(found.lower, exact, strict=True))
    assert all(Fraction(high) >= value for high, value in zip(found.upper, exact, strict=True))
    assert found.values == pytest.approx([float(value) for value in exact], rel=1e-12, abs=0)


@every_problem
def test_bounds_enclose_the_exact_optimum_everywhere(problem):
    """In every configuration the exact rational optimum lies between the proven bounds, and at the value found."""
    check_bounds(problem)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(problems())
def test_bounds_enclose_the_exact_optimum_of_random_problems(problem):
    """The same for random problems."""
    check_bounds(problem)


@every_problem
def test_bounds_enclose_the_policy_found(problem):
    """The exact times to go of the policy itself lie between the bounds in every configuration."""
    dynamics = dynamics_of(problem)
    found = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel))
    chain = oracle.counted(oracle.Hardware.of(problem), full=True)
    values = chain.evaluate(dict(labels(dynamics, found.policy.columns)))
    for counts, low, high in zip(dynamics.configurations.counts.tolist(), found.lower, found.upper, strict=True):
        assert Fraction(low) <= values[tuple(counts)] <= Fraction(high)


@every_problem
def test_bounds_are_tight(problem):
    """The bounds are apart by a few hundred roundings at most."""
    dynamics = dynamics_of(problem)
    found = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel))
    assert ((found.upper - found.lower) / found.upper).max() < 1e-11


def test_an_optimal_start_takes_one_round():
    """From an optimal policy all columns are priced once."""
    dynamics = dynamics_of(SMALL["four memories, three levels"])
    best = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel))
    again = policy_iteration(dynamics, best.policy.columns)
    assert (again.rounds, again.policy.columns.tolist()) == (1, best.policy.columns.tolist())


@every_problem
def test_policy_has_one_column_per_configuration(problem):
    """The policy has a column for every configuration, in order."""
    dynamics = dynamics_of(problem)
    policy = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel)).policy
    assert policy.configuration.tolist() == list(range(dynamics.size))


@every_problem
def test_generated_columns_hold_both_policies(problem):
    """The restricted master holds the first policy and the last, in increasing order."""
    dynamics = dynamics_of(problem)
    found = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel))
    assert {*GREEDY.columns(dynamics.kernel).tolist(), *found.policy.columns.tolist()} <= set(found.generated.tolist())
    assert np.all(np.diff(found.generated) > 0)


def test_an_improper_start_is_refused():
    """A policy that waits everywhere is an ImproperPolicyError that names every configuration."""
    dynamics = dynamics_of(SMALL["three memories"], "all")
    waiting = np.array([i for i, (_, action) in enumerate(labels(dynamics)) if action == ((), 0)])
    in_order = waiting[np.argsort(dynamics.numbering.describe(waiting).configuration)]
    with pytest.raises(ImproperPolicyError) as caught:
        policy_iteration(dynamics, in_order)
    assert len(caught.value.deadlock) == dynamics.size


def test_progress_is_told():
    """Every round says what it prices."""
    dynamics, said = dynamics_of(SMALL["four memories"]), []
    found = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel), said.append)
    assert len(said) == found.rounds
