"""Every action of a configuration with its regret and outcomes, against enumeration by brute force."""

import json
from math import inf

import pytest
from cases import SMALL, solved
from oracle import TARGET, Hardware, counted

from lpdistill import Action, Budget, ModelError, Problem, Rule, solve

EXAMPLE = Problem("1/2", 4, "3/4", "79/100")


@pytest.mark.parametrize("name", SMALL)
def test_all_actions_with_their_regrets_and_outcomes(name):
    """Actions, regrets and outcomes are those of the enumerated model, in every configuration."""
    problem = SMALL[name]
    solution, chain = solved(problem), counted(Hardware.of(problem), full=True)
    values = chain.optimum[1]
    off = float(problem.uncharged_time)
    for counts, steps in chain.steps.items():
        found = solution.explain(counts)
        assert found.value == pytest.approx(float(values[counts]) - off, rel=1e-10)
        assert len(found.alternatives) == len(steps)
        for item in found.alternatives:
            step = steps[tuple(sorted(item.action.distil)), item.action.generate]
            assert item.regret == pytest.approx(float(step.value(values) - values[counts]), rel=1e-8, abs=1e-9)
            expected = {state: float(chance) for state, chance in step.moves.items()}
            reached = {TARGET if o.counts is None else o.counts: o.probability for o in item.outcomes}
            assert {state: chance for state, chance in reached.items() if chance > 1e-14} == pytest.approx(
                {state: chance for state, chance in expected.items() if chance > 1e-14}, rel=1e-9
            )


def test_the_policy_s_action_comes_first():
    """The first action is the one that the policy takes, without regret; regrets increase."""
    solution = solved(EXAMPLE)
    for counts in solution.policy:
        found = solution.explain(counts).alternatives
        assert (found[0].action, found[0].taken, found[0].regret) == (solution.policy[counts][0].action, 1.0, 0.0)
        assert [item.regret for item in found] == sorted(item.regret for item in found)


def test_randomised_decisions_show_their_probabilities():
    """Under a budget, both actions of the configuration that randomises have their probability, and no regret."""
    solution = solve(EXAMPLE.replace(memories=3).with_constraints(Budget("generation_attempts", 11)))
    (where,) = solution.policy.randomised
    taken = [item for item in solution.explain(where).alternatives if item.taken]
    assert sum(item.taken for item in taken) == pytest.approx(1)
    assert [item.regret for item in taken] == [0.0, 0.0]
    assert [item.action for item in taken] == [
        d.action for d in sorted(solution.policy[where], key=lambda d: -d.probability)
    ]


def test_dead_ends_are_named_as_such():
    """Where rules leave no way to the target there is nothing to rank, and the text says so."""
    closed = Rule(lambda step: step.counts != (0, 3), name="no way on from three of level 1")
    found = solve(EXAMPLE.replace(memories=3).with_constraints(closed)).explain((0, 3))
    assert (found.value, found.alternatives) == (inf, ())
    assert "no policy reaches the target from here" in repr(found)
    assert found.to_dict()["value"] is None


def test_state_graphs_are_explained_by_their_nodes():
    """A solution of a state graph is explained by its nodes, with the same regrets as the problem's."""
    problem = EXAMPLE.replace(memories=2)
    found = solve(problem.graph()).explain((2, 0))
    regrets = {item.action[1]: item.regret for item in found.alternatives}
    expected = {item.action: item.regret for item in solve(problem, attempts="all").explain((2, 0)).alternatives}
    assert regrets == pytest.approx(expected, abs=1e-12)
    assert json.loads(json.dumps(found.to_dict()))["counts"] == [2, 0]


@pytest.mark.parametrize("counts", [(5, 0), (1,), (-1, 0), "ab", 3, None])
def test_configurations_that_do_not_exist_are_refused(counts):
    """The message says how many counts there are and what they sum to at most."""
    with pytest.raises(ModelError, match=r"counts: no configuration .* give 2 counts, one per level"):
        solved(EXAMPLE).explain(counts)


def test_text_marks_what_is_taken():
    """The text has the configuration, its value, and a line for every action, starred where taken."""
    lines = repr(solved(EXAMPLE).explain((2, 1))).splitlines()
    assert lines[0].startswith("2 x 0.750 + 1 x 0.788, 1 empty: expected time to go 4.0616")
    assert lines[1] == "  +0.000000 * distil 0.750, 0.788 -> target, generate on 1 memory"
    assert [line[12] for line in lines[2:]] == [" ", " "]


def test_other_forms():
    """The frame has one row per outcome, and the notebook's table a row per action."""
    found = solved(EXAMPLE).explain((2, 1))
    assert len(found.to_frame()) == sum(len(item.outcomes) for item in found.alternatives)
    assert found._repr_html_().count("<tr>") == 1 + len(found.alternatives)
    assert found.to_dict()["actions"][0]["probability"] == 1.0


def test_discards_and_waiting_are_worded():
    """Discarding and waiting are actions like others, each with its words."""
    solution = solve(EXAMPLE.replace(memories=2, discarding=True), attempts="all")
    found = solution.explain((1, 0))
    words = {item.action: found.action(item) for item in found.alternatives}
    assert words[Action(discard=(0,))] == "discard 0.750"
    assert "wait" in repr(found)
