"""Rules against the enumerated model, filtered by hand."""

import math
from dataclasses import replace

import pytest
from cases import SMALL
from constrained_cases import Constrained, Patient, Thrifty, deed_of, hardware, ruled, structural, users, with_rules
from constrained_oracle import least, living
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import (
    Banded,
    EqualLevelsOnly,
    InfeasibleError,
    MaxAttempts,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
    Rule,
    Step,
    solve,
)

PROBLEM = Problem("1/2", 4, "3/4", "79/100")
ANYTHING = Rule(lambda _: True, name="anything")


def optimum(case: Constrained) -> float | None:
    """The oracle's least time, in the convention of the problem; None if no policy is left."""
    return None if case.chain is None else least(case.chain)[case.chain.start] - float(case.problem.uncharged_time)


def time_of(problem, **options):
    """The package's least time; None if it finds that no policy is left."""
    try:
        return solve(problem, **options).waiting_time
    except InfeasibleError:
        return None


def close(found, wanted, problem):
    """Equal to 1e-11 of the time that passes, or both None."""
    if found is None or wanted is None:
        return found is wanted
    return abs(found - wanted) <= 1e-11 * (wanted + float(problem.uncharged_time))


@settings(max_examples=60)
@given(with_rules(), st.sampled_from(["auto", "columns", "simplex"]))
def test_rules_leave_the_optimum_of_the_filtered_model(case, method):
    """Under any rules, of ours or of users, the optimum is the enumerated model's without what they forbid."""
    assert close(time_of(case.problem, method=method), optimum(case), case.problem)


@settings(max_examples=20)
@given(with_rules(most_memories=4))
def test_values_under_rules_hold_in_every_configuration(case):
    """The time to go is the filtered model's in every configuration, and infinite where no policy gets through."""
    if case.chain is None:
        return
    free = float(case.problem.uncharged_time)
    values, wanted = solve(case.problem).values, least(case.chain)
    for counts, value in values.items():
        if counts in wanted:
            assert value == pytest.approx(wanted[counts] - free, rel=1e-10, abs=1e-10)
        else:
            assert value == math.inf


@settings(max_examples=20)
@given(hardware(most_memories=4), st.data())
def test_structure_and_predicate_are_the_same_rule(problem, data):
    """A structural rule and its predicate, asked action by action, leave the same optimum and the same regrets."""
    rule, allowed = data.draw(structural(problem.memories))
    asked = Rule(lambda step: allowed(step.counts, deed_of(step)), name="asked")
    try:
        one = solve(problem.with_constraints(rule), attempts="all")
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solve(problem.with_constraints(asked))
        return
    other = solve(problem.with_constraints(asked), attempts="all")
    assert one.waiting_time == pytest.approx(other.waiting_time, rel=1e-12)
    for counts, regrets in one.regrets.items():
        assert regrets == pytest.approx(other.regrets[counts], rel=1e-9, abs=1e-9)


@settings(max_examples=20)
@given(hardware(most_memories=4), st.data())
def test_the_pruned_graph_is_the_graph_under_the_rule(problem, data):
    """Pruning the graph of all actions leaves the actions and the outcomes of the graph under the rule, exactly."""
    rule, _ = data.draw(structural(problem.memories) | users(problem.memories))
    pruned = problem.with_constraints(ANYTHING).graph()
    before = set(pruned)
    removed = rule.prune(pruned)
    kept = problem.with_constraints(ANYTHING, rule).graph()
    assert set(pruned) == set(kept) == before - set(removed)
    assert dict(pruned.edges) == dict(kept.edges)


@settings(max_examples=20)
@given(with_rules(most_memories=4))
def test_the_pruned_graph_has_the_optimum_under_the_rules(case):
    """Solving the pruned graph of all actions gives the optimum of the filtered model."""
    graph = case.problem.replace(rules=(ANYTHING,)).graph()
    for rule in case.problem.rules:
        rule.prune(graph)
    assert close(time_of(graph), optimum(case), case.problem)


@pytest.mark.parametrize(
    "rule",
    [
        MaxDistillations(1),
        MaxAttempts(2),
        NoGenerationWhileDistilling(),
        Banded(1),
        RawPairOnly(),
        Thrifty(),
        Patient(),
    ],
    ids=repr,
)
def test_a_rule_prunes_the_graph_of_a_problem(rule):
    """The graph of a problem, pruned by any rule and solved, has the optimum of the problem under the rule."""
    graph = PROBLEM.graph()
    rule.prune(graph)
    assert solve(graph).waiting_time == pytest.approx(solve(PROBLEM.with_constraints(rule)).waiting_time, rel=1e-12)


def test_pruning_says_what_it_removed():
    """Pruning returns the forbidden action nodes, which the graph then lacks."""
    graph = PROBLEM.graph()
    forbidden = {node for node, data in graph.nodes(data=True) if len(data.get("distil", ())) > 1}
    assert set(MaxDistillations(1).prune(graph)) == forbidden
    assert forbidden
    assert not forbidden & set(graph)


def test_rules_compose_in_any_order():
    """The order of rules and their repetition do not matter."""
    one = PROBLEM.with_constraints(MaxDistillations(1), RawPairOnly(), MaxAttempts(2))
    other = PROBLEM.with_constraints(MaxAttempts(2), RawPairOnly()).with_constraints(RawPairOnly(), MaxDistillations(1))
    assert solve(one).waiting_time == solve(other).waiting_time


def test_a_rule_that_allows_everything_changes_nothing():
    """A rule that is always true leaves the optimum, and asks about actions of every number of attempts."""
    seen = set()
    asked = Rule(lambda step: seen.add(step.generate) is None, name="asked")
    assert solve(PROBLEM.with_constraints(asked)).waiting_time == pytest.approx(solve(PROBLEM).waiting_time, rel=1e-13)
    assert seen >= {0, 1, 2, 3, 4}


def test_steps_describe_themselves():
    """A predicate sees the configuration, the fidelities and the action, and what follows from them."""
    seen: list[Step] = []
    rule = Rule(lambda step: not seen.append(step), name="seen")
    solve(PROBLEM.with_constraints(rule))
    for step in seen:
        assert step.memories == 4
        assert step.raw == 0
        assert step.fidelities[0] == 0.75
        assert len(step.fidelities) == len(PROBLEM.levels) == len(step.counts)
        assert step.stored + step.empty == 4
        assert step.waiting == (not step.distil and not step.generate)
        assert all(low <= high for low, high in step.distil)


@pytest.mark.parametrize("name", ["one memory, target below f0", "three memories, target equal to f0"])
def test_rules_hold_where_a_raw_pair_is_enough(name):
    """With a target that generation alone reaches, one attempt at a time takes ``1/p`` steps."""
    problem = SMALL[name]
    assert solve(problem.with_constraints(MaxAttempts(1))).waiting_time == pytest.approx(
        float(1 / problem.p), rel=1e-13
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(-1, "-1"), (1.5, "1.5"), ("many", "many"), (True, "True"), (math.nan, "nan")]
)
@pytest.mark.parametrize("rule", [MaxDistillations, MaxAttempts, Banded])
def test_a_rule_takes_a_whole_number(rule, value, shown):
    """A number that is negative, not whole, or no number is refused with its value."""
    with pytest.raises(ModelError, match=shown):
        rule(value)


def test_a_predicate_must_be_callable():
    """A rule is made of a function, and text is none."""
    with pytest.raises(ModelError, match=r"rule.*one at a time"):
        Rule("one at a time")


def test_a_rule_without_a_predicate_says_nothing():
    """``Rule()`` alone is refused: it would allow everything."""
    with pytest.raises(ModelError, match="predicate"):
        Rule()


@pytest.mark.parametrize("answer", [1, "yes", [], 0.0])
def test_a_predicate_answers_true_or_false(answer):
    """Any other answer is an error that names the rule, the answer and the action."""
    with pytest.raises(ModelError, match="vague") as caught:
        solve(PROBLEM.with_constraints(Rule(lambda _: answer, name="vague")))
    assert repr(answer) in str(caught.value)


def test_a_predicate_that_raises_is_named():
    """An error in a predicate is reported with the rule, the error and the action."""

    def broken(step):
        return step.counts[99] > 0

    with pytest.raises(ModelError, match=r"broken.*IndexError"):
        solve(PROBLEM.with_constraints(Rule(broken)))


@pytest.mark.parametrize("thing", ["max_distillations", 3, MaxDistillations, lambda _: True, {"steps": 3}])
def test_only_rules_and_budgets_constrain(thing):
    """Anything else that is given as a constraint is refused where it is given, and shown."""
    with pytest.raises(ModelError) as caught:
        PROBLEM.with_constraints(thing)
    shown = repr(thing) if not callable(thing) else "MaxDistillations" if isinstance(thing, type) else "lambda"
    assert shown.strip("'") in str(caught.value)


def test_dead_ends_are_named():
    """Two memories, two rounds, equal levels only: a pair of each level is where it ends, and the rule is why."""
    problem = Problem("1/2", 2, "3/4", "79/100").with_constraints(EqualLevelsOnly())
    with pytest.raises(InfeasibleError, match=r"\(1, 1\).*EqualLevelsOnly") as caught:
        solve(problem)
    assert caught.value.dead_ends == ((1, 1),)
    assert caught.value.conflict == (EqualLevelsOnly(),)


def test_discarding_opens_the_dead_end():
    """The same problem with discarding has an answer."""
    problem = Problem("1/2", 2, "3/4", "79/100", discarding=True).with_constraints(EqualLevelsOnly())
    with pytest.raises(InfeasibleError):
        solve(problem)
    four = problem.replace(memories=3)
    assert solve(four).waiting_time > solve(four.replace(rules=())).waiting_time


def test_only_the_rules_that_close_a_dead_end_conflict():
    """A rule that has no part in it is not blamed."""
    problem = Problem("1/2", 2, "3/4", "79/100").with_constraints(
        MaxDistillations(1), EqualLevelsOnly(), MaxAttempts(2)
    )
    with pytest.raises(InfeasibleError) as caught:
        solve(problem)
    assert caught.value.conflict == (EqualLevelsOnly(),)


@settings(max_examples=40)
@given(with_rules(most_memories=3, own=True))
def test_a_conflict_of_rules_is_one(case):
    """The rules that are named leave no policy, and none leaves the dead ends under all of them."""
    if case.chain is not None:
        return
    with pytest.raises(InfeasibleError) as caught:
        solve(case.problem)
    named = caught.value.conflict
    assert named
    assert set(named) <= set(case.problem.rules)
    with pytest.raises(InfeasibleError):
        solve(case.problem.replace(rules=named))
    left = {counts for counts in case.all_allowed.steps if living(replace(case.all_allowed, start=counts))}
    assert not left & set(caught.value.dead_ends)


def test_rules_without_memories_to_break_them_change_nothing():
    """Two distillations at a time need four memories: with three, the rule is idle."""
    three = PROBLEM.replace(memories=3)
    assert solve(three.with_constraints(MaxDistillations(1))).waiting_time == pytest.approx(
        solve(three).waiting_time, rel=1e-13
    )


@pytest.mark.parametrize("method", ["auto", "columns", "simplex", "ipm"])
def test_a_users_class_of_rules_works_with_every_method(method):
    """Rules that override structure, and rules that override the predicate, are obeyed by every method."""
    case = ruled(
        PROBLEM,
        [
            (
                Thrifty(),
                lambda _, deed: (
                    len(deed[0]) <= 1 and all(sum(pair) <= 1 for pair in deed[0]) and (not deed[0] or deed[1] <= 1)
                ),
            ),
            (Patient(), lambda counts, deed: not deed[0] or 2 * sum(counts) >= 4),
        ],
    )
    assert close(time_of(case.problem, method=method), optimum(case), PROBLEM)
