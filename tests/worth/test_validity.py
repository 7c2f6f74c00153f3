"""How far the policy holds: against bisection, and against optima solved anew on either side of every end."""

import json
from fractions import Fraction
from functools import cache
from math import inf

import pytest
from cases import REACHED_BY_DISTILLATION, problems, solved
from hypothesis import given, settings

from lpdistill import Action, Budget, MaxDistillations, ModelError, Policy, Problem, solve
from lpdistill.worth.validity import End, validity

PARAMETERS = ("p", "f0", "generation_time", "distillation_time")
NAMES = ["four memories", "four memories, three levels", "last step free", "times in thirds and sevenths"]
NEARBY = 1e-6
"""Relative distance from an end at which it is looked at."""


@cache
def ranges_of(name):
    """The ranges of one of the known problems, worked out once."""
    return validity(solved(REACHED_BY_DISTILLATION[name]))


def deeds(solution):
    """What a solution does in every reachable configuration."""
    return {row.counts: row.decisions[0].action for row in solution.rows(visited=True)}


def loss(solution, **changes):
    """By how much the solution's policy is slower than the best one elsewhere, relative to that, each solved anew."""
    problem = solution.problem.replace(**changes)
    best = solve(problem)
    return Policy.of(problem, deeds(solution)).waiting_time / best.waiting_time - 1


def bisected(solution, parameter, outside):
    """The end of the range towards a value at which the policy is not optimal, by bisection."""
    inside = float(getattr(solution.problem, parameter))
    for _ in range(30):  # to a billionth of the first bracket
        middle = (inside + outside) / 2
        if loss(solution, **{parameter: middle}) <= 1e-13:
            inside = middle
        else:
            outside = middle
    return (inside + outside) / 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("parameter", ["p", "generation_time", "distillation_time"])
def test_ends_are_those_of_bisection(name, parameter):
    """Both ends of a range that actions end are found by bisection on the loss of the policy."""
    solution = solved(REACHED_BY_DISTILLATION[name])
    found = ranges_of(name).ranges[parameter]
    for limit, factor in ((found.lower, 0.9), (found.upper, 1.1)):
        if limit.because is End.ACTION:
            outside = limit.value * factor if parameter != "p" else limit.value + (factor - 1) * 0.1
            assert bisected(solution, parameter, outside) == pytest.approx(limit.value, rel=1e-7)


@settings(max_examples=15)
@given(problems(most_memories=4))
def test_optimal_up_to_the_ends_and_not_beyond(problem):
    """At both ends the policy is as fast as the best one; a little beyond, the best one is faster."""
    solution = solved(problem)
    for parameter, found in validity(solution).ranges.items():
        for limit, sign in ((found.lower, -1), (found.upper, 1)):
            if limit.because is not End.ACTION or limit.value == found.value:
                continue
            inside = limit.value - sign * NEARBY * abs(limit.value - found.value)
            beyond = limit.value + sign * NEARBY * limit.value
            assert loss(solution, **{parameter: inside}) <= 1e-12
            moved = problem.replace(**{parameter: beyond})
            best = solve(moved)
            assert any(deeds(best).get(where) != does for where, does in deeds(solution).items())
            assert Policy.of(moved, deeds(solution)).waiting_time > best.waiting_time


@pytest.mark.parametrize("name", [*NAMES[:2], NAMES[3]])
def test_what_takes_over_is_what_the_optimum_does_beyond(name):
    """A little beyond an end, the optimum does what is named in each named configuration, and before it the other."""
    solution = solved(REACHED_BY_DISTILLATION[name])
    seen = 0
    for parameter, found in ranges_of(name).ranges.items():
        for limit, sign in ((found.lower, -1), (found.upper, 1)):
            if limit.because is not End.ACTION:
                continue
            assert limit.takeovers
            beyond = solve(solution.problem.replace(**{parameter: limit.value * (1 + sign * 1e-7)}))
            for change in limit.takeovers:
                seen += 1
                assert beyond.policy[change.counts][0].action == change.action
                assert solution.policy[change.counts][0].action == change.replaced
    assert seen


def test_the_two_times_mirror_each_other():
    """Only the ratio of the times matters: one's range is the other's, upside down."""
    problem = REACHED_BY_DISTILLATION["four memories, three levels"]
    ranges = ranges_of("four memories, three levels").ranges
    ratio = float(problem.generation_time * problem.distillation_time)
    generation, distillation = ranges["generation_time"], ranges["distillation_time"]
    assert generation.lower.value == pytest.approx(ratio / distillation.upper.value, rel=1e-12)
    assert generation.upper.value == pytest.approx(ratio / distillation.lower.value, rel=1e-12)


def test_ends_by_durations_lose_no_digits():
    """Where times differ little around an end, it is that of the two policies' times as fractions."""
    found = validity(solve(Problem("1/2", 10, "9/10", "94/100"))).ranges
    assert found["generation_time"].upper.value == pytest.approx(1.529443376909295, rel=1e-12)
    assert found["distillation_time"].lower.value == pytest.approx(1.3076652788817902, rel=1e-12)


def test_fidelity_ends_where_levels_change():
    """With no other action on the way, the range of f0 is that of the levels, and says so."""
    found = ranges_of("four memories").ranges["f0"]
    assert (found.lower.because, found.upper.because) == (End.LEVELS, End.LEVELS)
    solution = solved(REACHED_BY_DISTILLATION["four memories"])
    for value in (found.lower.value + 1e-9, found.upper.value - 1e-9):
        assert loss(solution, f0=value) <= 1e-12


def test_a_single_policy_holds_everywhere():
    """Where raw pairs meet the target there is one policy: no parameter has an end, but the target below f0."""
    ranges = validity(solve(Problem("1/2", 3, "3/4", "7/10"))).ranges
    assert (ranges["p"].lower.value, ranges["p"].upper.value) == (0, 1)
    assert (ranges["generation_time"].lower.value, ranges["generation_time"].upper.value) == (0, inf)
    assert ranges["f0"].lower.value == pytest.approx(0.7)


def test_at_a_kink_the_range_ends_at_once():
    """Where two policies are equally fast, the one that was found holds to one side only."""
    problem = REACHED_BY_DISTILLATION["four memories, three levels"].replace(p="1/2")
    end = validity(solve(problem)).ranges["p"].upper.value
    found = validity(solve(problem.replace(p=Fraction(end)))).ranges["p"]
    assert end in (pytest.approx(found.lower.value, rel=1e-9), pytest.approx(found.upper.value, rel=1e-9))


def test_certain_generation():
    """At p = 1 the range reaches down to where another action takes over, though failures never happened yet."""
    problem = REACHED_BY_DISTILLATION["certain generation"]
    solution = solve(problem)
    found = validity(solution).ranges["p"]
    assert found.upper.value == 1
    everywhere = {counts: does[0].action for counts, does in solution.policy.items()}
    for value, optimal in ((found.lower.value * (1 + 1e-6), True), (found.lower.value * (1 - 1e-6), False)):
        moved = problem.replace(p=value)
        lost = Policy.of(moved, everywhere).waiting_time - solve(moved).waiting_time
        assert (lost <= 1e-12) is optimal


def test_rules_hold_along_the_way():
    """Under a rule, ranges are those of the optimum under the rule."""
    solution = solve(Problem("1/2", 4, "3/4", "79/100").with_constraints(MaxDistillations(1)))
    found = validity(solution).ranges["generation_time"]
    for limit, sign in ((found.lower, -1), (found.upper, 1)):
        if limit.because is End.ACTION:
            assert loss(solution, generation_time=limit.value * (1 - sign * 1e-6)) <= 1e-12
            assert loss(solution, generation_time=limit.value * (1 + sign * 1e-4)) > 1e-12


def test_budgets_and_graphs_are_refused():
    """With a budget, prices have ranges instead; a state graph has no parameters."""
    problem = Problem("1/2", 3, "3/4", "79/100")
    with pytest.raises(ModelError, match="without budgets"):
        validity(solve(problem.with_constraints(Budget("steps", 20))))
    with pytest.raises(ModelError, match="no parameters"):
        validity(solve(problem.graph()))


def test_shown_in_every_form():
    """The text has a line per parameter, the table says what takes over, and JSON is JSON."""
    found = ranges_of("four memories")
    assert [line.split()[0] for line in repr(found).splitlines()[1:]] == list(PARAMETERS)
    assert found.to_frame()["above"][0] == "2 x 0.788, 2 empty: on 2 memories"
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    change = document["ranges"]["p"]["upper"]["takeovers"][0]
    assert (change["counts"], change["action"]) == ([0, 2], {"generate": 2, "distil": []})
    assert found.ranges["p"].upper.takeovers[0].action == Action((), 2)
    assert 0.5 in found.ranges["p"]
    assert 0.9 not in found.ranges["p"]
