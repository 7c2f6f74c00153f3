"""Deadlines and smallest windows as users see them."""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from constrained_cases import hardware
from constrained_oracle import everything
from deadline_oracle import least_late
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import Hardware

from lpdistill import (
    Budget,
    EqualLevelsOnly,
    InfeasibleError,
    LimitError,
    ModelError,
    Problem,
    Rule,
    baseline,
    deadline,
    distribution,
    smallest_window,
    solve,
)
from lpdistill.process import slots
from lpdistill.times.propagation import propagate

FIVE = Problem("7/10", 5, "3/4", "79/100")
THREE = FIVE.replace(memories=3)
CASES = {
    "five memories": (FIVE, 10),
    "last step free": (THREE.replace(final_step="free"), 9),
    "discarding": (THREE.replace(discarding=True), 11),
    "rational times": (THREE.replace(generation_time="1/2", distillation_time="2/3"), "13/2"),
    "generation takes no time": (THREE.replace(generation_time=0), 7),
    "dead ends": (FIVE.replace(memories=4, f0="9/10", target="94/100").with_constraints(EqualLevelsOnly()), 8),
    "state graph": (THREE.graph(), 12),
}
some = pytest.mark.parametrize(("problem", "window"), CASES.values(), ids=CASES)
quick = settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("problem", [FIVE, FIVE.graph()], ids=["problem", "state graph"])
def test_a_window_that_is_too_short_says_how_many_steps_it_takes(problem):
    """Two raw pairs, one more level, the target: no run of three levels takes fewer than three steps."""
    assert deadline(problem, 4).probability == 0
    assert "no run reaches the target in fewer than 3 steps" in str(deadline(problem, 4).summary())
    assert "fewer" not in str(deadline(problem, 5).summary())


@pytest.mark.parametrize("problem", [Problem(0.5, 4, 0.9, 0.94), THREE.replace(generation_time="1/3")])
@pytest.mark.parametrize("window", [5, 11, 27, 40])
def test_the_smallest_window_of_a_probability_is_that_window(problem, window):
    """Given back, the probability of a window leads to it, or to a smaller one with the same probability."""
    found = deadline(problem, window)
    again = smallest_window(problem, found.probability)
    assert again.window <= found.window
    assert again.probability == found.probability


def by_running(found):
    """Probability to be in time and expected time of the policy, by pushing all runs through its public face."""
    problem, recursion = found.problem, found.recursion
    process, policy = recursion.process, found.policy
    mass, late, time = {(process.names.key(0), found.window): 1.0}, 0.0, 0.0
    values = dict(zip((process.names.key(r) for r in range(process.size)), found.fastest.plan.values, strict=True))
    while mass:
        (counts, remaining), here = max(mass.items(), key=lambda item: item[0][1])
        del mass[counts, remaining]
        if remaining < -problem.uncharged_time:
            late += here
            time += here * values[counts]
            continue
        action = policy.at(counts, remaining)[0].action
        column = process.names.find(np.array([process.names.rank(counts)]), [action])
        choice = process.choose(column)
        taken = process.durations.times[int(process.durations.kind(column)[0])]
        time += here * float(taken)
        if remaining - taken < -problem.uncharged_time:
            late += here * choice.reaching[0]
        moves = choice.moves
        after = dict(zip(map(process.names.key, moves.indices.tolist()), moves.data.tolist(), strict=True))
        if choice.staying[0]:
            after[counts] = after.get(counts, 0.0) + choice.staying[0]
        for key, probability in after.items():
            place = key, remaining - taken
            mass[place] = mass.get(place, 0.0) + here * probability
    return 1 - late, time


@pytest.mark.parametrize(
    ("problem", "window"), [CASES[name] for name in ("five memories", "last step free", "rational times")]
)
def test_running_the_policy_gives_what_is_stated(problem, window):
    """Runs pushed through the policy are in time, and take as long, as the result states."""
    found = deadline(problem, window)
    probability, time = by_running(found)
    assert probability == pytest.approx(found.probability, abs=1e-11)
    assert time - float(problem.uncharged_time) == pytest.approx(found.waiting_time, rel=1e-10)


def test_the_known_example():
    """M=5, p=.7, .75 -> .79, W=10, the last step charged: 0.910, where the fastest policy has 0.873."""
    found = deadline(FIVE, 10)
    assert round(found.probability, 3) == 0.910
    assert round(found.probability_of_fastest_mean, 3) == 0.873
    exact = least_late(everything(Hardware.of(FIVE.replace(memories=5))), 10)[-1][0, 0]
    assert found.probability == pytest.approx(float(1 - exact), abs=1e-13)


def test_a_free_last_step_shifts_the_window():
    """T_free = T_charged - tau_d: with the last step free, a window shorter by tau_d is the same question."""
    free = deadline(FIVE.replace(final_step="free"), 8)
    charged = deadline(FIVE, 10)
    assert free.probability == charged.probability
    assert free.probability_of_fastest_mean == pytest.approx(charged.probability_of_fastest_mean, abs=1e-15)
    assert free.waiting_time == pytest.approx(charged.waiting_time - 2, rel=1e-12)


@some
def test_probabilities_grow_with_the_window(problem, window):
    """The curve is a distribution function above that of the fastest policy, and each point is a deadline's own."""
    found = deadline(problem, window)
    curve = found.probabilities
    assert (np.diff(curve) >= -1e-14).all()
    assert (curve >= found.of_fastest - 1e-13).all()
    assert found.probability > found.probability_of_fastest_mean > 0.1
    for time in list(found.curve)[-3:]:
        assert deadline(problem, time).probability == found.curve[time]


@some
def test_the_window_counts_whole_slots(problem, window):
    """A window between two ends of slots is worth the earlier one."""
    exact = Fraction(window)
    unit = deadline(problem, window).recursion.lattice.unit
    assert deadline(problem, exact + unit / 3).probability == deadline(problem, exact - exact % unit).probability


@some
def test_never_better_than_without_a_deadline(problem, window):
    """The policy takes at least the least expected time; infinitely long where it may run into a dead end."""
    found = deadline(problem, window)
    assert found.fastest.waiting_time == pytest.approx(solve(problem).waiting_time, rel=1e-11)
    assert found.waiting_time >= found.fastest.waiting_time * (1 - 1e-12)


def test_a_dead_end_is_worth_its_chance():
    """Where rules leave dead ends, the chance of one may be taken, and the expected time is then infinite."""
    trap = nx.DiGraph(start="here")
    trap.add_node("goal", kind="target")
    for state in ("here", "stuck"):
        trap.add_node(state, kind="state")
    for owner, name, time, moves in (
        ("here", "leap", 1, {"goal": 0.5, "stuck": 0.5}),
        ("here", "walk", 9, {"goal": 1.0}),
        ("stuck", "sit", 1, {"stuck": 1.0}),
    ):
        trap.add_node(name, kind="action", time=time)
        trap.add_edge(owner, name)
        for after, probability in moves.items():
            trap.add_edge(name, after, probability=probability)
    found = deadline(trap, 8)
    assert (found.probability, found.probability_of_fastest_mean) == (0.5, 0.0)
    assert found.policy.at("here", 8)[0].action == "leap"
    assert found.policy.at("stuck", 7) == ()
    assert found.waiting_time == np.inf
    assert found.to_dict()["waiting_time"] is None
    assert deadline(trap, 9).probability == 1
    assert deadline(trap, 9).waiting_time == 9


@some
def test_lost_and_certain_windows_change_nothing(problem, window):
    """Where the window is lost, and where the fastest policy is as likely in time, its action is taken."""
    found = deadline(problem, window)
    recursion, process = found.recursion, found.recursion.process
    uses = found.fastest.plan.uses
    usual = np.full(process.size, -1)
    usual[uses.configuration] = uses.columns
    lost = 0
    for left, slot in enumerate(recursion.slots):
        over = (slot.done == 0) & (usual >= 0)
        assert (slot.columns[over] == usual[over]).all()
        lost += int(over.sum())
        known = np.flatnonzero((usual >= 0) & (slot.done > 0))
        same = recursion.done_after(left, usual[known]) >= slot.done[known]
        taken = slot.columns[known][same] == usual[known][same]
        if not (recursion.lattice.slots == 0).any():
            assert taken.all()
    assert lost


@some
def test_departures_gain(problem, window):
    """Wherever runs leave the fastest policy, its action would do worse, by what is stated; the first is the first."""
    found = deadline(problem, window)
    assert found.departures
    assert found.first_departure == found.departures[0]
    for one in found.departures:
        assert one.action != one.fastest
        assert one.action == found.policy.at(one.key, one.remaining)[0].action
        assert one.probability == found.policy.probability(one.key, one.remaining)
        assert one.probability >= one.probability_of_fastest
        assert one.visited > 0
    left = [one.remaining for one in found.departures]
    assert left == sorted(left, reverse=True)
    assert any(one.probability > one.probability_of_fastest + 1e-6 for one in found.departures)


@some
def test_stationary_policies_have_the_distribution_of_their_waiting_time(problem, window):
    """What the recursion says of the fastest policy is what pushing its runs through the lattice of times says."""
    found = deadline(problem, window)
    law = distribution(found.fastest)
    times = [found.recursion.lattice.time(slot) for slot in range(len(found.of_fastest))]
    assert found.of_fastest == pytest.approx([law.cdf(time) if time >= 0 else 0.0 for time in times], abs=1e-12)


def test_a_graph_and_its_problem_agree():
    """The state graph of a problem has the same probabilities as the problem."""
    ours, graphs = deadline(THREE, 12), deadline(THREE.graph(), 12)
    assert graphs.probabilities == pytest.approx(ours.probabilities, abs=1e-14)
    assert graphs.waiting_time == pytest.approx(ours.waiting_time, rel=1e-12)


@pytest.mark.parametrize("confidence", ["1/2", "0.9", "0.99", "0.9999"])
@pytest.mark.parametrize("problem", [problem for problem, _ in CASES.values()], ids=CASES)
def test_the_smallest_window_is_the_smallest(problem, confidence):
    """Within it the probability is at least the confidence, one slot earlier it is less, whatever the policy."""
    found = smallest_window(problem, confidence)
    assert found.probability >= float(Fraction(confidence)) > found.probabilities[-2]
    assert deadline(problem, found.window).probability == found.probability
    assert found.confidence == Fraction(confidence)


@quick
@given(problem=hardware(most_memories=3), confidence=st.fractions("1/10", "99/100", max_denominator=100))
def test_smallest_windows_of_random_problems(problem, confidence):
    """For random problems and confidences the smallest window is the smallest."""
    found = smallest_window(problem, confidence)
    assert found.probability >= float(confidence) * (1 - 1e-12)
    assert found.window == found.recursion.lattice.time(len(found.recursion.slots) - 1)
    assert len(found.recursion.slots) == 1 or found.probabilities[-2] < float(confidence)


def test_a_window_of_no_time():
    """Where raw pairs meet the target and the last step is free, 0 is a window, and the smallest one may be that."""
    coin = Problem("1/2", 1, "3/4", "7/10", final_step="free")
    found = smallest_window(coin, "1/2")
    assert (found.window, found.probability) == (0, 0.5)
    assert deadline(coin, found.window).probability == 0.5
    assert deadline(FIVE.replace(final_step="free"), 0).probability == 0
    with pytest.raises(ModelError, match="at least 0"):
        deadline(coin, "-1/2")


def test_a_confidence_that_is_attained_exactly():
    """A probability that equals the confidence is enough: p = 1/2 attains 1/2 in the first slot, 3/4 in the second."""
    coin = Problem("1/2", 1, "3/4", "7/10")
    assert smallest_window(coin, "1/2").window == 1
    assert smallest_window(coin, "3/4").window == 2
    assert smallest_window(coin, "0.7500001").window == 3


def test_lists_and_frames():
    """JSON, frames and text say the same."""
    found = deadline(FIVE, 10)
    document = json.loads(found.to_json())
    assert document["schema"] == "lpdistill.deadline/1"
    assert (document["window"], document["probability"]) == (10, found.probability)
    assert [row["window"] for row in document["curve"]] == list(range(11))
    assert document["curve"][-1]["probability_of_fastest_mean"] == found.probability_of_fastest_mean
    assert len(document["differences"]) == len(found.departures)
    frame = found.to_frame()
    assert frame["probability"].tolist() == found.probabilities.tolist()
    policy = found.policy.to_frame()
    first = policy.iloc[0]
    assert (first["remaining"], first["counts"], first["generate"], first["visited"]) == (10, (0, 0), 5, 1)
    assert (policy["probability"] <= 1).all()
    assert policy[policy["remaining"] == 10]["visited"].sum() == 1
    assert "0.909962" in repr(found)
    assert len(repr(found).splitlines()) <= 12
    assert "21 configurations" in repr(found.policy)
    assert deadline(FIVE.replace(final_step="free"), "15/2").to_dict()["curve"][0]["window"] == 0


def test_nothing_to_gain_is_said():
    """With one memory and the target below a raw pair there is one thing to do, so that nothing differs."""
    found = deadline(Problem("1/3", 1, "3/4", "7/10"), 4)
    assert found.probability == pytest.approx(1 - (2 / 3) ** 4, abs=1e-15)
    assert found.departures == ()
    assert found.first_departure is None


def test_after_the_window():
    """After the window the policy is the fastest one; more time left than the window counts as the window."""
    found = deadline(FIVE, 10)
    for rank in range(found.recursion.process.size):
        key = found.recursion.process.names.key(rank)
        assert found.policy.at(key, -1) == found.fastest.at(key)
        assert found.policy.at(key, 1000) == found.policy.at(key, 10)
        assert found.policy.probability(key, -1) == 0
    with pytest.raises(KeyError):
        found.policy.at((9, 9), 3)


@pytest.mark.parametrize("window", [7, 10, 15])
def test_every_departure_is_in_one_spell(window):
    """Spells differ in what they do and where, hold every departure once, and gain what their best time left gains."""
    found = deadline(FIVE, window)
    held = [one for spell in found.spells for one in spell.departures]
    assert len(held) == len(found.departures)
    assert set(held) == set(found.departures)
    assert len({(spell.key, spell.action, spell.fastest) for spell in found.spells}) == len(found.spells)
    for spell in found.spells:
        assert spell.gain == max(one.probability - one.probability_of_fastest for one in spell.departures)
    weights = [spell.weight for spell in found.spells]
    assert weights == sorted(weights, reverse=True)


def test_spells_name_ranges_of_times():
    """Times that follow one another are a range, others are listed; both in the user's unit."""
    (spell,) = (one for one in deadline(FIVE, 10).spells if one.key == (0, 2))
    assert spell.span == "3 to 7"
    kept = tuple(one for one in spell.departures if one.remaining != 5)
    assert dataclasses.replace(spell, departures=kept).span == "3 to 4, 6 to 7"
    halves = deadline(FIVE.replace(generation_time="1/2", distillation_time=1), 5)
    (spell,) = (one for one in halves.spells if one.key == (0, 2))
    assert spell.span == "1.5 to 3.5"


def test_pictures_have_a_curve_for_each_policy():
    """The picture has the two curves, and one for every policy that is asked for."""
    pytest.importorskip("matplotlib")
    found = deadline(FIVE, 10)
    beside = {name: baseline(FIVE, name) for name in ("nested", "pumping")}
    axes = found.plot(beside=beside)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "the best policy for each window",
        "fastest on average",
        "nested",
        "pumping",
    ]
    assert axes.lines[0].get_ydata().tolist() == found.probabilities.tolist()


@pytest.mark.parametrize(("problem", "window"), [(FIVE, 10), (FIVE.replace(p="1/20"), 12), (FIVE.replace(p=1), 4)])
def test_no_curve_runs_through_words(problem, window):
    """The word at the end of the window stands where no curve passes, and the legend above all of them."""
    pytest.importorskip("matplotlib")
    found = deadline(problem, window)
    axes = found.plot()
    axes.figure.draw_without_rendering()
    box = next(text for text in axes.texts if text.get_text() == "window").get_window_extent()
    (left, low), (right, high) = axes.transData.inverted().transform(box.get_points())
    for curve in (found.probabilities, found.of_fastest):
        times = axes.lines[0].get_xdata()
        inside = (times >= left - 1) & (times <= right)
        assert not any(low < height < high for height in curve[inside])
    assert axes.get_legend().get_window_extent().ymin >= axes.get_window_extent().ymax - 1


@pytest.mark.parametrize(
    "changes", [{"generation_time": 3}, {"p": "1/2"}, {"memories": 4}, {"final_step": "free"}, {"target": "31/40"}]
)
def test_policies_of_other_problems_are_refused(changes):
    """Only policies of the same problem are put beside the best one; rules and budgets may differ."""
    found = deadline(FIVE, 10)
    other = baseline(FIVE.replace(**changes), "nested")
    for ask in (lambda: found.probability_of(other), lambda: found.plot(beside={"nested": other})):
        with pytest.raises(ModelError, match="same problem"):
            ask()
    with pytest.raises(ModelError, match="same problem"):
        deadline(FIVE.graph(), 10).probability_of(other)
    ruled = baseline(FIVE.with_constraints(EqualLevelsOnly()), "nested")
    assert found.probability_of(ruled).tolist() == found.probability_of(baseline(FIVE, "nested")).tolist()


def test_policies_of_state_graphs_are_compared_by_their_graphs():
    """A policy of an equal graph is put beside the best one, that of another graph is refused."""
    found = deadline(THREE.graph(), 8)
    assert found.probability_of(deadline(THREE.graph(), 3).fastest).tolist() == found.of_fastest.tolist()
    with pytest.raises(ModelError, match="same problem"):
        found.probability_of(deadline(THREE.replace(p="1/2").graph(), 3).fastest)


WRONG = {
    "zero": (0, "above 0"),
    "negative": (-3, "above 0"),
    "no number": ("soon", "number"),
    "infinite": (float("inf"), "finite"),
    "nothing": (None, "number"),
}


@pytest.mark.parametrize(("window", "words"), WRONG.values(), ids=WRONG)
def test_wrong_windows_are_refused(window, words):
    """A window must be a number above 0."""
    with pytest.raises(ModelError, match=words):
        deadline(FIVE, window)


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 1.5, "sure", None, float("nan")])
def test_wrong_confidences_are_refused(confidence):
    """A confidence must lie between 0 and 1."""
    with pytest.raises(ModelError, match="confidence"):
        smallest_window(FIVE, confidence)


def test_budgets_are_refused():
    """Budgets are refused, with what keeps them."""
    limited = FIVE.with_constraints(Budget("generation_attempts", 12))
    for ask in (lambda: deadline(limited, 10), lambda: smallest_window(limited, "0.9")):
        with pytest.raises(ModelError, match="with a confidence"):
            ask()


def test_long_work_is_refused(monkeypatch):
    """Windows of too many slots are refused before anything is priced, and confidences that need them."""
    with pytest.raises(LimitError, match="slots") as refused:
        deadline(FIVE, "1e9")
    assert refused.value.size["slots"] == 10**9 + 1
    with pytest.raises(LimitError, match="slots"):
        deadline(FIVE.replace(generation_time="1/1000003", distillation_time="1/999983"), 1)
    monkeypatch.setattr("lpdistill.process.slots.MOST_SLOTS", 1000)
    with pytest.raises(LimitError, match="1,000 slots"):
        smallest_window(Problem("1e-7", 2, "3/4", "31/40"), "0.9")


def test_the_search_for_a_window_goes_no_further_than_what_is_allowed(monkeypatch):
    """The runs of the fastest policy are followed over no more slots than the recursion may go through."""
    lengths = []

    def followed(renewal, slots, enough):
        lengths.append(slots)
        return propagate(renewal, slots, enough)

    monkeypatch.setattr("lpdistill.deadlines.window.propagate", followed)
    monkeypatch.setattr("lpdistill.process.slots.MOST_PRICED", 700 * (slots.SLOT_COLUMNS + 10))
    with pytest.raises(LimitError, match="slots") as refused:
        smallest_window(Problem("1e-4", 2, "3/4", "31/40"), "0.9")
    assert max(lengths) == refused.value.size["most_slots"] <= 700


def test_slots_have_a_cost_of_their_own():
    """However few the columns, no more slots are let through than can be gone through in minutes."""
    assert slots.most_slots(3, 4, layers=False) * slots.SLOT_COLUMNS <= slots.MOST_PRICED
    assert slots.most_slots(10**3, 10**6, layers=False) * 10**6 <= slots.MOST_PRICED
    with pytest.raises(LimitError, match="minutes"):
        slots.require_slots(3_000, 10**3, 10**6, layers=False)


@pytest.mark.parametrize("confidence", ["1e-20", "1e-16", "1e-12"])
def test_the_smallest_window_of_a_small_confidence(confidence):
    """A confidence far below rounding of 1 is met to its own digits: three slots are in time with 2.2e-14."""
    found = smallest_window(Problem("1e-7", 3, "3/4", "31/40"), confidence)
    assert found.probability >= float(confidence) > found.probabilities[-2]
    assert (found.window == 3) == (confidence != "1e-12")


def test_problems_without_a_policy_are_refused():
    """Where rules leave no policy that reaches the target, that is what is said."""
    never = FIVE.with_constraints(Rule(lambda step: not step.distil, name="never"))
    with pytest.raises(InfeasibleError, match="never"):
        deadline(never, 10)


def test_graphs_without_time_are_refused():
    """A window means nothing where no action takes time."""
    graph = nx.DiGraph(start="a")
    graph.add_node("a", kind="state")
    graph.add_node("go", kind="action", time=0)
    graph.add_node("goal", kind="target")
    graph.add_edge("a", "go")
    graph.add_edge("go", "goal", probability=1)
    with pytest.raises(ModelError, match="takes time"):
        deadline(graph, 1)
