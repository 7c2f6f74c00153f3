"""Derivatives by the parameters: against difference quotients of optima that are solved anew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from math import isnan

import pytest
from cases import REACHED_BY_DISTILLATION, problems, result, solved
from hypothesis import assume, given, settings

from lpdistill import Budget, MaxDistillations, ModelError, NotCertifiedError, Problem, Werner, solve
from lpdistill.frontiers.frontier import frontier
from lpdistill.physics.maps import Combination
from lpdistill.physics.werner import WernerPair
from lpdistill.worth.sensitivity import sensitivity

PARAMETERS = ("p", "f0", "generation_time", "distillation_time")
NEARBY = Fraction(1, 10_000)
STENCIL = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}
"""Weights of the central difference of fourth order."""


def actions(solution):
    """What a solution does in every reachable configuration."""
    return {row.counts: row.decisions for row in solution.rows(visited=True)}


def structure(problem):
    """Which levels there are, and what distils into what."""
    return [str(level.tree) for level in problem.levels], [result(recipe) for recipe in problem.recipes]


def quotient(problem, parameter, measure, step=NEARBY):
    """Central difference of a measure of the optimum, or None where optimum or levels change nearby."""
    at, here = getattr(problem, parameter), actions(solved(problem))
    step = min(step, step * at)
    total = 0.0
    for position, weight in STENCIL.items():
        moved = problem.replace(**{parameter: at + position * step})
        if structure(moved) != structure(problem):
            return None
        solution = solve(moved)
        if {counts: [d.action for d in does] for counts, does in actions(solution).items()} != {
            counts: [d.action for d in does] for counts, does in here.items()
        }:
            return None
        total += weight * measure(solution)
    return total / float(step)


def kink_in_p(problem, low, high):
    """Two probabilities, closer than 1e-15 to each other, between which the optimal policy changes."""
    low, high = Fraction(low), Fraction(high)
    first = actions(solve(problem.replace(p=low)))
    assert actions(solve(problem.replace(p=high))) != first
    while high - low > Fraction(1, 10**15):
        middle = (low + high) / 2
        low, high = (middle, high) if actions(solve(problem.replace(p=middle))) == first else (low, middle)
    return low, high


@settings(max_examples=25)
@given(problems())
def test_derivatives_are_those_of_the_optimum(problem):
    """Every derivative is the central difference of the optimum, to a millionth, where the policy stays the same."""
    assume(problem.p < Fraction(19, 20))
    found = sensitivity(solved(problem)).derivatives
    for parameter in PARAMETERS:
        expected = quotient(problem, parameter, lambda solution: solution.waiting_time)
        if expected is not None:
            scale = solved(problem).waiting_time / float(getattr(problem, parameter))
            assert found[parameter].value == pytest.approx(expected, rel=1e-6, abs=1e-7 * scale)


@pytest.mark.parametrize("name", ["four memories", "four memories, three levels", "last step free"])
def test_derivatives_of_totals(name):
    """The derivatives of all expected totals are central differences of the totals of the optimum."""
    problem = REACHED_BY_DISTILLATION[name]
    found = sensitivity(solved(problem)).totals
    for total, slopes in found.items():
        for parameter in PARAMETERS:
            expected = quotient(problem, parameter, lambda solution, total=total: solution.expected[total])
            assert expected is not None
            assert slopes[parameter] == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("constraint", [MaxDistillations(1), Budget("generation_attempts", "10.2")])
def test_derivatives_under_constraints(constraint):
    """With a rule, or a budget whose limit is held fixed, derivatives are central differences of the optimum."""
    problem = Problem("1/2", 4, "9/10", "94/100").with_constraints(constraint)
    found = sensitivity(solved(problem)).derivatives
    for parameter in PARAMETERS:
        at, step = getattr(problem, parameter), Fraction(1, 10**4)
        expected = sum(
            weight * solve(problem.replace(**{parameter: at + position * step})).waiting_time
            for position, weight in STENCIL.items()
        ) / float(step)
        assert found[parameter].value == pytest.approx(expected, rel=1e-6)


def test_derivatives_refused_where_prices_are_not_unique():
    """At a limit where a price changes, derivatives under the budget are refused with the remedy."""
    problem = Problem("1/2", 3, "3/4", "79/100")
    limit = Fraction(frontier(problem, "generation_attempts").points[1].used)
    solution = solve(problem.with_constraints(Budget("generation_attempts", limit)))
    assert solution.budgets["generation_attempts"].degenerate
    with pytest.raises(NotCertifiedError, match=r"generation_attempts: .* move the limit"):
        sensitivity(solution)


@settings(max_examples=40)
@given(problems())
def test_times_are_homogeneous(problem):
    """Elasticities by the two times sum to 1: doubling both doubles every waiting time."""
    found = sensitivity(solved(problem)).derivatives
    total = sum(float(getattr(problem, name)) * found[name].value for name in PARAMETERS[2:])
    assert total == pytest.approx(solved(problem).waiting_time, rel=1e-10)
    assert sum(found[name].elasticity for name in PARAMETERS[2:]) == pytest.approx(1, rel=1e-10)


def test_one_sided_derivatives_at_a_kink():
    """Where the optimal policy changes with p, each side has the derivative of the optimum on that side."""
    problem = Problem("1/2", 4, "9/10", "94/100")
    below, above = kink_in_p(problem, "2/5", "9/10")
    at = problem.replace(p=(below + above) / 2)
    found = sensitivity(solve(at)).derivatives["p"]
    step = Fraction(1, 10**6)
    sides = []
    for sign in (-1, 1):
        times = [solve(at.replace(p=at.p + sign * k * step)).waiting_time for k in range(3)]
        sides.append(sign * (-1.5 * times[0] + 2 * times[1] - 0.5 * times[2]) / float(step))
    assert found.kink
    assert abs(sides[0] - sides[1]) > 1e-4
    assert (found.below, found.above) == pytest.approx(sides, rel=1e-6)
    assert found.below >= found.above


def test_away_from_kinks_both_sides_agree():
    """Where one policy is optimal, the two one-sided derivatives are equal, and no kink is reported."""
    found = sensitivity(solved(REACHED_BY_DISTILLATION["four memories"])).derivatives
    assert [(d.kink, d.below == d.above) for d in found.values()] == [(False, True)] * 4


def test_jump_where_a_level_equals_the_target():
    """With the target exactly at a level, a smaller f0 loses it: no derivative below, and the waiting time jumps."""
    problem = REACHED_BY_DISTILLATION["target exactly a level"]
    found = sensitivity(solved(problem))
    assert found.jump
    assert isnan(found.derivatives["f0"].below)
    lost = solve(problem.replace(f0=problem.f0 - Fraction(1, 10**9))).waiting_time
    assert lost > found.solution.waiting_time * 1.1
    step = Fraction(1, 10**7)
    gained = (solve(problem.replace(f0=problem.f0 + step)).waiting_time - found.solution.waiting_time) / float(step)
    assert found.derivatives["f0"].above == pytest.approx(gained, rel=1e-4)


def test_no_jump_just_below_a_level():
    """With the target between levels, a small change of f0 keeps the levels, and no jump is reported."""
    found = sensitivity(solved(REACHED_BY_DISTILLATION["four memories"]))
    assert not found.jump


@pytest.mark.parametrize(
    ("changes", "parameter"), [({"p": 1}, "p"), ({"p": "1/2", "f0": 1, "target": 1}, "f0")], ids=["p", "f0"]
)
def test_no_derivative_beyond_the_end_of_a_parameter(changes, parameter):
    """At p = 1 and f0 = 1 there is nothing above, and the value is the derivative below."""
    found = sensitivity(solve(Problem(**{"memories": 3, "f0": "3/4", "target": "79/100", "p": 1} | changes)))
    assert isnan(found.derivatives[parameter].above)


@pytest.mark.parametrize("problem", [Problem(1, 3, "3/4", "79/100"), Problem(1, 4, "9/10", "94/100")])
def test_derivative_below_certain_generation(problem):
    """At p = 1 the derivative below is that of the optimum for smaller p; with three memories it is 0."""
    step = Fraction(1, 10**6)
    times = [solve(problem.replace(p=1 - k * step)).waiting_time for k in range(3)]
    expected = (1.5 * times[0] - 2 * times[1] + 0.5 * times[2]) / float(step)
    assert sensitivity(solve(problem)).derivatives["p"].below == pytest.approx(expected, rel=1e-6, abs=1e-8)


@dataclass(frozen=True)
class Nudged:
    """Werner's map with the success probability of one distillation changed."""

    pair: frozenset[Fraction]
    by: Fraction
    name: str = "nudged"

    def raw(self, fidelity):
        return WernerPair(fidelity)

    def combine(self, a, b):
        made = Werner().combine(a, b)
        nudged = frozenset((a.fidelity, b.fidelity)) == self.pair
        return Combination(made.state, made.success + self.by * nudged)

    def reach(self, raw, target, memories):
        return Werner().reach(raw, target, memories)


@pytest.mark.parametrize("name", ["four memories", "four memories, three levels", "last step free"])
def test_derivatives_by_pair(name):
    """What the success of one kind of distillation is worth is the difference quotient with that kind changed."""
    problem = REACHED_BY_DISTILLATION[name]
    step = Fraction(1, 10**5)
    for (low, high), slope in sensitivity(solved(problem)).by_pair.items():
        pair = frozenset((problem.levels[low].fidelity, problem.levels[high].fidelity))
        below, above = (solve(problem.replace(distillation=Nudged(pair, by))).waiting_time for by in (-step, step))
        assert slope == pytest.approx((above - below) / float(2 * step), rel=1e-6, abs=1e-8)


def test_pairs_and_configurations_add_up():
    """Contributions of configurations sum to the derivative by p; contributions of pairs, chained, to that by f0."""
    solution = solved(REACHED_BY_DISTILLATION["four memories, three levels"])
    found = sensitivity(solution)
    assert found.by_configuration.array.sum() == pytest.approx(found.derivatives["p"].value, rel=1e-12)
    assert (found.by_configuration.array <= 0).all()
    slopes = {}
    step = Fraction(1, 10**9)
    for sign in (-1, 1):
        moved = solution.problem.replace(f0=solution.problem.f0 + sign * step)
        for recipe in moved.recipes:
            pair = recipe.consumed
            slopes[pair] = slopes.get(pair, 0) + sign * recipe.success / (2 * step)
    chained = sum(found.by_pair[pair] * float(slope) for pair, slope in slopes.items())
    assert chained == pytest.approx(found.derivatives["f0"].value, rel=1e-8)


def test_target_reached_by_generation_alone():
    """Where a raw pair meets the target, only p and the generation time matter: T = tau_g / (1 - (1-p)^M)."""
    found = sensitivity(solve(Problem("1/3", 2, "3/4", "7/10", generation_time=2)))
    p, values = 1 / 3, {name: slope.value for name, slope in found.derivatives.items()}
    reach = 1 - (1 - p) ** 2
    expected = {"p": -2 * 2 * (1 - p) / reach**2, "f0": 0, "generation_time": 1 / reach, "distillation_time": 0}
    assert values == pytest.approx(expected, rel=1e-12)


def test_refuses_a_state_graph():
    """A state graph has no parameters: refused, with the reason."""
    with pytest.raises(ModelError, match="state graph has no parameters"):
        sensitivity(solve(Problem("1/2", 2, "3/4", "78/100").graph()))


def test_refuses_what_is_not_proved():
    """A deterministic policy under budgets is claimed, not proved, to be optimal: refused."""
    problem = Problem("1/2", 3, "3/4", "79/100").with_constraints(Budget("generation_attempts", 11))
    with pytest.raises(ModelError, match="needs a proven optimum"):
        sensitivity(solve(problem, deterministic=True))


def test_shown_in_every_form():
    """The table has a row per parameter, JSON is JSON, the text names every parameter, the picture its elasticities."""
    found = sensitivity(solved(REACHED_BY_DISTILLATION["target exactly a level"]))
    assert found.to_frame()["parameter"].tolist() == list(PARAMETERS)
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert document["derivatives"]["f0"]["below"] is None
    assert all(f"d({name})" in repr(found) for name in PARAMETERS)
    widths = sorted(abs(bar.get_width()) for bar in found.plot().patches)
    assert widths == pytest.approx(sorted(abs(d.elasticity) for d in found.derivatives.values()))
