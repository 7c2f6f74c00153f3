"""Stationary policies: variance and deadlocks against exact elimination and search."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import oracle
import pytest
from cases import SMALL, dynamics_of, labels, solved
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import Action, ImproperPolicyError, Policy, Problem, policy_named
from lpdistill.program.plan import Plan

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)

TINY = [
    *(SMALL[name] for name in ("two memories, one round", "two memories, two rounds", "three memories")),
    Problem("1/3", 2, "3/4", "79/100", generation_time=0),
    Problem("1/3", 2, "3/4", "79/100", distillation_time=0),
]


def exact_variance(chain, policy):
    """Variance of the time to go of a proper policy in every state, in fractions, from first and second moments."""
    first = chain.evaluate(policy)
    rows, states = [], list(chain.steps)
    for state in states:
        step = chain.steps[state][policy[state]]
        row = [Fraction(int(state == other)) for other in states]
        right = step.cost**2
        for after, probability in step.moves.items():
            if after != oracle.TARGET:
                row[states.index(after)] -= probability
                right += 2 * step.cost * probability * first[after]
        rows.append([*row, right])
    second = dict(zip(states, oracle.gauss(rows), strict=True))
    return {state: second[state] - first[state] ** 2 for state in states}


@every_problem
@pytest.mark.parametrize("name", ["optimal", "greedy"])
def test_variance_is_exact_in_every_configuration(problem, name):
    """The variance of the time to go agrees with exact moments in every configuration, to 10 digits of its own."""
    policy = policy_named(problem, name)
    chain = oracle.counted(oracle.Hardware.of(problem))
    named = dict(labels(policy.process, policy.plan.uses.columns))
    expected = exact_variance(chain, named)
    found = dict(zip(policy, policy.plan.variance.tolist(), strict=True))
    assert found == pytest.approx({state: float(v) for state, v in expected.items()}, rel=1e-10, abs=1e-25)
    assert policy.standard_deviation == pytest.approx(math.sqrt(expected[chain.start]), rel=1e-10)


def test_the_last_step_adds_nothing_to_the_variance():
    """Whether the last step counts shifts all waiting times alike."""
    charged = Problem("1/2", 4, "3/4", "79/100")
    free = Problem("1/2", 4, "3/4", "79/100", final_step="free")
    assert solved(charged).policy.standard_deviation == solved(free).policy.standard_deviation


@st.composite
def random_policies(draw):
    """A problem, and any action in every configuration, waiting among them."""
    dynamics = dynamics_of(draw(st.sampled_from(TINY)), "all")
    return dynamics, np.array(
        [draw(st.sampled_from(dynamics.numbering.of_configuration(rank).tolist())) for rank in range(dynamics.size)]
    )


def entered(chain, policy):
    """States that runs from the start enter."""
    found, queue = {chain.start}, [chain.start]
    while queue:
        state = queue.pop()
        new = set(chain.steps[state][policy[state]].moves) - found - {oracle.TARGET}
        found |= new
        queue += new
    return found


@settings(max_examples=150, deadline=None)
@given(random_policies())
def test_deadlocks_are_where_runs_are_trapped(drawn):
    """The deadlock is the trapped states that runs enter, and the time is infinite just where they lead there."""
    dynamics, columns = drawn
    policy = Policy(Plan.improper(dynamics.choose(columns), np.ones(len(columns))))
    chain = oracle.counted(oracle.Hardware.of(dynamics.problem))
    named = dict(labels(dynamics, columns))
    trapped, found = chain.trapped(named), entered(chain, named)
    assert set(policy.deadlock) == trapped & found
    assert math.isinf(policy.waiting_time) == bool(trapped & found) == (not policy.plan.proper)
    for state, value in zip(policy, policy.plan.values.tolist(), strict=True):
        doomed = bool(trapped & entered(oracle.Chain(state, chain.steps), named))
        assert math.isinf(value) == doomed
    if not trapped:
        exact = chain.evaluate(named)
        assert policy.plan.values == pytest.approx([float(exact[state]) for state in policy], rel=1e-10)


def test_a_deadlock_that_runs_never_enter_costs_nothing():
    """Time, spread and expected totals are finite where the trap is not on the way, and it is no deadlock."""
    trap = Policy.of(  # with certain generation there is never one pair alone
        Problem(1, 2, "3/4", "31/40"),
        lambda n: {0: Action((), 2), 1: Action((), 0), 2: Action(((0, 0),), 0)}[n[0]],
        improper=True,
    )
    assert trap.deadlock == ()
    assert trap.waiting_time == pytest.approx(3 * 18 / 13)
    assert trap.standard_deviation == pytest.approx(3 * math.sqrt(5 / 18) / (13 / 18))
    assert trap.expected["distillations"] == pytest.approx(18 / 13)
    assert trap.plan.values[1] == trap.plan.variance[1] == math.inf


def test_an_improper_policy_has_no_spread():
    """Asking for the spread of a time that may be infinite names the deadlock."""
    trapped = policy_named(Problem("1/2", 2, "3/4", "79/100"), "nested")
    with pytest.raises(ImproperPolicyError, match=r"\(1, 1\)") as caught:
        _ = trapped.standard_deviation
    assert caught.value.deadlock == ((1, 1),)


@pytest.mark.parametrize("name", ["optimal", "pumping", "nested", "greedy"])
def test_the_spread_is_that_of_the_variance_everywhere(name):
    """Found where runs come alone, the standard deviation from the start is that of the whole system."""
    plan = policy_named(Problem("1/3", 7, "9/10", "94/100"), name).plan
    assert plan.spread == pytest.approx(math.sqrt(plan.variance[0]), rel=1e-12)
