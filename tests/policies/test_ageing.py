"""Baselines where pairs age, with and without a cutoff."""

from __future__ import annotations

from functools import cache
from math import exp, inf

import pytest
from jsonschema import validate

from lpdistill import LimitError, ModelError, Policy, Problem, baseline, compare, simulate, solve
from lpdistill.policies.ageing import MATCHINGS, aged_baseline
from lpdistill.policies.named import with_cutoff
from lpdistill.schemas import schema


def problem(memories: int, time: object, products: str = "fresh", **settings) -> Problem:
    """From 0.90 to 0.93 with p = 1/2."""
    return Problem(0.5, memories, 0.9, 0.93, coherence_time=time, products=products, **settings)


@cache
def followed(memories: int, time: int, name: str) -> Policy:
    """A baseline."""
    return aged_baseline(problem(memories, time), name)


def one_distillation(p: float, f0: float, time: float, cutoff: float) -> float:
    """Two memories where any distillation reaches the target: a pair of more than the cutoff is discarded."""
    w, empty, lone = (4 * f0 - 1) / 3, 0.0, [0.0] * 63
    for _ in range(500):
        failure = [1 - (1 + w * w * exp(-age / time)) / 2 for age in range(63)]
        both = [lone[0] if age > cutoff else 2 + failure[age] * empty for age in range(63)]
        kept = [1 + p * both[age + 1] + (1 - p) * lone[age + 1] for age in range(62)]
        lone = [*(later if age <= cutoff else empty for age, later in enumerate(kept)), empty]
        empty = 1 + p**2 * both[0] + 2 * p * (1 - p) * lone[0] + (1 - p) ** 2 * empty
    return empty


@pytest.mark.parametrize("cutoff", [0, 1, 3])
@pytest.mark.parametrize("name", MATCHINGS)
def test_one_distillation_takes_what_a_recursion_says(name, cutoff):
    """The same of all baselines: with two memories and one round there is nothing else to distil."""
    easy = Problem(0.5, 2, 0.9, 0.905, coherence_time=500)
    found = baseline(easy, f"{name}:cutoff={cutoff}")
    assert found.waiting_time == pytest.approx(one_distillation(0.5, 0.9, 500, cutoff), rel=1e-9)


def test_without_a_cutoff_it_is_a_cutoff_that_is_hardly_reached():
    """The same recursion without end; pairs that are as old as they get are met with a probability of 1e-7."""
    found = baseline(Problem(0.5, 2, 0.9, 0.905, coherence_time=500), "pumping")
    assert found.waiting_time == pytest.approx(one_distillation(0.5, 0.9, 500, inf), rel=1e-6)


@pytest.mark.parametrize("name", ["pumping", "greedy"])
@pytest.mark.parametrize("memories", [2, 3])
def test_memories_that_hardly_forget_take_the_time_of_those_that_keep(name, memories):
    """The baselines are those that they were, in the limit."""
    kept = baseline(Problem(0.5, memories, 0.9, 0.93), name).waiting_time
    assert aged_baseline(problem(memories, 10**8), name).waiting_time == pytest.approx(kept, rel=1e-5)


@pytest.mark.parametrize(("memories", "time"), [(2, 200), (3, 100)])
@pytest.mark.parametrize("name", ["pumping", "greedy", "pumping:cutoff=4", "greedy:cutoff=2"])
def test_no_baseline_is_faster_than_the_optimum(memories, time, name):
    """None is below the proved lower bound."""
    assert followed(memories, time, name).waiting_time >= _lower(memories, time)


@cache
def _lower(memories: int, time: int) -> float:
    return solve(problem(memories, time), within="1e-3").lower_bound


@pytest.mark.parametrize(
    ("memories", "time", "name"),
    [
        (2, 200, "pumping:cutoff=4"),
        (3, 100, "greedy:cutoff=2"),
        (3, 100, "nested:cutoff=4"),
        (3, 100, "pumping:cutoff=0"),
    ],
)
def test_simulated_runs_take_what_is_said(memories, time, name):
    """The true system under the baseline, within four standard errors."""
    policy = followed(memories, time, name)
    found = simulate(policy, 20_000, seed=3).waiting_time
    assert abs(found.value - policy.waiting_time) < 4 * found.error


@pytest.mark.parametrize("name", ["nested", "nested:cutoff=4", "nested:cutoff=best"])
def test_nested_distillation_with_two_memories_never_ends(name):
    """Two pairs of one round are never there at once, whatever is discarded."""
    assert followed(2, 200, name).waiting_time == inf
    assert followed(2, 200, name).deadlock


def test_the_best_cutoff_is_as_good_as_any():
    """None of the first ones is better, but for the grid."""
    best = followed(3, 100, "pumping:cutoff=best")
    others = [followed(3, 100, f"pumping:cutoff={steps}").waiting_time for steps in range(5)]
    assert best.waiting_time <= min(others) * (1 + 1e-4)
    assert best.process.problem.levels.cutoff == 2


def test_a_cutoff_may_be_a_number_of_steps():
    """Steps are those that generate."""
    slow = problem(2, 400, generation_time=2, distillation_time=4)
    one, other = (aged_baseline(slow, f"pumping:cutoff={text}") for text in ("3steps", "6"))
    assert one.waiting_time == other.waiting_time
    assert one.process.problem.levels.cutoff == 6


def test_a_comparison_says_cutoffs():
    """With and without, in words and in its document."""
    found = compare(solve(problem(2, 200), within="1e-2"), ["pumping", "pumping:cutoff=4", "nested"])
    document = found.to_dict()
    validate(document, schema("lpdistill.comparison/1"))
    assert document["policies"]["pumping:cutoff=4"]["cutoff"] == 4
    assert "cutoff" not in document["policies"]["pumping"]
    assert found.verdict("pumping:cutoff=4").startswith("cutoff 4; the optimum saves about")
    assert found.verdict("nested").startswith("never ends: trapped in 1 x 0.9000 aged")


def test_what_comes_by_too_many_pairs_is_not_evaluated():
    """The comparison goes on, and says what to do."""
    found = compare(solve(problem(2, 50), within="1e-2"), ["pumping"])
    assert found.verdict("pumping") == "not evaluated"
    assert "give it a cutoff" in found.policies["pumping"].refusal
    with pytest.raises(LimitError, match="give it a cutoff"):
        baseline(problem(2, 50), "pumping")


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda: baseline(problem(2, 200), "banded:1"), "policy: must be one of pumping, nested, greedy"),
        (lambda: baseline(problem(2, 200), "pumping:cutoff=-1"), "cutoff: must be an age of at least 0"),
        (lambda: baseline(problem(2, 200), "pumping:cutoff=soon"), "cutoff: must be a number"),
        (lambda: baseline(Problem(0.5, 2, 0.9, 0.93), "pumping:cutoff=3"), "cutoff: is for memories that forget"),
        (lambda: with_cutoff("optimal", "3"), "cutoff: is for baselines"),
    ],
)
def test_cutoffs_that_mean_nothing_are_refused(ask, match):
    """One sentence says what is wanted."""
    with pytest.raises(ModelError, match=match):
        ask()
