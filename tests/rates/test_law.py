"""The law of deliveries against numbers of numbered memories, and against laws that are known."""

from __future__ import annotations

import pytest
from steady_cases import CASES
from steady_numbers import LAWS

from lpdistill import EqualLevelsOnly, Hardware, Problem, RawPairOnly, Rule, key_rate, throughput

LINK = Problem("1/2", 3, "3/4", "4/5")


def problem_of(name: str) -> Problem:
    """The problem of a case."""
    case = CASES[name]
    times = {"generation_time": case.generation_time, "distillation_time": case.distillation_time}
    return Problem(case.p, case.memories, case.f0, case.target, **times)


@pytest.mark.parametrize("name", LAWS)
def test_laws_are_those_of_numbered_memories(name):
    """Variance of the count per unit of time, mean and variance of the time between steps that deliver."""
    law, known = throughput(problem_of(name)).law, LAWS[name]
    assert law.gain == pytest.approx(CASES[name].gain, rel=1e-9)
    assert law.variance == pytest.approx(known["variance"], rel=1e-9)
    assert (law.interval_mean, law.interval_variance) == pytest.approx((known["mean"], known["spread"]), rel=1e-9)


def test_raw_pairs_that_are_good_enough():
    """Of M attempts a unit of time a binomial number is delivered; a geometric number of units lies between."""
    law, p, memories = throughput(Problem("1/4", 3, "3/4", "3/4")).law, 0.25, 3
    some = 1 - (1 - p) ** memories
    assert (law.gain, law.variance) == pytest.approx((memories * p, memories * p * (1 - p)), rel=1e-12)
    assert (law.interval_mean, law.interval_variance) == pytest.approx((1 / some, (1 - some) / some**2), rel=1e-12)


def test_the_law_of_decided_deliveries():
    """Delivering at once what meets the target, as a decision, has the same law, though deliveries take no time."""
    counted, decided = throughput(LINK).law, throughput(LINK, tenants={"only": "4/5"}).law
    assert decided.to_dict()["interval"] == pytest.approx(counted.to_dict()["interval"], rel=1e-9)
    assert decided.variance == pytest.approx(counted.variance, rel=1e-9)


def test_key_of_raw_pairs():
    """Key is what a pair is worth times a binomial number, as long as raw pairs are delivered at once."""
    rate = key_rate(Hardware("1/2", 3, "19/20"), cost="1/100")
    (raw,) = rate.delivered
    assert rate.law.gain == pytest.approx(rate.gain, rel=1e-12)
    assert rate.law.variance == pytest.approx(3 * 0.25 * raw.worth**2, rel=1e-12)
    assert rate.law.interval_mean == pytest.approx(8 / 7, rel=1e-12)


def test_a_policy_that_randomises():
    """With a budget on attempts the mean of the law is the rate that the policy has."""
    rate = throughput(LINK.replace(budgets={"generation_attempts": ".5"}))
    assert rate.randomised
    assert rate.law.gain == pytest.approx(rate.gain, rel=1e-9)


OTHERS = {
    "raw pair only": LINK.replace(rules=RawPairOnly()),
    "asked of every action": LINK.replace(rules=Rule(lambda step: len(step.distil) <= 1, name="one")),
    "DEJMPS": LINK.replace(target=".79", distillation="dejmps"),
    "three pairs into one": LINK.replace(target=".79", memories=4, protocols="2,3"),
    "dead ends": LINK.replace(target=".82", rules=EqualLevelsOnly(), discarding=True),
}


@pytest.mark.parametrize("name", OTHERS)
def test_steps_are_taken_apart_under_any_rule_and_map(name):
    """Steps that tell deliveries apart deliver as much on average as those that do not."""
    rate = throughput(OTHERS[name])
    assert rate.law.gain == pytest.approx(rate.gain, rel=1e-9)


def test_labels_have_a_law():
    """Past the limit of pumping it is that of the policy on labels."""
    rate = throughput(Problem("1/2", 3, ".8", ".88"))
    assert rate.law.gain == pytest.approx(rate.gain, rel=1e-9)
    assert rate.law.interval_mean == pytest.approx(1 / rate.gain, rel=1e-9)
