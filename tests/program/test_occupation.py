"""The occupation program as an object: rows, columns, labels, flow."""

import numpy as np
import oracle
import pytest
from cases import REACHED_BY_DISTILLATION, SMALL, dynamics_of, labels, solved

from lpdistill import OccupationProgram

every_problem = pytest.mark.parametrize("problem", SMALL.values(), ids=SMALL)


def program_of(problem, attempts="all"):
    """The program over all columns."""
    return OccupationProgram.of(dynamics_of(problem, attempts))


@every_problem
def test_matrix_is_what_columns_take_minus_what_they_add(problem):
    """Every entry is ``[s is the column's] - P(s | column)``, as enumerated; waiting is a column of zeros."""
    program, chain = program_of(problem), oracle.counted(oracle.Hardware.of(problem))
    rows = {tuple(c): i for i, c in enumerate(program.process.configurations.counts.tolist())}
    expected = np.zeros(program.shape)
    for column, (counts, action) in enumerate(labels(program.process)):
        moves = chain.steps[counts][action].moves
        exact = {counts: 1 - moves.get(counts, 0)}
        exact |= {after: -p for after, p in moves.items() if after not in (counts, oracle.TARGET)}
        for after, entry in exact.items():
            expected[rows[after], column] = float(entry)
    assert program.matrix.toarray() == pytest.approx(expected, rel=1e-14, abs=0)


@every_problem
def test_column_sums_are_the_flow_into_the_target(problem):
    """What a column takes out and does not put back reaches the target."""
    program = program_of(problem)
    sums = np.asarray(program.matrix.sum(axis=0))
    assert sums == pytest.approx(program.choice.reaching, rel=0, abs=1e-15)


@every_problem
def test_labels_name_rows_and_columns(problem):
    """Row and column labels are the configuration, and the configuration with its action."""
    program = program_of(problem)
    counts = [tuple(c) for c in program.process.configurations.counts.tolist()]
    assert [program.row_label(row) for row in range(program.shape[0])] == counts
    found = [program.column_label(column) for column in range(program.shape[1])]
    assert [(c, (tuple(sorted(a.distil)), a.generate)) for c, a in found] == labels(program.process)


def test_labels_of_some_columns():
    """A program over some columns labels those columns."""
    dynamics = dynamics_of(SMALL["four memories"])
    columns = np.array([3, 17, 20])
    program = OccupationProgram.of(dynamics, columns)
    found = [program.column_label(i) for i in range(3)]
    assert [(c, (tuple(sorted(a.distil)), a.generate)) for c, a in found] == labels(dynamics, columns)


@every_problem
def test_start_is_the_empty_memories(problem):
    """All weight is on the configuration without pairs."""
    program = program_of(problem)
    assert program.row_label(int(np.flatnonzero(program.start)[0])) == (0,) * len(problem.levels)
    assert program.start.sum() == 1


@every_problem
def test_regrets_are_zero_on_the_policy_and_nowhere_negative(problem):
    """For the optimal values, reduced costs vanish on the optimal policy and are not negative, to rounding."""
    solution = solved(problem, attempts="all")
    program = OccupationProgram.of(solution.process)
    regrets = program.regrets(solution.dual.values) / solution.dual.values.max()
    assert regrets.min() > -1e-13
    assert np.abs(regrets[solution.dual.policy.columns]).max() < 1e-13


@every_problem
def test_visits_of_the_solution_balance(problem):
    """The occupation measure of the solution is a feasible point whose cost is the waiting time."""
    solution = solved(problem)
    program = OccupationProgram.of(solution.process)
    x = np.zeros(program.shape[1])
    x[solution.plan.uses.columns] = solution.plan.occupation
    assert program.matrix @ x == pytest.approx(program.start, rel=0, abs=1e-12)
    assert program.cost @ x + program.offset == pytest.approx(solution.waiting_time, rel=1e-12)


@pytest.mark.parametrize("problem", REACHED_BY_DISTILLATION.values(), ids=REACHED_BY_DISTILLATION)
def test_offset_is_the_free_last_step(problem):
    """A free last step is a constant of minus one distillation."""
    charged, free = (OccupationProgram.of(dynamics_of(problem.replace(final_step=f))) for f in ("charged", "free"))
    assert (charged.offset, free.offset) == (0, -float(problem.distillation_time))


def test_repr_reads_like_a_program():
    """The repr says what is minimised over how many rows and columns."""
    program = program_of(SMALL["four memories"])
    assert repr(program).startswith("OccupationProgram: min c x, x >= 0, 15 flow rows")
