"""Values and regrets are right in every configuration, where the duals of the plain program are not."""

from dataclasses import replace

import numpy as np
import pytest
from cases import solved
from scipy import sparse
from scipy.sparse.linalg import splu

from lpdistill import Problem
from lpdistill.program.highs import Algorithm, solve_program
from lpdistill.program.occupation import OccupationProgram

LARGE = Problem("1/2", 20, "9/10", "94/100")
MEDIUM = Problem("1/2", 10, "9/10", "94/100")


def evaluated(solution):
    """Times to go of a solution's policy by sparse factorisation of its transition matrix, (configurations,)."""
    uses = solution.plan.uses
    system = sparse.diags_array(uses.leaving) - uses.moves
    return splu(sparse.csc_array(system)).solve(uses.cost)


def test_values_of_twenty_memories_are_those_of_the_policy():
    """With 20 memories and 3 levels, all 1,771 values are those of policy evaluation, to 1e-10."""
    solution = solved(LARGE)
    assert solution.process.size == 1771
    assert np.abs(solution.values.array - evaluated(solution)).max() < 1e-10


def test_no_regret_is_negative_with_twenty_memories():
    """By those values the policy's actions have no regret, and no other of the 408,408 columns has less."""
    solution = solved(LARGE)
    process, values = solution.process, evaluated(solution)
    assert np.abs(solution.plan.uses.regrets(values)).max() < 1e-10
    assert (process.price(values).best - values).min() > -1e-10


def test_plain_duals_are_a_trap():
    """With all weight on the start, duals of configurations that an optimal run never visits are not times to go."""
    solution = solved(MEDIUM)
    duals = solve_program(OccupationProgram.of(solution.process), Algorithm.SIMPLEX).duals
    visited = solution.occupation > 1e-12
    wrong = np.abs(duals - solution.values.array) > 1e-6
    assert not wrong[solution.occupation > 1e-3].any()
    assert wrong[~visited].mean() > 0.5
    assert np.abs(duals - solution.values.array).max() > 1
    assert np.abs(solution.values.array - evaluated(solution)).max() < 1e-10


def test_weight_everywhere_springs_the_trap():
    """With weight on every configuration the duals are the times to go, as the values always are."""
    solution = solved(MEDIUM)
    program = OccupationProgram.of(solution.process)
    weighted = replace(program, start=np.full(solution.process.size, 1 / solution.process.size))
    duals = solve_program(weighted, Algorithm.SIMPLEX).duals
    assert duals == pytest.approx(solution.values.array, abs=1e-7)
