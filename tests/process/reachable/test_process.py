"""Columns written out over what can be reached, against those priced in factored form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_cases import past_the_limit

from lpdistill import Problem
from lpdistill.hardware.actions import Attempts
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.problem.labels import with_labels
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.reachable.process import ReachableProcess
from lpdistill.process.resources import RESOURCES
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import policy_iteration


@st.composite
def processes(draw):
    """One label model, as both kinds of process."""
    problem = draw(past_the_limit()).replace(memories=draw(st.integers(3, 4)))
    grid = Grid.of(problem.distillation, problem.f0, problem.target)
    for _ in range(draw(st.integers(1, 4))):
        known = sorted(grid.trees)
        a, b = (known[draw(st.integers(0, len(known) - 1))] for _ in range(2))
        grid = grid.with_results([(max(a, b), min(a, b))])
    labels = grid.labels(draw(st.sampled_from(Rounding)), problem.memories, useless=draw(st.booleans()))
    labelled, attempts = with_labels(problem, labels), draw(st.sampled_from(Attempts))
    return ReachableProcess(labelled, attempts), Dynamics(labelled, attempts)


def named(process, amounts):
    """Something about all columns that are allowed, by what they are: configuration, and action."""
    columns = process.columns
    ranks = process.choose(columns).configuration.tolist()
    actions = process.names.actions(columns)
    keys = [
        (process.names.key(rank), tuple(sorted(action.distil)), action.generate, action.discard)
        for rank, action in zip(ranks, actions, strict=True)
    ]
    return dict(zip(keys, amounts(columns).tolist(), strict=True))


def agree(listed, factored, amounts):
    """Both processes say the same of every action of a configuration that can be reached."""
    some, every = (
        named(listed, lambda columns: amounts(listed, columns)),
        named(factored, lambda columns: amounts(factored, columns)),
    )
    known = set(map(tuple, listed.configurations.counts.tolist()))
    every = {key: value for key, value in every.items() if key[0] in known}
    assert some.keys() == every.keys()
    assert [some[key] for key in every] == pytest.approx([*every.values()], rel=1e-12, abs=1e-14)


@settings(max_examples=25)
@given(processes(), st.integers(0, 10**6))
def test_action_values_are_those_of_factored_pricing(both, seed):
    """Whatever comes after, every action of every configuration is worth the same."""
    listed, factored = both
    after = np.random.default_rng(seed).uniform(1, 9, factored.size)
    within = after[factored.configurations.rank(listed.configurations.counts)]
    worth = {id(listed): within, id(factored): after}
    agree(listed, factored, lambda process, columns: process.choose(columns).action_values(worth[id(process)]))


@settings(max_examples=10)
@given(processes())
def test_amounts_are_those_of_factored_pricing(both):
    """Every action uses as much of every resource."""
    for resource in RESOURCES.values():
        agree(*both, lambda process, columns, one=resource: process.amounts(one, columns))


@settings(max_examples=20)
@given(processes())
def test_optima_are_those_of_factored_pricing(both):
    """Both have the same live configurations, the same least times to go, and the same totals from the start."""
    listed, factored = both
    rank = factored.configurations.rank(listed.configurations.counts)
    assert listed.live.tolist() == factored.live[rank].tolist()
    if listed.live[0]:
        some, every = (policy_iteration(one, one.admission.proper()) for one in both)
        live = listed.live
        assert some.values[live] == pytest.approx(every.values[rank][live], rel=1e-11, abs=0)
        spent = [Plan.optimal(one).used(RESOURCES["steps"]) for one in (some, every)]
        assert all(used > 0 for used in spent)


@settings(max_examples=20)
@given(processes())
def test_nothing_leads_out_of_what_can_be_reached(both):
    """In factored form, too, no action of a configuration that can be reached leads to one that cannot."""
    listed, factored = both
    inside = np.zeros(factored.size, dtype=bool)
    inside[factored.configurations.rank(listed.configurations.counts)] = True
    choice = factored.choose(factored.columns)
    moves = choice.moves.tocoo()
    start, end = choice.configuration[moves.coords[0]], moves.coords[1]
    assert not (inside[start] & ~inside[end] & (moves.data > 0)).any()


@settings(max_examples=20)
@given(processes())
def test_names_find_their_columns(both):
    """Configurations and actions that columns are called by lead back to them."""
    listed, _ = both
    columns = np.arange(listed.column_count)
    ranks = listed.choose(columns).configuration
    assert listed.names.find(ranks, listed.names.actions(columns)).tolist() == columns.tolist()
    assert [listed.names.rank(listed.names.key(rank)) for rank in listed.names.named] == [*listed.names.named]


def test_a_configuration_out_of_reach_has_no_name():
    """It is said which counts there are."""
    problem = Problem(".5", 3, ".8", ".88")
    grid = Grid.of(problem.distillation, problem.f0, problem.target)
    listed = ReachableProcess(with_labels(problem, grid.labels(Rounding.CEIL, 3)))
    with pytest.raises(KeyError, match="that 3 memories can reach"):
        listed.names.rank((0, 3))


@settings(max_examples=10)
@given(processes())
def test_totals_of_a_policy_are_those_of_factored_pricing(both):
    """The same policy takes as long and uses as much of every resource in both processes, from the start."""
    listed, factored = both
    if listed.live[0]:
        columns = policy_iteration(listed, listed.admission.proper()).policy.columns
        choice = listed.choose(columns)
        rank = factored.configurations.rank(listed.configurations.counts)
        whole = policy_iteration(factored, factored.admission.proper()).policy.columns.copy()
        place = {int(one): row for row, one in enumerate(factored.choose(whole).configuration)}
        found = factored.names.find(rank[choice.configuration], listed.names.actions(columns))
        whole[[place[int(one)] for one in rank[choice.configuration]]] = found
        some, every = (
            Plan.improper(one.choose(used), [1.0] * len(used)) for one, used in ((listed, columns), (factored, whole))
        )
        assert some.values[0] == pytest.approx(every.values[0], rel=1e-10)
        for resource in RESOURCES.values():
            assert some.used(resource) == pytest.approx(every.used(resource), rel=1e-10, abs=1e-12)
