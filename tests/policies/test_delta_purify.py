"""DeltaPurify: pairs are distilled only while that makes a better pair than either."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from lpdistill import ModelError, Problem, Sweep, baseline, compare, sweep
from lpdistill.physics.werner import distilled_fidelity, pumping_limit

ONCE = Problem("1/2", 3, raw=".9,0,.1,0", target=".92", distillation="dejmps", discarding=True)
"""Pairs whose first distillation exchanges one error for another, and leaves the fidelity as it was."""

USEFUL = st.fractions(Fraction(51, 100), Fraction(99, 100), max_denominator=1000)


def test_the_greatest_tolerance_is_the_published_one():
    """A pair of .73466 tolerates one that is better by .0760181597, and none tolerates more (published: .076)."""
    found = minimize_scalar(lambda f: f - pumping_limit(f), bounds=(0.5, 1), method="bounded", options={"xatol": 1e-9})
    assert found.x == pytest.approx(0.73466, abs=5e-6)
    assert -found.fun == pytest.approx(0.0760181597, abs=1e-10)


@given(USEFUL, USEFUL)
def test_the_tolerance_decides_whether_a_pair_improves(one, other):
    """A distillation improves on the better pair iff the two differ by less than the tolerance of the worse one."""
    low, high = sorted([one, other])
    tolerance = pumping_limit(float(low)) - float(low)
    if abs(float(high - low) - tolerance) > 1e-12:
        assert (distilled_fidelity(low, high) > high) == (float(high - low) < tolerance)


@pytest.mark.parametrize("f0", ["0.6", "0.75", "0.9"])
def test_below_the_pumping_limit_it_is_greedy(f0):
    """Werner pairs below the limit of pumping with raw ones improve each other, so that nothing is left out."""
    times = compare(Problem("1/2", 4, f0, gap="0.04"), ["greedy", "delta-purify"]).policies
    assert times["delta-purify"].waiting_time == times["greedy"].waiting_time


def test_it_distils_nothing_that_does_not_improve():
    """In every configuration, what it distils has more fidelity than each of the pairs; greedy distils others, too."""
    levels = ONCE.levels

    def improving(name):
        taken = {pair for _, taken in baseline(ONCE, name).items() for one in taken for pair in one.action.distil}
        made = {pair: [state.fidelity for _, state in levels.combinations[pair].outcomes] for pair in taken}
        return [min(made[pair]) > max(levels[one].fidelity for one in pair) for pair in taken]

    assert all(improving("delta-purify"))
    assert not all(improving("greedy"))


def test_full_memories_discard_the_worst_pair():
    """Where no two of the stored pairs improve, the worst is thrown away, if that is allowed; otherwise runs wait."""
    (taken,) = baseline(ONCE, "delta-purify")[1, 2, 0]
    assert (taken.action.discard, taken.action.distil) == ((0,), ())
    (kept,) = baseline(ONCE.replace(discarding=False), "delta-purify")[1, 2, 0]
    assert (kept.action.discard, kept.action.distil) == ((), ())


def test_where_the_first_round_prepares_the_second_it_never_ends():
    """It looks one step ahead: pairs with errors Y alone are never distilled, where the optimum takes two rounds."""
    found = compare(ONCE, ["delta-purify"])
    assert math.isinf(found.policies["delta-purify"].waiting_time)
    assert found.policies["delta-purify"].deadlock
    assert found.policies["optimal"].waiting_time < 15


def test_it_is_known_wherever_policies_have_names():
    """Sweeps compute it, and the message about unknown names lists it."""
    problem = Problem("1/2", 3, "3/4", "79/100")
    found = sweep(problem, ["delta-purify"], store=None, jobs=1)
    assert isinstance(found, Sweep)
    assert found.rows[0].waiting_time == pytest.approx(baseline(problem, "greedy").waiting_time)
    with pytest.raises(ModelError, match="delta-purify"):
        baseline(ONCE, "delta")
