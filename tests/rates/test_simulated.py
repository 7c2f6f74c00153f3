"""Policies of rates at work in numbered memories."""

from __future__ import annotations

import pytest

from lpdistill import (
    Deviations,
    Hardware,
    LimitError,
    MaxDistillations,
    ModelError,
    ModelTypeError,
    Problem,
    average_delivery,
    key_rate,
    simulate_rate,
    throughput,
)

LINK = Problem("1/2", 3, "3/4", "4/5")
NOTHING = LINK.replace(budgets={"raw_pairs": 0})

PROBLEMS = {
    "three memories": LINK,
    "two pairs in one step": Problem("9/10", 4, "3/4", "79/100"),
    "raw pairs that are good enough": LINK.replace(target="3/4"),
    "a budget, so that lots are drawn": LINK.replace(budgets={"generation_attempts": ".5"}),
    "rules, and other times": LINK.replace(
        memories=4, rules=MaxDistillations(1), generation_time="1/2", distillation_time="1/3"
    ),
    "discarding": LINK.replace(discarding=True, p="1/5"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_rate_and_variance_are_those_of_the_model(name):
    """Both are within four standard errors of what linear systems say."""
    found = simulate_rate(throughput(PROBLEMS[name]), 100_000, seed=7)
    assert abs(found.rate.distance) < 4
    assert abs(found.variance.distance) < 4
    assert sum(found.fidelities.values()) == pytest.approx(found.rate.value * float(found.time), rel=1e-12)


def test_intervals_hold_what_they_estimate():
    """Of forty intervals of 90 %, at least thirty hold the gain."""
    rate = throughput(PROBLEMS["two pairs in one step"])
    rates = [simulate_rate(rate, 20_000, seed=seed, confidence=".9").rate for seed in range(40)]
    assert sum(one.lower < one.model < one.upper for one in rates) >= 30


def test_a_seed_makes_it_the_same():
    """The same seed gives the same batches, another gives others."""
    rate = throughput(LINK)
    first, again, other = (simulate_rate(rate, 50_000, seed=seed) for seed in (1, 1, 2))
    assert (first.batches == again.batches).all()
    assert (first.batches != other.batches).any()


def test_reality_may_differ():
    """With another p, which the policy does not know, it delivers what it does there; the model says nothing."""
    rate = throughput(LINK.replace(target="3/4"))
    found = simulate_rate(rate, 50_000, seed=1, deviations=Deviations(p="1/4", f0="7/10"))
    assert found.rate.lower < 3 / 4 < found.rate.upper
    assert found.rate.model is None
    assert found.fidelity == pytest.approx(0.7)


def test_labels_are_true_pairs_here():
    """Past the limit of pumping the policy is one on labels, and what it delivers has true fidelities."""
    found = simulate_rate(throughput(LINK.replace(f0=".8", target=".88")), 100_000, seed=1)
    assert min(found.fidelities) >= 0.88
    assert found.rate.model is None


KEYS = {
    "two kinds of pairs": (Hardware("1/10", 3, ".85"), "bb84", 0),
    "attempts that cost something": (Hardware("1/2", 2, ".9"), "six-state", "1/100"),
    "levels told apart": (Hardware("1/5", 3, ".82", distillation="dejmps"), "bb84", 0),
    "a step function": (Hardware("1/2", 3, ".8"), lambda fidelity: float(fidelity > 0.85), 0),
}


@pytest.mark.parametrize("name", KEYS)
def test_key_and_its_variance_are_those_of_the_model(name):
    """Bits that the policy earns, pair by pair, lie within four standard errors of what linear systems say."""
    hardware, worth, cost = KEYS[name]
    rate = key_rate(hardware, worth, cost=cost)
    found = simulate_rate(rate, 300_000, seed=5)
    assert abs(found.rate.distance) < 4
    assert abs(found.variance.distance) < 4
    assert set(found.fidelities) <= {one.fidelity for one in rate.delivered}
    for one in rate.delivered:
        often = found.fidelities[one.fidelity] / float(found.time)
        assert often == pytest.approx(one.rate, rel=0.15)


USERS = {
    "in total": (LINK, {"a": ".78", "b": (".80", "1/20")}, "sum"),
    "the least": (LINK, {"a": ".78", "b": ".80"}, "max-min"),
    "logarithms": (LINK, {"a": ".78", "b": ".80"}, "proportional"),
    "raw pairs are enough": (LINK, {"a": ".75", "b": (".78", "1/20"), "c": (".8", "1/50")}, "sum"),
    "labels": (LINK.replace(f0=".8"), {"a": ".83", "b": (".88", "1/100")}, "sum"),
}


@pytest.mark.parametrize("name", USERS)
def test_users_have_what_the_program_says(name):
    """Each of them within four standard errors, and all together what the law says, with its variance."""
    link, tenants, fair = USERS[name]
    rate = throughput(link, tenants=tenants, fair=fair)
    found = simulate_rate(rate, 200_000, seed=11)
    assert {user: one.model for user, one in found.tenants.items()} == {u: has.rate for u, has in rate.tenants.items()}
    assert max(abs(one.distance) for one in [*found.tenants.values(), found.rate, found.variance]) < 4
    together = sum(one.value for one in found.tenants.values())
    assert together == pytest.approx(found.rate.value, rel=1e-9)


def test_real_pairs_earn_the_key_that_they_have():
    """With worse raw pairs than the policy knows of, what it takes for bits are fewer."""
    rate = key_rate(Hardware("1/2", 2, ".9"))
    found = simulate_rate(rate, 50_000, seed=3, deviations=Deviations(f0="87/100"))
    worse = key_rate(Hardware("1/2", 2, ".87"))
    assert found.rate.model is None
    assert found.rate.lower < worse.gain < found.rate.upper


WRONG = {
    "short": (lambda: simulate_rate(throughput(LINK), 100), ModelError, "time: must be at least 2.52e"),
    "long": (lambda: simulate_rate(throughput(LINK), "1e12"), LimitError, "take less"),
    "seed": (lambda: simulate_rate(throughput(LINK), 100_000, seed=-1), ModelError, "seed"),
    "a mean fidelity": (
        lambda: simulate_rate(average_delivery(Problem("1/2", 2, "3/4", average_fidelity="79/100")), 1),
        ModelTypeError,
        "rate",
    ),
    "nothing": (
        lambda: simulate_rate(throughput(LINK.replace(budgets={"raw_pairs": 0})), 1),
        ModelError,
        "delivers nothing",
    ),
    "confidence": (lambda: simulate_rate(throughput(LINK), 100_000, confidence=1), ModelError, "confidence"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_said(name):
    """A wrong question has one clear message."""
    ask, error, said = WRONG[name]
    with pytest.raises(error, match=said):
        ask()
