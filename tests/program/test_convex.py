"""The occupation program in cvxpy."""

from dataclasses import replace

import cvxpy as cp
import numpy as np
import oracle
import pytest
from cases import SMALL, problems
from hypothesis import given, settings

from lpdistill import Attempts
from lpdistill.convex import ConvexProgram

NAMES = ["three memories", "four memories, three levels", "last step free", "times in thirds and sevenths"]
some_problems = pytest.mark.parametrize("problem", [SMALL[name] for name in NAMES], ids=NAMES)


@some_problems
def test_optimum_is_exact(problem):
    """Solved through cvxpy, the program has the exact optimum to 1e-9."""
    exact = oracle.counted(oracle.Hardware.of(problem), full=True).time - problem.uncharged_time
    found = ConvexProgram.of(problem, Attempts.FULL).solve().run.objective
    assert found == pytest.approx(float(exact), rel=1e-9, abs=0)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(problems())
def test_optimum_of_random_problems_is_exact(problem):
    """The same for random problems."""
    exact = oracle.counted(oracle.Hardware.of(problem), full=True).time
    found = ConvexProgram.of(problem, Attempts.FULL).solve().run.objective + float(problem.uncharged_time)
    assert found == pytest.approx(float(exact), rel=1e-9, abs=0)


@some_problems
def test_dual_value_of_the_start_is_the_time_to_go(problem):
    """The dual value of the start row is positive: the time to go, not its opposite as cvxpy has it."""
    convex = ConvexProgram.of(problem, Attempts.FULL)
    convex.solve()
    exact = oracle.counted(oracle.Hardware.of(problem), full=True).time
    assert convex.values[0] == pytest.approx(float(exact), rel=1e-7)


def test_dual_values_are_derivatives_of_the_time():
    """More flow into a row costs its dual value more: a difference quotient has the same sign and size."""
    convex = ConvexProgram.of(SMALL["three memories"], Attempts.FULL)

    def entered(weights):
        """The program with runs that start anywhere, and its optimum."""
        elsewhere = replace(convex, flow=convex.program.matrix @ convex.occupation == weights)
        return elsewhere, elsewhere.problem().solve(solver=cp.HIGHS)

    rows = convex.program.shape[0]
    weights = np.full(rows, 0.1)
    base, time = entered(weights)
    duals = base.values
    for row in range(rows):
        _, more = entered(weights + 0.5 * np.eye(rows)[row])
        assert (more - time) / 0.5 == pytest.approx(duals[row], rel=1e-6)


def test_dual_values_are_those_of_the_last_solution():
    """Solved again within other constraints, the program has other dual values."""
    convex = ConvexProgram.of(SMALL["three memories"])
    free = convex.solve()
    before = convex.values[0]
    convex.solve([convex.resources["generation_attempts"] <= 0.9 * free.expected.generation_attempts])
    assert abs(convex.values[0] - before) > 1e-3


def test_parts_of_the_problem_are_named():
    """The variable and the constraint are at hand for further modelling: one entry per column, one per row."""
    convex = ConvexProgram.of(SMALL["three memories"], Attempts.FULL)
    rows, columns = convex.program.shape
    assert (convex.flow.shape, convex.occupation.shape) == ((rows,), (columns,))
