"""Outcomes of single points, and the descriptions under which they are kept."""

from __future__ import annotations

import re

import pytest
from cases import problems
from hypothesis import given, settings

from lpdistill import (
    Banded,
    Budget,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    Resource,
    Rule,
    policy_named,
    solve,
)
from lpdistill.study import outcome as room
from lpdistill.study.outcome import Ending, described, description, key_of, outcome_of

FOUR = Problem("1/2", 4, "3/4", "79/100")


def test_the_optimum_is_that_of_solve():
    """The outcome of the optimal policy is the solution's: time, proved bounds, deviation and uses."""
    outcome, solution = outcome_of(FOUR, "optimal"), solve(FOUR)
    assert outcome.ending is Ending.DONE
    assert (outcome.waiting_time, outcome.lower_bound, outcome.upper_bound) == (
        solution.waiting_time,
        solution.lower_bound,
        solution.upper_bound,
    )
    assert outcome.standard_deviation == solution.policy.standard_deviation
    assert outcome.expected == solution.expected.to_dict()
    assert outcome.levels == len(FOUR.levels)
    assert outcome.seconds > 0


@pytest.mark.parametrize("name", ["pumping", "nested", "greedy", "banded:1"])
def test_baselines_are_those_of_the_analysis(name):
    """The outcome of a baseline is its exact evaluation, without bounds for the optimum."""
    outcome, policy = outcome_of(FOUR, name), policy_named(FOUR, name)
    assert (outcome.waiting_time, outcome.standard_deviation) == (policy.waiting_time, policy.standard_deviation)
    assert outcome.lower_bound is None


ENDINGS = {
    "out of reach": (Problem(0.5, 2, "0.6", "0.99"), "optimal", Ending.UNREACHABLE, "out of reach"),
    "infinitely many levels": (
        Problem(0.5, 4, "0.6", "0.66", rules=[Banded(1)]),
        "optimal",
        Ending.UNREACHABLE,
        "infinitely many.*under the rule banded",
    ),
    "baseline out of reach": (Problem(0.5, 2, "0.6", "0.99"), "greedy", Ending.UNREACHABLE, "out of reach"),
    "budget": (FOUR.with_constraints(Budget("steps", 1)), "optimal", Ending.UNREACHABLE, "steps"),
    "rules": (FOUR.with_constraints(MaxDistillations(0)), "optimal", Ending.UNREACHABLE, "MaxDistillations"),
    "deadlock": (Problem(0.5, 2, "3/4", "79/100"), "nested", Ending.IMPROPER, r"\(1, 1\)"),
    "baseline beyond a budget": (
        FOUR.with_constraints(Budget("generation_attempts", 12)),
        "greedy",
        Ending.EXCEEDS,
        r"generation_attempts <= 12, and \d+\.\d+ is used",
    ),
    "baseline beyond a budget that nothing keeps": (
        FOUR.with_constraints(Budget("steps", 1)),
        "pumping",
        Ending.EXCEEDS,
        r"steps <= 1, and \d+\.\d+ is used",
    ),
    "baseline that uses too little": (
        FOUR.with_constraints(Budget("steps", least=1000)),
        "greedy",
        Ending.EXCEEDS,
        r"1000 <= steps, and \d+\.\d+ is used",
    ),
    "deadlock within a budget": (
        Problem(0.5, 2, "3/4", "79/100", budgets=[Budget("steps", 1)]),
        "nested",
        Ending.IMPROPER,
        r"\(1, 1\)",
    ),
    "too large": (Problem(0.5, 300, "0.9", "0.94"), "optimal", Ending.LIMIT, "memories"),
}


@pytest.mark.parametrize("case", ENDINGS.values(), ids=ENDINGS)
def test_what_goes_wrong_is_an_outcome(case):
    """Whatever keeps a point from having a waiting time is its outcome, with the reason."""
    problem, policy, ending, word = case
    outcome = outcome_of(problem, policy)
    assert (outcome.ending, outcome.waiting_time, outcome.standard_deviation) == (ending, None, None)
    assert re.search(word, outcome.message)


@pytest.mark.parametrize(
    ("error", "ending", "word"),
    [
        (MemoryError(), Ending.LIMIT, "out of memory"),
        (ZeroDivisionError("oops"), Ending.ERROR, "unexpected ZeroDivisionError: oops"),
        (ModelError("policy", "must do better", None), Ending.ERROR, "must do better"),
    ],
    ids=["memory", "unexpected", "model"],
)
def test_errors_are_outcomes_too(monkeypatch, error, ending, word):
    """Lack of memory and errors that nobody expects are recorded with what they say."""

    def fails(_):
        raise error

    monkeypatch.setattr(room, "solve", fails)
    outcome = outcome_of(FOUR, "optimal")
    assert outcome.ending is ending
    assert word in outcome.message


def test_a_baseline_at_the_edge_of_a_budget_keeps_within_it():
    """A budget of just what a baseline uses is kept; a millionth less is not, and what is used is recorded."""
    policy = policy_named(FOUR, "greedy")
    used = policy.expected.generation_attempts
    kept = outcome_of(FOUR.with_constraints(Budget("generation_attempts", used)), "greedy")
    missed = outcome_of(FOUR.with_constraints(Budget("generation_attempts", used * (1 - 1e-6))), "greedy")
    assert (kept.ending, kept.waiting_time) == (Ending.DONE, policy.waiting_time)
    assert (missed.ending, missed.waiting_time) == (Ending.EXCEEDS, None)
    assert missed.expected == policy.expected.to_dict()


@settings(max_examples=50)
@given(problems())
def test_descriptions_keep_everything(problem):
    """The problem of a description is the problem described."""
    constrained = problem.with_constraints(Banded(1), MaxDistillations(1), Budget("steps", "100/7", least="1/3"))
    assert described(description(problem)) == problem
    assert described(description(constrained.replace(rules=constrained.rules[::-1]))) == constrained


def test_levels_are_shared_by_neighbours():
    """A described problem takes the levels of a neighbour with the same ones, and of no other."""
    levels = FOUR.levels
    near = described(description(FOUR.replace(p="1/3", distillation_time=5)))
    assert near == FOUR.replace(p="1/3", distillation_time=5)
    assert near.levels is levels
    for change in ({"f0": "0.76"}, {"target": "0.8"}):
        assert described(description(FOUR.replace(**change))).levels is not levels


@settings(max_examples=30)
@given(problems(), problems())
def test_keys_tell_problems_and_policies_apart(one, other):
    """Two problems have one key if and only if they are equal; two policies have two."""
    keys = [key_of(description(problem), "optimal") for problem in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)
    assert key_of(description(one), "nested") != keys[0]


def test_the_order_of_rules_does_not_matter():
    """Rules in another order make the same key."""
    rules = MaxDistillations(1), NoGenerationWhileDistilling()
    assert description(FOUR.replace(rules=rules)) == description(FOUR.replace(rules=rules[::-1]))


def test_results_of_another_version_have_other_keys(monkeypatch):
    """A key depends on the version whose result it is."""
    here = key_of("{}", "optimal")
    monkeypatch.setattr(room, "RESULTS", "lpdistill 99, results 1")
    assert key_of("{}", "optimal") != here


class Impostor(MaxDistillations):
    """A rule of the user's that calls itself like another."""

    name = "max_distillations"


OWN = {
    "predicate": (FOUR.with_constraints(Rule(lambda _: True, name="all")), "rules"),
    "predicate of a known name": (FOUR.with_constraints(Rule(lambda _: True, name="raw_pair_only")), "rules"),
    "class of a known name": (FOUR.with_constraints(Impostor(1)), "rules"),
    "resource": (FOUR.with_constraints(Budget(Resource("energy", lambda step: step.generate), 9)), "budgets"),
}


@pytest.mark.parametrize("case", OWN.values(), ids=OWN)
def test_what_names_do_not_describe_is_refused(case):
    """Rules and resources of the user's own are refused: two of one name would be taken for each other."""
    problem, where = case
    with pytest.raises(ModelError, match="of your own") as caught:
        description(problem)
    assert caught.value.where == where
