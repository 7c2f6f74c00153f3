"""Optima on labels moved to other hardware: each optimum there has labels of its own, and none rounds a result."""

from fractions import Fraction

import pytest

from lpdistill import Budget, ModelError, NotCertifiedError, Problem, requests, solve
from lpdistill.physics.rounding import Rounding
from lpdistill.worth import validity as ranges
from lpdistill.worth.optimal_range import End
from lpdistill.worth.regret_curve import regret_curve
from lpdistill.worth.robust import robust
from lpdistill.worth.validity import validity

PAST = Problem("1/2", 4, "8/10", "88/100")
FINITE = Problem("1/2", 12, "65/100", "71/100")


def visited(solution):
    """What a solution does in every reachable configuration, by the fidelities of pairs."""
    fidelities = [level.fidelity for level in solution.problem.levels]
    return {
        (
            tuple(sorted((fidelities[level], count) for level, count in enumerate(row.counts) if count)),
            row.decisions[0].action.generate,
            len(row.decisions[0].action.distil),
        )
        for row in solution.rows(visited=True)
    }


@pytest.fixture(scope="module")
def held():
    """How far the optimum past the limit holds."""
    return validity(PAST)


@pytest.mark.parametrize("name", ["p", "generation_time", "distillation_time"])
def test_policies_change_at_the_ends_of_ranges(held, name):
    """Solved on labels of its own a little inside an end the optimum is the same policy, and beyond it is another."""
    found, here = held.ranges[name], visited(solve(PAST))
    for end, outwards in ((found.lower, -1), (found.upper, 1)):
        if end.because is not End.ACTION:
            continue
        at = Fraction(end.value).limit_denominator(10**9)
        inside, beyond = (at * (1 + Fraction(side * outwards, 10**5)) for side in (-1, 1))
        assert visited(solve(PAST.replace(**{name: inside}))) == here
        assert visited(solve(PAST.replace(**{name: beyond}))) != here


def test_ranges_end_where_they_are_known_to(held):
    """By p at one root, by f0 where a label meets another or the target."""
    assert held.ranges["p"].lower.value == pytest.approx(0.453345148, abs=1e-9)
    assert [held.ranges["f0"].lower.because, held.ranges["f0"].upper.because] == [End.LEVELS] * 2
    assert held.process.problem.levels.rounding is Rounding.FLOOR


def test_the_ranges_of_a_solution_on_labels_are_those_of_all_levels():
    """Where levels are finite, both can be had."""
    problem = Problem("1/2", 4, "65/100", "71/100")
    some, everything = validity(solve(problem, within="1e-9")), validity(problem)
    assert solve(problem, within="1e-9").bracket is not None
    for name in ("p", "generation_time", "distillation_time"):
        one, other = some.ranges[name], everything.ranges[name]
        assert [one.lower.value, one.upper.value] == pytest.approx([other.lower.value, other.upper.value], rel=1e-8)


def test_regret_is_against_optima_on_labels_of_their_own():
    """The fixed policy is nowhere faster than the best one, and as fast at the planned value alone."""
    curve = regret_curve(PAST, "p", span=("1/4", "3/4"), points=3)
    assert curve.best.tolist() == pytest.approx([solve(PAST.replace(p=p)).waiting_time for p in (0.25, 0.5, 0.75)])
    assert curve.regret[0] == pytest.approx(1.85258, abs=1e-5)
    assert curve.regret[1] == 0


def test_the_robust_policy_past_the_limit():
    """The worst case is the least p, and its optimum is proved."""
    answer = robust(PAST, ("0.4", "0.6"))
    assert answer.waiting_time == pytest.approx(solve(PAST.replace(p="0.4")).waiting_time, rel=1e-12)
    assert answer.lower_bound <= answer.waiting_time <= answer.upper_bound <= answer.waiting_time * (1 + 1e-9)
    assert (answer.protection, answer.price) == pytest.approx((0.223854, 0.133174), abs=1e-6)


@pytest.mark.parametrize("asked", [validity, regret_curve], ids=["validity", "regret curve"])
def test_an_open_bracket_is_refused(asked):
    """What is not known to be optimal has no range in which it is: refused, with the bracket and what to do."""
    solution = solve(PAST.replace(target="91/100"), within=".1")
    with pytest.raises(ModelError, match=r"needs proven optima, and .* between .* and .*; allow more time"):
        asked(solution)


def test_budgets_are_refused_past_the_limit_too():
    """They would not be kept elsewhere."""
    with pytest.raises(ModelError, match="needs a problem without budgets"):
        validity(PAST.with_constraints(Budget("steps", 30)))


def test_ranges_of_labels_that_are_not_enough_are_refused(monkeypatch):
    """Answers that differ though nothing is rounded are not shown."""
    monkeypatch.setattr(ranges, "_same", lambda *_: False)
    with pytest.raises(NotCertifiedError, match="rounded up and down differ"):
        validity(PAST.replace(memories=3))


def test_a_configuration_of_finite_levels_is_explained():
    """All levels are counted, though an optimum needs fewer labels."""
    assert len(solve(FINITE).problem.levels) < len(FINITE.levels)
    assert requests.explain(FINITE, (2, 0, 0, 0, 0)).counts == (2, 0, 0, 0, 0)
