"""The least time at a confidence, and its frontier, against explicit programs over the enumerated chain with time."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from constrained_cases import hardware
from constrained_oracle import course, everything, living, occupation, standard
from deadline_oracle import closes, timed, unit_of
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from oracle import Hardware

from lpdistill import (
    Budget,
    EqualLevelsOnly,
    InfeasibleError,
    LimitError,
    MaxDistillations,
    ModelError,
    Problem,
    deadline,
    deadline_frontier,
    least_time_within,
    solve,
)
from lpdistill.deadlines.at_confidence import ServiceLevel

FIVE = Problem("7/10", 5, "3/4", "79/100")
FOUR = Problem("7/10", 4, "3/4", "79/100")
CASES = {
    "four memories": (FOUR, 7),
    "last step free": (FOUR.replace(final_step="free"), 5),
    "discarding": (FOUR.replace(discarding=True), 6),
    "rational times": (FOUR.replace(generation_time="1/2", distillation_time="2/3"), "5/2"),
    "generation takes no time": (FOUR.replace(generation_time=0), 6),
    "rules": (FOUR.with_constraints(MaxDistillations(1)), 10),
    "within another budget": (FOUR.with_constraints(Budget("generation_attempts", 21)), 6),
}
some = pytest.mark.parametrize(("problem", "window"), CASES.values(), ids=CASES)
quick = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@cache
def curve(problem, window):
    """The frontier, computed once for all tests."""
    return deadline_frontier(problem, window)


@cache
def explicit(problem, window):
    """The chain with time of the enumerated model, as the program sees it, and whether the window closes."""
    chain = everything(Hardware.of(problem), discarding=problem.discarding)
    if problem.rules:
        kept = {s: {d: step for d, step in deeds.items() if len(d[0]) <= 1} for s, deeds in chain.steps.items()}
        chain = living(type(chain)(chain.start, kept))
    slots = int((Fraction(window) + problem.uncharged_time) / unit_of(chain))
    return chain, timed(chain, slots), closes(chain, slots)


def by_scipy(problem, window, late):
    """The least time with at most that probability of being late, as scipy finds it; and the least such probability."""
    _, chain, use = explicit(problem, window)
    limits = [(use, late, None)]
    for budget in problem.budgets:
        counted = standard(Hardware.of(problem), budget.name)
        limits.append((lambda state, deed, counted=counted: counted(state[0], deed), budget.most, None))
    found = occupation(chain, tuple(limits))
    return None if found is None else found.time - float(problem.uncharged_time)


def between(problem, window, share):
    """A confidence between that of the fastest policy and the greatest."""
    points = curve(problem, window).points
    return 1 - (points[0].used + share * (points[-1].used - points[0].used))


@pytest.mark.parametrize("share", [0.2, 0.7])
@some
def test_the_least_time_is_that_of_an_explicit_program(problem, window, share):
    """With an intermediate confidence the least time is that of scipy's HiGHS on the enumerated chain with time."""
    confidence = between(problem, window, share)
    found = least_time_within(problem, window, confidence)
    assert found.waiting_time == pytest.approx(by_scipy(problem, window, 1 - confidence), rel=1e-8)
    assert found.lower_bound <= found.waiting_time <= found.upper_bound
    assert found.upper_bound - found.lower_bound < 1e-8 * found.upper_bound
    assert found.probability == pytest.approx(confidence, abs=1e-9)


@pytest.mark.parametrize("name", ["four memories", "rational times", "discarding"])
def test_the_policy_does_what_is_stated(name):
    """The policy, followed exactly on the enumerated chain with time, takes the time and is late as often as stated."""
    problem, window = CASES[name]
    found = least_time_within(problem, window, between(problem, window, 0.4))
    _, chain, late = explicit(problem, window)
    process, plan = found.process, found.answer.plan
    draws = {}
    actions = process.names.actions(plan.uses.columns)
    for use, action in enumerate(actions):
        counts, passed = process.names.key(int(plan.uses.configuration[use]))
        state = counts, None if passed is None else int(passed / process.layers.lattice.unit)
        deed = tuple(sorted(action.distil)), action.generate, tuple(action.discard)
        draws.setdefault(state, {})[deed] = Fraction(float(plan.probability[use])).limit_denominator(10**15)
    for chances in draws.values():
        total = sum(chances.values())
        chances.update({deed: chance / total for deed, chance in chances.items()})
    exact = course(chain, draws)
    assert float(exact.time) - float(problem.uncharged_time) == pytest.approx(found.waiting_time, rel=1e-9)
    assert 1 - float(exact.used(late)) == pytest.approx(found.probability, abs=1e-9)
    assert len(found.policy.randomised) <= 1


@pytest.mark.parametrize("name", ["four memories", "rational times", "discarding", "within another budget"])
def test_the_price_is_the_slope(name):
    """The price is d(waiting time)/d(confidence), by finite differences within the range in which it holds."""
    problem, window = CASES[name]
    confidence = between(problem, window, 0.37)
    found = least_time_within(problem, window, confidence)
    start, end = found.valid
    assert start <= confidence <= end
    step = 0.4 * min(confidence - start, end - confidence)
    assert step > 0
    more, less = (least_time_within(problem, window, c).waiting_time for c in (confidence + step, confidence - step))
    assert (more - less) / (2 * step) == pytest.approx(found.price, rel=1e-4)
    assert found.price > 0


@some
def test_a_low_confidence_costs_nothing(problem, window):
    """Where the fastest policy meets the confidence, it is the answer, and the price is 0."""
    found = least_time_within(problem, window, "0.001")
    assert found.waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-10)
    assert found.price == 0


@pytest.mark.parametrize("name", [name for name in CASES if name != "within another budget"])
def test_the_greatest_confidence_is_that_of_the_deadline(name):
    """The frontier ends at the greatest probability of all; that confidence is met, and none beyond it."""
    problem, window = CASES[name]
    best = deadline(problem, window)
    found = least_time_within(problem, window, 1 - (1 - best.probability) * (1 + 1e-10))
    assert found.greatest == pytest.approx(best.probability, abs=1e-13)
    assert found.probability == pytest.approx(best.probability, abs=1e-9)
    assert best.fastest.waiting_time < found.waiting_time <= best.waiting_time * (1 + 1e-9)
    assert curve(problem, window).points[0].used == pytest.approx(1 - best.probability, rel=1e-7)


@some
def test_the_frontier_is_convex_and_decreasing(problem, window):
    """More lateness saves time, ever less of it; the last breakpoint is the fastest policy, at price 0."""
    points = curve(problem, window).points
    assert len(points) > 1
    for left, right in pairwise(points):
        assert left.used < right.used
        assert left.waiting_time > right.waiting_time
        assert left.price == pytest.approx((right.waiting_time - left.waiting_time) / (right.used - left.used))
    prices = [point.price for point in points]
    assert prices == sorted(prices)
    assert prices[-1] == 0
    assert points[-1].waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-9)


@some
def test_the_frontier_is_the_least_time(problem, window):
    """Between its breakpoints too, the frontier is what the least time at a confidence is."""
    found = curve(problem, window)
    for share in (0.05, 0.6):
        confidence = between(problem, window, share)
        expected = least_time_within(problem, window, confidence).waiting_time
        assert found.waiting_time(confidence) == pytest.approx(expected, rel=1e-8)


@quick
@given(
    problem=hardware(most_memories=4, most_levels=2),
    share=st.floats(0.05, 0.95),
    distillation=st.sampled_from(["1/2", 1, 2]),
)
def test_random_problems(problem, share, distillation):
    """For random problems, windows and confidences the least time is that of the explicit program."""
    problem = problem.replace(generation_time=1, distillation_time=distillation)
    window = 3 * problem.distillation_time + 1
    best = deadline(problem, window)
    low = best.probability_of_fastest_mean
    confidence = low + share * (best.probability - low)
    assume(1e-6 < confidence < 1 - 1e-6)
    found = least_time_within(problem, window, confidence)
    assert found.waiting_time == pytest.approx(by_scipy(problem, window, 1 - confidence), rel=1e-7)


def test_a_state_graph_has_the_same_answer():
    """The state graph of a problem has the least time of the problem."""
    ours, graph = (least_time_within(what, 7, "0.65") for what in (FOUR, FOUR.graph()))
    assert graph.waiting_time == pytest.approx(ours.waiting_time, rel=1e-10)
    assert graph.price == pytest.approx(ours.price, rel=1e-6)
    assert "graph" in graph.to_dict()["problem"]


def test_the_probability_to_be_done():
    """The curve of the policy grows to the stated probability, which a bound on the window's end makes."""
    found = least_time_within(FIVE, 10, "0.9")
    assert found.done[-1] == pytest.approx(found.probability, abs=1e-9)
    assert (np.diff(found.done) >= 0).all()
    assert (found.done <= deadline(FIVE, 10).probabilities + 1e-12).all()


def test_what_cannot_be_met_is_said():
    """Above the greatest probability the error states it, and the window that would do."""
    with pytest.raises(InfeasibleError, match="window of at least 12") as refused:
        least_time_within(FIVE, 10, "0.95")
    assert refused.value.workable["confidence"] == deadline(FIVE, 10).probability
    assert least_time_within(FIVE, 12, "0.95").probability == pytest.approx(0.95)
    with pytest.raises(InfeasibleError, match="generation_attempts"):
        least_time_within(FIVE.with_constraints(Budget("generation_attempts", 5)), 10, "0.5")


@pytest.mark.parametrize("window", [9, 20, 28])
def test_the_greatest_confidence_can_be_asked_for(window):
    """The probability that `deadline` finds, and the first point of the frontier, are confidences that can be had."""
    three = FIVE.replace(memories=3, p="9/10")
    greatest = deadline(three, window).probability
    found = least_time_within(three, window, greatest)
    assert found.probability == pytest.approx(greatest, rel=0, abs=1e-15)
    first = curve(three, window).points[0]
    assert found.waiting_time == pytest.approx(first.waiting_time, rel=1e-6)
    assert curve(three, window).waiting_time(1.0 - first.used) == pytest.approx(first.waiting_time, rel=1e-12)


def test_rules_that_leave_dead_ends():
    """Of the policies with a finite expected time, the greatest probability is at most that of any policy."""
    problem = FIVE.with_constraints(EqualLevelsOnly())
    found = least_time_within(problem, 12, "0.5")
    assert isinstance(found, ServiceLevel)
    assert found.greatest <= deadline(problem, 12).probability + 1e-13


def test_answers_as_data():
    """JSON, frame and text say the same."""
    found = least_time_within(FIVE, 10, "0.9")
    document = json.loads(found.to_json())
    assert document["schema"] == "lpdistill.service-level/1"
    assert (document["window"], document["confidence"]) == (10, 0.9)
    for name in ("waiting_time", "probability", "price", "lower_bound", "upper_bound"):
        assert document[name] == getattr(found, name)
    rows = document["policy"]
    assert rows[0]["counts"] == [0, 0]
    assert rows[0]["remaining"] == 10
    (drawn,) = [row for row in rows if len(row["actions"]) > 1]
    assert len(drawn["actions"]) == 2
    assert sum(action["probability"] for action in drawn["actions"]) == pytest.approx(1)
    key, left = found.policy.randomised[0]
    assert (tuple(drawn["counts"]), drawn["remaining"]) == (key, left)
    assert [d.probability for d in found.policy.at(key, left)] == [a["probability"] for a in drawn["actions"]]
    assert (
        found.policy.at(key, -1)[0].action
        == found.fastest.plan.uses.process.names.actions(
            found.fastest.plan.uses.columns[[found.process.base.names.rank(key)]]
        )[0]
    )
    assert len(found.to_frame()) == len(rows) + 1
    assert len(repr(found).splitlines()) <= 12
    assert "27" in repr(least_time_within(FIVE, 10, "0.9"))
    assert "randomises in 1" in repr(found.policy)
    frontier = curve(FOUR, 7)
    document = json.loads(frontier.to_json())
    assert document["schema"] == "lpdistill.deadline-frontier/1"
    assert len(frontier.to_frame()) == len(document["points"]) == len(frontier.points)
    assert document["points"][0]["probability"] == 1 - frontier.points[0].used
    assert f"{len(frontier.points)} breakpoints" in repr(frontier)
    assert frontier.waiting_time("0.99999") == np.inf


def test_time_left_is_in_whole_slots():
    """Between two ends of slots a window is the earlier one, and both kinds of policy count what is left from there."""
    found, exact = least_time_within(FIVE, "21/2", "0.9"), least_time_within(FIVE, 10, "0.9")
    assert found.to_dict()["policy"] == exact.to_dict()["policy"]
    assert found.policy.randomised == exact.policy.randomised
    key, left = found.policy.randomised[0]
    assert len(found.policy.at(key, left)) == 2
    assert found.to_dict()["policy"][0]["remaining"] == deadline(FIVE, "21/2").policy.to_frame()["remaining"][0] == 10


def test_pictures():
    """The picture of the frontier has its breakpoints; that of the answer, two curves."""
    pytest.importorskip("matplotlib")
    frontier = curve(FOUR, 7)
    assert frontier.plot().lines[1].get_xdata() == pytest.approx([point.used for point in frontier.points])
    found = least_time_within(FIVE, 10, "0.9")
    assert found.plot().lines[0].get_ydata() == pytest.approx(found.done)


def test_wrong_input_is_refused():
    """Windows and confidences out of range are refused, and programs that would be too large."""
    for window, confidence, where in ((0, "0.9", "window"), (10, 1, "confidence"), (10, 0, "confidence")):
        with pytest.raises(ModelError, match=where):
            least_time_within(FIVE, window, confidence)
    with pytest.raises(ModelError, match="window"):
        deadline_frontier(FIVE, -1)
    for confidence in (-3, 0, 1, 1.5, "sure"):
        with pytest.raises(ModelError, match="confidence"):
            curve(FOUR, 7).waiting_time(confidence)
    for ask in (lambda: least_time_within(FIVE, 10**6, "0.9"), lambda: deadline_frontier(FIVE, 10**6)):
        with pytest.raises(LimitError, match="slots"):
            ask()
