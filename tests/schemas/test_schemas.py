"""The schemas themselves, and the documents that no command prints."""

import json
from fractions import Fraction
from pathlib import Path

import networkx as nx
import pytest
from cases import SMALL, solved
from jsonschema import Draft202012Validator, ValidationError

from lpdistill import (
    ModelError,
    compare,
    deadline,
    deadline_frontier,
    differences,
    distribution,
    force,
    frontier,
    history,
    increments,
    least_time_within,
    regret_curve,
    sensitivity,
    solve,
    throughput,
    validity,
    variability,
)
from lpdistill.schemas import SCHEMAS, schema, write_schemas

DOCS = Path(__file__).parents[2] / "docs" / "schemas"
PROBLEM = SMALL["three memories, three levels"]


def walk(**budgets: float) -> nx.DiGraph:
    """Three states, one of them a set and one a fraction."""
    middle, last = frozenset({1, 2}), Fraction(1, 3)
    graph = nx.DiGraph(start="idle", budgets=budgets)
    graph.add_nodes_from(["idle", middle, last], kind="state")
    graph.add_node("end", kind="target")
    for state, name, time, fuel, leads in (
        ("idle", "slow", 3, 1, {middle: 0.5, "idle": 0.5}),
        ("idle", "quick", 1, 4, {middle: 0.5, last: 0.5}),
        (middle, ("go", 1), 2, 1, {"end": 0.5, "idle": 0.5}),
        (last, "on", 1, 0, {"end": 1.0}),
    ):
        graph.add_node(name, kind="action", time=time, fuel=fuel)
        graph.add_edge(state, name)
        graph.add_edges_from((name, after, {"probability": chance}) for after, chance in leads.items())
    return graph


def differ():
    """Two policies of one problem."""
    return differences(solved(PROBLEM).policy, compare(PROBLEM).policies["pumping"].policy)


ABOUT_PROBLEMS = {
    "differences": differ,
    "sensitivity": lambda: sensitivity(solved(PROBLEM)),
    "validity": lambda: validity(solved(PROBLEM)),
    "increments": lambda: increments(solved(PROBLEM)),
    "regret-curve": lambda: regret_curve(solved(PROBLEM), points=3),
    "intervention": lambda: force(solved(PROBLEM), (2, 0, 0), next(iter(solved(PROBLEM).regrets[2, 0, 0]))),
    "history": lambda: history(solved(PROBLEM).policy, seed=1),
    "comparison": lambda: compare(PROBLEM),
    "throughput": lambda: throughput(PROBLEM),
    "waiting-time": lambda: distribution(solved(PROBLEM).policy, until=4),
}
ABOUT_GRAPHS = {
    "solution": lambda: solve(walk(fuel=7)),
    "explanation": lambda: solve(walk(fuel=7)).explain(frozenset({1, 2})),
    "waiting-time": lambda: distribution(solve(walk()).policy),
    "frontier": lambda: frontier(walk(), "fuel"),
    "deadline": lambda: deadline(walk(), 6),
    "deadline-frontier": lambda: deadline_frontier(walk(), 6),
    "service-level": lambda: least_time_within(walk(fuel=9), 12, 0.6),
    "variability": lambda: variability(solve(walk(fuel=7)), 0.1),
}


def read(found) -> dict:
    """The document of a result, as it is written."""
    return json.loads(found.to_json(), parse_constant=pytest.fail)


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name):
    """Every schema is one of draft 2020-12, and named as the documents name it."""
    found = schema(name)
    Draft202012Validator.check_schema(found)
    assert found["title"] == name


@pytest.mark.parametrize("kind", ABOUT_PROBLEMS)
def test_documents_about_problems_follow_their_schemas(kind):
    """What has a document of its own writes one of its schema."""
    document = read(ABOUT_PROBLEMS[kind]())
    assert document["schema"] == f"lpdistill.{kind}/1"
    assert document["problem"] == PROBLEM.to_dict()
    Draft202012Validator(schema(document["schema"])).validate(document)


@pytest.mark.parametrize("kind", ABOUT_GRAPHS)
def test_documents_about_graphs_follow_their_schemas(kind):
    """A document about a state graph has nodes in the place of counts and actions, and says how large the graph is."""
    document = read(ABOUT_GRAPHS[kind]())
    assert document["schema"] == f"lpdistill.{kind}/1"
    assert document["problem"]["graph"] == {"states": 3, "actions": 4, "start": "idle"}
    Draft202012Validator(schema(document["schema"])).validate(document)


@pytest.mark.parametrize("change", [{"surprise": 1}, {"waiting_time": "8"}, {"status": "probable"}, {"problem": {}}])
def test_what_a_schema_does_not_know_is_refused(change):
    """A schema is complete: unknown names, text in the place of numbers and half a problem do not follow it."""
    document = read(solved(PROBLEM)) | change
    with pytest.raises(ValidationError):
        Draft202012Validator(schema("lpdistill.solution/1")).validate(document)


def test_the_documentation_has_the_schemas(tmp_path):
    """The files in the documentation are the schemas (``python -m lpdistill.schemas docs/schemas`` writes them)."""
    write_schemas(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_text() for path in DOCS.iterdir()}


def test_an_unknown_schema_is_named():
    """There is no schema of a name that no document states."""
    with pytest.raises(ModelError, match=r"must be one of lpdistill.solution/1.*found 'solution'"):
        schema("solution")


def test_a_schema_is_a_copy():
    """Changing a schema that was asked for changes no other."""
    schema("lpdistill.solution/1").clear()
    assert schema("lpdistill.solution/1")
