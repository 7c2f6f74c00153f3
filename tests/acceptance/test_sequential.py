"""Sequential tests: the recursion against enumeration and simulation, and the bounds that hold for sure."""

from fractions import Fraction

import numpy as np
import pytest

from lpdistill.acceptance.fixed import Hypotheses
from lpdistill.acceptance.sequential import Sequential

KNOWN = Hypotheses(Fraction(14, 15), Fraction(29, 30), Fraction(1, 20), Fraction(9, 10))
COARSE = Hypotheses(Fraction(1, 2), Fraction(9, 10), Fraction(1, 16), Fraction(7, 8))
TESTS = {
    "sure": Sequential.sure(KNOWN),
    "Wald": Sequential.wald(KNOWN),
    "coarse": Sequential.sure(COARSE),
    "coarse Wald": Sequential.wald(COARSE),
    "no failures": Sequential.sure(Hypotheses(Fraction(4, 5), Fraction(1), Fraction(1, 10), Fraction(9, 10))),
}


def enumerated(test: Sequential, chance: Fraction, most: int) -> tuple[float, float, float]:
    """Mean number of pairs up to so many, probability to certify, and of going on then, over counts of passes.

    Decisions are made by the likelihood ratio as a fraction alone.
    """
    null, true = test.asked.null, test.asked.true
    alive, pairs, certified = {0: Fraction(1)}, 0.0, 0.0
    for number in range(1, most + 1):
        pairs += float(sum(alive.values()))
        reached: dict[int, Fraction] = {}
        for passes, weight in alive.items():
            for more, share in ((1, chance), (0, 1 - chance)):
                reached[passes + more] = reached.get(passes + more, Fraction(0)) + weight * share
        alive = {}
        for passes, weight in reached.items():
            ratio = (true / null) ** passes * ((1 - true) / (1 - null)) ** (number - passes)
            if ratio >= test.above:
                certified += float(weight)
            elif ratio > test.below and weight:
                alive[passes] = Fraction(float(weight))
    return pairs, certified, float(sum(alive.values()))


@pytest.mark.parametrize(("name", "most"), [("coarse", 150), ("coarse Wald", 150), ("no failures", 40), ("sure", 1500)])
@pytest.mark.parametrize("side", ["null", "true"])
def test_the_recursion_equals_enumeration(name, most, side):
    """Mean and probability to certify are those of all sequences, as far as they go on."""
    test = TESTS[name]
    chance = getattr(test.asked, side)
    pairs, certified, left = enumerated(test, chance, most)
    found = test.course(chance)
    assert found.certified == pytest.approx(certified, abs=1e-9 + left)
    assert found.pairs == pytest.approx(pairs, rel=1e-9, abs=500 * left)


def test_the_approximation_is_walds():
    """219.68 pairs by Wald's formula, where his test takes 229.54, and one with errors for sure 239.97."""
    assert TESTS["Wald"].wald_mean() == pytest.approx(219.679, abs=1e-3)
    assert TESTS["Wald"].course(KNOWN.true).pairs == pytest.approx(229.545, abs=1e-3)
    assert TESTS["sure"].course(KNOWN.true).pairs == pytest.approx(239.968, abs=1e-3)


def test_walds_bounds_may_break_the_promise():
    """With his bounds more than delta of the pairs at the limit are certified; with the sure ones fewer."""
    assert TESTS["Wald"].course(KNOWN.null).certified > 0.0502
    assert TESTS["sure"].course(KNOWN.null).certified < 0.0455


@pytest.mark.parametrize("name", ["sure", "coarse", "no failures"])
def test_sure_bounds_hold(name):
    """Errors at the limit, below it and in truth are no larger than asked for."""
    test = TESTS[name]
    asked = test.asked
    assert test.course(asked.null).certified <= asked.delta
    assert test.course(asked.null - Fraction(1, 50)).certified <= test.course(asked.null).certified
    assert test.course(asked.true).certified >= asked.power


def test_the_recursion_agrees_with_simulation():
    """Ten thousand simulated tests take as long on average, and certify as often, within four standard errors."""
    runs, rng = 10_000, np.random.default_rng(3)
    passed = rng.random((runs, 1500)) < float(KNOWN.true)
    gained, lost = np.log(float(KNOWN.true / KNOWN.null)), np.log(0.5)
    path = np.cumsum(np.where(passed, gained, lost), axis=1)
    over = (path >= np.log(20)) | (path <= np.log(0.1))
    assert over.any(axis=1).mean() > 0.999
    ended = np.where(over.any(axis=1), over.argmax(axis=1), path.shape[1] - 1)
    certified = path[np.arange(runs), ended] >= np.log(20)
    found = TESTS["sure"].course(KNOWN.true)
    assert (ended + 1).mean() == pytest.approx(found.pairs, abs=4 * ended.std() / 100)
    assert certified.mean() == pytest.approx(found.certified, abs=4 * certified.std() / 100)


def test_ties_certify():
    """A ratio of exactly A certifies: two passes at 9/5 each reach 81/25."""
    asked = Hypotheses(Fraction(1, 2), Fraction(9, 10), Fraction(25, 81), Fraction(9, 10))
    assert Sequential.sure(asked).certifies_at(0) == 2
    assert Sequential(asked, Fraction(81, 25) + Fraction(1, 10**30), Fraction(1, 10)).certifies_at(0) == 3
