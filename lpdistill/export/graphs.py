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
    drawn = pictures.axes(9.0, 6.0) if axes is None else axes
    for before, after, attributes in shown.edges(data=True):
        probability = attributes.get("probability")
        acts = shown.nodes[before]["kind"] == "action"
        drawn.annotate(
            "",
            xy=place[after],
            xytext=place[before],
            arrowprops={
                "arrowstyle": "-|>" if acts else "-",
                "color": pictures.COLOURS[0] if acts else pictures.INK,
                "alpha": 0.35 + 0.65 * float(probability or 1.0) if acts else 0.8,
                "lw": 1.0,
                "shrinkA": 3 if acts else 9,
                "shrinkB": 12 if acts else 3,
                "connectionstyle": "arc3,rad=0.12" if acts else "arc3,rad=0",
            },
        )
        if acts and probability is not None:
            middle = 0.55 * np.array(place[before]) + 0.45 * np.array(place[after])
            x, y = middle.tolist()
            drawn.text(x, y, f"{probability:.2g}", fontsize=6, color=pictures.COLOURS[0], ha="center", va="center")
    boxes = {"state": ("round,pad=0.35", "white"), "target": ("round,pad=0.4", pictures.COLOURS[4])}
    for node, kind in nx.get_node_attributes(shown, "kind").items():
        if kind == "action":
            drawn.plot(*place[node], "s", color=pictures.COLOURS[1], ms=4)
            label = name_of(node).split(" ")[-1].replace("_g", " g")
            drawn.annotate(label, place[node], (0, 5), textcoords="offset points", fontsize=7, ha="center")
        else:
            box = {"boxstyle": boxes[kind][0], "fc": boxes[kind][1], "ec": pictures.INK}
            x, y = place[node]
            drawn.text(x, y, name_of(node), ha="center", va="center", fontsize=9, bbox=box)
    drawn.set_axis_off()
    drawn.margins(0.08)
    return drawn


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
            place[node] = (4.0 * column, 3.0 * (row - (len(nodes) - 1) / 2))
    right = 4.0 * (max(columns) + 1)
    for node, kind in nx.get_node_attributes(graph, "kind").items():
        if kind == "target":
            place[node] = (right, 0.0)
    for state in [node for nodes in columns.values() for node in nodes]:
        actions = list(graph.successors(state))
        for i, action in enumerate(actions):
            ends = [np.array(place[after]) for after in graph.successors(action) if after != state]
            towards = np.mean(ends, axis=0) - place[state] if ends else np.array([1.0, 0.0])
            towards /= max(float(np.hypot(*towards)), 1e-9)
            across = np.array([-towards[1], towards[0]]) * (i - (len(actions) - 1) / 2)
            x, y = np.array(place[state]) + 1.5 * towards + 0.9 * across
            place[action] = (float(x), float(y))
    return place
