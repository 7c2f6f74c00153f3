"""The fixed policy elsewhere, against the best one there."""

import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from cases import REACHED_BY_DISTILLATION, solved
from oracle import Hardware, counted

from lpdistill import Budget, ModelError, Problem, solve
from lpdistill.worth.regret_curve import RegretCurve, regret_curve, time_of

EXAMPLE = REACHED_BY_DISTILLATION["four memories, three levels"]
SPANS = {
    "p": ("1/10", 1),
    "f0": ("0.899", "0.904"),
    "generation_time": ("1/2", 4),
    "distillation_time": ("1/2", 5),
}


@pytest.mark.parametrize("parameter", SPANS)
def test_both_times_are_those_of_the_enumerated_model(parameter):
    """Fixed and best times are exact policy evaluation and exact policy iteration of the enumerated model."""
    solution = solved(EXAMPLE)
    curve = regret_curve(solution, parameter, span=SPANS[parameter], points=4)
    low, high = map(Fraction, SPANS[parameter])
    chosen = {
        counts: (tuple(sorted(does[0].action.distil)), does[0].action.generate)
        for counts, does in solution.policy.items()
    }
    for step in range(4):
        value = low + (high - low) * Fraction(step, 3)
        chain = counted(Hardware.of(EXAMPLE.replace(**{parameter: value})), full=True)
        assert curve.values[step] == float(value)
        assert curve.best[step] == pytest.approx(float(chain.time), rel=1e-10)
        assert curve.fixed[step] == pytest.approx(float(chain.evaluate(chosen)[chain.start]), rel=1e-10)


@pytest.mark.parametrize("parameter", SPANS)
def test_no_regret_where_it_was_planned(parameter):
    """At the planned value the fixed policy is the best one, and elsewhere it is no better than the best."""
    curve = regret_curve(solved(EXAMPLE), parameter, span=(getattr(EXAMPLE, parameter), SPANS[parameter][1]), points=5)
    assert curve.regret[0] <= 1e-12
    assert (curve.fixed >= curve.best * (1 - 1e-12)).all()


@pytest.mark.parametrize("parameter", SPANS)
def test_default_span_contains_the_planned_value(parameter):
    """Unasked, values reach from below to above the planned one, as far as they may."""
    curve = regret_curve(solved(EXAMPLE), parameter, points=3)
    assert curve.values[0] < curve.planned < curve.values[-1]


def test_other_levels_are_refused():
    """Where f0 changes the levels, configurations do not mean the same: refused, with the fidelities that do."""
    with pytest.raises(ModelError, match="f0: must keep the levels"):
        regret_curve(solved(EXAMPLE), "f0", span=("0.8", "0.9"))


def test_wrong_questions_are_refused():
    """Parameters, spans and numbers of points that are none, budgets, and state graphs are refused."""
    solution = solved(EXAMPLE)
    for options, words in (
        ({"parameter": "q"}, "parameter: must be one of"),
        ({"span": (1, "1/2")}, "least value first"),
        ({"span": ("1/2", 2)}, "must be a probability"),
        ({"points": 1}, "at least 2"),
        ({"points": "many"}, "whole number"),
    ):
        with pytest.raises(ModelError, match=words):
            regret_curve(solution, **options)
    with pytest.raises(ModelError, match="without budgets"):
        regret_curve(solve(EXAMPLE.with_constraints(Budget("steps", 20))))
    with pytest.raises(ModelError, match="state graph has no parameters"):
        regret_curve(solve(Problem("1/2", 2, "3/4", "78/100").graph()))


def test_policies_that_go_in_circles_take_forever():
    """A policy that waits for equal levels in two memories never reaches the target there: its time is infinite."""
    there = solved(Problem("1/2", 2, "3/4", "79/100"), attempts="all").process
    columns = there.admission.proper().copy()
    stuck = there.names.rank((1, 1))
    columns[stuck] = np.intersect1d(there.admission.of_configuration(stuck), there.admission.waiting)[0]
    waiting = SimpleNamespace(dual=SimpleNamespace(policy=there.choose(columns)))
    assert time_of(waiting, there) == np.inf


def test_infinite_times_are_null_in_json():
    """JSON knows no infinity: a time without end is null."""
    curve = RegretCurve(EXAMPLE, "p", 0.5, np.array([0.5, 1.0]), np.array([3.0, np.inf]), np.array([3.0, 2.0]))
    document = json.loads(json.dumps(curve.to_dict(), allow_nan=False))
    assert [point["fixed"] for point in document["points"]] == [3.0, None]


def test_a_time_of_zero_has_a_span_too():
    """A duration that is 0 is compared with longer ones."""
    curve = regret_curve(solve(EXAMPLE.replace(generation_time=0)), "generation_time", points=3)
    assert curve.values.tolist() == [0, 0.5, 1]


def test_rounding_is_no_regret():
    """Where the policy is optimal its regret is exactly 0, in the numbers and in the picture."""
    curve = regret_curve(solved(EXAMPLE), "p", span=("69/100", "71/100"), points=41)
    assert not curve.regret.any()
    axes = curve.plot()
    assert not axes.lines[0].get_ydata().any()
    assert axes.get_ylim() == (0.0, 1.0)
    assert axes.get_title(loc="left") == "nowhere slower than the best policy"


def test_no_waiting_time_is_no_division_by_zero():
    """Where the best policy takes no time at all, one that takes some is infinitely slower, and another is not."""
    curve = RegretCurve(EXAMPLE, "p", 0.5, np.array([0.1, 0.5, 1.0]), np.array([0.0, 2.0, 3.0]), np.array([0, 0, 2.0]))
    assert curve.excess.tolist() == [0.0, np.inf, 50.0]
    assert curve.plot().get_ylim()[1] == pytest.approx(54)


def test_shown_in_every_form():
    """The text names the worst value, the frame has a row per value, and the picture is the relative regret."""
    curve = regret_curve(solved(EXAMPLE), "p", span=("1/5", 1), points=9)
    assert f"at p = {curve.values[np.argmax(curve.regret)]:g}" in repr(curve)
    assert curve.to_frame()["regret"].tolist() == curve.regret.tolist()
    drawn = curve.plot().lines[0].get_ydata()
    assert drawn == pytest.approx(100 * curve.regret / curve.best)
