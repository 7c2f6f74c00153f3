"""Random problems with constraints, every constraint once for the package and once for the oracle."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from fractions import Fraction

from constrained_oracle import (
    STANDARD,
    Allowed,
    Counts,
    Deed,
    Limits,
    everything,
    filtered,
    living,
    occupation,
    standard,
)
from hypothesis import assume
from hypothesis import strategies as st
from oracle import Chain, Hardware

from lpdistill import (
    Banded,
    Budget,
    EqualLevelsOnly,
    MaxAttempts,
    MaxDistillations,
    NoGenerationWhileDistilling,
    Problem,
    RawPairOnly,
    Rule,
    Step,
)


@st.composite
def hardware(
    draw: st.DrawFn, *, most_memories: int = 4, most_levels: int = 3, discarding: bool | None = None
) -> Problem:
    """Problems whose runs all end in a distillation, with at most three levels unless told otherwise."""
    f0 = Fraction(draw(st.integers(55, 95)), 100)
    first = Hardware(Fraction(1), 2, f0, Fraction(1)).combine(f0, f0)[0]
    problem = Problem(
        p=draw(st.fractions("1/20", 1, max_denominator=20)),
        memories=draw(st.integers(2, most_memories)),
        f0=f0,
        target=f0 + (first - f0) * Fraction(draw(st.integers(1, 15)), 10),
        generation_time=Fraction(draw(st.integers(1, 12)), 4),
        distillation_time=Fraction(draw(st.integers(1, 12)), 4),
        final_step=draw(st.sampled_from(["charged", "free"])),
        discarding=draw(st.booleans()) if discarding is None else discarding,
    )
    assume(len(problem.levels) <= most_levels)
    return problem


def deed_of(step: Step) -> Deed:
    """A step of the package in the oracle's words."""
    return tuple(sorted(step.distil)), step.generate, tuple(step.discard)


@dataclass(frozen=True)
class Scattered:
    """Forbids about one action in ``modulus``, nothing in common between them."""

    salt: int
    modulus: int

    def __call__(self, counts: Counts, deed: Deed) -> bool:
        return zlib.crc32(repr((self.salt, counts, deed)).encode()) % self.modulus != 0


class Thrifty(Rule):
    """A user's rule, all structure: one distillation, of levels that sum to at most one, and a spare memory."""

    def most_distillations(self, memories: int) -> int:
        return 1

    def allows_pair(self, low: int, high: int, raw: int) -> bool:
        return low + high - 2 * raw <= 1

    def most_attempts(self, memories: int, *, distilling: bool) -> int:
        return memories if not distilling else 1


class Patient(Rule):
    """A user's rule, all predicate: distil only where at least half of the memories are taken."""

    def permits(self, step: Step) -> bool:
        return not step.distil or 2 * step.stored >= step.memories


Paired = tuple[Rule, Allowed]


def structural(memories: int) -> st.SearchStrategy[Paired]:
    """A built-in rule, and the same in the oracle's words."""
    few, some = st.integers(1, 2), st.integers(1, memories)
    return st.one_of(
        few.map(lambda k: (MaxDistillations(k), lambda _, deed: len(deed[0]) <= k)),
        some.map(lambda g: (MaxAttempts(g), lambda _, deed: deed[1] <= g)),
        st.just((NoGenerationWhileDistilling(), lambda _, deed: not (deed[0] and deed[1]))),
        st.integers(0, 1).map(lambda w: (Banded(w), lambda _, deed: all(b - a <= w for a, b in deed[0]))),
        st.just((EqualLevelsOnly(), lambda _, deed: all(a == b for a, b in deed[0]))),
        st.just((RawPairOnly(), lambda _, deed: all(a == 0 for a, _ in deed[0]))),
    )


def users(memories: int) -> st.SearchStrategy[Paired]:
    """A rule that a user may write, and the same in the oracle's words."""
    return st.one_of(
        st.builds(Scattered, st.integers(0, 10**6), st.integers(3, 12)).map(
            lambda allowed: (Rule(lambda step: allowed(step.counts, deed_of(step)), name="scattered"), allowed)
        ),
        st.just(
            (
                Thrifty(),
                lambda _, deed: (
                    len(deed[0]) <= 1 and all(a + b <= 1 for a, b in deed[0]) and (not deed[0] or deed[1] <= 1)
                ),
            )
        ),
        st.just((Patient(), lambda counts, deed: not deed[0] or 2 * sum(counts) >= memories)),
    )


@dataclass(frozen=True)
class Constrained:
    """A problem with constraints and the oracle's view of it: None where no policy is left."""

    problem: Problem
    chain: Chain | None
    limits: tuple[Limits, ...] = ()
    all_allowed: Chain | None = None

    @property
    def hardware(self) -> Hardware:
        """The oracle's parameters."""
        return Hardware.of(self.problem)


def ruled(problem: Problem, rules: list[Paired]) -> Constrained:
    """A problem under rules."""
    chain = filtered(
        everything(Hardware.of(problem), discarding=problem.discarding),
        lambda counts, deed: all(allowed(counts, deed) for _, allowed in rules),
    )
    return Constrained(problem.with_constraints(*(rule for rule, _ in rules)), living(chain), (), chain)


@st.composite
def with_rules(draw: st.DrawFn, *, most_memories: int = 5, own: bool = True) -> Constrained:
    """A problem under one to three rules."""
    problem = draw(hardware(most_memories=most_memories))
    kinds = structural(problem.memories)
    if own:
        kinds |= users(problem.memories)
    return ruled(problem, draw(st.lists(kinds, min_size=1, max_size=3)))


def limited(problem: Problem, limits: dict[str, tuple[Fraction | None, Fraction | None]]) -> Constrained:
    """A problem within budgets on standard resources, each at most and at least."""
    parameters = Hardware.of(problem)
    return Constrained(
        problem.with_constraints(*(Budget(name, most, least=least) for name, (most, least) in limits.items())),
        living(everything(parameters, discarding=problem.discarding)),
        tuple((standard(parameters, name), most, least) for name, (most, least) in limits.items()),
    )


names = st.lists(st.sampled_from(STANDARD), min_size=1, max_size=3, unique=True)


@st.composite
def with_budgets(
    draw: st.DrawFn, *, most_memories: int = 4, discarding: bool | None = False, sides: tuple[str, ...] = ("upper",)
) -> Constrained:
    """A problem within one to three budgets that some policy keeps: what it uses lies within, or on, the limits."""
    problem = draw(hardware(most_memories=most_memories, discarding=discarding))
    chosen = draw(names)
    parameters = Hardware.of(problem)
    chain = living(everything(parameters, discarding=problem.discarding))
    uses = [standard(parameters, name) for name in chosen]
    weights = [draw(st.integers(0, 30)) for _ in chosen]
    anything = tuple((use, None, None) for use in uses)
    quick = occupation(chain, anything).used
    frugal = occupation(
        chain,
        anything,
        lambda counts, deed: (
            sum(w * use(counts, deed) for w, use in zip(weights, uses, strict=True)) + chain.steps[counts][deed].cost
        ),
    ).used
    share, room = Fraction(draw(st.integers(0, 10)), 10), Fraction(draw(st.integers(1, 5)), 1000)
    limits = {}
    for name, fast, little in zip(chosen, quick, frugal, strict=True):
        point = Fraction(share * Fraction(fast) + (1 - share) * Fraction(little)).limit_denominator(10**6)
        side = draw(st.sampled_from(sides))
        most, least = point * (1 + room), point * (1 - room)
        limits[name] = (most if side != "lower" else None, least if side != "upper" else None)
    return limited(problem, limits)
