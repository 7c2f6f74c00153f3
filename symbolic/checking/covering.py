r"""Lower bounds on all columns in integers, without listing the columns: the checker's own recursion.

Distillations that may leave a pair short of the target are chosen first, as a set ``x``; the others, ``y``, only count
if all of them fail.  So with expectations ``F`` after ``x``, and the best ``y`` on top of it,

.. math::

    F_\varnothing[c, g] = \sum_j \binom{g}{j} p^j (1-p)^{g-j} V(c + j\,\mathrm{raw}), \qquad
    F_{x+t}[c, g] = \sum_o p_{t,o}\, F_x[c + \mathrm{made}(o), g] + \dots, \qquad
    H_x[c, g] = \min\bigl(F_x[c, g],\ \min_t f_t\, H_x[c - \mathrm{taken}(t), g] + \dots\bigr)

no column with ``x`` and ``g`` attempts in configuration ``n`` takes less than its cost and
``H[n - taken(x), g]``; the dots are what reaching the target is worth.  Where that is above the value of ``n``, all of
them are proved at once; elsewhere the columns that may be to blame are named.

Where failures have a price, each ``y`` costs something of its own beside the product, and ``H`` has no recursion: then
all pairs of ``x`` and ``y`` are gone through, one product a column.

All numbers are integers, units of ``2**-SHIFT``.  Values, probabilities, costs and products are rounded down; a
constant is added to all values, that of the target included, which leaves none negative.  Sums and products of numbers
that are not negative increase with each of them, so that what is rounded down on the way is a lower bound at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import comb, floor
from typing import NamedTuple, TypeAlias

from symbolic.checking.budgets import Act, Charges
from symbolic.checking.model import Hardware, Pairs, Recipe

SHIFT = 96
"""Binary digits of numbers after the point."""

Table: TypeAlias = list[dict[int, list[int]]]
"""Expectations by number of stored pairs and number of attempts: one for every configuration of so many pairs."""


class Last(NamedTuple):
    """A recipe of the second sort: what it consumes, and the rounded numbers that it takes expectations to.

    ``lost`` is the probability that nothing comes of it, and ``worth`` what reaching the target by it is.
    """

    consumed: Pairs
    code: int
    lost: int
    worth: int


class Ending(NamedTuple):
    """A set ``y``: which distillations, what they consume, and how many pairs.

    ``lost`` is the probability that nothing comes of them, and ``worth`` what reaching the target by any of them is.
    """

    distilled: tuple[Pairs, ...]
    code: int
    pairs: int
    lost: int
    worth: int


class Taken(NamedTuple):
    """A set of distillations that may leave pairs: which, what they consume, and how many pairs."""

    distilled: tuple[Pairs, ...]
    code: int
    pairs: int


def ways(sizes: list[int], most: int, memories: int) -> dict[tuple[int, int], int]:
    """How many multisets of recipes of such sizes there are, by number of recipes and of pairs that they consume."""
    found = {(0, 0): 1}
    for size in sizes:
        for number in range(most):
            for consumed in range(memories - size + 1):
                if (number, consumed) in found:
                    after = number + 1, consumed + size
                    found[after] = found.get(after, 0) + found[number, consumed]
    return found


@dataclass(frozen=True)
class Cover:
    """Lower bounds on all columns.

    ``layers`` are the configurations by number of pairs, ``values`` those that are claimed.
    """

    hardware: Hardware
    charges: Charges
    layers: list[list[int]]
    values: Mapping[int, Fraction]

    @cached_property
    def columns(self) -> int:
        """How many columns there are without discards, those that lead to dead ends included."""
        hardware, found = self.hardware, 0
        sizes = [len(recipe.consumed) for recipe in hardware.recipes.values()]
        for (number, consumed), count in ways(sizes, hardware.most_distillations, hardware.memories).items():
            left = hardware.memories - consumed
            tried = (len(hardware.attempts(left - stored, number)) for stored in range(left + 1))
            found += count * sum(len(layer) * g for layer, g in zip(self.layers, tried, strict=False))
        return found

    @cached_property
    def operations(self) -> int:
        """How many sums and products the bounds take."""
        hardware = self.hardware
        made = ways([len(one.consumed) for one in self._first], hardware.most_distillations, hardware.memories)
        kinds = hardware.levels + 1
        entries = sum(n * comb(hardware.memories - consumed + kinds, kinds) for (_, consumed), n in made.items())
        return self.columns + entries if self.apart else entries * (1 + len(self.second))

    @cached_property
    def _first(self) -> list[Recipe]:
        """The recipes that may leave a pair short of the target."""
        return [one for one in self.hardware.recipes.values() if any(end[1] and not end.target for end in one.outcomes)]

    @cached_property
    def second(self) -> list[Last]:
        """The other recipes."""
        return [
            Last(
                one.consumed,
                self.hardware.code(one.consumed),
                _chance(one.failure),
                _chance(one.reaching) * self.worth,
            )
            for one in self.hardware.recipes.values()
            if one not in self._first
        ]

    @cached_property
    def place(self) -> list[dict[int, int]]:
        """Where every configuration stands among those of as many pairs."""
        return [{code: place for place, code in enumerate(layer)} for layer in self.layers]

    @cached_property
    def worth(self) -> int:
        """What is added to all values, and what the target is worth."""
        return max(0, -floor(min(self.values.values()) * (1 << SHIFT)))

    @cached_property
    def above(self) -> dict[int, int]:
        """All values rounded up."""
        rounded = {code: -((-value.numerator << SHIFT) // value.denominator) for code, value in self.values.items()}
        return {code: value + self.worth for code, value in rounded.items()}

    @cached_property
    def beyond(self) -> int:
        """What stands for the value of a configuration that has none: no column of the program may lead there."""
        return max(self.above.values()) + 1 << SHIFT

    def undecided(self) -> Iterator[tuple[int, Act]]:
        """All columns that may not have a positive reduced cost, discards apart, with their configurations."""
        yield from self._undecided_generation()
        if self.hardware.most_distillations and self.hardware.recipes:
            for taken, table in self._taken(Taken((), 0, 0), self._attempted, 0):
                if self.apart:
                    yield from self._undecided_apart(taken, table)
                else:
                    yield from self._undecided_distillations(taken, Beside.of(self, taken, table))

    @cached_property
    def _attempted(self) -> Table:
        """Expectations after every number of attempts."""
        hardware, memories = self.hardware, self.hardware.memories
        won, lost = _chance(hardware.p), _chance(1 - hardware.p)
        raw, worth = hardware.code([hardware.raw]), self.worth
        low = {code: (v.numerator << SHIFT) // v.denominator + worth for code, v in self.values.items()}
        table: Table = [{0: [low.get(code, self.beyond) for code in layer]} for layer in self.layers]
        for g in range(1, memories + 1):
            for stored in range(memories - g + 1):
                here, made = table[stored][g - 1], [worth] * len(self.layers[stored])
                if hardware.levels:
                    above, place = table[stored + 1][g - 1], self.place[stored + 1]
                    made = [above[place[code + raw]] for code in self.layers[stored]]
                table[stored][g] = [(won * more + lost * same) >> SHIFT for more, same in zip(made, here, strict=True)]
        return table

    def _undecided_generation(self) -> Iterator[tuple[int, Act]]:
        """Those that neither distil nor discard."""
        for stored, layer in enumerate(self.layers):
            for g in self.hardware.attempts(self.hardware.memories - stored, 0):
                for code, after in zip(layer, self._attempted[stored][g], strict=True):
                    if code in self.above and self._cost(code, (), g) + after <= self.above[code]:
                        yield code, ((), g, ())

    def _cost(self, code: int, distilled: tuple[Pairs, ...], attempts: int) -> int:
        """What a step costs, rounded down."""
        if not self.charges.priced:
            return floor(self.hardware.times[bool(distilled)] * (1 << SHIFT))
        return floor(self.charges.exactly(self.hardware.counts(code), (distilled, attempts, ())) * (1 << SHIFT))

    @property
    def counted(self) -> bool:
        """Whether the number of distillations matters: it has a price, or a limit below that of the memories."""
        smallest = min(map(len, self.hardware.recipes))
        return bool(self._each) or self.hardware.most_distillations < self.hardware.memories // smallest

    @property
    def apart(self) -> bool:
        """Whether every set of recipes costs something else: failures have a price."""
        return bool(self.charges.price("failed_distillations"))

    @cached_property
    def _each(self) -> int:
        """What each distillation costs, rounded down."""
        return floor(self.charges.price("distillations") * (1 << SHIFT))

    @cached_property
    def _limits(self) -> list[dict[int, dict[int, int]]]:
        """What expectations may be where a step distils, prices apart: by numbers of pairs and attempts, and code."""
        one = next(iter(self.hardware.recipes))
        alone, counts = self.charges.beside((one,)), self.hardware.counts

        def limit(code: int, g: int) -> int:
            return self.above[code] - floor(
                (self.charges.exactly(counts(code), ((one,), g, ())) - alone) * (1 << SHIFT)
            )

        return [
            {
                g: {code: limit(code, g) for code in layer if code in self.above}
                for g in self.hardware.attempts(self.hardware.memories - stored, 1)
            }
            for stored, layer in enumerate(self.layers)
        ]

    @cached_property
    def _endings(self) -> list[Ending]:
        """All sets of recipes of the second sort that fit into the memories."""
        recipes = [one for one in self.hardware.recipes.values() if one not in self._first]
        found: list[tuple[tuple[Pairs, ...], int, int, Fraction]] = [((), 0, 0, Fraction(1))]
        for recipe in recipes:
            code, size, failure = self.hardware.code(recipe.consumed), len(recipe.consumed), recipe.failure
            for distilled, taken, pairs, lost in found:
                if len(distilled) < self.hardware.most_distillations and pairs + size <= self.hardware.memories:
                    found.append(((*distilled, recipe.consumed), taken + code, pairs + size, lost * failure))
        return [
            Ending(distilled, code, pairs, _chance(lost), _chance(1 - lost) * self.worth)
            for distilled, code, pairs, lost in found
        ]

    def _undecided_apart(self, taken: Taken, table: Table) -> Iterator[tuple[int, Act]]:
        """Those that carry out some recipes of the first sort, and any of the second, where failures have a price."""
        most = self.hardware.most_distillations - len(taken.distilled)
        for ending in self._endings:
            pairs, distilled = taken.pairs + ending.pairs, tuple(sorted((*taken.distilled, *ending.distilled)))
            if not distilled or pairs > self.hardware.memories or len(ending.distilled) > most:
                continue
            cost, taking = floor(self.charges.beside(distilled) * (1 << SHIFT)), taken.code + ending.code
            for stored in range(self.hardware.memories - pairs + 1):
                for g, limits in self._limits[stored + pairs].items():
                    for code, after in zip(self.layers[stored], table[stored][g], strict=True):
                        limit = limits.get(code + taking)
                        if limit is not None and (ending.lost * after + ending.worth >> SHIFT) + cost <= limit:
                            yield code + taking, (distilled, g, ())

    def _undecided_distillations(self, taken: Taken, beside: Beside) -> Iterator[tuple[int, Act]]:
        """Those that carry out some recipes of the first sort, and any of the second."""
        for stage in range(not taken.pairs, len(beside.stages)) if self.counted else [1]:
            price = self._each * (len(taken.distilled) + stage)
            for stored, by_attempts in enumerate(beside.stages[stage]):
                limits = self._limits[stored + taken.pairs]
                for g in by_attempts.keys() & limits.keys():
                    for code, after in zip(self.layers[stored], by_attempts[g], strict=True):
                        limit = limits[g].get(code + taken.code)
                        if limit is not None and after <= limit - price:
                            for others in beside.within(stage, (stored, code, g), limit - price):
                                if taken.pairs or others:
                                    distilled = tuple(sorted((*taken.distilled, *others)))
                                    yield code + taken.code, (distilled, g, ())

    def _taken(self, taken: Taken, table: Table, first: int) -> Iterator[tuple[Taken, Table]]:
        """All sets of recipes of the first sort that contain some, others from ``first`` on, and their expectations."""
        yield taken, table
        if len(taken.distilled) == self.hardware.most_distillations:
            return
        for place in range(first, len(self._first)):
            recipe = self._first[place]
            pairs, code = taken.pairs + len(recipe.consumed), taken.code + self.hardware.code(recipe.consumed)
            if pairs <= self.hardware.memories:
                grown = Taken((*taken.distilled, recipe.consumed), code, pairs)
                yield from self._taken(grown, self._lifted(recipe, table, self.hardware.memories - pairs), place)

    def _lifted(self, recipe: Recipe, table: Table, room: int) -> Table:
        """Expectations with one more recipe of the first sort, on what leaves room for it."""
        lost, worth = _chance(recipe.failure), _chance(recipe.reaching) * self.worth
        found: Table = []
        for stored in range(room + 1):
            ends: list[tuple[int, int, list[int]]] = []
            for chance, produced, target in recipe.outcomes:
                if produced and not target:
                    more, made = stored + len(produced), self.hardware.code(produced)
                    places = [self.place[more][code + made] for code in self.layers[stored]]
                    ends.append((_chance(chance), more, places))
            found.append({})
            for g in range(room - stored + 1):
                total = [lost * after + worth for after in table[stored][g]]
                for odds, more, places in ends:
                    above = table[more][g]
                    total = [x + odds * above[place] for x, place in zip(total, places, strict=True)]
                found[stored][g] = [x >> SHIFT for x in total]
        return found

    @cached_property
    def fits(self) -> list[list[tuple[Last, list[int], list[int]]]]:
        """The recipes of the second sort by number of stored pairs, the places that they fit, and where they lead."""
        found: list[list[tuple[Last, list[int], list[int]]]] = []
        for stored, layer in enumerate(self.layers):
            found.append([])
            for recipe in self.second:
                if stored >= len(recipe.consumed):
                    place = self.place[stored - len(recipe.consumed)]
                    rows = [row for row, code in enumerate(layer) if code - recipe.code in place]
                    found[-1].append((recipe, rows, [place[layer[row] - recipe.code] for row in rows]))
        return found


@dataclass(frozen=True)
class Beside:
    """What recipes of the second sort make of expectations.

    ``stages`` are the expectations, and the least with any number of recipes on top; or, where that is counted, with
    exactly 1, 2, ....
    """

    cover: Cover
    stages: list[Table]

    @staticmethod
    def of(cover: Cover, taken: Taken, table: Table) -> Beside:
        """That beside a set of the first sort that has some expectations."""
        hardware, room = cover.hardware, cover.hardware.memories - taken.pairs
        step = 2 if hardware.every_attempt and all(len(one.consumed) == 2 for one in cover.second) else 1
        # With an attempt on every empty memory and two pairs a recipe, only every other number of attempts occurs.
        kept = [
            {g: list(table[stored][g]) for g in range((room - stored) % step, room - stored + 1, step)}
            for stored in range(room + 1)
        ]
        if not cover.counted:
            return Beside(cover, [table, _one_more(cover, kept, kept)])
        stages, smallest = [kept], min((len(one.consumed) for one in cover.second), default=room + 1)
        for _ in range(min(hardware.most_distillations - len(taken.distilled), room // smallest)):
            nothing = [{g: [cover.beyond] * len(here) for g, here in row.items()} for row in kept]
            stages.append(_one_more(cover, nothing, stages[-1]))
        return Beside(cover, stages)

    def within(
        self, stage: int, place: tuple[int, int, int], limit: int, first: int = 0
    ) -> Iterator[tuple[Pairs, ...]]:
        """The sets of recipes of a stage, none before ``first``, whose expectations are within a limit.

        ``place`` is a number of pairs, a configuration and a number of attempts.
        """
        (stored, code, g), cover = place, self.cover
        if not stage or (not cover.counted and self._at(0, place) <= limit):
            yield ()
        if not stage:
            return
        before = stage - 1 if cover.counted else stage
        for number, recipe in enumerate(cover.second[first:], first):
            after = stored - len(recipe.consumed), code - recipe.code, g
            room = (limit + 1 << SHIFT) - recipe.worth - 1
            most = room // recipe.lost if recipe.lost else cover.beyond if room >= 0 else -1
            if after[0] >= 0 and after[1] in cover.place[after[0]] and self._at(before, after) <= most:
                yield from ((recipe.consumed, *others) for others in self.within(before, after, most, number))

    def _at(self, stage: int, place: tuple[int, int, int]) -> int:
        stored, code, g = place
        return self.stages[stage][stored][g][self.cover.place[stored][code]]


def _one_more(cover: Cover, best: Table, table: Table) -> Table:
    """The least of some expectations and of what one more recipe of the second sort makes of others, or of the same."""
    for stored, here in enumerate(best):
        for (consumed, _, lost, worth), rows, places in cover.fits[stored]:
            for g, least in here.items():
                below = table[stored - len(consumed)][g]
                for row, place in zip(rows, places, strict=True):
                    after = (lost * below[place] + worth) >> SHIFT
                    least[row] = min(least[row], after)
    return best


def _chance(probability: Fraction) -> int:
    """A probability rounded down."""
    return (probability.numerator << SHIFT) // probability.denominator
