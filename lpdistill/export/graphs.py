"""State graphs as GraphML, DOT and node-link JSON, and as pictures."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Hashable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import networkx as nx
import numpy as np

from lpdistill import pictures
from lpdistill.errors import LimitError, ModelError
from lpdistill.export.files import writing
from lpdistill.export.transitions import word
from lpdistill.model.actions import Action
from lpdistill.program.state_graph import process_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".graphml", ".dot", ".json")

MOST_DRAWN = 60
"""Nodes up to which a picture of a state graph can be read."""

ROW, ACTIONS, AFTER, MARGIN = 0.5, 2.8, 6.6, 1.9
"""Inches: between actions, from states to actions and to next states, and at the sides of a picture."""

ALONG = (0.2, 0.26, 0.32, 0.14, 0.4, 0.5, 0.6, 0.7, 0.8)
"""How far along its line a probability may stand, best places first."""

ROOM = (0.36, 0.16)
"""Inches that a probability keeps free to its sides, and above and below."""

WIDEST = 26
"""Characters of a label on one line."""


def name_of(node: Hashable) -> str:
    """A node as text: ``2,1`` for a configuration, ``2,1 d0_1_g1`` for an action in it."""
    match node:
        case (tuple() as counts, Action() as action):
            return f"{name_of(counts)} {word(action)}"
        case ():
            return "none"
        case tuple() if all(isinstance(n, int) for n in node):
            return ",".join(map(str, node))
        case _:
            return str(node)


def portable(graph: nx.DiGraph[Any]) -> nx.DiGraph[str]:
    """A state graph whose nodes are text and whose attributes are numbers and text, as file formats have them.

    Raises
    ------
    ModelError
        If two nodes have the same text.
    """
    names = {node: name_of(node) for node in graph}
    if len(set(names.values())) < len(names):
        raise ModelError("graph", "has nodes that read the same as text; give them names that differ", None)
    found: nx.DiGraph[str] = nx.DiGraph()
    found.graph.update((key, _plain(value)) for key, value in graph.graph.items())
    if "start" in graph.graph:
        found.graph["start"] = names[graph.graph["start"]]
    found.add_nodes_from((names[n], {k: _plain(v) for k, v in a.items()}) for n, a in graph.nodes(data=True))
    found.add_edges_from(
        (names[a], names[b], {k: _plain(v) for k, v in d.items()}) for a, b, d in graph.edges(data=True)
    )
    return found


def _plain(value: object) -> str | float | int | bool:
    return value if isinstance(value, str | float | int | bool) else json.dumps(value, default=str)


def node_link(graph: nx.DiGraph[Any]) -> dict[str, Any]:
    """A state graph as node-link JSON data; ``networkx.node_link_graph`` reads it."""
    found: dict[str, Any] = nx.node_link_data(portable(graph), edges="edges")
    return found


def write_graph(graph: nx.DiGraph[Any], file: str | PathLike[str]) -> None:
    """Write a state graph; the suffix, ``.graphml``, ``.dot`` or ``.json``, names the format.

    Raises
    ------
    ModelError
        If the suffix is none of them, or the file cannot be written.
    """
    path = Path(file)
    with writing(file):
        match path.suffix:
            case ".graphml":
                nx.write_graphml(portable(graph), path)
            case ".json":
                path.write_text(json.dumps(node_link(graph), indent=1) + "\n", encoding="utf-8")
            case ".dot":
                path.write_text(nx.nx_pydot.to_pydot(portable(graph)).to_string(), encoding="utf-8")
            case _:
                raise ModelError("file", f"must have one of the suffixes {', '.join(SUFFIXES)}", str(file))


def draw(graph: nx.DiGraph[Any], axes: Axes | None = None) -> Axes:
    """Draw a small state graph, one step from left to right: states, their actions, and the states that come next.

    States stand on both sides, so that every line leads to the right; waiting is left out.  The start is framed.

    Raises
    ------
    ModelError
        If it is no state graph.
    LimitError
        If there are too many nodes for a picture that can be read.
    """
    process_of(graph)
    shown = graph.subgraph([n for n in graph if not _waits(graph, n)])
    if len(shown) > MOST_DRAWN:
        raise LimitError(
            f"plot: {len(shown):,} nodes are more than the {MOST_DRAWN} of a picture that can be read; take fewer "
            "memories, or write the graph to a file",
            size={"nodes": len(shown), "most_nodes": MOST_DRAWN},
        )
    before, after = _places(graph, shown)
    low = min(y for _, y in [*before.values(), *after.values()])
    drawn = pictures.axes(AFTER + 2 * MARGIN, 1.2 - low) if axes is None else axes
    actions = [node for node in before if shown.nodes[node]["kind"] == "action"]
    colours = {action: pictures.COLOURS[i % 4] for i, action in enumerate(actions)}
    for action, colour in colours.items():
        start = before[next(iter(shown.predecessors(action)))]
        drawn.plot(*zip(start, before[action], strict=True), color=colour, lw=1.2, zorder=1)
    lines = [(action, state) for action in actions for state in shown.successors(action)]
    for (action, state), place in zip(lines, _beside([(before[a], after[s]) for a, s in lines]), strict=True):
        arrow = {"arrowstyle": "-|>", "color": colours[action], "lw": 1.2, "shrinkA": 0, "shrinkB": 3}
        drawn.annotate("", after[state], before[action], arrowprops=arrow, zorder=1)
        text = f"{float(shown.edges[action, state]['probability']):.3g}"
        box = {"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none"}
        drawn.text(*place, text, fontsize=8, color=colours[action], ha="center", va="center", bbox=box, zorder=2)
    for places, side in ((before, "right"), (after, "left")):
        for node, place in places.items():
            fill = pictures.COLOURS[4] if shown.nodes[node]["kind"] == "target" else "white"
            width = 2.2 if places is before and node == graph.graph.get("start") else 1.0
            box = {"boxstyle": "round,pad=0.3", "fc": fill, "ec": colours.get(node, pictures.INK)}
            text = _label(shown, node)
            drawn.text(*place, text, fontsize=9, ha=side, va="center", bbox={**box, "lw": width}, zorder=3)
    for x, side, text in ((0, "right", "state"), (ACTIONS, "right", "action"), (AFTER, "left", "next state")):
        drawn.text(x, 0.45, text, fontsize=10, ha=side, color=pictures.INK)
    drawn.set_xlim(-MARGIN, AFTER + MARGIN)
    drawn.set_ylim(low - 0.4, 0.8)
    drawn.set_axis_off()
    return drawn


Place: TypeAlias = tuple[float, float]


def _places(graph: nx.DiGraph[Any], shown: nx.DiGraph[Any]) -> tuple[dict[Hashable, Place], dict[Hashable, Place]]:
    """Where states and actions stand before a step, and where states and the target stand after it, in inches."""
    kinds = nx.get_node_attributes(shown, "kind")
    before: dict[Hashable, Place] = {}
    row = 0
    states = [node for node in graph if kinds.get(node) == "state"]
    for state in states:
        actions = list(shown.successors(state))
        before[state] = 0.0, -ROW * (row + max(len(actions) - 1, 0) / 2)
        before.update((action, (ACTIONS, -ROW * (row + i))) for i, action in enumerate(actions))
        row += max(len(actions), 1)
    ends = [state for state in states if shown.in_degree(state)] + [n for n in graph if kinds.get(n) == "target"]
    step = max(ROW * (row - 1) / max(len(ends) - 1, 1), ROW)
    return before, {node: (AFTER, -step * i) for i, node in enumerate(ends)}


def _beside(lines: Sequence[tuple[Place, Place]]) -> list[Place]:
    """Where the probability of each line stands: on the line, away from other lines and their probabilities."""
    found: list[Place] = []
    for line in lines:
        spots = [_on(line, share) for share in ALONG]
        crowd = [
            sum(_close(spot, other) for other in found) * 3 + sum(_meets(spot, other) for other in lines)
            for spot in spots
        ]
        found.append(spots[int(np.argmin(crowd))])
    return found


def _on(line: tuple[Place, Place], share: float) -> Place:
    """A point of a line."""
    (x, y), (end, height) = line
    return x + share * (end - x), y + share * (height - y)


def _close(spot: Place, other: Place) -> bool:
    return abs(spot[0] - other[0]) < ROOM[0] and abs(spot[1] - other[1]) < ROOM[1]


def _meets(spot: Place, line: tuple[Place, Place]) -> bool:
    """Whether a line passes through the room of a probability."""
    (x, y), (end, height) = line
    return abs(y + (spot[0] - x) / (end - x) * (height - y) - spot[1]) < ROOM[1] / 2


def _label(graph: nx.DiGraph[Any], node: Hashable) -> str:
    """A node in words where it comes from a problem, and otherwise its text."""
    attributes, text = graph.nodes[node], name_of(node)
    if attributes["kind"] == "state" and {"counts", "fidelities"} <= attributes.keys():
        stored = zip(attributes["counts"], _decimals(attributes["fidelities"]), strict=True)
        text = " + ".join(f"{n} x {fidelity}" for n, fidelity in stored if n) or "empty"
    elif attributes["kind"] == "action" and isinstance(node, tuple) and isinstance(node[-1], Action):
        names, action = _decimals(graph.nodes[next(iter(graph.predecessors(node)))]["fidelities"]), node[-1]
        parts = [f"distil {names[low]}, {names[high]}" for low, high in action.distil]
        parts += [f"discard {names[level]}" for level in action.discard]
        parts += [f"generate on {action.generate}"] if action.generate else []
        text = "; ".join(parts)
    return textwrap.fill(text, WIDEST)


def _decimals(fidelities: Sequence[float]) -> list[str]:
    """Fidelities with as many decimals as tell them apart, and at least three."""
    for decimals in range(3, 17):
        names = [f"{fidelity:.{decimals}f}" for fidelity in fidelities]
        if len({*names}) == len(names):
            break
    return names


def _waits(graph: nx.DiGraph[Any], node: Hashable) -> bool:
    """Whether a node is an action that leads nowhere but back."""
    return graph.nodes[node]["kind"] == "action" and set(graph.successors(node)) == set(graph.predecessors(node))
