"""What all JSON documents have in common."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

from lpdistill import Action, Budget, Problem, solve
from lpdistill.process.names import action_as_json, node_as_json
from lpdistill.solution.document import finite, headed, question_as_json, rational

PROBLEM = Problem(0.5, 2, "3/4", "79/100")


def walk() -> nx.DiGraph:
    """One state with one action, limited by a budget."""
    graph = nx.DiGraph(start=Fraction(1, 3), budgets={"fuel": 9})
    graph.add_node(Fraction(1, 3), kind="state")
    graph.add_node("go", kind="action", time=1, fuel=2)
    graph.add_node("end", kind="target")
    graph.add_edge(Fraction(1, 3), "go")
    graph.add_edge("go", "end", probability=0.5)
    graph.add_edge("go", Fraction(1, 3), probability=0.5)
    return graph


def test_a_document_names_schema_and_problem():
    """A document begins with its schema and the exact problem."""
    assert headed("frontier", PROBLEM) == {"schema": "lpdistill.frontier/1", "problem": PROBLEM.to_dict()}


def test_the_process_of_a_problem_speaks_for_it():
    """What a solution was computed from says which problem that was."""
    limited = PROBLEM.with_constraints(Budget("steps", 20))
    assert question_as_json(solve(limited).process) == limited.to_dict()


def test_a_graph_is_described_by_its_size_start_and_budgets():
    """Of a state graph a document says how large it is, where it starts, and what limits it."""
    told = {"graph": {"states": 1, "actions": 1, "start": "1/3"}, "budgets": {"fuel": {"most": "9"}}}
    assert question_as_json(walk()) == question_as_json(solve(walk()).process) == told


@pytest.mark.parametrize(
    ("node", "written"),
    [
        ((2, 1), [2, 1]),
        ("idle", "idle"),
        (None, None),
        (True, True),
        (np.int64(3), 3),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        (float("inf"), "inf"),
        (Fraction(1, 3), "1/3"),
        (frozenset({3, 1}), [1, 3]),
        (((0, 1), "a"), [[0, 1], "a"]),
        (Action(((0, 0),), 1), {"generate": 1, "distil": [[0, 0]]}),
        (1j, "1j"),
    ],
)
def test_nodes_are_the_data_most_like_them(node, written):
    """A node of a state graph is written as JSON data, as much itself as JSON allows."""
    assert node_as_json(node) == written


def test_an_action_says_what_it_discards_only_if_it_does():
    """Most problems have no discarding, and their documents do not speak of it."""
    assert action_as_json(Action(discard=(0,))) == {"generate": 0, "distil": [], "discard": [0]}
    assert "discard" not in action_as_json(Action(generate=1))


def test_numbers_are_those_of_json():
    """Infinite and unknown numbers are null; whole rational numbers are whole."""
    assert [finite(x) for x in (np.inf, -np.inf, np.nan, None, 2.5)] == [None] * 4 + [2.5]
    assert (rational(Fraction(9)), rational(Fraction(1, 4))) == (9, 0.25)
