"""State graphs as GraphML, DOT and node-link JSON, and as pictures."""

from __future__ import annotations

import json
from collections.abc import Hashable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from lpdistill import pictures
from lpdistill.errors import LimitError, ModelError
from lpdistill.export.transitions import word
from lpdistill.model.actions import Action

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".graphml", ".dot", ".json")

MOST_DRAWN = 60
"""Nodes up to which a picture of a state graph can be read."""

SPACING = 3.0
"""Distance of neighbouring configurations in a picture."""

BEND, LABEL = 0.15, 0.3
"""How much arrows bend, and how far along them their probability stands."""


def name_of(node: Hashable) -> str:
    """A node as text: ``2,1`` for a configuration, ``2,1 d0_1_g1`` for an action in it."""
    match node:
        case (tuple() as counts, Action() as action):
            return f"{name_of(counts)} {word(action)}"
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
    try:
        match path.suffix:
            case ".graphml":
                nx.write_graphml(portable(graph), path)
            case ".json":
                path.write_text(json.dumps(node_link(graph), indent=1) + "\n", encoding="utf-8")
            case ".dot":
                path.write_text(nx.nx_pydot.to_pydot(portable(graph)).to_string(), encoding="utf-8")
            case _:
                raise ModelError("file", f"must have one of the suffixes {', '.join(SUFFIXES)}", str(file))
    except OSError as error:
        raise ModelError("file", f"cannot be written: {error.strerror}", str(file)) from None


def draw(graph: nx.DiGraph[Any], axes: Axes | None = None) -> Axes:
    """Draw a small state graph: configurations by the number of pairs they hold, actions beside them.

    Raises
    ------
    LimitError
        If there are too many nodes for a picture that can be read.
    """
    shown = graph.subgraph([n for n in graph if not _waits(graph, n)])
    if len(shown) > MOST_DRAWN:
        raise LimitError(
            f"plot: {len(shown):,} nodes are more than the {MOST_DRAWN} of a picture that can be read; take fewer "
            "memories, or write the graph to a file",
            size={"nodes": len(shown), "most_nodes": MOST_DRAWN},
        )
    place = _layout(shown)
    drawn = pictures.axes(10.0, 6.5) if axes is None else axes
    for before, after, attributes in shown.edges(data=True):
        probability = attributes.get("probability")
        if probability is None:
            drawn.plot(*zip(place[before], place[after], strict=True), color=pictures.INK, lw=1.0, zorder=1)
            continue
        far = 30 if shown.nodes[after]["kind"] == "target" else 16
        arrow = {"arrowstyle": "-|>", "color": pictures.COLOURS[0], "lw": 1.0, "shrinkA": 3, "shrinkB": far}
        drawn.annotate("", place[after], place[before], arrowprops={**arrow, "connectionstyle": f"arc3,rad={BEND}"})
        x, y = _along(place[before], place[after])
        box = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none"}
        text = f"{float(probability):.2g}"
        drawn.text(x, y, text, fontsize=7, color=pictures.COLOURS[0], ha="center", va="center", bbox=box)
    for node, kind in nx.get_node_attributes(shown, "kind").items():
        x, y = place[node]
        if kind == "action":
            drawn.plot(x, y, "s", color=pictures.COLOURS[1], ms=5, zorder=3)
            label = name_of(node).split(" ")[-1].replace("_g", ", g")
            drawn.annotate(label, (x, y), (0, 6), textcoords="offset points", fontsize=8, ha="center", zorder=4)
        else:
            colour = pictures.COLOURS[4] if kind == "target" else "white"
            box = {"boxstyle": "round,pad=0.4", "fc": colour, "ec": pictures.INK}
            drawn.text(x, y, name_of(node), ha="center", va="center", fontsize=10, bbox=box, zorder=4)
    across, up = np.array(list(place.values())).T
    drawn.set_xlim(across.min() - 0.6, across.max() + 0.8)
    drawn.set_ylim(up.min() - 0.9, up.max() + 0.9)
    drawn.set_axis_off()
    return drawn


def _along(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """A point of the arc between two places, a third of the way."""
    first, last = np.array(start), np.array(end)
    middle = (first + last) / 2 + BEND * np.array([last[1] - first[1], first[0] - last[0]])
    x, y = (LABEL - 1) ** 2 * first + 2 * LABEL * (1 - LABEL) * middle + LABEL**2 * last
    return float(x), float(y)


def _waits(graph: nx.DiGraph[Any], node: Hashable) -> bool:
    """Whether a node is an action that leads nowhere but back."""
    return graph.nodes[node]["kind"] == "action" and set(graph.successors(node)) == set(graph.predecessors(node))


def _layout(graph: nx.DiGraph[Any]) -> dict[Hashable, tuple[float, float]]:
    """Where to draw nodes: states in columns by the steps that lead to them, actions between their ends."""
    start = graph.graph.get("start")
    depth = nx.single_source_shortest_path_length(graph, start) if start in graph else {}
    columns: dict[int, list[Hashable]] = {}
    for node, kind in nx.get_node_attributes(graph, "kind").items():
        if kind == "state":
            counts = graph.nodes[node].get("counts")
            columns.setdefault(sum(counts) if counts is not None else depth.get(node, 0) // 2, []).append(node)
    place: dict[Hashable, tuple[float, float]] = {}
    for column, nodes in sorted(columns.items()):
        for row, node in enumerate(nodes):
            place[node] = (SPACING * column, SPACING * (row - (len(nodes) - 1) / 2))
    for node, kind in nx.get_node_attributes(graph, "kind").items():
        if kind == "target":
            place[node] = (SPACING * (max(columns) + 1), 0.0)
    for state in [node for nodes in columns.values() for node in nodes]:
        actions = list(graph.successors(state))
        for i, action in enumerate(actions):
            ends = [np.array(place[after]) for after in graph.successors(action) if after != state]
            towards = np.mean(ends, axis=0) - place[state] if ends else np.array([1.0, 0.0])
            towards /= max(float(np.hypot(*towards)), 1e-9)
            across = np.array([-towards[1], towards[0]]) * (i - (len(actions) - 1) / 2)
            x, y = np.array(place[state]) + 1.1 * towards + 0.8 * across
            place[action] = (float(x), float(y))
    return place
