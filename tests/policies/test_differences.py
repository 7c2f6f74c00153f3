"""Where policies differ: the configurations, and the time lost in each."""

from __future__ import annotations

import math

import pytest
from cases import problems
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import TARGET, Hardware, counted

from lpdistill import Action, Budget, Decision, ModelError, Policy, Problem, baseline, differences, solve

TWO = Problem("1/2", 2, "3/4", "79/100")
FOUR = Problem("7/10", 4, "9/10", "94/100")


def cautious(counts):
    """For two memories and two levels: distil whatever fills them."""
    if sum(counts) == 2:
        return Action((tuple(level for level, count in enumerate(counts) for _ in range(count)),))
    return Action((), 2 - sum(counts))


@settings(max_examples=20)
@given(problems(most_memories=5), st.sampled_from(["pumping", "nested", "greedy", "banded:1"]))
def test_losses_sum_to_the_difference_in_time(problem, name):
    """What a policy loses in all configurations together is the whole difference in expected time."""
    best, other = solve(problem).policy, baseline(problem, name)
    if math.isfinite(other.waiting_time):
        lost = math.fsum(row.loss for row in differences(best, other).rows)
        assert lost == pytest.approx(other.waiting_time - best.waiting_time, abs=1e-10 * other.waiting_time)


def test_losses_are_those_of_the_enumerated_model():
    """Regret and visits of every difference are those of the enumerated model, in exact arithmetic."""
    chain = counted(Hardware.of(FOUR), full=True)
    best, greedy = solve(FOUR).policy, baseline(FOUR, "greedy")

    def deeds(policy):
        return {counts: (tuple(sorted(d.action.distil)), d.action.generate) for counts, (d,) in policy.items()}

    values, visits = chain.evaluate(deeds(best)), chain.visits(deeds(greedy))
    found = {row.counts: row for row in differences(best, greedy).rows}
    assert found
    for counts, row in found.items():
        regret = chain.steps[counts][deeds(greedy)[counts]].value(values) - values[counts]
        assert row.regret == pytest.approx(float(regret), abs=1e-12)
        assert row.visits_other == pytest.approx(float(visits[counts]), abs=1e-12)
        assert row.loss == row.visits_other * row.regret
    entered = {counts for counts, often in visits.items() if often and counts != TARGET}
    unlike = {counts for counts in entered if deeds(best)[counts] != deeds(greedy)[counts]}
    assert unlike <= set(found)
    assert all(deeds(best)[counts] != deeds(greedy)[counts] for counts in found)


def test_the_most_visited_comes_first():
    """Rows come in the order of the second policy's visits, with both actions."""
    rows = differences(solve(FOUR).policy, baseline(FOUR, "greedy")).rows
    assert [row.visits_other for row in rows] == sorted((row.visits_other for row in rows), reverse=True)
    assert (rows[0].counts, rows[0].one[0].action, rows[0].other[0].action) == (
        (3, 0, 0),
        Action((), 1),
        Action(((0, 0),), 1),
    )


def test_a_policy_does_not_differ_from_itself():
    """Compared with itself, or with its copy that has other columns, a policy differs nowhere."""
    best = solve(FOUR).policy
    assert len(differences(best, best)) == 0
    assert len(differences(best, Policy.of(FOUR, dict(best)))) == 0


def test_lots_differ_from_certainty():
    """A policy that randomises differs where it does so, and its regret is the expected one."""
    best = solve(TWO).policy
    drawn = Policy.of(
        TWO,
        lambda counts: (
            [Decision(Action((), 1), 0.25), Decision(Action(), 0.75)] if counts == (1, 0) else cautious(counts)
        ),
    )
    (row,) = differences(best, drawn).rows
    assert row.counts == (1, 0)
    assert row.regret == pytest.approx(0.75)  # three times in four a step of generation passes unused
    assert drawn.waiting_time - best.waiting_time == pytest.approx(row.loss, rel=1e-12)
    assert "or" in differences(best, drawn).words(row.other)


def test_an_improper_policy_has_no_visits():
    """Of a policy that never ends, actions are compared where reachable, and there are no visits and no loss."""
    rows = differences(solve(TWO).policy, baseline(TWO, "nested")).rows
    assert [row.counts for row in rows] == [(1, 1)]
    assert (rows[0].visits_other, rows[0].loss) == (None, None)
    assert rows[0].visits_one > 0
    assert rows[0].regret == pytest.approx(1)


def test_an_improper_reference_has_no_regrets():
    """Against the values of a policy that never ends there are no regrets."""
    (row,) = differences(baseline(TWO, "nested"), solve(TWO).policy).rows
    assert (row.regret, row.loss, row.visits_one) == (None, None, None)


def test_rules_budgets_and_conventions_may_differ():
    """Policies of one system are compared whatever made them: a budget, or the last step left out."""
    limited = solve(TWO.replace(memories=3).with_constraints(Budget("generation_attempts", 11))).policy
    best = solve(TWO.replace(memories=3, final_step="free")).policy
    found = differences(best, limited)
    assert [row.counts for row in found.rows] == [(1, 1)]
    assert math.fsum(row.loss for row in found.rows) == pytest.approx(limited.waiting_time - best.waiting_time - 2)


OTHERS = {"memories": {"memories": 3}, "another p": {"p": "1/3"}, "times": {"distillation_time": 1}}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_policies_of_other_systems_are_refused(changes):
    """Policies of different hardware have no differences to list."""
    with pytest.raises(ModelError, match="same problem"):
        differences(solve(TWO).policy, solve(TWO.replace(**changes)).policy)


def test_policies_of_state_graphs_are_refused():
    """State graphs have no counts to compare by."""
    policy = solve(TWO.graph()).policy
    with pytest.raises(ModelError, match="same problem"):
        differences(policy, policy)


def test_document_and_frame_have_every_difference():
    """The JSON data and the data frame have a row for every difference, in order."""
    found = differences(solve(FOUR).policy, baseline(FOUR, "greedy"))
    document, frame = found.to_dict(), found.to_frame()
    assert document["schema"] == "lpdistill.differences/1"
    assert [tuple(row["counts"]) for row in document["differences"]] == frame["counts"].tolist()
    assert document["differences"][0]["one"] == [{"generate": 1, "distil": [], "probability": 1.0}]
    assert frame["loss"].tolist() == [row.loss for row in found.rows]
    assert repr(found) == f"Differences: {len(found.rows)} configurations in which the policies act differently"
