"""The policies of a map in the light of counts, and which of them to use."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from lpdistill.control.pieces import Pieces, Span
from lpdistill.solution.document import finite


@dataclass(frozen=True, slots=True)
class Candidate:
    """One policy of the map, in the light of the counts.

    Attributes
    ----------
    number
        The piece of the map whose policy it is, from 1.
    low, high
        The ends of the piece.
    possible
        Whether the interval of p has a part of the piece.
    waiting_time
        What the policy takes at the estimate; infinite if it never ends there.
    worst_regret
        By how much it is slower than the best policy, at worst over the interval.
    sure_gain
        By how much it is faster than the policy in use, at least, over the interval; None if none is in use.
    """

    number: int
    low: float
    high: float
    possible: bool
    waiting_time: float
    worst_regret: float
    sure_gain: float | None

    def to_dict(self) -> dict[str, Any]:
        """The policy as JSON data; null for what is infinite."""
        return {
            "number": self.number,
            "from": self.low,
            "to": self.high,
            "possible": self.possible,
            "waiting_time": finite(self.waiting_time),
            "worst_regret": finite(self.worst_regret),
            "sure_gain": None if self.sure_gain is None else finite(self.sure_gain),
        }


def compared(pieces: Pieces, span: Span, estimate: Fraction, in_use: int | None) -> tuple[Candidate, ...]:
    """All policies of a map in the light of an interval of p."""
    inside, found = {*pieces.meeting(span)}, []
    for place in range(len(pieces)):
        piece = pieces[place]
        found.append(
            Candidate(
                number=place + 1,
                low=float(piece.low),
                high=1.0 if piece.high is None else float(piece.high),
                possible=place in inside,
                waiting_time=float(pieces.time(place, estimate)),
                worst_regret=pieces.worst_regret(place, span),
                sure_gain=None if in_use is None else pieces.difference(in_use - 1, place, span)[0],
            )
        )
    return tuple(found)


def recommended(candidates: tuple[Candidate, ...], in_use: int | None, threshold: float) -> int:
    """The policy to use: that in use unless another gains for sure; of several, that which loses least at worst."""
    if in_use is None:
        return min(candidates, key=lambda one: (one.worst_regret, -one.possible, one.number)).number
    better = [one for one in candidates if one.number != in_use and (one.sure_gain or -inf) > threshold]
    return min(better, key=lambda one: one.worst_regret).number if better else in_use
