r"""Labels that stand for the levels of a problem, in two finite models that its least expected time lies between.

A grid holds fidelities from that of a raw pair up to the target.  The result of a distillation that misses the target
gets the greatest label that is not above it, or the least that is not below it; where there is none, the label just
below the target, which has its fidelity and does not meet it.  Both models bracket the problem, whatever the grid, if a
better pair in any memory is never worse: with Werner's map, and the rules and budgets below.  Distillations whose label
is not above those of both pairs may be left out if a step that distils takes no less time than one that does not.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

from lpdistill.errors import LimitError, ModelError
from symbolic.checking.model import (
    MOST_CHECKED_LEVELS,
    Hardware,
    Outcome,
    Pairs,
    Recipe,
    demand,
    distil,
    number,
)

RULES = {"max_distillations", "max_attempts", "no_generation_while_distilling"}
"""Rules under which a better pair is never worse."""

RESOURCES = {"steps", "generation_attempts", "raw_pairs", "distillations", "failed_distillations"}
"""Resources within whose upper limits a better pair is never worse; with discarding, memory time is another."""


class Kind(NamedTuple):
    """Distilling two labels: what they make, None for the target; the fidelity, and the chance of it."""

    label: int | None
    fidelity: Fraction
    chance: Fraction


@dataclass(frozen=True)
class Labels:
    """The fidelities of a grid, increasing."""

    hardware: Hardware
    grid: list[Fraction]

    @staticmethod
    def of(stated: list[dict[str, Any]], hardware: Hardware, budgets: Mapping[str, Any]) -> Labels:
        """The labels that a certificate states.

        Raises
        ------
        ModelError
            If labels are not known to bracket the problem.
        NotCertifiedError
            If they are no grid, or not what their distillations make.
        LimitError
            If they are too many.
        """
        _require_bracketed(hardware, budgets)
        if len(stated) > MOST_CHECKED_LEVELS:
            raise LimitError("certificate: too many labels to check", size={"labels": len(stated)})
        grid = [number(one["fidelity"]) for one in stated]
        demand(
            grid and grid[0] == hardware.f0 and grid[-1] < hardware.target, "labels go from a raw pair to the target"
        )
        demand(all(low < high for low, high in pairwise(grid)), "the labels do not increase")
        made, waiting = {0}, {place: one["distil"] for place, one in enumerate(stated) if place}
        demand("distil" not in stated[0], "a raw pair is not distilled")
        while ready := [place for place, pair in waiting.items() if set(pair) <= made]:
            for place in ready:
                high, low = waiting.pop(place)
                demand(distil(grid[high], grid[low])[0] == grid[place], f"label {place} is not what distillation makes")
            made |= set(ready)
        demand(not waiting, f"labels {sorted(waiting)} are made of none that is made")
        return Labels(hardware, grid)

    def model(self, *, up: bool) -> Hardware:
        """The hardware with the labels as its levels, results rounded up or down: those that its memories can make."""
        kinds, place = self._kinds[up]
        recipes = [
            Recipe(
                (place[low], place[high]),
                (
                    Outcome(1 - kind.chance),
                    Outcome(kind.chance, target=True)
                    if kind.label is None
                    else Outcome(kind.chance, (place[kind.label],)),
                ),
            )
            for (low, high), kind in kinds.items()
        ]
        return replace(self.hardware, stated=(sorted(recipes), len(place), 0))

    def fidelities(self, *, up: bool) -> tuple[Fraction, ...]:
        """What labels stand for, by their places in that model."""
        every = [*self.grid, self.hardware.target]
        return tuple(every[label] for label in self._kinds[up][1])

    def top(self, *, up: bool) -> int | None:
        """The place of the label just below the target in that model, if there is one."""
        return self._kinds[up][1].get(len(self.grid))

    @property
    def rounded_up(self) -> set[Pairs]:
        """The distillations whose results are rounded up, by their labels in that model."""
        kinds, place = self._kinds[True]
        return {
            (place[low], place[high])
            for (low, high), kind in kinds.items()
            if kind.label is not None and kind.fidelity not in self.grid
        }

    @cached_property
    def _kinds(self) -> dict[bool, tuple[dict[Pairs, Kind], dict[int, int]]]:
        """What can be distilled where results are rounded up or down, and the place of every label that can be made."""
        return {up: self._possible(self._combined(up=up)) for up in (False, True)}

    def _combined(self, *, up: bool) -> dict[Pairs, Kind]:
        """What distilling any two labels makes, but for what may be left out."""
        target, found = self.hardware.target, dict[Pairs, Kind]()
        fidelities = [*self.grid, target] if up else self.grid
        generation, distillation = self.hardware.times
        for high, a in enumerate(fidelities):
            for low, b in enumerate(fidelities[: high + 1]):
                made, chance = distil(a, b)
                label = bisect_left(fidelities, made) if up else bisect_right(fidelities, made) - 1
                if made >= target or label > high or generation > distillation:
                    found[low, high] = Kind(None if made >= target else label, made, chance)
        return found

    def _possible(self, kinds: dict[Pairs, Kind]) -> tuple[dict[Pairs, Kind], dict[int, int]]:
        """The distillations that so many memories can carry out, and the place of every label that they can make.

        A pair takes one memory more than those that it is made of if both take equally many, else as many as the one
        that takes more.
        """
        least, changed = {0: 1}, True
        while changed:
            changed = False
            for (low, high), kind in kinds.items():
                if kind.label is not None and low in least and high in least:
                    one, other = least[low], least[high]
                    memories = one + 1 if one == other else max(one, other)
                    if memories <= self.hardware.memories and memories < least.get(kind.label, inf):
                        least[kind.label], changed = memories, True
        place = {label: position for position, label in enumerate(sorted(least))}
        made = {pair: {*pair} if kind.label is None else {*pair, kind.label} for pair, kind in kinds.items()}
        possible = {pair: kind for pair, kind in kinds.items() if made[pair] <= least.keys()}
        return possible, place


def _require_bracketed(hardware: Hardware, budgets: Mapping[str, Any]) -> None:
    """Refuse a problem that labels are not known to bracket."""
    known = RESOURCES | ({"memory_time"} if hardware.discarding else set())
    others = [*hardware.rules.keys() - RULES, *budgets.keys() - known]
    others += [f"least {name}" for name, limits in budgets.items() if set(limits) != {"most"}]
    if hardware.stated is not None:
        others.append("recipes")
    if others:
        raise ModelError("certificate", "has labels, which do not bracket the optimum with all that it states", others)
