"""An independent oracle for state graphs: exact answers over the rationals, in every state.

Nothing here is taken from the package under test.  A policy counts only if it reaches the target with probability 1,
which is decided by graph search.  Actions that cost nothing may close cycles in which a run could stay for ever at no
cost; such maximal *end components* are collapsed into one state each (Bertsekas and Yu, *Stochastic Shortest Path
Problems Under Weak Conditions*, 2016), after which every policy that stays somewhere for ever costs without bound, and
policy iteration over the rationals is right.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import networkx as nx
from flint import fmpq, fmpq_mat

TARGET = "the target"

State: TypeAlias = Hashable
Deed: TypeAlias = Hashable
Moves: TypeAlias = dict[State, Fraction]
Choices: TypeAlias = Mapping[State, Mapping[Deed, Moves]]
Amount: TypeAlias = Mapping[Deed, Fraction]
Options: TypeAlias = dict[State, dict[Deed, tuple[Fraction, Moves]]]


@dataclass(frozen=True)
class ExactGraph:
    """A state graph over the rationals.

    Attributes
    ----------
    start
        The state in which runs start.
    choices
        The actions of every state, each with the probability of every next state, :data:`TARGET` among them.
    amounts
        What every action costs, by name: ``time``, and every resource.
    """

    start: State
    choices: Choices
    amounts: Mapping[str, Amount]

    @classmethod
    def of(cls, graph: nx.DiGraph[Any], *resources: str) -> ExactGraph:
        """A ``networkx`` state graph whose numbers are meant exactly, with the resources that are named."""
        kinds = nx.get_node_attributes(graph, "kind")
        choices = {
            state: {deed: _moves(graph, deed, kinds) for deed in graph.successors(state)}
            for state in kinds
            if kinds[state] == "state"
        }
        deeds = [deed for named in choices.values() for deed in named]
        amounts = {name: {d: Fraction(graph.nodes[d][name]) for d in deeds} for name in ("time", *resources)}
        return cls(graph.graph["start"], choices, amounts)

    def only(self, kept: Callable[[State, Deed], bool]) -> ExactGraph:
        """The graph with those actions alone."""
        choices = {s: {a: moves for a, moves in named.items() if kept(s, a)} for s, named in self.choices.items()}
        return ExactGraph(self.start, choices, self.amounts)

    def sure(self) -> Set[State]:
        """The states from which some policy reaches the target with probability 1."""
        inside = set(self.choices)
        while True:
            safe = {s: {a: m for a, m in self.choices[s].items() if m.keys() <= inside | {TARGET}} for s in inside}
            reached = set(towards(safe, {TARGET}))
            if reached == inside:
                return inside
            inside = reached

    def least(self, cost: Amount) -> tuple[dict[State, Any], dict[State, Deed]]:
        """The least expected total cost, over all policies that surely reach the target, and a policy that attains it.

        The cost is infinite in states from which no policy surely reaches the target; there the policy says nothing.
        """
        sure = self.sure()
        safe = {s: {a: m for a, m in self.choices[s].items() if m.keys() <= sure | {TARGET}} for s in sure}
        group, inside = end_components({s: {a: m for a, m in safe[s].items() if not cost[a]} for s in safe})
        options: Options = {place: {} for place in group.values()}
        for state, named in safe.items():
            for deed, moves in named.items():
                if deed not in inside[state]:
                    options[group[state]][deed] = cost[deed], _merged(moves, group)
        policy = towards({g: {a: m for a, (_, m) in named.items()} for g, named in options.items()}, {TARGET})
        values = settled(options, policy, 1)
        leaving = {s: policy[group[s]] for s in safe if policy[group[s]] in safe[s]}
        everywhere = towards(inside, set(leaving)) | leaving
        return {s: values[group[s]] if s in sure else math.inf for s in self.choices}, everywhere

    def cheapest(self, cost: Amount) -> ExactGraph:
        """The graph of those actions that a cheapest policy may take: proper policies of it are all the cheapest."""
        values, _ = self.least(cost)

        def tied(state: State, deed: Deed) -> bool:
            moves = self.choices[state][deed]
            if values[state] == math.inf or any(t != TARGET and values[t] == math.inf for t in moves):
                return False
            return cost[deed] + _expected(moves, values) == values[state]

        return self.only(tied)

    def expected(self, policy: Mapping[State, Mapping[Deed, Fraction]], cost: Amount) -> dict[State, Any]:
        """The expected total cost of a policy, which may randomise; infinite where it may miss the target."""
        drawn = {s: {s: _mixed((p, self.choices[s][a]) for a, p in named.items() if p)} for s, named in policy.items()}
        known = ExactGraph(self.start, {s: drawn.get(s, {}) for s in self.choices}, {}).sure()
        options: Options = {
            s: {s: (sum((p * cost[a] for a, p in policy[s].items()), Fraction(0)), drawn[s][s])} for s in known
        }
        values = settled(options, {s: s for s in known}, 1)
        return {s: values.get(s, math.inf) for s in self.choices}

    def frontier(self, resource: str) -> list[tuple[Fraction, Fraction]]:
        """All vertices (use, time) of the least expected time from the start against a limit on a resource."""
        time, use = self.amounts["time"], self.amounts[resource]

        def lexicographic(first: Amount, second: Amount) -> tuple[Fraction, Fraction]:
            return self.least(first)[0][self.start], self.cheapest(first).least(second)[0][self.start]

        def between(left: tuple[Fraction, Fraction], right: tuple[Fraction, Fraction]) -> list[Any]:
            slope = (left[1] - right[1]) / (right[0] - left[0])
            total, used = lexicographic({a: time[a] + slope * use[a] for a in time}, use)
            if total == left[1] + slope * left[0]:
                return []
            corner = used, total - slope * used
            return [*between(left, corner), corner, *(between(corner, right) if corner != right else [])]

        frugal, fastest = lexicographic(use, time), lexicographic(time, use)[::-1]
        return [frugal] if frugal == fastest else [frugal, *between(frugal, fastest), fastest]

    def reach(self) -> dict[State, Fraction]:
        """The greatest probability of ever reaching the target."""
        return greatest(self.choices, {})

    def within(
        self, windows: list[Fraction], decide: Callable[[State, Fraction], Deed | None] | None = None
    ) -> list[dict[State, Fraction]]:
        """The greatest probability of reaching the target within each window, or that of a policy.

        Windows are all the sums of times up to some window, from 0 up.  Actions that take no time may follow on each
        other as often as a run likes, but lead nowhere if they go in circles for ever.

        Parameters
        ----------
        windows
            The windows, increasing, such that with one its difference from every action's time is one, or negative.
        decide
            The action that a policy takes in a state, with so much time left; None where it gives up.
        """
        time, found = self.amounts["time"], dict[Fraction, dict[State, Fraction]]()
        for left in windows:
            possible = {
                s: {a: m for a, m in named.items() if decide is None or a == decide(s, left)}
                for s, named in self.choices.items()
            }
            stopping = {
                s: max(
                    (
                        m.get(TARGET, 0) + _expected(m, found[left - time[a]])
                        for a, m in named.items()
                        if 0 < time[a] <= left
                    ),
                    default=Fraction(0),
                )
                for s, named in possible.items()
            }
            free = {s: {a: m for a, m in named.items() if not time[a]} for s, named in possible.items()}
            found[left] = greatest(free, stopping)
        return list(found.values())

    def clocked(self, window: Fraction) -> ExactGraph:
        """The same with a clock: states carry the time that has passed, None beyond the window.

        The resource ``late`` is what a step uses during which the window closes.
        """
        start = (self.start, Fraction(0))
        choices: dict[State, dict[Deed, Moves]] = {}
        amounts: dict[str, dict[Deed, Fraction]] = {name: {} for name in (*self.amounts, "late")}
        queue: list[Any] = [start]
        while queue:
            state, passed = place = queue.pop()
            if place in choices:
                continue
            choices[place] = {}
            for deed, moves in self.choices[state].items():
                now = None if passed is None else passed + self.amounts["time"][deed]
                after = None if now is None or now > window else now
                for name, amount in self.amounts.items():
                    amounts[name][deed, passed] = amount[deed]
                amounts["late"][deed, passed] = Fraction(passed is not None and after is None)
                choices[place][deed, passed] = {t if t == TARGET else (t, after): p for t, p in moves.items()}
            queue += [t for moves in choices[place].values() for t in moves if t != TARGET]
        return ExactGraph(start, choices, amounts)

    def taken(self, deed: Deed) -> tuple[Fraction, Any]:
        """The least and the greatest expected number of times that runs of fastest policies take an action."""
        best = self.cheapest(self.amounts["time"])
        sure, once = best.sure(), {a: Fraction(a == deed) for a in self.amounts["time"]}
        entered = set(nx.descendants(_drawn(best.choices), best.start)) | {best.start}
        group, inside = end_components({s: best.choices[s] for s in sure & entered})
        if any(deed in named for named in inside.values()):
            return best.least(once)[0][self.start], math.inf
        options: Options = {place: {} for place in group.values()}
        for state, place in group.items():
            for other, moves in best.choices[state].items():
                if other not in inside[state]:
                    options[place][other] = once[other], _merged(moves, group)
        most = settled(options, {place: next(iter(named)) for place, named in options.items()}, -1)
        return best.least(once)[0][self.start], most[group[self.start]]


def _moves(graph: nx.DiGraph[Any], deed: Deed, kinds: Mapping[Any, str]) -> Moves:
    """Where an action leads, as far as that is possible."""
    return {
        TARGET if kinds[after] == "target" else after: Fraction(edge["probability"])
        for after, edge in graph.adj[deed].items()
        if edge["probability"]
    }


def _expected(moves: Moves, values: Mapping[State, Any]) -> Any:
    """Expectation of what is collected in the next state; nothing at the target."""
    return sum((p * values[t] for t, p in moves.items() if t != TARGET), Fraction(0))


def _mixed(lots: Any) -> Moves:
    """Where one of several moves leads, each taken with a probability."""
    found: dict[State, Fraction] = defaultdict(Fraction)
    for share, moves in lots:
        for after, probability in moves.items():
            found[after] += share * probability
    return dict(found)


def _merged(moves: Moves, group: Mapping[State, State]) -> Moves:
    """The same between groups of states."""
    return _mixed((p, {group.get(t, TARGET): Fraction(1)}) for t, p in moves.items())


def _drawn(choices: Choices) -> nx.DiGraph[Any]:
    """Which state may follow on which."""
    graph = nx.DiGraph((s, t) for s, named in choices.items() for moves in named.values() for t in moves if t != TARGET)
    graph.add_nodes_from(choices)
    return graph


def towards(choices: Choices, goals: Set[State]) -> dict[State, Deed]:
    """An action for every state from which one of the goals can be reached, that may lead a step nearer to them."""
    found: dict[State, Deed] = {}
    while True:
        near = goals | found.keys()
        more = {
            s: a for s, named in choices.items() if s not in near for a, m in named.items() if not near.isdisjoint(m)
        }
        if not more:
            return found
        found |= more


def end_components(choices: Choices) -> tuple[dict[State, State], dict[State, dict[Deed, Moves]]]:
    """The maximal end component of every state, by one of its states, and the actions that never leave it."""
    inside = {s: dict(named) for s, named in choices.items()}
    while True:
        parts = [tuple(part) for part in nx.strongly_connected_components(_drawn(inside))]
        group = {state: part[0] for part in parts for state in part}
        kept = {
            s: {a: m for a, m in named.items() if all(group.get(t) == group[s] for t in m)}
            for s, named in inside.items()
        }
        if kept == inside:
            return {s: group[s] for s in choices}, kept
        inside = kept


def settled(options: Options, policy: dict[State, Deed], sign: int) -> dict[State, Fraction]:
    """Policy iteration from a policy that ends, for the least (1) or the greatest (-1) total; it changes the policy."""
    while True:
        values = _solved({state: options[state][policy[state]] for state in options})
        better = {}
        for state, named in options.items():
            worth = {deed: sign * (cost + _expected(moves, values)) for deed, (cost, moves) in named.items()}
            best = min(worth, key=worth.__getitem__)
            if worth[best] < sign * values[state]:
                better[state] = best
        if not better:
            return values
        policy |= better


def greatest(choices: Choices, stopping: Mapping[State, Fraction]) -> dict[State, Fraction]:
    """The greatest expectation of what runs are worth where they stop: 1 at the target, nothing if they never do."""
    group, inside = end_components(choices)
    options: Options = {place: {} for place in group.values()}
    for state, place in group.items():
        options[place]["stop", state] = stopping.get(state, Fraction(0)), {}
        for deed, moves in choices[state].items():
            if deed not in inside[state]:
                options[place][deed] = moves.get(TARGET, Fraction(0)), _merged(moves, group)
    values = settled(options, {place: ("stop", place) for place in options}, -1)
    return {state: values[place] for state, place in group.items()}


def _solved(rows: Mapping[State, tuple[Fraction, Moves]]) -> dict[State, Fraction]:
    """The solution of ``V = c + P V``."""
    index = {state: i for i, state in enumerate(rows)}
    size = len(index)
    if not size:
        return {}
    matrix, right = fmpq_mat(size, size), fmpq_mat(size, 1)
    for state, (cost, moves) in rows.items():
        here = index[state]
        matrix[here, here] = fmpq(1)
        right[here, 0] = fmpq(cost.numerator, cost.denominator)
        for after, p in moves.items():
            if after != TARGET:
                matrix[here, index[after]] -= fmpq(p.numerator, p.denominator)
    found = matrix.solve(right)
    return {state: Fraction(int(found[i, 0].p), int(found[i, 0].q)) for state, i in index.items()}
