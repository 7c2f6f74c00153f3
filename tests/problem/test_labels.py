"""Which problems labels stand for, and what is said of those they do not."""

from dataclasses import dataclass
from fractions import Fraction

import pytest

from lpdistill import (
    Banded,
    Budget,
    EqualLevelsOnly,
    InfiniteLevelsError,
    MaxAttempts,
    MaxDistillations,
    ModelError,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
    Rule,
    solve,
)
from lpdistill.physics.rounding import Grid, Rounding
from lpdistill.physics.truncation import Truncation
from lpdistill.physics.werner import Werner
from lpdistill.problem.labels import labels_of, not_bracketed, wants_labels, with_labels, without_labels

PAST = Problem(".5", 4, ".8", ".89")
"""A target past the pumping limit."""


@dataclass(frozen=True)
class Silent(Werner):
    """The same map, which does not say that better pairs are never worse."""

    name: str = "silent"
    monotone: bool = False


STANDS_FOR = {
    "plain": (PAST,),
    "one distillation a step": (PAST, MaxDistillations(1)),
    "two attempts a step": (PAST, MaxAttempts(2)),
    "no generation while distilling": (PAST, NoGenerationWhileDistilling(), MaxDistillations(1)),
    "attempts": (PAST, Budget("generation_attempts", 50)),
    "failures and steps": (PAST, Budget("failed_distillations", 5), Budget("steps", 30)),
    "memory-time with discarding": (PAST.replace(discarding=True), Budget("memory_time", 90)),
}

REFUSED = {
    "banded": (PAST, [Banded(1)], "under the rule banded a better pair may be worse"),
    "a predicate": (PAST, [Rule(lambda _: True, name="mine")], "under the rule mine a better pair may be worse"),
    "a lower limit": (PAST, [Budget("steps", least=30)], "with a lower limit on steps a better pair may be worse"),
    "memory-time": (PAST, [Budget("memory_time", 90)], "a limit on memory_time .* unless pairs may be discarded"),
}


@pytest.mark.parametrize("name", STANDS_FOR)
def test_labels_stand_for_levels(name):
    """Labels bracket these problems, and are used."""
    problem, *constraints = STANDS_FOR[name]
    problem = problem.with_constraints(*constraints)
    assert not_bracketed(problem) is None
    assert wants_labels(problem)


@pytest.mark.parametrize("name", REFUSED)
def test_other_problems_are_refused_past_the_limit(name):
    """It is said why labels do not stand for infinitely many levels."""
    problem, constraints, reason = REFUSED[name]
    with pytest.raises(InfiniteLevelsError, match=f"infinitely many fidelity levels .* for .*{reason}"):
        solve(problem.with_constraints(*constraints))


@pytest.mark.parametrize("name", REFUSED)
def test_other_problems_are_solved_below_the_limit(name):
    """On their levels, where these are finitely many; a gap cannot be asked for."""
    problem, constraints, reason = REFUSED[name]
    problem = problem.replace(target=".82").with_constraints(*constraints)
    assert not wants_labels(problem)
    with pytest.raises(ModelError, match=f"within: cannot be had: .*{reason}"):
        solve(problem, within=".1")


def test_a_map_that_does_not_say_that_it_is_monotone_has_its_levels_told_apart():
    """The optimum is the same, as the map is, and nothing was rounded."""
    problem = PAST.replace(distillation=Silent(), memories=3, target=".88")
    solution = solve(problem)
    assert wants_labels(problem)
    assert isinstance(solution.bracket.refinement.grid, Truncation)
    assert solution.waiting_time == pytest.approx(20.53920673387, rel=1e-11)


@pytest.mark.parametrize("rule", [EqualLevelsOnly(), RawPairOnly(), Banded(0)], ids=str)
def test_rules_that_leave_a_chain_need_no_labels(rule):
    """Of the levels that one rule leaves, finitely many lie below the target, or it is out of reach."""
    assert not wants_labels(PAST.with_constraints(rule))


def test_what_is_out_of_reach_needs_no_labels():
    """It is refused as such."""
    assert not wants_labels(PAST.replace(target=".99"))


def test_all_levels_are_refused_where_they_are_infinitely_many():
    """``all_levels`` asks for what there is not."""
    with pytest.raises(InfiniteLevelsError):
        solve(PAST, all_levels=True)


def test_a_gap_and_all_levels_do_not_go_together():
    """Where all levels are told apart there is no bracket."""
    with pytest.raises(ModelError, match="within: is the gap of a bracket by labels"):
        solve(PAST.replace(target=".82"), within=".1", all_levels=True)


def test_labels_are_no_part_of_what_a_problem_is():
    """A labelled problem equals the one it was made of, and forgets its labels where it is changed."""
    labels = Grid.of(Werner(), PAST.f0, PAST.target).labels(Rounding.CEIL, 4)
    labelled = with_labels(PAST, labels)
    assert labelled == PAST
    assert labels_of(labelled) is labelled.levels is labels
    assert (
        labels_of(PAST) is labels_of(without_labels(labelled)) is labels_of(labelled.replace(f0=Fraction(3, 4))) is None
    )
