"""Memories that forget: the published table, an independent recursion, limits, and what is refused."""

from dataclasses import replace
from fractions import Fraction

import pytest
from ageing_oracle import waiting_time

from lpdistill import Budget, EqualLevelsOnly, MaxAttempts, ModelError, Problem, UnreachableTargetError, solve
from lpdistill.errors import InfiniteLevelsError, NotCertifiedError
from lpdistill.hardware.attainable import best_attainable
from lpdistill.policies.named import baseline

TABLE = [
    (2, 50, "fresh", 18.91607, 18.92212),
    (2, 500, "fresh", 10.504875, 10.504879),
    (2, 500, "age", 10.725023, 10.725069),
    (2, 1000, "age", 10.4977934375, 10.4977934514),
    (3, 50, "fresh", 8.69928, 8.70912),
    (3, 1000, "fresh", 7.476857, 7.477992),
    (3, 1000, "age", 7.483213, 7.484348),
]
"""Memories, coherence time, products, and brackets by grids of equal steps (p = 1/2, 0.90 -> 0.93)."""


def _problem(memories: int, time: object, products: str = "age", **settings) -> Problem:
    return Problem(0.5, memories, 0.9, 0.93, coherence_time=time, products=products, **settings)


@pytest.fixture(scope="module")
def solved():
    """Both bounds of two memories whose products are fresh."""
    return solve(_problem(2, 50, "fresh"), within="1e-5")


@pytest.mark.parametrize(("memories", "time", "products", "lower", "upper"), TABLE)
def test_brackets_meet_those_of_grids_of_equal_steps(memories, time, products, lower, upper):
    """Two brackets of one optimum have a point in common; ours is within what was asked for."""
    found = solve(_problem(memories, time, products), within="1e-4")
    assert found.lower_bound <= upper
    assert lower <= found.upper_bound
    assert found.upper_bound - found.lower_bound <= 1e-4 * found.upper_bound


@pytest.mark.parametrize(("time", "fresh"), [(50, True), (100, True), (200, True), (500, False)])
def test_a_recursion_over_true_parameters_lies_in_the_bracket(time, fresh):
    """But for its interpolation, a recursion that rounds nothing finds the same."""
    found = solve(_problem(2, time, "fresh" if fresh else "age"), within="1e-4")
    truth = waiting_time(0.5, 0.9, 0.93, time, fresh=fresh)
    assert found.lower_bound * (1 - 1e-4) <= truth <= found.upper_bound * (1 + 1e-4)


@pytest.mark.parametrize(
    ("memories", "time", "products"), [(2, 20, "age"), (2, 20, "fresh"), (2, 50, "age"), (3, 50, "age")]
)
def test_what_ages_too_fast_is_certified_to_be_out_of_reach(memories, time, products):
    """The error says what no run exceeds, which is below the target."""
    with pytest.raises(UnreachableTargetError, match="whatever succeeds, their fidelity stays below") as caught:
        solve(_problem(memories, time, products))
    assert caught.value.memory_limit < 0.93


def test_what_can_be_reached_is_not_said_to_be_out_of_reach():
    """The search for the best case ends at the target."""
    assert best_attainable(_problem(2, 50, "fresh").hardware, Fraction("0.93")) is None


@pytest.mark.parametrize("memories", [2, 3])
def test_memories_that_hardly_forget_take_the_time_of_those_that_keep(memories):
    """The bracket closes around the optimum of memories that keep pairs for ever, from above."""
    kept = solve(Problem(0.5, memories, 0.9, 0.93)).waiting_time
    found = solve(_problem(memories, 10**8), within="1e-6")
    assert kept <= found.upper_bound
    assert found.upper_bound == pytest.approx(kept, rel=2e-6)


def test_longer_coherence_is_never_worse():
    """The lower bound of memories that keep less is above that of memories that keep more."""
    times = [solve(_problem(2, time, "fresh"), within="1e-4").waiting_time for time in (60, 100, 300)]
    assert times == sorted(times, reverse=True)


def test_the_answer_verifies(solved):
    """Labels, both label models and their proofs are computed again."""
    assert solved.verify().dual_slack >= 0


def test_labels_that_are_better_than_pairs_do_not_verify(solved):
    """An executable policy on labels rounded up is refused."""
    with pytest.raises(NotCertifiedError, match="labels of floor"):
        replace(solved, problem=solved.bracket.optimistic.problem).verify()


def test_an_older_pair_is_no_better(solved):
    """In both label models, what a label becomes in a step is not above it, and what it stands for not above that."""
    for one, sign in ((solved.problem, -1), (solved.bracket.optimistic.problem, 1)):
        labels = one.levels
        older, _ = labels.aged(Fraction(1))
        held = older >= 0
        kept = labels.values[held] * 0.9801986733067553
        assert (older[held] <= held.nonzero()[0]).all()
        assert (sign * (labels.values[older[held]] - kept) >= -1e-15).all()


def test_rules_and_budgets_hold():
    """One attempt a step takes longer; a limit on attempts that binds is met exactly."""
    free = solve(_problem(2, 500), within="1e-3")
    slow = solve(_problem(2, 500).with_constraints(MaxAttempts(1)), within="1e-3")
    assert slow.lower_bound > free.upper_bound
    assert free.expected["generation_attempts"] == pytest.approx(7.53, abs=0.01)
    loose = solve(_problem(2, 500).with_constraints(Budget("generation_attempts", 9)), within="1e-3")
    assert loose.budgets["generation_attempts"].price == 0


def test_a_problem_says_how_long_its_memories_keep_pairs():
    """Documents have the coherence time, and the convention where it is not the default."""
    problem = _problem(2, "1/3", "fresh")
    assert problem.to_dict()["coherence_time"] == "1/3"
    assert Problem.from_dict(problem.to_dict()) == problem
    assert "coherence_time" not in Problem(0.5, 2, 0.9, 0.93).to_dict()
    assert problem.discarding


@pytest.mark.parametrize("time", [0, -3, "for ever"])
def test_a_coherence_time_is_above_zero(time):
    """Anything else is refused, and what is meant by leaving it out is said."""
    with pytest.raises(ModelError, match="coherence_time"):
        _problem(2, time)


def test_a_target_of_raw_pairs_is_reached_by_generation():
    """Nothing is stored, and nothing ages."""
    assert solve(Problem(0.5, 2, 0.9, 0.9, coherence_time=3)).waiting_time == pytest.approx(4 / 3)


@pytest.mark.parametrize(
    ("ask", "error", "match"),
    [
        (lambda: solve(_problem(2, 500), all_levels=True), InfiniteLevelsError, "infinitely many fidelities"),
        (lambda: _problem(2, 500).graph(), InfiniteLevelsError, "coherence_time"),
        (lambda: baseline(_problem(2, 500), "pumping"), ModelError, "coherence_time"),
        (lambda: baseline(_problem(2, 500), "nested"), ModelError, "coherence_time"),
        (lambda: solve(_problem(2, 500).with_constraints(EqualLevelsOnly())), ModelError, "coherence_time"),
    ],
)
def test_what_has_no_meaning_where_pairs_age_is_refused(ask, error, match):
    """One sentence says why."""
    with pytest.raises(error, match=match):
        ask()
