"""State graphs as DRN and PRISM files: the decision process of a problem's graph is that of the problem."""

from __future__ import annotations

import re
from fractions import Fraction

import networkx as nx
import pytest
from cases import SMALL

from lpdistill import MaxDistillations, ModelError, Problem
from lpdistill.export.models import write_drn, write_prism

PROBLEMS = {
    **SMALL,
    "discarding": Problem("1/2", 3, "3/4", "79/100", discarding=True),
    "one distillation at a time": Problem("7/10", 4, "9/10", "94/100").with_constraints(MaxDistillations(1)),
}


def drn(graph, tmp_path):
    """The choices of a DRN file, state by state: names, amounts by reward, and probabilities of next states."""
    write_drn(graph, tmp_path / "model.drn")
    head, body = (tmp_path / "model.drn").read_text().split("@model\n")
    rewards = re.search(r"@reward_models\n(.*)", head)[1].split()
    found: dict[int, list] = {}
    for line in body.splitlines():
        kind, *words = line.split()
        if kind == "state":
            choices = found[int(words[0])] = []
        elif kind == "action":
            amounts = [Fraction(amount) for amount in re.search(r"\[(.*)\]", line)[1].split(",")]
            choices.append((words[0], dict(zip(rewards, amounts, strict=True)), {}))
        else:
            choices[-1][2][int(kind)] = Fraction(words[1])
    assert head.count(f"@nr_choices\n{sum(map(len, found.values()))}\n") == 1
    return found


def by_name(choices):
    """Choices of a state by their name, numbers as floats."""
    found = {
        name: {**{of: float(amount) for of, amount in used.items()}, **{to: float(p) for to, p in moves.items()}}
        for name, used, moves in choices
    }
    assert len(found) == len(choices)
    return found


def walk(**attributes):
    """Two states, one of them without actions, and names of all kinds."""
    graph = nx.DiGraph(start="a b")
    graph.add_nodes_from(["trap", "a b"], kind="state")
    graph.add_node(3, kind="target")
    graph.add_node(("go", 1), kind="action", time=Fraction(1, 3), **{"fuel J": -0.1, "fuel-J": 2, "time ": 1})
    graph.add_node("2nd: é", kind="action", time=0.5, **{"fuel J": 0, "fuel-J": 1, "time ": 1})
    graph.add_edges_from([("a b", ("go", 1)), ("a b", "2nd: é")])
    for action, after, chance in (
        (("go", 1), 3, 0.1),
        (("go", 1), "trap", Fraction(1, 5)),
        (("go", 1), "a b", 0.7),
        ("2nd: é", 3, 1 / 3),
        ("2nd: é", "a b", 2 / 3),
    ):
        graph.add_edge(action, after, probability=chance)
    graph.graph.update(attributes)
    return graph


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_the_drn_file_of_a_graph_is_that_of_its_problem(problem, tmp_path):
    """States and actions are the same, and so are amounts and probabilities, to the rounding of the graph's floats."""
    one, other = drn(problem, tmp_path), drn(problem.graph(), tmp_path)
    assert one.keys() == other.keys()
    for state in one:
        mine, graphs = by_name(one[state]), by_name(other[state])
        assert mine.keys() == graphs.keys()
        for name, numbers in mine.items():
            assert graphs[name] == pytest.approx(numbers, rel=1e-13, abs=0)
        assert all(sum(moves.values()) == 1 for _, _, moves in other[state])


def test_a_graph_of_ones_own_has_exact_numbers_and_names_that_are_words(tmp_path):
    """Probabilities sum to 1 exactly, names are words, and a state without actions stays where it is."""
    found = drn(walk(), tmp_path)
    (go, used, moves), (second, _, others) = found[0]
    assert (go, second) == ("_go_1_", "_2nd_")
    assert used == {"time": Fraction(1, 3), "fuel_J": Fraction(-1, 10), "fuel_J_2": 2, "time_": 1}
    assert moves == {2: Fraction(1, 10), 1: Fraction(1, 5), 0: Fraction(7, 10)}
    assert others == {0: Fraction(2, 3), 2: Fraction(1, 3)}
    assert found[1] == [("nothing", dict.fromkeys(used, 0), {1: 1})]


def test_probabilities_that_were_rounded_sum_to_1(tmp_path):
    """Where fractions that round to the given numbers do not sum to 1, they are divided by their sum."""
    graph = walk()
    graph.edges["2nd: é", 3]["probability"] = 0.3333333333
    _, (_, _, moves) = drn(graph, tmp_path)[0]
    assert sum(moves.values()) == 1
    assert float(moves[2]) == pytest.approx(1 / 3, abs=1e-9)


@pytest.mark.parametrize("graph", [walk, PROBLEMS["discarding"].graph], ids=["own", "problem"])
def test_the_prism_files_of_a_graph_hold_the_same_process(graph, tmp_path):
    """PRISM's explicit files have the transitions and the durations of the DRN file, as doubles."""
    wanted = drn(graph(), tmp_path)
    files = {file.suffix: file for file in write_prism(graph(), tmp_path / "model.tra")}
    moves, times = {}, {}
    for line in files[".tra"].read_text().splitlines()[1:]:
        state, choice, after, chance, *_ = line.split()
        moves[int(state), int(choice), int(after)] = float(chance)
    for line in files[".trew"].read_text().splitlines()[1:]:
        state, choice, _, time = line.split()
        times[int(state), int(choice)] = float(time)
    for state, choices in wanted.items():
        for choice, (_, used, outcomes) in enumerate(choices):
            assert times.get((state, choice), 0.0) == float(used["time"])
            for after, chance in outcomes.items():
                assert moves.pop((state, choice, after)) == float(chance)
    assert not moves


def test_what_is_no_state_graph_is_refused(tmp_path):
    """A graph with a mistake is refused with the node at fault, and nothing is written."""
    graph = walk()
    graph.nodes["2nd: é"]["time"] = "long"
    with pytest.raises(ModelError, match="2nd"):
        write_drn(graph, tmp_path / "model.drn")
    with pytest.raises(ModelError):
        write_prism("graph", tmp_path / "model.tra")
    assert not list(tmp_path.iterdir())
