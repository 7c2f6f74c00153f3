"""The decision process that a state graph describes, as the program sees it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy import sparse

from lpdistill.arrays import BoolArray, FloatArray, IntArray
from lpdistill.errors import ModelError
from lpdistill.hardware.actions import Step
from lpdistill.process.budgets import Budget
from lpdistill.process.choice import After, Choice
from lpdistill.process.graph_search import Edges
from lpdistill.process.merged import Merged
from lpdistill.process.reachability import Reachability
from lpdistill.process.resources import REACHING, StandardResource, Visits
from lpdistill.process.tariff import TIME, Resource, Tariff
from lpdistill.program.differences import UNIT

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


@dataclass(frozen=True)
class PricedNodes:
    """The least action value of every state, and the actions that attain it."""

    best: FloatArray
    attaining: IntArray
    value: FloatArray
    configuration: IntArray

    def columns(self, wanted: BoolArray) -> IntArray:
        """An action of least value for every wanted state, in order."""
        return self.attaining[wanted]

    def tied(self, wanted: BoolArray, slack: float | FloatArray) -> IntArray:
        """All actions of the wanted states that are within ``slack`` of the least action value, increasing."""
        near = self.value <= (self.best + slack)[self.configuration]
        return np.flatnonzero(wanted[self.configuration] & near & np.isfinite(self.value))


@dataclass(frozen=True, eq=False)
class GraphProcess:
    """The decision process that a state graph describes; a :class:`~lpdistill.process.process.Process`.

    Attributes
    ----------
    states, nodes
        The state nodes, the start first, and the action nodes in order of state.
    configuration
        State of each action, (columns,).
    moves
        Probability of every next state, staying left out, (columns, configurations).
    reaching, leaving
        Probability of the target, and of not staying, (columns,).
    step_times
        The durations that actions have, exactly, increasing.
    kinds_of_time
        Which of them each action takes, (columns,).
    amounts_by_name
        Numbers that the action nodes carry, each of shape (columns,).
    budgets
        Limits on them.
    uncharged_time
        What is taken off the duration of every run, exactly.
    step_of
        What an action node does in its state, for resources that are functions of a step.
    tariff
        What actions cost.
    """

    states: tuple[Hashable, ...]
    nodes: tuple[Hashable, ...]
    configuration: IntArray
    moves: sparse.csr_array
    reaching: FloatArray
    leaving: FloatArray
    step_times: tuple[Fraction, ...]
    kinds_of_time: IntArray
    amounts_by_name: Mapping[str, FloatArray]
    budgets: tuple[Budget, ...]
    uncharged_time: Fraction
    step_of: Callable[[Hashable], Step]
    tariff: Tariff = TIME

    @cached_property
    def names(self) -> Nodes:
        """Names of states and actions."""
        return Nodes(self.states, self.nodes, self.configuration)

    @property
    def problem(self) -> StateGraph:
        """What is known of the state graph."""
        return StateGraph(self.size, self.column_count, self.states[0], self.budgets)

    @property
    def attempts(self) -> None:
        """Actions are what they are: None."""
        return None

    @property
    def size(self) -> int:
        """Number of states."""
        return len(self.states)

    @property
    def column_count(self) -> int:
        """Number of actions."""
        return len(self.nodes)

    @property
    def columns(self) -> IntArray:
        """The actions that never leave the live states, increasing."""
        return np.flatnonzero(self.allowed)

    @property
    def waiting(self) -> IntArray:
        """The actions that change nothing."""
        return np.flatnonzero(self.allowed & (self.leaving == 0))

    @cached_property
    def edges(self) -> Edges:
        """The possible outcomes of all actions."""
        return Edges.of(self.configuration, self.moves, self.reaching)

    @cached_property
    def reachability(self) -> Reachability:
        """Where the target can be reached from for sure.

        Actions that may leave the states from which it can be reached at all are removed, until there are none.
        """
        kept = np.ones(len(self.nodes), dtype=bool)
        while True:
            edges, target = self.edges.of_rows(kept), np.array([self.size])
            live = edges.reached_from(target)
            safe = kept & ~self.edges.leaving(live, len(kept))
            if (safe == kept).all():
                return Reachability(live, edges.approach(target)[live])
            kept = safe

    @property
    def live(self) -> BoolArray:
        """States from which some policy reaches the target with probability 1, (configurations,)."""
        return self.reachability.live

    @cached_property
    def allowed(self) -> BoolArray:
        """Actions that never leave the live states, (columns,)."""
        dead = (~self.live).astype(np.float64)
        return np.asarray((self.moves @ dead == 0) & self.live[self.configuration])

    def unguarded(self) -> GraphProcess:
        """The same process with the actions that may leave the live states."""
        return self._with(allowed=np.ones(len(self.nodes), dtype=bool))

    def under(self, tariff: Tariff) -> GraphProcess:
        """The same process with other costs."""
        return self._with(tariff=tariff, reachability=self.reachability, allowed=self.allowed)

    def _with(self, **changes: object) -> GraphProcess:
        other = copy(self)
        for name in ("cost", "_everything", "written", "merged"):
            other.__dict__.pop(name, None)
        other.__dict__.update(changes)
        return other

    @cached_property
    def written(self) -> Choice:
        """All actions that are allowed."""
        return self._everything.at(self.columns)

    @cached_property
    def merged(self) -> Merged | None:
        """The process with states merged between which runs move at no cost; None if there are none.

        Of a tariff that is signed, costs that sum up to nothing are not found.
        """
        free = self.allowed & (self.leaving > 0) & (self.cost == 0)
        if self.tariff.signed or not free.any():
            return None
        component, inner = self.edges.of_rows(free).end_components(len(free))
        _, first = np.unique(component, return_index=True)
        if len(first) == self.size:
            return None
        label = first[component]
        moves = self.moves.tocoo()
        kept = label[moves.coords[1]] != label[self.configuration[moves.coords[0]]]
        entries = moves.data[kept], (moves.coords[0][kept], label[moves.coords[1][kept]])
        joined = sparse.csr_array(entries, shape=self.moves.shape)
        other = replace(
            self,
            configuration=label[self.configuration],
            moves=joined,
            leaving=np.asarray(joined.sum(axis=1)).ravel() + self.reaching,
        )
        represented = self.live & (label == np.arange(self.size))
        changes = {
            "reachability": Reachability(represented, np.zeros(0, dtype=np.int64)),
            "allowed": self.allowed & ~inner,
        }
        other.__dict__.update(changes)
        return Merged(other, label, self._everything.at(inner))

    @cached_property
    def input_rounding(self) -> float:
        """Relative difference that the rounding of given probabilities and times may make to an expected cost.

        Expected costs are ratios of sums over forests, of products of one probability for each state and a cost, and
        nothing in them is subtracted; so only states count that have an action with a probability that was rounded.
        """
        row = np.repeat(np.arange(len(self.nodes)), np.diff(self.moves.indptr))
        rounded = np.concatenate([row[_rounded(self.moves.data)], np.flatnonzero(_rounded(self.reaching))])
        states = len(np.unique(self.configuration[rounded]))
        times = any(Fraction(float(time)) != time for time in self.step_times)
        return 4 * (states + 1) * UNIT if states or times else 0.0

    @cached_property
    def rounding(self) -> float:
        """Bound on the relative rounding error of an action value: one addition and product for every outcome."""
        outcomes = int(np.diff(self.moves.indptr).max(initial=0))
        return (2 * outcomes + 4 * len(self.tariff.prices) + 64) * 2.0**-53

    @property
    def least_duration(self) -> float:
        """The shortest time that an action takes."""
        return float(self.durations.min(initial=np.inf))

    @property
    def time_per_column(self) -> float:
        """What every policy's expected time, divided by the expected number of actions, is at least."""
        return self.least_duration

    @property
    def greatest_duration(self) -> float:
        """The longest time that an action takes."""
        return float(self.durations.max(initial=0.0))

    @cached_property
    def durations(self) -> FloatArray:
        """Time that each action takes, (columns,)."""
        return np.array([float(time) for time in self.step_times])[self.kinds_of_time]

    def step_time(self, columns: IntArray) -> IntArray:
        """Which of ``step_times`` the given actions take, (columns,)."""
        return self.kinds_of_time[columns]

    @cached_property
    def cost(self) -> FloatArray:
        """What actions cost under the tariff, (columns,)."""
        cost = self.tariff.time * self.durations
        for resource, price in self.tariff.prices:
            cost = cost + price * self.amounts(resource, np.arange(len(self.nodes)))
        return cost

    def price(self, values: FloatArray) -> PricedNodes:
        """Price every action for the given values, (configurations,)."""
        value = np.full(len(self.nodes), np.inf)
        np.divide(self.cost + self.moves @ values, self.leaving, out=value, where=self.allowed & (self.leaving > 0))
        return self._least(value)

    def price_after(self, after: After) -> PricedNodes:
        """Price every action where what comes after it depends on how long it takes."""
        value = self._everything.values_after(after)
        value[~self.allowed] = np.inf
        return self._least(value)

    @cached_property
    def _everything(self) -> Choice:
        """All actions."""
        return self.choose(np.arange(len(self.nodes)))

    def _least(self, value: FloatArray) -> PricedNodes:
        order = np.lexsort((value, self.configuration))
        owners, first = np.unique(self.configuration[order], return_index=True)
        best, attaining = np.full(self.size, np.inf), np.full(self.size, -1)
        best[owners], attaining[owners] = value[order[first]], order[first]
        return PricedNodes(best, attaining, value, self.configuration)

    def choose(self, columns: IntArray) -> Choice:
        """The given actions, ready to be evaluated or written out."""
        return Choice(
            process=self,
            columns=columns,
            configuration=self.configuration[columns],
            cost=self.cost[columns],
            leaving=self.leaving[columns],
            staying=np.maximum(1.0 - self.leaving[columns], 0.0),
            reaching=self.reaching[columns],
            outcomes=self.moves[columns],
        )

    def everything(self) -> Choice:
        """All actions that are allowed."""
        return self.written

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
            return self.reaching[columns]
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
            return np.isin(self.configuration, ranks).astype(np.float64)
        if isinstance(resource, StandardResource | NodeResource):
            known = ", ".join(self.amounts_by_name) or "none"
            raise ModelError("resource", f"must be a number that every action node has: {known}", resource.name)
        return np.array([resource.measured(self.step_of(name)) for name in self.nodes])

    def proper(self) -> IntArray:
        """Actions of a proper policy, one for every live state, in order."""
        return self.reachability.columns

    def of_configuration(self, rank: int) -> IntArray:
        """The actions of one state."""
        return np.flatnonzero(self.allowed & (self.configuration == rank))

    def tabulate(self, values: FloatArray) -> FloatArray:
        """The values themselves: moves are written out."""
        return values

    def expand(self, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Every entry is a state."""
        return np.arange(len(index)), index, np.ones(len(index))

    def spread(self, index: IntArray) -> int:
        """Every entry is a state."""
        return len(index)


def _rounded(probability: FloatArray) -> BoolArray:
    """Which probabilities may not be those that were given."""
    share = probability * DYADIC
    return np.asarray(share != np.rint(share))
