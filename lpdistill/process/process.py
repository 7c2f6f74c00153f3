r"""What a program needs of a decision process: columns that are priced all at once, and chosen a few at a time.

Nine things are a process' own: its ``size`` and ``column_count``, ``names``, ``durations``, ``resources`` and their
``amounts``, the ``tariff`` and the same process ``under`` another one, and the columns that it can ``choose``.  The
rest follows from them (:mod:`lpdistill.process.derived`), and is overridden by whoever can do it without writing
columns out.  The factored dynamics of a problem, a user's state graph, and either of them with the time that has passed
are such processes; everything above sees no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, TypeGuard

import numpy as np
from scipy import sparse

from lpdistill.arguments import Kind
from lpdistill.arrays import BoolArray, FloatArray, IntArray, replaced
from lpdistill.process.budgets import Budget
from lpdistill.process.durations import Durations
from lpdistill.process.graph_search import Edges
from lpdistill.process.names import Names
from lpdistill.process.outcomes import Following, Outcomes, Weighted
from lpdistill.process.priced import Priced
from lpdistill.process.repetition import After, Repetition
from lpdistill.process.tariff import Resource, Tariff


class Origin(Protocol):
    """What a process is one of: a problem, or a state graph."""

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """Limits on the expected use of resources."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """What it is, as JSON data."""
        ...


class Admission(Protocol):
    """Which columns are allowed, and from where they lead to the target."""

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, waiting included, increasing."""
        ...

    @property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        ...

    def allows(self, columns: IntArray) -> BoolArray:
        """Whether columns are allowed, (columns,)."""
        ...

    @property
    def waiting(self) -> IntArray:
        """The columns that are allowed and change nothing."""
        ...

    def proper(self) -> IntArray:
        """Columns of a proper policy, one for every live configuration, in order."""
        ...

    def of_configuration(self, rank: int) -> IntArray:
        """The columns of one configuration that are allowed."""
        ...


class Process(Protocol):
    """A decision process with one absorbing target; configuration 0 is the start."""

    @property
    def size(self) -> int:
        """Number of configurations."""
        ...

    @property
    def column_count(self) -> int:
        """Number of columns, waiting included, before any is asked whether it is allowed."""
        ...

    @property
    def names(self) -> Names:
        """How users name configurations and actions."""
        ...

    @property
    def durations(self) -> Durations:
        """How long steps take."""
        ...

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The resources that every column has an amount of, by name."""
        ...

    def amounts(self, resource: Resource, columns: IntArray) -> FloatArray:
        """What the given columns use of a resource, (columns,)."""
        ...

    @property
    def tariff(self) -> Tariff:
        """What columns cost."""
        ...

    def under(self, tariff: Tariff) -> Process:
        """The same process with other costs."""
        ...

    def choose(self, columns: IntArray) -> Choice:
        """The given columns, ready to be evaluated or written out."""
        ...

    @property
    def problem(self) -> Origin:
        """What it is the process of."""
        ...

    @property
    def admission(self) -> Admission:
        """Which columns are allowed."""
        ...

    @property
    def columns(self) -> IntArray:
        """The columns that are allowed, waiting included, increasing."""
        ...

    @property
    def live(self) -> BoolArray:
        """Configurations from which some policy reaches the target with probability 1, (configurations,)."""
        ...

    def unguarded(self) -> Process:
        """The same process with the columns that may leave the live configurations."""
        ...

    def price(self, values: FloatArray) -> Priced:
        """Price every column for the given values, (configurations,)."""
        ...

    def price_after(self, after: After) -> Priced:
        """Price every column where what comes after a step depends on how long it takes."""
        ...

    @property
    def written(self) -> Choice | None:
        """All columns that are allowed, written out, where the process is given that way; None if it is factored."""
        ...

    def everything(self) -> Choice:
        """All columns that are allowed, written out; refused with LimitError if they do not fit into memory."""
        ...

    @property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value, for values and costs that are not negative."""
        ...

    @property
    def input_rounding(self) -> float:
        """Relative difference that the rounding of given probabilities and times may make to an expected cost."""
        ...

    @property
    def merged(self) -> Contraction | None:
        """The process with configurations merged between which runs move for nothing; None if there are none."""
        ...


class Contraction(Protocol):
    """A process whose end components without costs are merged (:class:`~lpdistill.process.merged.Merged`)."""

    @property
    def process(self) -> Process:
        """The process with merged components."""
        ...

    @property
    def label(self) -> IntArray:
        """The first configuration of the component of every configuration, (configurations,)."""
        ...

    @property
    def inner(self) -> Choice:
        """The columns that stay in their component, as they were."""
        ...

    def projected(self, columns: IntArray) -> IntArray:
        """A proper policy of the merged process, made of the columns of one before it was merged."""
        ...

    def lifted(self, owners: IntArray, columns: IntArray) -> tuple[IntArray, IntArray]:
        """A policy of the merged process as one of the process before it was merged."""
        ...


@dataclass(frozen=True, eq=False)
class Choice:
    r"""Some columns, ready to be evaluated for any values: ``moves @ values == outcomes @ table``.

    A step that may change nothing is kept out of the moves, and ``leaving`` is the probability of the contrary.  The
    equations of a policy are then :math:`\ell V = c + P V` with :math:`\ell` = ``leaving``, and nothing in them is
    computed by subtraction.

    Attributes
    ----------
    process, columns
        Where the columns come from, and their numbers, (columns,).
    configuration
        Rank of the configuration of each column, (columns,).
    cost
        What each column costs under the tariff of the process, (columns,): its duration, as a rule.
    repetition
        How likely each changes nothing, and what comes of that.
    delivering
        Probability that the step delivers, for each kind of delivery: today there is one, that a pair meets the target,
        (columns, deliveries).
    following
        What comes after each: weights on a table.
    """

    process: Process
    columns: IntArray
    configuration: IntArray
    cost: FloatArray
    repetition: Repetition
    delivering: FloatArray
    following: Following

    @property
    def outcomes(self) -> sparse.csr_array:
        """Weights on the table, (columns, table)."""
        return self.following.matrix

    @property
    def table(self) -> Outcomes:
        """What the outcomes refer to."""
        return self.following.table

    @property
    def leaving(self) -> FloatArray:
        """Probability that anything happens, (columns,)."""
        return self.repetition.leaving

    @property
    def staying(self) -> FloatArray:
        """Probability that nothing happens, (columns,)."""
        return self.repetition.staying

    @cached_property
    def reaching(self) -> FloatArray:
        """Probability that the step delivers anything, and so reaches the target, (columns,)."""
        return np.asarray(self.delivering.sum(axis=1))

    def expect(self, values: FloatArray) -> FloatArray:
        """Expected value after the step, over all moves, (columns,)."""
        return self.following.expect(values)

    def action_values(self, values: FloatArray) -> FloatArray:
        """Cost and expected value after the step, given that anything happens, (columns,); infinite for waiting."""
        return self.repetition.until(self.cost + self.expect(values))

    @cached_property
    def kind(self) -> IntArray:
        """Which of the durations of the process each column takes, (columns,)."""
        return self.process.durations.kind(self.columns)

    def values_after(self, after: After, cost: FloatArray | None = None) -> FloatArray:
        """Value of every column where what comes after a step depends on how long it takes, (columns,).

        Of the given costs, if any.
        """
        paid = self.cost if cost is None else cost
        if after.plain:
            return self.repetition.until(paid + self.expect(after.values[0]))
        found = np.full(len(self.columns), np.inf)
        for kind in np.flatnonzero(np.isfinite(after.charge)).tolist():
            rows, values = np.flatnonzero(self.kind == kind), after.values[kind]
            if not len(rows):
                continue
            following = self.following
            expected = following.expect(values)[rows] if following.quick else following.at(rows).expect(values)
            total = paid[rows] + after.charge[kind] + expected
            repetition = self.repetition.at(rows)
            counted = after.staying[kind]
            found[rows] = (
                repetition.once(total, values[self.configuration[rows]]) if counted else repetition.until(total)
            )
        return found

    def regrets(self, values: FloatArray, cost: FloatArray | None = None) -> FloatArray:
        """Reduced cost of every column, (columns,): ``c + P V - leaving * V``; of the given costs, if any."""
        paid = self.cost if cost is None else cost
        return self.repetition.reduced(paid + self.expect(values), values[self.configuration])

    def at(self, rows: IntArray | BoolArray) -> Choice:
        """Some of the columns."""
        return Choice(
            process=self.process,
            columns=self.columns[rows],
            configuration=self.configuration[rows],
            cost=self.cost[rows],
            repetition=self.repetition.at(rows),
            delivering=self.delivering[rows],
            following=self.following.at(rows),
        )

    def replaced(self, rows: IntArray, other: Choice) -> Choice:
        """The same with some of the columns replaced by others, of the same configurations."""
        parts = ("columns", "cost", "delivering")
        return replace(
            self,
            repetition=self.repetition.replaced(rows, other.repetition),
            following=self.following.replaced(rows, other.following),
            **{name: replaced(getattr(self, name), rows, getattr(other, name)) for name in parts},
        )

    def mixed(self, probability: FloatArray) -> Choice:
        """One column per configuration: each configuration's columns, taken with the given probabilities, (columns,).

        The columns must be in order of configuration; ``columns`` of the result names the first of each.
        """
        owners, first = np.unique(self.configuration, return_index=True)
        if len(owners) == len(self.columns):
            return self
        rows = np.searchsorted(owners, self.configuration)
        weights = sparse.csr_array((probability, (rows, np.arange(len(rows)))), shape=(len(owners), len(rows)))
        return Choice(
            process=self.process,
            columns=self.columns[first],
            configuration=owners,
            cost=np.asarray(weights @ self.cost),
            repetition=self.repetition.mixed(weights),
            delivering=np.asarray(weights @ self.delivering),
            following=Weighted(sparse.csr_array(weights @ self.outcomes), self.table),
        )

    @cached_property
    def moves(self) -> sparse.csr_array:
        """Probability of every next configuration, (columns, configurations)."""
        entry, rank, probability = self.table.expand(self.outcomes.indices.astype(np.int64))
        # Entries are in order, so that those of a column stand together.
        edges = np.searchsorted(entry, self.outcomes.indptr)
        shape = len(self.columns), self.process.size
        moves = sparse.csr_array((self.outcomes.data[entry] * probability, rank, edges), shape=shape)
        moves.sum_duplicates()
        moves.eliminate_zeros()
        return moves

    @cached_property
    def edges(self) -> Edges:
        """The possible outcomes, as edges between configurations."""
        return Edges.of(self.configuration, self.moves, self.reaching)

    @cached_property
    def transitions(self) -> sparse.csr_array:
        """Probability of every next configuration, whether anything happens or not, (columns, configurations)."""
        return self.repetition.whole(self.moves, self.configuration)

    @cached_property
    def conditional(self) -> sparse.csr_array:
        """The moves given that anything happens, (columns, configurations)."""
        return self.repetition.given(self.moves)

    @cached_property
    def dense(self) -> FloatArray:
        """The moves between the configurations of these columns, given that anything happens, (columns, columns)."""
        entry, rank, probability = self.table.expand(self.outcomes.indices.astype(np.int64))
        size = len(self.columns)
        row = np.repeat(np.arange(size), np.diff(self.outcomes.indptr))
        mass = self.repetition.shares(self.outcomes.data, row)[entry] * probability
        order = np.argsort(self.configuration, kind="stable")
        column = order[np.minimum(np.searchsorted(self.configuration, rank, sorter=order), size - 1)]
        known = self.configuration[column] == rank
        place = row[entry] * size + column
        if not known.all():
            place, mass = place[known], mass[known]
        return np.asarray(np.bincount(place, mass, minlength=size * size).reshape(size, size), dtype=np.float64)


def is_process(given: object) -> TypeGuard[Process]:
    """Whether something is a decision process."""
    return not isinstance(given, type) and all(hasattr(given, name) for name in ("choose", "admission", "tariff"))


PROCESS: Kind[Process] = Kind(
    "a decision process",
    is_process,
    "process",
    {"Problem": "that of a problem is Dynamics(problem)", "DiGraph": "that of a state graph is solve(graph).process"},
)
"""A decision process, or what has one."""
