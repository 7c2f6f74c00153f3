"""HiGHS on the occupation program: algorithms, bases, and what dual values do and do not say."""

import numpy as np
import oracle
import pytest
from cases import SMALL, dynamics_of, problems, solved
from hypothesis import given, settings

from lpdistill import Dynamics, OccupationProgram, Problem
from lpdistill.process.factored.baselines import GREEDY
from lpdistill.program.highs import Algorithm, Basis, solve_program
from lpdistill.program.policy_iteration import policy_iteration

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)
exact_algorithms = pytest.mark.parametrize("algorithm", [Algorithm.SIMPLEX, Algorithm.IPM])


def exact_time(problem):
    """Exact least waiting time, in the convention of the problem."""
    return float(oracle.counted(oracle.Hardware.of(problem), full=True).time - problem.uncharged_time)


@every_problem
@exact_algorithms
def test_objective_is_the_exact_optimum(problem, algorithm):
    """HiGHS' own objective on the program of all columns is the exact optimum to 1e-9."""
    found = solve_program(OccupationProgram.of(dynamics_of(problem)), algorithm)
    assert found.objective == pytest.approx(exact_time(problem), rel=1e-9, abs=0)


@every_problem
def test_pdlp_approaches_the_exact_optimum(problem):
    """The first-order method agrees to 1e-6, which is what it is asked for and less."""
    found = solve_program(OccupationProgram.of(dynamics_of(problem)), Algorithm.PDLP)
    assert found.objective == pytest.approx(exact_time(problem), rel=1e-6, abs=0)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(problems())
def test_all_routes_agree_on_random_problems(problem):
    """Simplex, interior points, policy iteration and scipy on an enumerated program agree to 1e-9, PDLP to 1e-6."""
    dynamics = Dynamics(problem)
    program = OccupationProgram.of(dynamics)
    reference = oracle.counted(oracle.Hardware.of(problem)).linear_program() - float(problem.uncharged_time)
    total = float(problem.uncharged_time) + reference
    iterated = policy_iteration(dynamics, GREEDY.columns(dynamics.kernel)).values[0] - float(problem.uncharged_time)
    assert abs(iterated - reference) <= 1e-9 * total
    assert abs(solve_program(program, Algorithm.SIMPLEX).objective - reference) <= 1e-9 * total
    assert abs(solve_program(program, Algorithm.IPM).objective - reference) <= 1e-9 * total
    assert abs(solve_program(program, Algorithm.PDLP).objective - reference) <= 1e-6 * total


@every_problem
def test_an_optimal_policy_is_an_optimal_basis(problem):
    """Given the columns of the optimal policy as its basis, the simplex method takes no iteration."""
    solution = solved(problem)
    program = OccupationProgram.of(solution.process)
    found = solve_program(program, Algorithm.SIMPLEX, basis=Basis.of_policy(solution.plan.uses.columns, 0))
    assert found.iterations == 0
    assert found.objective == pytest.approx(exact_time(problem), rel=1e-9, abs=0)


def test_a_suboptimal_basis_is_improved():
    """From the greedy policy as its basis, the simplex method goes on to the optimum."""
    problem = SMALL["four memories, three levels"]
    dynamics = dynamics_of(problem)
    found = solve_program(
        OccupationProgram.of(dynamics), Algorithm.SIMPLEX, basis=Basis.of_policy(GREEDY.columns(dynamics.kernel), 0)
    )
    assert found.iterations > 0
    assert found.objective == pytest.approx(exact_time(problem), rel=1e-9, abs=0)


@every_problem
@exact_algorithms
def test_occupation_is_feasible_and_optimal(problem, algorithm):
    """The occupation measure balances the flow, and its cost is the objective."""
    program = OccupationProgram.of(dynamics_of(problem))
    found = solve_program(program, algorithm)
    steps = max(1.0, float(found.occupation.sum()))
    assert np.abs(program.matrix @ found.occupation - program.start).max() < 1e-9 * steps
    assert program.cost @ found.occupation + program.offset == pytest.approx(found.objective, rel=1e-9, abs=0)


@every_problem
def test_basis_duals_are_times_to_go(problem):
    """With a policy as the basis, every dual value is the exact time to go: d(time)/d(flow into the row)."""
    solution = solved(problem)
    program = OccupationProgram.of(solution.process)
    duals = solve_program(program, Algorithm.SIMPLEX, basis=Basis.of_policy(solution.plan.uses.columns, 0)).duals
    _, exact = oracle.counted(oracle.Hardware.of(problem), full=True).optimum
    expected = [float(exact[program.row_label(row)]) for row in range(program.shape[0])]
    assert duals == pytest.approx(expected, rel=1e-9, abs=0)


TRAP = Problem("1/2", 4, "9/10", "94/100")


def test_duals_with_all_weight_on_the_start_are_not_times_to_go():
    """With all weight on the empty memories, duals are not times to go in unvisited configurations, and only there."""
    solution = solved(TRAP)
    duals = solve_program(OccupationProgram.of(solution.process), Algorithm.SIMPLEX).duals
    wrong = np.abs(duals - solution.plan.values) > 1e-6
    assert wrong.any()
    assert not wrong[solution.occupation > 0].any()


def test_values_are_times_to_go_where_duals_are_not():
    """The values of the solution are the exact times to go in every configuration, whatever the duals say."""
    solution = solved(TRAP)
    _, exact = oracle.counted(oracle.Hardware.of(TRAP), full=True).optimum
    assert dict(solution.values) == pytest.approx({k: float(v) for k, v in exact.items()}, rel=1e-12, abs=0)


def test_positive_weights_give_times_to_go():
    """With weight on every configuration the program has one dual solution, which is the times to go."""
    solution = solved(TRAP)
    program = OccupationProgram.of(solution.process)
    weighted = OccupationProgram(program.process, program.choice, np.full(program.shape[0], 0.1))
    duals = solve_program(weighted, Algorithm.SIMPLEX).duals
    assert duals == pytest.approx(solution.plan.values, rel=1e-9, abs=0)
