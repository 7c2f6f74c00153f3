"""What whole pieces save: against optima of the enumerated model."""

import json

import pytest
from cases import REACHED_BY_DISTILLATION, solved
from oracle import Hardware, counted

from lpdistill import Budget, MaxDistillations, ModelError, Problem, solve
from lpdistill.worth.increments import increments

EXAMPLE = Problem("1/2", 4, "9/10", "94/100")


def enumerated(problem):
    """Least waiting time of the enumerated model."""
    return float(counted(Hardware.of(problem), full=True).time - problem.uncharged_time)


@pytest.mark.parametrize("name", ["three memories", "last step free", "two memories, one round"])
def test_one_more_memory(name):
    """A memory more saves the difference of two enumerated optima."""
    problem = REACHED_BY_DISTILLATION[name]
    found = increments(solved(problem))["memories"]
    expected = enumerated(problem) - enumerated(problem.replace(memories=problem.memories + 1))
    assert (found.before, found.after) == (problem.memories, problem.memories + 1)
    assert found.saves == pytest.approx(expected, rel=1e-9)


def test_one_more_distillation():
    """Where a rule binds, one more distillation a step saves the difference of the two optima."""
    solution = solve(EXAMPLE.with_constraints(MaxDistillations(1)))
    found = increments(solution)["max_distillations"]
    assert found.after == 2
    assert found.saves == pytest.approx(solution.waiting_time - solve(EXAMPLE).waiting_time, rel=1e-12)


def test_rules_that_cannot_bind_are_left_out():
    """As many distillations as fit into the memories need no more."""
    found = increments(solve(EXAMPLE.with_constraints(MaxDistillations(2))))
    assert [change.name for change in found.changes] == ["memories", "target"]
    with pytest.raises(KeyError, match="no change 'max_distillations'; there are memories, target"):
        found["max_distillations"]


def test_one_level_less():
    """With the highest level below the target as target, the waiting time is that of the enumerated model."""
    problem = REACHED_BY_DISTILLATION["three memories, three levels"]
    found = increments(solved(problem))["target"]
    level = problem.levels[len(problem.levels) - 1].fidelity
    assert found.after == float(level)
    assert found.waiting_time == pytest.approx(enumerated(problem.replace(target=level)), rel=1e-10)


def test_budgets_hold_on():
    """The saving of a memory under a budget is that of two optima within the budget."""
    budget = Budget("generation_attempts", "10.5")
    found = increments(solve(EXAMPLE.with_constraints(budget)))["memories"]
    assert found.waiting_time == solve(EXAMPLE.replace(memories=5).with_constraints(budget)).waiting_time


def test_nothing_to_lower():
    """Where a raw pair meets the target there is no level below it."""
    found = increments(solve(Problem("1/2", 3, "3/4", "7/10")))
    assert [change.name for change in found.changes] == ["memories"]


def test_graphs_are_refused():
    """A state graph has no memories to add."""
    with pytest.raises(ModelError, match="no memories"):
        increments(solve(Problem("1/2", 2, "3/4", "78/100").graph()))


def test_shown_in_every_form():
    """The text has a line per change, and JSON and frame an entry."""
    found = increments(solved(EXAMPLE))
    assert "memories 4 -> 5" in repr(found)
    assert len(json.loads(json.dumps(found.to_dict()))["changes"]) == len(found.to_frame()) == 2
