"""What a deployment predicts, against simulation, closed forms and what other rooms say."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from lpdistill import InfeasibleError, Problem, distribution, solve, throughput
from lpdistill.deployment.expectation import Expectation
from lpdistill.deployment.objective import LinkObjective, link_name, seconds_of
from lpdistill.errors import ModelError

PROBLEM = Problem("1/2", 4, "3/4", "79/100")


@pytest.fixture(scope="module")
def renewed():
    """What the policy of least waiting time does, again and again."""
    return Expectation.of(PROBLEM, LinkObjective())


@pytest.fixture(scope="module")
def steady():
    """What the policy of the greatest throughput does."""
    return Expectation.of(PROBLEM, LinkObjective(throughput="0.12"))


def test_a_renewed_policy_delivers_once_in_its_waiting_time(renewed):
    """The elementary renewal theorem."""
    assert renewed.gain == pytest.approx(1 / solve(PROBLEM).waiting_time)
    assert renewed.waiting_time == pytest.approx(solve(PROBLEM).waiting_time)


def test_the_variance_of_a_renewed_count_is_that_of_simulated_ones(renewed):
    """Deliveries in long stretches, drawn from the law of the waiting time."""
    law, random = distribution(solve(PROBLEM)), np.random.default_rng(3)
    times = random.choice(law.times, size=(4000, 500), p=law.pmf / law.pmf.sum()).cumsum(axis=1)
    counts = (times <= 2000).sum(axis=1)
    assert counts.mean() == pytest.approx(2000 * renewed.gain, rel=0.005)
    assert counts.var() == pytest.approx(2000 * renewed.variance, rel=0.1)


def test_what_is_distilled_is_all_that_is_distilled(renewed, steady):
    """Distillations of all levels together are those that the policy is expected to use."""
    used = solve(PROBLEM).expected["distillations"] * renewed.gain
    assert sum(one.rate for one in renewed.distilled) == pytest.approx(used)
    assert sum(one.rate for one in steady.distilled) == pytest.approx(throughput(PROBLEM).use["distillations"])


def test_distillations_fail_as_often_as_is_predicted(renewed):
    """Success probabilities by levels, weighted, leave the failures that the policy is expected to have."""
    failed = sum(one.rate * (1 - one.success) for one in renewed.distilled)
    assert failed == pytest.approx(solve(PROBLEM).expected["failed_distillations"] * renewed.gain)


def test_a_steady_policy_has_its_law(steady):
    """Gain and variance are those of the rate's own law."""
    law = throughput(PROBLEM).law
    assert (steady.gain, steady.variance) == pytest.approx((law.gain, law.variance))
    assert (steady.waits, steady.window) == (None, None)


def test_time_that_is_not_charged_passes_all_the_same():
    """Conventions of the last step make no link faster."""
    free = Expectation.of(PROBLEM.replace(final_step="free"), LinkObjective())
    assert free.gain == pytest.approx(1 / solve(PROBLEM).waiting_time)


def test_silence_is_as_rare_as_the_law_says(renewed):
    """A stretch that starts at any moment: sampled, at a probability that samples show."""
    law, random = distribution(solve(PROBLEM)), np.random.default_rng(5)
    longest = renewed.silence(0.02)
    ends = random.choice(law.times, size=1_000_000, p=law.pmf / law.pmf.sum()).cumsum()
    starts = random.uniform(0, ends[-2], size=200_000)
    wait = ends[np.searchsorted(ends, starts, side="right")] - starts
    assert (wait > longest).mean() <= 0.02 + 3 * sqrt(0.02 / 200_000)
    assert (wait > longest - 2).mean() > 0.02


@pytest.mark.parametrize(("readout", "wanted"), [("1", Fraction(43, 50)), ("49/50", None)])
def test_a_pair_at_the_target_passes_with_the_probability_of_its_density_matrix(readout, wanted):
    """A Werner pair measured in XX, YY, ZZ, each outcome flipped by a readout that errs: equal in all bases."""
    told = Expectation.of(PROBLEM.replace(readout=readout, target="77/100"), LinkObjective()).pass_probability
    bell = np.array([1, 0, 0, 1]) / sqrt(2)
    w = (4 * 0.77 - 1) / 3
    state = w * np.outer(bell, bell) + (1 - w) / 4 * np.eye(4)
    paulis = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.array([[1, 0], [0, -1]])
    right = float(Fraction(readout))
    for pauli, sign in zip(paulis, (1, -1, 1), strict=True):
        agree = (1 + sign * np.trace(state @ np.kron(pauli, pauli)).real) / 2
        same = right**2 + (1 - right) ** 2
        assert told == pytest.approx(agree * same + (1 - agree) * (1 - same))
    assert wanted is None or Expectation.of(PROBLEM, LinkObjective()).pass_probability == pytest.approx(float(wanted))


def test_the_window_leaves_half_of_the_budget():
    """Where no window is given, it is the least in which the policy is late half as often as it may be."""
    window = Expectation.of(PROBLEM, LinkObjective(confidence="0.9")).window
    law = distribution(solve(PROBLEM))
    assert window.late == pytest.approx(law.survival(window.time))
    assert window.late <= 0.05 < law.survival(window.time - 1)


def test_an_objective_that_the_policy_does_not_meet_is_refused():
    """The message has the window, or the throughput, that could be asked for."""
    with pytest.raises(InfeasibleError, match="take a window of 26") as window:
        Expectation.of(PROBLEM, LinkObjective(window=25))
    assert window.value.workable["window"] == 26
    with pytest.raises(InfeasibleError, match=r"the best delivers 0\.127917908"):
        Expectation.of(PROBLEM, LinkObjective(throughput=0.128))


def test_levels_that_labels_stand_for_have_no_rule():
    """Where labels stand for pairs that age, success probabilities are bounds, and nothing is said of them."""
    told = Expectation.of(Problem(0.5, 2, 0.9, 0.91, coherence_time=500), LinkObjective())
    assert told.distilled == ()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"confidence": 1}, "confidence: must be a probability between 0 and 1"),
        ({"throughput": 0}, "throughput: must be above 0"),
        ({"throughput": 1, "window": 3}, "throughput: is that of the policy that delivers most"),
        ({"false_alarms": 0}, "false_alarms: must be above 0"),
        ({"tested": 2}, "tested: must be a share"),
        ({"tolerance": 1}, "tolerance: must be a share"),
        ({"false_alarms": "often"}, "false_alarms: must be a number"),
    ],
)
def test_objectives_that_mean_nothing_are_refused(options, told):
    """What is out of range, or contradicts something else, is named."""
    with pytest.raises(ModelError, match=told):
        LinkObjective(**options)


def test_a_window_is_a_time_above_0():
    """A window of a problem whose times have no unit has none."""
    with pytest.raises(ModelError, match="window: must be above 0"):
        Expectation.of(PROBLEM, LinkObjective(window=0))
    with pytest.raises(ModelError, match="window: has a unit"):
        Expectation.of(PROBLEM, LinkObjective(window="3ms"))


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a" * 41, "a/b", "a b", 3])
def test_a_link_has_a_name_that_manifests_may_have(name):
    """No name leaves its folder, its label or its domain."""
    with pytest.raises(ModelError, match="link: must be at most 40"):
        link_name(name)


@pytest.mark.parametrize("unit", ["3", "0s", "-1ms", "3 weeks"])
def test_a_unit_is_a_time_with_a_unit(unit):
    """How long a unit of time is cannot be told without one."""
    with pytest.raises(ModelError, match="unit time: must be"):
        seconds_of(unit)
