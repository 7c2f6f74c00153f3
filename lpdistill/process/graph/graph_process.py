"""The decision process that a state graph describes, as the program sees it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from lpdistill.arrays import ROUNDOFF, BoolArray, FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Step
from lpdistill.process.budgets import Budget
from lpdistill.process.derived import Guarded, Written
from lpdistill.process.durations import Durations
from lpdistill.process.merged import Merged
from lpdistill.process.names import node_as_json
from lpdistill.process.outcomes import Plain, Weighted
from lpdistill.process.process import Choice
from lpdistill.process.reachability import Reachability
from lpdistill.process.repetition import Repetition
from lpdistill.process.resources import REACHING, StandardResource, Visits
from lpdistill.process.tariff import TIME, Resource, Tariff

DYADIC = 2.0**30
"""Probabilities that are multiples of its inverse were not rounded: nobody writes a decimal by chance that is one."""


class NodeResource(Resource):
    """A number that action nodes carry."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodeResource) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class StateGraph:
    """What is known of a state graph: how large it is, where it starts, and its budgets."""

    states: int
    actions: int
    start: Hashable
    budgets: tuple[Budget, ...]

    def to_dict(self) -> dict[str, Any]:
        """How large it is, where it starts, and its budgets, as JSON data."""
        return {
            "graph": {"states": self.states, "actions": self.actions, "start": node_as_json(self.start)},
            "budgets": {budget.name: budget.limits() for budget in self.budgets},
        }

    def __str__(self) -> str:
        return f"a state graph of {self.states:,} states and {self.actions:,} actions"


@dataclass(frozen=True)
class Nodes:
    """The nodes of a state graph as names (:class:`~lpdistill.process.names.Names`).

    Attributes
    ----------
    states, nodes
        The state nodes, and the action nodes.
    configuration
        State of each action node, (columns,).
    """

    states: tuple[Hashable, ...]
    nodes: tuple[Hashable, ...]
    configuration: IntArray
    levels: None = None
    memories: int = 0
    attempts: None = None

    @property
    def named(self) -> Sequence[int]:
        """The states that have actions."""
        return [int(rank) for rank in np.unique(self.configuration)]

    def key(self, rank: int) -> Hashable:
        """The node of a state."""
        return self.states[rank]

    @cached_property
    def _ranks(self) -> dict[Hashable, int]:
        return {state: rank for rank, state in enumerate(self.states)}

    def rank(self, key: Hashable) -> int:
        """The position of a state node; KeyError if there is none."""
        try:
            return self._ranks[key]
        except (KeyError, TypeError):
            raise KeyError(f"no state node {key!r}") from None

    def actions(self, columns: IntArray) -> Sequence[Hashable]:
        """The action nodes."""
        return [self.nodes[column] for column in columns.tolist()]

    def find(self, configuration: IntArray, actions: Sequence[Hashable]) -> IntArray:
        """The columns in which the given states take the given action nodes, -1 where they have none, (columns,)."""
        known = {name: column for column, name in enumerate(self.nodes)}
        found = [known.get(action, -1) if isinstance(action, Hashable) else -1 for action in actions]
        columns = np.array(found, dtype=np.int64)
        return np.where(self.configuration[columns] == configuration, columns, -1)


@dataclass(frozen=True, eq=False)
class GraphProcess(Written):
    """The decision process that a state graph describes; a :class:`~lpdistill.process.process.Process`.

    Attributes
    ----------
    problem
        What is known of the graph.
    names
        The state nodes, the start first, and the action nodes in order of state.
    moves
        Probability of every next state, staying left out, (columns, configurations).
    delivering
        Probability of the target, (columns, 1).
    durations
        How long actions take.
    amounts_by_name
        Numbers that the action nodes carry, each of shape (columns,).
    step_of
        What an action node does in its state, for resources that are functions of a step.
    tariff
        What actions cost.
    """

    problem: StateGraph
    names: Nodes
    moves: sparse.csr_array
    delivering: FloatArray
    durations: Durations
    amounts_by_name: Mapping[str, FloatArray]
    step_of: Callable[[Hashable], Step]
    tariff: Tariff = TIME

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self.names.states)

    @property
    def column_count(self) -> int:
        """Number of actions."""
        return len(self.names.nodes)

    def under(self, tariff: Tariff) -> GraphProcess:
        """The same process with other costs."""
        return self._changed(tariff=tariff, admission=self.admission)

    @cached_property
    def merged(self) -> Merged | None:
        """The process with states merged between which runs move at no cost; None if there are none.

        Of a tariff that is signed, costs that sum up to nothing are not found.
        """
        allowed, whole = self.admission.allowed, self._whole
        free = allowed & ~whole.repetition.waits & (whole.cost == 0)
        if self.tariff.signed or not free.any():
            return None
        component, inner = whole.edges.of_rows(free).end_components(len(free))
        _, first = np.unique(component, return_index=True)
        if len(first) == self.size:
            return None
        label = first[component]
        moves = self.moves.tocoo()
        kept = label[moves.coords[1]] != label[whole.configuration[moves.coords[0]]]
        entries = moves.data[kept], (moves.coords[0][kept], label[moves.coords[1][kept]])
        joined = sparse.csr_array(entries, shape=self.moves.shape)
        other = replace(self, names=replace(self.names, configuration=label[whole.configuration]), moves=joined)
        admission = Guarded(other.choose(np.arange(self.column_count)))
        represented = Reachability(self.live & (label == np.arange(self.size)), np.zeros(0, dtype=np.int64))
        admission.__dict__.update(reachability=represented, allowed=allowed & ~inner)
        other.__dict__["admission"] = admission
        return Merged(other, label, whole.at(inner))

    @cached_property
    def input_rounding(self) -> float:
        """Relative difference that the rounding of given probabilities and times may make to an expected cost.

        Expected costs are ratios of sums over forests, of products of one probability for each state and a cost, and
        nothing in them is subtracted; so only states count that have an action with a probability that was rounded.
        """
        row = np.repeat(np.arange(self.column_count), np.diff(self.moves.indptr))
        rounded = np.concatenate(
            [row[_rounded(self.moves.data)], np.flatnonzero(_rounded(self.delivering).any(axis=1))]
        )
        states = len(np.unique(self.names.configuration[rounded]))
        times = any(Fraction(float(time)) != time for time in self.durations.times)
        return 4 * (states + 1) * ROUNDOFF if states or times else 0.0

    def choose(self, columns: IntArray) -> Choice:
        """The given actions, ready to be evaluated or written out."""
        return Choice(
            process=self,
            columns=columns,
            configuration=self.names.configuration[columns],
            cost=self.tariff.cost(self._times[columns], lambda resource: self.amounts(resource, columns)),
            repetition=self._repetition.at(columns),
            delivering=self.delivering[columns],
            following=Weighted(self.moves[columns], Plain(self.size)),
        )

    @cached_property
    def _times(self) -> FloatArray:
        """Time that each action takes, (columns,)."""
        times = np.array([float(time) for time in self.durations.times])
        return times[self.durations.kind(np.arange(self.column_count))]

    @cached_property
    def _repetition(self) -> Repetition:
        """How likely actions change nothing."""
        return Repetition.of(np.asarray(self.moves.sum(axis=1)).ravel() + self.delivering.sum(axis=1))

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The numbers that every action node carries."""
        return {name: NodeResource(name) for name in self.amounts_by_name}

    def amounts(self, resource: Resource, columns: IntArray) -> FloatArray:
        """What the given actions use of a resource, (columns,).

        Raises
        ------
        ModelError
            If it is a resource of problems that this graph does not have.
        """
        if resource == REACHING:
            return np.asarray(self.delivering[columns].sum(axis=1))
        if resource not in self._amounts:
            self._amounts[resource] = self._measured(resource)
        return self._amounts[resource][columns]

    @cached_property
    def _amounts(self) -> dict[Resource, FloatArray]:
        """What all actions use of every resource that was asked about."""
        return {NodeResource(name): amounts for name, amounts in self.amounts_by_name.items()}

    def _measured(self, resource: Resource) -> FloatArray:
        """What all actions use of a resource that is no number on their nodes, (columns,)."""
        if isinstance(resource, Visits):
            try:
                ranks = [self.names.rank(key) for key in resource.configurations]
            except KeyError as error:
                raise ModelError(resource.name, str(error.args[0]), resource.configurations) from None
            return np.isin(self.names.configuration, ranks).astype(np.float64)
        if isinstance(resource, StandardResource | NodeResource):
            known = ", ".join(self.amounts_by_name) or "none"
            raise ModelError("resource", f"must be a number that every action node has: {known}", resource.name)
        return np.array([resource.measured(self.step_of(name)) for name in self.names.nodes])


def _rounded(probability: FloatArray) -> BoolArray:
    """Which probabilities may not be those that were given."""
    share = probability * DYADIC
    return np.asarray(share != np.rint(share))
