"""Discarding stored pairs, against the enumerated model."""

from fractions import Fraction

import pytest
from constrained_cases import deed_of, hardware, ruled, structural
from constrained_oracle import STANDARD, course, draws_of, everything, least, living, standard
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Hardware

from lpdistill import (
    Action,
    Budget,
    InfeasibleError,
    MaxDistillations,
    ModelError,
    Problem,
    Resource,
    Rule,
    Visits,
    solve,
)

AIRY = [
    (
        Rule(lambda step: step.generate in (0, step.empty), name="all or none"),
        lambda counts, deed: deed[1] in (0, 3 - sum(counts)),
    ),
    (
        Rule(lambda step: not step.distil or step.empty > 0, name="airy"),
        lambda counts, deed: not deed[0] or sum(counts) < 3,
    ),
]
"""Attempts on all empty memories or on none, and distillation only beside an empty one: full memories must discard."""
FORCED = Problem("1/2", 3, "3/4", "79/100", discarding=True).with_constraints(*(rule for rule, _ in AIRY))


def oracle_time(problem, *rules):
    """Least time of the enumerated model with discards, in the convention of the problem."""
    chain = ruled(problem, list(rules)).chain
    return least(chain)[chain.start] - float(problem.uncharged_time)


@settings(max_examples=25)
@given(hardware(most_memories=5, discarding=True), st.sampled_from(["auto", "columns", "simplex"]))
def test_optimum_with_discards_is_that_of_the_enumerated_model(problem, method):
    """With discards the optimum is the enumerated model's."""
    wanted = oracle_time(problem)
    scale = wanted + float(problem.uncharged_time)
    assert abs(solve(problem, method=method).waiting_time - wanted) <= 1e-11 * scale


@settings(max_examples=25)
@given(hardware(most_memories=4, discarding=False), st.data())
def test_discarding_never_costs(problem, data):
    """Under any built-in rule that leaves a policy, the optimum with discards is no worse than without."""
    rule, _ = data.draw(structural(problem.memories))
    try:
        without = solve(problem.with_constraints(rule)).waiting_time
    except InfeasibleError:
        return
    with_discards = solve(problem.replace(discarding=True).with_constraints(rule)).waiting_time
    assert with_discards <= without * (1 + 1e-12)


def test_discarding_can_be_what_makes_it_possible():
    """Where full memories may not distil, there is no policy without discards, and the enumerated optimum with them."""
    assert solve(FORCED).waiting_time == pytest.approx(oracle_time(FORCED.replace(rules=()), *AIRY), rel=1e-12)
    with pytest.raises(InfeasibleError, match="discarding"):
        solve(FORCED.replace(discarding=False))


@pytest.mark.parametrize("name", STANDARD)
def test_discards_use_nothing(name):
    """What a run with discards uses is the exact sum over its steps, where a discard is none and takes no time."""
    solution = solve(FORCED)
    assert any(deed[2] for deeds in draws_of(solution).values() for deed in deeds)
    parameters = Hardware.of(FORCED)
    run = course(everything(parameters, discarding=True), draws_of(solution))
    assert solution.expected[name] == pytest.approx(float(run.used(standard(parameters, name))), rel=1e-12)
    assert solution.waiting_time == pytest.approx(float(run.time), rel=1e-12)


def test_discards_are_no_visits():
    """Visits count steps that start in a configuration, not discards that do."""
    visited = Visits([(3, 0), (2, 0)], name="crowded")
    solution = solve(FORCED.with_constraints(Budget(visited, 1000)))
    run = course(everything(Hardware.of(FORCED), discarding=True), draws_of(solution))
    exact = run.used(lambda counts, deed: Fraction(counts in {(3, 0), (2, 0)} and not deed[2]))
    assert solution.budgets["crowded"].used == pytest.approx(float(exact), rel=1e-12, abs=1e-12)


def test_a_users_resource_may_charge_discards():
    """A resource of the user's is asked about discards too."""
    wasted = Resource("wasted", lambda step: len(step.discard))
    free = solve(FORCED.with_constraints(Budget(wasted, 1000)))
    run = course(everything(Hardware.of(FORCED), discarding=True), draws_of(free))
    exact = run.used(lambda _, deed: Fraction(len(deed[2])))
    assert exact > 0
    assert free.budgets["wasted"].used == pytest.approx(float(exact), rel=1e-12)


def test_rules_may_forbid_discards():
    """A predicate sees discards: forbidding every discard gives the optimum without discarding."""
    problem = Problem("1/2", 4, "3/4", "79/100")
    kept = Rule(lambda step: not step.discard, name="kept")
    one = solve(problem.replace(discarding=True).with_constraints(kept, MaxDistillations(1)))
    assert one.waiting_time == pytest.approx(
        solve(problem.with_constraints(MaxDistillations(1))).waiting_time, rel=1e-12
    )


def test_a_discard_does_nothing_else():
    """No action that discards also distils or generates, and each discards one stored pair."""
    seen = []
    watch = Rule(lambda step: not seen.append((step.counts, deed_of(step))), name="watch")
    problem = Problem("1/2", 3, "3/4", "79/100", discarding=True)
    solve(problem.with_constraints(watch))
    discards = {(counts, deed) for counts, deed in seen if deed[2]}
    chain = everything(Hardware.of(problem), discarding=True)
    assert discards == {(counts, deed) for counts, deeds in chain.steps.items() for deed in deeds if deed[2]}


def test_discards_are_in_the_state_graph():
    """The graph of a problem with discards has a node of no time for each, and solves to the same optimum."""
    graph = FORCED.graph()
    discards = [data for _, data in graph.nodes(data=True) if data.get("discard")]
    assert discards
    assert all(data["time"] == 0 and data["steps"] == 0 for data in discards)
    assert solve(graph).waiting_time == pytest.approx(solve(FORCED).waiting_time, rel=1e-12)


def test_regrets_name_discards():
    """The regret of discarding the only pair is what the time to go grows by."""
    solution = solve(Problem("1/2", 3, "3/4", "79/100", discarding=True))
    values = solution.values
    assert solution.regrets[1, 0][Action(discard=(0,))] == pytest.approx(values[0, 0] - values[1, 0], rel=1e-9)


@pytest.mark.parametrize("limit", ["0.4", "0.35", "0.3"])
def test_budgets_hold_with_discards(limit):
    """With discards and a limit on failures that binds or not, there is an answer or none: the package says which."""
    problem = Problem(1, 3, "3/4", "31/40", discarding=True)
    chain = living(everything(Hardware.of(problem), discarding=True))
    fails = standard(Hardware.of(problem), "failed_distillations")
    fewest = least(
        chain, lambda counts, deed: float(fails(counts, deed)) + 1e-7 * float(chain.steps[counts][deed].cost)
    )
    budget = Budget("failed_distillations", limit)
    if fewest[chain.start] > float(Fraction(limit)) + 1e-5:
        with pytest.raises(InfeasibleError):
            solve(problem.with_constraints(budget))
    else:
        assert solve(problem.with_constraints(budget)).budgets["failed_distillations"].used <= float(Fraction(limit))


@pytest.mark.parametrize("value", [1, "yes", None])
def test_discarding_is_true_or_false(value):
    """Whether pairs may be discarded is True or False, and nothing else."""
    with pytest.raises(ModelError, match="discarding"):
        Problem("1/2", 3, "3/4", "79/100", discarding=value)
