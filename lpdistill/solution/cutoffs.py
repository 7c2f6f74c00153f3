r"""Cutoffs: up to which age an optimal policy keeps a pair before it is discarded, read off the policy.

What a lone pair is worth depends on its Werner parameter alone, and less is not worth more.  So there is an age from
which it is discarded, for every kind of pair, and all of them end at about the same fidelity.  Cutoffs of lone pairs
are *proved* where both label models say so: the last age at which it is kept, since FLOOR's time with it is less than
CEIL's without; the next one, at which it is discarded, since CEIL's time with it is more than FLOOR's without.

Beside other pairs a cutoff may depend on their ages, too: ages are those that runs come by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, cast

import numpy as np

from lpdistill.arrays import IntArray
from lpdistill.physics.aged import Aged, AgedLabels
from lpdistill.process.process import Process
from lpdistill.program.ageing import Solved
from lpdistill.program.plan import Plan
from lpdistill.program.policy_iteration import Optimum
from lpdistill.solution.answer import Table
from lpdistill.solution.document import rational
from lpdistill.solution.tables import regrets_of

TOLD = 3
"""Kinds of pairs whose cutoffs a summary says."""

MARGIN = 1e-10
"""Relative difference of times that counts as one."""


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Up to which age pairs of one kind are kept.

    Attributes
    ----------
    level, name
        The label of such a pair when it is made, and what it is called.
    raw
        Whether it is a raw pair.
    beside
        What the pairs that are stored besides are called when they are made; none for a lone pair.
    kept
        The greatest age at which it is kept (the user's unit of time); None where it is discarded at once.
    discarded
        The least age at which it is discarded; None where runs come by such old pairs so rarely that no label says so.
    visits
        How often runs are expected to store such a pair, step by step.
    proved
        Whether every optimal policy has this cutoff.
    step
        Duration of a step that only generates.
    """

    level: int
    name: str
    raw: bool
    beside: tuple[str, ...]
    kept: Fraction | None
    discarded: Fraction | None
    visits: float
    proved: bool
    step: Fraction = field(repr=False)

    def __str__(self) -> str:
        if self.kept is None:
            return "is discarded at once"
        steps = self.kept / self.step
        whole = f" ({steps} {'step' if steps == 1 else 'steps'})" if steps.denominator == 1 else ""
        more = " or more" if self.discarded is None else ""
        return f"is kept up to age {float(self.kept):g}{whole}{more}"

    @property
    def pair(self) -> str:
        """The pair in words: ``a lone raw pair``, ``0.9264 beside 0.9000``."""
        lone = "" if self.beside else "lone "
        what = f"a {lone}raw pair" if self.raw else f"a {lone}{self.name}"
        return " beside ".join([what, *([" + ".join(self.beside)] if self.beside else [])])

    def to_dict(self) -> dict[str, Any]:
        """The cutoff as JSON data."""
        return {
            "level": self.level,
            "pair": self.name,
            "beside": list(self.beside),
            "kept": None if self.kept is None else rational(self.kept),
            "discarded": None if self.discarded is None else rational(self.discarded),
            "visits": self.visits,
            "proved": self.proved,
        }


def cutoffs_of(plan: Plan, optimistic: Optimum | None = None) -> tuple[Cutoff, ...]:
    """The cutoffs of a policy for memories that forget; none for others, or where it may never end.

    Lone pairs first, raw ones before others, then by how often runs store them.

    Parameters
    ----------
    plan
        The policy.
    optimistic
        The optimum of the label model that rounds up, if there is one.
    """
    if not (isinstance(plan.uses.process.names.levels, AgedLabels) and plan.proper):
        return ()
    policy = _Kept(Solved.of(plan))
    lone = [policy.alone(origin, optimistic) for origin in range(len(policy.labels.aging.origins))]
    found = [*(one for one in lone if one is not None and one.visits > 0), *policy.beside()]
    return tuple(sorted(found, key=lambda one: (bool(one.beside), not one.raw, -one.visits)))


class _Group(NamedTuple):
    """A kind of pair, and the kinds of those beside it: numbers of what made them."""

    origin: int
    beside: tuple[int, ...]


@dataclass(frozen=True)
class _Kept:
    """What a policy on labels of pairs that age keeps."""

    solved: Solved

    @property
    def labels(self) -> AgedLabels:
        return self.solved.labels

    @cached_property
    def _place(self) -> dict[Aged, int]:
        return {one: index for index, one in enumerate(self.labels.order)}

    @cached_property
    def dropped(self) -> IntArray:
        """The label that the policy discards for sure, the number of labels for none, (configurations,)."""
        plan, listed = self.solved.plan, self.solved.listed
        used = plan.probability > 0
        here, what = plan.uses.configuration[used], listed.discard[plan.uses.columns[used]]
        found = np.full(listed.configurations.size, len(self.labels))
        found[here] = what  # of several, some keep it, and are set below
        found[here[what == len(self.labels)]] = len(self.labels)
        return found

    def _cutoff(self, group: _Group, **found: Any) -> Cutoff:
        labels = self.labels
        level, *others = (self._place[Aged(origin, Fraction(0))] for origin in (group.origin, *group.beside))
        names = tuple(labels.names[one] for one in others)
        step = labels.aging.clock.generation
        return Cutoff(level, labels.names[level], not group.origin, names, step=step, **found)

    def alone(self, origin: int, optimistic: Optimum | None) -> Cutoff | None:
        """Up to which age a lone pair is kept, followed from when it is fresh; None where there is none."""
        plan, step = self.solved.plan, self.labels.aging.clock.generation
        older, label, age = self.labels.aged(step)[0], self._place[Aged(origin, Fraction(0))], Fraction(0)
        kept, discarded, last, visits = None, None, -1, 0.0
        while (rank := _lone(self.solved, label)) >= 0:
            visits += float(plan.visits[rank]) if self.labels.order[label].origin == origin else 0.0
            if self.dropped[rank] == label:
                discarded = age
                break
            kept, last = age, rank
            if not 0 <= older[label] < label:
                break
            label, age = int(older[label]), age + step
        if kept is None and discarded is None:
            return None
        proved = False
        if optimistic is not None and discarded is not None:
            known, best, prices = self.labels.order[label], optimistic.lower[0], optimistic.policy.process.tariff.prices
            proved = not prices and known == Aged(origin, age) and _discards(optimistic, known, float(plan.upper[0]))
            proved &= kept is None or float(plan.upper[last]) < float(best) * (1 - MARGIN)
            if kept is not None and not proved and not _discards(optimistic, known, float(optimistic.values[0])):
                discarded = None  # where labels end, FLOOR discards what is worth keeping
        return self._cutoff(_Group(origin, ()), kept=kept, discarded=discarded, visits=visits, proved=proved)

    def beside(self) -> Iterator[Cutoff]:
        """The same of pairs beside others, where any are discarded."""
        plan, known = self.solved.plan, self.solved.listed.configurations
        ages: dict[tuple[_Group, bool], list[Fraction]] = defaultdict(list)
        visits: dict[_Group, float] = defaultdict(float)
        for rank in np.flatnonzero(plan.entered & (known.totals > 1)).tolist():
            places = known.places[rank, : known.totals[rank]].tolist()
            for label in set(places):
                group = self._group(label, places)
                ages[group, label == self.dropped[rank]].append(self.labels.order[label].age)
                visits[group] += float(plan.visits[rank])
        for group in {group for group, given_up in ages if given_up}:
            kept, lost = max(ages[group, False], default=None), min(ages[group, True])
            yield self._cutoff(group, kept=kept, discarded=lost, visits=visits[group], proved=False)

    def _group(self, label: int, places: Sequence[int]) -> _Group:
        others = list(places)
        others.remove(label)
        return _Group(self.labels.order[label].origin, tuple(sorted(self.labels.order[one].origin for one in others)))


def _lone(solved: Solved, label: int) -> int:
    """The configuration of one pair; -1 where there is none."""
    known = solved.listed.configurations
    return int(known.rank_places(np.array([[label, *[known.kinds] * (known.most - 1)]]))[0])


def _discards(optimistic: Optimum, pair: Aged, least: float) -> bool:
    """Whether to keep a lone pair takes longer than a time, by the label model that rounds up."""
    solved = Solved.of(Plan.optimal(optimistic))
    if pair not in solved.labels.order:
        return False
    label = solved.labels.order.index(pair)
    rank = _lone(solved, label)
    if rank < 0:
        return False
    columns = optimistic.policy.process.admission.of_configuration(rank)
    columns = columns[solved.listed.discard[columns] == len(solved.labels)]
    regrets = regrets_of(optimistic, columns)
    return bool(len(columns)) and float(optimistic.lower[rank] + regrets.min()) > least * (1 + MARGIN)


def cutoffs_at(found: Iterable[Cutoff], process: Process, rank: int) -> tuple[Cutoff, ...]:
    """The cutoffs of the pairs of a configuration: of each alone, and beside the others."""
    labels = process.names.levels
    if not isinstance(labels, AgedLabels):
        return ()
    place = {one: index for index, one in enumerate(labels.order)}
    counts = cast("tuple[int, ...]", process.names.key(rank))
    held = [labels.order[level].origin for level, count in enumerate(counts) for _ in range(count)]
    names = [labels.names[place[Aged(origin, Fraction(0))]] for origin in held]
    beside = {(name, tuple(sorted([*names[:k], *names[k + 1 :]]))) for k, name in enumerate(names)}
    alone = {(name, ()) for name in names}
    return tuple(one for one in found if (one.name, tuple(sorted(one.beside))) in beside | alone)


def cutoffs_in_words(found: Sequence[Cutoff]) -> str:
    """The cutoffs of lone pairs, the first few of them."""
    lone = [one for one in found if not one.beside]
    told = [f"{one.pair} {one}" for one in lone[:TOLD]]
    more = len(lone) - len(told)
    return "; ".join([*told, *([f"and {more} more"] if more else [])])


def cutoff_table(found: Sequence[Cutoff], most: int | None) -> Table:
    """The cutoffs as a table."""
    rows = [
        (
            "raw" if one.raw else one.name,
            " + ".join(one.beside) or "nothing",
            "-" if one.kept is None else f"{float(one.kept):g}",
            "-" if one.discarded is None else f"{float(one.discarded):g}",
            "yes" if one.proved else "-",
            f"{one.visits:.6f}",
        )
        for one in found[:most]
    ]
    headings = dict.fromkeys(("pair", "beside"), "left")
    headings |= {"kept up to age": "right", "discarded at age": "right", "proved": "left", "steps stored": "right"}
    more = len(found) - len(rows)
    return Table("cutoffs", headings, rows, f"{len(rows)} of {len(found)} kinds of pairs" if more else "")
