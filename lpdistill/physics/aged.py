r"""Labels for pairs that age: what made a pair, and how old it is.

A label has a Werner parameter in double precision that bounds that of the pairs it stands for, from below (``FLOOR``)
or from above (``CEIL``).  Every number is rounded that way: the parameter of a raw pair, what is left of it after a
step, the results of distillation.  A pair that has no label of its own is given the best label that is not better
(``FLOOR``), or the worst that is not worse (``CEIL``); where there is none, it is discarded, or does not age any more.

Ageing and distillation are monotone, so that both label models bracket the least expected time as those of
:mod:`~lpdistill.physics.rounding` do (:doc:`memory_decoherence`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import inf, nextafter
from typing import Any, NamedTuple

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.physics.ageing import Clock, bounded
from lpdistill.physics.known import DEFAULT
from lpdistill.physics.levels import Level, names_of
from lpdistill.physics.rounding import Grid, Labels, Rounding
from lpdistill.physics.werner import WernerPair, werner_parameter

MARGIN = 2e-15
"""More than the relative rounding error of a result of distillation: nine operations."""

RUNGS = 8
"""Fidelities between that of a raw pair and the target that stand for results to begin with."""

DECIMALS = 4
"""Decimals of the fidelities by which pairs are called."""


class Aged(NamedTuple):
    """A label: what made the pair, by its number, and how long ago."""

    origin: int
    age: Fraction


class Made(NamedTuple):
    """The result of a distillation."""

    high: Aged
    low: Aged


def distilled(a: Any, b: Any) -> Any:
    """The Werner parameter that distilling two pairs leads to, to within seven roundings."""
    both = a * b
    return (a + b + 4.0 * both) / (3.0 * (1.0 + both))


@dataclass(frozen=True)
class AgedGrid:
    """Labels, with what made them.

    Attributes
    ----------
    clock
        How long steps take, and how pairs age meanwhile.
    f0, target
        Fidelity of a raw pair, and the target.
    origins
        What makes pairs: a fidelity that is given (that of a raw pair first), or a distillation of labels.
    labels_of
        All labels.
    """

    clock: Clock
    f0: Fraction
    target: Fraction
    origins: tuple[Fraction | Made, ...]
    known: frozenset[Aged] = field(repr=False)

    @staticmethod
    def of(clock: Clock, f0: Fraction, target: Fraction) -> AgedGrid:
        """Raw pairs, pairs just below the target, and some between, all fresh."""
        rungs = [f0 + (target - f0) * step / RUNGS for step in (0, *range(RUNGS, 0, -1))]
        return AgedGrid(clock, f0, target, tuple(rungs), frozenset(Aged(one, Fraction(0)) for one in range(len(rungs))))

    def __len__(self) -> int:
        return len(self.known)

    def having(self, results: Iterable[tuple[Aged, Aged]], ages: Iterable[Aged]) -> AgedGrid:
        """The grid with the results of distilling some labels, fresh as they are then, and with some older pairs."""
        known: dict[Fraction | Made, int] = {one: number for number, one in enumerate(self.origins)}
        labels = set(ages)
        for pair in results:
            made = Made(*sorted(pair))
            labels.add(Aged(known.setdefault(made, len(known)), Fraction(0)))
        return replace(self, origins=tuple(known), known=self.known | labels)

    def again(self) -> AgedGrid:
        """The same grid: its labels are computed when they are asked for."""
        return replace(self)

    def labels(self, rounding: Rounding) -> AgedLabels:
        """The levels of a label model."""
        values = self._values(rounding)
        order = sorted(values, key=lambda one: (values[one], one))
        names = self._names(values)
        levels = tuple(
            AgedLevel(
                index,
                (3 * Fraction(values[one]) + 1) / 4,
                None,
                WernerPair((3 * Fraction(values[one]) + 1) / 4),
                names[one.origin] + (f" aged {float(one.age):g}" if one.age else ""),
                History(self, one),
            )
            for index, one in enumerate(order)
        )
        raw = order.index(Aged(0, Fraction(0)))
        plain = Grid.of(DEFAULT, self.f0, self.target)
        return AgedLabels(self.target, levels, {}, raw, rounding, {}, (), plain, aging=self, order=tuple(order))

    def _values(self, rounding: Rounding) -> dict[Aged, float]:
        """The Werner parameter of every label, bounded: those of one origin age by no less (no more) than pairs do."""
        down, clock = rounding is Rounding.FLOOR, self.clock
        side, towards, best = int(not down), -inf if down else inf, min if down else max
        ages: dict[int, list[Fraction]] = defaultdict(list)
        for one in self.known:
            ages[one.origin].append(one.age)
        found: dict[Aged, float] = {}
        for origin, made in enumerate(self.origins):
            if isinstance(made, Made):
                fresh = distilled(found[made.high], found[made.low]) * clock.coherence.made(clock.distillation)[side]
                fresh *= 1 - MARGIN if down else 1 + MARGIN
            else:
                fresh = bounded(werner_parameter(made))[side]
            for age in sorted(ages[origin]):
                value = [fresh if not age else nextafter(fresh * clock.coherence.kept(age)[side], towards)]
                for duration in {clock.generation, clock.distillation} - {Fraction(0)}:
                    younger = found.get(Aged(origin, age - duration))
                    if younger is not None:
                        value.append(nextafter(younger * clock.coherence.kept(duration)[side], towards))
                found[Aged(origin, age)] = best(value)
        return found

    def _names(self, values: Mapping[Aged, float]) -> list[str]:
        """What fresh pairs of every origin are called."""
        fresh = [values.get(Aged(origin, Fraction(0)), 0.0) for origin in range(len(self.origins))]
        return names_of([Fraction(round((3 * value + 1) / 4, DECIMALS)) for value in fresh])


@dataclass(frozen=True)
class History:
    """What made a pair, and how old it is: the tree of a label.

    Attributes
    ----------
    grid, label
        The labels, and this one of them.
    """

    grid: AgedGrid = field(repr=False, compare=False)
    label: Aged

    def __str__(self) -> str:
        made, age = self.grid.origins[self.label.origin], self.label.age
        aged = f" aged {age}" if age else ""
        if isinstance(made, Made):
            return f"D({History(self.grid, made.high)}, {History(self.grid, made.low)}){aged}"
        return (f"{float(made):g}" if self.label.origin else "f0") + aged


@dataclass(frozen=True, slots=True)
class AgedLevel(Level):
    """A level whose fidelity is a bound of those of the pairs that it stands for.

    Attributes
    ----------
    history
        What made them, and how old they are.
    """

    history: History

    def stated(self) -> dict[str, Any]:
        """The bound as JSON data, with the name and the age."""
        return {
            "fidelity": float(self.fidelity),
            "exact": str(self.fidelity),
            "name": self.name,
            "age": str(self.history.label.age),
        }

    @property
    def made_by(self) -> str:
        """What makes it, in words."""
        return str(self.history)


@dataclass(frozen=True, kw_only=True)
class AgedLabels(Labels):
    """Levels of a label model of pairs that age.

    Attributes
    ----------
    aging, order
        The labels, and those in order of their Werner parameters.
    """

    aging: AgedGrid = field(repr=False)
    order: tuple[Aged, ...] = field(repr=False)

    def at(self, f0: Fraction, memories: int) -> None:  # noqa: ARG002 - as for other labels
        """None: pairs of another fidelity age along other labels."""
        return

    @property
    def down(self) -> bool:
        """Whether pairs are taken to be no better than they are."""
        return self.rounding is Rounding.FLOOR

    @cached_property
    def values(self) -> FloatArray:
        """Werner parameters, increasing, (labels,)."""
        return np.array([float((4 * level.fidelity - 1) / 3) for level in self.levels])

    def rounded(self, values: FloatArray) -> IntArray:
        """The labels of pairs by their Werner parameters; -1 for those that are discarded."""
        if self.down:
            return np.asarray(np.searchsorted(self.values, values, side="right") - 1)
        return np.asarray(np.minimum(np.searchsorted(self.values, values, side="left"), len(self) - 1))

    def aged(self, duration: Fraction) -> tuple[IntArray, FloatArray]:
        """What becomes of pairs that are kept for a time: labels, -1 for none, and by how much they are rounded."""
        side, towards = int(not self.down), -inf if self.down else inf
        if not duration:
            return np.arange(len(self)), np.zeros(len(self))
        kept = np.nextafter(self.values * self.aging.clock.coherence.kept(duration)[side], towards)
        label, place = self.rounded(kept), {one: index for index, one in enumerate(self.order)}
        if not self.down:  # what does not age any more is no better than it was
            label = np.minimum(label, np.arange(len(self)))
        own = np.array([place.get(Aged(one.origin, one.age + duration), -2) for one in self.order])
        apart = np.where(own > -2, 0.0, np.abs(kept - np.where(label < 0, 0.0, self.values[label])))
        return np.where(own > -2, own, label), apart

    @cached_property
    def made(self) -> tuple[IntArray, FloatArray]:
        """What distillation makes of two labels: a label, -1 for none, their number for the target; and the parameter.

        Both (labels, labels).
        """
        clock, side = self.aging.clock, int(not self.down)
        fresh = distilled(self.values[:, None], self.values) * clock.coherence.made(clock.distillation)[side]
        fresh = fresh * (1 - MARGIN if self.down else 1 + MARGIN)
        aim = bounded(werner_parameter(self.target))[int(self.down)]
        return np.where(fresh >= aim, len(self), self.rounded(fresh)), fresh

    def useful(self, *, shorter: bool) -> BoolArray:
        """Which distillations may be worth while, (labels, labels).

        Parameters
        ----------
        shorter
            Whether a step that distils may be shorter than one that only generates: all of them are, then.
            Otherwise, what makes no better pair than the better of both would be is worse than to discard the other.
        """
        label, _ = self.made
        if shorter:
            return np.asarray(label > -2)
        older, _ = self.aged(self.aging.clock.distillation)
        return np.asarray(label > np.maximum(older[:, None], older))
