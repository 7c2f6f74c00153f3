"""Brackets by labels: known optima past the pumping limit, and what is claimed of every round."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import truncated_lattice
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from labelled_cases import finite, grids, past_the_limit
from oracle import Hardware
from truncated_lattice import Limits

from lpdistill import (
    Budget,
    EqualLevelsOnly,
    InfeasibleError,
    LimitError,
    MaxAttempts,
    MaxDistillations,
    NoGenerationWhileDistilling,
    NotCertifiedError,
    Problem,
    UnreachableTargetError,
    solve,
)
from lpdistill.physics.levels import Levels
from lpdistill.physics.rounding import Rounding
from lpdistill.problem.labels import with_labels
from lpdistill.process.factored.dynamics import Dynamics
from lpdistill.process.resources import RESOURCES
from lpdistill.program import refining
from lpdistill.program.policy_iteration import policy_iteration
from lpdistill.program.refining import Stopped, refine

ROWS = {
    (".5", 3, ".8", ".88"): (20.53920673387, 3),
    (".9", 4, ".75", ".85"): (23.94750703577, 8),
    (".7", 3, ".95", ".98"): (18.71861432309, 6),
    (".5", 3, ".9", ".95"): (770261610158419 / 48797113221642, 3),
    (".5", 6, ".8", ".9"): (20.98572958068, 8),
    (".5", 4, ".8", ".89"): (25.691411143866, 6),
    (".5", 4, ".8", ".91"): (43.332370069040, 10),
}
"""Arguments of a problem past the pumping limit, its optimum, and the labels that are enough."""

TRUNCATED = [
    (".7", 3, ".8", ".88", 1, 2),
    (".9", 3, ".75", ".84", 1, 2),
    (".5", 3, ".7", ".78", 1, 2),
    ("1", 3, ".9", ".95", 1, 2),
    (".8", 3, ".95", ".98", 2, 1),
    (".5", 3, ".65", ".73", 2, 1),
    (".4", 3, ".6", ".68", 1, 2),
    (".3", 3, ".85", ".92", 1, ".5"),
    (".6", 4, ".8", ".875", 1, 2),
    (".2", 4, ".9", ".95", "1.5", 1),
]
"""Arguments of other problems past the pumping limit, with the durations of generation and distillation."""

LIMITED = {
    (".6", 3, ".8", ".88", 1, 2): ([MaxDistillations(1)], Limits(distillations=1)),
    (".5", 4, ".7", ".79", 1, 2): ([MaxDistillations(1)], Limits(distillations=1)),
    (".9", 3, ".9", ".95", 2, 1): ([MaxAttempts(1)], Limits(attempts=1)),
    (".7", 4, ".85", ".92", 1, 2): ([MaxAttempts(2)], Limits(attempts=2)),
    (".4", 3, ".75", ".84", 1, 3): ([NoGenerationWhileDistilling()], Limits(together=False)),
    (".8", 3, ".6", ".68", 3, 1): (
        [MaxDistillations(1), MaxAttempts(2), NoGenerationWhileDistilling()],
        Limits(distillations=1, attempts=2, together=False),
    ),
}
"""The same under rules, and what these permit in a step."""

EPSILON = 1e-10
"""Relative difference that counts as rounding."""


def problem_of(p, memories, f0, target, *durations) -> Problem:
    """A problem with the durations of its steps."""
    named = dict(zip(("generation_time", "distillation_time"), durations, strict=False))
    return Problem(p, memories, f0, target, **named)


@pytest.mark.parametrize("row", ROWS)
def test_optima_past_the_limit_are_found_exactly(row):
    """Both bounds are the known optimum, in so many labels."""
    expected, labels = ROWS[row]
    solution = solve(problem_of(*row))
    assert solution.bracket.refinement.stopped is Stopped.EXACT
    assert solution.status == "optimal"
    assert [solution.lower_bound, solution.upper_bound] == pytest.approx([expected] * 2, rel=1e-11, abs=0)
    assert solution.lower_bound <= solution.waiting_time <= solution.upper_bound
    assert len(solution.bracket.refinement.grid) == labels


@pytest.mark.parametrize(("target", "expected"), [(".84", 7.862794537167), (".86", 11.541663484056)])
def test_the_staircase_begins_below_the_limit(target, expected):
    """Targets below the pumping limit are solved on all their levels."""
    solution = solve(Problem(".5", 4, ".8", target))
    assert solution.bracket is None
    assert solution.waiting_time == pytest.approx(expected, rel=1e-12)


def test_a_result_that_meets_the_target_exactly_delivers():
    """A target that a level equals, and one higher by 1e-15, differ by half."""
    level = Fraction(559, 692)
    at, above = (solve(Problem(".5", 4, ".75", level + more)).waiting_time for more in (0, Fraction(1, 10**15)))
    assert [at, above] == pytest.approx([8.640493238436, 13.056416489886], rel=1e-12)


def test_what_no_memories_reach_is_refused():
    """Beyond the memory limit there is no bracket either."""
    with pytest.raises(UnreachableTargetError, match=r"below 0\.986305648"):
        solve(Problem(".7", 3, ".95", ".99"))


@pytest.mark.parametrize("case", TRUNCATED, ids=str)
def test_true_levels_agree(case):
    """The levels of few raw pairs, told apart, have the same optimum, and a lower bound where others are given away."""
    problem = problem_of(*case)
    assert not problem.reach.finite
    solution = solve(problem)
    assert solution.status == "optimal"
    most = max(tree.raw_pairs for tree in solution.bracket.refinement.grid.trees.values())
    with_fewer, enough, more = (
        truncated_lattice.waiting_time(Hardware.of(problem), few, given_away=False)
        for few in (most - 1, most, most + 1)
    )
    given = truncated_lattice.waiting_time(Hardware.of(problem), most, given_away=True)
    assert [enough, more] == pytest.approx([solution.waiting_time] * 2, rel=1e-10, abs=0)
    assert given <= solution.lower_bound * (1 + EPSILON)
    assert with_fewer >= solution.upper_bound * (1 - EPSILON)


@pytest.mark.parametrize("case", LIMITED, ids=str)
def test_true_levels_agree_under_rules(case):
    """The levels of few raw pairs bracket the optimum under a rule as well, and have it if these are enough."""
    rules, limits = LIMITED[case]
    problem = problem_of(*case).with_constraints(*rules)
    assert not problem.reach.finite
    solution = solve(problem)
    assert solution.status == "optimal"
    most = max(tree.raw_pairs for tree in solution.bracket.refinement.grid.trees.values())
    hardware = Hardware.of(problem)
    enough = truncated_lattice.waiting_time(hardware, most, given_away=False, limits=limits)
    given = truncated_lattice.waiting_time(hardware, most, given_away=True, limits=limits)
    assert enough == pytest.approx(solution.waiting_time, rel=1e-10, abs=0)
    assert given <= solution.lower_bound * (1 + EPSILON)


def test_chains_of_levels_need_no_labels():
    """Equal levels only: finitely many levels past the pumping limit, as they are by themselves."""
    problem = Problem(".5", 5, ".85", ".95").with_constraints(EqualLevelsOnly())
    alone = truncated_lattice.waiting_time(Hardware.of(problem), 16, given_away=False, allows=lambda a, b: a == b)
    solution = solve(problem)
    assert solution.bracket is None
    assert [solution.waiting_time, alone] == pytest.approx([55.6013775569] * 2, rel=1e-11)


@settings(max_examples=12)
@given(past_the_limit(), st.booleans(), st.data())
def test_bounds_close_monotonically(problem, budgeted, data):
    """Round by round the lower bound does not fall, the upper one does not rise, and they do not cross."""
    if budgeted:
        names = ["steps", "generation_attempts", "raw_pairs", "distillations", "failed_distillations"]
        name = data.draw(st.sampled_from([*names, "memory_time"] if problem.discarding else names))
        used = solve(problem, within=Fraction(1, 10)).plan.used(RESOURCES[name])
        problem = problem.with_constraints(Budget(name, Fraction(used * 1.2).limit_denominator(10**6)))
    rounds = refine(problem, Fraction(1, 50), 60.0).rounds
    assert all(one.lower <= one.upper * (1 + EPSILON) for one in rounds)
    for one, other in pairwise(rounds):
        assert one.labels < other.labels
        assert other.lower >= one.lower * (1 - EPSILON)
        assert other.upper <= one.upper * (1 + EPSILON)


def least_values(problem: Problem) -> dict[tuple[int, ...], float]:
    """The least time to go of every configuration, infinite at dead ends."""
    dynamics = Dynamics(problem)
    values = np.full(dynamics.size, np.inf)
    if dynamics.live.any():
        optimum = policy_iteration(dynamics, dynamics.admission.proper())
        values = np.where(dynamics.live, optimum.values, np.inf)
    return dict(zip(map(tuple, dynamics.configurations.counts.tolist()), values.tolist(), strict=True))


def rounded(counts: tuple[int, ...], levels: Levels, labels: Levels, rounding: Rounding) -> tuple[int, ...]:
    """The configuration of labels that stands for one of levels."""
    found = [0] * len(labels)
    known = [label.fidelity for label in labels]
    for level, count in zip(levels, counts, strict=True):
        above = [place for place, fidelity in enumerate(known) if fidelity >= level.fidelity]
        below = [place for place, fidelity in enumerate(known) if fidelity <= level.fidelity]
        found[above[0] if rounding is Rounding.CEIL else below[-1]] += count
    return tuple(found)


@settings(max_examples=60)
@given(st.data())
def test_labels_bracket_every_configuration(data):
    """Between the labels below and those above lies the true time to go, wherever one begins, whatever the grid."""
    problem = data.draw(finite())
    grid = data.draw(grids(problem))
    useless = problem.generation_time > problem.distillation_time
    low, high = (grid.labels(rounding, 99, useless=useless) for rounding in (Rounding.CEIL, Rounding.FLOOR))
    truth, below, above = (
        least_values(one) for one in (problem, with_labels(problem, low), with_labels(problem, high))
    )
    for counts, value in truth.items():
        assert below[rounded(counts, problem.levels, low, Rounding.CEIL)] <= value * (1 + EPSILON)
        assert value <= above[rounded(counts, problem.levels, high, Rounding.FLOOR)] * (1 + EPSILON)


@settings(max_examples=30)
@given(st.data())
def test_labels_bracket_what_budgets_allow(data):
    """Within an upper limit, too, the true optimum lies between those of the label models."""
    problem = data.draw(finite())
    assume(Dynamics(problem).live[0])
    names = ["steps", "generation_attempts", "raw_pairs", "distillations", "failed_distillations"]
    name = data.draw(st.sampled_from([*names, "memory_time"] if problem.discarding else names))
    used = Fraction(solve(problem, all_levels=True).plan.used(RESOURCES[name])).limit_denominator(10**6)
    problem = problem.with_constraints(Budget(name, used * Fraction(data.draw(st.integers(85, 130)), 100)))
    grid = data.draw(grids(problem))
    useless = problem.generation_time > problem.distillation_time
    low, high = (grid.labels(one, problem.memories, useless=useless) for one in (Rounding.CEIL, Rounding.FLOOR))
    lower, truth, upper = (
        within_limits(one) for one in (with_labels(problem, low), problem, with_labels(problem, high))
    )
    assert lower <= truth * (1 + EPSILON)
    assert truth <= upper * (1 + EPSILON)


def within_limits(problem: Problem) -> float:
    """The least waiting time on the levels that a problem has; infinite where no policy keeps its limits."""
    if not Dynamics(problem).live[0]:
        return np.inf
    try:
        return solve(problem, all_levels=True).waiting_time
    except InfeasibleError:
        return np.inf


@pytest.mark.parametrize(("memories", "target"), [(3, ".82"), (4, ".82")])
def test_fewer_labels_than_levels_have_the_same_optimum(memories, target):
    """Where levels are finitely many, labels find the optimum of all of them."""
    problem = Problem(".6", memories, ".75", target)
    everything, some = solve(problem, all_levels=True), solve(problem, within="1e-9")
    assert some.waiting_time == pytest.approx(everything.waiting_time, rel=1e-9)
    assert some.bracket is None or len(some.bracket.refinement.grid) < len(problem.levels)


def test_an_interruption_leaves_the_bracket():
    """What is known when the user interrupts is the answer, and it verifies."""
    said = []

    def impatient(message):
        said.append(message)
        if "between" in message and sum("between" in one for one in said) == 2:
            raise KeyboardInterrupt

    solution = solve(Problem(".5", 4, ".8", ".91"), progress=impatient)
    assert solution.bracket.refinement.stopped is Stopped.INTERRUPTED
    assert solution.status == "bracketed"
    assert solution.lower_bound < 43.33237006904 < solution.upper_bound
    assert solution.verify().dual_slack >= 0


def test_an_interruption_before_any_bracket_is_one():
    """With no policy that reaches the target yet, there is no answer."""

    def impatient(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve(Problem(".5", 4, ".8", ".91"), progress=impatient)


def ticking(monkeypatch):
    """A clock that is a second later whenever it is read."""
    seconds = iter(range(10**6))
    monkeypatch.setattr(refining, "time", SimpleNamespace(perf_counter=lambda: float(next(seconds))))


def test_a_time_limit_leaves_the_bracket(monkeypatch):
    """No round begins or goes on after the limit, and what is known by then is the answer."""
    ticking(monkeypatch)
    solution = solve(Problem(".5", 4, ".8", ".91"), time_limit=7)
    assert solution.bracket.refinement.stopped is Stopped.TIME
    assert 1 < len(solution.bracket.refinement.rounds) <= 8
    assert solution.status == "bracketed"
    assert solution.lower_bound < 43.33237006904 < solution.upper_bound


def test_a_time_limit_before_any_policy_is_said(monkeypatch):
    """Where no policy is found in time, the lower bound is, and what to do."""
    ticking(monkeypatch)
    with pytest.raises(LimitError, match=r"at least 19.6984; allow more time"):
        solve(Problem(".5", 4, ".8", ".91"), time_limit=1)


def test_a_tolerance_ends_the_search():
    """The gap is within what was asked for, with fewer labels than the optimum needs."""
    solution = solve(Problem(".5", 4, ".8", ".91"), within=".1")
    assert solution.bracket.refinement.stopped is Stopped.WITHIN
    assert 0 < solution.upper_bound - solution.lower_bound <= 0.1 * solution.upper_bound
    assert len(solution.bracket.refinement.grid) < 10


def test_a_bracket_of_other_labels_does_not_verify():
    """Labels are made anew from their trees: those of another grid are found out."""
    solution = solve(Problem(".5", 4, ".8", ".89"))
    assert solution.verify().dual_slack >= 0
    other = solve(Problem(".5", 4, ".8", ".91")).bracket.refinement.grid
    wrong = replace(solution.bracket.refinement, grid=replace(other, target=solution.problem.target))
    with pytest.raises(NotCertifiedError, match="the labels of floor are not those of the grid"):
        replace(solution, bracket=solution.bracket._replace(refinement=wrong)).verify()


@pytest.mark.parametrize(("attempts", "expected"), [("full", 26.023080751446), ("all", 25.712613183578)])
def test_refinement_has_the_attempts_that_are_asked_for(attempts, expected):
    """Under a limit on attempts it matters how many may be made, and the bracket closes either way."""
    problem = Problem(".5", 4, ".8", ".89").with_constraints(Budget("generation_attempts", 29))
    solution = solve(problem, attempts=attempts)
    assert solution.bracket.refinement.lower.process.names.attempts == attempts
    assert (solution.status, solution.waiting_time) == ("optimal", pytest.approx(expected, rel=1e-11))


def test_the_bound_of_branching_is_that_of_labels_rounded_up():
    """What HiGHS proves of deterministic policies on labels rounded down bounds no others."""
    problem = Problem(".7", 3, ".95", ".98").with_constraints(Budget("generation_attempts", 18))
    solution = solve(problem, deterministic=True, within=".3")
    assert solution.determinism.lower_bound == pytest.approx(15.990910549, rel=1e-8)
    assert solution.determinism.lower_bound < 18.7186143 < solution.determinism.randomised
