"""Evidence from counts: what may be written in a rule, against enumeration in fractions."""

from fractions import Fraction
from itertools import product
from math import comb, exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill.deployment.alerts import beyond_chance
from lpdistill.deployment.evidence import divergence, evidence, rounded

CHANCES = st.floats(0.01, 0.99)


def binomial(trials, chance, wanted):
    """The probability of counts, in fractions."""
    chance = Fraction(str(chance))
    terms = (comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(trials + 1) if wanted(k))
    return sum(terms, Fraction(0))


@pytest.mark.parametrize(("expected", "lower"), [(0.5, True), (0.5, False), (0.86, True), (0.1, False)])
def test_alarms_are_as_likely_as_enumeration_says(expected, lower):
    """False alarms and power are the binomial probabilities of the counts that are alarms, one by one."""
    found = evidence(expected, 150, 1e-3, lower=lower)
    for chance in (expected, round(found.drifted, 3), 0.3):
        exact = binomial(150, chance, lambda k: found.alarms(k, 150 - k))
        assert found.power(150, chance) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)


@given(CHANCES, st.integers(20, 400), st.floats(1e-6, 0.05), st.booleans())
def test_a_false_alarm_is_no_more_likely_than_was_allowed(expected, trials, alpha, lower):
    """Whatever number of trials a window holds, more or fewer than predicted."""
    found = evidence(expected, trials, alpha, lower=lower)
    for held in (trials // 2, trials, 3 * trials) if found else ():
        assert found.false_alarm(held) <= alpha * (1 + 1e-9)


@given(CHANCES, st.floats(10, 1e6), st.floats(1e-9, 0.05), st.booleans())
def test_a_trial_adds_no_evidence_where_nothing_has_changed(expected, trials, alpha, lower):
    """The weights as they are written make a supermartingale: what is proved holds for the rounded ones."""
    found = evidence(expected, trials, alpha, lower=lower)
    if found:
        assert expected * exp(found.success) + (1 - expected) * exp(found.failure) <= 1 + 1e-15
        assert found.threshold >= log(1 / alpha)


def test_a_policy_that_stops_when_it_likes_makes_no_more_false_alarms():
    """The number of trials may depend on what came before: here it is the worst that can be chosen."""
    found, random = evidence(0.5, 200, 0.02), np.random.default_rng(1)
    successes = (random.random((5000, 400)) < 0.5).cumsum(axis=1)
    held = np.arange(1, 401)
    ever = (found.success * successes + found.failure * (held - successes) > found.threshold).any(axis=1)
    assert 0 < ever.mean() <= 0.02


def test_the_drift_that_is_found_is_the_nearest():
    """The drift that is said to be found nine times in ten is; one a little nearer is not."""
    found = evidence(0.5, 1000, 1e-6)
    drift = found.found(1000)
    assert found.power(1000, drift) == pytest.approx(0.9, abs=1e-9)
    assert found.power(1000, drift + 1e-6) < 0.9


def test_too_few_trials_prove_nothing():
    """Where not even failures alone would be an alarm, there is no rule."""
    assert evidence(0.5, 10, 1e-6) is None
    assert evidence(0.5, 21, 1e-6) is not None
    assert evidence(0.5, 0, 1e-6) is None


@given(st.integers(1, 60), st.integers(1, 40).map(lambda part: Fraction(part, 200)), st.floats(1e-6, 0.1))
def test_what_is_beyond_chance_is_the_least_share(count, share, alpha):
    """One late delivery fewer would be an alarm too often, by enumeration."""
    limit = round(beyond_chance(count, float(share), alpha) * count)
    assert binomial(count, share, lambda k: k > limit) <= alpha * (1 + 1e-9)
    assert limit == 0 or binomial(count, share, lambda k: k >= limit) > alpha * (1 - 1e-9)


@pytest.mark.parametrize(("one", "other"), [*product((0.0, 0.3, 1.0), (0.2, 0.7))])
def test_divergence_is_the_mean_of_the_logarithm(one, other):
    """The Kullback-Leibler divergence, by its definition."""
    terms = [(one, other), (1 - one, 1 - other)]
    assert divergence(one, other) == pytest.approx(sum(a * log(a / b) for a, b in terms if a))


@given(st.floats(-30, 30))
def test_rounding_has_a_direction(number):
    """Numbers as they are written lie strictly to one side, by less than a unit of the last decimal or two."""
    assert number - 3e-9 < rounded(number, up=False) < number < rounded(number, up=True) < number + 3e-9
