"""Where a policy for a deadline leaves the fastest one: one line for what is the same for many remaining times."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lpdistill.deadlines.policy import Departure


@dataclass(frozen=True, slots=True)
class Spell:
    """One departure from the fastest policy, with all the remaining times at which runs take it.

    Attributes
    ----------
    key
        The configuration.
    action, fastest
        What is done, and what the fastest policy does.
    remaining
        The times left, decreasing.
    departures
        The same departure at each of these times.
    unit
        Distance of the times at which steps can begin.
    """

    key: Hashable
    action: Hashable
    fastest: Hashable
    departures: tuple[Departure, ...]
    unit: Fraction

    @property
    def remaining(self) -> tuple[Fraction, ...]:
        """The times left, decreasing."""
        return tuple(one.remaining for one in self.departures)

    @property
    def span(self) -> str:
        """The times left in words, shortest first: ``3 to 7, 9``."""
        parts: list[list[Fraction]] = []
        for time in reversed(self.remaining):
            if parts and time - parts[-1][-1] == self.unit:
                parts[-1].append(time)
            else:
                parts.append([time])
        ends = (f"{float(one[0]):g}" + (f" to {float(one[-1]):g}" if len(one) > 1 else "") for one in parts)
        return ", ".join(ends)

    @property
    def gain(self) -> float:
        """By how much it makes being in time more likely than what the fastest policy does, at most, once there."""
        return max(one.probability - one.probability_of_fastest for one in self.departures)

    @property
    def weight(self) -> float:
        """What it gains at each time left, as often as runs come by then."""
        return sum(one.visited * (one.probability - one.probability_of_fastest) for one in self.departures)


def spells(departures: Iterable[Departure], unit: Fraction) -> tuple[Spell, ...]:
    """Departures joined over the remaining times, those that matter most first."""
    found: dict[tuple[Hashable, Hashable, Hashable], list[Departure]] = {}
    for one in departures:
        found.setdefault((one.key, one.action, one.fastest), []).append(one)
    joined = (Spell(*same, tuple(sorted(ones, key=lambda one: -one.remaining)), unit) for same, ones in found.items())
    return tuple(sorted(joined, key=lambda spell: -spell.weight))
