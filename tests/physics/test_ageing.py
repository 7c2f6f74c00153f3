"""Everything about pairs that age is rounded outwards: against fifty digits of mpmath."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from mpmath import exp, mp, mpf

from lpdistill.hardware.attainable import GRID, _up
from lpdistill.physics.aged import Aged, AgedGrid, distilled
from lpdistill.physics.ageing import BITS, Clock, Coherence, _series, bounded, decay
from lpdistill.physics.rounding import Rounding
from lpdistill.physics.werner import werner_parameter

CLOCKS = {products: Clock(Coherence(37, products), Fraction(1), Fraction(2)) for products in ("age", "fresh")}
roundings = pytest.mark.parametrize("rounding", Rounding)
products = pytest.mark.parametrize("products", CLOCKS)


@pytest.fixture(autouse=True)
def _digits():
    """More digits than double precision has."""
    with mp.workdps(60):
        yield


def number(fraction):
    """A fraction with many digits."""
    return mpf(fraction.numerator) / fraction.denominator


def kept(clock, time):
    """What is left of a Werner parameter after a time."""
    return exp(-number(time / clock.coherence.time))


def grid_of(clock):
    """Labels of raw pairs, of results of results, and of all of them at many ages."""
    grid = AgedGrid.of(clock, Fraction(9, 10), Fraction(93, 100))
    given, raw = len(grid.origins), Aged(0, Fraction(0))
    ages = [Aged(0, Fraction(age)) for age in range(1, 40)]
    grid = grid.having([(raw, raw), (raw, ages[2]), (ages[4], ages[7])], ages)
    made = [one for one in grid.known if one.origin >= given]
    older = [Aged(one.origin, Fraction(age)) for one in made for age in range(1, 40)]
    return grid.having([(raw, one) for one in made], older)


def true_parameter(grid, label, known):
    """The Werner parameter of what a label is a label of: made of what its labels are of, and aged."""
    if label in known:
        return known[label]
    made = grid.origins[label.origin]
    if isinstance(made, Fraction):
        fresh = number(werner_parameter(made))
    else:
        a, b = (true_parameter(grid, one, known) for one in made)
        fresh = (a + b + 4 * a * b) / (3 * (1 + a * b))
        if grid.clock.coherence.products == "age":
            fresh *= kept(grid.clock, grid.clock.distillation)
    known[label] = fresh * kept(grid.clock, label.age)
    return known[label]


def test_the_exponential_is_bounded_on_both_sides():
    """Both bounds hold, next to each other, and so do those of its series in the last of all digits."""
    random = np.random.default_rng(1)
    for _ in range(300):
        x = Fraction(int(random.integers(1, 10**6)), int(random.choice([1, 7, 10**3, 10**9]))) % 700
        if not x:
            continue
        lower, upper = decay(x)
        assert mpf(lower) < exp(-number(x)) < mpf(upper)
        assert x > 20 or upper == np.nextafter(lower, 1)  # beyond, few of all digits are left
        low, high = _series(x / 1400)
        assert low < exp(-number(x / 1400)) * 2**BITS < high < low + 10 * BITS


def test_parameters_are_bounded_on_both_sides():
    """A number that double precision does not have lies between the two next to it."""
    for value in (Fraction(13, 15), Fraction(1, 10), Fraction(2, 3), Fraction(1, 3)):
        lower, upper = bounded(value)
        assert Fraction(lower) < value < Fraction(upper)
        assert upper == np.nextafter(lower, 1)


@roundings
@products
def test_labels_bound_what_they_stand_for(rounding, products):
    """No label of FLOOR is better than its pair, and none of CEIL worse, made and aged as often as you like."""
    grid, known = grid_of(CLOCKS[products]), {}
    labels = grid.labels(rounding)
    sign = 1 if rounding is Rounding.FLOOR else -1
    for one, value in zip(labels.order, labels.values.tolist(), strict=True):
        assert sign * (true_parameter(grid, one, known) - mpf(value)) > 0


@roundings
@products
def test_older_labels_bound_what_becomes_of_younger_ones(rounding, products):
    """A label that is kept for a step is aged by no less than pairs are (FLOOR), or by no more (CEIL)."""
    labels = grid_of(CLOCKS[products]).labels(rounding)
    sign, values = (1 if rounding is Rounding.FLOOR else -1), labels.values.tolist()
    for duration in (Fraction(1), Fraction(2)):
        after = labels.aged(duration)[0].tolist()
        share = kept(CLOCKS[products], duration)
        for value, label in zip(values, after, strict=True):
            if label >= 0:
                stays = rounding is Rounding.CEIL and values[label] <= value and label == 0
                assert stays or sign * (mpf(value) * share - mpf(values[label])) >= 0


@roundings
@products
def test_results_are_bounded(rounding, products):
    """What distillation makes of two labels is no better than the truth (FLOOR), or no worse (CEIL)."""
    clock = CLOCKS[products]
    labels = grid_of(clock).labels(rounding)
    sign, values, (_, fresh) = (1 if rounding is Rounding.FLOOR else -1), labels.values.tolist(), labels.made
    lasting = kept(clock, clock.distillation) if products == "age" else 1
    for i in range(0, len(values), 7):
        for j in range(0, len(values), 5):
            a, b = mpf(values[i]), mpf(values[j])
            assert sign * ((a + b + 4 * a * b) / (3 * (1 + a * b)) * lasting - mpf(float(fresh[i, j]))) > 0


def test_what_is_attainable_is_rounded_up():
    """Parameters on the grid of the proof that a target is out of reach are no less than they were."""
    for value in np.random.default_rng(2).random(100).tolist():
        assert 0 < Fraction(_up(value), GRID) - Fraction(value) < Fraction(1, GRID)


def test_one_distillation_of_pairs_that_wait_has_the_published_time_and_fidelity():
    """Two pairs with p = 0.01, w = 0.8 and T_c = 1500, tried again until one distillation succeeds.

    Li, Coopmans and Elkouss (2021) print 187.1638718781 and 0.8672694353, from a waiting time that is cut off.
    """
    p, raw, coherence, success, fidelity = 0.01, 0.8, Coherence(1500), 0.0, 0.0
    together = p / (2 - p)
    for wait in range(4000):
        chance = together if not wait else (1 - together) * p * (1 - p) ** (wait - 1)
        older = raw * coherence.kept(Fraction(wait))[0]
        success += chance * (1 + raw * older) / 2
        fidelity += chance * (1 + raw * older) / 2 * (3 * distilled(raw, older) + 1) / 4
    assert (3 - 2 * p) / (p * (2 - p)) / success == pytest.approx(187.1638717620, rel=1e-12)
    assert fidelity / success == pytest.approx(0.8672694352398, rel=1e-12)
