"""Memories that forget: the published table, an independent recursion, limits, and what is refused."""

from dataclasses import replace
from fractions import Fraction
from math import inf

import pytest
from ageing_oracle import waiting_time

from lpdistill import (
    Budget,
    EqualLevelsOnly,
    MaxAttempts,
    ModelError,
    Problem,
    UnreachableTargetError,
    deadline,
    distribution,
    simulate,
    solve,
    sweep,
)
from lpdistill.errors import InfiniteLevelsError, LimitError, NotCertifiedError
from lpdistill.hardware.attainable import best_attainable
from lpdistill.physics.rounding import Rounding
from lpdistill.problem.labels import first_grid
from lpdistill.process.labelled import label_process
from lpdistill.program.label_models import labelled
from lpdistill.program.refining import Stopped, _State
from lpdistill.study.grid import Grid

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
        (lambda: solve(_problem(2, 500).with_constraints(EqualLevelsOnly())), ModelError, "coherence_time"),
    ],
)
def test_what_has_no_meaning_where_pairs_age_is_refused(ask, error, match):
    """One sentence says why."""
    with pytest.raises(error, match=match):
        ask()


@pytest.mark.parametrize("time", [inf, "inf", None])
def test_an_infinite_coherence_time_is_none(time):
    """Memories that keep pairs for ever have the optimum that they had, exactly."""
    assert Problem(0.5, 2, 0.9, 0.93, coherence_time=time) == Problem(0.5, 2, 0.9, 0.93)


def test_products_have_no_meaning_where_nothing_ages():
    """They are refused by one sentence, and dropped with the coherence time."""
    with pytest.raises(ModelError, match="products: age or not, but nothing does without coherence_time"):
        Problem(0.5, 2, 0.9, 0.93, products="fresh")
    kept = _problem(2, 50, "fresh").replace(coherence_time=None)
    assert kept == Problem(0.5, 2, 0.9, 0.93, discarding=True)
    assert kept.hardware.products is None
    assert "products" not in kept.to_dict()


def test_sweeps_run_over_the_coherence_time():
    """Each point is in its bracket, and what is out of reach is said to be."""
    found = sweep(Grid(_problem(2, 20, "fresh"), coherence_time="20,50,100"), store=None, within="1e-2")
    times = [row.outcome.waiting_time for row in found.rows]
    assert times[0] is None
    assert times[1:] == [pytest.approx(18.9182, rel=1e-2), pytest.approx(12.7927, rel=1e-2)]
    assert found.to_frame()["coherence_time"].tolist() == [20, 50, 100]
    assert [row.outcome.labels is None for row in found.rows] == [True, False, False]


def test_memories_that_keep_have_an_infinite_coherence_time_in_tables():
    """The frame has a number for every setting."""
    frame = sweep(Grid(Problem(0.5, 2, 0.9, 0.93), p="0.5,0.6"), store=None).to_frame()
    assert frame["coherence_time"].tolist() == [inf, inf]


def test_the_law_of_the_waiting_time_is_that_of_labels(solved):
    """Its mean and its spread are those of the policy; it says that it is a promise."""
    law = distribution(solved.policy)
    mean = float(law.pmf @ law.times)
    assert mean == pytest.approx(solved.waiting_time, rel=1e-9)
    assert float(law.pmf @ (law.times - mean) ** 2) ** 0.5 == pytest.approx(solved.policy.standard_deviation, rel=1e-6)
    assert law.to_dict()["bound"] is True


def test_simulated_runs_are_done_by_a_time_as_probably_as_the_law_promises(solved):
    """True pairs are never worse than their labels."""
    runs, law = simulate(solved.policy, 20_000, seed=1), distribution(solved.policy)
    for time in (5, 10, 20, 40):
        promised = law.cdf(time)
        assert (runs.samples <= time).mean() >= promised - 4 * (promised * (1 - promised) / 20_000) ** 0.5


def test_windows_are_bracketed():
    """No policy is more likely done in time than labels that are better than pairs say; the mean is no better."""
    problem = _problem(2, 100, "fresh")
    found = deadline(solve(problem, within="1e-3"), 12)
    assert found.probability_of_fastest_mean < found.probability <= found.greatest
    runs = simulate(found.policy, 20_000, seed=2, horizon=12).success_rate
    assert found.probability - 4 * runs.error < runs.value < found.greatest + 4 * runs.error


def test_a_configuration_is_explained_by_the_names_of_its_pairs(solved):
    """Labels are too many to be counted."""
    explained = solved.explain(("0.9000", "0.9264 aged 1"))
    assert explained.title.startswith("1 x 0.9000 + 1 x 0.9264 aged 1: expected time to go")
    assert explained.counts == solved.explain(explained.counts).counts
    with pytest.raises(ModelError, match="did you mean '0"):
        solved.explain(("0.9264 aged 77",))


def test_two_more_memories_than_two_take_seconds():
    """Labels are found where they matter: four memories are within one per cent with a few of them."""
    found = solve(_problem(4, 100, "fresh"), within="1e-2")
    assert len(found.problem.levels) < 40
    assert found.run.columns < 20_000
    assert found.upper_bound - found.lower_bound <= 1e-2 * found.upper_bound


def test_a_round_is_given_up_when_time_is_over():
    """Exploring tells how far it has come; with a bracket at hand, it ends there."""
    told: list[str] = []
    problem = _problem(2, 100, "fresh")
    label_process(labelled(problem, first_grid(problem), Rounding.CEIL), None, told.append).size  # noqa: B018 - explores
    assert told[0] == "1 configurations found"
    state = _State(None, found=(None, None, None, ()), until=0.0)
    with pytest.raises(LimitError, match="time_limit: is over"):
        state.hurry(told[0])
    assert state.stopped is Stopped.TIME
    _State(None, until=0.0).hurry("without a bracket, it goes on")
