"""The Werner map, its limits, and what they say about reachable targets."""

from decimal import Decimal, localcontext
from fractions import Fraction

import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import DistillationMap, Werner
from lpdistill.physics.werner import (
    WernerPair,
    distilled_fidelity,
    pumping_limit,
    raw_fidelity_with_limit,
    success_probability,
)

FIDELITY = st.fractions(Fraction(51, 100), 1, max_denominator=1000)


def limit_of(f0: Decimal) -> Decimal:
    """The pumping limit, Eq. 7, to 50 digits."""
    with localcontext() as context:
        context.prec = 50
        return (6 * f0 - 3 + (28 * f0 * f0 - 26 * f0 + 7).sqrt()) / (8 * f0 - 2)


def reach(f0, target, memories):
    """How far the Werner map carries pairs of fidelity ``f0``."""
    return Werner().reach(WernerPair(Fraction(f0)), Fraction(target), memories)


@given(FIDELITY, FIDELITY)
def test_map_in_fidelities_is_the_map_in_werner_parameters(a, b):
    """Eqs. 2 and 3 in fidelities agree exactly with ``w' = (w1 + w2 + 4 w1 w2) / (3 (1 + w1 w2))``."""
    assert (distilled_fidelity(a, b), success_probability(a, b)) == oracle.werner(a, b)


@given(FIDELITY, FIDELITY)
def test_combine_is_the_map(a, b):
    """Combining two pairs gives fidelity ``D(a, b)`` with probability ``P(a, b)``."""
    made = Werner().combine(WernerPair(a), WernerPair(b))
    assert (made.state.fidelity, made.success) == oracle.werner(a, b)


@given(FIDELITY, FIDELITY, FIDELITY)
def test_distilled_fidelity_increases_in_each_argument(a, b, c):
    """A better input never makes a worse output."""
    low, high = sorted((a, b))
    assert (distilled_fidelity(low, c) < distilled_fidelity(high, c)) == (low < high)


@given(FIDELITY, FIDELITY)
def test_pumping_gains_exactly_below_the_limit(x, f0):
    """``D(x, f0) > x`` if and only if ``x`` is below the pumping limit of ``f0``."""
    below = (8 * f0 - 2) * x * x - (12 * f0 - 6) * x + (f0 - 1) < 0
    assert (distilled_fidelity(x, f0) > x) == below


@given(st.integers(510_000, 999_999))
def test_pumping_limit_solves_its_quadratic(millionths):
    """The limit in double precision agrees with Eq. 7 in 50 digits to 15."""
    f0 = Decimal(millionths) / 10**6
    assert pumping_limit(float(f0)) == pytest.approx(float(limit_of(f0)), rel=1e-15, abs=0)


def test_pumping_approaches_the_limit_and_never_passes_it():
    """Pumping pairs of 3/4 rises strictly, below the limit, to within 1e-12 of it."""
    f0 = x = Fraction(3, 4)
    limit = Fraction(limit_of(Decimal("0.75")))
    for _ in range(60):
        before, x = x, distilled_fidelity(x, f0)
        assert before < x < limit
    assert limit - x < Fraction(1, 10**12)


@given(st.fractions(Fraction(51, 100), Fraction(99, 100), max_denominator=1000))
def test_raw_fidelity_with_limit_inverts_the_pumping_limit(x):
    """``x`` is exactly a fixed point of pumping with pairs of the raw fidelity whose limit it is."""
    assert distilled_fidelity(x, raw_fidelity_with_limit(x)) == x


@pytest.mark.parametrize("memories", [1, 2, 3, 4, 7])
def test_memory_limit_is_the_pumping_limit_iterated(memories):
    """With ``M`` memories the supremum of fidelity is the pumping limit iterated ``M - 1`` times."""
    limit = Decimal("0.75")
    for _ in range(memories - 1):
        limit = limit_of(limit)
    assert reach("3/4", "4/5", memories).memory_limit == pytest.approx(float(limit), rel=1e-15, abs=0)


def test_memory_limit_of_three_memories_is_approached():
    """Pumping with pairs that were pumped themselves, which takes three memories, approaches the limit of three."""
    x = f0 = pumped = 0.75
    for _ in range(200):
        pumped = (10 * pumped * f0 - pumped - f0 + 1) / (8 * pumped * f0 - 2 * pumped - 2 * f0 + 5)
    for _ in range(200):
        x = (10 * x * pumped - x - pumped + 1) / (8 * x * pumped - 2 * x - 2 * pumped + 5)
    assert reach("3/4", "4/5", 3).memory_limit == pytest.approx(x, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("target", "needed"),
    [("0.7", 1), ("0.75", 1), ("0.7500001", 2), ("0.8256", 2), ("0.8257", 3), ("0.8910", 3), ("0.8911", 4), (1, None)],
)
def test_memories_needed_count_the_limits_passed(target, needed):
    """From 3/4 one memory reaches 0.75, two anything below 0.82569, three anything below 0.89108, none reaches 1."""
    assert reach("3/4", target, 2).memories_needed == needed


@pytest.mark.parametrize(
    ("shift", "needed", "finite"), [(-1, 2, True), (0, 3, False), (1, 3, False)], ids=["below", "at", "above"]
)
def test_a_rational_limit_is_compared_exactly(shift, needed, finite):
    """The limit 9/10 of ``f0 = 139/166`` itself is beyond two memories, and 1e-40 below it is not."""
    f0 = Fraction(139, 166)
    assert distilled_fidelity(Fraction(9, 10), f0) == Fraction(9, 10)
    found = reach(f0, Fraction(9, 10) + Fraction(shift, 10**40), 4)
    assert (found.memories_needed, found.finite) == (needed, finite)


def test_a_second_rational_limit_is_compared_exactly():
    """The exact two-step limit needs a memory more than anything below it."""
    f0 = raw_fidelity_with_limit(raw_fidelity_with_limit(Fraction(19, 20)))
    assert reach(f0, "19/20", 4).memories_needed == 4
    assert reach(f0, Fraction(19, 20) - Fraction(1, 10**40), 4).memories_needed == 3


def test_perfect_raw_pairs_reach_a_perfect_target():
    """``f0 = 1`` meets the target 1 with one memory."""
    assert reach(1, 1, 1).memories_needed == 1


def test_near_certain_targets_need_many_memories():
    """A target within 1e-12 of 1 is reached by finitely many memories, as the limits tend to 1."""
    limit, memories = Decimal("0.75"), 1
    goal = 1 - Decimal("1e-12")
    while limit <= goal:
        limit, memories = limit_of(limit), memories + 1
    assert reach("3/4", Fraction(goal), 2).memories_needed == memories


def test_werner_is_a_distillation_map():
    """The Werner map meets the protocol that other maps can meet."""
    assert isinstance(Werner(), DistillationMap)
