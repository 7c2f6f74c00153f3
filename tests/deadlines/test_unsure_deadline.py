"""Deadlines where no policy reaches the target for sure: the best chance within the window is an answer."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import networkx as nx
import pytest
from constrained_oracle import everything
from deadline_oracle import least_late
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import TARGET, Chain, Hardware, Step

from lpdistill import (
    EqualLevelsOnly,
    InfeasibleError,
    Problem,
    Rule,
    deadline,
    deadline_frontier,
    least_time_within,
    smallest_window,
    solve,
)
from lpdistill.deadlines import prospects

ICE = "SFFFFHFHFFFHHFFG"
"""The frozen lake: start, frozen, holes and goal, row by row."""

STEPS = ((0, -1), (1, 0), (0, 1), (-1, 0))
"""Left, down, right, up; neighbours in this list are at right angles."""


def lake(holes):
    """The slippery lake: a step goes where it was meant to with 1/3, and to either side with 1/3 each."""
    graph = nx.DiGraph(start=0)
    for place, what in enumerate(ICE):
        graph.add_node(place, kind="target" if what == "G" else "state")
    for place, what in enumerate(ICE):
        row, column = divmod(place, 4)
        for action in range(4) if what in "SF" else ():
            node = place, "LDRU"[action]
            graph.add_node(node, kind="action", time=1)
            graph.add_edge(place, node)
            for way in (action - 1, action, (action + 1) % 4):
                down, right = STEPS[way]
                after = min(max(row + down, 0), 3) * 4 + min(max(column + right, 0), 3)
                before = graph.get_edge_data(node, after, {"probability": Fraction(0)})["probability"]
                graph.add_edge(node, after, probability=before + Fraction(1, 3))
        if what == "H" and holes == "for ever":
            graph.add_node((place, "stay"), kind="action", time=1)
            graph.add_edge(place, (place, "stay"))
            graph.add_edge((place, "stay"), place, probability=1)
    return graph


def graph_of(chain):
    """The state graph of an enumerated process."""
    graph = nx.DiGraph(start=chain.start)
    graph.add_node("target", kind="target")
    graph.add_nodes_from(chain.steps, kind="state")
    for state, steps in chain.steps.items():
        for name, step in steps.items():
            graph.add_node((state, name), kind="action", time=step.cost)
            graph.add_edge(state, (state, name))
            for after, chance in step.moves.items():
                graph.add_edge((state, name), "target" if after == TARGET else after, probability=chance)
    return graph


@pytest.mark.parametrize("holes", ["no actions", "for ever"])
def test_the_frozen_lake(holes):
    """The end of the slippery 4 x 4 lake is reached within 100 steps with probability 0.744190 at best."""
    found = deadline(lake(holes), 100)
    assert round(found.probability, 6) == 0.744190
    assert found.probability_of_fastest_mean is None
    assert found.waiting_time == math.inf
    assert found.policy.at(0, 100)[0].action == (0, "L")
    assert found.policy.at(5, 100) == ()
    assert "no policy reaches the target for sure" in repr(found)


@st.composite
def hazards(draw):
    """Small random processes with traps: some states have no way out, some actions lead nowhere else."""
    size = draw(st.integers(2, 5))
    steps = {size: {}}
    for state in range(size):
        steps[state] = {}
        for action in range(draw(st.integers(0 if state else 1, 3))):
            after = draw(st.lists(st.sampled_from([*range(size + 1), TARGET]), min_size=1, max_size=3, unique=True))
            weights = [draw(st.integers(1, 9)) for _ in after]
            moves = {where: Fraction(w, sum(weights)) for where, w in zip(after, weights, strict=True)}
            steps[state][action] = Step(Fraction(draw(st.integers(1, 6)), 2), moves)
    return Chain(0, steps)


@settings(max_examples=60)
@given(hazards(), st.integers(1, 8), st.booleans())
def test_random_processes_with_traps(chain, window, factored):
    """The best probability within a window is that of exact recursion, whether or not some policy is sure to arrive."""
    graph = graph_of(chain)
    units = {step.cost for steps in chain.steps.values() for step in steps.values()}
    unit = Fraction(math.gcd(*(int(2 * cost) for cost in units)), 2)
    table = least_late(chain, int(window / unit))
    with pytest.MonkeyPatch.context() as patch:
        if factored:
            patch.setattr(prospects, "FEW_COLUMNS", 0)
        try:
            found = deadline(graph, window)
        except InfeasibleError:
            assert table[-1][0] == 1
            return
    assert found.probability == pytest.approx(float(1 - table[-1][0]), abs=1e-12)
    assert found.late == pytest.approx(float(table[-1][0]), abs=1e-12)
    assert found.visits[-1].sum() >= 1
    json.dumps(found.to_dict(), allow_nan=False)


def test_rules_that_leave_no_sure_policy():
    """Stuck with one pair of each level, runs may get past it or not; the best chance within 12 is as enumerated."""
    problem = Problem("1/2", 3, "3/4", "79/100")
    stuck = Rule(lambda step: not step.generate or step.counts != (1, 1), name="no generation beside unlike pairs")
    ruled = problem.with_constraints(EqualLevelsOnly(), stuck)
    with pytest.raises(InfeasibleError):
        solve(ruled)
    chain = everything(Hardware.of(problem))
    kept = {
        state: {
            (pairs, attempts, *rest): step
            for (pairs, attempts, *rest), step in steps.items()
            if all(low == high for low, high in pairs) and not (attempts and state == (1, 1))
        }
        for state, steps in chain.steps.items()
    }
    wanted = 1 - least_late(Chain(chain.start, kept), 12)[-1][chain.start]
    found = deadline(ruled, 12)
    assert 0 < wanted < 1
    assert found.probability == pytest.approx(float(wanted), abs=1e-13)
    assert found.fastest is None
    assert not found.departures
    assert len(found.policy.to_frame()) > 0


def test_a_target_that_nothing_leads_to_is_refused():
    """Where no policy can ever reach the target there is nothing to be most likely."""
    never = Problem("1/2", 2, "3/4", "79/100").with_constraints(Rule(lambda step: not step.distil, name="never"))
    with pytest.raises(InfeasibleError, match="never"):
        deadline(never, 10)


def test_a_window_too_short_for_anything_has_probability_0():
    """What cannot be reached within the window, but later, has probability 0."""
    assert deadline(lake("no actions"), 5).probability == 0


@pytest.mark.parametrize(
    "asked",
    [
        solve,
        lambda graph: smallest_window(graph, "1/2"),
        lambda graph: deadline_frontier(graph, 10),
        lambda graph: least_time_within(graph, 10, "1/10"),
    ],
    ids=["solve", "smallest_window", "deadline_frontier", "least_time_within"],
)
def test_questions_about_expected_time_say_why_they_cannot_be_answered(asked):
    """An expected time is infinite where no policy is sure to arrive: the dead end is named, and what can be asked."""
    with pytest.raises(InfeasibleError, match=r"node 5 .*deadline"):
        asked(lake("no actions"))


def test_the_document_has_no_number_where_there_is_none():
    """In JSON what belongs to the fastest policy is null, and so is the expected time."""
    document = deadline(lake("no actions"), 20).to_dict()
    assert document["probability_of_fastest_mean"] is None
    assert document["waiting_time_of_fastest_mean"] is None
    assert document["waiting_time"] is None
    assert {step["probability_of_fastest_mean"] for step in document["curve"]} == {None}


def test_the_picture_shows_the_best_policy_alone():
    """A picture has one curve where there is no policy to compare with."""
    pytest.importorskip("matplotlib")
    drawn = deadline(lake("no actions"), 20).plot()
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["the best policy for each window"]
