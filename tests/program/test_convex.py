"""The occupation program in cvxpy."""

import numpy as np
import oracle
import pytest
from cases import SMALL, dynamics_of, problems
from hypothesis import given, settings

from lpdistill import Dynamics, OccupationProgram

NAMES = ["three memories", "four memories, three levels", "last step free", "times in thirds and sevenths"]
some_problems = pytest.mark.parametrize("problem", [SMALL[name] for name in NAMES], ids=NAMES)


@some_problems
def test_optimum_is_exact(problem):
    """Solved through cvxpy, the program has the exact optimum to 1e-9."""
    exact = oracle.counted(oracle.Hardware.of(problem), full=True).time - problem.uncharged_time
    found = OccupationProgram.of(dynamics_of(problem)).to_cvxpy().solve()
    assert found == pytest.approx(float(exact), rel=1e-9, abs=0)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(problems())
def test_optimum_of_random_problems_is_exact(problem):
    """The same for random problems."""
    exact = oracle.counted(oracle.Hardware.of(problem), full=True).time
    found = OccupationProgram.of(Dynamics(problem)).to_cvxpy().solve() + float(problem.uncharged_time)
    assert found == pytest.approx(float(exact), rel=1e-9, abs=0)


@some_problems
def test_dual_value_of_the_start_is_the_time_to_go(problem):
    """The dual value of the start row is positive: the time to go, not its opposite as cvxpy has it."""
    convex = OccupationProgram.of(dynamics_of(problem)).to_cvxpy()
    convex.solve()
    exact = oracle.counted(oracle.Hardware.of(problem), full=True).time
    assert convex.values[0] == pytest.approx(float(exact), rel=1e-7)


def test_dual_values_are_derivatives_of_the_time():
    """More flow into a row costs its dual value more: a difference quotient has the same sign and size."""
    program = OccupationProgram.of(dynamics_of(SMALL["three memories"]))
    weights = np.full(program.shape[0], 0.1)
    base = OccupationProgram(program.dynamics, program.choice, weights).to_cvxpy()
    time = base.solve()
    for row in range(program.shape[0]):
        more = weights.copy()
        more[row] += 0.5
        shifted = OccupationProgram(program.dynamics, program.choice, more).to_cvxpy().solve()
        assert (shifted - time) / 0.5 == pytest.approx(base.values[row], rel=1e-6)


def test_parts_of_the_problem_are_named():
    """The variable and the constraint are at hand for further modelling: one entry per column, one per row."""
    program = OccupationProgram.of(dynamics_of(SMALL["three memories"]))
    convex = program.to_cvxpy()
    assert (convex.flow.shape, convex.occupation.shape) == ((program.shape[0],), (program.shape[1],))
