"""Configurations that runs come by, found by following all columns from the start, and these columns, listed.

Where pairs age, few of all count vectors are ever met: two pairs that were made together stay equally old.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np

from lpdistill.arrays import BoolArray, FloatArray, IntArray, ragged
from lpdistill.errors import LimitError
from lpdistill.hardware.actions import Attempts
from lpdistill.hardware.recipes import distillation_of_aged
from lpdistill.hardware.repertoire import Aimed, Repertoire
from lpdistill.physics.aged import AgedLabels
from lpdistill.physics.followed import FollowedLabels
from lpdistill.process.factored.generation import binomial_table
from lpdistill.process.reachable.columns import ListedColumns, partitions
from lpdistill.process.reachable.vectors import ExploredVectors, codes_of
from lpdistill.progress import silent

MOST_OUTCOMES = 5_000_000
"""Outcomes of columns beyond which they take too much memory and time."""


class Columns(NamedTuple):
    """Some columns: their configuration, what they distil, attempt and discard; all (columns,) but ``distil``."""

    configuration: IntArray
    distil: IntArray
    attempts: IntArray
    discard: IntArray


class Moves(NamedTuple):
    """What may come of columns short of the target: column, configuration as a number, probability, pairs generated."""

    column: IntArray
    code: IntArray
    probability: FloatArray
    generated: IntArray


@dataclass(frozen=True)
class _Step:
    """What labels become, as tables: of two labels distilled, and of one that is kept in a step of every kind."""

    labels: AgedLabels
    made: IntArray
    success: FloatArray
    failure: FloatArray
    useful: BoolArray
    older: IntArray

    @staticmethod
    def of(labels: AgedLabels) -> _Step:
        """Those of a label model."""
        kinds, clock = len(labels), labels.aging.clock
        made, w = labels.made[0], labels.values
        useful = labels.useful(shorter=clock.generation > clock.distillation)
        older = [labels.aged(clock.generation)[0], labels.aged(clock.distillation)[0], np.arange(kinds)]
        return _Step(
            labels,
            np.where(made < 0, kinds, np.where(made == kinds, -1, made)),
            (1.0 + w[:, None] * w) / 2.0,
            ((1.0 - w)[:, None] + w[:, None] * (1.0 - w)) / 2.0,  # nothing in it cancels
            useful,
            np.array([np.append(np.where(one < 0, kinds, one), kinds) for one in older]),
        )


class Explorer:
    """Follows all columns from the start until no configuration is new."""

    def __init__(self, labels: AgedLabels, repertoire: Repertoire, chance: float) -> None:
        self._step, self._repertoire, self._kinds = _Step.of(labels), repertoire, len(labels)
        self._memories, self._raw = repertoire.memories, labels.raw
        most = (rule.most_distillations(self._memories) for rule in repertoire.rules)
        self._most = max(0, min([self._memories // 2, *most]))
        self._binomials = binomial_table(chance, 1.0 - chance, self._memories)
        self._none = self._kinds**2
        if max((self._none + 1.0) ** self._most * MOST_OUTCOMES, (self._kinds + 1.0) ** self._memories) > 2.0**63:
            raise LimitError(
                f"memories: {self._memories} memories and {self._kinds} labels make too many configurations to be "
                "told apart; take fewer memories",
                size={"labels": self._kinds, "memories": self._memories},
            )

    def all(self, told: Callable[[str], None] = silent) -> tuple[IntArray, Columns, Moves]:
        """The configurations as places, their columns, and what comes of them; tells how many are known."""
        new = np.full((1, self._memories), self._kinds)
        places, columns, moves = [new], [], []
        seen, first, outcomes, count = codes_of(new, self._kinds), 0, 0, 0
        while len(new):
            told(f"{first + len(new):,} configurations found")
            some = self._columns(new)
            made = self._moves(new, some)
            columns.append(some._replace(configuration=some.configuration + first))
            moves.append(made._replace(column=made.column + count))
            first, count, outcomes = first + len(new), count + len(some.attempts), outcomes + len(made.code)
            if outcomes > MOST_OUTCOMES:
                raise LimitError(
                    f"memories: {self._memories} memories and {self._kinds} labels make more than {first:,} "
                    "configurations, which are too many to be gone through; take fewer memories, a shorter "
                    "coherence_time, or a wider gap (within)",
                    size={"labels": self._kinds, "configurations": first},
                )
            fresh = np.setdiff1d(made.code, seen)
            seen = np.union1d(seen, fresh)
            new = np.empty((len(fresh), self._memories), dtype=np.int64)
            for place in reversed(range(self._memories)):
                fresh, new[:, place] = np.divmod(fresh, self._kinds + 1)
            places.append(new)
        joined = Columns(*(np.concatenate(part) for part in zip(*columns, strict=True)))
        return np.concatenate(places), joined, Moves(*(np.concatenate(part) for part in zip(*moves, strict=True)))

    def _columns(self, places: IntArray) -> Columns:
        """All columns of some configurations, in their order."""
        kinds, none, most = self._kinds, self._none, self._most
        totals, useful = (places < kinds).sum(axis=1), self._step.useful
        keys = []
        for total in range(self._memories + 1):
            rows = np.flatnonzero(totals == total)
            if not len(rows):
                continue
            for blocks in partitions(range(total), [2], most):
                found, chosen = np.ones(len(rows), dtype=bool), np.full((len(rows), most), none)
                for slot, (a, b) in enumerate(blocks):
                    low, high = places[rows, a], places[rows, b]
                    found &= useful[low, high]
                    chosen[:, slot] = low * kinds + high
                keys.append(np.unique(_coded(rows[found], np.sort(chosen[found], axis=1), none)))
        key = np.unique(np.concatenate(keys))
        distil = np.empty((len(key), most), dtype=np.int64)
        for slot in reversed(range(most)):
            key, distil[:, slot] = np.divmod(key, none + 1)
        empty = self._memories - totals[key]
        caps = [self._repertoire.most_attempts(distilling=one) for one in (False, True)]
        distils = np.asarray((distil < none).any(axis=1))
        attempts = np.minimum(empty, np.array(caps)[distils.astype(np.int64)])
        if self._repertoire.attempts is Attempts.ALL:
            row, attempts = ragged(attempts + 1)
            key, distil, distils = key[row], distil[row], distils[row]
        acts = distils | (attempts > 0)  # to wait for nothing is worse than to discard
        key, distil, attempts = key[acts], distil[acts], attempts[acts]
        owner, place = np.nonzero((np.diff(places, axis=1, prepend=-1) > 0) & (places < kinds))
        key = np.append(key, owner)
        order = np.argsort(key, kind="stable")
        return Columns(
            key[order],
            np.concatenate([distil, np.full((len(owner), most), none)])[order],
            np.append(attempts, np.zeros(len(owner), dtype=np.int64))[order],
            np.append(np.full(len(distil), kinds), places[owner, place])[order],
        )

    def _moves(self, places: IntArray, columns: Columns) -> Moves:
        """What may come of some columns."""
        kinds, none, most, step = self._kinds, self._none, self._most, self._step
        distils = columns.distil < none
        kind = np.where(columns.discard < kinds, 2, distils.any(axis=1)).astype(np.int64)
        pair = np.minimum(columns.distil, none - 1)
        low, high = np.where(distils, pair // kinds, kinds), np.where(distils, pair % kinds, kinds)
        left = step.older[kind[:, None], self._left(places[columns.configuration], columns.discard, low, high)]
        success = np.where(distils, step.success[pair // kinds, pair % kinds], 0.0)
        failure = np.where(distils, step.failure[pair // kinds, pair % kinds], 1.0)
        result = np.where(distils, step.made[pair // kinds, pair % kinds], kinds)
        found = []
        for chosen in product((False, True), repeat=most):
            chance = np.ones(len(kind))
            made = np.full((len(kind), most), kinds)
            for slot, succeeds in enumerate(chosen):
                chance *= success[:, slot] if succeeds else failure[:, slot]
                if succeeds:
                    made[:, slot] = result[:, slot]
            rows = np.flatnonzero((chance > 0) & (made >= 0).all(axis=1))
            after = np.sort(np.column_stack([left[rows], made[rows]]), axis=1)[:, : self._memories]
            for j in range(self._memories + 1):
                here = np.flatnonzero(columns.attempts[rows] >= j)
                if not len(here):
                    continue
                new = np.column_stack([after[here], np.full((len(here), j), self._raw)])
                new = np.sort(new, axis=1)[:, : self._memories]
                weight = chance[rows[here]] * self._binomials[columns.attempts[rows[here]], j]
                found.append(Moves(rows[here], codes_of(new, kinds), weight, np.full(len(here), j)))
        return Moves(*(np.concatenate(part) for part in zip(*found, strict=True)))

    def _left(self, places: IntArray, discard: IntArray, low: IntArray, high: IntArray) -> IntArray:
        """What columns leave alone, as places, given what they discard and distil, (columns, most)."""
        kinds, left = self._kinds, places.copy()
        for place in (discard, *low.T, *high.T):
            rows = np.flatnonzero(place < kinds)
            left[rows, np.argmax(left[rows] == place[rows, None], axis=1)] = kinds
        return left


class Follower(Explorer):
    """Follows what one policy does."""

    def __init__(self, labels: FollowedLabels, repertoire: Repertoire, chance: float) -> None:
        super().__init__(labels, repertoire, chance)
        self._labels = labels

    def _columns(self, places: IntArray) -> Columns:
        """What the policy does in some configurations, a column each."""
        labels, kinds, place = self._labels, self._kinds, self._labels.place
        distil, discard = np.full((len(places), self._most), self._none), np.full(len(places), kinds)
        totals = (places < kinds).sum(axis=1)
        for row, (held, total) in enumerate(zip(places.tolist(), totals.tolist(), strict=True)):
            done = labels.done[tuple(labels.order[label] for label in reversed(held[:total]))]
            pairs = [sorted(place[one] for one in pair) for pair in done.distil]
            distil[row, : len(pairs)] = sorted(low * kinds + high for low, high in pairs)
            if done.discard is not None:
                discard[row] = place[done.discard]
        caps = np.array([self._repertoire.most_attempts(distilling=one) for one in (False, True)])
        distils = (distil < self._none).any(axis=1)
        attempts = np.minimum(self._memories - totals, caps[distils.astype(np.int64)])
        return Columns(np.arange(len(places)), distil, np.where(discard < kinds, 0, attempts), discard)


def _coded(rows: IntArray, chosen: IntArray, none: int) -> IntArray:
    """Configurations with what is distilled in them as one number each."""
    for digit in chosen.T:
        rows = rows * (none + 1) + digit
    return rows


@dataclass(frozen=True)
class ExploredColumns(ListedColumns):
    """All columns of the configurations that were found, in their order.

    Attributes
    ----------
    explored
        Columns with the labels that they distil, as numbers.
    """

    explored: Columns

    @staticmethod
    def of(
        problem: Aimed, labels: AgedLabels, attempts: Attempts, told: Callable[[str], None] = silent
    ) -> tuple[ExploredColumns, Moves]:
        """All columns of the runs of a problem, and what may come of them."""
        repertoire = Repertoire(problem.hardware.memories, labels, (), problem.hardware.rules, attempts)
        chance = float(problem.hardware.p)
        if isinstance(labels, FollowedLabels):
            places, columns, moves = Follower(labels, repertoire, chance).all(told)
        else:
            places, columns, moves = Explorer(labels, repertoire, chance).all(told)
        none = len(labels) ** 2
        pairs, index = np.unique(columns.distil, return_inverse=True)
        known = pairs[pairs < none].tolist()
        recipes = tuple(distillation_of_aged(labels, *divmod(pair, len(labels))) for pair in known)
        columns = columns._replace(distil=index.reshape(columns.distil.shape))
        configurations = ExploredVectors(repertoire.memories, len(labels), places)
        listed = ExploredColumns(configurations, replace(repertoire, recipes=recipes), columns)
        moves = moves._replace(code=configurations.rank_codes(moves.code))
        return listed, moves

    @property
    def most(self) -> int:
        """The greatest number of distillations in one step."""
        return int(self.explored.distil.shape[1])

    @property
    def _listed(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        return self.explored
