"""No answer has a number that is none, a negative zero, or what rounding leaves of zero."""

from __future__ import annotations

import math
import re

import pytest

import lpdistill as lp
from lpdistill import Budget, ModelError, Problem, Sensitivity, solve

THREE = Problem(".5", 3, "3/4", "79/100")
EDGES = {
    "f0 = 1, target 1": Problem(".5", 2, 1, 1),
    "f0 = 1": Problem(".5", 2, 1, ".9"),
    "target met at once, in no time": Problem(1, 2, ".9", ".8", final_step="free"),
    "target met at once": Problem(".5", 2, ".9", ".8"),
    "a third, in no time": Problem(1, 2, ".9", ".8", final_step="free", generation_time="1/3"),
    "p = 1": Problem(1, 3, "3/4", "79/100"),
    "generation takes no time": Problem(".5", 3, "3/4", "79/100", generation_time=0),
    "one round, free": Problem(".5", 2, "3/4", ".77", generation_time=0, final_step="free"),
    "distillation takes no time": Problem(".5", 3, "3/4", "79/100", distillation_time=0),
    "ordinary": THREE,
    "budget": THREE.with_constraints(Budget("generation_attempts", 11)),
    "a level at the target": Problem(".5", 2, "3/4", "41/52"),
}
edges = pytest.mark.parametrize("problem", EDGES.values(), ids=EDGES)
QUESTIONS = {
    "solve": lambda found: found,
    "sensitivity": lp.sensitivity,
    "compare": lambda found: lp.compare(found.problem),
    "variability": lp.variability,
    "validity": lp.validity,
    "increments": lp.increments,
    "robust": lambda found: lp.robust(found.problem, (found.problem.p / 2, found.problem.p)),
    "frontier": lambda found: lp.frontier(found.problem, "raw_pairs"),
    "regret curve": lambda found: lp.regret_curve(found, "p", points=3),
    "regret curve in f0": lambda found: lp.regret_curve(found, "f0", points=3),
    "explain": lambda found: found.explain((0,) * len(found.problem.levels)),
}


def numbers(document, where=""):
    """All floats of a document, by place."""
    if isinstance(document, float):
        yield where, document
    elif isinstance(document, dict):
        for name, part in document.items():
            yield from numbers(part, f"{where}.{name}")
    elif isinstance(document, list | tuple):
        for position, part in enumerate(document):
            yield from numbers(part, f"{where}[{position}]")


def suspicious(number):
    """Whether a number is none, a negative zero, or rounding."""
    return math.isnan(number) or (number == 0 and math.copysign(1, number) < 0) or 0 < abs(number) < 3e-14


@edges
@pytest.mark.parametrize("question", QUESTIONS)
def test_documents_have_plain_numbers(problem, question):
    """Every number of every document is a number, and 0 where it should be."""
    found = solve(problem)
    try:
        answer = QUESTIONS[question](found)
    except ModelError as error:
        assert "budgets" in str(error)  # noqa: PT017 - the only reason to have no answer
        return
    tolerances = ("dual_slack", "flow_residual", "bound")
    assert [
        (where, number)
        for where, number in numbers(answer.to_dict())
        if suspicious(number) and not any(name in where for name in tolerances)
    ] == []
    shown = "\n".join(line for line in repr(answer).splitlines() if "proved" not in line)
    assert not re.search(r"\bnan\b|-0(\.0+)?\b(?![\d.])|\de-1[4-9]", shown)


@edges
def test_regrets_are_not_negative(problem):
    """An action is never better than the best by what is rounded."""
    regrets = solve(problem).regrets.to_frame()["regret"]
    assert (regrets >= 0).all()
    assert not ((regrets > 0) & (regrets < 1e-12)).any()


@edges
def test_a_waiting_time_is_not_negative(problem):
    """Nor is its lower bound; and the time is between its bounds."""
    found = solve(problem)
    assert 0 <= found.lower_bound <= found.waiting_time <= found.upper_bound
    assert found.policy.waiting_time == found.waiting_time


def test_no_derivative_is_said_to_be_none():
    """Where the waiting time jumps below and the parameter ends above there is no derivative: null, and said so."""
    found = lp.sensitivity(solve(EDGES["f0 = 1, target 1"]))
    assert found.to_dict()["derivatives"]["f0"] == {
        "value": None,
        "below": None,
        "above": None,
        "elasticity": None,
        "kink": False,
    }
    assert "d(waiting time)/d(f0): none" in repr(found)


def test_a_derivative_at_no_duration_is_that_above():
    """Where generation takes no time, another instant of it costs what steps of generation there are."""
    found = lp.sensitivity(solve(EDGES["generation takes no time"]))
    slope = found.derivatives["generation_time"]
    longer = solve(EDGES["generation takes no time"].replace(generation_time="1e-6"))
    assert math.isnan(slope.below)
    assert slope.value == pytest.approx((longer.waiting_time - found.solution.waiting_time) / 1e-6, rel=1e-6)
    assert isinstance(found, Sensitivity)
    assert found.derivatives["p"].value == 0


def test_a_curve_of_no_time_has_no_regret():
    """Where all is done at once whatever is done, nothing is slower, in time or in percent."""
    curve = lp.regret_curve(solve(EDGES["target met at once, in no time"]), "p", span=(1, 1), points=2)
    assert (curve.best.tolist(), curve.regret.tolist(), curve.excess.tolist()) == ([0, 0], [0, 0], [0, 0])


def test_robust_refuses_budgets_before_solving():
    """Budgets are not kept for another p, and that is what the error says."""
    with pytest.raises(ModelError, match="robust: needs a problem without budgets"):
        lp.robust(EDGES["budget"], ("0.3", "0.5"))
