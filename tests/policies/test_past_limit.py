"""Baselines past the pumping limit."""

from __future__ import annotations

from functools import cache

import pytest

from lpdistill import (
    Comparison,
    Deviations,
    EqualLevelsOnly,
    InfiniteLevelsError,
    ModelError,
    Problem,
    baseline,
    compare,
    simulate,
    solve,
)
from lpdistill.policies.differences import differences

PAST = Problem("1/2", 4, "4/5", "88/100")
COARSE = Problem("9/10", 4, "3/4", "85/100")


@cache
def compared() -> Comparison:
    """All names."""
    return compare(PAST, ["nested", "pumping", "greedy", "banded:0"])


def test_nested_is_evaluated_on_the_chain_of_equal_levels():
    """It takes what its decisions take where the rule leaves nothing else, since it is the only policy of the chain."""
    under_rule = baseline(PAST.with_constraints(EqualLevelsOnly()), "nested")
    assert baseline(PAST, "nested").waiting_time == pytest.approx(under_rule.waiting_time, rel=1e-12)
    assert solve(PAST).waiting_time < under_rule.waiting_time


def test_a_band_of_width_zero_is_nested():
    """Also past the limit."""
    assert compared().policies["banded:0"].waiting_time == compared().policies["nested"].waiting_time


def test_nested_may_be_trapped_past_the_limit():
    """With too few memories for its rounds it holds one pair of each level for ever."""
    few = Problem("1/2", 3, "4/5", "88/100")
    assert baseline(few, "nested").deadlock == ((1, 1, 1),)


def test_pumping_never_ends_past_its_limit():
    """Its runs are trapped, and the comparison says below what it stays."""
    assert compared().policies["pumping"].waiting_time == float("inf")
    assert compared().verdict("pumping").startswith("never ends: stays below 0.8704")
    assert compared().advantage("pumping") == 1


def test_greedy_meets_too_many_levels():
    """It pumps whenever one raw pair comes alone, so its levels have no end; one sentence says so."""
    assert compared().policies["greedy"].waiting_time is None
    assert compared().verdict("greedy") == "not evaluated"
    assert "meets more fidelity levels" in compared().to_dict()["policies"]["greedy"]["not_evaluated"]
    with pytest.raises(InfiniteLevelsError, match="greedy: meets more fidelity levels"):
        baseline(PAST, "greedy")


def test_a_band_that_meets_few_levels_is_evaluated_on_them():
    """Simulated on true fidelities it takes what is said, and no result is a level that it does not know."""
    band = baseline(PAST, "banded:1")
    found = simulate(band, 6000, seed=1)
    assert not band.bounded
    assert abs(found.waiting_time.distance) < 4
    assert found.meeting_target.value == 1


def test_a_baseline_past_the_limit_is_simulated():
    """Every pair has its true fidelity; with worse raw pairs it takes longer."""
    nested = baseline(PAST, "nested")
    assert abs(simulate(nested, 4000, seed=2).waiting_time.distance) < 4
    worse = simulate(nested, 2000, seed=2, deviations=Deviations(f0="3/4"))
    assert worse.waiting_time.value > nested.waiting_time


def test_a_comparison_takes_the_optimum_that_it_is_given():
    """Where that is known within a bracket, so is what it saves: at least so much."""
    solution = solve(COARSE, within="1/5")
    found = compare(solution, ["nested"])
    assert found.lower_bound == solution.lower_bound < found.optimum.waiting_time
    assert found.to_dict()["lower_bound"] == solution.lower_bound
    assert "saves at least" in found.verdict("nested")
    assert dict(found.summary())["optimum"].startswith("between 22.382")


def test_a_policy_on_labels_is_compared():
    """The optimum is its own equal."""
    found = compare(PAST, {"mine": solve(PAST).policy})
    assert found.policies["mine"].waiting_time == found.optimum.waiting_time
    assert compared().lower_bound is None


def test_differences_need_the_same_levels():
    """A policy on labels and one on a chain do not act in the same configurations."""
    with pytest.raises(ModelError, match="know pairs by the same levels"):
        differences(solve(PAST), baseline(PAST, "nested"))
