"""State graphs: a decision process as a plain ``networkx.DiGraph``, out of a problem and into a solution.

A state graph has state nodes (``kind="state"``), action nodes (``kind="action"``, with the ``time`` that the action
takes) and one target node (``kind="target"``).  Edges lead from states to their actions, and from actions, with a
``probability``, to states or the target.  ``graph.graph["start"]`` is the start; a single state that no action leads to
is one too.  Numbers on action nodes are resources, and ``graph.graph["budgets"]`` may limit them.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from numbers import Rational, Real
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from scipy import sparse

from lpdistill.arrays import FloatArray
from lpdistill.errors import LimitError, ModelError
from lpdistill.hardware.graph_step import state_of, step_of
from lpdistill.memory import free
from lpdistill.physics.rounding import Labels
from lpdistill.process.budgets import Budget
from lpdistill.process.durations import Durations
from lpdistill.process.factored.size import Size
from lpdistill.process.graph.graph_process import GraphProcess, NodeResource, Nodes, StateGraph
from lpdistill.process.time_lattice import simplest

if TYPE_CHECKING:
    from lpdistill.process.factored.dynamics import Dynamics

NODE_KINDS = ("state", "action", "target")

EDGE_BYTES = 1_000
"""Memory for an edge and its share of the nodes, roughly."""

MASS_ROUNDING = 1e-9
"""Distance from 1 of an action's probabilities, summed, that is taken for rounding."""

DESCRIPTIVE = frozenset({"time", "generate"})
"""Numbers on action nodes that are not resources."""


def process_of(graph: nx.DiGraph[Any]) -> GraphProcess:
    """The decision process of a state graph, checked node by node and edge by edge.

    Raises
    ------
    ModelError
        If it is no state graph; the message names the node or edge at fault.
    """
    nodes = _by_kind(graph)
    start = _start(graph, nodes["state"])
    states = (start, *(node for node in nodes["state"] if node != start))
    rank = {state: position for position, state in enumerate(states)}
    target = nodes["target"][0]
    names = [action for state in states for action in graph.successors(state)]
    if len(names) < len(nodes["action"]):
        orphan = next(action for action in nodes["action"] if not graph.in_degree(action))
        raise ModelError(
            f"node {orphan!r}", "is an action of no state; remove it, or add the edge from its state", None
        )
    entries: list[tuple[int, int, float]] = []
    reaching, times = np.zeros(len(names)), list[Fraction]()
    owners = np.array([rank[state_of(graph, name)] for name in names], dtype=np.int64)
    for column, name in enumerate(names):
        times.append(_exact(graph.nodes[name].get("time"), f"node {name!r}: time"))
        for after, probability in _outcomes(graph, name, rank, target):
            if after < 0:
                reaching[column] += probability
            elif after != owners[column]:
                entries.append((column, after, probability))
    rows, afters = (np.array([entry[part] for entry in entries], dtype=np.int64) for part in (0, 1))
    data = np.array([entry[2] for entry in entries])
    moves = sparse.csr_array((data, (rows, afters)), shape=(len(names), len(states)))
    numbers = _numbers(graph, names)
    known = {time: kind for kind, time in enumerate(sorted(set(times)))}
    kinds = np.array([known[time] for time in times], dtype=np.int64)
    lengths = [float(time) for time in known]
    least = min(lengths, default=np.inf)
    return GraphProcess(
        problem=StateGraph(len(states), len(names), start, _budgets(graph, names, numbers)),
        names=Nodes(states, tuple(names), owners),
        moves=moves,
        delivering=reaching[:, None],
        durations=Durations(
            times=tuple(known),
            kind=partial(np.take, kinds),
            least=least,
            greatest=max(lengths, default=0.0),
            per_column=least,
            uncharged=_exact(graph.graph.get("uncharged_time", 0), "graph: uncharged_time"),
        ),
        amounts_by_name={name: amounts for name, amounts in numbers.items() if np.isfinite(amounts).all()},
        step_of=partial(step_of, graph),
    )


def _by_kind(graph: nx.DiGraph[Any]) -> dict[str, list[Hashable]]:
    """The nodes by kind, one of them the target."""
    if not isinstance(graph, nx.DiGraph) or graph.is_multigraph():
        raise ModelError("graph", "must be a networkx.DiGraph, without parallel edges", type(graph).__name__)
    found: dict[str, list[Hashable]] = {kind: [] for kind in NODE_KINDS}
    for node, attributes in graph.nodes(data=True):
        if attributes.get("kind") not in found:
            raise ModelError(
                f"node {node!r}", f"must have a kind: {', '.join(NODE_KINDS)}", attributes.get("kind", attributes)
            )
        found[attributes["kind"]].append(node)
    if len(found["target"]) != 1:
        raise ModelError("graph", "must have exactly one node of kind target", found["target"] or None)
    if list(graph.successors(found["target"][0])):
        raise ModelError(f"node {found['target'][0]!r}", "is the target, which nothing leaves; remove its edges", None)
    return found


def _start(graph: nx.DiGraph[Any], states: list[Hashable]) -> Hashable:
    """The state in which runs start."""
    if "start" in graph.graph:
        start: Hashable = graph.graph["start"]
        if start not in graph or graph.nodes[start]["kind"] != "state":
            raise ModelError("graph: start", "must be a state node", start)
        return start
    sources = [state for state in states if not graph.in_degree(state)]
    if len(sources) != 1:
        raise ModelError('graph.graph["start"]', "must name the state node in which runs start", None)
    return sources[0]


def _outcomes(
    graph: nx.DiGraph[Any], action: Hashable, rank: Mapping[Hashable, int], target: Hashable
) -> list[tuple[int, float]]:
    """Where an action leads, -1 for the target, and how probably."""
    found = []
    for after, attributes in graph.adj[action].items():
        if after != target and after not in rank:
            kind = graph.nodes[after].get("kind")
            raise ModelError(f"edge {action!r} -> {after!r}", "must lead to a state or the target", kind)
        probability = attributes.get("probability")
        if type(probability) is not float or not 0 <= probability <= 1:
            probability = _probability(probability, f"edge {action!r} -> {after!r}: probability")
        if probability:
            found.append((-1 if after == target else rank[after], probability))
    total = sum(probability for _, probability in found)
    if not found:
        raise ModelError(f"node {action!r}", "is an action without outcomes; add edges with a probability", None)
    if abs(total - 1) > MASS_ROUNDING:
        raise ModelError(f"node {action!r}", "must have outcome probabilities that sum to 1", total)
    return found


def _probability(value: object, where: str) -> float:
    """A number between 0 and 1."""
    number = _number(value, where)
    if number > 1:
        raise ModelError(where, "must be at most 1", value)
    return number


def _number(value: object, where: str) -> float:
    """A finite number that is not negative."""
    if value is None:
        raise ModelError(where, "is missing; give a number (is the attribute misspelt?)", None)
    number = np.nan if isinstance(value, bool) or not isinstance(value, Real | Decimal) else float(value)
    if not np.isfinite(number) or number < 0:
        raise ModelError(where, "must be a finite number, not negative", value)
    return number


def _exact(value: object, where: str) -> Fraction:
    """The same exactly; a float means the simplest fraction that rounds to it."""
    number = _number(value, where)
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, Decimal):
        return Fraction(value)
    return simplest(number)


def _numbers(graph: nx.DiGraph[Any], names: Sequence[Hashable]) -> dict[str, FloatArray]:
    """The numbers that every action node carries, by name; they are resources if they are finite."""
    shared = set.intersection(*(set(graph.nodes[name]) for name in names)) if names else set()
    found = {}
    for key in sorted(shared - DESCRIPTIVE - {"kind"}, key=str):
        values = [graph.nodes[name][key] for name in names]
        if all(isinstance(value, Real | Decimal) and not isinstance(value, bool) for value in values):
            found[str(key)] = np.array([float(value) for value in values])
    return found


def _budgets(
    graph: nx.DiGraph[Any], names: Sequence[Hashable], amounts: Mapping[str, FloatArray]
) -> tuple[Budget, ...]:
    """The budgets of a graph: limits by name, each an upper limit or a table with ``most`` and ``least``."""
    limits = graph.graph.get("budgets", {})
    if isinstance(limits, str):  # as GraphML keeps it
        limits = _parsed(limits)
    if not isinstance(limits, Mapping):
        raise ModelError('graph.graph["budgets"]', "must map names to limits", limits)
    found = []
    for name, limit in limits.items():
        if name not in amounts:
            known = ", ".join(amounts) or "none"
            raise ModelError("budgets", f"must name numbers that every action node of the graph has ({known})", name)
        for node, amount in zip(names, amounts[name].tolist(), strict=True):
            _number(amount, f"node {node!r}: {name}")
        sides = limit if isinstance(limit, Mapping) else {"most": limit}
        if sides.keys() - {"most", "least"}:
            raise ModelError(f"budget {name}", 'must be a number, or a table with "most" and "least"', limit)
        found.append(Budget(NodeResource(name), sides.get("most"), least=sides.get("least")))
    return tuple(found)


def _parsed(text: str) -> object:
    """JSON as data, or the text itself where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _require(size: Size) -> None:
    """Refuse a graph that would not fit into the memory of this machine."""
    needed, available = EDGE_BYTES * (size.explicit_entries + size.columns), free()
    if needed > available / 2:
        raise LimitError(
            f"memories: the state graph would have {size.configurations:,} states, {size.columns:,} actions and up "
            f"to {size.explicit_entries:,} outcomes, about {needed / 1e9:,.1f} GB, but {available / 1e9:,.1f} GB are "
            "free; take fewer memories, or solve the problem itself, which needs no graph",
            size=size.to_dict(),
        )


def graph_of(dynamics: Dynamics) -> nx.DiGraph[Any]:
    """The state graph of a problem: every action that its rules allow, with its outcomes and what it uses."""
    _require(dynamics.kernel.size)
    problem, columns = dynamics.problem, dynamics.columns
    memories = problem.hardware.memories
    choice, counts = dynamics.choose(columns), dynamics.configurations.counts.tolist()
    fidelities = tuple(float(level.fidelity) for level in problem.levels)
    graph: nx.DiGraph[Any] = nx.DiGraph(
        start=tuple(counts[0]),
        raw=problem.levels.raw,
        memories=memories,
        uncharged_time=float(problem.uncharged_time),
        budgets={
            budget.name: {side: float(limit) for side, limit in budget.sides.items()} for budget in problem.budgets
        },
    )
    if isinstance(problem.levels, Labels):
        graph.graph["labels"] = problem.levels.told
    keys = [tuple(n) for n in counts]
    graph.add_nodes_from(
        (key, {"kind": "state", "counts": key, "fidelities": fidelities, "empty": memories - sum(key)}) for key in keys
    )
    graph.add_node("target", kind="target")
    used = {name: dynamics.amounts(resource, columns).tolist() for name, resource in dynamics.resources.items()}
    durations = np.broadcast_to(dynamics.kernel.usage(columns).duration, columns.shape).tolist()
    owners, reaching = choice.configuration.tolist(), choice.reaching.tolist()
    moves = choice.transitions
    for row, (owner, action) in enumerate(zip(owners, dynamics.names.actions(columns), strict=True)):
        node = (keys[owner], action)
        graph.add_node(
            node,
            kind="action",
            distil=action.distil,
            generate=action.generate,
            discard=action.discard,
            time=durations[row],
            **{name: amounts[row] for name, amounts in used.items()},
        )
        graph.add_edge(keys[owner], node)
        here = slice(moves.indptr[row], moves.indptr[row + 1])
        for after, probability in zip(moves.indices[here].tolist(), moves.data[here].tolist(), strict=True):
            graph.add_edge(node, keys[after], probability=probability)
        if reaching[row]:
            graph.add_edge(node, "target", probability=reaching[row])
    return graph
