"""Baselines where pairs age, with and without a cutoff: followed from the start on, pair by pair.

What decides is as in :mod:`~lpdistill.process.factored.baselines`, with two words made precise.  A *raw* pair is one
that no distillation has made, however old it is; *levels* are rounds of distillation, one more than the pair with more
of them that a pair was made of.  With a cutoff, pairs that are older are discarded first, in no time.

Fidelities of what is made are rounded down to a fine grid.  Ages are exact with a cutoff; without one, up to an age
that runs hardly reach, beyond which pairs grow no older: where they do reach it, the baseline is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heappop, heappush
from itertools import combinations, product
from math import ceil, comb, exp, floor, inf, log
from typing import NamedTuple

import numpy as np

from lpdistill.errors import LimitError, ModelError
from lpdistill.numbers import exact
from lpdistill.physics.aged import Aged, AgedGrid, Made, distilled
from lpdistill.physics.followed import Done, FollowedLabels
from lpdistill.physics.rounding import Rounding
from lpdistill.physics.werner import werner_parameter
from lpdistill.problem.labels import with_labels
from lpdistill.problem.problem import Problem
from lpdistill.process.reachable.ageing import AgeingProcess
from lpdistill.program.plan import Plan
from lpdistill.solution.policy import Policy

STEPS = (Fraction(1, 10**6), Fraction(1, 10**4), Fraction(1, 10**3))
"""Distances of the Werner parameters of what is made, in grids that are tried one after the other."""

RARELY = 1e-7
"""Probability that a pair is made, and no attempt succeeds for so long, from which it counts as no older."""

STALE = 1e-4
"""Expected number of steps that may begin with such a pair."""

MOST_CONFIGURATIONS = 20_000
"""Configurations of a baseline beyond which it is not followed."""

MOST_LABELS = 1_500
"""The same of its pairs and ages."""

MOST_SEARCHED = 3_000
"""Configurations beyond which a baseline is not followed in search of the best cutoff."""

MOST_TRIED = 40
"""Cutoffs, in steps, that are tried for the best one."""

WORSE = 6
"""Cutoffs in a row that are no better, after which no more are tried."""

ROUNDOFF = 4e-15
"""More than the relative rounding of the Werner parameter of what is made."""

BEST, CUTOFF = "best", ":cutoff="
"""How the best cutoff is asked for, and what stands between the name of a baseline and its cutoff."""


@dataclass
class _Pairs:
    """Pairs that are made, by what they are made of.

    Attributes
    ----------
    problem
        The problem.
    step
        Distance of the Werner parameters that are told apart.
    told_apart
        Whether it matters how many rounds of distillation a pair took, rather than whether it took any.
    origins, fresh, rounds
        What makes pairs, their Werner parameters when it does, and how many rounds of distillation it takes.
    """

    problem: Problem
    step: Fraction
    told_apart: bool
    origins: list[Fraction | Made] = field(default_factory=list)
    fresh: list[float] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    products: dict[tuple[Aged, Aged], Aged | None] = field(default_factory=dict)
    _known: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clock = self.problem.hardware.clock
        assert clock is not None  # noqa: S101 - asked where pairs age
        self.clock, self._time = clock, float(clock.coherence.time)
        self._lasting = sum(clock.coherence.made(clock.distillation)) / 2
        self._aim = float(werner_parameter(self.problem.target))
        self.origins.append(self.problem.f0)
        self.fresh.append(float(werner_parameter(self.problem.f0)))
        self.rounds.append(0)

    def value(self, pair: Aged) -> float:
        """The Werner parameter of a pair."""
        return self.fresh[pair.origin] * exp(-float(pair.age) / self._time)

    def distilled(self, pair: tuple[Aged, Aged]) -> Aged | None:
        """What distilling two pairs makes; None for the target."""
        if pair not in self.products:
            made = float(distilled(*map(self.value, pair))) * self._lasting
            rounds = 1 + max(self.rounds[one.origin] for one in pair) if self.told_apart else 1
            self.products[pair] = None if made >= self._aim else self._product(made, rounds)
        return self.products[pair]

    def _product(self, made: float, rounds: int) -> Aged:
        key = rounds, floor(made * (1 - ROUNDOFF) / self.step)
        if key not in self._known:
            self._known[key] = len(self.origins)
            self.origins.append((3 * self.step * key[1] + 1) / 4)
            self.fresh.append(float(self.step * key[1]))
            self.rounds.append(rounds)
        return Aged(self._known[key], Fraction(0))


Matching = Callable[[_Pairs, Sequence[Aged]], list[tuple[Aged, Aged]]]
"""Which pairs are distilled, of those stored, the best first."""


def _pumping(pairs: _Pairs, held: Sequence[Aged]) -> list[tuple[Aged, Aged]]:
    """Every raw pair with the best other pair; raw pairs left over with each other."""
    raw, others = ([one for one in held if (not pairs.rounds[one.origin]) == flag] for flag in (True, False))
    found = list(zip(others, raw, strict=False))
    left = raw[len(found) :]
    return found + list(zip(left[::2], left[1::2], strict=False))


def _nested(pairs: _Pairs, held: Sequence[Aged]) -> list[tuple[Aged, Aged]]:
    """Pairs of equally many rounds, those of most rounds first."""
    found = []
    for rounds in sorted({pairs.rounds[one.origin] for one in held}, reverse=True):
        level = [one for one in held if pairs.rounds[one.origin] == rounds]
        found += list(zip(level[::2], level[1::2], strict=False))
    return found


def _greedy(pairs: _Pairs, held: Sequence[Aged]) -> list[tuple[Aged, Aged]]:
    """Repeatedly the two pairs of smallest difference, the best first where differences are equal."""
    left, found = list(held), []
    while len(left) > 1:
        a, b = min(combinations(left, 2), key=lambda two: pairs.value(two[0]) - pairs.value(two[1]))
        found.append((a, b))
        left.remove(a)
        left.remove(b)
    return found


MATCHINGS: dict[str, Matching] = {"pumping": _pumping, "nested": _nested, "greedy": _greedy}
"""The baselines that are followed where pairs age."""


def parted(name: str) -> tuple[str, str | None]:
    """The name of a baseline, and its cutoff if it has one.

    >>> parted("pumping:cutoff=5"), parted("banded:2")
    (('pumping', '5'), ('banded:2', None))
    """
    kind, found, cutoff = name.partition(CUTOFF)
    return kind, cutoff if found else None


def aged_baseline(problem: Problem, name: str) -> Policy:
    """A baseline where pairs age, evaluated; it may be improper.

    Parameters
    ----------
    problem
        The problem; its rules hold, its budgets do not matter.
    name
        ``pumping``, ``nested`` or ``greedy``, or one of them with a cutoff: ``pumping:cutoff=5`` in the user's unit of
        time, ``pumping:cutoff=5steps`` of generation, or ``pumping:cutoff=best``.

    Raises
    ------
    ModelError
        If there is no such baseline, or the cutoff is none.
    LimitError
        If it comes by too many pairs and ages.
    """
    kind, cutoff = parted(name)
    if kind not in MATCHINGS:
        known = ", ".join(MATCHINGS)
        raise ModelError("policy", f"must be one of {known}, where pairs age, perhaps with {CUTOFF}T behind", name)
    for rule in problem.rules:
        if not rule.bracketed or rule.elementwise:
            raise ModelError("rules", f"must be on numbers where pairs age, which {rule.name} is not", rule)
    if cutoff is not None and cutoff.strip() == BEST:
        return _best(problem, kind)
    return _followed(problem, kind, None if cutoff is None else _age(problem, cutoff))


def _age(problem: Problem, text: str) -> Fraction:
    """The age that a cutoff says, in the user's unit of time."""
    number = text.strip()
    steps = number.removesuffix("steps").removesuffix("step")
    age = exact(steps.strip(), "cutoff")
    if age < 0:
        raise ModelError("cutoff", "must be an age of at least 0, a number of steps such as 5steps, or best", text)
    return age if steps == number else age * problem.generation_time


def _best(problem: Problem, kind: str) -> Policy:
    """The baseline with the cutoff, in steps of generation, with which it takes least time."""
    best, least, worse = None, inf, 0
    for steps in range(MOST_TRIED + 1):
        try:
            found = _followed(problem, kind, steps * problem.generation_time, MOST_SEARCHED)
        except LimitError:
            if best is None:
                raise
            break
        worse = 0 if found.waiting_time < least else worse + 1
        if best is None or not worse:
            best, least = found, found.waiting_time
        if worse >= WORSE:
            break
    assert best is not None  # noqa: S101 - one cutoff has been tried, or has raised
    return best


def _followed(problem: Problem, kind: str, cutoff: Fraction | None, most: int = MOST_CONFIGURATIONS) -> Policy:
    """A baseline on the pairs and ages that it comes by, on the finest grid that is coarse enough."""
    for step in STEPS[:-1]:
        try:
            return _on_grid(problem, kind, cutoff, _Limits(step, most))
        except LimitError:
            continue
    return _on_grid(problem, kind, cutoff, _Limits(STEPS[-1], most))


class _Limits(NamedTuple):
    """The grid of Werner parameters, and how many configurations there may be."""

    step: Fraction
    most: int


def _on_grid(problem: Problem, kind: str, cutoff: Fraction | None, limits: _Limits) -> Policy:
    pairs = _Pairs(problem, limits.step, MATCHINGS[kind] is _nested)
    labels = _Following(pairs, MATCHINGS[kind], cutoff, limits.most).labels()
    process = AgeingProcess(with_labels(problem, labels))
    plan = Plan.improper(process.choose(np.arange(process.column_count)), np.ones(process.column_count))
    if cutoff is None and plan.proper:
        old = np.append(labels.oldest, False)[process.configurations.places].any(axis=1)
        if plan.visits[old].sum() > STALE:
            raise LimitError(
                f"policy {kind}: keeps pairs until they are older than can be told apart; give it a cutoff",
                size={"labels": len(labels)},
            )
    return Policy(plan)


@dataclass
class _Following:
    """Follows a baseline from the start on."""

    pairs: _Pairs
    matching: Matching
    cutoff: Fraction | None
    most: int
    done: dict[tuple[Aged, ...], Done] = field(default_factory=dict)
    known: set[Aged] = field(default_factory=lambda: {Aged(0, Fraction(0))})

    def labels(self) -> FollowedLabels:
        """The labels of all that it comes by."""
        pairs, start = self.pairs, tuple[Aged, ...]()
        waiting: list[tuple[float, tuple[Aged, ...]]] = [(-1.0, start)]
        while waiting:
            chance, held = heappop(waiting)
            if held in self.done:
                continue
            done = self.done[held] = self._decided(held)
            for after, probability in self._after(held, done, -chance).items():
                if after not in self.done:
                    heappush(waiting, (chance * probability, after))
                    self.known.update(after)
            if len(self.done) > self.most or len(self.known) > MOST_LABELS:
                raise LimitError(
                    f"policy: comes by more than {len(self.known):,} pairs and ages in {len(self.done):,} "
                    "configurations; give it a cutoff, or a shorter one",
                    size={"labels": len(self.known), "configurations": len(self.done)},
                )
        plain = AgedGrid(pairs.clock, pairs.problem.f0, pairs.problem.target, tuple(pairs.origins), self._needed())
        found = plain.labels(Rounding.FLOOR)
        own = {name: getattr(found, name) for name in found.__dataclass_fields__}
        return FollowedLabels(**own, products=pairs.products, done=self._in_order(found.order), cutoff=self.cutoff)

    def _needed(self) -> frozenset[Aged]:
        """The labels, with those that others are made of."""
        return frozenset({*self.known, *(Aged(origin, Fraction(0)) for origin in range(len(self.pairs.origins)))})

    def _in_order(self, order: Sequence[Aged]) -> dict[tuple[Aged, ...], Done]:
        """What is done, by configurations in the order of labels, the best first."""
        place = {one: index for index, one in enumerate(order)}
        return {tuple(sorted(held, key=lambda one: -place[one])): done for held, done in self.done.items()}

    def _decided(self, held: tuple[Aged, ...]) -> Done:
        old = [one for one in held if self.cutoff is not None and one.age > self.cutoff]
        if old:
            return Done(discard=max(old, key=lambda one: one.age))
        hardware = self.pairs.problem.hardware
        most = min([len(held) // 2, *(rule.most_distillations(hardware.memories) for rule in hardware.rules)])
        return Done(tuple(self.matching(self.pairs, held)[:most]))

    def _after(self, held: tuple[Aged, ...], done: Done, chance: float) -> dict[tuple[Aged, ...], float]:
        """Where a step may lead short of the target, and about how probably."""
        left = list(held)
        if done.discard is not None:
            left.remove(done.discard)
            return {tuple(left): 1.0}
        for one in (one for pair in done.distil for one in pair):
            left.remove(one)
        clock, hardware, distilling = self.pairs.clock, self.pairs.problem.hardware, bool(done.distil)
        kept = [self._older(one, clock.distillation if distilling else clock.generation) for one in left]
        tried = hardware.memories - len(held)
        tried = max(
            0, min([tried, *(r.most_attempts(hardware.memories, distilling=distilling) for r in hardware.rules)])
        )
        p, raw, found = float(hardware.p), Aged(0, Fraction(0)), dict[tuple[Aged, ...], float]()
        for chosen in product((False, True), repeat=len(done.distil)):
            made, likely = list[Aged | None](), 1.0
            for pair, succeeds in zip(done.distil, chosen, strict=True):
                w = self.pairs.value(pair[0]) * self.pairs.value(pair[1])
                likely *= (1 + w) / 2 if succeeds else (1 - w) / 2
                made += [self._made(pair, chance * likely)] if succeeds else []
            if None in made or not likely:
                continue
            for generated in range(tried + 1):
                weight = likely * comb(tried, generated) * p**generated * (1 - p) ** (tried - generated)
                if weight:
                    after = self._sorted([*kept, *(one for one in made if one is not None), *[raw] * generated])
                    found[after] = found.get(after, 0.0) + weight
        return found

    def _made(self, pair: tuple[Aged, Aged], chance: float) -> Aged | None:
        """What two pairs make, which is made so probably at least."""
        made = self.pairs.distilled(pair)
        if made is not None:
            self.oldest.setdefault(made.origin, self._greatest(chance))
        return made

    def _older(self, pair: Aged, duration: Fraction) -> Aged:
        """A pair after a time; one of the greatest age grows no older."""
        age = pair.age + duration
        return Aged(pair.origin, age) if age <= self.oldest[pair.origin] else pair

    def _greatest(self, chance: float) -> Fraction:
        """The greatest age of pairs that are made so probably."""
        clock, p = self.pairs.clock, float(self.pairs.problem.p)
        if self.cutoff is not None:
            return self.cutoff + max(clock.generation, clock.distillation)
        steps = 0 if p == 1 or chance < RARELY else ceil(log(RARELY / chance) / log(1 - p))
        return steps * clock.generation + 2 * clock.distillation

    def __post_init__(self) -> None:
        self.oldest = {0: self._greatest(1.0)}

    def _sorted(self, held: Sequence[Aged]) -> tuple[Aged, ...]:
        """Pairs, the best first."""
        return tuple(sorted(held, key=lambda one: (-self.pairs.value(one), one)))
