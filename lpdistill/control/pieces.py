"""The policies of an exact map, each everywhere: what it takes at any p, and what it loses against the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from lpdistill.problem.problem import Problem
from lpdistill.progress import silent

if TYPE_CHECKING:
    from symbolic import Piece, PolicyMap, RationalFunction

NARROW = Fraction(1, 1 << 64)
"""Width of the intervals that stand for breakpoints and stationary points."""


class Span(NamedTuple):
    """An interval of p."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Pieces:
    """The pieces of a map, whose policies are evaluated beyond them.

    A policy visits the same configurations whatever ``0 < p < 1``, so that its time is one rational function of p.

    Attributes
    ----------
    map
        The map.
    """

    map: PolicyMap
    _extremes: dict[tuple[int, int, Span], tuple[float, float]] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(problem: Problem, progress: Callable[[str], None] = silent) -> Pieces:
        """Those of a problem, whose own p does not matter; the last ones are remembered.

        Raises
        ------
        LpdistillError
            Whatever :func:`symbolic.policy_map` raises.
        """
        return _mapped(_Asked(problem.replace(p=1), progress))

    def __len__(self) -> int:
        return len(self.map.pieces)

    def __getitem__(self, place: int) -> Piece:
        return self.map.pieces[place]

    def time(self, place: int, at: Fraction) -> Fraction | float:
        """What the policy of a piece takes at some p; infinite where it never ends."""
        return value(self[place].waiting_time, at)

    def place(self, at: Fraction) -> int:
        """The piece of some p; the left one of two."""
        return self.map.pieces.index(self.map.piece_at(at))

    def span(self, place: int) -> Span:
        """A piece, between rational numbers that differ from its ends by less than anything that is computed."""
        piece = self[place]
        low = piece.low.refined(NARROW).low
        return Span(low, Fraction(1) if piece.high is None else piece.high.refined(NARROW).high)

    def meeting(self, span: Span) -> list[int]:
        """The pieces that have a part of an interval."""
        return [
            place
            for place, piece in enumerate(self.map.pieces)
            if not piece.low > span.high and (piece.high is None or not piece.high < span.low)
        ]

    def difference(self, one: int, other: int, span: Span) -> tuple[float, float]:
        """The least and the greatest of what the policy of one piece takes longer than that of another.

        They are at the ends of the interval, or where the derivative of the difference has a root.
        """
        key = one, other, span
        if key not in self._extremes:
            known = self._extremes.get((other, one, span))
            self._extremes[key] = extremes(self[one], self[other], span) if known is None else (-known[1], -known[0])
        return self._extremes[key]

    def worst_regret(self, place: int, span: Span) -> float:
        """By how much the policy of a piece is slower than the best one, at worst over an interval."""
        worst = 0.0
        for other in self.meeting(span):
            part = self.span(other)
            here = Span(max(span.low, part.low), min(span.high, part.high))
            if here.low <= here.high:
                worst = max(worst, self.difference(place, other, here)[1])
        return worst


@dataclass(frozen=True, slots=True)
class _Asked:
    """A problem, and who is told of the work on it."""

    problem: Problem
    progress: Callable[[str], None] = field(compare=False)


@lru_cache(maxsize=8)
def _mapped(asked: _Asked) -> Pieces:
    from symbolic import policy_map  # noqa: PLC0415 - slow to load, and only exact maps need it

    return Pieces(policy_map(asked.problem, progress=asked.progress))


def value(function: RationalFunction, at: Fraction) -> Fraction | float:
    """A rational function at a rational number; infinite at a pole, which times approach from below."""
    return inf if function.limit(at) in {inf, -inf} else function(at)


def extremes(one: Piece, other: Piece, span: Span) -> tuple[float, float]:
    """The least and the greatest difference of two waiting times over an interval."""
    if one.waiting_time == other.waiting_time:
        return 0.0, 0.0
    found = [
        float(value(one.waiting_time, at)) - float(value(other.waiting_time, at))
        if inf in {value(one.waiting_time, at), value(other.waiting_time, at)}
        else float((one.waiting_time - other.waiting_time)(at))
        for at in (span.low, span.high)
    ]
    difference = one.waiting_time - other.waiting_time
    found += [float(difference(at)) for at in stationary(difference, span)]
    return min(found), max(found)


def stationary(function: RationalFunction, span: Span) -> Iterator[Fraction]:
    """Where the derivative of a rational function has a root within an interval, nearly."""
    from symbolic.algebra.algebraic_numbers import AlgebraicNumber, isolate  # noqa: PLC0415 - as above
    from symbolic.algebra.rational_function import fraction, rational  # noqa: PLC0415 - the same

    slope: Any = function.derivative().numerator
    if slope.degree() < 1 or span.low == span.high:
        return
    simple = slope // slope.gcd(slope.derivative())
    for low, high in isolate(simple, rational(span.low), rational(span.high)):
        if low == high:
            yield fraction(low)
            continue
        root = AlgebraicNumber(simple, fraction(low), fraction(high)).refined(NARROW)
        yield (root.low + root.high) / 2
