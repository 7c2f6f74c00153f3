"""Policies side by side: times, advantages, deadlocks and refusals, whatever the policies are."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from cases import problems
from hypothesis import given, settings

from lpdistill import (
    Action,
    Budget,
    Decision,
    InfeasibleError,
    MaxDistillations,
    ModelError,
    Policy,
    Problem,
    Rule,
    baseline,
    compare,
    policy_named,
    solve,
)
from lpdistill.policies import comparison

TWO = Problem("1/2", 2, "3/4", "79/100")
FOUR = Problem("7/10", 4, "9/10", "94/100")
NO_MIXING = Rule(lambda step: (0, 1) not in step.distil, name="no mixing")


def cautious(counts):
    """For two memories and two levels: distil whatever fills them."""
    if sum(counts) == 2:
        return Action((tuple(level for level, count in enumerate(counts) for _ in range(count)),))
    return Action((), 2 - sum(counts))


@settings(max_examples=15)
@given(problems(most_memories=4))
def test_no_policy_is_faster_than_the_optimum(problem):
    """Advantages lie between 0 and 1, and are what the two times say."""
    found = compare(problem)
    assert list(found.policies) == ["optimal", "pumping", "nested", "greedy"]
    for name, advantage in found.advantages.items():
        time = baseline(problem, name).waiting_time
        assert found.policies[name].waiting_time == time
        assert -1e-9 <= advantage <= 1
        saved = 1.0 if math.isinf(time) else (time - solve(problem).waiting_time) / time
        assert advantage == pytest.approx(saved, abs=1e-12)


def test_the_document_is_the_contract():
    """The JSON document has times, null and the deadlock where there is none, and an advantage for all others."""
    document = json.loads(compare(TWO).to_json())
    assert document["schema"] == "lpdistill.comparison/1"
    assert document["problem"] == TWO.to_dict()
    assert document["policies"]["optimal"]["waiting_time"] == pytest.approx(solve(TWO).waiting_time, rel=1e-13)
    assert document["policies"]["optimal"]["expected"]["steps"] == pytest.approx(solve(TWO).expected.steps, rel=1e-12)
    nested = document["policies"]["nested"]
    assert nested == {"waiting_time": None, "std": None, "expected": None, "deadlock": [[1, 1]]}
    assert document["advantage"] == {"pumping": pytest.approx(0), "nested": 1.0, "greedy": pytest.approx(0)}


def test_the_optimum_is_always_there():
    """The reference is compared with even if it is not asked for, and comes first."""
    assert list(compare(TWO, ["greedy"]).policies) == ["optimal", "greedy"]
    assert list(compare(TWO, []).policies) == ["optimal"]
    assert list(compare(TWO, "greedy").policies) == ["optimal", "greedy"]


def test_policies_of_ones_own_are_compared():
    """A function, a mapping, a policy and a name under another name are evaluated exactly."""
    mapped = {(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)}
    found = compare(
        TWO,
        {
            "function": cautious,
            "mapping": {counts: cautious(counts) for counts in mapped},
            "lots": lambda counts: [Decision(cautious(counts), 1.0)],
            "policy": Policy.of(TWO, cautious),
            "other name": "pumping",
        },
    )
    times = {compared.waiting_time for compared in found.policies.values()}
    assert max(times) - min(times) < 1e-12  # with two memories there is nothing else to do
    assert found.policies["policy"].policy.process.problem == TWO


def test_a_policy_for_other_parameters_is_evaluated_here():
    """A policy that was made for another p is compared at this one, not at its own."""
    rare = FOUR.replace(p="1/10")
    found = compare(FOUR, {"rare": solve(rare).policy})
    assert found.policies["rare"].waiting_time == pytest.approx(
        Policy.of(FOUR, {counts: drawn for counts, drawn in solve(rare).policy.items() if drawn}).waiting_time
    )
    assert found.policies["rare"].waiting_time < solve(rare).waiting_time


def test_an_improper_policy_of_ones_own_never_ends():
    """A function that waits for ever is compared, with its deadlock and the limit of the advantage."""
    found = compare(TWO, {"lazy": lambda counts: Action() if counts == (1, 1) else cautious(counts)})
    lazy = found.policies["lazy"]
    assert (lazy.waiting_time, lazy.deadlock, lazy.standard_deviation, lazy.expected) == (
        math.inf,
        ((1, 1),),
        None,
        None,
    )
    assert found.advantage("lazy") == 1.0
    assert "trapped in (1, 1)" in repr(found)


def test_a_baseline_that_a_rule_forbids_is_reported():
    """Where a rule forbids a baseline's action the comparison goes on, and says which action of which baseline."""
    found = compare(FOUR.with_constraints(NO_MIXING))
    assert found.policies["greedy"].waiting_time is None
    assert found.advantage("greedy") is None
    assert "policy greedy at" in found.policies["greedy"].refusal
    document = found.to_dict()["policies"]["greedy"]
    assert document["waiting_time"] is None
    assert document["not_allowed"] == found.policies["greedy"].refusal
    assert found.advantage("nested") > 0
    assert "not allowed" in repr(found)


def test_budgets_hold_for_the_optimum_only():
    """A baseline that exceeds a budget may be faster than the optimum within it, and that is said."""
    hard = Problem("1/2", 4, "3/4", "79/100", rules=[MaxDistillations(1)], budgets=[Budget("generation_attempts", 11)])
    found = compare(hard)
    assert found.policies["pumping"].expected.generation_attempts > 11
    optimum, pumping = (found.policies[name].waiting_time for name in ("optimal", "pumping"))
    assert found.advantage("pumping") == (pumping - optimum) / pumping < 0
    assert found.verdict("pumping") == f"exceeds the budgets, {(optimum - pumping) / optimum:.2%} faster"


def test_nothing_takes_no_time():
    """Where even the slowest policy takes no time at all, nothing is saved."""
    instant = Problem(1, 2, "3/4", "3/4", final_step="free")
    assert compare(instant).advantages == {"pumping": 0.0, "nested": 0.0, "greedy": 0.0}


def test_the_frame_has_a_row_for_every_policy():
    """The data frame has times, standard deviations, advantages and expected use by policy."""
    found = compare(TWO)
    frame = found.to_frame().set_index("policy")
    assert frame["waiting_time"].to_dict() == {name: one.waiting_time for name, one in found.policies.items()}
    assert frame.loc["pumping", "std"] == found.policies["pumping"].standard_deviation
    assert frame.loc["pumping", "raw_pairs"] == found.policies["pumping"].expected.raw_pairs
    assert frame["std"].isna().to_dict() == {"optimal": False, "pumping": False, "nested": True, "greedy": False}


def test_traps_that_no_run_enters_do_not_matter():
    """A policy that would be trapped only in unreachable configurations has its time and its standard deviation."""
    problem = Problem("9/10", 3, "3/5", "64/100")
    pumping = compare(problem, ["pumping"]).policies["pumping"]
    assert not np.isfinite(pumping.policy.plan.values).all()
    assert pumping.proper
    entered = [
        counts for counts in pumping.policy if pumping.policy.plan.entered[pumping.policy.process.names.rank(counts)]
    ]
    alone = Policy.of(problem, {counts: pumping.policy[counts] for counts in entered})
    assert pumping.standard_deviation == pytest.approx(alone.standard_deviation, rel=1e-12)


def test_the_text_is_short():
    """A comparison of many policies prints at most 12 lines, and says how time is counted."""
    text = repr(compare(TWO, {f"number {i}": cautious for i in range(20)}))
    assert len(text.splitlines()) == 12
    assert "and 12 more" in text
    assert "count every step" in text
    assert "leave the last step out" in repr(compare(TWO.replace(final_step="free")))


WRONG = {
    "unknown name": (["optimal", "best"], "best"),
    "unknown name in a mapping": ({"mine": "best"}, "best"),
    "a policy called optimal": ({"optimal": cautious}, "optimal"),
    "an impossible policy": ({"mine": lambda _: Action((), 5)}, r"\(0, 0\)"),
    "a number": ([5], "must be names"),
    "a policy without a name": ([Policy.of(TWO, cautious)], "must be names"),
    "a number in a mapping": ({"mine": 5}, "policy mine"),
    "a policy for three levels": ({"mine": solve(FOUR).policy}, "2 counts"),
}


@pytest.mark.parametrize(("policies", "words"), WRONG.values(), ids=WRONG)
def test_what_is_no_policy_is_refused(policies, words):
    """An unknown name, a name that is taken, and a policy that is none of the problem are errors of input."""
    with pytest.raises(ModelError, match=words):
        compare(TWO, policies)


def test_without_an_optimum_there_is_no_comparison():
    """Rules that leave no policy end the comparison as they end solve."""
    with pytest.raises(InfeasibleError):
        compare(TWO.with_constraints(MaxDistillations(0)))


def test_an_unknown_policy_has_no_advantage():
    """Asking for the advantage over a policy that was not compared names those that were."""
    with pytest.raises(ModelError, match="pumping"):
        compare(TWO).advantage("banded:1")


def test_the_optimum_under_its_own_name():
    """The optimum may be asked for twice, under another name too."""
    found = compare(TWO, {"again": "optimal"})
    assert found.policies["again"].waiting_time == policy_named(TWO, "optimal").waiting_time


def texts(axes):
    """What is written in a picture."""
    return [text.get_text() for text in axes.texts]


def test_the_picture_has_a_bar_and_words_for_every_policy():
    """Proper policies have bars as long as their times; a deadlock is drawn, hatched, and named."""
    pytest.importorskip("matplotlib")
    found = compare(TWO)
    axes = found.plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == list(found.policies)
    times = [found.policies[name].waiting_time for name in ("optimal", "pumping", "greedy")]
    assert [bar.get_width() for bar in axes.patches] == [*times[:2], max(times), times[2]]
    assert [bar.get_hatch() for bar in axes.patches] == [None, None, "////", None]
    assert "never ends: trapped in (1, 1)" in texts(axes)
    assert any("the optimum saves 0.00%" in text for text in texts(axes))
    assert found.plot(axes) is axes


def test_the_picture_says_what_is_not_allowed():
    """A baseline that a rule forbids has no bar, and says so."""
    pytest.importorskip("matplotlib")
    axes = compare(FOUR.with_constraints(NO_MIXING)).plot()
    assert texts(axes).count("not allowed") == 2
    assert len(axes.patches) == 2


def test_the_optimum_is_solved_once_whatever_it_is_called(monkeypatch):
    """Another name for the optimum is the same policy, solved once."""
    asked = []
    solved = comparison.solve
    monkeypatch.setattr(comparison, "solve", lambda *given, **how: asked.append("optimal") or solved(*given, **how))
    found = compare(TWO, {"best": "optimal"})
    assert found.policies["best"].policy is found.optimum.policy
    assert asked == ["optimal"]


def test_only_rules_are_refusals(monkeypatch):
    """A rule in a baseline's way is told in the result; any other error of a baseline is raised."""
    refused = compare(Problem("7/10", 4, "9/10", "94/100", rules=[NO_MIXING]), ["greedy"]).policies["greedy"]
    assert refused.policy is None
    assert "every rule allows" in refused.refusal

    def broken(*_):
        raise ModelError("levels", "must be right", None)

    monkeypatch.setattr(comparison, "baseline", broken)
    with pytest.raises(ModelError, match="must be right"):
        compare(FOUR, ["greedy"])
