"""The search through all hardware: boxes of it at a time, the cheapest first, each with the best that it can have.

Of a box, the corner with the best values bounds what all of it attains, as far as that is proved to be monotone
(:mod:`lpdistill.planning.monotone`), and the least prices what it costs.  A box whose corner fails, or attains no more
than what costs no more, is left out with that bound; others are halved until single hardware is left.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from itertools import count, product
from math import prod
from typing import TypeAlias

from lpdistill.errors import InfeasibleError, NotCertifiedError
from lpdistill.planning.monotone import Monotone
from lpdistill.planning.objective import Measured, Objective
from lpdistill.planning.ranges import Place, Shelf
from lpdistill.problem.problem import Problem

Box: TypeAlias = tuple[tuple[int, int], ...]
"""The first and the last place of every range."""


class Why(StrEnum):
    """Why hardware is left out."""

    FAILS = "fails"
    """Even the best of it does not meet the objective."""
    DOMINATED = "dominated"
    """Even the best of it attains no more than what costs no more."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Hardware that is left out, with its bound.

    Attributes
    ----------
    box
        Which.
    bound
        No policy on any of it attains a better value: proved.
    why
        Why that leaves it out.
    """

    box: Box
    bound: float
    why: Why


@dataclass(frozen=True, slots=True)
class Found:
    """Hardware that was looked at.

    Attributes
    ----------
    place
        Which.
    cost
        What it costs.
    measured
        What it attains.
    """

    place: Place
    cost: Fraction
    measured: Measured


@dataclass
class Search:
    """A search through hardware.

    Attributes
    ----------
    shelf, objective, monotone
        What there is, what is asked, and what is proved.
    progress
        Told what is being done.
    """

    shelf: Shelf
    objective: Objective
    monotone: Monotone
    progress: Callable[[str], None]
    left_out: list[LeftOut] = field(default_factory=list)
    found: dict[Place, Found] = field(default_factory=dict)
    _known: dict[Problem, Measured] = field(default_factory=dict)
    _corners: dict[Place, Measured] = field(default_factory=dict)
    _heap: list[tuple[Fraction, int, Box]] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=count)

    @property
    def solved(self) -> int:
        """How many problems were solved."""
        return len(self._known)

    @property
    def tried(self) -> tuple[Found, ...]:
        """All hardware of which it is known what it attains, corners of boxes among it."""
        corners = {} if self.monotone.keeping else self._corners
        known = {place: Found(place, self.shelf.cost(place), found) for place, found in corners.items()}
        return tuple((known | self.found).values())

    def measure(self, problem: Problem) -> Measured:
        """What a problem attains, computed once."""
        if problem not in self._known:
            done = f"{self.solved:,} problems solved for {self.shelf.size:,} combinations"
            self.progress(done)
            self._known[problem] = self.objective.measure(problem, lambda now: self.progress(f"{done}; {now}"))
        return self._known[problem]

    def at(self, place: Place) -> Found:
        """What the hardware of a place attains."""
        if place not in self.found:
            self.found[place] = Found(place, self.shelf.cost(place), self.measure(self.shelf.problem(place)))
        return self.found[place]

    def bound(self, box: Box) -> Measured:
        """What none of a box can better."""
        place = tuple(last for _, last in box)
        if place not in self._corners:
            corner = self.shelf.problem(place)
            self._corners[place] = self.measure(
                corner.replace(coherence_time=None) if self.monotone.keeping else corner
            )
        return self._corners[place]

    def inherited(self, box: Box) -> Measured | None:
        """The best of what is known of hardware that is no worse than any of a box, without solving anything."""
        place, bounds = tuple(last for _, last in box), self._corners
        helps = [one.name in self.monotone.names for one in self.shelf.ranges]
        better = [
            found
            for corner, found in bounds.items()
            if all(a <= b if up else a == b for a, b, up in zip(place, corner, helps, strict=True))
        ]
        worst = max if self.objective.falls else min
        return worst(better, key=lambda one: (one.bound, one.possible != self.objective.falls)) if better else None

    def cost(self, box: Box) -> Fraction:
        """What each of a box costs at least."""
        ranges = zip(self.shelf.ranges, box, strict=True)
        return sum((min(one.prices[first : last + 1]) for one, (first, last) in ranges), Fraction(0))

    def boxes(self) -> Iterator[Box]:
        """All hardware: a box for each combination of settings of which nothing is proved."""
        ends = [
            [(0, len(one.values) - 1)] if one.name in self.monotone.names else [(k, k) for k in range(len(one.values))]
            for one in self.shelf.ranges
        ]
        return product(*ends)

    def cheapest(self) -> Found:
        """The hardware of least cost that meets the objective; of several, that which attains most.

        Raises
        ------
        InfeasibleError
            If none does.
        NotCertifiedError
            If it is not known whether a cheaper one does.
        """
        best: Found | None = None
        for box, cost in self._by_cost():
            if best is not None and cost > best.cost:
                break
            known = None if best is None else best.measured.value
            if self._leaves_out(box, known, failing=True):
                continue
            if single(box):
                here = self.at(place_of(box))
                self._require_known(here.measured, here.place)
                if not here.measured.met:
                    self.left_out.append(LeftOut(box, here.measured.bound, Why.FAILS))
                elif best is None or self.objective.better(here.measured.value, best.measured.value):
                    if best is not None:
                        self._outdone(best)
                    best = here
            else:
                self._halve(box)
        if best is None:
            raise self.infeasible()
        return best

    def frontier(self) -> list[Found]:
        """All hardware that attains more than whatever costs no more, the cheapest first."""
        front: list[Found] = []
        for box, _ in self._by_cost():
            known = front[-1].measured.value if front else self.objective.worst
            if self._leaves_out(box, known, failing=False):
                continue
            if not single(box):
                self._halve(box)
            elif self.objective.better((here := self.at(place_of(box))).measured.value, known):
                if front and front[-1].cost == here.cost:
                    self._outdone(front.pop())
                front.append(here)
            else:
                self.left_out.append(LeftOut(box, here.measured.bound, Why.DOMINATED))
        return front

    def best(self) -> Found | None:
        """The hardware that attains most, whatever it costs; None if none attains anything."""
        sign, number = (1.0 if self.objective.falls else -1.0), count()
        heap = [(sign * self.bound(box).bound, next(number), box, False) for box in self.boxes()]
        heapq.heapify(heap)
        while heap:
            _, _, box, exact = heapq.heappop(heap)
            if exact:
                here = self.at(place_of(box))
                return here if self.objective.better(here.measured.value, self.objective.worst) else None
            if single(box):
                heapq.heappush(heap, (sign * self.at(place_of(box)).measured.value, next(number), box, True))
                continue
            for half in halves(box):
                heapq.heappush(heap, (sign * self.bound(half).bound, next(number), half, False))
        return None

    def _leaves_out(self, box: Box, known: float | None, *, failing: bool) -> bool:
        """Whether a bound leaves a box out, because it fails, or is no better than a value that is known."""
        for bound in (self.inherited(box), None):
            found = self.bound(box) if bound is None else bound
            why = Why.FAILS if failing and not found.possible else None
            if why is None and known is not None and not self.objective.better(found.bound, known):
                why = Why.DOMINATED
            if why is not None:
                self.left_out.append(LeftOut(box, found.bound, why))
                return True
        return False

    def _by_cost(self) -> Iterator[tuple[Box, Fraction]]:
        """Boxes by their least cost; those that :meth:`_halve` adds meanwhile come in their turn."""
        self._heap = [(self.cost(box), next(self._number), box) for box in self.boxes()]
        heapq.heapify(self._heap)
        while self._heap:
            cost, _, box = heapq.heappop(self._heap)
            yield box, cost

    def _outdone(self, other: Found) -> None:
        """Leave out hardware that other hardware of the same cost does better than."""
        self.left_out.append(LeftOut(tuple((at, at) for at in other.place), other.measured.bound, Why.DOMINATED))

    def _halve(self, box: Box) -> None:
        for half in halves(box):
            heapq.heappush(self._heap, (self.cost(half), next(self._number), half))

    def _require_known(self, measured: Measured, place: Place) -> None:
        """Refuse to leave open whether cheap hardware meets the objective."""
        if measured.possible and not measured.met:
            told = self.objective.told
            raise NotCertifiedError(
                f"objective: it is not known whether {in_words(self.shelf, place)} has {self.objective}: labels leave "
                f"it between {told(measured.value):.6g} and {told(measured.bound):.6g}; allow more time (time_limit) "
                "or a smaller gap (within)"
            )

    def infeasible(self) -> InfeasibleError:
        """No hardware meets the objective: the best that there is."""
        best = self.best()
        if best is None:
            reached = "none of it attains anything: the target is out of reach, or rules and budgets leave no policy"
        else:
            value = f"{self.objective.told(best.measured.value):.9g}"
            reached = f"the best is {value}, with {in_words(self.shelf, best.place)} (cost {float(best.cost):g})"
        return InfeasibleError(
            f"objective: no hardware within the ranges has {self.objective}; {reached}; widen the ranges, or ask for "
            "less",
            conflict=(self.objective.quantity,),
        )


def in_words(shelf: Shelf, place: Place) -> str:
    """Hardware in words."""
    return ", ".join(f"{name.replace('_', ' ')} = {float(value):g}" for name, value in shelf.settings(place).items())


def single(box: Box) -> bool:
    """Whether a box is one choice of hardware."""
    return all(first == last for first, last in box)


def place_of(box: Box) -> Place:
    """The place of a single choice."""
    return tuple(first for first, _ in box)


def size_of(box: Box) -> int:
    """How many choices a box has."""
    return prod(last - first + 1 for first, last in box)


def halves(box: Box) -> Sequence[Box]:
    """A box in two, along its longest side."""
    longest = max(range(len(box)), key=lambda place: box[place][1] - box[place][0])
    first, last = box[longest]
    middle = (first + last) // 2
    return [
        tuple(side if place != longest else ends for place, side in enumerate(box))
        for ends in ((first, middle), (middle + 1, last))
    ]
