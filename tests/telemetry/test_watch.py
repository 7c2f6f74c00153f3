"""Watching links: false alarms as rare as stated, faults found with the power predicted, and said in words."""

from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
import pytest
from cases import solved
from scipy import stats

from lpdistill import (
    Deviations,
    ImproperPolicyError,
    Link,
    ModelError,
    Problem,
    Record,
    baseline,
    simulate,
    simulated_telemetry,
    solve,
    watch,
)
from lpdistill.telemetry.checks import Quantity, share, successes
from lpdistill.telemetry.look import Finding, Look
from lpdistill.telemetry.records import Waits

PROBLEM = Problem("1/2", 4, "3/4", "79/100")
ALPHA = Fraction(1, 100)


@cache
def link() -> Link:
    """The link that is watched."""
    return Link.of(solved(PROBLEM).policy)


def looks(runs, periods, seed, alpha=ALPHA, **faults):
    """Looks at simulated weeks."""
    records = simulated_telemetry(link().policy, runs, periods, seed=seed, deviations=Deviations(**faults))
    return [Look.of(link(), one, alpha, Fraction(0)) for one in records]


def test_false_alarms_are_as_rare_as_stated():
    """In 2,000 simulated weeks without a fault no more alarms than a rate of 1 % lets happen, and not none."""
    found = sum(look.alarm for look in looks(20, 2000, seed=7))
    assert 1 <= found <= stats.binom.ppf(0.999, 2000, float(ALPHA))


def exact_level(count: int, chance: Fraction, alpha: Fraction) -> Fraction:
    """The probability of an alarm of a count without a fault, summed over all counts."""
    alarms = [k for k in range(count + 1) if share(Quantity.P, "p", (k, count), chance, alpha, chance).alarm]
    return sum((comb(count, k) * chance**k * (1 - chance) ** (count - k) for k in alarms), Fraction(0))


@pytest.mark.parametrize(("count", "chance"), [(1, Fraction(1, 2)), (40, Fraction(1, 10)), (60, Fraction(13, 18))])
def test_counts_have_the_level_they_state(count, chance):
    """Summed with fractions over all counts, the level is at most alpha; alpha of a single tail is used up."""
    for alpha in (Fraction(1, 20), Fraction(1, 1000)):
        assert exact_level(count, chance, alpha) <= alpha


def test_a_tie_is_an_alarm():
    """Of four attempts none succeeds with probability 1/16: at an alpha of 1/8 that is an alarm, below it none."""
    for alpha, alarm in ((Fraction(1, 8), True), (Fraction(1, 8) - Fraction(1, 10**15), False)):
        assert share(Quantity.P, "p", (0, 4), Fraction(1, 2), alpha, Fraction(1, 2)).alarm is alarm


@pytest.mark.parametrize(("count", "chance"), [(50, Fraction(1, 2)), (200, Fraction(13, 18))])
def test_power_is_the_probability_of_an_alarm(count, chance):
    """Summed over all counts with the drifted chance."""
    drifted, alpha = chance * Fraction(8, 10), Fraction(1, 100)
    alarms = [k for k in range(count + 1) if share(Quantity.P, "p", (k, count), chance, alpha, drifted).alarm]
    summed = float(stats.binom.pmf(alarms, count, float(drifted)).sum())
    assert share(Quantity.P, "p", (0, count), chance, alpha, drifted).power == pytest.approx(summed, rel=1e-9)


def test_the_interval_leaves_out_what_an_alarm_contradicts():
    """An estimate's interval and its test agree, whatever was seen."""
    for k in range(101):
        one = share(Quantity.P, "p", (k, 100), Fraction(2, 5), Fraction(1, 50), Fraction(1, 5))
        outside = not one.estimate.lower <= one.estimate.model <= one.estimate.upper
        assert one.alarm == outside


def rate(found, finding):
    """The share of looks that have found something, and its standard error."""
    share_ = np.mean([finding in look.findings for look in found])
    return share_, np.sqrt(max(share_ * (1 - share_), 0.01) / len(found))


def predicted(found, what):
    """The mean power of a test in some looks."""
    return np.mean([one.power for look in found for one in look.checks if one.what == what])


def with_power(runs, periods, drift, **faults):
    """Looks at simulated weeks, with the power at a drift."""
    records = simulated_telemetry(link().policy, runs, periods, seed=3, deviations=Deviations(**faults))
    return [Look.of(link(), one, ALPHA, drift) for one in records]


def test_a_drift_of_p_is_found_with_the_power_predicted():
    """Where p has fallen by a tenth, that is said as often as the exact power tells."""
    found = with_power(40, 200, Fraction(1, 10), p="0.45")
    seen, error = rate(found, Finding.P_LOWER)
    assert 0.1 < seen < 0.9
    assert seen == pytest.approx(predicted(found, "p"), abs=4 * error)


def test_a_drift_of_waiting_times_is_found_with_the_power_predicted():
    """Waits that are all 5 % longer, as lost messages make them on average: the test of their sum."""
    law, count, rng = link().law, 200, np.random.default_rng(2)
    alarms, power = [], 0.0
    for _ in range(200):
        times = rng.choice(law.times, count, p=law.pmf / law.pmf.sum()) * 1.05
        look = Look.of(link(), Record(waits=Waits.of((time, 1) for time in times.tolist())), ALPHA, Fraction(1, 20))
        mean = next(one for one in look.checks if one.quantity is Quantity.WAITING_TIME)
        alarms.append(mean.alarm)
        power = mean.power
    assert np.mean(alarms) == pytest.approx(power, abs=4 * np.sqrt(0.25 / 200))


def test_the_false_alarm_rate_of_waiting_times_is_that_stated():
    """By drawing from the law: no more alarms than alpha, within the interval of a binomial number."""
    law, rng, alpha = link().law, np.random.default_rng(9), Fraction(1, 10)
    draws = rng.choice(law.times, (1000, 30), p=law.pmf / law.pmf.sum())
    found = [
        Look.of(link(), Record(waits=Waits.of((time, 1) for time in week.tolist())), alpha, Fraction(0)).alarm
        for week in draws
    ]
    assert 0 < sum(found) <= stats.binom.ppf(0.999, 1000, float(alpha))


FAULTS = {
    "p": ({"p": "0.42"}, (Finding.P_LOWER,)),
    "better p": ({"p": "0.58"}, (Finding.P_HIGHER,)),
    "f0": ({"f0": "0.69"}, (Finding.DISTILLATION_RARER,)),
    "lost messages": ({"message_loss": "0.1"}, (Finding.LATENCY,)),
    "jitter": ({"jitter": "0.5"}, (Finding.LATENCY,)),
    "nothing": ({}, (Finding.AS_PREDICTED,)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_called_by_its_name(fault):
    """A fault of the simulator is what is found, and nothing else."""
    faults, wanted = FAULTS[fault]
    (look,) = looks(3000, 1, seed=5, **faults)
    assert look.findings == wanted
    assert [text.partition(":")[0] for text in look.told()] == [str(one) for one in wanted]


def test_two_faults_are_both_found():
    """Waits that even the estimated p does not explain are said to be late, too."""
    (look,) = looks(3000, 1, seed=5, p="0.42", message_loss="0.2")
    assert look.findings == (Finding.P_LOWER, Finding.LATENCY)


def test_costs_are_those_of_both_policies_at_the_estimate():
    """The policy in use evaluated at the estimated p, and the optimum there."""
    (look,) = looks(3000, 1, seed=5, p="0.42")
    there = PROBLEM.replace(p=look.estimated)
    assert look.cost.best == pytest.approx(solve(there).waiting_time, rel=1e-12)
    found = simulate(link().policy, 20_000, seed=4, deviations=Deviations(p=look.estimated))
    assert found.estimates["waiting_time"].lower <= look.cost.kept * 1.01
    assert look.cost.kept >= look.cost.best * (1 - 1e-12)
    assert look.cost.planned == link().policy.waiting_time


def test_a_distillation_that_the_policy_never_makes_is_another_policy():
    """What cannot happen needs no statistics."""
    record = Record(attempts=10, successes=5, distillations={(0, 0): (3, 2), (1, 1): (1, 1)})
    policy = baseline(PROBLEM, "pumping")
    found = watch(policy, [record])
    assert (1, 1) not in Link.of(policy).chances
    assert found.findings == (Finding.OTHER_POLICY,)
    assert "it distils levels 1, 1" in str(found)


def test_looks_share_the_rate():
    """The parts of all looks, and those to come, sum to no more than alpha; so do the tests of a look."""
    found = watch(link(), simulated_telemetry(link().policy, 50, 6, seed=1), each=True)
    spent = [look.alpha for look in found.looks]
    assert spent == [ALPHA / (k * (k + 1)) for k in range(1, 7)]
    assert sum(spent) < ALPHA
    for look in found.looks:
        assert sum(one.alpha for one in look.checks) <= look.alpha


def test_telemetry_of_many_kinds_is_tested():
    """A record with nothing but attempts, distillations or waiting times spends all its rate on them."""
    for record in (
        Record(attempts=100, successes=50),
        Record(distillations={(0, 0): (30, 20), (0, 1): (9, 9), (1, 1): (2, 1)}),
        Record(waits=Waits.of([(5.0, 10), (12.0, 3)])),
        Record(waits=Waits(13, 86.0, (4.0, 8.0, 16.0), (0, 10, 13), listed=False)),
    ):
        (look,) = watch(link(), [record]).looks
        assert sum(one.alpha for one in look.checks) == ALPHA


def test_histograms_are_cut_at_their_buckets():
    """How many waits were longer is known at the ends of buckets only: those next to the predicted quantiles."""
    (look,) = watch(link(), [Record(waits=Waits(13, 86.0, (4.0, 8.0, 16.0), (0, 10, 13), listed=False))]).looks
    assert [one.what for one in look.checks][1:] == ["waits longer than 8", "waits longer than 16"]


def test_simulated_telemetry_is_what_the_simulation_counts():
    """Means of attempts, successes, distillations and times are those of the exact policy, within four errors."""
    (record,) = simulated_telemetry(link().policy, 20_000, seed=8)
    expected, exactly = solved(PROBLEM).expected, link().policy.waiting_time
    tried = sum(tried for tried, _ in record.distillations.values())
    failed = tried - sum(done for _, done in record.distillations.values())
    for seen, name in (
        (record.attempts, "generation_attempts"),
        (record.successes, "raw_pairs"),
        (tried, "distillations"),
        (failed, "failed_distillations"),
    ):
        assert seen / 20_000 == pytest.approx(expected[name], rel=0.03)
    spread = link().policy.standard_deviation
    assert record.waits.total / 20_000 == pytest.approx(exactly, abs=4 * spread / np.sqrt(20_000))


def test_other_maps_are_watched_too():
    """Gates, readouts and another map: success probabilities are those of the recipes."""
    policy = solve(Problem("1/2", 3, "9/10", "93/100", gate="0.99", distillation="dejmps")).policy
    (record,) = simulated_telemetry(policy, 2000, seed=2)
    found = watch(policy, [record])
    assert found.findings == (Finding.AS_PREDICTED,)
    assert len(found.last.checks) > 3


WRONG = [
    (lambda: watch(link(), []), "telemetry: has no records"),
    (lambda: watch(link(), [Record()]), "telemetry: has no attempts, distillations or waiting times"),
    (lambda: watch(link(), [Record(attempts=3)], alpha=0), "alpha: must be a probability above 0"),
    (lambda: watch(link(), [Record(attempts=3)], drift=1), "drift: must be a relative change above 0"),
    (lambda: watch(link(), [Record(distillations={(0, 7): (3, 1)})]), "distillations: must be of levels that the prob"),
    (lambda: watch(link(), [3]), "telemetry: must be a file or a list of records"),
    (lambda: simulated_telemetry(link().policy, 0), "runs: must be at least 1"),
    (lambda: simulated_telemetry(link().policy, 10, 10**7), "runs: must be at least 1, and all runs together at most"),
    (lambda: Link.of(solve(PROBLEM.graph()).policy), "a state graph has no memories"),
    (lambda: Link.of(solve(Problem("1/2", 3, "4/5", "22/25")).policy), "target: must be within the limit of pumping"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_what_cannot_be_watched_is_refused(call, message):
    """One message: what, where, what was found."""
    with pytest.raises(ModelError, match=message):
        call()


def test_a_policy_that_may_never_deliver_is_not_watched():
    """There is no law of its waiting times to compare with."""
    with pytest.raises(ImproperPolicyError, match="never delivers once it is trapped in"):
        Link.of(baseline(Problem("1/2", 2, "3/4", "79/100"), "nested"))


def test_times_follow_the_convention_of_the_problem():
    """Where the last step is not charged, waits leave it out in the law, in the sum and in what is simulated."""
    policy = solve(PROBLEM.replace(final_step="free")).policy
    (record,) = simulated_telemetry(policy, 2000, seed=6)
    (look,) = watch(policy, [record]).looks
    mean = next(one for one in look.checks if one.quantity is Quantity.WAITING_TIME)
    assert mean.estimate.model == pytest.approx(policy.waiting_time, rel=1e-9)
    assert mean.estimate.lower < mean.estimate.value < mean.estimate.upper
    assert look.findings == (Finding.AS_PREDICTED,)


def test_all_distillations_have_the_law_of_a_sum():
    """The convolution of binomial numbers with different chances, by fractions."""
    seen = {(0, 0): (12, 9), (0, 1): (7, 6), (1, 1): (2, 1)}
    law, plain = successes(link(), seen, Fraction(1, 10)), [Fraction(1)]
    for levels, (tried, _) in seen.items():
        chance = link().chances[levels] * Fraction(9, 10)
        one = [comb(tried, k) * chance**k * (1 - chance) ** (tried - k) for k in range(tried + 1)]
        plain = [
            sum((plain[i] * one[k - i] for i in range(len(plain)) if 0 <= k - i < len(one)), Fraction(0))
            for k in range(len(plain) + tried)
        ]
    for k in range(len(plain)):
        assert law.at_most(k) == pytest.approx(float(sum(plain[: k + 1])), abs=1e-12)
    (look,) = watch(link(), [Record(distillations=seen)]).looks
    together = look.checks[0]
    assert (together.count, together.estimate.value) == (21, 16 / 21)
    assert together.estimate.lower < together.estimate.model < together.estimate.upper


def test_alarms_of_all_distillations_leave_the_prediction_out():
    """The interval of the share of all that succeeded, and its test, agree."""
    for done in range(0, 101, 2):
        (look,) = watch(link(), [Record(distillations={(0, 0): (100, done)})], alpha="1/10").looks
        one = look.checks[0]
        assert one.alarm == (not one.estimate.lower < one.estimate.model < one.estimate.upper), done


def test_no_wait_is_shorter_than_none():
    """The interval of a mean waiting time has no negative end."""
    policy = solve(Problem("1/2", 4, "3/4", "79/100")).policy
    found = watch(policy, [Record(waits=Waits.of([(1.0, 12)]))])
    assert min(one.estimate.lower for one in found.last.checks) == 0
