"""``lpdistill graph``: state graphs in files that others read, as a document and as a picture."""

from __future__ import annotations

import json

import networkx as nx
import pytest

from lpdistill import Budget, MaxDistillations, Problem, solve

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


@pytest.fixture
def written(run, tmp_path):
    """Write the state graph of two memories, within a budget, and give the path of the file."""

    def file(suffix: str) -> str:
        path = str(tmp_path / f"graph{suffix}")
        assert run(*GRAPH, "--budget", "generation_attempts=11", "-o", path).code == 0
        return path

    return file


files = pytest.mark.parametrize("suffix", [".graphml", ".json"])


@files
def test_a_graph_is_solved_from_its_file(run, written, suffix):
    """``solve`` reads what ``graph`` wrote, with its budget, and finds the waiting time of the problem."""
    limited = TWO.with_constraints(Budget("generation_attempts", 11))
    found = run("solve", written(suffix), "--json").document
    assert found["waiting_time"] == pytest.approx(solve(limited).waiting_time, rel=1e-12)
    assert found["budgets"]["generation_attempts"]["used"] == pytest.approx(
        solve(limited).budgets["generation_attempts"].used
    )


@files
def test_budgets_of_options_win_over_those_of_a_graph(run, written, suffix):
    """An option replaces a budget of the graph, takes it back, or takes all back."""
    tight = solve(TWO.with_constraints(Budget("steps", 11))).waiting_time
    for options, time in {
        ("--budget", "generation_attempts=none", "--budget", "steps=11"): tight,
        ("--no-budgets", "--budget", "steps=11"): tight,
        ("--no-budgets",): solve(TWO).waiting_time,
    }.items():
        found = run("solve", written(suffix), *options, "--json").document
        assert found["waiting_time"] == pytest.approx(time, rel=1e-12)


@files
def test_rules_prune_a_graph(run, tmp_path, suffix):
    """A rule among the options removes the actions that it forbids from the graph of a file."""
    four = ("--p", ".5", "--memories", "4", "--f0", ".75", "--target", ".79")
    path = str(tmp_path / f"four{suffix}")
    run("graph", *four, "-o", path)
    found = run("solve", path, "--max-distillations", "1", "--json").document
    crosstalk = Problem("1/2", 4, "3/4", "79/100").with_constraints(MaxDistillations(1))
    assert found["waiting_time"] == pytest.approx(solve(crosstalk).waiting_time, rel=1e-12)


@pytest.mark.parametrize(
    "arguments",
    [
        ("frontier", "--resource", "generation_attempts"),
        ("variability",),
        ("deadline", "--window", "10"),
        ("graph",),
        ("solve", "--all"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_that_take_graphs_say_which(run, written, arguments):
    """Commands for any decision process take the file of a graph, and tell a person how large it is."""
    command, *options = arguments
    ran = run(command, written(".json"), "--no-budgets", *options)
    assert ran.code == 0
    assert "6 states" in ran.words
    assert "13 actions" in ran.words


REFUSED = {
    "a parameter": (("solve", "--p", ".5"), "--p: describes a problem"),
    "discarding": (("solve", "--no-discarding"), "--discarding: describes a problem"),
    "a budget that is not there": (("solve", "--budget", "steps=none"), "no budget of steps"),
    "an unknown resource": (("solve", "--budget", "energy=3"), "'energy'"),
    "an unknown rule argument": (("solve", "--banded", "x"), "banded:"),
    "a command about hardware": (("compare",), "takes no state graph"),
    "levels": (("levels",), "takes no state graph"),
    "a picture": (("solve", "--plot", "policy.png"), "no memories to draw"),
    "derivatives": (("solve", "--sensitivity"), "a state graph has no parameters"),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_what_a_graph_has_not_is_one_message(run, written, refused):
    """What makes no sense for a graph is refused in one message."""
    (command, *options), words = refused
    ran = run(command, written(".graphml"), *options)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert words in ran.err


def test_a_file_that_holds_no_graph_is_refused(run, problem_file):
    """A JSON file of something else, and a DOT file, are refused with what would be read."""
    for name, word in {"other.json": "'nodes' is missing", "graph.dot": "give .graphml or .json"}.items():
        ran = run("solve", problem_file("{}", name))
        assert (ran.code, ran.out) == (2, "")
        assert word in ran.err


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
