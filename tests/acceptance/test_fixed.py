"""Numbers of pairs that suffice, against enumeration with fractions."""

import math
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import LimitError
from lpdistill.acceptance.binomials import at_least, at_most, compared, tail
from lpdistill.acceptance.fixed import MOST_FAILURES, Hypotheses, Sawtooth, chernoff, hoeffding

KNOWN = Hypotheses(Fraction(14, 15), Fraction(29, 30), Fraction(1, 20), Fraction(9, 10))


def suffices(asked: Hypotheses, pairs: int) -> int | None:
    """How many of some pairs have to pass, if that certifies enough, by sums of fractions alone."""

    def weights(chance: Fraction) -> list[int]:
        yes, no = chance.numerator, chance.denominator - chance.numerator
        return [comb(pairs, k) * yes**k * no ** (pairs - k) for k in range(pairs, -1, -1)]

    null, true = weights(asked.null), weights(asked.true)
    whole, passes, summed = asked.null.denominator**pairs, pairs + 1, 0
    for weight in null:
        summed += weight
        if summed > asked.delta * whole:
            break
        passes -= 1
    powered = sum(true[: pairs - passes + 1]) >= asked.power * asked.true.denominator**pairs
    return passes if passes <= pairs and powered else None


def enumerated(asked: Hypotheses, most: int) -> tuple[int, int]:
    """The least number that suffices, and the one after the last that does not."""
    found = [suffices(asked, pairs) is not None for pairs in range(most + 1)]
    return found.index(True), most + 1 - found[::-1].index(False)


def test_the_published_case():
    """A fidelity of .9 with pairs of .95: 361 pairs, any number from 414 on, 4,748 by Hoeffding."""
    found = Sawtooth.of(KNOWN)
    assert (found.least.pairs, found.least.passes, found.always.pairs) == (361, 345, 414)
    assert hoeffding(KNOWN) == 4748


CASES = [
    Hypotheses(Fraction(3, 5), Fraction(9, 10), Fraction(1, 20), Fraction(9, 10)),
    Hypotheses(Fraction(1, 2), Fraction(9, 10), Fraction(1, 32), Fraction(9, 10) ** 5),
    Hypotheses(Fraction(4, 5), Fraction(1), Fraction(1, 10), Fraction(99, 100)),
    Hypotheses(Fraction(1, 2), Fraction(7, 8), Fraction(1, 4), Fraction(1, 2)),
]


@pytest.mark.parametrize("asked", CASES)
def test_the_search_equals_enumeration(asked):
    """Least number, its passes, and the number from which on all suffice, far beyond where the search stops."""
    found, most = Sawtooth.of(asked), 2 * chernoff(asked) + 10
    least, always = enumerated(asked, most)
    assert (found.least.pairs, found.always.pairs) == (least, always)
    assert found.least.passes == suffices(asked, least)
    assert found.always.passes == suffices(asked, always)


def test_a_tie_is_no_excess():
    """Five pairs that pass with probability 1/32 certify at a delta of 1/32, and with the power that they just have."""
    assert Sawtooth.of(CASES[1]).least[:2] == (5, 5)


@settings(max_examples=15, deadline=None)
@given(
    null=st.integers(8, 14),
    more=st.integers(4, 8),
    delta=st.integers(1, 8),
    power=st.integers(10, 19),
)
def test_random_searches_equal_enumeration(null, more, delta, power):
    """Any chances, any errors."""
    asked = Hypotheses(Fraction(null, 20), Fraction(min(null + more, 20), 20), Fraction(delta, 20), Fraction(power, 20))
    most = chernoff(asked) + 5
    found = Sawtooth.of(asked)
    assert (found.least.pairs, found.always.pairs) == enumerated(asked, most)


@pytest.mark.parametrize("asked", [KNOWN, *CASES])
def test_all_numbers_suffice_from_where_the_search_stops(asked):
    """Chernoff's bound is one: so many pairs suffice, and so do all more."""
    for pairs in range(chernoff(asked), chernoff(asked) + 20):
        assert suffices(asked, pairs)


def test_hoeffding_is_looser_than_chernoff():
    """The usual formula suffices, too, and asks for more."""
    for asked in (KNOWN, *CASES):
        assert Sawtooth.of(asked).always.pairs <= chernoff(asked) <= hoeffding(asked) + 2


def test_tails_are_sums_of_fractions():
    """Floating point agrees with the sum over the fractions, in both tails."""
    for n, q in ((1, Fraction(1, 3)), (7, Fraction(2, 3)), (60, Fraction(1, 15))):
        for k in range(-1, n + 2):
            below = float(tail(k, n, q)) if k >= 0 else 0.0
            assert float(at_most(np.array(k), np.array(n), float(q))) == pytest.approx(below, rel=1e-12)
            assert float(at_least(np.array(k + 1), np.array(n), float(q))) == pytest.approx(1 - below, abs=1e-12)


def test_comparisons_near_a_tie_are_exact():
    """A limit that differs from the tail in the fortieth digit is told apart from it, and the tail itself is not."""
    exactly = tail(20, 300, Fraction(1, 15))
    for shift, sign in ((Fraction(1, 10**40), -1), (Fraction(0), 0), (Fraction(-1, 10**40), 1)):
        assert compared(20, 300, Fraction(1, 15), exactly + shift) == sign


def test_too_many_pairs_are_refused_with_a_bound():
    """What would take too long says how many pairs suffice at any rate."""
    asked = Hypotheses(Fraction(9, 10), Fraction(90001, 100000), Fraction(1, 20), Fraction(9, 10))
    with pytest.raises(LimitError, match="suffice by Chernoff") as caught:
        Sawtooth.of(asked)
    assert caught.value.size["failures"] > MOST_FAILURES


@pytest.mark.parametrize("apart", [Fraction(1, 10**5), Fraction(1, 10**9), Fraction(1, 10**24), Fraction(1, 10**299)])
def test_bounds_of_narrow_questions_are_no_rounding(apart):
    """However near both fidelities are, the pairs that suffice are those of an exact bound, at most Hoeffding's."""
    asked = Hypotheses(Fraction(9, 10), Fraction(9, 10) + apart, Fraction(1, 20), Fraction(9, 10))
    with pytest.raises(LimitError, match="pairs suffice by") as caught:
        Sawtooth.of(asked)
    roots = Fraction(math.sqrt(math.log(20)) + math.sqrt(math.log(10))) ** 2
    assert 0.3 < float(caught.value.size["pairs"] / (roots / (2 * apart**2))) < 1 + 1e-9
