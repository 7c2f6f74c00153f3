"""The exact model against the floating-point one, and against brute force."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from cases import REACHED_BY_DISTILLATION, SMALL, dynamics_of, labels, solved
from flint import fmpz, fmpz_poly
from oracle import TARGET, Hardware, counted

from symbolic.algebra.rational_function import fraction
from symbolic.exact.model import ExactModel, Parameters, elements


def exact_moves(problem) -> list[dict[tuple[int, ...], Fraction]]:
    """The probability of every next configuration of every column, from the written-out rows."""
    dynamics = dynamics_of(problem)
    rows = ExactModel.rational(dynamics).rows(np.arange(dynamics.numbering.size))
    found: list[dict[tuple[int, ...], Fraction]] = [{} for _ in range(dynamics.numbering.size)]
    p = problem.p
    counts = dynamics.configurations.counts.tolist()
    transitions = zip(rows.row, rows.following, rows.successes, rows.binomial_weight, strict=True)
    for row, following, j, weight in transitions:
        g = int(rows.attempts[row])
        moved = Fraction(int(weight), int(rows.scale[row])) * p**j * (1 - p) ** (g - j)
        if moved:
            key = tuple(counts[following])
            found[row][key] = found[row].get(key, Fraction(0)) + moved
    return found


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_rows_are_those_of_brute_force(problem):
    """Every column has exactly the transitions that tossing every coin gives, as fractions."""
    chain = counted(Hardware.of(problem), full=True)
    for (counts, action), moves in zip(labels(dynamics_of(problem)), exact_moves(problem), strict=True):
        tossed = {state: p for state, p in chain.steps[counts][action].moves.items() if state != TARGET}
        assert moves == tossed


@pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
def test_rows_are_those_of_the_floating_point_model(problem):
    """Written out in floating point, the moves of all columns are those of the floating-point dynamics."""
    dynamics = dynamics_of(problem)
    choice = dynamics.choose(np.arange(dynamics.numbering.size))
    written = choice.moves.toarray()
    for column, moves in enumerate(exact_moves(problem)):
        expected = np.zeros(dynamics.size)
        for counts, probability in moves.items():
            expected[int(dynamics.configurations.rank(np.array(counts)))] = float(probability)
        expected[choice.configuration[column]] -= 1 - choice.leaving[column]
        assert written[column] == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("attempts", ["full", "all"])
@pytest.mark.parametrize("problem", REACHED_BY_DISTILLATION.values(), ids=REACHED_BY_DISTILLATION)
def test_reduced_costs_agree_by_two_routes(problem, attempts):
    """Reduced costs of all columns from the factored model are those from the written-out rows."""
    dynamics = dynamics_of(problem, attempts)
    model, at = ExactModel.rational(dynamics), Parameters.rational(dynamics)
    values = elements([fmpz(7 * rank * rank + 3) for rank in range(dynamics.size)])
    for some in model.reduced_costs(values, fmpz(5), at):
        value, scale = model.rows(some.columns).reduced_costs(values, fmpz(5), at)
        assert (model.rows(some.columns).configuration == some.configuration).all()
        assert (value * some.scale == some.value * scale).all()


@pytest.mark.parametrize("problem", REACHED_BY_DISTILLATION.values(), ids=REACHED_BY_DISTILLATION)
def test_reduced_costs_are_the_regrets(problem):
    """For values in floating point, exact reduced costs are the regrets that floating point computes."""
    solution, dynamics = solved(problem), dynamics_of(problem)
    values = solution.plan.values
    weight = 10**20
    exact = elements([fmpz(round(Fraction(value) * weight)) for value in values.tolist()])
    at = Parameters.rational(dynamics)
    regrets = dynamics.choose(np.arange(dynamics.numbering.size)).regrets(values)
    for some in ExactModel.rational(dynamics).reduced_costs(exact * at.unit, fmpz(weight), at):
        found = [float(fraction(v) / int(s)) for v, s in zip(some.value, some.scale, strict=True)]
        assert found == pytest.approx(regrets[some.columns], abs=1e-12 * float(values.max()))


def test_polynomials_in_p_take_the_values_at_every_p():
    """Reduced costs as polynomials in p, evaluated, are those computed at that p."""
    problem = SMALL["four memories"]
    dynamics = dynamics_of(problem)
    model = ExactModel.rational(dynamics)
    values = elements([fmpz(rank + 1) for rank in range(dynamics.size)])
    variable = Parameters.of(dynamics, fmpz_poly([0, 1]), fmpz_poly([1]))
    constants = elements([fmpz_poly([value]) for value in values])
    symbolic = list(model.reduced_costs(constants, fmpz_poly([2]), variable))
    for p in range(-2, 4):
        numeric = model.reduced_costs(values, fmpz(2), Parameters.of(dynamics, fmpz(p), fmpz(1)))
        for polynomial, number in zip(symbolic, numeric, strict=True):
            assert [one(p) for one in polynomial.value] == list(number.value)
