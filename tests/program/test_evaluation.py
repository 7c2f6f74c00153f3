"""Policies evaluated in floating point, against exact elimination."""

import numpy as np
import oracle
import pytest
from cases import SMALL, dynamics_of, labels
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import ImproperPolicyError, Problem
from lpdistill.process.factored.baselines import BASELINES, GREEDY
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.program import evaluation, systems
from lpdistill.program.evaluation import doomed, evaluate, stuck, visits

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)

ROUTES = {
    "dense": (),
    "iterative": ((systems, "DENSE", 0), (evaluation, "FACTORISED", 0)),
    "sparse factors": ((systems, "DENSE", 0),),
}


@pytest.fixture(params=ROUTES.values(), ids=ROUTES)
def route(request, monkeypatch):
    """Each of the three ways to solve a policy's equations, whatever its size."""
    for module, name, value in request.param:
        monkeypatch.setattr(module, name, value)


def named(dynamics, columns):
    """A policy in the oracle's words."""
    return dict(labels(dynamics, columns))


def ranked(dynamics, by_counts):
    """Exact numbers by configuration, as floats in order of rank."""
    return [float(by_counts[tuple(counts)]) for counts in dynamics.configurations.counts.tolist()]


def entered_at(dynamics, rank):
    """A run that enters one configuration from outside."""
    return np.eye(dynamics.size)[rank]


@st.composite
def random_policies(draw, problems):
    """A problem, and a column for every configuration, waiting among them."""
    dynamics = dynamics_of(draw(st.sampled_from(problems)), "all")
    columns = [
        draw(st.sampled_from(dynamics.numbering.of_configuration(rank).tolist())) for rank in range(dynamics.size)
    ]
    return dynamics, np.array(columns)


@every_problem
@pytest.mark.usefixtures("route")
def test_values_of_greedy_are_exact_in_every_configuration(problem):
    """Expected times to go of the greedy policy agree with exact elimination, also in unreachable configurations."""
    dynamics = dynamics_of(problem)
    choice = dynamics.choose(GREEDY.columns(dynamics.kernel))
    local = choice.cost / choice.leaving
    values = evaluate(choice, local)
    values = evaluate(choice, local, values)
    chain = oracle.counted(oracle.Hardware.of(problem), full=True)
    expected = ranked(dynamics, chain.evaluate(named(dynamics, choice.columns)))
    assert values == pytest.approx(expected, rel=1e-12, abs=0)


@every_problem
def test_visits_of_greedy_are_exact(problem):
    """Expected visits of the greedy policy agree with exact elimination, however few: exactly 0 where unreachable."""
    dynamics = dynamics_of(problem)
    choice = dynamics.choose(GREEDY.columns(dynamics.kernel))
    chain = oracle.counted(oracle.Hardware.of(problem), full=True)
    expected = ranked(dynamics, chain.visits(named(dynamics, choice.columns)))
    assert visits(choice, entered_at(dynamics, 0)) == pytest.approx(expected, rel=1e-12, abs=0)


@every_problem
@pytest.mark.usefixtures("route")
def test_visits_balance_by_every_route(problem):
    """Whichever way they are found, visits balance: a run leaves a configuration as often as it enters."""
    dynamics = dynamics_of(problem)
    choice = dynamics.choose(GREEDY.columns(dynamics.kernel))
    found = visits(choice, entered_at(dynamics, 0))
    entered = choice.moves.T @ found
    entered[0] += 1
    assert choice.leaving * found == pytest.approx(entered, rel=0, abs=1e-13)


@every_problem
def test_visits_from_elsewhere(problem):
    """Visits may start in any configuration."""
    dynamics = dynamics_of(problem)
    choice, start = dynamics.choose(GREEDY.columns(dynamics.kernel)), dynamics.size // 2
    chain = oracle.counted(oracle.Hardware.of(problem), full=True)
    counts = dynamics.configurations.counts.tolist()
    elsewhere = oracle.Chain(tuple(counts[start]), chain.steps)
    expected = ranked(dynamics, elsewhere.visits(named(dynamics, choice.columns)))
    assert visits(choice, entered_at(dynamics, start)) == pytest.approx(expected, rel=1e-12, abs=0)


def entered_only(dynamics):
    """The greedy policy, and the part of it that says what to do where a run from the start comes."""
    whole = dynamics.choose(GREEDY.columns(dynamics.kernel))
    return whole, whole.at(visits(whole, entered_at(dynamics, 0)) > 0)


@every_problem
def test_visits_need_no_columns_where_no_run_comes(problem):
    """A policy without columns where unreachable has the visits of any policy that agrees with it elsewhere."""
    dynamics = dynamics_of(problem)
    whole, part = entered_only(dynamics)
    start = entered_at(dynamics, 0)
    expected = visits(whole, start)[part.configuration]
    assert visits(part, start) == pytest.approx(expected, rel=1e-12, abs=0)


@every_problem
@pytest.mark.usefixtures("route")
def test_values_need_no_columns_where_no_run_comes(problem):
    """The same for times to go, which are reported as 0 where there is no column."""
    dynamics = dynamics_of(problem)
    whole, part = entered_only(dynamics)
    expected = np.zeros(dynamics.size)
    expected[part.configuration] = evaluate(whole, whole.cost / whole.leaving)[part.configuration]
    assert evaluate(part, part.cost / part.leaving) == pytest.approx(expected, rel=1e-12, abs=0)


def test_deadlock_of_a_partial_policy_is_named_by_configuration():
    """A policy without a column for the empty memories names the configurations that are stuck, not their positions."""
    dynamics = dynamics_of(Problem(1, 3, "3/4", "31/40"), "all")
    number = {label: column for column, label in enumerate(labels(dynamics))}
    stays = dynamics.choose(np.array([number[(2,), (((0, 0),), 1)], number[(3,), ((), 0)]]))
    with pytest.raises(ImproperPolicyError) as caught:
        evaluate(stays, stays.cost)
    assert caught.value.deadlock == ((3,),)


WITH_TRAPS = [SMALL[name] for name in ("two memories, two rounds", "three memories", "certain generation")]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(random_policies(WITH_TRAPS))
def test_stuck_is_what_the_graph_says(case):
    """The configurations from which a random policy never reaches the target are those of the exact graph."""
    dynamics, columns = case
    chain = oracle.counted(oracle.Hardware.of(dynamics.problem))
    choice = dynamics.choose(columns)
    found = dynamics.configurations.counts[choice.configuration[stuck(choice)]].tolist()
    assert {tuple(counts) for counts in found} == chain.stuck(named(dynamics, columns))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(random_policies(WITH_TRAPS))
def test_a_random_policy_is_evaluated_or_improper(case):
    """A policy that gets stuck anywhere is an ImproperPolicyError that names the trap; any other has exact values."""
    dynamics, columns = case
    chain = oracle.counted(oracle.Hardware.of(dynamics.problem))
    choice, policy = dynamics.choose(columns), named(dynamics, columns)
    deadlock = chain.trapped(policy)
    assert bool(deadlock) == bool(chain.stuck(policy))
    # Waiting has nothing to collect until it is left: any number will do.
    local = choice.cost / np.where(choice.leaving > 0, choice.leaving, 1)
    if deadlock:
        with pytest.raises(ImproperPolicyError) as caught:
            evaluate(choice, local)
        assert set(caught.value.deadlock) == deadlock
    else:
        values = evaluate(choice, local)
        assert values == pytest.approx(ranked(dynamics, chain.evaluate(policy)), rel=1e-12, abs=0)


def test_an_impossible_way_out_is_none():
    """With ``p = 1`` a policy that waits when full is stuck at the start, though it would distil fewer pairs."""
    dynamics = dynamics_of(Problem(1, 3, "3/4", "31/40"), "all")
    policy = {(0,): ((), 3), (1,): ((), 2), (2,): (((0, 0),), 1), (3,): ((), 0)}
    number = {label: column for column, label in enumerate(labels(dynamics))}
    choice = dynamics.choose(np.array([number[item] for item in policy.items()]))
    assert stuck(choice).tolist() == [True, True, False, True]


@pytest.fixture
def nested():
    """Nested distillation of two rounds with two memories."""
    dynamics = dynamics_of(SMALL["two memories, two rounds"], "all")
    number = {label: column for column, label in enumerate(labels(dynamics))}
    policy = {counts: ((), 2 - sum(counts)) for counts in [(0, 0), (1, 0), (0, 1), (1, 1)]}
    policy |= {(2, 0): (((0, 0),), 0), (0, 2): (((1, 1),), 0)}
    in_order = [tuple(counts) for counts in dynamics.configurations.counts.tolist()]
    return dynamics.choose(np.array([number[counts, policy[counts]] for counts in in_order]))


def test_nested_deadlocks_with_two_memories(nested):
    """Nested distillation with two memories deadlocks: a raw pair and a distilled one have no partner."""
    with pytest.raises(ImproperPolicyError) as caught:
        evaluate(nested, nested.cost)
    assert set(caught.value.deadlock) == {(1, 1)}


def test_nested_is_stuck_wherever_it_may_deadlock(nested):
    """It is stuck from wherever every run ends in the deadlock."""
    found = nested.process.configurations.counts[stuck(nested)].tolist()
    assert {tuple(counts) for counts in found} == {(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)}


@pytest.mark.parametrize("p", ["1e-9", "1e-50", "1e-150"])
def test_rare_generation_keeps_all_digits(p):
    """However rare generation is, values and visits keep their relative accuracy."""
    problem = Problem(p, 2, "3/4", "79/100")
    dynamics = dynamics_of(problem)
    choice = dynamics.choose(GREEDY.columns(dynamics.kernel))
    chain = oracle.counted(oracle.Hardware.of(problem), full=True)
    policy = named(dynamics, choice.columns)
    assert evaluate(choice, choice.cost / choice.leaving) == pytest.approx(
        ranked(dynamics, chain.evaluate(policy)), rel=1e-13, abs=0
    )
    expected = ranked(dynamics, chain.visits(policy))
    assert visits(choice, entered_at(dynamics, 0)) == pytest.approx(expected, rel=1e-13, abs=0)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize(
    "problem", [Problem("1/2", 9, "9/10", "94/100"), Problem("1/100", 5, "65/100", "714/1000")], ids=["9", "5"]
)
def test_runs_that_are_trapped_are_found_by_expectation_as_by_search(problem, name):
    """With no move written out, policies are found to end, or not to, where a search through all moves finds so."""
    dynamics = Dynamics(problem)
    choice = dynamics.choose(BASELINES[name].columns(dynamics.kernel))
    trapped = ~choice.edges.reached_from(np.array([dynamics.size]))
    assert (stuck(choice) == trapped).all()
    assert (doomed(choice) == choice.edges.reached_from(np.flatnonzero(trapped))).all()
