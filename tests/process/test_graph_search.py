"""Searches of the graph of columns, on graphs that can be read."""

from __future__ import annotations

import numpy as np
from graph_cases import GOAL, drawn

from lpdistill.process.graph.state_graph import process_of

GRAPH = drawn(
    {
        "start": {"rarely": (1, {GOAL: 0.01, "a": 0.99}), "on": (0, {"a": 1})},
        "a": {"round": (0, {"b": 1}), "out": (2, {"c": 1})},
        "b": {"round": (0, {"a": 0.5, "b": 0.5}), "astray": (0, {"trap": 1})},
        "c": {"last": (1, {GOAL: 1})},
        "trap": {"stay": (0, {"trap": 1})},
    },
    "start",
)


def test_end_components_are_where_one_can_stay():
    """The two states between which one goes round are a component; what may leave it is none of its columns."""
    process = process_of(GRAPH)
    component, inner = process.choose(np.arange(process.column_count)).edges.end_components(process.column_count)
    together = {process.names.key(rank) for rank in np.flatnonzero(component == component[process.names.rank("a")])}
    assert together == {"a", "b"}
    assert {process.names.nodes[column] for column in np.flatnonzero(inner)} == {("a", "round"), ("b", "round")}


def test_a_way_is_short_if_it_is_likely():
    """The way to the target avoids an outcome that comes once in a hundred, though it is one step."""
    process = process_of(GRAPH)
    rows = process.choose(np.arange(process.column_count)).edges.approach(np.array([process.size]))
    assert process.names.nodes[rows[process.names.rank("start")]] == ("start", "on")
    assert process.names.nodes[rows[process.names.rank("a")]] == ("a", "out")
    assert rows[process.names.rank("trap")] == -1


def test_the_target_is_reached_from_all_but_the_trap():
    """From a trap the target is not reached, and a column that may enter it is not allowed."""
    process = process_of(GRAPH)
    assert {process.names.key(int(rank)) for rank in np.flatnonzero(~process.live)} == {"trap"}
    assert ("b", "astray") not in process.names.actions(process.columns)


def test_merged_policies_lead_to_where_the_component_is_left():
    """In a merged component all states go to where the policy leaves it, at no cost; the projection is undone so."""
    process = process_of(GRAPH)
    merged = process.merged
    assert {process.names.key(int(rank)) for rank in np.flatnonzero(merged.label != np.arange(process.size))} == {"b"}
    columns = merged.projected(process.admission.proper())
    owners, lifted = merged.lifted(process.choose(columns).configuration, columns)
    assert [process.names.key(int(rank)) for rank in owners] == ["start", "a", "b", "c"]
    assert process.names.actions(lifted)[1:3] == [("a", "out"), ("b", "round")]
