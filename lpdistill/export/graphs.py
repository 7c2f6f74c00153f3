"""State graphs as GraphML, DOT and node-link JSON, and as pictures."""

from __future__ import annotations

import itertools
import json
import math
import re
import textwrap
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

import networkx as nx
import numpy as np

from lpdistill import pictures
from lpdistill.arguments import path_of
from lpdistill.errors import LimitError, ModelError
from lpdistill.export.dot import dot_of
from lpdistill.export.files import GRAPHS, writing
from lpdistill.export.portable import BOOKKEEPING, portable
from lpdistill.hardware.actions import Action
from lpdistill.physics.levels import names_of
from lpdistill.problem.question import GRAPH
from lpdistill.process.graph.node_names import name_of
from lpdistill.process.graph.state_graph import process_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRAPH_SUFFIXES = (".graphml", ".dot", ".json")

MOST_LINES, MOST_CROSSINGS = 80, 130
"""Lines to next states, and crossings of them, up to which a picture of a state graph can be read."""

ACTIONS, CHANCES, AFTER, MARGIN = 2.8, 4.2, 6.6, 1.9
"""Inches: from states to actions, to probabilities and to next states, and at the sides of a picture."""

ROOM, TALL, LINE = 0.12, 0.26, 0.16
"""Inches: between what stands one above the other; a label of one line, and each further one; a probability."""

WIDEST_LABEL = 26
"""Characters of a label on one line."""


RESTORED = frozenset({"counts", "fidelities", "distil", "discard"})
"""Attributes of nodes that are lists, kept as JSON text in files."""

RESTORED_OF_GRAPH = frozenset({"start", "budgets"})
"""Attributes of graphs that may be lists or tables."""

NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that GraphML cannot hold, or that its readers change."""


def node_link(graph: nx.DiGraph[Any]) -> dict[str, Any]:
    """A state graph as node-link JSON data; ``networkx.node_link_graph`` reads it.

    Raises
    ------
    ModelError
        If two nodes have the same text, or an attribute has a name that the format uses itself.
    """
    made = portable(graph)
    parts = [({"id"}, data) for _, data in made.nodes(data=True)]
    parts += [({"source", "target"}, data) for *_, data in made.edges(data=True)]
    for taken, data in parts:
        for name in taken & data.keys():
            problem = f"has an attribute called {name}, which node-link JSON uses itself; rename it"
            raise ModelError("graph", problem, data[name])
        data.update((key, str(value)) for key, value in data.items() if _infinite(value))
    made.graph.update((key, str(value)) for key, value in made.graph.items() if _infinite(value))
    found: dict[str, Any] = nx.node_link_data(made, edges="edges")
    return found


def _infinite(value: object) -> bool:
    """Whether JSON has no such number."""
    return isinstance(value, float) and not math.isfinite(value)


def write_graph(graph: nx.DiGraph[Any], file: str | PathLike[str]) -> None:
    """Write a state graph; the suffix, ``.graphml``, ``.dot`` or ``.json``, names the format.

    Nodes become text, which must differ; ``read_graph`` reads GraphML and JSON again.

    Raises
    ------
    ModelError
        If the suffix is none of them, the format cannot hold a text of the graph, or the file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from lpdistill import Problem, read_graph, solve
    >>> problem, file = Problem(p=0.5, memories=2, f0=0.75, target=0.79), Path(mkdtemp()) / "graph.graphml"
    >>> write_graph(problem.graph(), file)
    >>> solve(read_graph(file)).waiting_time == solve(problem.graph()).waiting_time
    True
    """
    graph, path = GRAPH.meant(graph, "graph"), path_of(file, "file")
    if path.suffix not in GRAPH_SUFFIXES:
        raise ModelError("file", f"must have one of the suffixes {', '.join(GRAPH_SUFFIXES)}", str(file))
    if graph.is_multigraph():
        raise ModelError("graph", "must be a networkx.DiGraph, without parallel edges", type(graph).__name__)
    with writing(file):
        match path.suffix:
            case ".graphml":
                nx.write_graphml(_as_xml(portable(graph)), path)
            case ".json":
                path.write_text(json.dumps(node_link(graph), indent=1, allow_nan=False) + "\n", encoding="utf-8")
            case _:
                path.write_text(dot_of(portable(graph)), encoding="utf-8")


def _as_xml(graph: nx.DiGraph[str]) -> nx.DiGraph[str]:
    """The same graph, unless it has a character that GraphML cannot hold."""
    parts = [graph.graph, *(data for _, data in graph.nodes(data=True)), *(data for *_, data in graph.edges(data=True))]
    texts = [text for part in parts for pair in part.items() for text in pair if isinstance(text, str)]
    for text in (*graph, *texts):
        if NOT_XML.search(text):
            raise ModelError("graph", "has text with a character that GraphML cannot hold; write .json", text)
    return graph


def read_graph(file: str | PathLike[str]) -> nx.DiGraph[Any]:
    """A state graph from a GraphML or node-link JSON file, to be edited or solved.

    Nodes are what the file calls them, text as a rule; lists and budgets that :func:`write_graph` made text are lists
    and budgets again, so that rules can prune the graph.  Defaults of a GraphML file are given to its nodes and edges.
    A file in which nodes have numbers and carry their names as an attribute ``id``, as igraph writes it, is read with
    these names if ``start`` is one of them.

    Parameters
    ----------
    file
        The file; its suffix, ``.graphml`` or ``.json``, names the format.

    Raises
    ------
    ModelError
        If the file cannot be read, or holds no directed graph in its format.  Whether it is a state graph,
        :func:`lpdistill.solve` says.
    """
    path = path_of(file, "graph file")
    if path.suffix == ".dot":
        raise ModelError("graph file", "is DOT, in which numbers are text; give .graphml or .json", str(file))
    if path.suffix not in GRAPHS:
        raise ModelError("graph file", f"must have the suffix {' or '.join(GRAPHS)}", str(file))
    with _explained(path.suffix, str(file)):
        json_text = path.read_text(encoding="utf-8-sig") if path.suffix == ".json" else None
        return _simple(nx.read_graphml(path) if json_text is None else _linked(json.loads(json_text)), str(file))


def graph_of(document: dict[str, Any], where: str) -> nx.DiGraph[Any]:
    """A state graph from node-link data, as :func:`read_graph` reads it from a file.

    Raises
    ------
    ModelError
        If it holds no directed graph.
    """
    with _explained("node-link data", where):
        return _simple(_linked(document), where)


@contextmanager
def _explained(form: str, where: str) -> Iterator[None]:
    """Say of an error within what is wrong with the graph that is read."""
    try:
        yield
    except OSError as error:
        raise ModelError("graph file", f"cannot be read: {error.strerror or error}", where) from None
    except KeyError as error:
        raise ModelError("graph file", f"is no graph in {form}: {error} is missing", where) from None
    except ModelError:
        raise
    except (nx.NetworkXException, SyntaxError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError("graph file", f"is no graph in {form}: {error}", where) from None


def _simple(found: nx.Graph[Any], where: str) -> nx.DiGraph[Any]:
    """A graph that was read, with what its form holds as text, unless it is not directed or has parallel edges."""
    simple: nx.DiGraph[Any] = nx.DiGraph(found)
    if not found.is_directed() or simple.number_of_edges() < found.number_of_edges():
        raise ModelError("graph file", "must hold a directed graph without parallel edges", where)
    return _restored(simple)


def _linked(document: dict[str, Any]) -> nx.Graph[Any]:
    """A graph from node-link data, whichever of its two names they give the edges."""
    edges = "edges" if "edges" in document else "links"
    names = [json.dumps(node["id"]) for node in document["nodes"]]
    ends = [json.dumps([edge["source"], edge["target"]]) for edge in document[edges]]
    for several in (names, ends):
        if len({*several}) < len(several):
            twice = next(one for place, one in enumerate(several) if one in several[:place])
            raise ValueError(f"a node or an edge is there twice: {twice}")
    found: nx.Graph[Any] = nx.node_link_graph(document, directed=True, multigraph=False, edges=edges)
    return found


def _restored(graph: nx.DiGraph[Any]) -> nx.DiGraph[Any]:
    """The graph with what a file holds as text, or apart from nodes and edges, in its place."""
    of_nodes, of_edges = (graph.graph.pop(key, {}) for key in BOOKKEEPING)
    for _, data in graph.nodes(data=True):
        _complete(data, of_nodes)
        data.update((key, _listed(data[key])) for key in RESTORED & data.keys())
    for *_, data in graph.edges(data=True):
        _complete(data, of_edges)
    for key in RESTORED_OF_GRAPH & graph.graph.keys():
        graph.graph[key] = _listed(graph.graph[key])
    start, ids = graph.graph.get("start"), nx.get_node_attributes(graph, "id")
    if start is not None and start not in graph and start in ids.values() and len({*ids.values()}) == len(graph):
        for _, data in graph.nodes(data=True):
            del data["id"]
        named: nx.DiGraph[Any] = nx.relabel_nodes(graph, ids)
        return named
    return graph


def _complete(attributes: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """Add the defaults that are not there."""
    for name, value in defaults.items():
        attributes.setdefault(name, value)


def _listed(value: object) -> object:
    """Lists that are JSON text, or lists, as tuples; anything else as it is."""
    if isinstance(value, str):
        try:
            found = json.loads(value)
        except ValueError:
            return value
        return _listed(found) if isinstance(found, list | dict) else value
    return tuple(map(_listed, value)) if isinstance(value, list) else value


def draw(graph: nx.DiGraph[Any], ax: Axes | None = None, *, about: object = None) -> Axes:
    """Draw a small state graph, one step from left to right: states, their actions, and the states that come next.

    States stand on both sides, so that every line leads to the right.  Graphviz says in which order, so that few lines
    cross; waiting is left out.  The start is framed.

    Parameters
    ----------
    graph
        A state graph.
    ax
        Where to draw; new axes by default.
    about
        What the graph is one of, for the title: a problem.

    Raises
    ------
    ModelError
        If it is no state graph, or what draws is not installed.
    LimitError
        If too many lines, or crossing ones, would make a picture that nobody can read.
    """
    graph = GRAPH.meant(graph, "graph")
    process_of(graph)
    shown = graph.subgraph([n for n in graph if not _waits(graph, n)])
    actions = [node for node in shown if shown.nodes[node]["kind"] == "action"]
    states = sum(shown.nodes[node]["kind"] == "state" for node in shown)
    lines = [(action, state) for action in actions for state in shown.successors(action)]
    _require_readable(shown, len(lines))
    before, chances, after = _heights(shown, lines)
    _require_readable(shown, len(lines), _crossings([(before[action], after[state]) for action, state in lines]))
    title = f"a state graph of {states:,} states and {len(actions):,} actions that change them"
    high = max(*before.values(), *chances.values(), *after.values())
    drawn = pictures.canvas(
        ax, title if about is None else f"{about}; {title}", width=AFTER + 2 * MARGIN, height=1.5 + high
    )
    ranked = sorted(actions, key=before.__getitem__, reverse=True)
    colours = {action: pictures.COLOURS[i % 4] for i, action in enumerate(ranked)}
    for action, colour in colours.items():
        start = before[next(iter(shown.predecessors(action)))]
        drawn.plot((0, ACTIONS), (start, before[action]), color=colour, lw=1.2, zorder=1)
    for action, state in lines:
        colour, place = colours[action], (CHANCES, chances[action, state])
        drawn.plot((ACTIONS, CHANCES), (before[action], place[1]), color=colour, lw=1.2, zorder=1)
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 1.2, "shrinkA": 0, "shrinkB": 3}
        drawn.annotate("", (AFTER, after[state]), place, arrowprops=arrow, zorder=1)
        text = f"{float(shown.edges[action, state]['probability']):.3g}"
        box = {"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none"}
        drawn.text(*place, text, fontsize=8, color=colour, ha="center", va="center", bbox=box, zorder=2)
    for heights, side in ((before, "right"), (after, "left")):
        for node, height in heights.items():
            place = (AFTER if heights is after else ACTIONS if node in colours else 0, height)
            fill = pictures.COLOURS[4] if shown.nodes[node]["kind"] == "target" else "white"
            width = 2.2 if heights is before and node == graph.graph.get("start") else 1.0
            box = {"boxstyle": "round,pad=0.3", "fc": fill, "ec": colours.get(node, pictures.INK)}
            text = _label(shown, node)
            drawn.text(*place, text, fontsize=9, ha=side, va="center", bbox={**box, "lw": width}, zorder=3)
    for x, side, text in ((0, "right", "state"), (ACTIONS, "right", "action"), (AFTER, "left", "next state")):
        drawn.text(x, high + 0.45, text, fontsize=10, ha=side, color=pictures.INK)
    drawn.set_xlim(-MARGIN, AFTER + MARGIN)
    drawn.set_ylim(-0.4, high + 0.8)
    drawn.set_axis_off()
    return drawn


Line: TypeAlias = tuple[Hashable, Hashable]


def _heights(
    shown: nx.DiGraph[Any], lines: Sequence[Line]
) -> tuple[dict[Hashable, float], dict[Line, float], dict[Hashable, float]]:
    """Heights at which states and actions, probabilities, and next states stand, in inches, as Graphviz has them."""
    try:
        from pygraphviz import AGraph  # noqa: PLC0415 - an extra
    except ImportError:
        raise ModelError("plot", "needs Graphviz; install lpdistill[plot]", None) from None
    layout, names = AGraph(directed=True, rankdir="LR", nodesep=ROOM, splines=False), itertools.count()
    columns: tuple[dict[Any, int], dict[Any, int], dict[Any, int]] = {}, {}, {}
    for node, kind in nx.get_node_attributes(shown, "kind").items():
        for column, there in ((0, kind != "target"), (2, kind != "action" and shown.in_degree(node))):
            if there:
                columns[column][node] = next(names)
                tall = TALL + LINE * _label(shown, node).count("\n")
                layout.add_node(columns[column][node], label="", fixedsize=True, shape="box", height=tall)
    for action, state in lines:
        columns[1][action, state] = next(names)
        layout.add_node(columns[1][action, state], label="", fixedsize=True, shape="box", height=LINE)
        layout.add_edge(columns[0][action], columns[1][action, state])
        layout.add_edge(columns[1][action, state], columns[2][state])
    layout.add_edges_from(
        (columns[0][a], columns[0][b]) for a, b in shown.edges if b in columns[0] and (a, b) not in columns[1]
    )
    layout.layout("dot")
    before, chances, after = (
        {node: float(layout.get_node(name).attr["pos"].split(",")[1]) / 72 for node, name in column.items()}
        for column in columns
    )
    return before, chances, after


def _crossings(lines: Sequence[tuple[float, float]]) -> int:
    """How many pairs of lines cross, from heights at the left to heights at the right."""
    left, right = np.array(lines).T
    return int(np.count_nonzero(np.subtract.outer(left, left) * np.subtract.outer(right, right) < 0)) // 2


def _require_readable(shown: nx.DiGraph[Any], lines: int, crossings: int = 0) -> None:
    """Raise LimitError if a picture of so many lines that cross so often could not be read."""
    if lines <= MOST_LINES and crossings <= MOST_CROSSINGS:
        return
    many = f"{lines:,} lines to next states, more than {MOST_LINES},"
    if lines <= MOST_LINES:
        many = f"{lines:,} lines that cross {crossings:,} times, more than {MOST_CROSSINGS},"
    raise LimitError(
        f"plot: a graph of {len(shown):,} nodes is not drawn: {many} are a tangle; take fewer memories or a lower "
        "target, or write the graph to a file (.dot for Graphviz)",
        size={"nodes": len(shown), "lines": lines, "crossings": crossings},
    )


def _label(graph: nx.DiGraph[Any], node: Hashable) -> str:
    """A node in words where it comes from a problem, and otherwise its text."""
    attributes, text = graph.nodes[node], name_of(node)
    if attributes["kind"] == "state" and {"counts", "fidelities"} <= attributes.keys():
        stored = zip(attributes["counts"], names_of(attributes["fidelities"]), strict=True)
        text = " + ".join(f"{n} x {fidelity}" for n, fidelity in stored if n) or "empty"
    elif attributes["kind"] == "action" and isinstance(node, tuple) and isinstance(node[-1], Action):
        names, action = names_of(graph.nodes[next(iter(graph.predecessors(node)))]["fidelities"]), node[-1]
        parts = [f"distil {', '.join(names[level] for level in levels)}" for levels in action.distil]
        parts += [f"discard {names[level]}" for level in action.discard]
        parts += [f"generate on {action.generate}"] if action.generate else []
        text = "; ".join(parts)
    return textwrap.fill(text, WIDEST_LABEL)


def _waits(graph: nx.DiGraph[Any], node: Hashable) -> bool:
    """Whether a node is an action that leads nowhere but back."""
    return graph.nodes[node]["kind"] == "action" and set(graph.successors(node)) == set(graph.predecessors(node))
