r"""Some levels told apart, and all others taken together: two finite models of what a map makes, whatever its order.

Of the levels some are known, that of a raw pair among them.

- ``FLOOR``: distillations that may make any other are left out.  A policy is one of all levels, and takes as long.
- ``CEIL``: whatever else is made becomes the label "other".  Beside it a distillation succeeds as often as beside any
  pair, and then meets the target.

The least expected time of all levels lies between theirs, in every configuration (:doc:`levels_without_limit`).  That
needs no order of pairs, so that it holds where better pairs may do worse, as with DEJMPS.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from lpdistill.physics.imported import raw_of
from lpdistill.physics.levels import ANY_OTHER, Level, Levels, names_of, needed, together
from lpdistill.physics.maps import Combination, Pair, arrangements, consumes, everything, order_of
from lpdistill.physics.rounding import Grid, Labels, Rounding, Short

OTHER = "other"
"""How the label of all levels is called that are not told apart."""


@dataclass(frozen=True, slots=True)
class Other(Short):
    """The state of that label: its fidelity is the greatest of what known levels make that is not known."""

    stands: str = ANY_OTHER


@dataclass(frozen=True)
class Met:
    """What distilling a pair of the label "other" makes."""

    fidelity: Fraction = Fraction(1)


@dataclass(frozen=True)
class Truncation(Grid):
    """Some levels, each with a tree that makes it (``trees``)."""

    @staticmethod
    def key(pair: Pair) -> Any:
        """What tells pairs apart: all that the map knows of them."""
        return pair

    def pair(self, key: Any) -> Any:
        """The pair itself."""
        return key

    @property
    def order(self) -> Callable[[Any], Any]:
        """By which pairs are in order: that of the map."""
        return order_of(self.distillation)

    def told(self, labels: int, rounding: Rounding) -> str:
        """What so many labels are, as a sentence for whoever reads a file of their model."""
        if rounding is Rounding.FLOOR:
            return f"{labels} fidelity levels are told apart, and nothing is distilled that may make another one"
        return f"{labels - 1} fidelity levels are told apart; times bound those of the problem from below"

    def _require(self, made: Combination[Any], pairs: list[Any]) -> None:
        """Every map will do."""

    def labels(self, rounding: Rounding, memories: int, *, useless: bool = False) -> Labels:
        """The levels of a label model, those that so many memories can make; no distillation counts as useless."""
        states, up = [*self.trees], rounding is Rounding.CEIL
        place, results = {state: number for number, state in enumerate(states)}, dict[tuple[int, ...], Fraction]()
        made, raw = dict[tuple[int, ...], Combination[Any]](), place[self.key(raw_of(self.distillation, self.f0))]
        for order, true in self._distilled(states):
            others = [pair.fidelity for _, pair in true.outcomes if pair.fidelity < self.target and pair not in place]
            if others:
                results[order] = max(others)
            if up or not others:
                made[order] = true
        if up:
            least = needed(len(states), _leaves(made, place), raw)
            had = [best for order, best in results.items() if _fits([least[one] for one in order], memories)]
            states.append(Other(max(had, default=self.target)))
            made = {order: self._rounded_up(true, place, states[-1]) for order, true in made.items()}
            made |= self._beside_others(states)
            place[states[-1]] = len(states) - 1
        makes = needed(len(states), _leaves(made, place), raw)
        kept = [number for number, least in enumerate(makes) if least <= memories]
        index = {number: label for label, number in enumerate(kept)}
        stays = {
            order: tuple(index[one] for one in order)
            for order, one in made.items()
            if all(number in index for number in (*order, *(place[made] for _, made in one.outcomes if made in place)))
        }
        return Labels(
            self.target,
            self._levels([states[number] for number in kept]),
            {labels: made[order] for order, labels in stays.items()},
            index[raw],
            rounding,
            {stays[order]: fidelity for order, fidelity in results.items() if up and order in stays},
            tuple(int(makes[number]) for number in kept),
            self,
            useless,
        )

    def unrounded(self, memories: int) -> Levels:
        """The known levels, with all that distilling them makes: whatever is none of them ends a run."""
        labels = self.labels(Rounding.CEIL, memories)
        place = {level.state: level.index for level in labels}
        states = [*self.trees]
        made = {
            tuple(place[states[one]] for one in order): true
            for order, true in self._distilled(states)
            if all(states[one] in place for one in order)
        }
        return Levels(self.target, labels.levels[:-1], made, labels.raw)

    def _levels(self, states: list[Pair]) -> tuple[Level, ...]:
        """Labels as levels: with names, and with the trees that make them."""
        true = [state for state in states if not isinstance(state, Short)]
        named = names_of([state.fidelity for state in true], self.target, true)
        names = [*named, *[OTHER] * (len(states) - len(true))]
        return tuple(
            Level(index, state.fidelity, self.trees.get(state), state, name)
            for index, (state, name) in enumerate(zip(states, names, strict=True))
        )

    def _distilled(self, states: list[Any]) -> Iterator[tuple[tuple[int, ...], Combination[Any]]]:
        """What distilling known levels makes, by their numbers, in all orders that make a difference."""
        offers = getattr(self.distillation, "offers", everything)
        for size in consumes(self.distillation):
            for some in combinations_with_replacement(range(len(states)), size):
                before: list[Combination[Any]] = []
                for order in arrangements(self.distillation, some):
                    made = self._made(tuple(states[one] for one in reversed(order)))
                    if made not in before and offers(made, [states[one] for one in order]):
                        before.append(made)
                        yield order, made

    def _rounded_up(self, made: Combination[Any], known: Container[Any], other: Short) -> Combination[Any]:
        """A distillation some of whose results are not known."""
        first, *more = (
            (chance, pair if pair.fidelity >= self.target or pair in known else other) for chance, pair in made.outcomes
        )
        return Combination(first[1], first[0], tuple(more))

    def _beside_others(self, states: list[Any]) -> Iterator[tuple[tuple[int, ...], Combination[Any]]]:
        """What is distilled with pairs of the last label, "other": all that may be had."""
        other = len(states) - 1
        likeliest = getattr(self.distillation, "likeliest", _surely)
        for size in consumes(self.distillation):
            for unknown in range(1, size + 1):
                for some in combinations_with_replacement(range(other), size - unknown):
                    success = likeliest([states[one] for one in some], unknown)
                    yield (*some, *[other] * unknown), Combination(Met(), success)


def _leaves(
    made: Mapping[tuple[int, ...], Combination[Any]], place: Mapping[Any, int]
) -> list[tuple[tuple[int, ...], int | None]]:
    """What distilling levels leaves, by their numbers; None for a pair that is none of them."""
    return [(order, place.get(state)) for order, one in made.items() for _, state in one.outcomes]


def _fits(least: Sequence[float], memories: int) -> bool:
    """Whether so many memories can have pairs at once of which each needs so many to be made."""
    return max(least) <= memories and together(map(int, least)) <= memories


def _surely(_pairs: Sequence[Any], _others: int) -> Fraction:
    """What is known of the success of a map that does not say more."""
    return Fraction(1)
