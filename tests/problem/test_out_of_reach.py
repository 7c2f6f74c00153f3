"""Targets out of reach, however little: both limits are named, whatever refuses them, and whatever maps say."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from lpdistill import (
    Banded,
    EqualLevelsOnly,
    InfeasibleError,
    LimitError,
    MaxAttempts,
    NotCertifiedError,
    Problem,
    RawPairOnly,
    UnreachableTargetError,
    compare,
    deadline,
    smallest_window,
    solve,
)
from lpdistill.physics.maps import Combination, Reach
from lpdistill.physics.werner import Werner, WernerPair
from lpdistill.requests.level_table import levels
from lpdistill.study.outcome import Ending, outcome_of

PAST = Problem("1/2", 3, "0.8", "0.88")
"""A target past the pumping limit."""

LIMITS = ("0.870404162", "0.923819672")
"""Both limits of three memories, rounded down."""

DOORS = {
    "solve": solve,
    "all levels": lambda problem: solve(problem, all_levels=True),
    "compare": compare,
    "deadline": lambda problem: deadline(problem, 20),
    "smallest window": lambda problem: smallest_window(problem, 0.9),
    "levels": levels,
}
"""What a target may be given to."""

OUT_OF_REACH = {
    "memories": (PAST.replace(target="0.93"), "their fidelity stays below 0.923819672 .* 4 memories could reach it"),
    "pumping": (PAST.with_constraints(RawPairOnly()), "raw_pair_only: pumping stays below 0.870404162"),
    "nested": (PAST.with_constraints(EqualLevelsOnly()), "the highest fidelity that is made is 0.873584515"),
    "equal levels": (
        PAST.with_constraints(Banded(0)),
        "banded: the highest fidelity that is made is 0.873584515",
    ),
}
"""Problems, and what is said of what they reach."""


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("case", OUT_OF_REACH)
def test_every_door_names_both_limits_and_what_is_reached(door, case):
    """Past the limits the error says what memories, or the rules in force, reach, and both limits, and carries them."""
    problem, said = OUT_OF_REACH[case]
    with pytest.raises(UnreachableTargetError, match=said) as caught:
        DOORS[door](problem)
    assert all(limit in str(caught.value) for limit in LIMITS)
    assert (caught.value.pumping_limit, caught.value.memory_limit) == pytest.approx([*map(float, LIMITS)], abs=1e-9)


@pytest.mark.parametrize("case", OUT_OF_REACH)
def test_a_point_of_a_sweep_is_unreachable(case):
    """A sweep records it as such, with the same words."""
    problem, _ = OUT_OF_REACH[case]
    found = outcome_of(problem, "optimal")
    assert found.ending is Ending.UNREACHABLE
    assert all(limit in found.message for limit in LIMITS)


def test_one_memory_holds_raw_pairs():
    """The limit of one memory is what it has: it is not said to stay below."""
    with pytest.raises(UnreachableTargetError, match=r"for 1 memory and f0 = 0.8: its fidelity is 0.8 \(memory limit"):
        solve(PAST.replace(memories=1))


def test_rules_that_close_dead_ends_of_a_chain_are_named():
    """Where a chain of levels reaches the target, and another rule leaves no policy, that rule is what is named."""
    with pytest.raises(InfeasibleError, match=r"closed by MaxAttempts\(most=0\); relax a rule"):
        solve(PAST.replace(memories=4).with_constraints(EqualLevelsOnly(), MaxAttempts(0)))


def limit_of(memories: int) -> Decimal:
    """The memory limit of f0 = 0.8 in 60 digits: Eq. 7 of arXiv:2606.14908, once for every memory but the first."""
    fidelity = Decimal("0.8")
    for _ in range(memories - 1):
        fidelity = (6 * fidelity - 3 + (28 * fidelity**2 - 26 * fidelity + 7).sqrt()) / (8 * fidelity - 2)
    return fidelity


@pytest.mark.parametrize("memories", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("off", ["1e-12", "1e-14", "1e-20", "1e-40"])
def test_targets_next_to_the_memory_limit_are_told_apart(memories, off):
    """However near the limit, which is irrational, a target below it is in reach, and one above is out of it."""
    with localcontext(prec=60):
        near = [limit_of(memories) + sign * Decimal(off) for sign in (-1, 1)]
    below, above = (Problem("1/2", memories, "0.8", target) for target in near)
    assert (below.reach.memories_needed, above.reach.memories_needed) == (memories, memories + 1)
    with pytest.raises(UnreachableTargetError, match=f"{memories + 1} memories could reach it"):
        solve(above)


@pytest.mark.parametrize("memories", [2, 3, 4, 5, 6])
def test_targets_next_to_the_memory_limit_end_in_time(memories):
    """A target 1e-12 below it is bracketed, or refused with what is known, and no round begins after the time."""
    with localcontext(prec=60):
        target = limit_of(memories) - Decimal("1e-12")
    with pytest.raises((LimitError, NotCertifiedError), match=r"no policy that reaches|too many steps"):
        solve(Problem("1/2", memories, "0.8", target), time_limit="0.2")


@dataclass(frozen=True)
class Mistaken(Werner):
    """Werner's map, which says that any two memories reach any target, with finitely many levels."""

    name: str = "mistaken"
    monotone: bool = False

    def reach(self, raw, target, memories):
        """What is not so."""
        return Reach(pumping_limit=1.0, memory_limit=1.0, finite=True, memories_needed=2)


@dataclass(frozen=True)
class Exploding(Mistaken):
    """A map whose fractions have twice as many digits after every distillation, and whose levels never end."""

    name: str = "exploding"

    def combine(self, a, b):
        """A gain that gets smaller and smaller."""
        worse = max(1 - a.fidelity, 1 - b.fidelity)
        return Combination(WernerPair(1 - worse * (1 - worse * worse / 1000)), Fraction(1, 2))


@dataclass(frozen=True)
class Stuck(Mistaken):
    """A map that gains nothing beyond 0.7."""

    name: str = "stuck"

    def combine(self, a, b):
        """A gain of 1/20 up to 0.7."""
        return Combination(
            WernerPair(min(Fraction(7, 10), max(a.fidelity, b.fidelity) + Fraction(1, 20))), Fraction(1, 2)
        )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(Mistaken(), "more than 200 fidelity levels"), (Exploding(), "fidelity levels .* whose exact arithmetic takes")],
)
def test_maps_that_wrongly_claim_finitely_many_levels(wrong, said):
    """They are refused with what was found, what to do, and whose claim it is."""
    with pytest.raises(LimitError, match=f"target: more than .*{said}|{said}") as caught:
        solve(Problem("1/2", 2, "0.8", "0.93", distillation=wrong))
    assert "take fewer memories" in str(caught.value)
    assert f"the map {wrong.name} says that they are finitely many" in str(caught.value)


@pytest.mark.parametrize("monotone", [False, True])
def test_maps_that_wrongly_claim_to_reach_the_target(monotone):
    """Where nothing that is made meets the target, it is out of reach, and the claim is named."""
    problem = Problem("1/2", 3, "0.6", "0.8", distillation=Stuck(monotone=monotone))
    with pytest.raises(UnreachableTargetError, match=r"nothing that is made meets it.*the map stuck says"):
        solve(problem)


def test_maps_that_wrongly_claim_to_reach_the_target_with_so_many_memories():
    """Labels show it, too: what is better than all that two memories make does not meet the target."""
    with pytest.raises(UnreachableTargetError, match="though the map mistaken says that 2 memories reach it"):
        solve(Problem("1/2", 2, "0.8", "0.88", distillation=Mistaken(monotone=True)))
