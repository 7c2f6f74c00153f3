"""Labels of the pairs that one policy comes by where pairs age: all that it makes, as old as they get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.physics.aged import Aged, AgedLabels


class Done(NamedTuple):
    """What a policy does with the pairs that are stored: which it distils, two at a time, or which one it discards."""

    distil: tuple[tuple[Aged, Aged], ...] = ()
    discard: Aged | None = None


@dataclass(frozen=True, kw_only=True)
class FollowedLabels(AgedLabels):
    """Labels that a policy comes by, with what it does.

    Attributes
    ----------
    products
        What it makes of two pairs, the better one first: a fresh pair that is no better, or None for the target.
    done
        What it does where it stores some pairs, the best first.
    cutoff
        The age beyond which it discards pairs; None for none.
    """

    products: Mapping[tuple[Aged, Aged], Aged | None] = field(repr=False)
    done: Mapping[tuple[Aged, ...], Done] = field(repr=False)
    cutoff: Fraction | None = None

    @property
    def oldest(self) -> BoolArray:
        """Labels that grow no older though pairs do, (labels,)."""
        duration = self.aging.clock.generation
        return np.array([Aged(one.origin, one.age + duration) not in self.place for one in self.order])

    @cached_property
    def place(self) -> dict[Aged, int]:
        """Where every label stands."""
        return {one: index for index, one in enumerate(self.order)}

    def aged(self, duration: Fraction) -> tuple[IntArray, FloatArray]:
        """What becomes of pairs that are kept for a time: those of the greatest age are as old as they get."""
        place = self.place
        label = [place.get(Aged(one.origin, one.age + duration), place[one]) for one in self.order]
        return np.array(label, dtype=np.int64), np.zeros(len(self))

    @cached_property
    def made(self) -> tuple[IntArray, FloatArray]:
        """What distillation makes of two labels, -1 for what is not distilled, their number for the target."""
        found, place = np.full((len(self), len(self)), -1), self.place
        for (a, b), product in self.products.items():
            label = len(self) if product is None else place[product]
            found[place[a], place[b]] = found[place[b], place[a]] = label
        return found, np.broadcast_to(0.0, found.shape)

    def useful(self, *, shorter: bool) -> BoolArray:  # noqa: ARG002 - as for other labels
        """Which distillations there are: those that the policy carries out."""
        return np.asarray(self.made[0] >= 0)
