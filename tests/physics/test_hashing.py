"""Hashing: its yield, its threshold, and what is proved of finitely many pairs."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from math import comb, log2, prod

import numpy as np
import pytest

from lpdistill import ModelError, hashing
from lpdistill.physics import hashing as rules
from lpdistill.physics.hashing import class_bound, entropy, hashed, threshold

NINE = Fraction(9, 10), *3 * (Fraction(1, 30),)
BIASED = Fraction(8, 10), Fraction(12, 100), Fraction(5, 100), Fraction(3, 100)
DEPHASED = Fraction(9, 10), Fraction(0), Fraction(0), Fraction(1, 10)


def strings(weights, pairs):
    """The probability of every string of errors, most likely first, written out."""
    return np.array(sorted((float(prod(chosen)) for chosen in product(weights, repeat=pairs)), reverse=True))


def test_the_threshold_of_werner_pairs_is_the_published_one():
    """Werner pairs are hashed above F = .8107, where their entropy is one bit (Bennett et al. 1996)."""
    found = threshold(NINE)
    assert found == pytest.approx(0.8107103750, abs=1e-10)
    assert entropy((Fraction(found), *3 * (Fraction(1 - found) / 3,))) == pytest.approx(1.0, abs=1e-12)


def test_pairs_with_one_kind_of_error_are_hashed_above_one_half():
    """Of dephased pairs the yield is 1 - h(F), which is something above F = 1/2."""
    found = hashing(raw=DEPHASED, pairs=100)
    assert found.threshold == pytest.approx(0.5, abs=1e-7)
    assert found.asymptotic == pytest.approx(1 + 0.9 * log2(0.9) + 0.1 * log2(0.1), abs=1e-14)


def test_perfect_pairs_are_kept():
    """Of perfect pairs none is measured, and there is no failure."""
    assert hashed((Fraction(1), *3 * (Fraction(0),)), 50, Fraction(1, 100)) == rules.Hashed(50, 0, 0.0)


@pytest.mark.parametrize("measured", [1, 4, 7, 10])
def test_the_sum_over_classes_is_that_over_strings(measured):
    """The bound of five pairs is that over all 1,024 strings, each against those no less likely."""
    chances = strings(NINE, 5)
    as_likely = np.array([(chances >= chance * (1 - 1e-12)).sum() for chance in chances])
    wanted = (chances * np.minimum(1, 0.5**measured * (as_likely - 1))).sum()
    found = class_bound(Counter(NINE), 5)(measured)
    assert float(found) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("weights", [NINE, BIASED, DEPHASED])
def test_random_parities_fail_no_more_than_proved(weights):
    """Decoders of random parities of six pairs, their failures computed exactly, stay below the bound on average."""
    chances, random = strings(weights, 6), np.random.default_rng(5)
    # Strings as bits, in any fixed order: what matters is that differences of strings are met alike.
    bits = (np.arange(4**6)[:, None] >> np.arange(12)) & 1
    shuffled = bits[random.permutation(4**6)]
    for measured in (6, 9):
        failures = []
        for _ in range(300):
            told = shuffled @ random.integers(0, 2, (12, measured)) % 2 @ (1 << np.arange(measured))
            _, first = np.unique(told, return_index=True)  # the most likely string of every result
            failures.append(1 - chances[first].sum())
        bound = float(class_bound(Counter(weight for weight in weights if weight), 6)(measured))
        assert np.mean(failures) <= bound + 4 * np.std(failures) / 300**0.5


@pytest.mark.parametrize(("weights", "pairs"), [(NINE, 400), (DEPHASED, 200), (BIASED, 60)])
def test_gallagers_bound_is_never_below_the_sum(weights, pairs, monkeypatch):
    """The bound for any number of pairs is weaker than that over classes, and not by much."""
    error = Fraction(1, 1000)
    summed = hashed(weights, pairs, error)
    monkeypatch.setattr(rules, "MOST_CLASSES", 0)
    quick = hashed(weights, pairs, error)
    assert summed.measured <= quick.measured <= summed.measured + 30
    assert quick.failure <= error


def test_the_least_number_is_measured():
    """One measured pair less, and the bound exceeds the error that is allowed."""
    found, bound = hashed(NINE, 300, Fraction(1, 100)), class_bound(Counter(NINE), 300)
    assert bound(found.measured) <= Fraction(1, 100) < bound(found.measured - 1)
    assert float(bound(found.measured)) == pytest.approx(found.failure, rel=1e-12)


def test_the_sum_is_as_exact_as_its_decimals():
    """What the classes sum to is, in fractions, a binomial P(k) times the number of strings with at most k errors."""
    pairs, measured = 40, 38
    most = [sum(comb(pairs, j) * 3**j for j in range(k + 1)) for k in range(pairs + 1)]
    chance = [comb(pairs, k) * Fraction(1, 10) ** k * Fraction(9, 10) ** (pairs - k) for k in range(pairs + 1)]
    wanted = sum(chance[k] * min(1, Fraction(most[k] - 1, 2**measured)) for k in range(pairs + 1))
    found = Fraction(class_bound(Counter(NINE), pairs)(measured))
    assert wanted <= found <= wanted * (1 + Fraction(1, 10**25))


def test_many_pairs_yield_what_infinitely_many_do():
    """The yield grows towards the asymptotic one, which it never exceeds."""
    yields = [hashed(NINE, pairs, Fraction(1, 10**9)).yielded for pairs in (1_000, 10_000, 10**6, 10**9)]
    assert yields == sorted(yields)
    assert 0.372 < yields[-1] < 1 - entropy(NINE)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "f0: is missing"),
        ({"f0": "0.5"}, "f0: must be a raw fidelity"),
        ({"raw": ".4,.6,0,0"}, "raw: must have a first weight"),
        ({"raw": ".9,.2,-.1,0"}, "raw: must be four weights"),
        ({"f0": "0.9", "pairs": 0}, "pairs: must be at least 1"),
        ({"f0": "0.9", "pairs": "10,x"}, "pairs: must be a whole number"),
        ({"f0": "0.9", "error": 0}, "error: must be a probability"),
    ],
)
def test_what_means_nothing_is_named(given, named):
    """Wrong pairs, numbers and errors are refused by their names."""
    with pytest.raises(ModelError, match=f"^{named}"):
        hashing(**given)


def test_an_error_that_floating_point_has_not_is_none_that_matters():
    """A pair that is all but perfect yields what a perfect one does."""
    assert hashing("0." + "9" * 900, pairs=10).to_dict()["hashing"] == 1
