"""``lpdistill graph``: state graphs in files that others read, as a document and as a picture."""

from __future__ import annotations

import json

import networkx as nx
import pytest

from lpdistill import MaxDistillations, Problem

TWO = Problem("1/2", 2, "3/4", "79/100")
GRAPH = ("graph", "--p", ".5", "--memories", "2", "--f0", ".75", "--target", ".79")


def sizes(graph):
    """Numbers of nodes and edges."""
    return graph.number_of_nodes(), graph.number_of_edges()


def test_graphml_is_read_by_networkx(run, tmp_path):
    """The GraphML file has, read by networkx, the nodes and edges of the graph."""
    assert run(*GRAPH, "-o", str(tmp_path / "graph.graphml")).code == 0
    assert sizes(nx.read_graphml(tmp_path / "graph.graphml")) == sizes(TWO.graph())


def test_node_link_json_is_read_by_networkx(run, tmp_path):
    """So has the node-link JSON file."""
    assert run(*GRAPH, "-o", str(tmp_path / "graph.json")).code == 0
    data = json.loads((tmp_path / "graph.json").read_text())
    assert sizes(nx.node_link_graph(data)) == sizes(TWO.graph())


@pytest.mark.filterwarnings("ignore:warn_ungrouped_named_tokens", "ignore:.* deprecated - use:DeprecationWarning")
def test_dot_is_parsed_by_pydot(run, tmp_path):
    """So has the DOT file, parsed by pydot."""
    pydot = pytest.importorskip("pydot")
    assert run(*GRAPH, "-o", str(tmp_path / "graph.dot")).code == 0
    (found,) = pydot.graph_from_dot_file(str(tmp_path / "graph.dot"))
    assert (len(found.get_nodes()), len(found.get_edges())) == sizes(TWO.graph())


def test_json_on_standard_output_is_node_link_data(run):
    """``--json`` prints the same data as the file, and nothing else."""
    ran = run(*GRAPH, "--json")
    assert sizes(nx.node_link_graph(ran.document)) == sizes(TWO.graph())
    assert ran.err == ""


def test_json_may_come_with_a_file(run, tmp_path):
    """With a file too, standard output is the document alone: what the file holds, and of which problem it is."""
    ran = run(*GRAPH, "--json", "-o", str(tmp_path / "graph.json"))
    written = json.loads((tmp_path / "graph.json").read_text())
    head = {"schema": "lpdistill.graph/1", "problem": Problem("1/2", 2, "3/4", "79/100").to_dict()}
    assert ran.document == head | written


def test_rules_shape_the_graph(run):
    """A rule given as an option removes the actions that it forbids."""
    four = Problem("1/2", 4, "3/4", "79/100").with_constraints(MaxDistillations(1))
    ran = run("graph", "--p", ".5", "-M", "4", "--f0", ".75", "--target", ".79", "--max-distillations", "1", "--json")
    assert sizes(nx.node_link_graph(ran.document)) == sizes(four.graph())


def test_the_summary_counts(run, tmp_path):
    """Without ``--json`` one line counts states, actions and edges, and says where the file is."""
    ran = run(*GRAPH, "-o", str(tmp_path / "graph.dot"))
    kinds = [kind for _, kind in TWO.graph().nodes(data="kind")]
    assert f"{kinds.count('state')} states, {kinds.count('action')} actions" in ran.words
    assert f"{TWO.graph().number_of_edges()} edges" in ran.words
    assert "graph.dot" in ran.out.replace("\n", "")


def test_plot_writes_a_picture(run, tmp_path):
    """``--plot`` draws a small graph into a file."""
    pytest.importorskip("matplotlib")
    assert run(*GRAPH, "--plot", str(tmp_path / "graph.png")).code == 0
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


WRONG = {
    "unknown suffix": (("-o", "graph.xml"), 2, "graph.xml"),
    "missing folder": (("-o", "nowhere/graph.dot"), 2, "nowhere"),
    "unknown picture": (("--plot", "graph.xyz"), 2, "graph.xyz"),
    "too large to draw": (("--memories", "6", "--plot", "graph.png"), 4, "nodes"),
    "too large": (("--memories", "300", "--f0", ".9", "--target", ".94"), 4, "memories"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_message(run, tmp_path, monkeypatch, wrong):
    """Whatever is wrong, it is one message with its exit code, and nothing is written."""
    options, code, word = wrong
    monkeypatch.chdir(tmp_path)
    ran = run(*GRAPH, *options)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert word in ran.err
    assert not list(tmp_path.iterdir())
