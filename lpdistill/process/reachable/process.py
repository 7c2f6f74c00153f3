"""The decision process of a problem with many levels and few memories: what can be reached, written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index as whole_number
from typing import Any

import numpy as np
from scipy import sparse

from lpdistill.arrays import ROUNDOFF, FloatArray, IntArray
from lpdistill.errors import ModelError, quoted
from lpdistill.hardware.actions import Action, Attempts
from lpdistill.hardware.repertoire import Repertoire
from lpdistill.physics.levels import Levels
from lpdistill.physics.rounding import Labels
from lpdistill.process.derived import Listed
from lpdistill.process.durations import Durations
from lpdistill.process.factored.generation import binomial_table, leaving_table
from lpdistill.process.outcomes import Plain, Weighted
from lpdistill.process.process import Choice
from lpdistill.process.reachable.columns import ListedColumns
from lpdistill.process.reachable.vectors import ExploredVectors, ReachableVectors
from lpdistill.process.repetition import Repetition
from lpdistill.process.resources import RESOURCES
from lpdistill.process.tariff import TIME, Resource, Tariff, Usage
from lpdistill.process.task import Task


@dataclass(frozen=True)
class ListedCounts:
    """Names of listed columns (:class:`~lpdistill.process.names.Names`)."""

    listed: ListedColumns

    @property
    def levels(self) -> Levels:
        """The levels whose pairs configurations count."""
        return self.listed.repertoire.levels

    @property
    def memories(self) -> int:
        """The most pairs that a configuration counts."""
        return self.listed.configurations.most

    @property
    def attempts(self) -> Attempts:
        """Which numbers of generation attempts actions have."""
        return self.listed.repertoire.attempts

    @property
    def named(self) -> Sequence[int]:
        """All configurations that can be reached."""
        return range(self.listed.configurations.size)

    def key(self, rank: int) -> tuple[int, ...]:
        """The counts of a configuration."""
        known = self.listed.configurations
        return tuple(known.counts_of(known.places[rank : rank + 1])[0].tolist())

    def rank(self, key: Any) -> int:
        """Rank of the configuration that a user names; KeyError if there is none."""
        known = self.listed.configurations
        try:
            found = int(known.rank(np.array([[whole_number(n) for n in key]], dtype=np.int64))[0])
        except (ValueError, TypeError, OverflowError):
            found = -1
        if found < 0:
            raise KeyError(
                f"no configuration {quoted(key)}: give {known.kinds} counts, one per level, that {known.most} memories "
                "can reach"
            )
        return found

    def actions(self, columns: IntArray) -> list[Action]:
        """The actions of the given columns."""
        listed, recipes = self.listed, self.listed.repertoire.distillations
        levels = listed.configurations.order.tolist()
        found = []
        for column in columns.tolist():
            distil = tuple(recipes[one].consumed for one in listed.distil[column].tolist() if one < len(recipes))
            discard = int(listed.discard[column])
            found.append(
                Action(distil, int(listed.attempts[column]), (levels[discard],) if discard < len(levels) else ())
            )
        return found

    def find(self, configuration: IntArray, actions: Sequence[Action]) -> IntArray:
        """The columns in which the given configurations take the given actions, -1 where they cannot, (columns,)."""
        known, found = self.listed.configuration, np.full(len(actions), -1)
        for row, (rank, action) in enumerate(zip(configuration.tolist(), actions, strict=True)):
            start, end = np.searchsorted(known, [rank, rank + 1]).tolist()
            wanted = sorted(tuple(sorted(pair)) for pair in action.distil), action.generate, tuple(action.discard)
            for column, other in enumerate(self.actions(np.arange(start, end)), start):
                if (sorted(other.distil), other.generate, other.discard) == wanted:
                    found[row] = column
        return found


@dataclass(frozen=True, eq=False)
class ReachableProcess(Listed):
    """The configurations of a label model that can be reached; a :class:`~lpdistill.process.process.Process`.

    Attributes
    ----------
    problem
        Hardware, rules, and levels that know how many memories they need.
    numbers
        Which numbers of attempts actions have; by default, those that an optimum may need.
    tariff
        What columns cost.
    """

    problem: Task
    numbers: Attempts | None = None
    tariff: Tariff = TIME

    written = None  # nothing cancels in its columns, which are proved as factored ones are

    @cached_property
    def numbering(self) -> ListedColumns:
        """All columns."""
        labels, memories = self.problem.levels, self.problem.hardware.memories
        if not isinstance(labels, Labels):
            raise ModelError("levels", "must be labels, which know how many memories they need", labels)
        repertoire = Repertoire.of(self.problem, self.numbers or self.problem.attempts)
        return ListedColumns(ReachableVectors(memories, labels.memories), repertoire)

    @property
    def configurations(self) -> ReachableVectors | ExploredVectors:
        """All configurations that can be reached."""
        return self.numbering.configurations

    @property
    def size(self) -> int:
        """Number of configurations."""
        return self.configurations.size

    @property
    def column_count(self) -> int:
        """Number of columns, waiting included."""
        return len(self.numbering.configuration)

    @property
    def names(self) -> ListedCounts:
        """Names of configurations and actions."""
        return ListedCounts(self.numbering)

    @cached_property
    def durations(self) -> Durations:
        """Durations of a step that does not distil, of one that does, and of discarding."""
        return Durations.of(self.problem.hardware, self._kind, self.problem.uncharged_time)

    def _kind(self, columns: IntArray) -> IntArray:
        return self.numbering.kind[columns]

    def under(self, tariff: Tariff) -> ReachableProcess:
        """The same columns with other costs."""
        return self._changed(tariff=tariff, admission=self.admission)

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The standard resources."""
        return RESOURCES

    def tabulated(self, resource: Resource) -> FloatArray:
        """Refused: resources that are asked about every action are not bracketed by labels."""
        raise ModelError(resource.name, "is a function of the step, which labels do not bracket", None)

    def amounts(self, resource: Resource, columns: IntArray) -> FloatArray:
        """What the given columns use of a resource, (columns,)."""
        found = np.asarray(resource.amounts(self._usage), dtype=np.float64)
        return np.broadcast_to(found, (self.column_count,))[columns]

    @cached_property
    def _usage(self) -> Usage:
        """What all columns do."""
        listed, recipes = self.numbering, self.numbering.repertoire.distillations
        times = np.array([float(time) for time in self.durations.times])
        return Usage(
            kernel=self,
            columns=np.arange(self.column_count),
            steps=(listed.kind < 2).astype(np.float64),
            duration=times[listed.kind],
            attempts=listed.attempts,
            made=float(self.problem.hardware.p) * listed.attempts,
            distillations=listed.pairs,
            failures=listed.summed(np.array([float(recipe.failure) for recipe in recipes])),
            delivering=self._delivering,
            stored=self.configurations.totals[listed.configuration],
            configuration=lambda: listed.configuration,
            removed=lambda: np.where(listed.kind < 2, -1, listed.discard),
        )

    @cached_property
    def _delivering(self) -> FloatArray:
        """Probability that a column reaches the target, (columns,)."""
        missing = [float(1 - recipe.reaching) for recipe in self.numbering.repertoire.distillations]
        return 1.0 - self.numbering.multiplied(np.array(missing))

    @cached_property
    def _binomials(self) -> FloatArray:
        p = self.problem.hardware.p
        return binomial_table(float(p), float(1 - p), self.configurations.most)

    @cached_property
    def _moves(self) -> sparse.csr_array:
        """Probability of every next configuration, nothing happening left out, (columns, configurations)."""
        parts = [*self.numbering.outcomes(self._binomials)]
        row, rank, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
        return sparse.csr_array((weight, (row, rank)), shape=(self.column_count, self.size))

    @cached_property
    def _repetition(self) -> Repetition:
        """How likely columns change nothing."""
        p, tried = self.problem.hardware.p, self.numbering.attempts
        leaving = leaving_table(float(p), float(1 - p), self.configurations.most)
        return Repetition(leaving[tried], self._binomials[tried, 0]).within(self.numbering.kind > 0)

    @cached_property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value, for values and costs that are not negative.

        A probability is a product of one for each distillation and of one of the table of binomials, each of whose
        entries takes a probability, a product and an addition in each of ``M`` steps.
        """
        outcomes = int(np.diff(self._moves.indptr).max(initial=0))
        factors = 6 * self.configurations.most + 3 * self.numbering.most
        return (2 * outcomes + factors + 8 * len(self.tariff.prices) + 64) * ROUNDOFF

    def choose(self, columns: IntArray) -> Choice:
        """The given columns, ready to be evaluated."""
        return Choice(
            process=self,
            columns=columns,
            configuration=self.numbering.configuration[columns],
            cost=self.tariff.cost(self._usage.duration[columns], lambda resource: self.amounts(resource, columns)),
            repetition=self._repetition.at(columns),
            delivering=self._delivering[columns, None],
            following=Weighted(self._moves[columns], Plain(self.size)),
        )
