"""Problems of one family, solved together, against exact values and against problems solved one by one."""

from __future__ import annotations

import random
from dataclasses import fields
from fractions import Fraction

import numpy as np
import oracle
import pytest

from lpdistill import Dynamics, MaxAttempts, MaxDistillations, NoGenerationWhileDistilling, Problem, solve
from lpdistill.program import family as room
from lpdistill.program import pointwise
from lpdistill.program.family import Family
from lpdistill.program.points import FARTHEST, Points, middles, neighbourhoods
from lpdistill.program.pointwise import Costs, System, solved

SHAPES = {
    "four memories": Problem("1/2", 4, "3/4", "79/100"),
    "three levels": Problem("1/2", 4, "9/10", "94/100"),
    "two memories, four levels": Problem("1/2", 2, "9/10", "0.942"),
    "target below f0": Problem("1/2", 3, "3/4", "7/10"),
    "one distillation at a time": Problem("1/2", 4, "9/10", "94/100", rules=MaxDistillations(1)),
    "a choice of attempts": Problem("1/2", 3, "9/10", "94/100", rules=(MaxAttempts(2), NoGenerationWhileDistilling())),
    "discarding": Problem("1/2", 3, "9/10", "94/100", discarding=True),
}
TIMES = ((1, 2), (3, Fraction(1, 10)), (Fraction(3, 7), Fraction(5, 3)), (1, 1000), (1000, 1))


def family_of(problem: Problem) -> Family:
    """The family of a problem, with all columns."""
    dynamics = Dynamics(problem)
    return Family(dynamics, dynamics.columns, dynamics.admission.proper())


def points_of(problems: list[Problem]) -> Points:
    """The points at which some problems of a family lie."""
    return Points(
        np.array([float(problem.p) for problem in problems]),
        np.array([float(1 - problem.p) for problem in problems]),
        np.array([[float(one.generation_time), float(one.distillation_time), 0.0] for one in problems]).T,
    )


def some_of(problem: Problem, number: int, seed: int = 0) -> list[Problem]:
    """Problems of one family with probabilities from 1e-6 to almost 1, and durations alike and unlike."""
    draw = random.Random(seed)  # noqa: S311 - cases, not secrets
    chances = [
        Fraction(1, 10**6),
        1 - Fraction(1, 10**6),
        *(Fraction(draw.randint(1, 999), 1000) for _ in range(number)),
    ]
    chances = [*chances, *(Fraction(1, 10 ** draw.randint(1, 6)) for _ in range(2))]
    times = [draw.choice(TIMES) for _ in chances]
    return [
        problem.replace(p=p, generation_time=waits, distillation_time=distils)
        for p, (waits, distils) in zip(chances, times, strict=True)
    ]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_numbers_are_those_of_solving_one_by_one(shape):
    """Times, bounds, deviations and expected uses agree with those of single problems, at all points but rare ones."""
    problems, family = some_of(shape, 8), family_of(shape)
    found = family.optima(points_of(problems))
    assert found.settled.sum() >= len(problems) - 1
    for i in np.flatnonzero(found.settled).tolist():
        problem = problems[i]
        alone = solve(problem)
        numbers = [found.value[i], found.lower[i], found.upper[i], found.variance[i] ** 0.5, *found.totals[:, i]]
        single = [alone.waiting_time, alone.lower_bound, alone.upper_bound, alone.policy.standard_deviation]
        assert numbers == pytest.approx([*single, *alone.expected.values()], rel=1e-12, abs=0)
        assert family.resources == tuple(alone.expected)


@pytest.mark.parametrize("shape", list(SHAPES.values())[:4], ids=list(SHAPES)[:4])
def test_bounds_enclose_the_exact_optimum(shape):
    """The exact rational optimum lies between the bounds that are proved, and they are close to each other."""
    problems = some_of(shape, 4, seed=1)
    found = family_of(shape).optima(points_of(problems))
    for problem, low, high in zip(problems, found.lower, found.upper, strict=True):
        start, values = oracle.counted(oracle.Hardware.of(problem), full=True).optimum
        exact = values[(0,) * len(problem.levels)]
        assert Fraction(low) <= exact <= Fraction(high), start
        assert high - low < 1e-10 * high


def test_bounds_enclose_the_policy_that_is_evaluated():
    """A family of one policy has its exact expected time between bounds, whatever the optimum is."""
    problem = Problem("1/3", 3, "9/10", "94/100")
    dynamics = Dynamics(problem)
    policy = dynamics.admission.proper()
    found = Family(dynamics, policy, policy).optima(points_of([problem]))
    alone = solve(problem)
    assert found.settled.all()
    assert found.value[0] > alone.upper_bound
    assert found.lower[0] <= found.value[0] <= found.upper[0]


def same(one: Costs, other: Costs, some: slice | list[int]) -> bool:
    """Whether costs are those of some points of others, bit by bit."""
    return all(
        np.array_equal(getattr(one, item.name), getattr(other, item.name)[..., some], equal_nan=True)
        for item in fields(Costs)
    )


@pytest.mark.parametrize("shape", list(SHAPES.values())[1:3], ids=list(SHAPES)[1:3])
def test_numbers_of_a_point_do_not_depend_on_the_others(shape, monkeypatch):
    """Alone, in other company, in another order, or a few at a time, a point has the same numbers, bit by bit."""
    points = points_of(some_of(shape, 12))
    whole = family_of(shape).optima(points)
    assert all(same(family_of(shape).optima(points.at([i])), whole, [i]) for i in range(len(points)))
    back = list(range(len(points)))[::-1]
    assert same(family_of(shape).optima(points.at(back)), whole, back)
    monkeypatch.setattr(room, "AT_ONCE", 1000)
    assert family_of(shape).at_once < len(points)
    assert same(family_of(shape).optima(points), whole, slice(None))


def test_what_takes_too_many_rounds_is_not_proved(monkeypatch):
    """Where policy iteration is cut short, points whose policy could still be improved count as not proved."""
    shape = SHAPES["three levels"]
    points = points_of(some_of(shape, 8))
    whole = family_of(shape).optima(points)
    monkeypatch.setattr(room, "MOST_ROUNDS", 1)
    found = family_of(shape).optima(points)
    assert 0 < found.settled.sum() < len(points)
    assert found.value[found.settled] == pytest.approx(whole.value[found.settled], rel=1e-12)


def test_a_proof_that_does_not_hold_is_none(monkeypatch):
    """Values that are not lowered by what a step may round are refused, not believed."""
    monkeypatch.setattr(pointwise, "MARGIN", 0.0)
    shape = SHAPES["four memories"]
    assert not family_of(shape).optima(points_of(some_of(shape, 4))).settled.any()


def test_values_that_are_too_low_are_raised():
    """An upper bound is proved of the policy itself: values that fall short of it are raised until they do not."""
    shape = SHAPES["four memories"]
    problems, family = some_of(shape, 4), family_of(shape)
    points = points_of(problems)
    policy = family.columns.positions(Dynamics(shape).admission.proper())[:, None].repeat(len(problems), axis=1)
    values = System(family.columns, points, policy).values
    costs, _ = System(family.columns, points, policy, values * (1 - 1e-9)).costs()
    assert (costs.upper >= values[:, 0]).all()


def test_upper_bounds_leave_room_for_rounding(monkeypatch):
    """Values that equal the action values of the policy are raised by what these may have been rounded."""
    monkeypatch.setattr(pointwise, "MARGIN", 0.0)
    shape = SHAPES["four memories"]
    found = family_of(shape).optima(points_of(some_of(shape, 4)))
    assert (found.upper > found.value * (1 + Dynamics(shape).rounding)).all()


def test_a_singular_system_spoils_no_other():
    """Where one system has no solution, the others keep theirs."""
    good, singular = np.array([[2.0, 1.0], [0.0, 4.0]]), np.ones((2, 2))
    found = solved(np.stack([good, singular, good]), np.stack([np.eye(2)] * 3))
    assert np.array_equal(found[[0, 2]], np.stack([np.linalg.inv(good)] * 2))
    assert np.isnan(found[1]).all()


def test_points_have_a_neighbourhood_of_their_own():
    """Neighbourhoods are a few octaves wide, have their middles in them, and end where numbers do."""
    problems = [Problem(p, 2, "3/4", "78/100") for p in ("1e-100", "1e-6", "1/2", "0.6", "0.999999", 1)]
    where = neighbourhoods(points_of(problems))
    assert where[2] == where[3]
    assert len(set(where)) == 5
    assert neighbourhoods(middles(where)) == where
    assert all(abs(octaves) <= FARTHEST for octaves, _ in where)
