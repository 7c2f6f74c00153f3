"""Plans are what looking at all hardware finds, and say what is wrong with what they are given."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpdistill import (
    Budget,
    EqualLevelsOnly,
    InfeasibleError,
    LimitError,
    MaxDistillations,
    ModelError,
    NotCertifiedError,
    Problem,
    deadline,
    key_rate,
    plan,
    solve,
    throughput,
)
from lpdistill.planning.improvements import slopes_of
from lpdistill.planning.monotone import proved
from lpdistill.planning.objective import Measured, Objective, Quantity
from lpdistill.planning.search import size_of

NODE = {"f0": "3/4", "target": "79/100"}
RANGES = {"p": {"values": "0.3:0.9:0.1", "price": 10}, "memories": {"values": "2:5", "price": 1}}
POOL = {
    "p": ["3/10", "1/2", "1"],
    "memories": [2, 3, 4],
    "f0": ["17/20", "9/10", "23/25"],
    "gate": ["98/100", "1"],
    "readout": ["99/100", "1"],
    "generation_time": ["1/2", "1", "3"],
    "distillation_time": ["1", "2"],
}
ASKED = (
    {"waiting_time": 7},
    {"waiting_time": 12},
    {"window": 12, "confidence": ".6"},
    {"throughput": ".12"},
    {"key_rate": ".4"},
    {"fidelity": ".93"},
)


@st.composite
def tasks(draw):
    """An objective, what is fixed, and some ranges with prices in no order."""
    objective = draw(st.sampled_from(ASKED))
    fixed = {"p": "2/3", "memories": 3, "f0": "9/10", "target": "91/100", "generation_time": 1}
    fixed = {
        name: value for name, value in fixed.items() if name != "target" or not {"key_rate", "fidelity"} & {*objective}
    }
    names = draw(st.lists(st.sampled_from(sorted(POOL)), min_size=2, max_size=2, unique=True))
    ranges = {}
    for name in names:
        fixed.pop(name, None)
        values = draw(st.permutations(POOL[name]))
        prices = draw(st.lists(st.integers(0, 4), min_size=len(values), max_size=len(values)))
        ranges[name] = {"values": values, "prices": prices}
    return fixed, objective, ranges


def everything(found):
    """All hardware of a plan, looked at one by one."""
    places = product(*(range(len(one.values)) for one in found.shelf.ranges))
    return [(found.shelf.cost(at), found.objective.measure(found.shelf.problem(at)), at) for at in places]


@settings(max_examples=10)
@given(tasks(), st.booleans())
def test_a_plan_is_what_looking_at_all_hardware_finds(task, frontier):
    """The least cost, and every choice that attains more than what costs no more, over random grids and prices."""
    try:
        found = plan(*task, frontier=frontier)
    except InfeasibleError:
        wide = plan(task[0], {**task[1], **dict.fromkeys({*task[1]} & {"fidelity"}, ".9")}, task[2], frontier=True)
        assert not any(Objective.of(task[1]).meets(measured.value) for _, measured, _ in everything(wide))
        return
    looked = everything(found)
    costs = [cost for cost, measured, _ in looked if measured.met]
    assert found.cost == min(costs, default=None)
    for out in found.left_out:
        inside = product(*(range(first, last + 1) for first, last in out.box))
        assert not any(found.objective.better({at: m for _, m, at in looked}[at].value, out.bound) for at in inside)
    if frontier:
        best, front = found.objective.worst, []
        for cost, measured, _ in sorted(
            looked, key=lambda one: (one[0], one[1].value * (1 if found.objective.falls else -1))
        ):
            if found.objective.better(measured.value, best):
                best = measured.value
                front.append((cost, pytest.approx(best, rel=1e-8)))
        assert [(one.cost, one.measured.value) for one in found.frontier] == front


def test_what_is_left_out_and_what_is_tried_is_all_there_is():
    """Every combination is on the frontier or within a box that was left out, and none is twice."""
    found = plan(NODE, {"waiting_time": 8}, RANGES, frontier=True)
    covered = [place for out in found.left_out for place in product(*(range(a, b + 1) for a, b in out.box))]
    covered += [one.place for one in found.frontier]
    assert len(covered) == len({*covered}) == found.shelf.size == 28
    assert sum(size_of(out.box) for out in found.left_out) == 18
    assert found.solved < 28


@pytest.mark.parametrize(
    ("objective", "attained"),
    [
        ({"waiting_time": 8}, lambda problem: solve(problem).waiting_time),
        ({"window": 10, "confidence": ".6"}, lambda problem: deadline(problem, 10).probability),
        ({"throughput": ".1"}, lambda problem: throughput(problem).gain),
        ({"key_rate": ".2", "protocol": "six-state"}, lambda problem: key_rate(problem, "six-state").gain),
        ({"waiting_time": 12, "fidelity": ".8"}, lambda problem: solve(problem).waiting_time),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
def test_the_value_is_that_of_the_problem(objective, attained):
    """What the chosen hardware attains is what asking about its problem says, which has the target of the objective."""
    fixed = {"f0": "9/10"} if "key_rate" in objective else {"f0": "3/4"} if "fidelity" in objective else NODE
    found = plan(fixed, objective, RANGES)
    assert found.value == pytest.approx(attained(found.problem), rel=1e-9)
    assert found.problem.target == {"fidelity": Fraction(4, 5)}.get(
        "fidelity" if "fidelity" in objective else "", found.problem.target
    )


@pytest.mark.parametrize(
    "quantity", [{"waiting_time": 1}, {"throughput": 1}, {"key_rate": 1}, {"window": 15, "confidence": ".5"}]
)
@pytest.mark.parametrize("gate", ["1", "99/100"])
def test_what_is_proved_to_help_helps(quantity, gate):
    """Along every setting that is proved to be monotone, no better value makes the optimum worse."""
    objective = Objective.of(quantity)
    base = Problem("1/2", 3, "17/20", "89/100", gate=gate)
    for name, values in POOL.items():
        falling = name.endswith("time")
        found = proved(base, [name], objective.quantity)
        if name not in found.names:
            assert name.endswith("time") is False or objective.quantity in {Quantity.THROUGHPUT, Quantity.KEY_RATE}
            continue
        order = sorted(values, key=Fraction, reverse=falling)
        attained = [objective.measure(base.replace(**{name: value})).value for value in order]
        assert not any(objective.better(one, other) for one, other in pairwise(attained))


@pytest.mark.parametrize(
    ("changes", "quantity", "names"),
    [
        ({}, Quantity.WAITING_TIME, {"p", "memories", "f0", "gate"}),
        ({"rules": [EqualLevelsOnly()]}, Quantity.WAITING_TIME, {"p", "memories"}),
        ({"rules": [MaxDistillations(1)]}, Quantity.WAITING_TIME, {"p", "memories", "f0", "gate"}),
        ({"distillation": "dejmps"}, Quantity.WAITING_TIME, {"p", "memories"}),
        ({"budgets": [Budget("memory_time", 99)]}, Quantity.WAITING_TIME, {"memories"}),
        ({"budgets": [Budget("steps", least=1)]}, Quantity.WAITING_TIME, {"memories"}),
        ({"budgets": [Budget("steps", 9)]}, Quantity.THROUGHPUT, {"p", "memories"}),
        ({"generation_time": 3}, Quantity.KEY_RATE, {"p", "memories"}),
        ({"generation_time": 3}, Quantity.WAITING_TIME, {"p", "memories", "f0", "gate"}),
    ],
)
def test_nothing_more_is_claimed_than_is_proved(changes, quantity, names):
    """Rules on levels, other maps, budgets on what is stored, and long steps leave only what is proved of them."""
    problem = Problem("1/2", 3, "17/20", "89/100").replace(**changes)
    assert proved(problem, ["p", "memories", "f0", "gate"], quantity).names == names


def test_hardware_that_is_not_ordered_is_looked_at_one_by_one():
    """Of raw pairs under a rule on levels nothing is proved: every value is solved."""
    ranges = {"f0": {"values": ["0.77", "0.78"], "prices": [0, 1]}}
    fixed = {"p": 1, "memories": 4, "target": "0.85", "rules": {"equal_levels_only": True}}
    found = plan(fixed, {"waiting_time": 99}, ranges, frontier=True)
    assert found.monotone.names == frozenset()
    assert {one.place for one in found.tried} == {(0,), (1,)}


def test_memories_that_forget_are_bounded_by_those_that_keep():
    """With coherence times among the ranges, boxes are bounded without any, and the cheapest is still that of all."""
    ranges = {
        "coherence_time": {"values": [30, 60, 200], "prices": [0, 2, 5]},
        "p": {"values": [".3", ".6"], "price": 10},
    }
    found = plan({"memories": 2, "f0": "9/10", "target": "92/100"}, {"waiting_time": 11}, ranges, within="1e-3")
    assert found.monotone.keeping
    costs = [cost for cost, measured, _ in everything(found) if measured.met]
    assert found.cost == min(costs)


def test_improvements_are_differences_and_derivatives():
    """A step gains the difference of two optima, a derivative what the sensitivity says, each for its price."""
    found = plan(NODE, {"waiting_time": 8}, RANGES)
    here = found.problem
    changes = {(one.setting, one.kind): one for one in found.improvements}
    step, slope = changes["p", "step"], changes["p", "derivative"]
    better = here.replace(p=here.p + Fraction(1, 10))
    assert step.gain == pytest.approx(solve(here).waiting_time - solve(better).waiting_time)
    assert step.cost == 1
    assert slope.gain == pytest.approx(-slopes_of(found.objective, here)["p"].above)
    assert slope.per_price == pytest.approx(slope.gain / 10)
    more = changes["memories", "step"]
    assert (more.before, more.after) == (5, 6)  # beyond the range, where each costs the same
    assert [one.per_price for one in found.improvements] == sorted(
        (one.per_price for one in found.improvements), reverse=True
    )


def test_improvements_of_rates_point_upwards():
    """A rate that grows gains, and the derivative of a rate has the sign of its gain."""
    found = plan(NODE, {"throughput": ".08"}, RANGES, hardware={"p": "0.5", "memories": 3})
    assert found.looked_at.place == (2, 1)
    assert all(one.gain > 0 for one in found.improvements)


def test_what_is_free_comes_first():
    """What gains and costs nothing more stands above everything that has a price."""
    ranges = {"p": {"values": ".3,.5,.7", "prices": [0, 1, 1]}, "memories": {"values": "3,4", "prices": [0, 1]}}
    found = plan(NODE, {"waiting_time": 99}, ranges, hardware={"p": ".5", "memories": 3})
    assert found.improvements[0].setting == "p"
    assert found.improvements[0].to_dict()["gain_per_price"] is None


def test_a_limit_that_is_attained_exactly_is_met():
    """Rounding makes no hardware fail: with p = 1 two memories need exactly five units of time for 0.79 charged."""
    exact = solve(Problem(1, 2, "3/4", "775/1000")).waiting_time
    found = plan(
        {"f0": "3/4", "target": "775/1000", "memories": 2},
        {"waiting_time": repr(exact)},
        {"p": {"values": "1/2,1", "price": 1}},
    )
    assert found.settings == {"p": 1}


def test_where_nothing_will_do_the_best_is_named():
    """An objective beyond all ranges is refused with the best that they attain, and where that is."""
    with pytest.raises(InfeasibleError, match=r"the best is 6\.52589\d*, with p = 0\.9, memories = 5 \(cost 14\)"):
        plan(NODE, {"waiting_time": 6}, RANGES)
    with pytest.raises(InfeasibleError, match="none of it attains anything"):
        plan(
            {"f0": "3/4", "target": "99/100"}, {"waiting_time": 6}, {**RANGES, "memories": {"values": [2], "price": 1}}
        )


def test_what_labels_leave_open_is_not_decided(monkeypatch):
    """Cheap hardware that may or may not meet the objective makes no plan of dearer hardware."""
    monkeypatch.setattr(Objective, "_attained", lambda *_: (9.0, 7.0))
    with pytest.raises(NotCertifiedError, match="between 9 and 7"):
        plan(NODE, {"waiting_time": 8}, RANGES)


def test_a_bound_that_time_left_is_a_bound(monkeypatch):
    """Where a search ended without a policy, what it proved leaves hardware out."""

    def ended(*_):
        raise LimitError("time", size={}, lower_bound=20.0)

    monkeypatch.setattr(Objective, "_attained", ended)
    assert Objective.of({"waiting_time": 8}).measure(Problem(1, 2, ".8", ".9")) == Measured(
        float("inf"), 20.0, met=False, possible=False
    )


BAD = {
    "nothing asked": ({}, RANGES, "objective: asks for nothing"),
    "several": ({"waiting_time": 8, "throughput": 1}, RANGES, "asks for several things"),
    "a typo": ({"waiting": 8}, RANGES, "did you mean 'waiting_time'"),
    "no confidence": ({"window": 8}, RANGES, "confidence: is missing"),
    "no window": ({"waiting_time": 8, "confidence": ".9"}, RANGES, "confidence: belongs to a window"),
    "no key": ({"waiting_time": 8, "protocol": "bb84"}, RANGES, "protocol: belongs to a key_rate"),
    "key of a fidelity": ({"key_rate": 1, "fidelity": ".9"}, RANGES, "fidelity: has no meaning for key"),
    "a protocol": ({"key_rate": 1, "protocol": "b92"}, RANGES, "protocol: must be one of bb84"),
    "certain": ({"window": 8, "confidence": 1}, RANGES, "confidence: must be above 0 and below 1"),
    "no time": ({"waiting_time": 0}, RANGES, "waiting_time: must be above 0"),
    "a unit": ({"waiting_time": "8ms"}, RANGES, "waiting_time: has a unit"),
    "a target twice": ({"waiting_time": 8, "fidelity": ".8"}, RANGES, "target: is given, and the objective has a fid"),
    "no ranges": ({"waiting_time": 8}, {}, "ranges: must be a table"),
    "another setting": ({"waiting_time": 8}, {"memory": {}}, "did you mean 'memories'"),
    "fixed too": ({"waiting_time": 8}, {"f0": {"values": [".8"], "price": 1}}, "f0: is fixed and has a range"),
    "no table": ({"waiting_time": 8}, {"p": 3}, r"ranges\.p: must be a table"),
    "another key": ({"waiting_time": 8}, {"p": {"value": 1}}, "did you mean 'values'"),
    "no values": ({"waiting_time": 8}, {"p": {"price": 1}}, r"ranges\.p: says nothing of its values"),
    "empty": ({"waiting_time": 8}, {"p": {"values": [], "price": 1}}, r"ranges\.p: is empty"),
    "backwards": (
        {"waiting_time": 8},
        {"p": {"from": 1, "to": 0, "step": ".1", "price": 1}},
        r"ranges\.p: is an empty",
    ),
    "twice": ({"waiting_time": 8}, {"p": {"values": [1, 1], "price": 1}}, r"ranges\.p: must not repeat"),
    "half a range": ({"waiting_time": 8}, {"p": {"from": 1, "price": 1}}, "must have from, to and step"),
    "values and ends": ({"waiting_time": 8}, {"p": {"values": [1], "from": 1, "price": 1}}, "has values and ends"),
    "no price": ({"waiting_time": 8}, {"p": {"values": [1]}}, "a price is missing"),
    "two prices": ({"waiting_time": 8}, {"p": {"values": [1], "price": 1, "prices": [1]}}, "it has price and prices"),
    "too few prices": (
        {"waiting_time": 8},
        {"p": {"values": [".5", 1], "prices": [1]}},
        "must be as many as there are",
    ),
    "negative": ({"waiting_time": 8}, {"p": {"values": [1], "price": -1}}, r"ranges\.p\.price: must not be negative"),
    "no probability": ({"waiting_time": 8}, {"p": {"values": [2], "price": 1}}, "p: must be a probability"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_plan_is_one_clear_message(name):
    """What is wrong is named, with where it stands and what would be right."""
    objective, ranges, message = BAD[name]
    with pytest.raises(ModelError, match=message) as caught:
        plan({**NODE, "memories": 2} if "memories" not in ranges else NODE, objective, ranges)
    assert "\n" not in str(caught.value)


def test_too_much_hardware_is_refused_before_any_is_looked_at():
    """A grid of more combinations than anybody looks through is refused with its size."""
    with pytest.raises(LimitError, match="are 100,000 combinations"):
        plan(
            NODE,
            {"waiting_time": 8},
            {"p": {"values": "0.00001:1:0.00001", "price": 1}, "memories": {"values": [2], "price": 1}},
        )


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"p": ".35", "memories": 3}, "hardware: must have p = one of"),
        ({"p": ".3"}, "hardware: must have a value for memories"),
        ({"p": ".3", "memory": 3}, "did you mean 'memories'"),
    ],
)
def test_hardware_to_look_at_must_be_within_the_ranges(at, message):
    """What is named is one value of every range."""
    with pytest.raises(ModelError, match=message):
        plan(NODE, {"waiting_time": 8}, RANGES, hardware=at)


def test_a_fidelity_needs_hardware_of_which_it_is_known():
    """Where rules or memories that forget may keep pairs below the limit of the map, a time is asked for."""
    ranges = {"memories": {"values": "2:4", "price": 1}}
    found = plan({"p": 1, "f0": "3/4"}, {"fidelity": ".85"}, ranges)
    assert found.settings == {"memories": 3}  # pumping alone ends at .8257
    with pytest.raises(ModelError, match="rules: may keep pairs below"):
        plan({"p": 1, "f0": "3/4", "rules": {"max_distillations": 1}}, {"fidelity": ".85"}, ranges)


def test_what_has_a_range_is_not_fixed_in_other_words():
    """A gate fidelity beside a range of gates is refused, not overruled."""
    fixed = {"p": ".5", "memories": 3, "f0": ".9", "target": ".93", "gate_fidelity": ".99"}
    with pytest.raises(ModelError, match="gate_fidelity: fixes gate, which has a range"):
        plan(fixed, {"waiting_time": 8}, {"gate": {"values": [".99"], "price": 1}})


def test_long_problems_of_a_plan_tell_what_they_do():
    """Progress of a plan has that of the problem at work, beside how many are done."""
    told: list[str] = []
    far = {"p": ".5", "f0": ".8", "target": ".88"}
    plan(far, {"waiting_time": 30}, {"memories": {"values": [3], "price": 1}}, progress=told.append)
    assert any(text.startswith("0 problems solved for 1 combinations; ") for text in told)
