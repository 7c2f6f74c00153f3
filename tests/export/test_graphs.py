"""State graphs as files: read by other people's readers, and solved again."""

from __future__ import annotations

import itertools
import json
import sys
import tomllib
from pathlib import Path

import networkx as nx
import pytest
from cases import SMALL, solved

from lpdistill import Budget, LimitError, MaxDistillations, ModelError, Problem, solve
from lpdistill.export.graphs import draw, name_of, node_link, portable, write_graph

THREE = Problem("1/2", 3, "3/4", "79/100")
PROBLEMS = {
    "three memories": THREE,
    "three levels": SMALL["four memories, three levels"],
    "discarding": THREE.replace(discarding=True),
    "one distillation at a time": THREE.replace(memories=4).with_constraints(MaxDistillations(1)),
    "last step free": SMALL["last step free"],
    "raw pairs meet the target": Problem("1/3", 2, "3/4", "3/4"),
}
some = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
every_format = pytest.mark.parametrize("suffix", [".graphml", ".dot", ".json"])


def with_pydot(test):
    """Make no error of pydot's parser, which warns about pyparsing when it is first imported."""
    for message in ("ignore:warn_ungrouped_named_tokens", "ignore:.* deprecated - use:DeprecationWarning"):
        test = pytest.mark.filterwarnings(message)(test)
    return test


def parsed_dot(file):
    """A DOT file as pydot parses it: a graph whose attributes are text."""
    pydot = pytest.importorskip("pydot")
    (read,) = pydot.graph_from_dot_file(str(file))
    found = nx.DiGraph()
    for node in read.get_nodes():
        found.add_node(node.get_name().strip('"'), **unquoted(node.get_attributes()))
    for edge in read.get_edges():
        ends = edge.get_source().strip('"'), edge.get_destination().strip('"')
        found.add_edge(*ends, **unquoted(edge.get_attributes()))
    return found


def unquoted(attributes):
    return {name: value.strip('"') for name, value in attributes.items()}


def read(file):
    """A graph from its file, by the reader of its format."""
    if file.suffix == ".dot":
        return parsed_dot(file)
    if file.suffix == ".json":
        return nx.node_link_graph(json.loads(file.read_text()))
    return nx.read_graphml(file)


def kinds(graph):
    """Numbers of states, actions, targets and edges."""
    of = [kind for _, kind in graph.nodes(data="kind")]
    return of.count("state"), of.count("action"), of.count("target"), graph.number_of_edges()


@some
@every_format
@with_pydot
def test_files_hold_every_node_and_edge(problem, suffix, tmp_path):
    """Read by networkx or pydot, a file has the states, actions, target and edges of the graph."""
    write_graph(problem.graph(), tmp_path / f"graph{suffix}")
    assert kinds(read(tmp_path / f"graph{suffix}")) == kinds(problem.graph())


@some
@pytest.mark.parametrize("suffix", [".graphml", ".json"])
def test_files_are_solved_to_the_same_waiting_time(problem, suffix, tmp_path):
    """A graph read back is a state graph with the waiting time of the problem, the free last step included."""
    write_graph(problem.graph(), tmp_path / f"graph{suffix}")
    found = solve(read(tmp_path / f"graph{suffix}")).waiting_time
    assert found == pytest.approx(solved(problem).waiting_time, rel=1e-12)


@with_pydot
def test_dot_keeps_probabilities_and_times(tmp_path):
    """Numbers in a DOT file are, to the last digit, those of the graph."""
    graph = THREE.graph()
    write_graph(graph, tmp_path / "graph.dot")
    found = read(tmp_path / "graph.dot")
    for node, time in graph.nodes(data="time"):
        assert found.nodes[name_of(node)].get("time") == (None if time is None else repr(time))
    for a, b, chance in graph.edges(data="probability"):
        assert found.edges[name_of(a), name_of(b)].get("probability") == (None if chance is None else repr(chance))


def test_node_link_data_are_json_and_read_by_networkx():
    """Node-link data survive JSON, and networkx makes the same graph of text and numbers from them."""
    data = json.loads(json.dumps(node_link(THREE.graph()), allow_nan=False))
    assert nx.utils.graphs_equal(nx.node_link_graph(data), portable(THREE.graph()))


def test_a_portable_graph_consists_of_text_and_numbers():
    """Nodes are text, attributes text or numbers, and the graph keeps its start."""
    graph = portable(THREE.graph())
    assert all(isinstance(node, str) for node in graph)
    values = [v for _, data in graph.nodes(data=True) for v in data.values()]
    values += [v for *_, data in graph.edges(data=True) for v in data.values()]
    assert all(isinstance(value, str | int | float) for value in values)
    assert graph.nodes[graph.graph["start"]]["empty"] == 3


def test_names_say_what_nodes_are():
    """A configuration reads as its counts, and an action as its configuration and what it does there."""
    graph = THREE.graph()
    names = {name_of(node) for node in graph}
    assert {"0,0", "2,1", "target", "2,0 d0_0_g1"} <= names
    assert len(names) == len(graph)


def test_a_portable_graph_leaves_the_graph_alone():
    """Making a graph portable changes nothing in it."""
    graph = THREE.graph()
    portable(graph)
    assert nx.utils.graphs_equal(graph, THREE.graph())


def test_nodes_that_read_the_same_are_refused():
    """Two nodes with one text would become one: an error, not a smaller graph."""
    graph = THREE.graph()
    graph.add_node("0,0", kind="action", time=1.0)
    with pytest.raises(ModelError, match="read the same"):
        portable(graph)


def test_a_graph_of_the_users_is_written(tmp_path):
    """A graph that somebody else built, with nodes of all sorts, is written, read and solved again."""
    graph = nx.DiGraph(start=("a", 1))
    graph.add_node(("a", 1), kind="state")
    graph.add_node(("the", "end"), kind="target")
    for node, time, chance in ((frozenset({1}), 2.0, 0.5), (2.5, 1.5, 0.2)):
        graph.add_node(node, kind="action", time=time)
        graph.add_edge(("a", 1), node)
        graph.add_edge(node, ("the", "end"), probability=chance)
        graph.add_edge(node, ("a", 1), probability=1 - chance)
    write_graph(graph, tmp_path / "graph.graphml")
    assert solve(read(tmp_path / "graph.graphml")).waiting_time == pytest.approx(4, rel=1e-14)


@every_format
def test_files_need_nothing_that_is_not_installed_with_the_package(suffix, tmp_path, monkeypatch):
    """Every format is written with the declared requirements alone."""
    project = Path(__file__).parents[2] / "pyproject.toml"
    declared = " ".join(tomllib.loads(project.read_text())["project"]["dependencies"])
    for package in ("pydot", "lxml", "pygraphviz"):
        if package not in declared:
            monkeypatch.setitem(sys.modules, package, None)
    write_graph(THREE.graph(), tmp_path / f"graph{suffix}")
    assert (tmp_path / f"graph{suffix}").stat().st_size > 0


@pytest.mark.parametrize("name", ["graph.xml", "graph", "graph.DOT.txt"])
def test_another_suffix_is_refused(name, tmp_path):
    """A suffix that names no format is one error that lists those that do, and nothing is written."""
    with pytest.raises(ModelError, match=r"\.graphml, \.dot, \.json") as caught:
        write_graph(THREE.graph(), tmp_path / name)
    assert caught.value.value == str(tmp_path / name)
    assert not list(tmp_path.iterdir())


@every_format
def test_a_missing_folder_is_named(suffix, tmp_path):
    """A path in no folder is one error with the path."""
    with pytest.raises(ModelError, match="cannot be written") as caught:
        write_graph(THREE.graph(), tmp_path / "nowhere" / f"graph{suffix}")
    assert caught.value.value == str(tmp_path / "nowhere" / f"graph{suffix}")


def test_a_picture_names_every_configuration():
    """A drawing of a small graph has the contents of the memories, in fidelities, of every state, and the target."""
    pytest.importorskip("matplotlib")
    words = {text.get_text() for text in draw(Problem("1/2", 2, "3/4", "79/100").graph()).texts}
    states = {"empty", "1 x 0.750", "2 x 0.750", "1 x 0.788", "2 x 0.788", "1 x 0.750 + 1 x 0.788"}
    assert {*states, "target"} <= {" ".join(word.split()) for word in words}


def test_a_picture_is_drawn_on_the_axes_given():
    """A drawing goes onto the axes of the caller, and they are returned."""
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.add_subplot()
    assert draw(Problem("1/2", 2, "3/4", "31/40").graph(), axes) is axes
    assert axes.texts


def walk(states: int) -> nx.DiGraph:
    """A walk from state to state that ends at the last: a graph of many nodes in which few lines cross."""
    graph = nx.DiGraph(start="s0")
    for place in range(states):
        graph.add_node(f"s{place}", kind="state")
        graph.add_node(f"a{place}", kind="action", time=1)
        graph.add_edge(f"s{place}", f"a{place}")
        graph.add_edge(f"a{place}", f"s{place + 1}" if place + 1 < states else "end", probability=1)
    graph.add_node("end", kind="target")
    return graph


def test_many_nodes_without_a_tangle_are_drawn():
    """What cannot be read is a tangle: a walk of 71 nodes is drawn, with a line to every next state."""
    pytest.importorskip("matplotlib")
    axes = draw(walk(35))
    assert sum(text.get_text() == "1" for text in axes.texts) == 35


def test_a_tangle_is_refused_with_its_crossings():
    """A graph of few nodes whose lines cross too often is refused with how often they do."""
    with pytest.raises(LimitError, match=r"53 lines that cross \d+ times") as caught:
        draw(THREE.graph())
    assert caught.value.size["nodes"] == 33
    assert caught.value.size["crossings"] > 130


def test_nodes_stand_in_an_order_with_few_crossings():
    """Far fewer lines cross than if the next states stood in the order of the graph (39 times)."""
    pytest.importorskip("matplotlib")
    axes = draw(Problem("1/2", 2, "3/4", "79/100").graph())
    arrows = [(text.xyann, text.xy) for text in axes.texts if getattr(text, "arrow_patch", None)]
    assert len(arrows) == 15
    pairs = itertools.combinations(arrows, 2)
    assert sum((a[1] - c[1]) * (b[1] - d[1]) < 0 for (a, b), (c, d) in pairs) <= 6


def test_no_probability_stands_on_another():
    """Every probability has a place of its own, at the end of the lines that lead to it."""
    pytest.importorskip("matplotlib")
    axes = draw(Problem("1/2", 2, "3/4", "79/100").graph())
    heights = sorted(text.xyann[1] for text in axes.texts if getattr(text, "arrow_patch", None))
    assert min(b - a for a, b in itertools.pairwise(heights)) > 0.2


def test_a_picture_without_graphviz_says_what_to_install(monkeypatch):
    """Where Graphviz is not installed, the message says how to have it."""
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(ModelError, match=r"needs Graphviz; install lpdistill\[plot\]"):
        draw(Problem("1/2", 2, "3/4", "79/100").graph())


def test_a_graph_too_large_to_draw_is_refused_with_its_size():
    """A graph of which no picture could be read is refused with the number of its nodes."""
    with pytest.raises(LimitError) as caught:
        draw(Problem("1/2", 6, "3/4", "79/100").graph())
    assert max(caught.value.size.values()) > 60


def test_budgets_go_into_the_file(tmp_path):
    """The budgets of a graph are in its file, as JSON text where the format knows no tables."""
    graph = THREE.with_constraints(Budget("generation_attempts", 11)).graph()
    write_graph(graph, tmp_path / "graph.graphml")
    assert json.loads(read(tmp_path / "graph.graphml").graph["budgets"]) == {"generation_attempts": {"most": 11.0}}


@pytest.mark.parametrize("suffix", [".graphml", ".json"])
def test_files_with_budgets_are_solved_within_them(suffix, tmp_path):
    """A graph with a budget, read back, is solved within that budget."""
    problem = THREE.with_constraints(Budget("generation_attempts", 11))
    write_graph(problem.graph(), tmp_path / f"graph{suffix}")
    found = solve(read(tmp_path / f"graph{suffix}")).waiting_time
    assert found == pytest.approx(solved(problem).waiting_time, rel=1e-12)
