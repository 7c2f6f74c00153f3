"""State graphs with awkward names and numbers, read by Graphviz, igraph, pydot and networkx, and read back."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from decimal import Decimal
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from lpdistill import Budget, EqualLevelsOnly, ModelError, Problem, read_graph, solve, write_graph
from lpdistill.export.graphs import name_of, node_link

AWKWARD = (
    "q:1",
    "q:2",
    "node",
    "edge",
    "strict",
    "1.50",
    'say "hi"',
    "a\\b",
    "\\N",
    "two\\\\backslashes",
    "semi;colon",
    "x -> y",
    "<b>bold</b>",
    "&amp;",
    "líne é ∞",
    "",
    " blank ",
    "line\nbreak",
    "# comment",
    "//",
    "{}",
    "[x=1]",
    frozenset({"b", "a", "c"}),
    Fraction(1, 3),
    ("a", 1),
    (frozenset({1}), ("x",)),
    np.int64(7),
    2.5,
)
"""Nodes whose names are ports, keywords, escapes, comments, markup, numbers, or no text at all."""


def line_of(states, *, times=None, **attributes):
    """States in a row: each is left for the next with probability 1/2, the last one for the target."""
    graph = nx.DiGraph(start=states[0], **attributes)
    graph.add_node("the target", kind="target")
    for place, state in enumerate(states):
        action, after = f"action {place}", [*states, "the target"][place + 1]
        graph.add_node(state, kind="state")
        graph.add_node(action, kind="action", time=(times or [1] * len(states))[place])
        graph.add_edge(state, action)
        graph.add_edge(action, after, probability=0.5)
        graph.add_edge(action, state, probability=0.5)
    return graph


def named(graph):
    """Edges by the names of their ends, with their probabilities."""
    return {(name_of(a), name_of(b)): chance for a, b, chance in graph.edges(data="probability")}


def by_networkx(file):
    """Edges of a file as networkx reads them."""
    if file.suffix == ".json":
        read = nx.node_link_graph(json.loads(file.read_text(encoding="utf-8")), edges="edges")
    else:
        read = nx.read_graphml(file)
    return named(read)


def by_igraph(file):
    """Edges of a GraphML file as igraph reads them."""
    igraph = pytest.importorskip("igraph")
    read = igraph.Graph.Read_GraphML(str(file))
    names = [name.replace("&#38;", "&") for name in read.vs["id"]]  # igraph leaves the ampersand of an id escaped
    chances = (None if math.isnan(edge["probability"]) else edge["probability"] for edge in read.es)
    return dict(zip([(names[edge.source], names[edge.target]) for edge in read.es], chances, strict=True))


def graphviz(file):
    """A DOT file as Graphviz reads it, as data: names of objects, edges by number."""
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed")
    ran = subprocess.run(["dot", "-Tdot_json", str(file)], capture_output=True, check=True)  # noqa: S603, S607
    assert ran.stderr == b""
    return json.loads(ran.stdout)


def by_graphviz(file):
    """Edges of a DOT file as Graphviz reads them."""
    read = graphviz(file)
    names = [node["name"] for node in read["objects"]]
    edges = [(names[edge["tail"]], names[edge["head"]], edge.get("probability")) for edge in read["edges"]]
    return {(a, b): None if chance is None else float(chance) for a, b, chance in edges}


READERS = {
    "networkx, GraphML": (by_networkx, "graph.graphml"),
    "networkx, JSON": (by_networkx, "graph.json"),
    "igraph, GraphML": (by_igraph, "graph.graphml"),
    "Graphviz, DOT": (by_graphviz, "graph.dot"),
}
readers = pytest.mark.parametrize(("reader", "name"), READERS.values(), ids=READERS)
back = pytest.mark.parametrize("name", ["graph.graphml", "graph.json"])


@readers
def test_other_readers_find_the_same_edges_between_awkward_names(reader, name, tmp_path):
    """Ports, keywords, quotes, backslashes, comments and markup in names are names: no two nodes become one."""
    graph = line_of(AWKWARD)
    write_graph(graph, tmp_path / name)
    assert reader(tmp_path / name) == named(graph)


@readers
def test_other_readers_find_the_graph_of_a_problem(reader, name, tmp_path):
    """The graph of a problem has the same edges and probabilities in every reader."""
    graph = Problem("1/2", 3, "3/4", "79/100").graph()
    write_graph(graph, tmp_path / name)
    assert reader(tmp_path / name) == named(graph)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8), min_size=1, unique=True))
def test_any_printable_names_come_back_from_files(tmp_path_factory, names):
    """Whatever can be printed names a node, also after a round trip through GraphML and JSON."""
    graph = line_of([f"{name}." for name in names])
    for suffix in (".graphml", ".json"):
        file = tmp_path_factory.mktemp("graphs") / f"graph{suffix}"
        write_graph(graph, file)
        assert named(read_graph(file)) == named(graph)


NUMBERS = {
    "whole numbers": [2, 3],
    "whole and other numbers": [2, 2.5],
    "fractions": [Fraction(1, 3), Fraction(22, 7)],
    "numpy integers": [np.int64(2), np.int32(3)],
    "float32": [np.float32(0.25), np.float32(1.5)],
    "sympy numbers": [sympy.Rational(1, 3), sympy.Integer(2)],
    "very large and whole": [10**30, 1],
}


@back
@pytest.mark.parametrize("times", NUMBERS.values(), ids=NUMBERS)
def test_numbers_of_all_kinds_come_back_as_numbers(name, times, tmp_path):
    """Fractions, numbers of numpy and of sympy are numbers in the file: the waiting time is twice each."""
    write_graph(line_of(["a", "b"], times=times), tmp_path / name)
    assert solve(read_graph(tmp_path / name)).waiting_time == pytest.approx(2 * float(sum(times)), rel=1e-15)


@pytest.mark.parametrize("times", NUMBERS.values(), ids=NUMBERS)
def test_igraph_reads_every_number_as_a_number(times, tmp_path):
    """Igraph refuses an attribute that is now an integer, now a float: each has one type."""
    igraph = pytest.importorskip("igraph")
    write_graph(line_of(["a", "b"], times=times), tmp_path / "graph.graphml")
    read = igraph.Graph.Read_GraphML(str(tmp_path / "graph.graphml"))
    found = [time for time in read.vs["time"] if not math.isnan(time)]
    assert found == pytest.approx([float(time) for time in times], rel=1e-15)


def test_a_time_that_is_a_decimal_is_a_number(tmp_path):
    """A ``Decimal`` means the same number as a float or a fraction, in a graph and in its file."""
    graph = line_of(["a"], times=[Decimal("0.1")])
    write_graph(graph, tmp_path / "graph.json")
    assert solve(graph).waiting_time == solve(read_graph(tmp_path / "graph.json")).waiting_time == 0.2


@pytest.mark.parametrize("suffix", [".graphml", ".dot", ".json"])
def test_attributes_of_every_kind_are_written(suffix, tmp_path):
    """Tables, sets, arrays, nothing, infinite numbers and objects as attributes break no format."""
    graph = line_of(["a", "b"], note={"most": 3, ("a", 1): [math.inf]}, seen={3, 1}, cap=math.inf, none=None)
    graph.nodes["a"].update(array=np.arange(3), far=math.inf, flag=np.bool_(1), where={"x": Fraction(1, 3)})
    graph.nodes["b"].update(array=np.zeros(1), far=1, flag=False, where=object, **{"graph": "a keyword", "a b": 1})
    write_graph(graph, tmp_path / f"graph{suffix}")
    reader = by_graphviz if suffix == ".dot" else by_networkx
    assert reader(tmp_path / f"graph{suffix}") == named(graph)


def test_igraph_reads_attributes_of_every_kind(tmp_path):
    """Igraph reads infinite numbers, truth values, and text that stands for a table."""
    igraph = pytest.importorskip("igraph")
    graph = line_of(["a", "b"], note={"most": 3})
    graph.nodes["a"].update(far=math.inf, flag=np.bool_(1), where={"x": 1})
    write_graph(graph, tmp_path / "graph.graphml")
    read = igraph.Graph.Read_GraphML(str(tmp_path / "graph.graphml"))
    first = read.vs.find(id="a")
    assert (first["far"], first["flag"], json.loads(first["where"])) == (math.inf, True, {"x": 1})
    assert json.loads(read["note"]) == {"most": 3}


def test_infinite_numbers_are_no_infinity_in_json(tmp_path):
    """JSON has no infinite numbers: they are text, whoever carries them, and strict readers read the file."""
    graph = line_of(["a", "b"], far=math.inf)
    graph.nodes["a"].update(far=-math.inf)
    graph.edges["action 0", "b"].update(far=math.nan)
    write_graph(graph, tmp_path / "graph.json")
    text = (tmp_path / "graph.json").read_text()
    data = json.loads(text, parse_constant=pytest.fail)
    assert (data["graph"]["far"], data["nodes"][1]["far"]) == ("inf", "-inf")
    assert solve(read_graph(tmp_path / "graph.json")).waiting_time == 4


def test_attributes_that_json_would_lose_are_refused():
    """Node-link JSON calls its own things id and source: an attribute of that name would be lost, so it is refused."""
    of_node, of_edge = line_of(["a"]), line_of(["a"])
    of_node.nodes["a"].update(id="mine")
    of_edge.edges["a", "action 0"].update(source="mine")
    for graph, name in ((of_node, "id"), (of_edge, "source")):
        with pytest.raises(ModelError, match=f"{name}.*rename"):
            node_link(graph)


@pytest.mark.parametrize(
    ("text", "name"), [("bell\a", "graph.graphml"), ("return\r", "graph.graphml"), ("end\\", "graph.dot")]
)
def test_text_that_a_format_cannot_hold_is_refused(text, name, tmp_path):
    """Characters that XML has no way to write, and a backslash before DOT's closing quote, are refused by name."""
    with pytest.raises(ModelError, match=r"write \.json") as caught:
        write_graph(line_of([text]), tmp_path / name)
    assert caught.value.value == text
    write_graph(line_of([text]), tmp_path / "graph.json")
    assert text in read_graph(tmp_path / "graph.json")


def test_names_with_backslashes_are_drawn_as_they_are(tmp_path):
    """Graphviz takes backslashes of a label for escapes, so that they are doubled there, and only there."""
    write_graph(line_of(["a\\nb"]), tmp_path / "graph.dot")
    (drawn,) = [node for node in graphviz(tmp_path / "graph.dot")["objects"] if node["name"] == "a\\nb"]
    assert drawn["label"] == "a\\\\nb"


def test_what_networkx_read_can_be_written_again(tmp_path):
    """A graph that ``networkx.read_graphml`` made, with its table of defaults, is written in every format."""
    problem = Problem("1/2", 2, "3/4", "79/100")
    write_graph(problem.graph(), tmp_path / "first.graphml")
    for name in ("second.graphml", "second.json", "second.dot"):
        write_graph(nx.read_graphml(tmp_path / "first.graphml"), tmp_path / name)
    found = [solve(read_graph(tmp_path / name)).waiting_time for name in ("second.graphml", "second.json")]
    assert found == [solve(problem.graph()).waiting_time] * 2


def test_what_igraph_wrote_can_be_read(tmp_path):
    """Igraph numbers the nodes and keeps their names as an attribute: they are the names again."""
    igraph = pytest.importorskip("igraph")
    problem = Problem("1/2", 2, "3/4", "79/100")
    write_graph(problem.graph(), tmp_path / "ours.graphml")
    igraph.Graph.Read_GraphML(str(tmp_path / "ours.graphml")).write_graphml(str(tmp_path / "theirs.graphml"))
    found = read_graph(tmp_path / "theirs.graphml")
    assert named(found).keys() == named(problem.graph()).keys()
    assert solve(found).waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-13)


@back
def test_rules_and_budgets_survive_a_file(name, tmp_path):
    """A graph read back is pruned by a rule and limited by its budget, as the problem is."""
    problem = Problem("1/2", 3, "3/4", "79/100").with_constraints(Budget("generation_attempts", 15))
    write_graph(problem.graph(), tmp_path / name)
    graph = read_graph(tmp_path / name)
    EqualLevelsOnly().prune(graph)
    wanted = solve(problem.with_constraints(EqualLevelsOnly()))
    assert solve(graph).waiting_time == pytest.approx(wanted.waiting_time, rel=1e-12)
    assert graph.graph["budgets"] == {"generation_attempts": {"most": 15.0}}


def test_defaults_of_a_graphml_file_are_values(tmp_path):
    """An attribute that a file gives by default belongs to every node that does not say otherwise."""
    write_graph(line_of(["a", "b"], times=[7, 3]), tmp_path / "graph.graphml")
    text = (tmp_path / "graph.graphml").read_text()
    (key,) = [line.strip() for line in text.splitlines() if 'attr.name="time"' in line]
    number = key.split('id="')[1].split('"')[0]
    changed = text.replace(key, key.removesuffix("/>").rstrip() + "><default>7</default></key>")
    changed = changed.replace(f'<data key="{number}">7</data>', "")
    assert changed.count(f'<data key="{number}">') == 1
    (tmp_path / "graph.graphml").write_text(changed)
    assert solve(read_graph(tmp_path / "graph.graphml")).waiting_time == 20


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_json_of_others_is_read(mark, tmp_path):
    """Lists as nodes and attributes, edges called links, numbers as names and a byte order mark are understood."""
    data = {
        "graph": {"start": [0, 0]},
        "nodes": [
            {"id": [0, 0], "kind": "state", "counts": [0, 0]},
            {"id": 1, "kind": "action", "time": 1.5},
            {"id": "end", "kind": "target"},
        ],
        "links": [{"source": [0, 0], "target": 1}, {"source": 1, "target": "end", "probability": 1}],
    }
    (tmp_path / "graph.json").write_text(mark + json.dumps(data), encoding="utf-8")
    graph = read_graph(tmp_path / "graph.json")
    assert graph.nodes[0, 0]["counts"] == (0, 0)
    assert solve(graph).waiting_time == 1.5


WRONG = {
    "no file": ("graph.json", None, "cannot be read"),
    "no folder": ("nowhere/graph.graphml", None, "cannot be read"),
    "another suffix": ("graph.gml", "graph []", r"\.graphml or \.json"),
    "DOT": ("graph.dot", "digraph {}", "text"),
    "no JSON": ("graph.json", "{", "no graph"),
    "no table": ("graph.json", "[1, 2]", "no graph"),
    "an empty table": ("graph.json", "{}", "nodes"),
    "no XML": ("graph.graphml", "digraph {}", "no graph"),
    "other XML": ("graph.graphml", "<svg/>", "no graph"),
    "an empty file": ("graph.graphml", "", "no graph"),
    "not UTF-8": ("graph.json", b"\xff\xfe\x00", "no graph"),
    "an undirected graph": (
        "graph.json",
        json.dumps({"directed": False, "graph": {}, "nodes": [{"id": 1}], "edges": []}),
        "directed",
    ),
    "a node twice": ("graph.json", json.dumps({"nodes": [{"id": 1}, {"id": 1}], "edges": []}), "twice: 1"),
    "an edge twice": (
        "graph.json",
        json.dumps({"nodes": [{"id": 1}, {"id": 2}], "edges": [{"source": 1, "target": 2}] * 2}),
        "twice",
    ),
}


@pytest.mark.parametrize(("name", "text", "named"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_has_one_clear_error(name, text, named, tmp_path):
    """What cannot be read, or is no graph, is one error that names the file and says what is wrong."""
    if text is not None:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelError, match=named) as caught:
        read_graph(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_parallel_edges_of_a_graphml_file_are_refused(tmp_path):
    """Two edges between the same nodes are two probabilities of one outcome, and no state graph."""
    write_graph(line_of(["a"]), tmp_path / "graph.graphml")
    text = (tmp_path / "graph.graphml").read_text()
    edge = '<edge source="a" target="action 0"/>'
    assert edge in text.replace(" />", "/>")
    (tmp_path / "graph.graphml").write_text(text.replace(" />", "/>").replace(edge, 2 * edge))
    with pytest.raises(ModelError, match="parallel"):
        read_graph(tmp_path / "graph.graphml")


@pytest.mark.parametrize("graph", [nx.Graph(), nx.MultiDiGraph(), {"nodes": []}, None])
def test_what_is_no_directed_graph_is_not_written(graph, tmp_path):
    """Only a plain directed graph is written; anything else is refused before a file is opened."""
    with pytest.raises(ModelError, match="DiGraph"):
        write_graph(graph, tmp_path / "graph.json")
    assert not list(tmp_path.iterdir())
