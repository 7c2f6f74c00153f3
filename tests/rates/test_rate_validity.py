"""Ranges in which the policy of a rate stays optimal, against exact gains on both sides of their ends."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lpdistill import Budget, ModelError, Problem, key_rate, rate_validity, throughput
from lpdistill.process.factored.variation import varied
from lpdistill.worth.optimal_range import End
from symbolic import certify_rate
from symbolic.exact.model import ExactModel
from symbolic.steady.gain import ExactGain

FOUR = Problem("1/2", 4, "3/4", "79/100")
ENDS = [("p", "upper"), ("generation_time", "lower"), ("distillation_time", "lower"), ("distillation_time", "upper")]
NEAR = Fraction(1, 10**6)


@pytest.mark.parametrize(("name", "side"), ENDS)
def test_beyond_an_end_another_policy_earns_more(name, side):
    """A millionth within the range the policy earns exactly the most there is, a millionth beyond it does not."""
    rate = throughput(FOUR)
    limit = getattr(rate_validity(rate).ranges[name], side)
    outwards = NEAR if side == "upper" else -NEAR
    assert limit.because is End.ACTION
    assert limit.takeovers
    for change, best in ((-outwards, True), (outwards, False)):
        value = Fraction(limit.value) * (1 + change)
        there = varied(rate.found.model.process, **{name: value})
        own = ExactGain.of(ExactModel.rational(there), rate.found.model.optimum.columns).gain
        assert (own == certify_rate(throughput(FOUR.replace(**{name: value}))).gain) is best


def test_two_memories_have_one_policy_for_all_p():
    """Nothing but distilling two pairs can be done with two memories: the range has no end."""
    ranges = rate_validity(throughput(FOUR.replace(memories=2))).ranges
    assert (ranges["p"].lower.value, ranges["p"].upper.value) == (0, 1)


def test_where_attempts_never_fail_there_is_no_range_by_p():
    """At p = 1 ranges are of all other parameters."""
    assert set(rate_validity(throughput(FOUR.replace(p=1, memories=2))).ranges) == {
        "f0",
        "generation_time",
        "distillation_time",
    }


@pytest.mark.parametrize(
    "rate",
    [
        lambda: key_rate(Problem("1/10", 2, "17/20", 1)),
        lambda: throughput(FOUR.replace(budgets=[Budget("generation_attempts", "1/2")])),
        lambda: None,
    ],
    ids=["key", "budgets", "nothing"],
)
def test_rates_of_other_kinds_have_no_ranges(rate):
    """What has a worth or budgets is refused."""
    with pytest.raises(ModelError):
        rate_validity(rate())
