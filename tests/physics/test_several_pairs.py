"""Codes of several Werner pairs: better pairs are never worse, and what memories can make of them."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lpdistill import ModelError, Problem, UnreachableTargetError, solve, validity
from lpdistill.physics.codes import BEST, Code
from lpdistill.physics.maps import arrangements
from lpdistill.physics.noise import IDEAL, Noise
from lpdistill.physics.werner import Werner, WernerPair, orders
from symbolic import certify

fidelities = st.fractions("1/4", 1, max_denominator=30)
noises = st.builds(
    Noise,
    st.fractions("1/10", 1, max_denominator=20),
    st.fractions("11/20", 1, max_denominator=20),
)


@st.composite
def codes(draw: st.DrawFn, most: int = 4) -> Code:
    """Stabiliser codes of three pairs or more, the best ones among them."""
    size = draw(st.integers(3, most))
    if draw(st.booleans()):
        return Code(BEST[size])
    words = draw(st.lists(st.text("IXYZ", min_size=size, max_size=size), min_size=size - 1, max_size=size - 1))
    for one, other in combinations(words, 2):
        apart = sum(a != b and "I" not in (a, b) for a, b in zip(one, other, strict=True))
        assume(apart % 2 == 0)
    try:
        return Code(tuple(words))
    except ModelError:
        assume(False)  # noqa: FBT003 - its only argument
        raise


@given(codes(), noises, st.data())
def test_better_pairs_are_never_worse(code, noise, data):
    """Neither the success probability nor the fidelity falls if any pair is better, whatever the code and the noise."""
    pairs = [data.draw(fidelities) for _ in range(code.pairs)]
    place = data.draw(st.integers(0, code.pairs - 1))
    better = [max(one, data.draw(fidelities)) if here == place else one for here, one in enumerate(pairs)]
    distillation = Werner(noise=noise, protocols=(code,))
    less, more = (distillation.combine(*map(WernerPair, some)) for some in (pairs, better))
    assert less.success <= more.success
    assert less.state.fidelity <= more.state.fidelity


@given(codes(), noises, st.fractions("1/2", 1, max_denominator=9), st.lists(fidelities, min_size=4, max_size=4))
def test_better_operations_are_never_worse(code, noise, part, pairs):
    """Neither falls if gates or readouts are better, either."""
    gate, readout = (one + (1 - one) * part for one in (noise.gate[0], noise.readout[0]))
    some = [WernerPair(one) for one in pairs[: code.pairs]]
    less, more = (Werner(noise=one, protocols=(code,)).combine(*some) for one in (noise, Noise(gate, readout)))
    assert less.success <= more.success
    assert less.state.fidelity <= more.state.fidelity


@pytest.mark.parametrize("noise", [IDEAL, Noise("9/10", "19/20")])
@pytest.mark.parametrize("size", [3, 4])
def test_orders_are_all_that_make_a_difference(size, noise):
    """What any order of different pairs makes, one of the named orders makes."""
    distillation = Werner(noise=noise, protocols=(Code(BEST[size]),))
    pairs = tuple(WernerPair(Fraction(6, 10) + Fraction(place, 11)) for place in range(size))
    every, named = (
        {distillation.combine(*reversed(order)) for order in some}
        for some in (permutations(pairs), arrangements(distillation, pairs))
    )
    assert every == named
    assert len(named) == len(orders(Code(BEST[size]), noise))


def test_what_several_protocols_cannot_reach_is_proved():
    """Three memories stay below a limit that four pass; with gates too bad, no number of memories does."""
    with pytest.raises(UnreachableTargetError, match=r"below 0\.997649935 .*4 memories could reach it"):
        solve(Problem(".5", 3, ".9", ".999", protocols="2,3"))
    with pytest.raises(UnreachableTargetError, match=r"no pair is better than a raw one .*but gates of"):
        solve(Problem(".5", 6, ".9", ".98", protocols="2,3", gate=".95"))


@pytest.mark.parametrize(
    ("protocols", "target", "finite"),
    [("2,3", ".93", False), ("3", ".93", True), ("2,3", ".92", True), ("2", ".93", False)],
)
def test_levels_have_no_end_past_the_least_pumping_limit(protocols, target, finite):
    """With two-to-one distillation there is no end past its limit, though three-to-one goes on."""
    problem = Problem(".5", 3, ".9", target, gate=".99", readout=".99", protocols=protocols)
    assert problem.reach.finite == finite


def test_what_labels_do_not_bracket_is_refused():
    """Ranges and certificates are refused by a sentence that names the protocols or the map."""
    solution = solve(Problem(".5", 3, ".9", ".93", gate=".99", readout=".99", protocols="2,3"))
    with pytest.raises(ModelError, match=r"protocols: of several pairs have no ranges on labels"):
        validity(solution)
    with pytest.raises(ModelError, match="must be bbpssw of two pairs without noise"):
        certify(solution)
