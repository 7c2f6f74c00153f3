"""Points that are computed together: what each would be alone, and what is left to be computed alone."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from constrained_cases import hardware
from hypothesis import given, settings
from hypothesis import strategies as st
from sweep_cases import table

from lpdistill import (
    Banded,
    Budget,
    EqualLevelsOnly,
    Grid,
    MaxAttempts,
    MaxDistillations,
    NoGenerationWhileDistilling,
    Problem,
    solve,
    sweep,
)
from lpdistill.program import family as rounds
from lpdistill.program.family import Family
from lpdistill.study import families
from lpdistill.study import sweep as room
from lpdistill.study.outcome import Ending, Outcome, description, key_of, numbers, outcome_of
from lpdistill.study.store import Store, Task
from symbolic import certify

POLICIES = ("optimal", "pumping", "nested", "greedy", "banded:1")
BASES = {
    "plain": Problem("1/2", 3, "9/10", "94/100"),
    "last step free": Problem("1/2", 4, "3/4", "79/100", final_step="free", distillation_time="1/3"),
    "rules": Problem("1/2", 4, "9/10", "94/100", rules=MaxDistillations(1)),
    "discarding": Problem("1/2", 2, "9/10", "94/100", discarding=True),
    "two memories that may be trapped": Problem("1/2", 2, "3/4", "79/100"),
    "out of reach": Problem("1/2", 2, "3/4", "99/100"),
    "no policy within the rules": Problem("1/2", 2, "3/4", "79/100", rules=EqualLevelsOnly()),
}
GRID = {"p": "0.01:0.99:0.01", "memories": "2:4", "f0": "0.75,0.9", "gap": "0.04"}


def tasks_of(problems, policy: str) -> list[Task]:
    """The tasks of some problems."""
    texts = [description(problem) for problem in problems]
    return [Task(key_of(text, policy), text, policy) for text in texts]


def found_of(tasks) -> dict:
    """What comes of tasks, by key."""
    return {task.key: outcome for results in families.outcomes(tasks) for task, outcome in results}


@pytest.fixture
def alone(monkeypatch):
    """The problems that are computed one by one, as they come."""
    counted = []
    monkeypatch.setattr(
        families, "outcome_of", lambda problem, *how: counted.append(problem) or outcome_of(problem, *how)
    )
    return counted


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_points_are_what_they_would_be_alone(base, policy):
    """Endings, messages and deadlocks are the same as those of single problems, and numbers to within rounding."""
    problems = [base.replace(p=p, generation_time=time) for p in ("0.001", "0.4", "0.77", "0.999") for time in (1, 3)]
    found = found_of(tasks_of(problems, policy))
    for problem, task in zip(problems, tasks_of(problems, policy), strict=True):
        agree(found[task.key], outcome_of(problem, policy))


def agree(outcome: Outcome, single: Outcome) -> None:
    """Raise AssertionError unless an outcome is that of a single problem, numbers to within rounding."""
    got, alone = numbers(outcome), numbers(single)
    assert got.pop("expected") == pytest.approx(alone.pop("expected"), rel=1e-12, abs=0)
    for name in ("waiting_time", "lower_bound", "upper_bound", "std"):
        one, other = alone.pop(name), got.pop(name)
        assert other == (None if one is None else pytest.approx(one, rel=1e-12, abs=0))
    assert {**got, "seconds": 0} == {**alone, "seconds": 0}


CHANCES = st.sampled_from([Fraction(1, 10**6), *(Fraction(i, 7) for i in range(1, 7)), 1 - Fraction(1, 10**6)])
RULES = st.sampled_from([(), (MaxDistillations(1),), (MaxAttempts(2),), (NoGenerationWhileDistilling(), Banded(1))])


@settings(max_examples=15, deadline=None, derandomize=True)
@given(hardware(), RULES, st.lists(CHANCES, min_size=3, max_size=3, unique=True), st.sampled_from(POLICIES))
def test_random_points_are_what_they_would_be_alone(base, rules, chances, policy):
    """The same for random hardware, durations, discarding and rules."""
    problems = [base.replace(p=p, rules=rules) for p in chances]
    found = found_of(tasks_of(problems, policy))
    for problem, task in zip(problems, tasks_of(problems, policy), strict=True):
        agree(found[task.key], outcome_of(problem, policy))


def test_bounds_hold_in_exact_arithmetic():
    """The exact waiting times of certificates lie between the bounds of points that were solved together."""
    base = BASES["last step free"]
    problems = [base.replace(p=p) for p in ("1e-6", "0.1", "2/3", "0.99")]
    found = found_of(tasks_of(problems, "optimal"))
    for problem, task in zip(problems, tasks_of(problems, "optimal"), strict=True):
        exact, outcome = certify(solve(problem)).waiting_time, found[task.key]
        assert Fraction(outcome.lower_bound) <= exact <= Fraction(outcome.upper_bound)


def test_points_of_one_shape_are_solved_together(alone):
    """Whatever their probabilities, durations and last steps are, no problem is solved by itself."""
    base = BASES["plain"]
    problems = [
        base.replace(p=p, distillation_time=time, final_step=last)
        for p in ("0.3", "0.8")
        for time in ("2", "1/7")
        for last in ("charged", "free")
    ]
    assert all(outcome.ending is Ending.DONE for outcome in found_of(tasks_of(problems, "optimal")).values())
    assert alone == []


ALONE = {
    "certain generation": Problem(1, 3, "9/10", "94/100"),
    "generation in no time": Problem("1/2", 3, "9/10", "94/100", generation_time=0),
    "distillation in no time": Problem("1/2", 3, "9/10", "94/100", distillation_time=0),
    "equally fast policies": Problem(
        "1/2", 4, "72/100", "78/100", distillation_time=1, discarding=True, rules=(Banded(0), MaxAttempts(1))
    ),
    "budgets": Problem("1/2", 3, "9/10", "94/100", budgets=Budget("steps", 40)),
}


@pytest.mark.parametrize("problem", ALONE.values(), ids=ALONE)
def test_what_is_unusual_is_computed_alone(problem, alone):
    """Certain generation, steps without time, ties and budgets have the numbers of a single problem, bit by bit."""
    tasks = tasks_of([problem, BASES["plain"]], "optimal")
    found = found_of(tasks)
    assert alone == [problem]
    assert replace(found[tasks[0].key], seconds=0) == replace(outcome_of(problem, "optimal"), seconds=0)


@pytest.mark.parametrize("limit", ["MOST_CONFIGURATIONS", "MOST_COLUMNS"])
def test_large_problems_are_computed_alone(limit, alone, monkeypatch):
    """Beyond a limit on configurations or columns nothing is solved together."""
    monkeypatch.setattr(families, limit, 10)
    problems = [Problem(p, 5, "9/10", "94/100") for p in ("0.3", "0.8")]
    found_of(tasks_of(problems, "optimal"))
    assert alone == problems


def test_what_is_not_proved_is_computed_alone(alone, monkeypatch):
    """A point whose proof fails among others is solved by itself, with its own proof or its own error."""
    monkeypatch.setattr(rounds, "MOST_ROUNDS", 0)
    problems = [Problem(p, 4, "9/10", "93/100") for p in ("0.3", "0.8")]
    found = found_of(tasks_of(problems, "optimal"))
    assert alone == problems
    assert all(outcome.ending is Ending.DONE for outcome in found.values())


def test_an_interrupt_inside_a_batch_loses_that_batch_only(tmp_path, monkeypatch):
    """Ctrl-C while points are solved together keeps all points before, leaves no claim, and the sweep goes on."""
    file, whole, calls = tmp_path / "sweep.sqlite", Family.optima, []

    def interrupted(self, points):
        calls.append(len(points))
        if sum(calls) > 100:
            raise KeyboardInterrupt
        return whole(self, points)

    monkeypatch.setattr(Family, "optima", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep(GRID, ("optimal", "greedy"), store=file, jobs=1)
    monkeypatch.undo()
    with sqlite3.connect(file) as database:
        (kept,) = database.execute("SELECT count(*) FROM result").fetchone()
        (claimed,) = database.execute("SELECT count(*) FROM claim").fetchone()
    database.close()
    assert (kept, claimed) == (sum(calls[:-1]), 0)
    assert calls[-1] > 1
    found = sweep(GRID, ("optimal", "greedy"), store=file)
    assert (found.computed, found.reused) == (len(found) - kept, kept)
    assert table(found) == table(sweep(GRID, ("optimal", "greedy"), store=None, jobs=1))


def test_batches_grow(monkeypatch):
    """The first batch has one point, each later one at most twice as many as the one before, up to a limit."""
    sizes, claim = [], Store.claim
    monkeypatch.setattr(Store, "claim", lambda self, keys, again: sizes.append(len(keys)) or claim(self, keys, again))
    monkeypatch.setattr(room, "LARGEST_BATCH", 50)
    sweep(Grid(**GRID), store=None, jobs=1)
    assert sizes[0] == 1
    assert all(after <= 2 * before for before, after in pairwise(sizes))
    assert max(sizes) == 50
